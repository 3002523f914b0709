"""From the engine's answer to the document we keep."""

from datetime import datetime
from uuid import UUID

from vokrug import promotions
from vokrug.pos.document import VERSION, Delivered, Document, Granted, Handed, Judged, PricedLine, Unit, micros
from vokrug.pos.types import Shop


def document_of(
    priced: promotions.Priced,
    basket: promotions.Basket,
    *,
    at: datetime,
    shop: Shop,
    language: str,
    customer_id: UUID | None,
    rate: tuple[int, int],
    balance_minor: int,
    spent_minor: int,
    metrics: list[int],
    tier: str | None,
    wanted: promotions.Wanted,
    cashier: str | None = None,
) -> Document:
    """Everything the answer, the commit and later returns need, pinned."""
    grants = [
        Granted(
            grant.offer_id,
            grant.version,
            grant.points_minor,
            grant.base_minor,
            grant.funder,
            micros(promotions.active_from(grant.active_from, at, shop.zone)),
            0 if (until := promotions.expires_at(grant.expires, at, shop.zone)) is None else micros(until),
        )
        for grant in priced.earn
        if grant.points_minor
    ]
    order = {(grant.offer_id, grant.version): i for i, grant in enumerate(grants)}
    lines = []
    for asked, line in zip(basket.lines, priced.lines, strict=True):
        places = [order.get((earn.offer_id, earn.version)) for earn in line.earn]
        lines.append(
            PricedLine(
                line.n,
                asked.sku,
                asked.article_id,
                asked.qty_milli,
                asked.price_minor,
                line.gross_minor,
                line.net_minor,
                line.points_off_minor,
                line.points_burn_minor,
                sum(earn.points_minor for earn in line.earn),
                [(d.offer_id, d.version, d.layer, d.amount_minor, d.funder) for d in line.discounts],
                [
                    Unit(
                        run.units,
                        run.unit_qty_milli,
                        run.net_minor,
                        run.points_off_minor,
                        run.points_burn_minor,
                        spread(run.earn_by_rule, places, len(grants)),
                    )
                    for run in line.units
                ],
                [(row.qty_milli, row.price_minor, row.sum_minor) for row in line.split],
            )
        )
    totals = priced.totals
    return Document(
        VERSION,
        micros(at),
        basket.channel,
        basket.currency,
        language,
        customer_id,
        totals.gross_minor,
        totals.discount_minor,
        totals.points_off_minor,
        totals.points_burn_minor,
        totals.net_minor,
        totals.earn_minor,
        priced.burn.max_minor,
        list(priced.burn.reasons),
        rate[0],
        rate[1],
        priced.rules_version,
        priced.optimality,
        lines,
        grants,
        [
            Judged(
                v.offer_id,
                v.version,
                v.status,
                v.amount_minor,
                v.by,
                v.missing_qty_milli,
                v.missing_minor,
                v.code,
                v.reason,
            )
            for v in priced.verdicts
        ],
        balance_minor,
        spent_minor,
        0,
        metrics=metrics,
        tier=tier,
        wanted=wanted,
        cashier=cashier,
        delivery=None if priced.delivery is None else delivered(priced.delivery),
        gifts=[
            Handed(
                gift.offer_id,
                gift.version,
                [(choice.sku, choice.units * gift.times) for choice in gift.choices],
            )
            for gift in priced.gifts
        ],
    )


def delivered(delivery: promotions.Delivery) -> Delivered:
    return Delivered(
        delivery.before_minor,
        delivery.net_minor,
        [(d.offer_id, d.version, d.layer, d.amount_minor, d.funder) for d in delivery.discounts],
    )


def spread(parts: tuple[int, ...], places: list[int | None], grants: int) -> list[int]:
    """A unit's points by grant: the line's rules in the order of the check's grants."""
    if len(parts) == grants == 1:
        return [parts[0]]
    out = [0] * grants
    for part, place in zip(parts, places, strict=True):
        if place is not None:
            out[place] += part
    return out
