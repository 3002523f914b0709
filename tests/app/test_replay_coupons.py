"""Mailed coupons redeemed again: first ones taken, repeats, outsiders and wrong dates refused; a second run too."""

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from vokrug.app.replay.complete_journey import read_tables
from vokrug.app.replay.files import FileUnreadable

from .shopkeeper import Running
from .test_replay import replayed

Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]

TABLES: list[Table] = [
    (
        "campaign_descriptions",
        ("campaign_id", "campaign_type", "start_date", "end_date"),
        [("1", "Type A", "2016-12-20", "2017-01-31"), ("2", "Type B", "2017-01-10", "2018-02-28")],
    ),
    (
        "campaigns",
        ("campaign_id", "household_id"),
        [("1", "ann"), ("1", "bob"), ("2", "ann"), ("2", "cyd")],
    ),
    (
        "coupons",
        ("coupon_upc", "product_id", "campaign_id"),
        [("100", "milk", "1"), ("100", "cream", "1"), ("100", "milk", "2"), ("200", "soap", "2"), ("300", "tea", "9")],
    ),
    (
        "coupon_redemptions",
        ("household_id", "coupon_upc", "campaign_id", "redemption_date"),
        [
            ("ann", "100", "1", "2017-01-15"),
            ("ann", "100", "1", "2017-01-20"),  # again: refused
            ("ann", "100", "2", "2017-01-20"),  # the same coupon of the other campaign: hers once more
            ("cyd", "200", "2", "2017-06-01"),
            ("bob", "200", "2", "2017-06-01"),  # was never sent it
            ("bob", "100", "1", "2017-02-01"),  # a day late
        ],
    ),
    (
        "transactions_sample",
        (
            "household_id", "product_id", "quantity", "sales_value", "retail_disc", "coupon_disc",
            "coupon_match_disc", "transaction_timestamp",
        ),
        [("ann", "cream", "2.0", "5.00", "1.00", "0", "0", "2017-01-15 10:00:00")],
    ),
]  # fmt: skip


def write(folder: Path, tables: Sequence[Table] = TABLES) -> Path:
    folder.mkdir()
    for name, head, rows in tables:
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([head, *rows])
    return folder


def test_every_first_redemption_is_taken_and_nothing_else(running: Running, tmp_path: Path) -> None:
    folder = write(tmp_path / "journey")
    result, first = replayed(running, "complete-journey", str(folder))
    assert result.exit_code == 0, first["first_unexpected"]
    assert first["redemptions"] == {
        "accepted": 3,
        "of_first_ones": 3,
        "given": "1.50",
        "repeats_refused": 4,  # one of the file, and each of the three once more on its own day
        "of_repeats": 4,
        "outsiders_refused": 5,
        "of_outsiders": 5,
        "early_refused": 2,  # by whoever got the coupon and never used it
        "of_early_ones": 2,
        "late_refused": 3,  # and one of the file
        "of_late_ones": 3,
    }
    assert first["read"]["not_of_the_campaign"] == 2
    assert first["books"]["taken"] == "5.50", "cream at 3.00, milk and soap at 2.00, each 0.50 cheaper"
    assert (first["unexpected"], first["documents"]["changed"]) == (0, 3)
    _, second = replayed(running, "complete-journey", str(folder))
    assert second["redemptions"] == first["redemptions"]
    assert (second["documents"]["changed"], second["documents"]["replayed"]) == (0, 3)
    assert second["books"]["balanced"]


def test_tables_are_read_as_they_are(tmp_path: Path) -> None:
    tables = read_tables(write(tmp_path / "journey"))
    assert tables.products == {("1", "100"): ("cream", "milk"), ("2", "100"): ("milk",), ("2", "200"): ("soap",)}
    assert [(one.household, one.place) for one in tables.redemptions][:2] == [("ann", 0), ("ann", 1)]
    assert tables.prices == {"cream": 3_00}
    assert tables.bought == {("ann", date(2017, 1, 15)): {"cream"}}
    without_sample = read_tables(write(tmp_path / "less", TABLES[:4]))
    assert without_sample.prices == {}


@pytest.mark.parametrize("missing", ["campaigns", "coupons", "coupon_redemptions", "campaign_descriptions"])
def test_a_table_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    folder = write(tmp_path / "journey", [table for table in TABLES if table[0] != missing])
    with pytest.raises(FileUnreadable) as refused:
        read_tables(folder)
    assert missing in str(refused.value.facts["path"])
