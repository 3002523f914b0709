"""All the SQL of referrals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug.promotions.referrals.types import Referral, ReferralProgramme
from vokrug.runtime.database import Row, Tx

READ_PROGRAMME = """
    select is_open, inviter_points, friend_points, min_minor, wait_days, most_a_month from promotions_referral_programme
"""
SAVE_PROGRAMME = """
    update promotions_referral_programme
       set is_open = $1, inviter_points = $2, friend_points = $3, min_minor = $4, wait_days = $5, most_a_month = $6
"""
SAVE_CODE = "insert into promotions_referral_code (customer_number, code) values ($1, $2) on conflict do nothing"
CODE_OF = "select code from promotions_referral_code where customer_number = $1"
OWNER_OF = "select customer_number from promotions_referral_code where code = $1"
FIND = "select id, inviter, friend, state, reason, ripe_at from promotions_referral where friend = $1"
INSERT = """
    insert into promotions_referral (friend, id, inviter, device, state, at) values ($1, $2, $3, $4, 'invited', $5)
        on conflict do nothing
"""
SAME_HOUSEHOLD = """
    select exists (select from promotions_household a join promotions_household b on a.household = b.household
                    where a.customer_number = $1 and b.customer_number = $2)
"""
DEVICE_SEEN = "select exists (select from promotions_referral where device = $1 and friend <> $2)"
HAS_BOUGHT = "select exists (select from promotions_standing where customer_number = $1 and visits > 0)"
# The first purchase of a friend who was invited starts the wait; a whole return ends it.
BEGIN_WAIT = """
    update promotions_referral set state = 'waiting', sale_id = $2, ripe_at = $3 where friend = $1 and state = 'invited'
"""
STOP_WAIT = """
    update promotions_referral set state = 'invited', sale_id = null, ripe_at = null where sale_id = $1 and state = 'waiting'
"""
INVITED = "select friend, at from promotions_referral where state = 'invited' and friend > $1 order by friend limit $2"
RIPE = """
    select id, inviter, friend, sale_id from promotions_referral
     where state = 'waiting' and ripe_at <= $1 order by ripe_at, friend limit $2 for update skip locked
"""
REWARDED_SINCE = (
    "select count(*) from promotions_referral where inviter = $1 and state = 'rewarded' and settled_at >= $2"
)
SETTLE = "update promotions_referral set state = $2, reason = $3, settled_at = $4 where friend = $1"


async def read_programme(tx: Tx) -> ReferralProgramme:
    return await tx.one(ReferralProgramme, READ_PROGRAMME)


async def save_programme(tx: Tx, programme: ReferralProgramme) -> None:
    p = programme
    await tx.run(SAVE_PROGRAMME, p.is_open, p.inviter_points, p.friend_points, p.min_minor, p.wait_days, p.most_a_month)


async def save_code(tx: Tx, customer: int, code: str) -> str:
    """The customer's code: the one given, or the one they have."""
    await tx.run(SAVE_CODE, customer, code)
    found: str = await tx.value(CODE_OF, customer)
    return found


async def owner_of(tx: Tx, code: str) -> int | None:
    owner: int | None = await tx.value(OWNER_OF, code)
    return owner


async def find(tx: Tx, friend: int) -> Referral | None:
    rows = await tx.rows(FIND, friend)
    return Referral(**{**dict(rows[0]), "id": UUID(int=rows[0]["id"].int)}) if rows else None


async def insert(tx: Tx, id: UUID, *, friend: int, inviter: int, device: bytes | None, now: datetime) -> None:
    await tx.run(INSERT, friend, id, inviter, device, now)


async def share_a_household(tx: Tx, one: int, other: int) -> bool:
    return bool(await tx.value(SAME_HOUSEHOLD, one, other))


async def is_device_seen(tx: Tx, device: bytes, friend: int) -> bool:
    return bool(await tx.value(DEVICE_SEEN, device, friend))


async def has_bought(tx: Tx, customer: int) -> bool:
    return bool(await tx.value(HAS_BOUGHT, customer))


async def begin_wait(tx: Tx, friend: int, sale: UUID, ripe_at: datetime) -> None:
    await tx.run(BEGIN_WAIT, friend, sale, ripe_at)


async def stop_wait(tx: Tx, sale: UUID) -> None:
    await tx.run(STOP_WAIT, sale)


async def invited(tx: Tx, after: int, slice: int) -> Sequence[Row]:
    """Friends whose first purchase is awaited."""
    return await tx.rows(INVITED, after, slice)


async def ripe(tx: Tx, now: datetime, slice: int) -> Sequence[Row]:
    return await tx.rows(RIPE, now, slice)


async def rewarded_since(tx: Tx, inviter: int, since: datetime) -> int:
    count: int = await tx.value(REWARDED_SINCE, inviter, since)
    return count


async def settle(tx: Tx, friend: int, state: str, reason: str, now: datetime) -> None:
    await tx.run(SETTLE, friend, state, reason, now)
