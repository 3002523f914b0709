"""Making one person of two customers, and taking them apart again exactly as they were.

A person is whoever open merges connect. The oldest customer survives; the others' ids lead to them in one hop. Merging
moves nothing: identifiers, attributes, consents and wallets stay with the customer they came with and are read
together, so that ending a merge is its exact inverse, whatever was merged meanwhile and in whatever order.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from vokrug import events
from vokrug.customers import rules, store
from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    CustomersApart,
    CustomersAreOne,
    CustomerUnknown,
    MergeOfOneself,
    MergeOverLimit,
    MergeUnknown,
)
from vokrug.customers.facts import CustomersMerged, CustomersUnmerged
from vokrug.customers.operations.settling import settle
from vokrug.customers.store.merges import Member, MergeRow
from vokrug.customers.types import Merged, MergeSeen, Source, Unmerged
from vokrug.runtime.database import Tx

BY_HAND = "by_hand"
MERGES = b"customers merges"


async def merge(
    tx: Tx,
    directory: Directory,
    one_id: UUID,
    other_id: UUID,
    *,
    source: Source,
    now: datetime,
    rule: str = BY_HAND,
) -> Merged:
    """Make one person of these two customers and of all who are merged with them. Repeat freely.

    Refuses those who must be kept apart, and a person who would hold more identifiers of a type than one may.
    """
    rules.require_plain_rule(rule)
    one, other, members = await _locked(tx, one_id, other_id)
    numbers = [member.number for member in members]
    first, second = sorted((one.number, other.number))
    if (known := await store.open_merge(tx, first, second)) is not None:
        return Merged(_by_number(members)[_survivor(one)].id, known, is_new=False)
    if await store.are_any_apart(tx, numbers):
        raise CustomersApart
    if _survivor(one) != _survivor(other):
        await _require_room(tx, directory, numbers)
    op = await store.insert_op(tx, "merge", first, source, now, {"one": first, "other": second, "rule": rule})
    merge_id = await store.insert_merge(tx, first, second, rule, now, op)
    assert merge_id is not None, "both customers are locked"
    groups = await _regroup(tx, numbers, now)
    id_of = {member.number: member.id for member in members}
    survivor = groups[first]
    if _survivor(one) != _survivor(other):
        lost = max(_survivor(one), _survivor(other))
        fact = CustomersMerged(
            customer_id=id_of[survivor], merged_id=id_of[lost], merge_id=merge_id, rule=rule, source=source
        )
        await events.publish(tx, fact, key=survivor, subject=str(fact.customer_id), at=now)
    return Merged(id_of[survivor], merge_id, is_new=True)


async def unmerge(tx: Tx, merge_id: int, *, source: Source, now: datetime, reason: str = "") -> Unmerged:
    """End a merge: whom only it held together are two again, under their own ids, and stay so. Repeat freely."""
    if (edge := await store.find_merge(tx, merge_id)) is None:
        raise MergeUnknown
    members = await _lock_both(tx, edge.one, edge.other)
    by_number = _by_number(members)
    edge = await store.find_merge(tx, merge_id) or edge
    if edge.ended_at is None:
        detail = {"merge": merge_id, "one": edge.one, "other": edge.other}
        op = await store.insert_op(tx, "unmerge", edge.one, source, now, detail)
        await store.end_merge(tx, merge_id, now, op)
        groups = await _regroup(tx, [member.number for member in members], now)
        if groups[edge.one] != groups[edge.other]:
            # Nobody joins them again by accident: the next rule that wants to has to ask a person.
            await store.insert_apart(tx, edge.one, edge.other, reason or "unmerged", op)
            await _tell_unmerged(tx, edge, groups, by_number, source, now)
    else:
        groups = {member.number: _survivor(member) for member in members}
    return Unmerged(by_number[groups[edge.one]].id, by_number[groups[edge.other]].id)


async def merges_of(tx: Tx, customer_id: UUID) -> Sequence[MergeSeen]:
    """The merges that hold this person together, the oldest first."""
    asked = (await store.find_members(tx, [customer_id])).get(customer_id)
    if asked is None:
        raise CustomerUnknown
    members = await store.people_of(tx, asked.redirect_to or asked.number)
    ids = {member.number: member.id for member in members}
    return [
        MergeSeen(edge.id, ids[edge.one], ids[edge.other], edge.rule, edge.made_at)
        for edge in await store.merges_among(tx, list(ids))
    ]


async def merges_by_rule(tx: Tx, rule: str, since: datetime, until: datetime) -> Sequence[MergeRow]:
    """Open merges that a rule made in [since, until): what undoing all of them would end."""
    return await store.merges_by_rule(tx, rule, since, until)


async def keep_apart(tx: Tx, one_id: UUID, other_id: UUID, *, source: Source, now: datetime, reason: str) -> None:
    """These two are never one person, by whatever rule. Repeat freely. Refuses two who are one by now."""
    one, other, _ = await _locked(tx, one_id, other_id)
    if _survivor(one) == _survivor(other):
        raise CustomersAreOne
    first, second = sorted((one.number, other.number))
    op = await store.insert_op(tx, "keep_apart", first, source, now, {"one": first, "other": second})
    await store.insert_apart(tx, first, second, reason, op)


async def let_join(tx: Tx, one_id: UUID, other_id: UUID, *, source: Source, now: datetime) -> None:
    """Take a `keep_apart` back. Repeat freely."""
    one, other, _ = await _locked(tx, one_id, other_id)
    first, second = sorted((one.number, other.number))
    op = await store.insert_op(tx, "let_join", first, source, now, {"one": first, "other": second})
    await store.end_apart(tx, first, second, op)


async def _locked(tx: Tx, one_id: UUID, other_id: UUID) -> tuple[Member, Member, list[Member]]:
    """Both customers and everybody of their persons."""
    if one_id == other_id:
        raise MergeOfOneself
    found = await store.find_members(tx, [one_id, other_id])
    if len(found) < 2 or any(member.state == "erased" for member in found.values()):
        raise CustomerUnknown
    members = await _lock_both(tx, found[one_id].number, found[other_id].number)
    by_number = _by_number(members)
    one, other = by_number[found[one_id].number], by_number[found[other_id].number]
    if "erased" in (by_number[_survivor(one)].state, by_number[_survivor(other)].state):
        raise CustomerUnknown
    return one, other, members


async def _lock_both(tx: Tx, one: int, other: int) -> list[Member]:
    """Everybody of both persons. Merges are told one by one: who locks people in the order in which they lead to one
    another cannot keep to the order of their numbers, and two at once would wait for each other.
    """
    await store.lock(tx, [MERGES])
    wanted = {one, other}
    while True:
        members = await store.lock_people(tx, sorted(wanted))
        leads = {_survivor(member) for member in members}
        if leads <= wanted:
            return members
        wanted |= leads


async def _require_room(tx: Tx, directory: Directory, numbers: Sequence[int]) -> None:
    held = await store.held_together(tx, numbers)
    await directory.meet_ids(tx, held)
    for type_id, count in held.items():
        kind = directory.identifier_type_by_id(type_id)
        if count > (1 if kind.is_immutable else kind.max_per_customer):
            raise MergeOverLimit(type=kind.code, limit=1 if kind.is_immutable else kind.max_per_customer)


async def _regroup(tx: Tx, numbers: Sequence[int], now: datetime) -> dict[int, int]:
    """Work out from the open merges who is whom among these, and let everybody lead there. Customer to survivor."""
    edges = await store.merges_among(tx, numbers)
    groups = rules.survivors(numbers, [(edge.one, edge.other) for edge in edges])
    await store.redirect(tx, groups)
    await settle(tx, groups, now)
    return groups


async def _tell_unmerged(
    tx: Tx, edge: MergeRow, groups: dict[int, int], by_number: dict[int, Member], source: Source, now: datetime
) -> None:
    old = min(groups.values())
    new = max(groups[edge.one], groups[edge.other])
    moved = [by_number[number].id for number, survivor in sorted(groups.items()) if survivor == new]
    fact = CustomersUnmerged(
        customer_id=by_number[old].id,
        separated_id=by_number[new].id,
        separated_ids=moved,
        merge_id=edge.id,
        rule=edge.rule,
        source=source,
    )
    for key in sorted({old, new}):
        await events.publish(tx, fact, key=key, subject=str(by_number[key].id), at=now)


def _survivor(member: Member) -> int:
    return member.redirect_to or member.number


def _by_number(members: Iterable[Member]) -> dict[int, Member]:
    return {member.number: member for member in members}
