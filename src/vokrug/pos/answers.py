"""What the till is told, made from the document that was kept. The same document always gives the same
answer, so a repeated call needs no stored reply.
"""

from datetime import datetime, timedelta

from vokrug import promotions
from vokrug.kernel import Text, format_minor
from vokrug.pos.document import CardTaken, Delivered, Document, Handed, Judged, PricedLine, base_points
from vokrug.pos.pricing import moment
from vokrug.pos.reference import Reference
from vokrug.pos.schemas import (
    BalanceAfter,
    BurnCalculated,
    Calculated,
    Committed,
    DeliveryCalculated,
    EarnByRule,
    EarnCalculated,
    GiftCalculated,
    GiftCardTaken,
    HoldPlaced,
    LineCalculated,
    LineDiscount,
    ReceiptBlock,
    Released,
    SplitRow,
    Standing,
    TierCalculated,
    TierPath,
    TotalsCalculated,
    UnitPriced,
    VerdictGiven,
)
from vokrug.pos.store import QuoteRow, SaleRow

QUOTE_LIFETIME = timedelta(minutes=15)
# A till that lost its line repeats itself for up to 90 s. A quote outlives its promise by a little
# more, or the shopper would see one price and be charged another.
QUOTE_GRACE = timedelta(seconds=120)

CASHIER_COLUMNS = 30
RECEIPT_COLUMNS = 32

EARNED = Text(en="Points earned", ru="Начислено баллов")
WILL_EARN = Text(en="Points to earn", ru="Будет начислено")
BURNED = Text(en="Points used", ru="Списано баллов")
BALANCE = Text(en="Points balance", ru="Баланс баллов")
DISCOUNT = Text(en="You saved", ru="Ваша скидка")
TO_PAY = Text(en="To pay", ru="К оплате")
REFUND = Text(en="Refund", ru="К возврату")
LATE = Text(en="Points will be recalculated", ru="Баллы будут пересчитаны")
CAN_BURN = Text(en="Can use {points}", ru="Можно списать {points}")
MISSING_AMOUNT = Text(en="{amount} more is needed", ru="Не хватает {amount}")
MISSING_QUANTITY = Text(en="Buy {qty} more", ru="Купите ещё {qty}")
BEATEN = Text(en="Another offer gives more", ru="Выгоднее другое предложение")
APPLIED = Text(en="Applied", ru="Применено")
NOT_MET = Text(en="Its conditions are not met", ru="Условия не выполнены")
EXCLUDED = Text(en="Not combined with others here", ru="Не сочетается с другими")
VERDICTS = {
    "applied": APPLIED,
    "beaten": BEATEN,
    "not_met": NOT_MET,
    "limit": Text(en="It has been used as often as it may be", ru="Лимит использований исчерпан"),
    "unknown": Text(en="There is no such code", ru="Такого кода нет"),
    "expired": Text(en="The code has expired", ru="Срок действия кода истёк"),
    "used": Text(en="The code was used before", ru="Код уже использован"),
}


def ref(offer_id: int, version: int) -> str:
    """How an offer is named to a till: its number and the version that was in force."""
    return f"{offer_id}.v{version}" if offer_id else "manual"


def calculated(reference: Reference, quote: QuoteRow, document: Document) -> Calculated:
    """The answer to `calculate`."""
    language = document.language
    return Calculated(
        calc_id=f"{quote.check_id}:{quote.rev}",
        rules_version=document.rules_version,
        optimality=document.optimality,
        valid_until=quote.priced_at + QUOTE_LIFETIME,
        lines=[line_calculated(line) for line in document.lines],
        delivery=None if document.delivery is None else delivery_calculated(document.delivery),
        gifts=[gift_calculated(gift) for gift in document.gifts],
        totals=TotalsCalculated(
            before=format_minor(document.gross_minor + charge_before(document)),
            discount=format_minor(document.discount_minor + charge_before(document) - document.delivery_minor),
            points=format_minor(document.points_off_minor),
            gift_cards=format_minor(document.cards_minor),
            to_pay=format_minor(document.to_pay_minor - document.cards_minor),
        ),
        burn=BurnCalculated(
            max=format_minor(document.burn_max_minor),
            max_reasons=document.burn_reasons,
            applied=format_minor(document.burn_minor),
        ),
        earn=EarnCalculated(
            points=format_minor(document.earn_minor),
            active_from=moment(document.grants[0].active_from_us) if document.grants else None,
            by_rule=[
                EarnByRule(promo=ref(grant.offer_id, grant.version), points=format_minor(grant.points_minor))
                for grant in document.grants
            ],
        ),
        tier=tier_path(reference, document, document.spent_minor + document.to_pay_minor - document.loaded_minor),
        gift_cards=[card_taken(card) for card in document.gift_cards],
        verdicts=[verdict(one, language) for one in document.verdicts],
        receipt=quote_receipt(document),
        hold=None
        if not document.hold_until_us
        else HoldPlaced(id=str(quote.hold_id or quote.check_id), until=moment(document.hold_until_us)),
    )


def charge_before(document: Document) -> int:
    return 0 if document.delivery is None else document.delivery.before_minor


def delivery_calculated(delivery: Delivered) -> DeliveryCalculated:
    return DeliveryCalculated(
        before=format_minor(delivery.before_minor),
        discounts=discounts_shown(delivery.discounts),
        net=format_minor(delivery.net_minor),
    )


def gift_calculated(gift: Handed) -> GiftCalculated:
    sku, units = gift.choices[0]
    others = [other for other, _ in gift.choices] if len(gift.choices) > 1 else []
    return GiftCalculated(promo=ref(gift.offer_id, gift.version), sku=sku, qty=str(units), choice_of=others)


def discounts_shown(discounts: list[tuple[int, int, str, int, str]]) -> list[LineDiscount]:
    return [
        LineDiscount(promo=ref(offer, version), layer=layer, amount=format_minor(minor), funded_by=funder)
        for offer, version, layer, minor, funder in discounts
    ]


def card_taken(card: CardTaken) -> GiftCardTaken:
    return GiftCardTaken(
        mask=card.mask,
        status=card.status,  # type: ignore[arg-type]
        balance_before=format_minor(card.balance_minor),
        take=format_minor(card.take_minor),
    )


def line_calculated(line: PricedLine) -> LineCalculated:
    return LineCalculated(
        n=line.n,
        price_before=format_minor(line.gross_minor),
        discounts=discounts_shown(line.discounts),
        points_burn=format_minor(line.points_burn_minor),
        net=format_minor(line.net_minor),
        units=[UnitPriced(count=run.units, net=format_minor(run.net_minor)) for run in line.units],
        split=[
            SplitRow(qty=format_minor(qty, 3), price=format_minor(price), sum=format_minor(total))
            for qty, price, total in line.split
        ],
        earn=format_minor(line.earn_minor),
    )


def verdict(one: Judged, language: str) -> VerdictGiven:
    missing = None
    if one.missing_minor:
        missing = format_minor(one.missing_minor)
        text = MISSING_AMOUNT.say(language, amount=missing)
    elif one.missing_qty_milli:
        missing = format_minor(one.missing_qty_milli, 3)
        text = MISSING_QUANTITY.say(language, qty=f"{one.missing_qty_milli / 1000:g}")
    else:
        text = VERDICTS.get(one.status, EXCLUDED).say(language)
    return VerdictGiven(
        ref=ref(one.offer_id, one.version) if one.offer_id or one.code is None else one.code,
        code=one.code,
        status=one.status,  # type: ignore[arg-type]
        reason=one.reason,
        amount=format_minor(one.amount_minor),
        by=None if one.by is None else str(one.by),
        missing=missing,
        text=text,
    )


def tier_path(reference: Reference, document: Document, spent_after: int) -> TierCalculated:
    """Standing before the sale and after it, both in words."""
    if document.customer_id is None:
        return TierCalculated(before=None, after=None, path_before="", path_after="", keep="")
    programme, language = reference.programme, document.language
    today = promotions.today_of(programme, moment(document.at_us))
    points = base_points(document, programme, reference.multipliers)
    before = promotions.Done(*document.metrics[:4])
    after = before.plus(spend=spent_after - before.spend, points=points, visits=1)
    tiers = [promotions.standing(programme, done, document.tier) for done in (before, after)]
    return TierCalculated(
        before=None if tiers[0] is None else tiers[0].code,
        after=None if tiers[1] is None else tiers[1].code,
        path_before=promotions.path(programme, before, tiers[0], language, today, document.currency),
        path_after=promotions.path(programme, after, tiers[1], language, today, document.currency),
        keep=promotions.keep(programme, after, tiers[1], language, today, document.currency),
    )


def standing(
    reference: Reference, done: promotions.Done, held: str | None, language: str, now: datetime, currency: str
) -> Standing:
    programme = reference.programme
    today = promotions.today_of(programme, now)
    tier = promotions.standing(programme, done, held)
    following = promotions.next_tier(programme, tier)
    lacks = {} if following is None else promotions.missing(following.needs, done, programme.match)
    metric, amount = next(iter(lacks.items()), ("spend", 0))
    return Standing(
        code=None if tier is None else tier.code,
        name=None if tier is None else tier.name(language),
        path=TierPath(
            to_next=None if following is None else format_minor(amount) if metric in MINOR else str(amount),
            next=None if following is None else following.code,
            unit=metric,
            text=promotions.path(programme, done, tier, language, today, currency),
            keep=promotions.keep(programme, done, tier, language, today, currency),
        ),
    )


MINOR = ("spend", "points")


def row(label: str, value: str) -> str:
    """A receipt row: words left, number right."""
    return f"{label}{value.rjust(max(1, RECEIPT_COLUMNS - len(label)))}"


def quote_receipt(document: Document) -> list[ReceiptBlock]:
    language, blocks = document.language, []
    if document.discount_minor:
        saved = row(DISCOUNT.say(language), format_minor(document.discount_minor))
        blocks.append(ReceiptBlock(place="after_items", lines=[saved]))
    if document.customer_id is not None:
        words = CAN_BURN.say(language, points=format_minor(document.burn_max_minor))
        blocks.append(ReceiptBlock(place="cashier", lines=[words[:CASHIER_COLUMNS]]))
        blocks.append(
            ReceiptBlock(
                place="customer_display",
                lines=[
                    row(TO_PAY.say(language), format_minor(document.to_pay_minor - document.cards_minor)),
                    row(WILL_EARN.say(language), format_minor(document.earn_minor)),
                ],
            )
        )
    return blocks


def committed(reference: Reference, sale: SaleRow, document: Document) -> Committed:
    """The answer to `commit`, first time and every time."""
    language = document.language
    tier = tier_path(reference, document, sale.spent_minor)
    slip = []
    if document.customer_id is not None:
        if sale.burned_minor:
            slip.append(row(BURNED.say(language), format_minor(sale.burned_minor)))
        slip.append(row(EARNED.say(language), format_minor(sale.earned_minor)))
        slip.append(row(BALANCE.say(language), format_minor(max(0, sale.balance_minor))))
    blocks = [ReceiptBlock(place="after_items", lines=slip)] if slip else []
    if tier.path_after:
        blocks.append(ReceiptBlock(place="footer", lines=wrap(tier.path_after)))
    if sale.status == "late":
        blocks.append(ReceiptBlock(place="cashier", lines=[LATE.say(language)[:CASHIER_COLUMNS]]))
    return Committed(
        status="accepted_late" if sale.status == "late" else "committed",
        paid=format_minor(sale.paid_minor),
        burned=format_minor(sale.burned_minor),
        earned=format_minor(sale.earned_minor),
        deviation=format_minor(sale.deviation_minor),
        gift_cards=[card_taken(card) for card in document.gift_cards if card.take_minor],
        balance=None if document.customer_id is None else balance_after(sale.balance_minor),
        tier=tier,
        receipt=blocks,
    )


def released(document: Document | None) -> Released:
    """What a check had set aside, as it was promised."""
    if document is None or not document.hold_until_us:
        return Released(codes=[], points=format_minor(0), gift_cards=[])
    codes = [verdict.code for verdict in document.verdicts if verdict.code is not None and verdict.status == "applied"]
    return Released(
        codes=list(dict.fromkeys(codes)),
        points=format_minor(document.burn_minor - document.own_burn_minor),
        gift_cards=[card_taken(card) for card in document.gift_cards if card.hold_id],
    )


def balance_after(balance_minor: int) -> BalanceAfter:
    """A balance below zero is a debt, to be paid by what is earned next."""
    return BalanceAfter(points=format_minor(max(0, balance_minor)), debt=format_minor(max(0, -balance_minor)))


def wrap(text: str) -> list[str]:
    """Words in rows of a receipt's width."""
    rows = [""]
    for word in text.split():
        while len(word) > RECEIPT_COLUMNS:
            rows, word = [*rows, word[:RECEIPT_COLUMNS]], word[RECEIPT_COLUMNS:]
        if rows[-1] and len(rows[-1]) + 1 + len(word) > RECEIPT_COLUMNS:
            rows.append(word)
        else:
            rows[-1] = f"{rows[-1]} {word}".strip()
    return rows
