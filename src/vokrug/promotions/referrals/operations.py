"""Inviting friends, one story each."""

import base64
import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from vokrug import customers, events
from vokrug.promotions.coupons.writing import LETTERS, check_character, normalise
from vokrug.promotions.errors import ReferralRefused
from vokrug.promotions.facts import ReferralRewarded
from vokrug.promotions.referrals import store
from vokrug.promotions.referrals.types import NewReferral, Referral
from vokrug.runtime.database import Tx

CAP_WINDOW = timedelta(days=30)
SLICE = 500


async def code_of(tx: Tx, customer_id: UUID) -> str:
    """A customer's code for friends: eight letters and a check, no secret, always the same."""
    customer = await _number(tx, customer_id)
    raw = base64.b32encode(hashlib.blake2b(customer_id.bytes, digest_size=5).digest()).decode()
    body = raw.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", LETTERS))
    return await store.save_code(tx, customer, body + check_character(body, "damm", LETTERS))


async def _number(tx: Tx, customer_id: UUID) -> int:
    numbers = await customers.numbers_of(tx, [customer_id])
    if customer_id not in numbers:
        raise customers.CustomerUnknown(customer_id=str(customer_id))
    return numbers[customer_id]


async def accept(tx: Tx, given: NewReferral, now: datetime) -> Referral:
    """A friend came with a code, before buying anything. The same household or phone is no friend."""
    friend = await _number(tx, given.friend)
    known = await store.find(tx, friend)
    if known is not None and known.id == given.id:
        return known
    inviter = await store.owner_of(tx, normalise(given.code))
    device = None if given.device is None else hashlib.blake2b(given.device.encode(), digest_size=16).digest()
    if not (await store.read_programme(tx)).is_open:
        raise ReferralRefused(reason="closed")
    if inviter is None:
        raise ReferralRefused(reason="code_unknown")
    if known is not None:
        raise ReferralRefused(reason="invited_already")
    if inviter == friend:
        raise ReferralRefused(reason="own_code")
    if await store.has_bought(tx, friend):
        raise ReferralRefused(reason="not_new")
    if await store.share_a_household(tx, inviter, friend):
        raise ReferralRefused(reason="same_household")
    if device is not None and await store.is_device_seen(tx, device, friend):
        raise ReferralRefused(reason="same_device")
    await store.insert(tx, given.id, friend=friend, inviter=inviter, device=device, now=now)
    made = await store.find(tx, friend)
    assert made is not None, "it was written down a moment ago"
    return made


async def note_sale(tx: Tx, friend: int, sale: UUID, paid_minor: int, at: datetime) -> None:
    """A sale may be the one an invitation waits for. Its reward ripens when it can no longer come back."""
    referral = await store.find(tx, friend)
    if referral is None or referral.state != "invited":
        return
    programme = await store.read_programme(tx)
    if paid_minor >= programme.min_minor:
        await store.begin_wait(tx, friend, sale, at + timedelta(days=programme.wait_days))


async def note_return(tx: Tx, sale: UUID) -> None:
    """The sale came back whole: the invitation waits for another."""
    await store.stop_wait(tx, sale)


async def reward_ripe(tx: Tx, now: datetime) -> list[ReferralRewarded] | None:
    """The invitations whose time has come, told and settled: who calls grants the points in the same transaction.
    An inviter's cap refuses the rest. None: there is nothing left to look at.
    """
    programme = await store.read_programme(tx)
    rows = await store.ripe(tx, now, SLICE)
    rewarded = []
    for row in rows:
        inviter, friend = row["inviter"], row["friend"]
        if await store.rewarded_since(tx, inviter, now - CAP_WINDOW) >= programme.most_a_month:
            await store.settle(tx, friend, "refused", "inviter_cap", now)
            continue
        await store.settle(tx, friend, "rewarded", "", now)
        ids = await customers.ids_of(tx, [friend])
        fact = ReferralRewarded(
            UUID(int=row["id"].int),
            inviter,
            friend,
            programme.inviter_points,
            programme.friend_points,
            UUID(int=row["sale_id"].int),
        )
        await events.publish(tx, fact, key=friend, subject=str(ids.get(friend, friend)), at=now)
        rewarded.append(fact)
    return rewarded if rows else None
