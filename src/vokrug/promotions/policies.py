"""The stacking policy: declared as data, in versions; the newest holds for every check from then on."""

from datetime import datetime
from typing import Any

import msgspec

from vokrug.promotions import store
from vokrug.promotions.engine.policy import DEFAULT, PRESETS, Group, Policy
from vokrug.promotions.errors import OfferNonsense
from vokrug.runtime.database import Tx

DEEPEST = 2  # groups inside a layer, as 1C's tree of joint use has them

READ = "select version, body::text from promotions_policy order by version desc limit 1"
DECLARE = "insert into promotions_policy (body, declared_by, declared_at) values ($1, $2, $3) returning version"


async def read_policy(tx: Tx) -> tuple[int, Policy]:
    """The policy in force; version 0 is the usual one, never declared."""
    rows = await tx.rows(READ)
    return (rows[0][0], msgspec.json.decode(rows[0][1], type=Policy)) if rows else (0, DEFAULT)


async def declare_policy(tx: Tx, policy: Policy, *, by: str, now: datetime) -> int:
    """From now on offers meet like this. Said again without a change, no new version."""
    version, standing = await read_policy(tx)
    if standing == policy and version:
        return version
    declared: int = await tx.value(DECLARE, msgspec.json.encode(policy).decode(), by, now)
    await store.raise_counter(tx)
    return declared


def read_body(body: dict[str, Any] | str) -> Policy:
    """A policy from outside: written out, or the name of a preset."""
    if isinstance(body, str):
        if body not in PRESETS:
            raise OfferNonsense(field="policy", why="no such preset", why_ru="такого набора нет")
        return PRESETS[body]
    try:
        policy = msgspec.convert(body, Policy)
    except msgspec.ValidationError as error:
        why, _, path = str(error).partition(" - at `$")
        raise OfferNonsense(field="policy" + path.rstrip("`"), why=why, why_ru=why) from None
    require_sense(policy)
    return policy


def require_sense(policy: Policy) -> None:
    keys: set[str] = set()
    for at, layer in enumerate(policy.layers):
        if layer.key in keys:
            raise OfferNonsense(field=f"policy.layers/{at}/key", why="a key twice", why_ru="ключ повторяется")
        keys.add(layer.key)
        if depth_of(layer) > DEEPEST:
            raise OfferNonsense(
                field=f"policy.layers/{at}/groups", why="nested too deep", why_ru="слишком глубокая вложенность"
            )


def depth_of(group: Group) -> int:
    return 1 + max(map(depth_of, group.groups), default=-1)
