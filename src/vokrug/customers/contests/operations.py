"""What becomes of an identifier that two people want: a steward decides, and may take it back exactly."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from vokrug import events
from vokrug.customers import store as identity
from vokrug.customers.contests import rules, store
from vokrug.customers.contests.errors import ContestDecided, ContestOver, ContestUnknown
from vokrug.customers.contests.types import Advice, Contest, ContestState, Standing
from vokrug.customers.directory import Directory
from vokrug.customers.errors import CustomerUnknown
from vokrug.customers.facts import IdentifierAttached, IdentifierDetached
from vokrug.customers.gateways import Witnesses
from vokrug.customers.operations.identifiers import require_room
from vokrug.customers.operations.people import person_to_change
from vokrug.customers.quarantine import operations as quarantine
from vokrug.customers.types import Rung, Source, Strength
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

DECIDED_WITHIN = timedelta(days=3)


async def note(
    tx: Tx,
    directory: Directory,
    customer_id: UUID,
    identifier: tuple[str, str],
    *,
    source: Source,
    strength: Strength,
    now: datetime,
) -> None:
    """Somebody was refused what another has: let a steward see it. The same wish again adds nothing."""
    wanted = directory.identify(*identifier)
    await identity.lock(tx, [wanted.hash])
    person = await person_to_change(tx, customer_id)
    others = [edge for edge in await identity.open_edges(tx, wanted) if edge.holder != person.number]
    if not others or not wanted.type.is_unique:
        return
    key = directory.vault.person_key(person.id, person.wrapped)
    is_new = await store.insert_contest(
        tx,
        new_id(),
        others[0].identifier_id,
        holder=others[0].holder,
        claimant=person.number,
        source=source,
        strength=strength,
        cipher=key.seal(wanted.value, "identifier"),
        now=now,
        due_at=now + DECIDED_WITHIN,
    )
    if is_new:
        await quarantine.watch(tx, wanted.type, others[0].identifier_id, now)


async def contests(tx: Tx, state: ContestState, *, after: UUID | None, limit: int) -> Sequence[Contest]:
    return await store.list_contests(tx, state, after, limit)


async def standings(
    tx: Tx, directory: Directory, witnesses: Witnesses, contest: Contest
) -> tuple[Standing, Standing, Advice]:
    """What speaks for the holder and for the claimant, and what the ladder of the type makes of it."""
    people = await identity.numbers_of(tx, [contest.holder_id, contest.claimant_id])
    holder, claimant = (people.get(id) for id in (contest.holder_id, contest.claimant_id))
    if holder is None or claimant is None:
        raise ContestOver
    signed_in = await witnesses.signs_in(tx, [holder[1], claimant[1]])
    rich = await witnesses.holds_value(tx, [holder[0], claimant[0]])
    found = []
    for number, id, proves_now in (
        (*holder, False),
        (*claimant, contest.strength is Strength.VERIFIED),
    ):
        known = await store.known_of(tx, number, contest.identifier_id)
        has_proven = known.has_proven_this or proves_now
        rungs = {
            Rung.ACCOUNT_BY_THIS: id in signed_in and has_proven,
            Rung.PROVEN_THIS: has_proven,
            Rung.ACCOUNT_BY_ANY: id in signed_in,
            Rung.HOLDS_VALUE: number in rich,
            Rung.PROVEN_ANY: known.has_proven_any or has_proven,
        }
        found.append(Standing(frozenset(rung for rung, holds in rungs.items() if holds), known.last_word))
    await directory.meet_ids(tx, [contest.type_id])
    ladder = directory.identifier_type_by_id(contest.type_id).ladder
    return found[0], found[1], rules.advise(ladder, found[0], found[1])


async def settle(tx: Tx, directory: Directory, id: UUID, *, moves: bool, by: str, now: datetime) -> Contest:
    """Leave the identifier with its holder, or let it lead to the claimant. Repeat freely."""
    contest = await _locked(tx, id)
    wanted = ContestState.MOVED if moves else ContestState.KEPT
    if contest.state is wanted:
        return contest
    if contest.state is not ContestState.OPEN:
        raise ContestDecided(state=contest.state.value)
    if moves:
        op = await _move(tx, directory, contest, now)
        await store.decide(tx, id, ContestState.MOVED, by=by, now=now, op=op)
    else:
        await store.decide(tx, id, ContestState.KEPT, by=by, now=now, op=None)
    return await shown(tx, id)


async def _move(tx: Tx, directory: Directory, contest: Contest, now: datetime) -> int:
    await _hold(tx, contest)
    await directory.meet_ids(tx, [contest.type_id])
    kind = directory.identifier_type_by_id(contest.type_id)
    person = await person_to_change(tx, contest.claimant_id)
    edges = await store.open_edges(tx, contest.identifier_id)
    others = [edge for edge in edges if edge[1] != person.number]
    if not others:
        raise ContestOver
    await require_room(tx, person, kind, now)
    told = {"identifier_id": contest.identifier_id, "contest": str(contest.id)}
    op = await identity.insert_op(tx, "settle", contest.claimant, Source.STAFF, now, told)
    await identity.end_edges(tx, [edge[0] for edge in others], op, now)
    await store.insert_claimed_edge(tx, contest.id, op, now)
    await identity.project_owner(tx, contest.identifier_id)
    await _tell(tx, contest, kind.code, lost={edge[1] for edge in others}, gained={person.number}, now=now)
    return op


async def undo(tx: Tx, directory: Directory, id: UUID, *, by: str, now: datetime) -> Contest:
    """Take a decision back: edges are as they were, and the contest waits again. Repeat freely.

    Refused once the identifier has moved on from where the decision had left it.
    """
    contest = await _locked(tx, id)
    if contest.state is ContestState.MOVED:
        assert contest.op is not None, "a moved contest has its op"
        await _hold(tx, contest)
        person = await person_to_change(tx, contest.claimant_id)
        edges = await store.open_edges(tx, contest.identifier_id)
        has_moved_on = not any(edge[2] == contest.op for edge in edges) or any(
            edge[1] != person.number for edge in edges
        )
        if has_moved_on or not await store.ended_any(tx, contest.op, contest.identifier_id):
            raise ContestOver
        told = {"identifier_id": contest.identifier_id, "contest": str(contest.id)}
        op = await identity.insert_op(tx, "unsettle", contest.claimant, Source.STAFF, now, told)
        await store.take_back_op(tx, contest.op, op, contest.identifier_id, now)
        await identity.project_owner(tx, contest.identifier_id)
        await directory.meet_ids(tx, [contest.type_id])
        code = directory.identifier_type_by_id(contest.type_id).code
        after = {edge[1] for edge in await store.open_edges(tx, contest.identifier_id)}
        lost = {person.number} - after
        await _tell(tx, contest, code, lost=lost, gained=after - {person.number}, now=now)
    if contest.state is not ContestState.OPEN:
        await store.decide(tx, id, ContestState.OPEN, by=None, now=None, op=None)
    return await shown(tx, id)


async def shown(tx: Tx, id: UUID) -> Contest:
    if (found := await store.find_contest(tx, id)) is None:
        raise ContestUnknown
    return found


async def _locked(tx: Tx, id: UUID) -> Contest:
    if (found := await store.find_contest(tx, id, is_locked=True)) is None:
        raise ContestUnknown
    return found


async def _hold(tx: Tx, contest: Contest) -> None:
    name = await identity.identifier_hash(tx, contest.identifier_id)
    if name is None:
        raise CustomerUnknown
    await identity.lock(tx, [name])


async def _tell(tx: Tx, contest: Contest, code: str, *, lost: set[int], gained: set[int], now: datetime) -> None:
    ids = await identity.ids_of(tx, sorted(lost | gained))
    for number in sorted(lost):
        detached = IdentifierDetached(
            customer_id=ids[number],
            identifier_id=contest.identifier_id,
            identifier_type=code,
            source=Source.STAFF,
        )
        await events.publish(tx, detached, key=number, subject=str(ids[number]), at=now)
    for number in sorted(gained):
        attached = IdentifierAttached(
            customer_id=ids[number],
            identifier_id=contest.identifier_id,
            identifier_type=code,
            source=Source.STAFF,
            strength=contest.strength,
        )
        await events.publish(tx, attached, key=number, subject=str(ids[number]), at=now)
