"""Households are made, joined, left, made one and split. Every change can be taken back by its id.

Merging households moves nothing: memberships stay where they were stated and are read together, as with people.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug import events
from vokrug.customers import rules
from vokrug.customers import store as identity
from vokrug.customers.facts import HouseholdChanged
from vokrug.customers.households import store
from vokrug.customers.households.errors import (
    HouseholdChangeOver,
    HouseholdChangeReused,
    HouseholdChangeUnknown,
    HouseholdKindsDiffer,
    HouseholdMalformed,
    HouseholdNotOfThem,
    HouseholdOfItself,
    HouseholdTaken,
    HouseholdUnknown,
)
from vokrug.customers.households.types import Change, Household, Member, NewMember, Sheet
from vokrug.customers.operations.people import person_to_change
from vokrug.runtime.database import Tx

HOUSEHOLDS = b"customers households"


async def create(tx: Tx, id: UUID, kind: str, members: Sequence[NewMember], *, by: str, now: datetime) -> Sheet:
    """A household and who is in it. Repeat freely: the household's id is the change's."""
    _require_plain([kind], members, now)
    body = _body(kind=kind, members=[[str(one.customer_id), one.role] for one in members])
    await identity.lock(tx, [HOUSEHOLDS])
    if await _is_repeat(tx, id, "create", body):
        return await shown(tx, id, now)
    number = await store.insert_household(tx, id, kind, now)
    if number is None:
        raise HouseholdChangeReused
    await store.insert_op(tx, id, "create", number, None, by=by, body=body, now=now)
    for member in members:
        await _enter(tx, Household(number, id, kind, now), member, id, now)
    await _tell(tx, "created", number, id, kind, [one.customer_id for one in members], now)
    return await shown(tx, id, now)


async def join(tx: Tx, id: UUID, household_id: UUID, member: NewMember, *, by: str, now: datetime) -> Sheet:
    """Somebody is in it, from a moment on; or is there in another role. Repeat freely."""
    _require_plain([], [member], now)
    body = _body(household=str(household_id), customer=str(member.customer_id), role=member.role)
    await identity.lock(tx, [HOUSEHOLDS])
    if not await _is_repeat(tx, id, "join", body):
        household = await _found(tx, household_id)
        await store.insert_op(tx, id, "join", household.number, None, by=by, body=body, now=now)
        await _enter(tx, household, member, id, now)
        await _tell(tx, "joined", household.number, household.id, household.kind, [member.customer_id], now)
    return await shown(tx, household_id, now)


async def leave(tx: Tx, id: UUID, household_id: UUID, customer_id: UUID, *, by: str, now: datetime) -> Sheet:
    """Somebody is in it no longer. What was true before stays on record. Repeat freely."""
    body = _body(household=str(household_id), customer=str(customer_id))
    await identity.lock(tx, [HOUSEHOLDS])
    if not await _is_repeat(tx, id, "leave", body):
        household = await _found(tx, household_id)
        person = await person_to_change(tx, customer_id)
        group = await store.lock_groups(tx, [household.number])
        own = [edge.id for edge in await store.edges_of(tx, group) if edge.person == person.number]
        if not own:
            raise HouseholdNotOfThem
        await store.insert_op(tx, id, "leave", household.number, None, by=by, body=body, now=now)
        await store.end_members(tx, own, id, now)
        await _tell(tx, "left", household.number, household.id, household.kind, [customer_id], now)
    return await shown(tx, household_id, now)


async def merge(tx: Tx, id: UUID, one_id: UUID, other_id: UUID, *, by: str, now: datetime) -> Sheet:
    """Make one household of two, under the id of the older. People stay who they are. Repeat freely."""
    body = _body(one=str(one_id), other=str(other_id))
    await identity.lock(tx, [HOUSEHOLDS])
    if await _is_repeat(tx, id, "merge", body):
        return await shown(tx, one_id, now)
    one, other = await _found(tx, one_id), await _found(tx, other_id)
    if one.number == other.number:
        raise HouseholdOfItself
    if one.kind != other.kind:
        raise HouseholdKindsDiffer
    first, second = sorted((one.number, other.number))
    await store.insert_op(tx, id, "merge", first, second, by=by, body=body, now=now)
    await _regroup(tx, await store.lock_groups(tx, [first, second]))
    sheet = await shown(tx, one_id, now)
    people = [member.customer_id for member in sheet.members]
    await _tell(tx, "merged", sheet.household.number, sheet.household.id, one.kind, people, now)
    return sheet


async def split(
    tx: Tx, id: UUID, household_id: UUID, new_id: UUID, customer_ids: Sequence[UUID], *, by: str, now: datetime
) -> Sheet:
    """These people are a household of their own from now on. Answers with it. Repeat freely."""
    body = _body(household=str(household_id), new=str(new_id), customers=sorted(map(str, customer_ids)))
    await identity.lock(tx, [HOUSEHOLDS])
    if await _is_repeat(tx, id, "split", body):
        return await shown(tx, new_id, now)
    household = await _found(tx, household_id)
    people = {(await person_to_change(tx, customer_id)).number for customer_id in sorted(customer_ids)}
    group = await store.lock_groups(tx, [household.number])
    moving = [edge for edge in await store.edges_of(tx, group) if edge.person in people]
    if {edge.person for edge in moving} != people:
        raise HouseholdNotOfThem
    number = await store.insert_household(tx, new_id, household.kind, now)
    if number is None:
        raise HouseholdChangeReused
    await store.insert_op(tx, id, "split", household.number, number, by=by, body=body, now=now)
    await store.end_members(tx, [edge.id for edge in moving], id, now)
    await store.move_members(tx, [edge.id for edge in moving], number, id, now)
    for each in (household, Household(number, new_id, household.kind, now)):
        await _tell(tx, "split", each.number, each.id, each.kind, list(customer_ids), now)
    return await shown(tx, new_id, now)


async def undo(tx: Tx, id: UUID, *, by: str, now: datetime) -> None:
    """Take a change back exactly. Repeat freely. Refused when a later change built on what this one made."""
    await identity.lock(tx, [HOUSEHOLDS])
    if (change := await store.find_op(tx, id, is_locked=True)) is None:
        raise HouseholdChangeUnknown
    if change.undone_at is not None:
        return
    if change.kind == "merge":
        assert change.other is not None, "a merge is of two"
        await _undo_merge(tx, change, by, now)
        return
    await store.lock_groups(tx, [change.household] if change.other is None else [change.household, change.other])
    begun = await store.edges_by_op(tx, id)
    if change.kind in ("create", "split"):
        made = change.household if change.other is None else change.other
        in_it = await store.edges_of(tx, [made])
        if any(edge.op != id for edge in in_it) or await store.is_merged(tx, made):
            raise HouseholdChangeOver
    await store.undo_op(tx, id, by=by, now=now)
    await store.end_members(tx, [edge.id for edge in begun], id, now)
    await store.revive_ended_by(tx, id)
    await _tell_number(tx, change.household, begun, now)


async def _undo_merge(tx: Tx, change: Change, by: str, now: datetime) -> None:
    assert change.other is not None, "a merge is of two"
    before = await store.lock_groups(tx, [change.household, change.other])
    group = await store.lock_groups(tx, set(before.values()))
    await store.undo_op(tx, change.id, by=by, now=now)
    await _regroup(tx, group)
    await _tell_number(tx, change.household, await store.edges_of(tx, group), now)


async def _regroup(tx: Tx, numbers: dict[int, int]) -> None:
    await store.redirect(tx, rules.survivors(numbers, await store.merges_among(tx, numbers)))


async def shown(tx: Tx, household_id: UUID, at: datetime) -> Sheet:
    """The household as it was at a moment. A person who is in it twice, being two who were merged, is shown once."""
    household = await _found(tx, household_id)
    best: dict[UUID, Member] = {}
    for member in await store.members_at(tx, household.number, at):
        known = best.get(member.customer_id)
        if known is None or member.strength.rank > known.strength.rank:
            best[member.customer_id] = member
    return Sheet(household, tuple(best.values()), tuple(await store.merged_ids(tx, household.number)))


async def households_of(tx: Tx, customer_id: UUID, at: datetime) -> list[Sheet]:
    """All that a person was in at a moment."""
    return [await shown(tx, one.id, at) for one in await store.households_of(tx, customer_id, at)]


async def _enter(tx: Tx, household: Household, member: NewMember, op: UUID, now: datetime) -> None:
    person = await person_to_change(tx, member.customer_id)
    group = await store.lock_groups(tx, [household.number])
    held = await store.edges_of_person(tx, person.number)
    own = [edge for edge in held if edge.household in group]
    others = {edge.household for edge in held} - set(group)
    if others and await store.is_any_of_kind(tx, others, household.kind):
        raise HouseholdTaken(kind=household.kind)
    said = (member.role, member.source.value, member.strength.value)
    if any((edge.role, edge.source, edge.strength) == said for edge in own):
        return
    await store.end_members(tx, [edge.id for edge in own], op, now)
    await store.insert_member(tx, household.number, person.number, member, op)


async def _found(tx: Tx, id: UUID) -> Household:
    if (found := await store.find_household(tx, id)) is None:
        raise HouseholdUnknown
    return found


async def _is_repeat(tx: Tx, id: UUID, kind: str, body: str) -> bool:
    known = await store.find_op(tx, id)
    if known is None:
        return False
    if known.kind != kind or msgspec.json.decode(known.body) != msgspec.json.decode(body):
        raise HouseholdChangeReused
    return True


def _body(**said: object) -> str:
    return msgspec.json.encode(said).decode()


def _require_plain(kinds: Sequence[str], members: Sequence[NewMember], now: datetime) -> None:
    if not all(rules.PLAIN_CODE.fullmatch(word) for word in (*kinds, *(member.role for member in members))):
        raise HouseholdMalformed(problem="kind or role")
    if any(member.since > now for member in members):
        raise HouseholdMalformed(problem="since")
    if len({member.customer_id for member in members}) != len(members):
        raise HouseholdMalformed(problem="members")


async def _tell(
    tx: Tx, change: str, number: int, id: UUID, kind: str, customer_ids: Sequence[UUID], now: datetime
) -> None:
    fact = HouseholdChanged(household_id=id, kind=kind, change=change, customer_ids=list(customer_ids))
    await events.publish(tx, fact, key=number, subject=str(id), at=now)


async def _tell_number(tx: Tx, number: int, edges: Sequence[store.Edge], now: datetime) -> None:
    household = await store.household_of_number(tx, number)
    ids = await identity.ids_of(tx, sorted({edge.person for edge in edges}))
    await _tell(tx, "undone", household.number, household.id, household.kind, list(ids.values()), now)
