"""Histories replayed through a real server: exact counts, exact money, and a second run that changes nothing."""

import asyncio
import csv
import gzip
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from vokrug.app.cli import cli
from vokrug.app.replay import online_retail, x5
from vokrug.app.replay.door import Door, KeyUnreadable
from vokrug.app.replay.files import FileUnreadable
from vokrug.app.replay.order import each_in_order
from vokrug.kernel import new_id

from .shopkeeper import Running

Row = tuple[str, str, int, str, str, str]  # invoice, article, pieces, minute, price, customer

A_DAY: list[Row] = [
    ("936365", "85123A", 6, "08:26", "2.55", "17850"),
    ("936365", "71053", 2, "08:26", "3.39", "17850"),
    ("936365", "POST", 1, "08:26", "10.00", "17850"),
    ("936366", "85123A", 1, "08:30", "5.00", ""),
    ("936366", "PADS", 3, "08:30", "0.001", ""),
    ("936367", "85123a", 4, "09:00", "2.55", "17850"),  # the same article, written otherwise
    ("936367", "gift_0001_10", 1, "09:00", "8.33", "17850"),
    ("936367", "21777", 3, "09:00", "0.0", "17850"),
    ("936368", "85123A", 5, "09:05", "2.10", "17850"),  # at another price: the last to be taken back
    ("941431", "23166", 74_215, "10:01", "1.04", "12346"),
    ("C941433", "23166", -74_215, "10:17", "1.04", "12346"),
    ("C936400", "85123A", -5, "11:00", "2.55", "17850"),  # four of the sale at nine, one of the sale at eight
    ("C936401", "85123A", -20, "11:05", "2.55", "17850"),  # five at this price, five at another, ten never bought
    ("C936402", "22727", -1, "11:10", "3.75", "17850"),
    ("C936402", "POST", -1, "11:10", "9.00", "17850"),  # postage of another price is other postage
    ("C936403", "85123A", -1, "11:15", "2.55", ""),
    ("C936404", "D", -1, "11:20", "27.50", "17850"),
    ("C936405", "POST", -1, "11:25", "10.00", "17850"),
    ("936408", "22139", -30, "11:30", "0.0", ""),
    ("A563185", "B", 1, "11:35", "11062.06", ""),
    ("A563186", "B", 1, "11:40", "-11062.06", ""),
]


def write_retail(path: Path, rows: Sequence[Row]) -> Path:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(online_retail.COLUMNS)
        for invoice, article, pieces, minute, price, customer in rows:
            table.writerow(
                (invoice, article, "A THING", pieces, f"2010-12-01 {minute}:00", price, customer, "United Kingdom")
            )
    return path


def replayed(running: Running, *words: str) -> tuple[Result, dict[str, Any]]:
    result = CliRunner().invoke(cli, ["replay", *words, "--url", running.url, "--key", running.key, "--json"])
    assert result.stdout, result.stderr or repr(result.exception)
    return result, json.loads(result.stdout)


def part(summary: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: summary[name] for name in names}


def test_invoices_become_sales_and_cancellations_find_what_they_cancel(running: Running, tmp_path: Path) -> None:
    many = [("936370", f"{10_000 + i}", 1, "09:30", "0.10", "") for i in range(1001)]
    path = write_retail(tmp_path / "a-day.csv.gz", [*A_DAY, *many])
    result, first = replayed(running, "online-retail", str(path))
    assert result.exit_code == 0, first["documents"]

    assert part(first["read"], "lines", "invoices", "of_sales", "of_cancellations", "of_adjustments", "customers") == {
        "lines": 1022,
        "invoices": 16,
        "of_sales": 7,
        "of_cancellations": 7,
        "of_adjustments": 2,
        "customers": 2,
    }
    assert first["read"]["prices_rounded_to_pennies"] == 1
    sales = first["sales"]
    assert (sales["documents"], sales["lines"], sales["anonymous"], sales["free_lines"]) == (7, 1011, 3, 2)
    assert sales["invoices_split"] == 1, "a check takes 1000 lines: the invoice of 1001 became two"
    # 32.08 + 5.00 + 18.53 + 10.50 + 77,183.60 + 100.10
    assert sales["paid"] == sales["paid_by_the_file"] == "77349.81"

    told = first["cancellations"]
    assert part(told, "lines", "matched", "matched_partly", "unmatched", "parked") == {
        "lines": 8,
        "matched": 3,
        "matched_partly": 1,
        "unmatched": 4,
        "parked": 0,
    }
    assert told["unmatched_by_reason"] == {
        "discount": {"lines": 1, "units": 1, "money": "27.50"},
        "more_than_was_bought": {"lines": 1, "units": 10, "money": "25.50"},
        "no_customer": {"lines": 1, "units": 1, "money": "2.55"},
        "no_earlier_purchase": {"lines": 2, "units": 2, "money": "12.75"},
    }
    assert told["parts_at_another_price"] == 1
    # 77,183.60, five and five at 2.55, five at the 2.10 they were sold for, postage of 10.00
    assert first["returns"] == {
        "documents": 6,
        "of_documents_planned": 6,
        "parked": 0,
        "refunded": "77229.60",
        "came_before_their_sale": 0,
    }
    assert {why: pile["lines"] for why, pile in first["not_sent"].items()} == {
        "adjustment_invoice": 2,
        "discount_given_afterwards": 1,
        "stock_write_off": 1,
    }
    # 0.22 without postage, 0.10 without the voucher, 0.10 and 771.83; of the first 0.07 is for what was kept
    assert (first["points"]["earned"], first["points"]["reversed"]) == ("772.25", "772.18")
    (freak,) = first["freak_orders"]
    assert (freak["units"], freak["minutes"]) == (74_215, 16)
    assert freak["points_earned"] == freak["points_taken_back"] == "771.83"
    assert part(first["books"], "balanced", "taken", "refunded") == {
        "balanced": True,
        "taken": "77349.81",
        "refunded": "77229.60",
    }
    assert part(first["documents"], "changed", "replayed", "refused") == {"changed": 13, "replayed": 0, "refused": 0}

    before = running.picture()
    _, second = replayed(running, "online-retail", str(path))
    assert running.picture() == before, "a second replay changes nothing"
    assert part(second["documents"], "changed", "replayed", "refused") == {"changed": 0, "replayed": 13, "refused": 0}
    same = ("sales", "returns", "cancellations", "points", "freak_orders", "not_sent", "books")
    assert part(second, *same) == part(first, *same)

    tomorrow = write_retail(tmp_path / "more.csv", [("C936500", "71053", -1, "12:00", "3.39", "17850")])
    _, more = replayed(running, "online-retail", str(path), str(tomorrow))
    assert part(more["documents"], "changed", "replayed") == {"changed": 1, "replayed": 13}
    assert (more["books"]["balanced"], more["books"]["refunded"]) == (True, "77232.99")


def test_a_total_that_the_server_counts_otherwise_is_status_1(running: Running, tmp_path: Path) -> None:
    """An offer that somebody runs in the shop makes the file's totals untrue: nothing of it is hidden."""
    known = running.ask("GET", "/v1/shops").json()["shops"]
    shop_id = next(shop["id"] for shop in known if shop["code"] == online_retail.SHOP)
    benefit = {"kind": "percent", "percent_bp": 5000}
    goods = {"skus": ["HALF"]}
    body = {"kind": "item_discount", "benefit": benefit, "goods": goods, "where": {"shops": [shop_id]}}
    id = str(new_id())
    running.ask("POST", "/v1/promotions", {"id": id, "key": "half", "name": "Half", "owner": "x", "body": body})
    for step in ("check", "publish"):
        assert running.ask("POST", f"/v1/promotions/{id}:{step}", {"version": 1}).is_success
    lines: list[Row] = [("700001", "HALF", 1, "12:00", "8.00", "17850")]
    try:
        # A reworded offer of the history's own is waited for, so the discount is live when the sale comes.
        for attempt in itertools.count():
            lines[0] = (f"70000{attempt}", *lines[0][1:])
            result, told = replayed(running, "online-retail", str(write_retail(tmp_path / "half.csv", lines)))
            if told["documents"]["refused"]:
                break
        assert result.exit_code == 1
        assert told["documents"]["refused_by_code"] == {"price_changed": 1}
        assert told["books"]["balanced"], "a refused sale leaves no trace in the books"
    finally:
        running.ask("POST", f"/v1/promotions/{id}:end")


RECEIPTS = [
    # receipt, client, when, store, received, spent, paid
    ("a-1", "anna", "2018-12-01T10:00:00", "s1", "2.7", "0.0", "554.99"),
    ("b-1", "boris", "2018-12-01T11:00:00", "s1", "5.5", "0.0", "555.00"),
    ("a-2", "anna", "2018-12-02T10:00:00", "s2", "0.5", "-10.0", "100.00"),
    ("a-3", "anna", "2018-12-03T10:00:00", "s1", "0.2", "-50.0", "50.00"),
    ("b-2", "boris", "2018-12-04T10:00:00", "s2", "0.0", "-5.0", "19.90"),
    ("c-1", "clara", "2018-12-05T10:00:00", "s2", "12.3", "0.0", "1234.56"),
]


def write_receipts(folder: Path, rows: Sequence[tuple[str, ...]]) -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / "receipts.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow([*x5.COLUMNS, "lines"])
        for receipt, client, at, store, received, spent, paid in rows:
            table.writerow((receipt, client, at, store, received, "0.0", spent, "0.0", paid, 3))
    return folder


def test_receipts_earn_and_burn_by_the_chain_s_rule(running: Running, tmp_path: Path) -> None:
    folder = write_receipts(tmp_path / "x5", RECEIPTS)
    result, first = replayed(running, "x5", str(folder))
    assert result.exit_code == 0, first["documents"]
    assert first["earned_exact_share"] == 1.0
    assert part(first["points"], "earned", "burned", "receipts_earned_otherwise_than_the_rule") == {
        "earned": "21.20",  # 2.7 + 5.5 + 0.5 + 0.2 + 0.0 + 12.3
        "burned": "65.00",
        "receipts_earned_otherwise_than_the_rule": 0,
    }
    # Anna spends 60 and has earned 2.7 and 0.5 by then; Boris needs nothing.
    assert first["opening_balances"] == {"clients": 1, "points": "56.80", "brought_now": 1}
    assert first["redemptions"] == {
        "in_the_file": 3,
        "accepted": 3,
        "exactly_at_the_cap": 1,
        "cap_itself_accepted": 3,
        "a_kopeck_above_the_cap_refused": 3,
        "a_kopeck_above_the_cap_accepted": 0,
    }
    assert part(first["books"], "balanced", "taken", "points_burned") == {
        "balanced": True,
        "taken": "2514.45",
        "points_burned": "65.00",
    }
    anna = {"shop": "x5-s1", "till": "replay", "identifier": {"type": "ext:x5", "value": "anna"}}
    balance = running.ask("POST", "/pos/v1/identify", anna).json()["balance"]
    assert balance["active"] == "0.20", "the smallest opening balance leaves only what the last receipt earned"

    before = running.picture()
    _, second = replayed(running, "x5", str(folder))
    assert running.picture() == before, "a second replay changes nothing"
    assert part(second["documents"], "changed", "replayed") == {"changed": 0, "replayed": 6}
    same = ("sales", "points", "differences", "redemptions", "books", "earned_exact_share")
    assert part(second, *same) == part(first, *same)
    assert second["opening_balances"]["brought_now"] == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_cancellations_that_come_early_or_late_end_in_the_same_balances(
    running: Running, tmp_path: Path, seed: int
) -> None:
    """Two histories that differ in their numbers alone, one of them shuffled."""
    ordered = write_retail(tmp_path / "ordered.csv", renumbered(A_DAY, f"1{seed}"))
    shuffled = write_retail(tmp_path / "shuffled.csv", renumbered(A_DAY, f"2{seed}"))
    _, first = replayed(running, "online-retail", str(ordered))
    _, other = replayed(running, "online-retail", str(shuffled), "--shuffled", str(seed))
    assert other["returns"]["came_before_their_sale"] > 0, "there is something to be shown"
    assert other["returns"]["parked"] == 0
    same = ("sales", "points", "not_sent")
    assert part(other, *same) == part(first, *same)
    assert part(other["balances"], "customers", "points", "debt") == part(
        first["balances"], "customers", "points", "debt"
    )
    assert other["books"]["balanced"]
    _, again = replayed(running, "online-retail", str(shuffled))
    assert again["balances"] == other["balances"], "and in order it is the same history"
    assert again["documents"]["changed"] == 0


def renumbered(rows: Sequence[Row], mark: str) -> list[Row]:
    """The same history with other invoices and other customers."""
    return [
        (f"C{mark}{row[0][1:]}" if row[0][0] == "C" else f"{mark}{row[0]}", *row[1:5], row[5] and f"{mark}{row[5]}")
        for row in rows
        if not row[0].startswith("A")
    ]


def test_what_the_chain_gave_more_or_less_is_told(running: Running, tmp_path: Path) -> None:
    rows = [
        ("d-1", "dina", "2018-12-01T10:00:00", "s1", "5.4", "0.0", "554.99"),
        ("d-2", "dina", "2018-12-02T10:00:00", "s1", "0.0", "0.0", "554.99"),
        ("d-3", "dina", "2018-12-03T10:00:00", "s3", "2.7", "0.0", "554.99"),
    ]
    _, told = replayed(running, "x5", str(write_receipts(tmp_path / "more", rows)))
    assert told["earned_exact_share"] == pytest.approx(1 / 3, abs=0.0001)
    differences = told["differences"]
    assert differences["without_redemption"] == {"exact": 1, "more_in_the_file": 1, "less_in_the_file": 1}
    assert (differences["more_in_the_file"], differences["less_in_the_file"]) == ("2.70", "2.70")


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Not below pytest's folder: that one is closed to the account which runs PostgreSQL for root."""
    folder = Path(tempfile.mkdtemp(prefix="vokrug-test-"))
    folder.chmod(0o711)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


def test_a_server_of_our_own_is_started_and_leaves_nothing(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whatever database the operator has configured, it stays out of it."""
    monkeypatch.setenv("VOKRUG_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/never-touched")
    result = CliRunner().invoke(cli, ["replay", "x5", str(write_receipts(tmp_path / "x5", RECEIPTS))])
    assert result.exit_code == 0, result.stderr or repr(result.exception)
    assert "The books balance. Changed 6, replayed 0, refused 0" in result.stdout
    assert list(temporary.iterdir()) == []


# Real data, where it lies beside the project


def real(name: str) -> Path:
    for parent in Path(__file__).parents:
        if (found := parent / "shared" / "data" / name).exists():
            return found
    pytest.skip("the real data are not here")


def first_rows(path: Path, count: int) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(itertools.islice(file, count))


def test_the_first_invoices_of_the_real_year(running: Running, tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_text("".join(first_rows(real("online-retail/transactions.csv.gz"), 601)), newline="")
    result, told = replayed(running, "online-retail", str(sample))
    assert result.exit_code == 0
    assert told["read"]["lines"] == 600
    assert told["sales"]["paid"] == told["sales"]["paid_by_the_file"]


def test_the_first_real_receipts(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "x5"
    folder.mkdir()
    rows = first_rows(real("x5-loyalty/receipts.csv.gz"), 201)
    (folder / "receipts.csv").write_text("".join(rows), newline="")
    result, told = replayed(running, "x5", str(folder))
    assert result.exit_code == 0
    redemptions = told["redemptions"]
    assert redemptions["in_the_file"] == redemptions["accepted"] == redemptions["a_kopeck_above_the_cap_refused"] > 0
    assert told["points"]["receipts_earned_otherwise_than_the_rule"] == 0


# Without a server


@pytest.mark.parametrize(
    ("bought", "cancelled", "expected"),
    [
        ("1x10@2", "10@2", "1:10"),
        ("1x10@2 2x4@2", "3@2", "2:3"),  # the latest first
        ("1x10@2 2x4@2", "6@2", "2:4 1:2"),  # spread over several sales
        ("1x5@2 2x5@3", "2@2", "1:2"),  # the same price before the latest
        ("1x5@2 2x5@3 3x5@4", "7@2", "1:5 3:2"),  # then any price, the latest first
        ("1x5@2", "9@2", "1:5"),  # no more than was bought
        ("", "1@2", ""),
    ],
)
def test_which_sales_a_cancellation_is_taken_from(bought: str, cancelled: str, expected: str) -> None:
    rows: list[Row] = []
    for at, sale in enumerate(bought.split()):
        number, _, rest = sale.partition("x")
        units, _, price = rest.partition("@")
        rows.append((f"50000{number}", "A", int(units), f"10:0{at}", price, "c"))
    units, _, price = cancelled.partition("@")
    made = planned([*rows, ("C1", "A", -int(units), "11:00", price, "c")])
    numbers = {one.id: one.invoice.number[-1] for one in made.documents if isinstance(one, online_retail.Sale)}
    taken = {
        f"{numbers[one.check_id]}:{sum(units for _, units in one.units)}"
        for one in made.documents
        if isinstance(one, online_retail.TakeBack)
    }
    assert taken == set(expected.split())


def planned(rows: Sequence[Row]) -> online_retail.Plan:
    with tempfile.TemporaryDirectory() as folder:
        return online_retail.plan(online_retail.read_invoices([write_retail(Path(folder) / "r.csv", rows)]).invoices)


def test_another_customer_s_purchase_and_a_later_one_are_not_cancelled() -> None:
    made = planned(
        [
            ("500001", "A", 5, "10:00", "2", "anna"),
            ("C1", "A", -1, "11:00", "2", "boris"),
            ("C2", "B", -1, "11:00", "2", "anna"),
            ("500002", "B", 5, "12:00", "2", "anna"),
        ]
    )
    assert made.matched_lines == {"unmatched": 2}
    assert made.unmatched_why["no_earlier_purchase"].units == 2


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("0/1000.00", {}),  # nothing spent, nothing brought
        ("5/100.00", {"c": 5_00}),
        ("0/1000.00 10/50.00", {}),  # 1 % of 1000 covers it to the kopeck
        ("0/1000.00 11/50.00", {"c": 1_00}),
        ("3/100.00 0/1000.00 20/50.00", {"c": 12_50}),  # the worst moment counts, not the end
    ],
)
def test_the_smallest_opening_balance(tmp_path: Path, history: str, expected: dict[str, int]) -> None:
    rows = [
        (f"c-{day}", "c", f"2018-12-0{day}T10:00:00", "s", "0.0", f"-{spent}", paid)
        for day, (spent, _, paid) in enumerate((one.partition("/") for one in history.split()), start=1)
    ]
    assert x5.opening_balances(x5.read_receipts(write_receipts(tmp_path / "x5", rows))) == expected


@pytest.mark.parametrize(
    ("paid_minor", "points_minor"), [(0, 0), (19_99, 0), (20_00, 10), (554_99, 2_70), (555_00, 5_50), (999_99, 9_90)]
)
def test_the_chain_s_rule(paid_minor: int, points_minor: int) -> None:
    assert x5.earned_by_rule(paid_minor) == points_minor


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("InvoiceNo,StockCode\n1,A\n", "no column"),
        (",".join(online_retail.COLUMNS) + "\n536365,A,x,two,2010-12-01 08:26:00,1.00,,UK\n", "536365"),
        (",".join(online_retail.COLUMNS) + "\n536365,A,x,2,yesterday,1.00,,UK\n", "536365"),
        (",".join(online_retail.COLUMNS) + "\n536365,A,x,2,2010-12-01 08:26:00,dear,,UK\n", "not an amount"),
        (",".join(online_retail.COLUMNS) + "\n536365,A\n", "too short"),
    ],
)
def test_a_file_that_is_not_the_table_is_refused_by_name(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(text)
    with pytest.raises(FileUnreadable) as refused:
        online_retail.read_invoices([path])
    assert why in str(refused.value.facts["why"])


def test_a_key_is_an_id_and_a_secret() -> None:
    for key in ("", "staff-1", ".secret", "staff-1."):
        with pytest.raises(KeyUnreadable):
            Door("http://127.0.0.1:1", key, connections=1)


@pytest.mark.parametrize("words", [["--url", "http://127.0.0.1:1"], ["--key", "a.b"]])
def test_a_server_is_named_with_its_key(tmp_path: Path, words: list[str]) -> None:
    folder = write_receipts(tmp_path / "x5", RECEIPTS)
    assert CliRunner().invoke(cli, ["replay", "x5", str(folder), *words]).exit_code == 2


async def test_documents_of_one_customer_keep_their_order_while_others_overtake() -> None:
    done: list[str] = []
    gate = asyncio.Event()

    async def send(document: str) -> None:
        if document == "a1":
            await gate.wait()
        done.append(document)
        if document == "b2":
            gate.set()

    await each_in_order(
        ["a1", "b1", "a2", "-1", "b2", "a3"], send, key=lambda one: one[0].strip("-") or None, at_once=5
    )
    assert [one for one in done if one[0] == "a"] == ["a1", "a2", "a3"]
    assert [one for one in done if one[0] == "b"] == ["b1", "b2"]
    assert done.index("b2") < done.index("a1"), "who waits for nobody does not wait"
