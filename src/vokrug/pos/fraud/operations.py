"""Watching what tills do: counted after the fact, scored, and left to people to decide."""

from datetime import datetime, timedelta
from uuid import UUID

from vokrug import events, ledger
from vokrug.kernel import format_minor, new_id
from vokrug.pos.checkout import Checkout
from vokrug.pos.fraud import rules, store
from vokrug.pos.fraud.errors import FraudRuleUnknown, SuspicionDecidedAlready, SuspicionUnknown
from vokrug.pos.fraud.facts import SuspicionDecided, SuspicionRaised
from vokrug.pos.fraud.schemas import RuleGiven, RuleShown, RulesShown, SuspicionShown, SuspicionsShown
from vokrug.pos.fraud.types import Alarm, Happened, Rule, TwoShops
from vokrug.runtime.database import Row, Tx

HELD_FOR = timedelta(days=30)  # nobody's points stay set aside because nobody has looked
KEPT_FOR = timedelta(days=8)  # the longest window, and a day for queues that come late
PAGE = 200
POINTS = "PTS"


async def watch(
    tx: Tx, ids: ledger.JournalIds, happened: Happened, customer_id: UUID | None, slot: int, now: datetime
) -> list[UUID]:
    """Count a sale or a return, and raise what is too much. Answers with the suspicions."""
    live = [rule for rule in await store.rules(tx) if rule.is_on]
    if not live:
        return []
    counted = await store.count(tx, rules.wanted(live, happened), happened, slot)
    seen = None
    follows_people = any(isinstance(rule.terms, TwoShops) for rule in live)
    if follows_people and happened.customer is not None and not happened.is_return:
        seen = await store.seen(tx, happened.customer, happened.shop, happened.at)
    met = rules.alarms(live, happened, counted, seen)
    return [await raised(tx, ids, alarm, happened, customer_id, now) for alarm in met]


async def raised(
    tx: Tx, ids: ledger.JournalIds, alarm: Alarm, happened: Happened, customer_id: UUID | None, now: datetime
) -> UUID:
    """A new suspicion, or one more document of one that is open."""
    standing = await store.lock_open(tx, alarm.rule.code, alarm.subject)
    id = new_id() if standing is None else standing["id"]
    held, holds = 0, list[int]()
    if alarm.rule.holds and happened.earned_minor and happened.customer is not None:
        held, holds = await set_aside(tx, ids, happened.customer, happened.earned_minor, happened.shop, id, now)
    if standing is not None:
        await store.again(tx, id, alarm.measured, happened.document, happened.at, held, holds)
        return id
    await store.raise_suspicion(
        tx,
        id,
        alarm.rule.code,
        alarm.subject,
        happened.shop,
        happened.customer,
        customer_id,
        alarm.rule.score,
        alarm.measured,
        alarm.most,
        happened.document,
        happened.at,
        now,
        held,
        holds,
    )
    fact = SuspicionRaised(
        id,
        alarm.rule.code,
        alarm.subject,
        happened.shop,
        alarm.rule.score,
        alarm.measured,
        alarm.most,
        held,
        happened.document,
        happened.at,
    )
    await events.publish(tx, fact, key=happened.customer or 0, subject=str(id), at=now)
    return id


async def set_aside(
    tx: Tx, ids: ledger.JournalIds, customer: int, earned_minor: int, shop: str, id: UUID, now: datetime
) -> tuple[int, list[int]]:
    """What the document earned cannot be spent until somebody has looked; less, if less is there."""
    points = await ledger.unit_named(tx, POINTS)
    wallet_id = ledger.wallet_of(customer, points.id)
    redeemed = await ledger.summed_wallet(tx, f"points.redeemed/{shop}", points.id, now)
    books = await ledger.open_books(tx, ids, [wallet_id], now, lots=ledger.ALL_LOTS, legs=1)
    wallet = books.wallets.get(wallet_id)
    amount = 0 if wallet is None else min(earned_minor, wallet.spendable)
    if amount <= 0:
        return 0, []
    journal = books.open_journal(ledger.Kind.HOLD, home=customer, document=id)
    hold = books.place_hold(journal, wallet_id, redeemed, amount, deadline=now + HELD_FOR)
    await ledger.write(tx, books)
    return amount, [hold.id]


async def let_go(tx: Tx, ids: ledger.JournalIds, customer: int, holds: list[int], now: datetime) -> int:
    """Free what is still set aside; answers how much that was."""
    points = await ledger.unit_named(tx, POINTS)
    books = await ledger.open_books(tx, ids, [ledger.wallet_of(customer, points.id)], now, lots=ledger.ALL_LOTS)
    freed = 0
    for hold in await ledger.read_holds(tx, holds):
        if hold.state == "o":
            freed += hold.amount
            books.release_hold(hold, "v")
    await ledger.write(tx, books)
    return freed


async def decide(
    tx: Tx, checkout: Checkout, id: UUID, verdict: str, note: str, by: str, now: datetime
) -> SuspicionShown:
    """Somebody has looked. Said again, the same; said otherwise, refused."""
    row = await store.lock(tx, id)
    if row is None:
        raise SuspicionUnknown()
    if row["state"] != "open":
        if row["state"] != verdict:
            raise SuspicionDecidedAlready(state=row["state"])
        return shown(row, "en")
    taken = 0
    if row["hold_ids"]:
        freed = await let_go(tx, checkout.ids, row["customer_number"], list(row["hold_ids"]), now)
        if verdict == "confirmed" and freed:
            gift = ledger.Gift(
                id=id,
                customer=row["customer_number"],
                points=freed,
                points_unit=POINTS,
                currency=checkout.reference.shops[row["shop"]].currency,
                expires_at=None,
                reason=f"{row['rule']}: {note}"[:200],
            )
            await ledger.take_points(tx, checkout.ids, gift, now)
            taken = freed
    await store.decide(tx, id, verdict, by, now, note)
    fact = SuspicionDecided(id, row["rule"], row["subject"], verdict, taken, by)
    await events.publish(tx, fact, key=row["customer_number"] or 0, subject=str(id), at=now)
    decided = await store.lock(tx, id)
    assert decided is not None, "it was there a moment ago"
    return shown(decided, "en")


async def suspicions(tx: Tx, *, state: str, shop: str, language: str) -> SuspicionsShown:
    rows = await store.list_suspicions(tx, state, shop, PAGE + 1)
    return SuspicionsShown(suspicions=[shown(row, language) for row in rows[:PAGE]], more=len(rows) > PAGE)


def shown(row: Row, language: str) -> SuspicionShown:
    name = row["name_ru"] if language == "ru" else row["name_en"]
    return SuspicionShown(
        id=row["id"],
        rule=row["rule"],
        name=name or row["rule"],
        subject=row["subject"],
        shop=row["shop"],
        customer=row["customer_id"],
        score=row["score"],
        times=row["times"],
        measured=row["measured"],
        most=row["most"],
        documents=list(row["documents"]),
        first_at=row["first_at"],
        last_at=row["last_at"],
        raised_at=row["raised_at"],
        state=row["state"],
        points_held=format_minor(row["held_minor"]),
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        note=row["note"],
    )


# Rules


async def save(tx: Tx, code: str, given: RuleGiven, by: str, now: datetime) -> RuleShown:
    rule = Rule(
        code=code,
        name_ru=given.name_ru,
        name_en=given.name_en,
        terms=given.terms,
        score=given.score,
        holds=given.holds,
        is_on=given.is_on,
    )
    await store.save_rule(tx, rule, by, now)
    return rule_shown(rule)


async def drop(tx: Tx, code: str) -> None:
    """A rule goes; what it raised stays."""
    if not await store.drop_rule(tx, code):
        raise FraudRuleUnknown(rule=code)


async def list_rules(tx: Tx) -> RulesShown:
    return RulesShown(rules=[rule_shown(rule) for rule in await store.rules(tx)])


def rule_shown(rule: Rule) -> RuleShown:
    return RuleShown(
        code=rule.code,
        name_ru=rule.name_ru,
        name_en=rule.name_en,
        terms=rule.terms,
        score=rule.score,
        holds=rule.holds,
        is_on=rule.is_on,
    )
