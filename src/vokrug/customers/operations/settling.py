"""What a person has, of all that was said of them: worked out anew whenever something that counts has changed."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from vokrug import events
from vokrug.customers import rules, store
from vokrug.customers.facts import AttributeChanged
from vokrug.customers.store.observations import Observed
from vokrug.customers.types import Attribute
from vokrug.runtime.database import Tx


@dataclass(frozen=True, slots=True)
class Settled:
    attribute: Attribute
    is_new: bool  # another value than before


async def settle(
    tx: Tx, survivor_of: Mapping[int, int], now: datetime, *, codes: Collection[str] | None = None
) -> dict[tuple[int, str], Settled]:
    """For these customers, each with the survivor of their person: what stands, on the survivor alone."""
    before = await store.settled_of(tx, survivor_of, codes)
    said: dict[tuple[int, str], list[Observed]] = defaultdict(list)
    for one in await store.observations_of(tx, survivor_of, codes):
        said[survivor_of[one.said.customer_number], one.code].append(one)
    stand: dict[tuple[int, str], Attribute] = {}
    for (number, code), observed in said.items():
        kind = observed[0]
        value = rules.survivor(
            code,
            [one.said for one in observed],
            survives=kind.survives,
            trust=kind.trust,
            fresh_days=kind.fresh_days,
            now=now,
        )
        if value is not None:
            stand[number, code] = value
    new = {key: value for key, value in stand.items() if before.get(key) != value}
    await store.put_settled(tx, [key for key in before if key not in stand], new)
    return {
        key: Settled(value, is_new=(known := before.get(key)) is None or _differs(known, value))
        for key, value in stand.items()
    }


def _differs(known: Attribute, value: Attribute) -> bool:
    """A moment moved on alone is no news, but for the newest, whose moment is a part of it."""
    return (known.value, known.source, known.observed_at) != (value.value, value.source, value.observed_at)


async def settle_people(tx: Tx, survivors: Collection[int], now: datetime, *, codes: Collection[str] | None) -> int:
    """Look again at these people, and tell whose values changed. How many did."""
    changed = 0
    for number in sorted(survivors):
        members = await store.lock_people(tx, [number])
        of_them = {member.number: member.redirect_to or member.number for member in members}
        before = await store.settled_of(tx, of_them, codes)
        settled = await settle(tx, of_them, now, codes=codes)
        id_of = {member.number: member.id for member in members}
        for (owner, code), one in settled.items():
            if not one.is_new:
                continue
            changed += 1
            fact = AttributeChanged(
                customer_id=id_of[owner],
                code=code,
                source=one.attribute.source,
                observed_at=one.attribute.observed_at,
            )
            await events.publish(tx, fact, key=owner, subject=str(id_of[owner]), at=now)
        changed += len(before.keys() - settled.keys())
    return changed
