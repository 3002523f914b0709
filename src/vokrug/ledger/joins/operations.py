"""From a merge of people to a proposal, from a proposal to joined wallets, and back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug import customers, events
from vokrug.kernel import new_id
from vokrug.ledger.facts import WalletsJoined, WalletsParted
from vokrug.ledger.joins import store
from vokrug.ledger.joins.errors import JoinDecided, JoinUnknown, NotOnePerson
from vokrug.ledger.joins.moving import join_wallets, part_wallets
from vokrug.ledger.joins.types import Join, JoinState
from vokrug.ledger.store import JournalIds
from vokrug.ledger.types import unit_of, wallet_of
from vokrug.runtime.database import Tx


async def propose(tx: Tx, customer_id: UUID, now: datetime) -> None:
    """Propose to join what whoever was merged into this person still has on wallets of their own. Repeat freely."""
    survivor, *others = await customers.members_of(tx, customer_id) or [(0, customer_id)]
    for number, id in others:
        for wallet in await store.wallets_with_value(tx, number):
            taker = wallet_of(survivor[0], unit_of(wallet))
            await store.insert_join(tx, new_id(), (wallet, taker), (id, survivor[1]), now)


async def look_again(tx: Tx, customer_ids: Sequence[UUID], now: datetime) -> None:
    """People were taken apart: what was proposed of them is withdrawn, what was joined is to be parted."""
    for one in await store.joins_of(tx, customer_ids):
        if not await _is_one_person(tx, one):
            is_joined = one.state is JoinState.JOINED
            state = JoinState.REVERSAL_PROPOSED if is_joined else JoinState.WITHDRAWN
            await store.mark(tx, one.id, state, by=None, now=None if is_joined else now)


async def join(tx: Tx, ids: JournalIds, id: UUID, *, by: str, now: datetime) -> Join:
    """Move what is free on the one wallet to the person's own. Repeat freely."""
    one = await _locked(tx, id)
    if one.state is JoinState.JOINED:
        return one
    if one.state is not JoinState.PROPOSED:
        raise JoinDecided(state=one.state.value)
    members = await customers.members_of(tx, one.giver_id)
    if len(members) < 2 or members[0][1] == one.giver_id:
        raise NotOnePerson
    number, taker_id = members[0]
    taker = wallet_of(number, unit_of(one.giver))
    moved, journals = await join_wallets(tx, ids, one.giver, taker, document=id, now=now)
    await store.mark_joined(tx, id, taker, taker_id, moved, journals, by=by, now=now)
    fact = WalletsJoined(customer_id=taker_id, joined_id=one.giver_id, join_id=id, points_minor=moved)
    await events.publish(tx, fact, key=number, subject=str(taker_id), at=now)
    return await shown(tx, id)


async def reverse(tx: Tx, ids: JournalIds, id: UUID, *, by: str, now: datetime) -> Join:
    """Give back what is left of what was joined. Repeat freely."""
    one = await _locked(tx, id)
    if one.state is JoinState.REVERSED:
        return one
    if one.state not in (JoinState.JOINED, JoinState.REVERSAL_PROPOSED):
        raise JoinDecided(state=one.state.value)
    given_back = await part_wallets(tx, ids, one.journals, one.giver, one.taker, document=id, now=now)
    await store.mark_reversed(tx, id, given_back, by=by, now=now)
    fact = WalletsParted(customer_id=one.taker_id, parted_id=one.giver_id, join_id=id, points_minor=given_back)
    await events.publish(tx, fact, key=one.taker >> 8, subject=str(one.taker_id), at=now)
    return await shown(tx, id)


async def decline(tx: Tx, id: UUID, *, by: str, now: datetime) -> Join:
    """The wallets stay as they are. Repeat freely."""
    one = await _locked(tx, id)
    if one.state is JoinState.PROPOSED:
        await store.mark(tx, id, JoinState.DECLINED, by=by, now=now)
    elif one.state is not JoinState.DECLINED:
        raise JoinDecided(state=one.state.value)
    return await shown(tx, id)


async def joins(tx: Tx, state: JoinState, *, after: UUID | None, limit: int) -> Sequence[Join]:
    return await store.list_joins(tx, state, after, limit)


async def shown(tx: Tx, id: UUID) -> Join:
    if (found := await store.find_join(tx, id)) is None:
        raise JoinUnknown
    return found


async def _locked(tx: Tx, id: UUID) -> Join:
    if (found := await store.find_join(tx, id, is_locked=True)) is None:
        raise JoinUnknown
    return found


async def _is_one_person(tx: Tx, one: Join) -> bool:
    return one.taker_id in {id for _, id in await customers.members_of(tx, one.giver_id)}
