"""What the engine is told of one check, and what its sale then takes: limits, codes, lists, personal offers.

Operations of the till call these inside their own transaction. The same doors exist for whole batches as SQL
functions (`promotions_read_state`, `promotions_reserve`, `promotions_take`, `promotions_release`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from vokrug import events
from vokrug.promotions.around import Around
from vokrug.promotions.coupons import rules as codes_rules
from vokrug.promotions.coupons import store as coupons
from vokrug.promotions.coupons.errors import CouponRefused, LimitReached
from vokrug.promotions.coupons.minting import CouponKeys, mint
from vokrug.promotions.coupons.types import Found, IssuedCode, Pool
from vokrug.promotions.coupons.writing import normalise
from vokrug.promotions.engine import Basket, CodeState, Left, Personal, Priced, Shopper
from vokrug.promotions.experiments.rules import kept_from
from vokrug.promotions.facts import CouponIssued, CouponUsed
from vokrug.promotions.limits import rules, store
from vokrug.promotions.limits.types import Counter, Place, Taken
from vokrug.runtime.database import Row, Tx


class Asked(Struct, frozen=True, kw_only=True):
    """A check, as far as its limits and codes are concerned."""

    shop: int
    zone: str
    at: datetime
    groups: tuple[str, ...] = ()
    cashier: str | None = None
    card: bytes | None = None  # the digest of the card or phone that was shown
    customer: int | None = None
    codes: tuple[str, ...] = ()


class Told(Struct, frozen=True, kw_only=True):
    """What is known of it."""

    coupons: Mapping[str, CodeState] = {}
    codes: tuple[str, ...] = ()  # with a bundle's code replaced by those it stands for
    left: Mapping[int, Left] = {}
    segments: frozenset[str] = frozenset()
    personal: Mapping[int, Personal] = {}
    found: Mapping[str, Found] = {}
    counters: Sequence[Counter] = ()
    is_whole: bool = True  # limits and codes were looked at too

    def basket(self, basket: Basket) -> Basket:
        return msgspec.structs.replace(basket, codes=self.codes, coupons=self.coupons, left=self.left)

    def shopper(self, shopper: Shopper) -> Shopper:
        return msgspec.structs.replace(
            shopper,
            segments=shopper.segments | self.segments,
            personal=self.personal,
            left={**shopper.left, **self.left},
        )


class Wanted(Struct, frozen=True, array_like=True, gc=False):
    """What a sale will take and give beside its money, pinned with its promise. Fields are added at the end."""

    limits: list[tuple[int, int, int, int, int]] = []  # offer, limit, subject, bucket, amount
    codes: list[tuple[bytes, int, int, int | None, int]] = []  # code, pool, serial, most, offer
    series: list[tuple[str, int]] = []  # pools to issue from, and how many
    tiers: list[tuple[str, int]] = []  # tiers to grant, and for how many days

    def __bool__(self) -> bool:
        return bool(self.limits or self.codes or self.series or self.tiers)


async def look_up(tx: Tx, around: Around, keys: CouponKeys, asked: Asked, now: datetime) -> Told:
    """Two reads: who it is and which codes these are; then what limits have left for them."""
    found, rows, person = await _find(tx, around, keys, asked, now)
    codes = tuple(_with_members(asked.codes, found))
    if len(codes) > len(asked.codes):
        more, more_rows, _ = await _find(tx, around, keys, msgspec.structs.replace(asked, codes=codes), now)
        found, rows = found | more, rows | more_rows
    states, brought = dict[str, CodeState](), dict[int, list[int]]()
    for typed in codes:
        if (one := found.get(typed)) is None or one.pool.offer is None:
            continue
        state = codes_rules.judged(one, rows.get(typed), asked.customer)
        states[typed] = CodeState(offer_id=one.pool.offer, state=state)
        brought.setdefault(one.pool.offer, []).append(rules.number_of(one.code.hex()))
    place = place_of(asked, None if person is None else person["household"])
    counters = rules.counters(around.limits, place, rules.day_of(asked.at, asked.zone), brought)
    counted = await _counted(tx, counters, now)
    return Told(
        coupons=states,
        codes=codes,
        left={**rules.left(around.limits, counted, place), **closed(around, asked.customer)},
        segments=frozenset() if person is None else frozenset(f"list:{around.lists[n]}" for n in person["lists"] or ()),
        personal={} if person is None or person["personal"] is None else _personal(person["personal"]),
        found=found,
        counters=counters,
    )


def told_of_person(
    around: Around, customer: int, codes: Sequence[str], lists: Sequence[int], personal: str | None
) -> Told:
    """What is known of a check without limits and codes: the customer's lists and personal offers, read by the till."""
    return Told(
        codes=tuple(codes),
        left=closed(around, customer),
        segments=frozenset(f"list:{around.lists[n]}" for n in lists if n in around.lists),
        personal={} if personal is None else _personal(personal),
        is_whole=False,
    )


def closed(around: Around, customer: int | None) -> dict[int, Left]:
    """Offers that experiments and the holdout keep from a customer. Needs no read: both are a matter of digests."""
    kept = kept_from(around.experiments, around.holdout, around.campaigned, customer)
    return {offer: Left(uses=0) for offer in kept}


def place_of(asked: Asked, household: int | None) -> Place:
    return Place(
        customer=asked.customer,
        household=household,
        card=None if asked.card is None else rules.number_of(asked.card.hex()),
        shop=asked.shop,
        groups=tuple(rules.number_of(group) for group in asked.groups),
        cashier=None if asked.cashier is None else rules.number_of(asked.shop, asked.cashier),
    )


def _with_members(codes: Sequence[str], found: Mapping[str, Found]) -> list[str]:
    """A bundle's code stands for one of each of its pools."""
    listed = []
    for typed in codes:
        one = found.get(typed)
        if one is not None and one.pool.kind == "bundle":
            listed += [codes_rules.member(normalise(typed), place) for place in range(len(one.pool.bundle_of))]
        else:
            listed.append(typed)
    return listed


async def _find(
    tx: Tx, around: Around, keys: CouponKeys, asked: Asked, now: datetime
) -> tuple[dict[str, Found], dict[str, Sequence[object]], Row]:
    """The codes that lead somewhere, what is written of them, and the customer's own row."""
    tries = [
        (typed, kept)
        for typed in dict.fromkeys(asked.codes)
        for kept in around.pools.kept(keys, typed if "/" in typed else normalise(typed))
    ]
    codes = [kept for _, kept in tries]
    (row,) = await store.read_state(tx, [], [], [], [], [], codes, [1] * len(codes), [asked.customer], now)
    rows: dict[str, Sequence[object]] = {}
    found: dict[str, Found] = {}
    for written in msgspec.json.decode(row["found"] or "[]"):
        typed, kept = tries[written[0]]
        pool = around.pools.by_number.get(written[1])
        if pool is not None:  # one made a moment ago is known a second later
            rows[typed], found[typed] = written, Found(typed, kept, pool, written[2])
    for typed in asked.codes:
        if typed not in found and (unwritten := around.pools.unwritten(keys, normalise(typed))) is not None:
            pool, serial = unwritten
            found[typed] = Found(typed, keys.kept(normalise(typed), is_hashed=pool.is_hashed), pool, serial)
    return found, rows, row


async def _counted(tx: Tx, counters: Sequence[Counter], now: datetime) -> list[tuple[Counter, int]]:
    if not counters:
        return []
    columns = [
        [counter.limit.id for counter in counters],
        [counter.subject for counter in counters],
        [counter.first for counter in counters],
        [counter.bucket for counter in counters],
        [1] * len(counters),
    ]
    (row,) = await store.read_state(tx, *columns, [], [], [None], now)
    return list(zip(counters, row["taken"], strict=True))


def _personal(told: str) -> dict[int, Personal]:
    return {
        offer: Personal(value=terms.get("value"), until=None if until is None else datetime.fromisoformat(until))
        for offer, terms, until in msgspec.json.decode(told)
    }


def wanted(told: Told | None, priced: Priced) -> Wanted:
    """What the sale will take, as the engine answered."""
    series = [(issue.series, issue.count) for issue in priced.coupons_to_issue]
    tiers = [(grant.tier, grant.days) for grant in priced.tier_grants]
    if told is None:
        return Wanted(series=series, tiers=tiers)
    takings = _takings(told, priced)
    used = {taken.code: taken.offer for taken in takings if taken.code is not None and taken.code in told.found}
    numbers = {typed: rules.number_of(told.found[typed].code.hex()) for typed in used}
    return Wanted(
        limits=[
            (offer, counter.limit.id, counter.subject, counter.bucket, amount)
            for offer, counter, amount in rules.wants(takings, told.counters, numbers)
        ],
        codes=[
            (one.code, one.pool.number, one.serial, one.pool.uses, offer)
            for typed, offer in used.items()
            for one in [told.found[typed]]
        ],
        series=series,
        tiers=tiers,
    )


def _takings(told: Told, priced: Priced) -> list[Taken]:
    """What each applied offer gave. Of those the engine does not count by itself, such as offers whose campaign
    has a budget, the sums are on the lines.
    """
    takings = {
        taking.offer_id: Taken(
            taking.offer_id, taking.uses, taking.units, taking.amount_minor, taking.points_minor, taking.code
        )
        for taking in priced.takings
    }
    limited = {offer for counter in told.counters for offer in counter.limit.offers}
    coupons_of = {one.pool.offer for one in told.found.values()}
    for said in priced.verdicts:
        offer = said.offer_id
        if said.status == "applied" and offer not in takings and (offer in limited or offer in coupons_of):
            units, amount = 0, 0
            for line in priced.lines:
                if given := sum(one.amount_minor for one in line.discounts if one.offer_id == offer):
                    units, amount = units + sum(run.units for run in line.units), amount + given
            points = sum(grant.points_minor for grant in priced.earn if grant.offer_id == offer)
            takings[offer] = Taken(offer, 1, units, amount, points, said.code)
    return list(takings.values())


# What a sale takes


async def reserve(tx: Tx, check: UUID, wanted: Wanted, customer: int | None, until: datetime, now: datetime) -> None:
    """Set aside what a quote promised. Refused when somebody was faster: the price has to be asked again."""
    _require(await store.reserve(tx, *_rows(check, wanted, customer, until), now))


async def take(tx: Tx, check: UUID, wanted: Wanted, customer: int | None, now: datetime, *, is_printed: bool) -> None:
    """Make it final. What the check had set aside is taken; what it had not (or no longer has) is taken now. A
    printed receipt is a fact: it passes a limit that is reached, and the counter says by how much.
    """
    _require(await store.take(tx, [check], *_rows(check, wanted, customer, None), now, forced=is_printed))


async def release(tx: Tx, check: UUID) -> None:
    """What a check had set aside is free again. Said again it does nothing."""
    await store.release(tx, [check])


async def prolong(tx: Tx, check: UUID, until: datetime, now: datetime) -> int:
    """What a check had set aside stays so for longer. Answers how much of it was still there."""
    return await store.prolong(tx, check, until, now)


async def give_back(tx: Tx, sale: UUID, shares: Sequence[tuple[int, int, int]], *, is_whole: bool) -> None:
    """Goods came back: of each offer its share of what the sale took, so much of it in all (offer, part, whole).
    With the last of the goods, codes come back too, where their pool allows, and those the sale gave are void.
    """
    if shares:
        await store.give_back(tx, sale, shares)
    if is_whole:
        await store.undo_codes(tx, sale)


def _rows(
    check: UUID, wanted: Wanted, customer: int | None, until: datetime | None
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    return (
        [(check, *limit, until) for limit in wanted.limits],
        [(check, code, pool, serial, most, customer, until) for code, pool, serial, most, _ in wanted.codes],
    )


def _require(refused: Sequence[Row]) -> None:
    for row in refused:
        raise LimitReached(limit=row["limit_id"]) if row["limit_id"] is not None else CouponRefused()


# What a sale gives


class Party(Struct, frozen=True):
    """A sale and whose it is."""

    sale: UUID
    customer: int | None
    customer_id: UUID | None
    at: datetime


async def issue_for_sale(tx: Tx, around: Around, keys: CouponKeys, wanted: Wanted, party: Party) -> None:
    """Coupons for next time, for the customer of the sale, or for whoever holds the receipt."""
    for place, (series, count) in enumerate(wanted.series):
        pool = around.pools.by_key.get(series)
        if pool is None or pool.kind != "unique":
            continue  # a series nobody made gives nothing
        until = None if pool.valid_days is None else party.at + timedelta(days=pool.valid_days)
        codes = codes_of_sale(keys, pool, party.sale, place, count)
        kept = [keys.kept(code, is_hashed=pool.is_hashed) for code in codes]
        rows = [
            (code, pool.number, n, pool.uses, b"a", party.customer, party.sale, until) for n, code in enumerate(kept)
        ]
        await coupons.add_codes(tx, rows)
        await _publish(tx, CouponIssued(pool.key, party.sale, party.customer_id, count, until or pool.until_at), party)


def codes_of_sale(keys: CouponKeys, pool: Pool, sale: UUID, place: int, count: int) -> list[str]:
    """They follow from the sale's id, so that a repeated answer prints the same ones."""
    key = keys.of_sale(sale.bytes + place.to_bytes(2))
    return mint(
        key, 0, 0, count,
        prefix=pool.prefix, length=max(pool.length, 10), alphabet=pool.alphabet, check=pool.check_kind,
    )  # fmt: skip


def issued_with(around: Around, keys: CouponKeys, sale: UUID, wanted: Wanted, at: datetime) -> list[IssuedCode]:
    """The codes a sale gives, for its receipt."""
    given = []
    for place, (series, count) in enumerate(wanted.series):
        pool = around.pools.by_key.get(series)
        if pool is not None and pool.kind == "unique":
            until = pool.until_at if pool.valid_days is None else at + timedelta(days=pool.valid_days)
            given += [IssuedCode(code, pool.name, until) for code in codes_of_sale(keys, pool, sale, place, count)]
    return given


async def tell_used(tx: Tx, around: Around, wanted: Wanted, party: Party) -> None:
    """The fact of every coupon a final sale used."""
    for _, number, _, _, offer in wanted.codes:
        pool = around.pools.by_number.get(number)
        fact = CouponUsed(str(number) if pool is None else pool.key, party.sale, party.customer_id, offer)
        await _publish(tx, fact, party)


async def _publish(tx: Tx, fact: events.Event, party: Party) -> None:
    await events.publish(tx, fact, key=party.customer or 0, subject=str(party.customer_id or party.sale), at=party.at)
