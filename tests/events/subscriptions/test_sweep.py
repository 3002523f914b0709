"""What nobody needs is let go; whom that leaves behind is told; and an operator sees it all."""

import asyncio
import logging
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from prometheus_client import CollectorRegistry, generate_latest

from tests.events.conftest import NOON, Returned, Sold, StoppedClock, sell, tell
from tests.events.subscriptions.conftest import ANNA, PARTNER, SECRET, Desk, numbers
from tests.events.subscriptions.test_webhooks import fails_for
from vokrug.app.cli import cli
from vokrug.events.errors import EventTypeUnknown
from vokrug.events.subscriptions import LagMetrics, api, compact, reading_api, stop_compacting, sweep
from vokrug.events.subscriptions.schemas import CommitCursor, Replay
from vokrug.runtime.database import Database


async def record_by_the_day(db: Database) -> None:
    """Let each fact be recorded as many days after noon as its position."""
    async with db.transaction() as tx:
        await tx.run("update events_log set recorded_at = $1::timestamptz + position * interval '1 day'", NOON)


async def left(db: Database) -> list[int]:
    async with db.transaction() as tx:
        return [row[0] for row in await tx.rows("select position from events_log order by partition, position")]


async def test_what_a_subscription_has_not_read_is_kept_for_it(desk: Desk) -> None:
    await desk.subscribe()
    await sell(desk.db, *((0, number) for number in range(1, 6)))
    await record_by_the_day(desk.db)
    await reading_api.commit(desk.call(PARTNER, "audit"), CommitCursor("0:2"))
    swept = await sweep(desk.db, NOON + timedelta(days=100), keep_days=30)
    assert (swept.expired, swept.skipped) == (2, 0)
    assert await left(desk.db) == [3, 4, 5]
    await api.pause(desk.call(PARTNER, "audit"), None)
    assert (await sweep(desk.db, NOON + timedelta(days=900), keep_days=30)).expired == 0, "a pause is no end"
    await api.retire(desk.call(PARTNER, "audit"), None)
    assert (await sweep(desk.db, NOON + timedelta(days=900), keep_days=30)).expired == 3


async def test_who_is_further_behind_than_it_said_is_moved_on_and_told(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.subscribe(lag_limit_days=10)
    await sell(desk.db, *((0, number) for number in range(1, 31)))
    await record_by_the_day(desk.db)
    with caplog.at_level(logging.WARNING):
        swept = await sweep(desk.db, NOON + timedelta(days=35), keep_days=5)
    assert (swept.skipped, swept.expired) == (24, 24), "up to the 25th day"
    page = await desk.pull()
    assert (numbers(page)[0], page.skipped) == (25, 24)
    assert (await desk.show("audit")).skipped == 24
    assert (await desk.acts("audit"))[-1] == ("vokrug", "skip")
    assert "audit passed its lag limit: 24 facts" in caplog.text
    assert (await sweep(desk.db, NOON + timedelta(days=35), keep_days=5)).skipped == 0


async def test_parked_facts_count_as_unread(desk: Desk, clock: StoppedClock) -> None:
    await desk.webhook(tries=1, wish={"lag_limit_days": 10})
    desk.receiver.answer = fails_for(1)
    await sell(desk.db, (0, 1), (0, 2), (8, 3))
    await desk.deliverer().run_once()
    await record_by_the_day(desk.db)
    assert (await sweep(desk.db, NOON + timedelta(days=11), keep_days=1)).expired == 0
    swept = await sweep(desk.db, NOON + timedelta(days=20), keep_days=1)
    assert (swept.skipped, swept.expired) == (2, 3)


async def test_of_a_compacted_type_the_newest_fact_of_each_key_stays(desk: Desk) -> None:
    await desk.subscribe(types=["shop.sold.v1", "shop.returned.v1"])
    async with desk.db.transaction() as tx:
        for number in range(3):
            await tell(tx, Sold(number), key=0)
            await tell(tx, Sold(number), key=8)
            await tell(tx, Returned(number), key=0)
    async with desk.db.transaction() as tx:
        await compact(tx, "shop.sold.v1", NOON)
        with pytest.raises(EventTypeUnknown):
            await compact(tx, "shop.sold.v2", NOON)
    assert (await sweep(desk.db, NOON, keep_days=30)).compacted == 0, "not before it is read"
    page = await desk.pull()
    await reading_api.commit(desk.call(PARTNER, "audit"), CommitCursor(page.next))
    assert (await sweep(desk.db, NOON, keep_days=30)).compacted == 4
    assert await left(desk.db) == [3, 6, 7, 8, 9]
    async with desk.db.transaction() as tx:
        await stop_compacting(tx, "shop.sold.v1")
    await sell(desk.db, (0, 9))
    await reading_api.commit(desk.call(PARTNER, "audit"), CommitCursor("0:10"))
    assert (await sweep(desk.db, NOON, keep_days=30)).compacted == 0


async def test_a_replay_that_has_told_everything_is_retired(desk: Desk) -> None:
    await desk.subscribe()
    await sell(desk.db, (0, 1), (0, 2))
    await api.replay(desk.call(PARTNER, "audit"), Replay(name="again", cursor=""))
    assert (await sweep(desk.db, NOON, keep_days=30)).retired == 0
    page = await desk.pull("again")
    await reading_api.commit(desk.call(PARTNER, "again"), CommitCursor(page.next))
    assert (await sweep(desk.db, NOON, keep_days=30)).retired == 1
    shown = await desk.show("again")
    assert (shown.state, shown.reason) == ("retired", "everything was told again")


async def test_the_lag_is_a_metric(desk: Desk) -> None:
    await desk.subscribe()
    await sell(desk.db, (0, 1), (1, 2))
    metrics, registry = LagMetrics(), CollectorRegistry()
    registry.register(metrics)
    async with desk.db.transaction(readonly=True) as tx:
        await metrics.renew(tx, NOON)
    page = generate_latest(registry).decode()
    assert 'vokrug_subscription_behind{subscription="audit"} 2.0' in page
    assert 'vokrug_subscription_stuck{subscription="audit"} 0.0' in page


# --- the command line ---


@pytest.fixture
def at_console(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOKRUG_DATABASE_URL", database_url)
    monkeypatch.setenv("VOKRUG_SECRET", SECRET)
    monkeypatch.setenv("COLUMNS", "200")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["events", "subscriptions", *words])


@pytest.mark.usefixtures("at_console")
async def test_an_operator_sees_who_is_behind_and_helps(desk: Desk, clock: StoppedClock) -> None:
    assert "Nobody has subscribed." in (await asyncio.to_thread(run)).output
    await desk.webhook(tries=1)
    desk.receiver.answer = fails_for(1)
    await sell(desk.db, (0, 1), (0, 2))
    await desk.deliverer().run_once()
    listed = (await asyncio.to_thread(run)).output
    assert all(word in listed for word in ("hook", "active", "webhook", "shop.sold.v1"))
    redriven = await asyncio.to_thread(run, "redrive", "hook")
    assert (redriven.exit_code, "1 keys move again." in redriven.output) == (0, True)
    for words, state in ((["pause", "hook", "--reason", "night"], "paused"), (["resume", "hook"], "active")):
        done = await asyncio.to_thread(run, *words)
        assert (done.exit_code, (await desk.show("hook")).state) == (0, state)
    replayed = await asyncio.to_thread(run, "replay", "hook", "--as", "hook-2", "--cursor", "")
    assert (replayed.exit_code, (await desk.show("hook-2")).replays) == (0, "hook")
    assert (await asyncio.to_thread(run, "replay", "hook", "--as", "hook-3")).exit_code == 2
    assert (await asyncio.to_thread(run, "pause", "nothing")).exit_code == 1
    for words, kept in (([], 1), (["--stop"], 0)):
        done = await asyncio.to_thread(CliRunner().invoke, cli, ["events", "compact", "shop.sold.v1", *words])
        async with desk.db.transaction() as tx:
            assert (done.exit_code, await tx.value("select count(*) from events_compaction")) == (0, kept)
    actors = [actor for actor, _ in await desk.acts("hook")]
    assert actors[-1].startswith("console:")
    assert len((await api.list_subscriptions(desk.call(ANNA))).body.subscriptions) == 2
