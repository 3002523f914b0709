"""When the clock strikes."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from vokrug import ledger, promotions
from vokrug.pos import store
from vokrug.pos.checkout import Checkout
from vokrug.pos.fraud import store as frauds
from vokrug.pos.fraud.operations import KEPT_FOR as FRAUD_FOR
from vokrug.pos.goods.operations import proposing
from vokrug.pos.goods.store import unknown
from vokrug.pos.offline import store as offline
from vokrug.pos.offline.bundling import KEPT_FOR
from vokrug.pos.operations.seeking import PAGE as RETURNS_AT_ONCE
from vokrug.pos.operations.seeking import post_found
from vokrug.pos.proofs import store as proofs
from vokrug.pos.tags import operations as tags
from vokrug.pos.watching import operations as watching
from vokrug.pos.watching import store as traffic
from vokrug.runtime.database import Tx
from vokrug.runtime.jobs import JobRun, Jobs, schedule

SLICE = 500
UNSOLD = timedelta(days=180)

jobs = Jobs("pos")


@jobs.task("pos.reward_referrals", tries=5)
async def reward_referrals(run: JobRun) -> None:
    """Both sides of an invitation get their points once its purchase can no longer come back."""
    checkout = run.services.get(Checkout)
    await find_first_purchases(run)
    more = True
    while more:
        async with run.services.db.transaction() as tx:
            rewarded = await promotions.reward_ripe(tx, run.now)
            for fact in rewarded or ():
                await give(tx, checkout, fact, run.now)
        more = rewarded is not None


async def find_first_purchases(run: JobRun) -> None:
    """Which of the friends who were invited has bought: looked for here, so that no sale pays for asking."""
    after = -1
    while True:
        async with run.services.db.transaction() as tx:
            friends = await promotions.invited(tx, after, SLICE)
            for row in friends:
                for sale in await store.sales_of(tx, row["friend"], row["at"]):
                    await promotions.note_sale(tx, row["friend"], sale["check_id"], sale["paid_minor"], sale["at"])
        if not friends:
            return
        after = friends[-1]["friend"]


async def give(tx: Tx, checkout: Checkout, fact: promotions.ReferralRewarded, now: datetime) -> None:
    currency = min(checkout.reference.rates, default="RUB")
    sides = ((fact.inviter_number, fact.inviter_points_minor), (fact.friend_number, fact.friend_points_minor))
    for customer, points in sides:
        if points:
            gift = ledger.Gift(
                id=uuid5(UUID(int=fact.referral_id.int), str(customer)),
                customer=customer,
                points=points,
                points_unit=checkout.reference.points_code,
                currency=currency,
                expires_at=None,
                reason="referral",
            )
            await ledger.give_points(tx, checkout.ids, gift, now)


@jobs.task("pos.look_for_goods", tries=3)
async def look_for_goods(run: JobRun) -> None:
    """Propose what unknown goods may be, some at a time; what nobody has sold for half a year is forgotten."""
    more = True
    while more:
        async with run.services.db.transaction() as tx:
            more = await proposing.make_keys(tx) > 0
    more = True
    while more:
        async with run.services.db.transaction() as tx:
            looked_for, _ = await proposing.propose(tx, run.now)
        more = looked_for > 0
    async with run.services.db.transaction() as tx:
        await unknown.forget_unknown(tx, run.now - UNSOLD)


@jobs.task("pos.forget_tickets", tries=5)
async def forget_tickets(run: JobRun) -> None:
    """QR codes that were shown at tills are kept a day: none is good for longer than minutes. Low prices are kept
    longer than any policy asks for them.
    """
    async with run.services.db.transaction() as tx:
        await proofs.forget_tickets(tx, run.now - timedelta(days=1))
        await store.forget_prices(tx, (run.now - timedelta(days=400)).date())


@jobs.task("pos.post_found_returns", tries=5)
async def post_found_returns(run: JobRun) -> None:
    """Returns that knew only the sign of a receipt, and whose sale has come."""
    more = True
    while more:
        async with run.services.db.transaction() as tx:
            more = await post_found(run.services.get(Checkout), tx, run.now) == RETURNS_AT_ONCE


@jobs.task("pos.sweep_queues", tries=5)
async def sweep_queues(run: JobRun) -> None:
    """What is kept of queues only to know a repeat goes after a quarter; refused documents stay."""
    async with run.services.db.transaction() as tx:
        await offline.sweep(tx, run.now - KEPT_FOR)


@jobs.task("pos.sweep_fraud", tries=5)
async def sweep_fraud(run: JobRun) -> None:
    """Counts that no rule looks back at any more."""
    async with run.services.db.transaction() as tx:
        await frauds.sweep(tx, run.now - FRAUD_FOR)


@jobs.task("pos.watch_tills")
async def watch_tills(run: JobRun) -> None:
    """Alarms of tills and shops are raised and cleared."""
    async with run.services.db.transaction() as tx:
        await watching.watch(tx, run.now)


@jobs.task("pos.forget_traffic", tries=5)
async def forget_traffic(run: JobRun) -> None:
    """How the centre answered each till is kept for two days."""
    async with run.services.db.transaction() as tx:
        await traffic.forget_traffic(tx, run.now - timedelta(days=2))


@jobs.task("pos.renew_tags")
async def renew_tags(run: JobRun) -> None:
    """Shelf labels follow offers that were published, began or ended."""
    await tags.renew_tags(run.services.get(Checkout), run.services.db, run.now)


async def schedule_all(tx: Tx, now: datetime) -> None:
    """Write the domain's schedules down; known ones stay as the operator left them."""
    await schedule(tx, "pos.renew_tags", cron="* * * * *", zone="UTC", task=renew_tags, now=now)
    await schedule(tx, "pos.watch_tills", cron="* * * * *", zone="UTC", task=watch_tills, now=now)
    await schedule(tx, "pos.forget_traffic", cron="20 * * * *", zone="UTC", task=forget_traffic, now=now)
    await schedule(tx, "pos.forget_tickets", cron="40 3 * * *", zone="UTC", task=forget_tickets, now=now)
    await schedule(tx, "pos.reward_referrals", cron="15 * * * *", zone="UTC", task=reward_referrals, now=now)
    await schedule(tx, "pos.look_for_goods", cron="*/10 * * * *", zone="UTC", task=look_for_goods, now=now)
    await schedule(tx, "pos.post_found_returns", cron="* * * * *", zone="UTC", task=post_found_returns, now=now)
    await schedule(tx, "pos.sweep_queues", cron="40 3 * * *", zone="UTC", task=sweep_queues, now=now)
    await schedule(tx, "pos.sweep_fraud", cron="50 3 * * *", zone="UTC", task=sweep_fraud, now=now)
