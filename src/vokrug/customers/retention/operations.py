"""What has outlived its period goes, at night and a slice at a time; a dry run says beforehand how much that is."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from vokrug.customers.directory import Directory
from vokrug.customers.operations.settling import settle_people
from vokrug.customers.retention import store
from vokrug.customers.retention.errors import RetentionMalformed, RetentionUnknown
from vokrug.customers.retention.types import ALL, Kept, Retention, Run
from vokrug.customers.rules import PLAIN_CODE
from vokrug.runtime.database import Database, Tx

SLICE = 2_000
LONGEST_DAYS = 36_500
OF_SUBJECTS = (Kept.ATTRIBUTE, Kept.CONSENT_PROOF, Kept.IDENTIFIER)


async def define(tx: Tx, directory: Directory, rule: Retention) -> Retention:
    """Write a rule down, or another period for it."""
    if not 1 <= rule.days <= LONGEST_DAYS:
        raise RetentionMalformed(problem="days")
    if rule.subject != ALL:
        if rule.kind not in OF_SUBJECTS:
            raise RetentionMalformed(problem="subject")
        if rule.kind is Kept.ATTRIBUTE:
            await directory.meet_attributes(tx, [rule.subject])
            directory.attribute_type(rule.subject)
        elif rule.kind is Kept.IDENTIFIER:
            await directory.meet(tx, [rule.subject])
            directory.identifier_type(rule.subject)
        elif not PLAIN_CODE.fullmatch(rule.subject):
            raise RetentionMalformed(problem="subject")
    await store.put_rule(tx, rule)
    return rule


async def forget(tx: Tx, kind: Kept, subject: str) -> None:
    """Nothing is destroyed by this rule any more."""
    if not await store.remove_rule(tx, kind, subject):
        raise RetentionUnknown


async def rules(tx: Tx) -> Sequence[Retention]:
    return await store.rules(tx)


async def runs(tx: Tx, limit: int) -> Sequence[Run]:
    return await store.runs(tx, limit)


async def try_out(tx: Tx, now: datetime) -> Mapping[str, int]:
    """How much the night would destroy, by rule. The trying is on record too."""
    report = {}
    for rule in await store.rules(tx):
        report[f"{rule.kind}/{rule.subject}"] = await store.count(tx, rule, now - timedelta(days=rule.days))
    await store.insert_run(tx, report, is_dry=True, now=now)
    return report


async def retain(db: Database, now: datetime) -> Mapping[str, int]:
    """Destroy what has outlived its period. Rerun freely."""
    async with db.transaction() as tx:
        listed = await store.rules(tx)
    report = {f"{rule.kind}/{rule.subject}": await _carry_out(db, rule, now) for rule in listed}
    async with db.transaction() as tx:
        await store.insert_run(tx, report, is_dry=False, now=now)
    return report


async def _carry_out(db: Database, rule: Retention, now: datetime) -> int:
    destroyed = 0
    while True:
        async with db.transaction() as tx:
            gone, whose = await store.destroy(tx, rule, now - timedelta(days=rule.days), SLICE)
            await settle_people(tx, await store.survivors(tx, whose), now, codes=None)
        destroyed += gone
        if gone < SLICE:
            return destroyed
