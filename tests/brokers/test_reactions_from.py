"""Where reactions hear of facts is a setting; each has its effect once either way."""

import asyncio
from pathlib import Path

import pytest

from tests.brokers.conftest import Server, sells, until, url_of
from tests.events.conftest import Sold, StoppedClock
from vokrug.app.streams import Streams
from vokrug.events import Envelope, Installation, reaction
from vokrug.events.brokers import BrokerFeed
from vokrug.kernel import new_id
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.settings import SettingRefused, Settings, load_settings

HERE = Installation("local")


async def test_reactions_listen_to_the_broker_when_told_to(
    log: Database, clock: StoppedClock, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    heard = 0

    @reaction("shop.note", on=[Sold])
    async def note(tx: Tx, told: Envelope, now: object) -> None:
        seen.append(told.read(Sold).number)

    read = BrokerFeed.read

    async def counts(*args: object) -> object:
        nonlocal heard
        stretch = await read(*args)  # type: ignore[arg-type]
        heard += len(stretch.facts)
        return stretch

    monkeypatch.setattr(BrokerFeed, "read", counts)
    how = Settings(broker_url=url_of(server), broker_topic=f"t{new_id().hex}.events", reactions_from="broker")
    stop = asyncio.Event()
    task = asyncio.create_task(Streams(log, clock, how, [note], installation=HERE).run(stop))
    await until(lambda: places_of(log), "it reads from here on")
    await sells(log, 80)
    await until(lambda: noted(seen, 80), "everything is heard")
    stop.set()
    await task
    assert sorted(seen) == list(range(1, 81))
    assert heard == 80, "and all of it by way of the broker"


def test_without_a_broker_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match="VOKRUG_BROKER_URL"):
        load_settings({"VOKRUG_REACTIONS_FROM": "broker"}, tmp_path)


async def places_of(db: Database) -> bool:
    async with db.transaction(readonly=True) as tx:
        return bool(await tx.value("select count(*) = 8 from events_offset where reaction = 'shop.note'"))


async def noted(seen: list[int], count: int) -> bool:
    return len(seen) >= count
