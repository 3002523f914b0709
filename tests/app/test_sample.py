"""The sample chain: invented, lived through real operations, and left with books that balance."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from vokrug.app.cli import cli
from vokrug.app.sample import filling, prepare_sample
from vokrug.app.sample.card import SampleKeysMissing, read_keys
from vokrug.app.sample.filling import together
from vokrug.app.sample.goods import articles, ean13
from vokrug.app.sample.history import History, PlannedReturn, PlannedSale, Size
from vokrug.app.sample.people import shoppers
from vokrug.app.sample.playground import playground_of
from vokrug.customers.rules import called_as_asked
from vokrug.pos.operations.committing import commit as real_commit
from vokrug.runtime.settings import Settings

SMALL = Size(days=3, shoppers=20, sales_a_day=24)
TABLES = (
    "pos_sale",
    "pos_return",
    "pos_shop",
    "pos_article",
    "customers_customer",
    "promotions_offer",
    "ledger_journal",
)


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty database of the operator's own, for this process and for commands."""
    monkeypatch.setenv("VOKRUG_DATABASE_URL", database_url)
    monkeypatch.setenv("VOKRUG_SECRET", "x" * 32)
    monkeypatch.setenv("VOKRUG_DATA_DIR", str(tmp_path))
    return Settings(database_url=database_url, reports_url=database_url, secret="x" * 32, data_dir=tmp_path)


async def counts(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        return {table: await connection.fetchval(f"select count(*) from {table}") for table in TABLES}
    finally:
        await connection.close()


def counted(url: str) -> dict[str, int]:
    import asyncio

    return asyncio.run(counts(url))


def test_a_chain_is_made_once_and_its_books_balance(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Three days of trade; the second start makes nothing and prints the same keys."""
    prepare_sample(settings, SMALL)
    first, made = capsys.readouterr().err, counted(settings.database_url or "")
    assert made["pos_shop"] == 12
    assert made["pos_sale"] > 50
    assert made["promotions_offer"] > 15

    prepare_sample(settings, SMALL)
    second = capsys.readouterr().err
    keys = read_keys(settings)
    assert counted(settings.database_url or "") == made
    assert keys.till in first
    assert keys.till in second
    assert (settings.data_dir / "sample.json").stat().st_mode & 0o777 == 0o600

    answer = CliRunner().invoke(cli, ["books", "check", "--json"])
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.output)
    assert report["balanced"]
    assert report["journals"] >= made["pos_sale"]
    assert CliRunner().invoke(cli, ["books", "trial-balance"]).exit_code == 0
    assert CliRunner().invoke(cli, ["sample", "key"]).output.strip() == keys.till


def test_the_playground_hands_out_what_works(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys of two tills, goods with prices, phones of shoppers, cards that were printed; nothing without a sample."""
    assert playground_of(settings).tills == ()
    prepare_sample(settings, SMALL)
    capsys.readouterr()
    made = playground_of(settings)
    keys = read_keys(settings)
    assert [till.token for till in made.tills] == [keys.till, keys.second_till]
    assert len({till.shop for till in made.tills}) == 2
    assert {good.sku for good in made.goods} == {good.sku for shelf in articles().values() for good in shelf}
    assert all(good.shelf and float(good.price) > 0 for good in made.goods)
    assert len(made.gift_cards) == len({card.number for card in made.gift_cards}) == 40
    assert made.staff == keys.staff


def test_an_interrupted_filling_goes_on_with_the_same_documents(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power fails in the middle of the second day; what comes of it is the very chain that was planned."""
    left = 40

    async def failing(*args: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError("the power failed")
        return await real_commit(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(filling, "commit", failing)
    with pytest.raises(OSError, match="power"):
        prepare_sample(settings, SMALL)
    monkeypatch.undo()

    prepare_sample(settings, SMALL)
    planned = Counter(type(document).__name__ for document in documents(SMALL))
    made = counted(settings.database_url or "")
    assert made["pos_sale"] == planned["PlannedSale"]
    assert made["pos_return"] == planned["PlannedReturn"]


def documents(size: Size) -> Sequence[PlannedSale | PlannedReturn]:
    began_on = datetime.now(UTC).date() - timedelta(days=size.days)
    return [document for day in History(began_on, size).days() for document in day.documents]


def test_a_database_that_is_lived_in_is_left_alone(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    async def move_in() -> None:
        connection = await asyncpg.connect(settings.database_url)
        await connection.execute(
            "insert into pos_shop (code, name, zone, created_at) values ('s', 'Ours', 'UTC', now())"
        )
        await connection.close()

    asyncio.run(move_in())
    before = counted(settings.database_url or "")
    prepare_sample(settings, SMALL)
    assert "stays away" in capsys.readouterr().err
    assert counted(settings.database_url or "") == before
    with pytest.raises(SampleKeysMissing):
        read_keys(settings)


def test_the_history_is_the_same_wherever_it_is_made() -> None:
    size = Size(days=20, shoppers=100, sales_a_day=60)
    one, other = (
        [document for day in History(date(2026, 1, 1), size).days() for document in day.documents] for _ in range(2)
    )
    assert one == other
    assert len({d.check_id if isinstance(d, PlannedSale) else d.return_id for d in one}) == len(one)
    assert all(earlier.at <= later.at for earlier, later in pairwise(one)), "the clock only goes forward"
    assert max(document.at for document in one) < datetime(2026, 1, 21, tzinfo=UTC), "nothing happens tomorrow"


def test_goods_come_back_after_they_were_sold_and_never_beside_it() -> None:
    size = Size(days=30, shoppers=50, sales_a_day=200)
    for day in History(date(2026, 1, 1), size).days():
        for run in together(day.documents):
            people = [d.shopper for d in run if isinstance(d, PlannedSale) and d.shopper is not None]
            assert len(people) == len(set(people)), "nobody stands at two tills at once"
            sold = {d.check_id for d in run if isinstance(d, PlannedSale)}
            assert not any(isinstance(d, PlannedReturn) and d.sale.check_id in sold for d in run)
        assert all(d.at > d.sale.at for d in day.documents if isinstance(d, PlannedReturn))


@pytest.mark.parametrize(
    ("digits", "whole"),
    [("460000000001", "4600000000015"), ("200000000001", "2000000000015"), ("590123412345", "5901234123457")],
)
def test_a_barcode_ends_with_its_check_digit(digits: str, whole: str) -> None:
    assert ean13(digits) == whole


def test_articles_have_codes_of_their_own() -> None:
    goods = [article for shelf in articles().values() for article in shelf]
    assert len({article.sku for article in goods}) == len({article.barcode for article in goods}) == len(goods)
    assert all(article.price_minor > 0 and len(article.barcode) == 13 for article in goods)


def test_shoppers_are_called_as_the_till_would_write_it() -> None:
    people = shoppers(600)
    assert all(called_as_asked(person.called) == person.called for person in people)
    assert len({person.phone for person in people}) == 600
    assert shoppers(20) == people[:20]
