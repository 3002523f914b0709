"""A shop's own phone, typed for everyone, must not make one person of everyone.

Set aside, a value leads to nobody and joins nobody; the edges to it stay, so that bringing it back is exact.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from vokrug import events
from vokrug.customers import store as identity
from vokrug.customers.directory import Directory
from vokrug.customers.errors import FourEyesNeeded, IdentifierAside, IdentifierNotHeld
from vokrug.customers.facts import IdentifierQuarantined, IdentifierReleased
from vokrug.customers.quarantine import store
from vokrug.customers.quarantine.errors import QuarantineDecided, QuarantineUnknown
from vokrug.customers.quarantine.types import CROWD, Quarantine, QuarantineState, Wish
from vokrug.customers.types import Identifier, IdentifierType
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx


async def require_not_aside(tx: Tx, identifiers: Sequence[Identifier]) -> None:
    """For whatever would let one of these lead to somebody."""
    if (type_id := await store.aside_among(tx, identifiers)) is not None:
        raise IdentifierAside(type=next(one.type.code for one in identifiers if one.type.id == type_id))


async def watch(tx: Tx, kind: IdentifierType, identifier_id: int, now: datetime) -> None:
    """Somebody more has come by this value: is that a crowd?"""
    if not kind.crowd:
        return
    people = await store.count_people(tx, identifier_id, now - timedelta(days=kind.crowd_days), kind.crowd)
    if people >= kind.crowd:
        await _set_aside(tx, kind, identifier_id, id=new_id(), reason=CROWD, people=people, by=CROWD, now=now)


async def watch_met_again(tx: Tx, met_by: Identifier, number: int, now: datetime) -> None:
    """A newcomer gave what is another customer's: how many did, lately, each with data of their own?"""
    kind = met_by.type
    if not kind.crowd:
        return
    people = await store.count_met_again(tx, number, now - timedelta(days=kind.crowd_days), kind.crowd)
    if people >= kind.crowd:
        identifier_id = await store.identifier_id(tx, met_by)
        assert identifier_id is not None, "it has just led to somebody"
        await _set_aside(tx, kind, identifier_id, id=new_id(), reason=CROWD, people=people, by=CROWD, now=now)


async def set_aside(
    tx: Tx, directory: Directory, id: UUID, identifier_id: int, *, reason: str, by: str, now: datetime
) -> Quarantine:
    """By hand: a member of staff knows whose it is not. Repeat freely."""
    if (known := await store.find_quarantine(tx, id)) is not None:
        return known
    name = await identity.identifier_hash(tx, identifier_id)
    type_id = await identity.identifier_type_id(tx, identifier_id)
    if name is None or type_id is None:
        raise IdentifierNotHeld
    await identity.lock(tx, [name])
    await directory.meet_ids(tx, [type_id])
    kind = directory.identifier_type_by_id(type_id)
    people = await store.count_people(tx, identifier_id, now - timedelta(days=36500), 1000)
    await _set_aside(tx, kind, identifier_id, id=id, reason=reason, people=people, by=by, now=now)
    found = await store.quarantine_of(tx, identifier_id)
    assert found is not None, "set aside a moment ago, or before"
    return found


async def _set_aside(
    tx: Tx, kind: IdentifierType, identifier_id: int, *, id: UUID, reason: str, people: int, by: str, now: datetime
) -> None:
    if not await store.insert_quarantine(tx, id, identifier_id, reason=reason, people=people, by=by, now=now):
        return
    await store.set_aside(tx, identifier_id)
    fact = IdentifierQuarantined(identifier_id=identifier_id, identifier_type=kind.code, people=people)
    await events.publish(tx, fact, key=identifier_id, subject=str(identifier_id), at=now)


async def wish(tx: Tx, id: UUID, wanted: Wish, *, by: str) -> Quarantine:
    """Propose what becomes of it; somebody else decides. A blocked one may be released later. Repeat freely."""
    found = await _locked(tx, id)
    if found.state is QuarantineState.RELEASED or (found.state is QuarantineState.BLOCKED and wanted is Wish.BLOCK):
        raise QuarantineDecided(state=found.state.value)
    if found.wish is not wanted:
        await store.put_wish(tx, id, wanted, by)
    return await shown(tx, id)


async def decide(tx: Tx, directory: Directory, id: UUID, *, agrees: bool, by: str, now: datetime) -> Quarantine:
    """Let what was proposed happen, or not. Refused to whoever proposed it."""
    found = await _locked(tx, id)
    if found.wish is None:
        raise QuarantineDecided(state=found.state.value)
    if found.wished_by == by:
        raise FourEyesNeeded
    if not agrees:
        await store.put_wish(tx, id, None, None)
        return await shown(tx, id)
    if found.wish is Wish.BLOCK:
        await store.decide(tx, id, QuarantineState.BLOCKED, by=by, now=now)
        return await shown(tx, id)
    name = await identity.identifier_hash(tx, found.identifier_id)
    assert name is not None, "a quarantine has its identifier"
    await identity.lock(tx, [name])
    await store.decide(tx, id, QuarantineState.RELEASED, by=by, now=now)
    await store.bring_back(tx, found.identifier_id)
    await identity.project_owner(tx, found.identifier_id)
    await directory.meet_ids(tx, [found.type_id])
    code = directory.identifier_type_by_id(found.type_id).code
    fact = IdentifierReleased(identifier_id=found.identifier_id, identifier_type=code)
    await events.publish(tx, fact, key=found.identifier_id, subject=str(found.identifier_id), at=now)
    return await shown(tx, id)


async def quarantines(tx: Tx, state: QuarantineState, *, after: UUID | None, limit: int) -> list[Quarantine]:
    return await store.list_quarantines(tx, state, after, limit)


async def shown(tx: Tx, id: UUID) -> Quarantine:
    if (found := await store.find_quarantine(tx, id)) is None:
        raise QuarantineUnknown
    return found


async def _locked(tx: Tx, id: UUID) -> Quarantine:
    if (found := await store.find_quarantine(tx, id, is_locked=True)) is None:
        raise QuarantineUnknown
    return found
