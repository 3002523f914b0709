"""HTTP of how long what is kept, for staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from vokrug.customers.directory import Directory
from vokrug.customers.errors import AttributeUnknown, IdentifierTypeUnknown
from vokrug.customers.retention import operations
from vokrug.customers.retention.errors import RetentionMalformed, RetentionUnknown
from vokrug.customers.retention.types import Kept, Retention
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("retention")
LAST_RUNS = 30


class PutRetention(Struct, kw_only=True):
    """What is older is destroyed. `subject` is an attribute, a type of identifiers or a purpose; `*` is every other."""

    kind: Kept
    subject: Annotated[str, Meta(min_length=1, max_length=64)] = "*"
    days: int


class RetentionCard(PutRetention, kw_only=True):
    changed_by: str
    changed_at: datetime

    @classmethod
    def of(cls, rule: Retention) -> "RetentionCard":
        return cls(
            kind=rule.kind,
            subject=rule.subject,
            days=rule.days,
            changed_by=rule.changed_by,
            changed_at=rule.changed_at,
        )


class ForgetRetention(Struct, kw_only=True):
    kind: Kept
    subject: Annotated[str, Meta(min_length=1, max_length=64)] = "*"


class RetentionRun(Struct, kw_only=True):
    at: datetime
    is_dry: bool
    report: Mapping[str, int]


class RetentionSheet(Struct, kw_only=True):
    """The rules, and what the last runs destroyed or would have."""

    rules: list[RetentionCard]
    runs: list[RetentionRun]


class RetentionReport(Struct):
    """How much each rule would destroy: `kind/subject` to a number."""

    report: Mapping[str, int]


@routes.get("/v1/retention", answers={200: RetentionSheet})
async def read_retention(call: Call) -> Answer[RetentionSheet]:
    """How long what is kept, and the reports of the last nights and dry runs."""
    async with call.db.transaction(readonly=True) as tx:
        rules = [RetentionCard.of(rule) for rule in await operations.rules(tx)]
        runs = [
            RetentionRun(at=run.at, is_dry=run.is_dry, report=run.report)
            for run in await operations.runs(tx, LAST_RUNS)
        ]
    return Answer(RetentionSheet(rules=rules, runs=runs))


@routes.put(
    "/v1/retention",
    answers={200: RetentionCard},
    refusals=[RetentionMalformed, AttributeUnknown, IdentifierTypeUnknown],
)
async def put_retention(call: Call, body: PutRetention) -> Answer[RetentionCard]:
    """Say how long something is kept. The next night goes by it: try it out first."""
    rule = Retention(body.kind, body.subject, body.days, call.caller.key_id, call.now)

    async def story(tx: Tx) -> Retention:
        return await operations.define(tx, call.services.get(Directory), rule)

    return Answer(RetentionCard.of(await call.db.replayed(story)))


@routes.post("/v1/retention:forget", answers={204: None}, refusals=[RetentionUnknown])
async def forget_retention(call: Call, body: ForgetRetention) -> Answer[None]:
    """Nothing is destroyed by this rule any more."""
    await call.db.replayed(lambda tx: operations.forget(tx, body.kind, body.subject))
    return Answer(None, status=204)


@routes.post("/v1/retention:try", answers={200: RetentionReport}, answer_timeout_s=120.0)
async def try_retention(call: Call) -> Answer[RetentionReport]:
    """How much the next night would destroy, by rule. Nothing is."""

    async def story(tx: Tx) -> Mapping[str, int]:
        return await operations.try_out(tx, call.now)

    return Answer(RetentionReport(await call.db.replayed(story)))
