"""HTTP of the policy, for staff."""

from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from vokrug.promotions.engine import PRESETS, Policy
from vokrug.promotions.policies import operations, rules, store
from vokrug.promotions.policies.errors import CalendarNonsense, PolicyMoved, PolicyNonsense
from vokrug.promotions.policies.types import PolicyVersion
from vokrug.promotions.schemas import Key, Name
from vokrug.runtime.http import Answer, Call, Role, Routes

KEPT_IN_VIEW = 50

routes = Routes("promotions: policy")


class PolicyView(Struct, frozen=True):
    """The policy in force, the ones before it (newest first), and those that come with the product."""

    current: PolicyVersion
    history: list[PolicyVersion]
    presets: dict[str, Policy]


class SavePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy by the schema, or a preset by its name. `if_version` refuses when another one came into force."""

    policy: dict[str, Any] | None = None
    preset: str | None = None
    if_version: int | None = None


class SaveCalendar(Struct, frozen=True, forbid_unknown_fields=True):
    """A named set of days."""

    name: Name
    days: Annotated[tuple[date, ...], Meta(max_length=5_000)]


class PolicySchema(Struct, frozen=True):
    """JSON Schema of a policy."""

    schema: dict[str, Any]


@routes.get("/v1/promotions/policy", answers={200: PolicyView}, roles=[Role.STAFF])
async def get_policy(call: Call) -> Answer[PolicyView]:
    """How offers meet: in force, before, and ready-made."""
    async with call.db.transaction(readonly=True) as tx:
        current = await operations.policy_in_force(tx)
        return Answer(PolicyView(current, await store.list_policies(tx, KEPT_IN_VIEW), PRESETS))


@routes.put(
    "/v1/promotions/policy",
    answers={200: PolicyVersion},
    refusals=[PolicyNonsense, PolicyMoved],
    roles=[Role.STAFF],
)
async def save_policy(call: Call, body: SavePolicy) -> Answer[PolicyVersion]:
    """Put a policy in force. Repeat freely: the one in force sent again changes nothing."""
    if body.preset is not None and body.preset not in PRESETS:
        known = ", ".join(PRESETS)
        raise PolicyNonsense(field="preset", why=f"one of {known}", why_ru=f"одна из: {known}")
    if (body.policy is None) == (body.preset is None):
        raise PolicyNonsense(field="policy", why="a policy or a preset", why_ru="политика или заготовка")
    policy = PRESETS[body.preset] if body.preset is not None else rules.read_policy(body.policy or {})
    async with call.db.transaction() as tx:
        saved = await operations.save_policy(
            tx, policy, if_version=body.if_version, by=call.caller.key_id, now=call.now
        )
    return Answer(saved)


@routes.get("/v1/promotions/policy:schema", answers={200: PolicySchema}, roles=[Role.STAFF])
async def get_schema(call: Call) -> Answer[PolicySchema]:
    """The JSON Schema of a policy."""
    return Answer(PolicySchema(msgspec.json.schema(Policy)))


@routes.put("/v1/promotions/calendars/{key}", answers={204: None}, refusals=[CalendarNonsense], roles=[Role.STAFF])
async def save_calendar(call: Call, body: SaveCalendar) -> Answer[None]:
    """Name a set of days, or change it. Offers that name it follow."""
    try:
        key = msgspec.convert(call.path["key"], Key)
    except msgspec.ValidationError as error:
        raise CalendarNonsense(why=str(error), why_ru="ключ — короткое слово латиницей") from None
    async with call.db.transaction() as tx:
        await operations.save_calendar(tx, key, name=body.name, days=body.days, by=call.caller.key_id, now=call.now)
    return Answer(None, status=204)
