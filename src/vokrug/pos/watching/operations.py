"""Somebody watches: alarms are raised and cleared once each; a row a shop says how it fares."""

from datetime import datetime, timedelta

import msgspec

from vokrug import events
from vokrug.kernel import format_minor
from vokrug.pos.facts import TillAlarmCleared, TillAlarmRaised
from vokrug.pos.watching import rules, store
from vokrug.pos.watching.schemas import AlarmPolicy, OpenAlarm, ShopHealth, ShopsHealth
from vokrug.runtime.database import Tx

DAY = timedelta(days=1)
# A slot is five minutes: one that began a little before the window belongs to it.
SINCE = rules.WINDOW + timedelta(seconds=rules.SLOT_S)


async def policy(tx: Tx) -> tuple[int, AlarmPolicy]:
    """The thresholds; version 0 are the usual ones, never declared."""
    found = await store.policy(tx)
    return (0, AlarmPolicy()) if found is None else (found[0], msgspec.json.decode(found[1], type=AlarmPolicy))


async def declare_policy(tx: Tx, given: AlarmPolicy, by: str, now: datetime) -> int:
    """Other thresholds, from the next minute on. Said again without a change, no new version."""
    version, standing = await policy(tx)
    return version if version and standing == given else await store.declare(tx, given, by, now)


async def watch(tx: Tx, now: datetime) -> tuple[int, int]:
    """Compare what is wrong with what was said to be wrong; answers how many alarms were raised and cleared."""
    if not await store.is_only_watcher(tx):
        return 0, 0
    _, thresholds = await policy(tx)
    wrong: dict[tuple[int, int, str], tuple[str, str | None]] = {}
    for row in await store.tills(tx, now - SINCE, ""):
        for alarm in rules.alarms(row, thresholds, now):
            if alarm != "never_seen":  # a till that was never connected is no trouble of tonight's
                wrong[row["shop_id"], row["till_id"], alarm] = (row["shop"], row["till"])
    for row in await store.of_shops(tx, now - DAY):
        for of_shop in rules.shop_alarms(row, thresholds):
            wrong[row["shop_id"], 0, of_shop] = (row["shop"], None)
    said = {(row["shop_id"], row["till_id"], row["alarm"]): row for row in await store.open_alarms(tx)}
    raised = [key for key in wrong if key not in said and await store.raise_alarm(tx, *key, now)]
    for key in raised:
        shop, till = wrong[key]
        await events.publish(tx, TillAlarmRaised(shop, till, key[2], now), key=key[0], subject=shop, at=now)
    cleared = [key for key in said if key not in wrong]
    for key in cleared:
        row = said[key]
        await store.clear_alarm(tx, *key)
        fact = TillAlarmCleared(row["shop"], row["till"], key[2], row["since"], now)
        await events.publish(tx, fact, key=key[0], subject=row["shop"], at=now)
    return len(raised), len(cleared)


async def shops_health(tx: Tx, now: datetime, shop_id: int | None = None) -> ShopsHealth:
    """One row a shop, those in trouble first."""
    shops = []
    for row in await store.shops(tx, now - SINCE, now - DAY, shop_id):
        told = dict(row)
        times, deviation_minor = told.pop("times"), told.pop("deviation_minor")
        shops.append(
            ShopHealth(
                **{**told, "alarms": msgspec.json.decode(row["alarms"], type=list[OpenAlarm])},
                centre_p95_ms=rules.p95_ms(times or ()),
                deviation_sum=format_minor(deviation_minor),
            )
        )
    return ShopsHealth(shops=shops, with_alarms=sum(1 for shop in shops if shop.alarms))
