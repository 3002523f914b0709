"""Identifiers seen together: whoever proved them is one person; what was not proven well enough joins nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.customers import rules, store
from vokrug.customers.contests import operations as contests
from vokrug.customers.directory import Directory
from vokrug.customers.errors import CustomersApart, MergeOverLimit
from vokrug.customers.operations.merging import merge
from vokrug.customers.types import Source, Strength
from vokrug.runtime.database import Tx

SEEN_TOGETHER = "seen_together"


@dataclass(frozen=True, slots=True)
class Seen:
    """One identifier as somebody has just shown it."""

    type: str
    value: str
    strength: Strength


@dataclass(frozen=True, slots=True)
class Together:
    """Who they lead to, the merges that were made, and which of them (by place) stayed with somebody else."""

    customer_id: UUID | None
    merge_ids: tuple[int, ...]
    contested: tuple[int, ...]


async def see_together(
    tx: Tx, directory: Directory, seen: Sequence[Seen], *, source: Source, now: datetime
) -> Together:
    """Make one person of those whom these lead to, as far as may be. Repeat freely.

    The identifier of the highest priority that is strong enough says who it is. Each other joins its person to
    them, if it is strong enough, nobody keeps the two apart and limits hold; or else is contested.
    """
    await directory.meet(tx, (one.type for one in seen))
    identifiers = [directory.identify(one.type, one.value) for one in seen]
    for one, shown in zip(identifiers, seen, strict=True):
        rules.require_may_vouch(one.type, source, shown.strength)
    await store.lock(tx, [one.hash for one in identifiers])
    owners = await store.resolve(tx, identifiers)
    strong = {i: rules.may_join(identifiers[i].type, seen[i].strength) for i in owners}
    order = sorted(owners, key=lambda i: (not strong[i], -identifiers[i].type.priority, i))
    if not order:
        return Together(None, (), ())
    customer_id, joined = owners[order[0]].id, {owners[order[0]].number}
    merge_ids, contested = [], []
    for i in order[1:]:
        if owners[i].number in joined:
            continue
        try:
            if not (strong[order[0]] and strong[i]):
                raise CustomersApart
            made = await merge(tx, directory, customer_id, owners[i].id, source=source, now=now, rule=SEEN_TOGETHER)
        except (CustomersApart, MergeOverLimit):
            said = (seen[i].type, seen[i].value)
            await contests.note(tx, directory, customer_id, said, source=source, strength=seen[i].strength, now=now)
            contested.append(i)
            continue
        customer_id = made.customer_id
        merge_ids.append(made.merge_id)
        joined.add(owners[i].number)
    return Together(customer_id, tuple(merge_ids), tuple(sorted(contested)))
