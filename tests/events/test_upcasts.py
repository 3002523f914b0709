"""Facts of an old version reach readers of the new one, whoever asks and however the step is told."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import pytest

from tests.events.conftest import NOON, StoppedClock
from vokrug.events import (
    Catalogue,
    Envelope,
    Event,
    Personal,
    ReactionRunner,
    Upcasts,
    publish,
    reaction,
    read_page,
    synchronise,
    upcaster,
)
from vokrug.events.registry.upcasts import Step, apply_steps
from vokrug.runtime.database import Database, Tx

TRADE = Catalogue()


@TRADE.event("trade.sold.v1", owner="trade", key="customer")
class SoldV1(Event, frozen=True):
    """A sale, in roubles."""

    roubles: int
    at: datetime = NOON
    phone: Annotated[str, Personal("delivery")] = ""


@TRADE.event("trade.sold.v2", owner="trade", key="customer")
class SoldV2(Event, frozen=True):
    """A sale, in kopecks."""

    minor: int
    at: datetime = NOON


@TRADE.event("trade.sold.v3", owner="trade", key="customer")
class SoldV3(Event, frozen=True):
    """A sale, with its currency."""

    minor: int
    currency: str
    at: datetime = NOON


@upcaster(SoldV1, SoldV2)
def in_kopecks(old: SoldV1) -> SoldV2:
    return SoldV2(minor=old.roubles * 100, at=old.at)


@upcaster(SoldV2, SoldV3)
def with_currency(old: SoldV2) -> SoldV3:
    return SoldV3(minor=old.minor, currency="RUB", at=old.at)


@pytest.fixture
async def trade(db: Database) -> Database:
    async with db.transaction() as tx:
        await synchronise(tx, NOON, TRADE)
        await tx.run(
            "select events_append(array[1,1,1]::bigint[], array[events_type_id('trade.sold.v1'),"
            " events_type_id('trade.sold.v2'), events_type_id('trade.sold.v3')],"
            " array[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()], array[now(), now(), now()],"
            " array['s','s','s'], array[convert_to('{\"roubles\":7}', 'UTF8'),"
            " convert_to('{\"minor\":800}', 'UTF8'), convert_to('{\"minor\":900,\"currency\":\"KZT\"}', 'UTF8')])"
        )
    return db


async def test_a_reaction_to_the_newest_version_is_told_the_older_ones(trade: Database, clock: StoppedClock) -> None:
    seen: list[SoldV3] = []

    @reaction("trade.count", on=[SoldV3])
    async def count(tx: Tx, told: Envelope, now: datetime) -> None:
        seen.append(told.read(SoldV3))

    await ReactionRunner(trade, clock, [count]).run_once()
    assert [(one.minor, one.currency) for one in seen] == [(700, "RUB"), (800, "RUB"), (900, "KZT")]


async def test_a_page_of_a_version_holds_the_older_ones_raised_to_it(
    trade: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trade.transaction() as tx:
        upcasts = Upcasts.of([], TRADE)
        monkeypatch.setattr(Upcasts, "of", lambda cards: upcasts)
        page = await read_page(tx, dict.fromkeys(range(8), 0), 100, ["trade.sold.v2"])
        assert [(one.type, one.read(SoldV2).minor) for one in page.envelopes] == [
            ("trade.sold.v2", 700),
            ("trade.sold.v2", 800),
        ]
        both = await read_page(tx, dict.fromkeys(range(8), 0), 100, ["trade.sold.v1", "trade.sold.v3"])
    assert [one.type for one in both.envelopes] == ["trade.sold.v1", "trade.sold.v3", "trade.sold.v3"]


def test_steps_follow_one_another() -> None:
    assert Upcasts.of([], TRADE).older("trade.sold.v3") == ["trade.sold.v2", "trade.sold.v1"]
    assert Upcasts.of([], TRADE).names_to_read(["trade.sold.v2"]) == {"trade.sold.v1", "trade.sold.v2"}
    with pytest.raises(ValueError, match="does not follow"):
        upcaster(SoldV1, SoldV3)
    with pytest.raises(AssertionError, match="not a"):
        Envelope(0, 1, "trade.sold.v3", NOON, 1, "s", NOON, NOON, b"{}").read(SoldV2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "fact", "raised"),
    [
        ([{"op": "rename", "from": "a", "to": "b"}], {"a": 1, "c": 2}, {"b": 1, "c": 2}),
        ([{"op": "rename", "from": "a", "to": "b"}], {"c": 2}, {"c": 2}),
        ([{"op": "default", "field": "a", "value": 5}], {}, {"a": 5}),
        ([{"op": "default", "field": "a", "value": 5}], {"a": None}, {"a": None}),
        ([{"op": "constant", "field": "a", "value": [1]}], {"a": 2}, {"a": [1]}),
        ([{"op": "drop", "field": "a"}], {"a": 2, "b": 1}, {"b": 1}),
        (
            [{"op": "rename", "from": "a", "to": "b"}, {"op": "default", "field": "a", "value": 0}],
            {"a": 1},
            {"b": 1, "a": 0},
        ),
    ],
)
def test_plain_steps(steps: Any, fact: dict[str, Any], raised: dict[str, Any]) -> None:
    before = dict(fact)
    assert apply_steps(msgspec.convert(steps, list[Step]), fact) == raised
    assert fact == before, "the fact given stays as it was"


async def test_personal_data_without_keys_are_never_written_in_the_open(trade: Database) -> None:
    with pytest.raises(AssertionError, match="need keys"):
        async with trade.transaction() as tx:
            await publish(tx, SoldV1(roubles=1, phone="+7"), key=1, subject="s", at=NOON)
