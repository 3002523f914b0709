"""Fraud limits, and the list of what somebody has to look at."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from vokrug import ledger
from vokrug.pos.checkout import Checkout
from vokrug.pos.fraud import operations
from vokrug.pos.fraud.errors import FraudRuleUnknown, SuspicionDecidedAlready, SuspicionUnknown
from vokrug.pos.fraud.schemas import (
    RuleGiven,
    RuleShown,
    RulesShown,
    SuspicionJudged,
    SuspicionShown,
    SuspicionsShown,
)
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("pos.fraud")

RULE_CODE = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]


@routes.get("/v1/fraud-rules", answers={200: RulesShown})
async def get_rules(call: Call) -> Answer[RulesShown]:
    """What is watched, and how much of it is too much."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(await operations.list_rules(tx))


@routes.put("/v1/fraud-rules/{code:str}", answers={200: RuleShown}, refusals=[FraudRuleUnknown])
async def put_rule(call: Call, body: RuleGiven) -> Answer[RuleShown]:
    """Write a rule, or change it. What it has raised stays."""
    code = code_of(call)
    async with call.db.transaction() as tx:
        return Answer(await operations.save(tx, code, body, call.caller.key_id, call.now))


@routes.delete("/v1/fraud-rules/{code:str}", answers={204: None}, refusals=[FraudRuleUnknown])
async def delete_rule(call: Call) -> Answer[None]:
    """A rule goes; what it has raised stays."""
    async with call.db.transaction() as tx:
        await operations.drop(tx, code_of(call))
    return Answer(None, 204)


def code_of(call: Call) -> str:
    try:
        return msgspec.convert(call.path["code"], RULE_CODE)
    except msgspec.ValidationError:
        raise FraudRuleUnknown(rule=call.path["code"][:80]) from None


@routes.get(
    "/v1/suspicions",
    answers={200: SuspicionsShown},
    query={"state": Literal["open", "cleared", "confirmed"], "shop": str},
)
async def get_suspicions(call: Call) -> Answer[SuspicionsShown]:
    """What looks like fraud, `open` unless told otherwise, of one shop or of all: the worst first."""
    async with call.services.reports.transaction(readonly=True) as tx:
        state, shop = call.asked.get("state", "open"), call.asked.get("shop", "")
        return Answer(await operations.suspicions(tx, state=state, shop=shop, language=call.language))


@routes.post(
    "/v1/suspicions/{id:uuid}:decide",
    answers={200: SuspicionShown},
    refusals=[SuspicionUnknown, SuspicionDecidedAlready, ledger.KeyReused, ledger.InsufficientFunds],
)
async def post_decision(call: Call, body: SuspicionJudged) -> Answer[SuspicionShown]:
    """Somebody has looked: it was in order and points come free, or it was fraud and what was held is taken."""
    checkout = call.services.get(Checkout)

    async def story(tx: Tx) -> SuspicionShown:
        return await operations.decide(
            tx, checkout, UUID(call.path["id"]), body.verdict, body.note, call.caller.key_id, call.now
        )

    return Answer(await call.db.replayed(story))
