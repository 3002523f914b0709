"""What the till is told, made from the document that was kept. The same document always gives the same
answer, so a repeated call needs no stored reply.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from vokrug import promotions
from vokrug.kernel import Text, format_minor
from vokrug.kernel import format_minor as minor
from vokrug.pos.document import CardTaken, Delivered, Document, Handed, Judged, PricedLine, base_points, moment
from vokrug.pos.messages.rules import chosen
from vokrug.pos.printing import CASHIER_COLUMNS, plain, row, wrap
from vokrug.pos.reference import Reference
from vokrug.pos.schemas import (
    BalanceAfter,
    Committed,
    CouponGiven,
    DeliveryCalculated,
    GiftCalculated,
    GiftCardTaken,
    LineDiscount,
    ReceiptBlock,
    Released,
    Standing,
    TierCalculated,
    TierPath,
)
from vokrug.pos.store import QuoteRow, SaleRow
from vokrug.runtime.http import Json

QUOTE_LIFETIME = timedelta(minutes=15)
# A till that lost its line repeats itself for up to 90 s. A quote outlives its promise by a little
# more, or the shopper would see one price and be charged another.
QUOTE_GRACE = timedelta(seconds=120)

EARNED = Text(en="Points earned", ru="Начислено баллов")
WILL_EARN = Text(en="Points to earn", ru="Будет начислено")
BURNED = Text(en="Points used", ru="Списано баллов")
BALANCE = Text(en="Points balance", ru="Баланс баллов")
DISCOUNT = Text(en="You saved", ru="Ваша скидка")
TO_PAY = Text(en="To pay", ru="К оплате")
REFUND = Text(en="Refund", ru="К возврату")
CARD = Text(en="Left on card", ru="Остаток на карте")
LATE = Text(en="Points will be recalculated", ru="Баллы будут пересчитаны")
CAN_BURN = Text(en="Can use {points}", ru="Можно списать {points}")
MISSING_AMOUNT = Text(en="{amount} more is needed", ru="Не хватает {amount}")
MISSING_QUANTITY = Text(en="Buy {qty} more", ru="Купите ещё {qty}")
BEATEN = Text(en="Another offer gives more", ru="Выгоднее другое предложение")
APPLIED = Text(en="Applied", ru="Применено")
NOT_MET = Text(en="Its conditions are not met", ru="Условия не выполнены")
EXCLUDED = Text(en="Not combined with others here", ru="Не сочетается с другими")
VERDICTS = {  # plain words: they need no escaping
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


# `calculate` answers some eighty numbers, so its JSON is written as text, straight from the document: through a
# structure for each line it took three times as long. A test reads it back as the `Calculated` of the schemas.


def calculated(reference: Reference, quote: QuoteRow, document: Document) -> Json:
    """The answer to `calculate`."""
    language = document.language
    hold = "null"
    if document.hold_until_us:
        hold = f'{{"id":"{quote.hold_id or quote.check_id}","until":{written(moment(document.hold_until_us))}}}'
    charged = charge_before(document)
    spent_after = document.spent_minor + document.to_pay_minor - document.loaded_minor
    delivery = "null" if document.delivery is None else plainly(delivery_calculated(document.delivery))
    gifts = plainly([gift_calculated(gift) for gift in document.gifts]) if document.gifts else "[]"
    cards = plainly([card_taken(card) for card in document.gift_cards]) if document.gift_cards else "[]"
    text = (
        f'{{"calc_id":"{quote.check_id}:{quote.rev}","rules_version":{quoted(document.rules_version)},'
        f'"optimality":{quoted(document.optimality)},'
        f'"valid_until":{written(promised_until(quote.priced_at, document))},'
        f'"lines":[{",".join([line_calculated(line) for line in document.lines])}],'
        f'"delivery":{delivery},"gifts":{gifts},'
        f'"totals":{{"before":"{minor(document.gross_minor + charged)}",'
        f'"discount":"{minor(document.discount_minor + charged - document.delivery_minor)}",'
        f'"points":"{minor(document.points_off_minor)}","gift_cards":"{minor(document.cards_minor)}",'
        f'"to_pay":"{minor(document.to_pay_minor - document.cards_minor)}"}},'
        f'"burn":{{"max":"{minor(document.burn_max_minor)}",'
        f'"max_reasons":[{",".join([quoted(reason) for reason in document.burn_reasons])}],'
        f'"applied":"{minor(document.burn_minor)}",{proof(reference, document)}}},"earn":{earn_calculated(document)},'
        f'"tier":{tier_calculated(reference, document, spent_after)},'
        f'"gift_cards":{cards},'
        f'"verdicts":[{",".join([verdict(one, language) for one in document.verdicts])}],'
        f'"receipt":[{",".join(quote_receipt(reference, quote, document))}],"hold":{hold}}}'
    )
    return Json(text.encode())


def promised_until(priced_at: datetime, document: Document) -> datetime:
    """By when the price may be paid."""
    usual = priced_at + QUOTE_LIFETIME
    return max(usual, moment(document.promised_until_us)) if document.promised_until_us else usual


NO_PROOF = '"auth_needed":false,"methods":[]'


def proof(reference: Reference, document: Document) -> str:
    """Is the shopper to give their word, and how may they?"""
    if document.proof != "needed" or reference.burn_proof is None:
        return NO_PROOF
    return f'"auth_needed":true,"methods":[{",".join([quoted(method) for method in reference.burn_proof.methods])}]'


def charge_before(document: Document) -> int:
    return 0 if document.delivery is None else document.delivery.before_minor


def delivery_calculated(delivery: Delivered) -> DeliveryCalculated:
    return DeliveryCalculated(
        before=minor(delivery.before_minor),
        discounts=[
            LineDiscount(promo=ref(offer, version), layer=layer, amount=minor(off), funded_by=funder)
            for offer, version, layer, off, funder in delivery.discounts
        ],
        net=minor(delivery.net_minor),
    )


def gift_calculated(gift: Handed) -> GiftCalculated:
    sku, units = gift.choices[0]
    others = [other for other, _ in gift.choices] if len(gift.choices) > 1 else []
    return GiftCalculated(promo=ref(gift.offer_id, gift.version), sku=sku, qty=str(units), choice_of=others)


def card_taken(card: CardTaken) -> GiftCardTaken:
    return GiftCardTaken(
        mask=card.mask,
        status=card.status,  # type: ignore[arg-type]
        balance_before=minor(card.balance_minor),
        take=minor(card.take_minor),
    )


def plainly(value: object) -> str:
    """What few checks have is written through its structure."""
    return msgspec.json.encode(value).decode()


def line_calculated(line: PricedLine) -> str:
    discounts, units, split = "", [], []
    if line.discounts:
        discounts = ",".join(
            [
                f'{{"promo":"{ref(offer, version)}","layer":{quoted(layer)},"amount":"{minor(off)}",'
                f'"funded_by":{quoted(funder)}}}'
                for offer, version, layer, off, funder in line.discounts
            ]
        )
    for run in line.units:
        units.append(f'{{"count":{run.units},"net":"{minor(run.net_minor)}"}}')
    for qty, price, total in line.split:
        split.append(f'{{"qty":"{minor(qty, 3)}","price":"{minor(price)}","sum":"{minor(total)}"}}')
    return (
        f'{{"n":{line.n},"price_before":"{minor(line.gross_minor)}","discounts":[{discounts}],'
        f'"points_burn":"{minor(line.points_burn_minor)}","net":"{minor(line.net_minor)}",'
        f'"units":[{",".join(units)}],"split":[{",".join(split)}],"earn":"{minor(line.earn_minor)}"}}'
    )


def earn_calculated(document: Document) -> str:
    grants = document.grants
    active_from = written(moment(grants[0].active_from_us)) if grants else "null"
    by_rule = [
        f'{{"promo":"{ref(grant.offer_id, grant.version)}","points":"{minor(grant.points_minor)}"}}' for grant in grants
    ]
    return f'{{"points":"{minor(document.earn_minor)}","active_from":{active_from},"by_rule":[{",".join(by_rule)}]}}'


def verdict(one: Judged, language: str) -> str:
    missing = "null"
    if one.missing_minor:
        amount = minor(one.missing_minor)
        missing, text = f'"{amount}"', MISSING_AMOUNT.say(language).replace("{amount}", amount)
    elif one.missing_qty_milli:
        missing = f'"{minor(one.missing_qty_milli, 3)}"'
        text = MISSING_QUANTITY.say(language).replace("{qty}", f"{one.missing_qty_milli / 1000:g}")
    else:
        text = VERDICTS.get(one.status, EXCLUDED).say(language)
    code = "null" if one.code is None else in_json(one.code)
    named = f'"{ref(one.offer_id, one.version)}"' if one.offer_id or one.code is None else code
    by = "null" if one.by is None else f'"{one.by}"'
    return (
        f'{{"ref":{named},"code":{code},"status":"{one.status}","reason":{quoted(one.reason)},'
        f'"amount":"{minor(one.amount_minor)}",'
        f'"by":{by},"missing":{missing},"text":"{text}"}}'
    )


def tier_calculated(reference: Reference, document: Document, spent_after: int) -> str:
    """`tier_path` as it is written."""
    tier = tier_path(reference, document, spent_after)
    return (
        f'{{"before":{quoted(tier.before)},"after":{quoted(tier.after)},'
        f'"path_before":{in_json(tier.path_before)},"path_after":{in_json(tier.path_after)},'
        f'"keep":{in_json(tier.keep)}}}'
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


def quote_receipt(reference: Reference, quote: QuoteRow, document: Document) -> list[str]:
    """Blocks as they are written."""
    language, blocks, columns = document.language, [], document.columns
    if document.discount_minor:
        blocks.append(block("after_items", row(DISCOUNT.say(language), minor(document.discount_minor), columns)))
    if document.customer_id is not None:
        words = CAN_BURN.say(language, points=minor(document.burn_max_minor))
        to_pay = row(TO_PAY.say(language), minor(document.to_pay_minor - document.cards_minor), columns)
        blocks.append(block("cashier", words[:CASHIER_COLUMNS]))
        will_earn = row(WILL_EARN.say(language), minor(document.earn_minor), columns)
        blocks.append(block("customer_display", to_pay, will_earn))
    if document.messages:
        said = declared(reference, document, quote.shop_id, with_="calculate")
        blocks += [block(place, *lines) for place, lines in said]
    return blocks


def declared(
    reference: Reference, document: Document, shop_id: int | None, *, with_: str
) -> list[tuple[str, list[str]]]:
    """What the programme wants said with this document."""
    messages = reference.messages.get(document.messages, ())
    shop = None if shop_id is None else reference.shops_by_id.get(shop_id)
    return chosen(messages, document, "" if shop is None else shop.code, reference.programme, with_=with_)


def block(place: str, *lines: str) -> str:
    return f'{{"place":"{place}","lines":[{",".join([in_json(line) for line in lines])}]}}'


def in_json(text: str | None) -> str:
    """A string as JSON has it."""
    return msgspec.json.encode(text).decode()


quoted = lru_cache(maxsize=1_024)(in_json)  # for the codes, layers and reasons that come again with every check


def written(at: datetime) -> str:
    """A moment as JSON has it: RFC 3339 in UTC."""
    return f'"{at.isoformat()[:-6]}Z"'


def committed(
    reference: Reference, sale: SaleRow, document: Document, coupons: Sequence[promotions.IssuedCode] = ()
) -> Committed:
    """The answer to `commit`, first time and every time."""
    language, columns = document.language, document.columns
    tier = tier_path(reference, document, sale.spent_minor)
    slip = []
    if document.customer_id is not None:
        if sale.burned_minor:
            slip.append(row(BURNED.say(language), format_minor(sale.burned_minor), columns))
        slip.append(row(EARNED.say(language), format_minor(sale.earned_minor), columns))
        slip.append(row(BALANCE.say(language), format_minor(max(0, sale.balance_minor)), columns))
    blocks = [ReceiptBlock(place="after_items", lines=slip)] if slip else []
    for coupon in coupons:
        lines = [*wrap(plain(coupon.name), columns), *wrap(promotions.grouped(coupon.code), columns)]
        blocks.append(ReceiptBlock(place="footer", lines=lines))
    if tier.path_after:
        blocks.append(ReceiptBlock(place="footer", lines=wrap(tier.path_after, columns)))
    paid_with = [card for card in document.gift_cards if card.take_minor]
    if paid_with:
        left = [
            row(f"{CARD.say(language)} {card.mask}", format_minor(card.balance_minor - card.take_minor), columns)
            for card in paid_with
        ]
        blocks.append(ReceiptBlock(place="slip", lines=left))
    if document.messages:
        said = declared(reference, document, sale.shop_id, with_="commit")
        blocks += [ReceiptBlock(place=place, lines=lines) for place, lines in said]  # type: ignore[arg-type]
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
        coupons=[CouponGiven(code=one.code, name=one.name, until=one.until) for one in coupons],
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
