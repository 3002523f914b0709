"""Offers beside each other: what they can take together, and which of them cannot live with another."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import lcm

from vokrug.promotions.engine.lint.alone import lint, percent
from vokrug.promotions.engine.lint.findings import Finding, Known, warn
from vokrug.promotions.engine.lint.meeting import Neighbours, can_meet, covers, exceptions_of, keys_of
from vokrug.promotions.engine.lint.reach import place_of, takes_off
from vokrug.promotions.engine.lint.reaching import Reach
from vokrug.promotions.engine.offers import (
    AmountOff,
    BasketDiscount,
    BurnCap,
    Discount,
    EarnMultiplier,
    FixedPrice,
    ItemDiscount,
    OfferBody,
    OfferVersion,
    PercentOff,
)
from vokrug.promotions.engine.policy import Group


def lint_set(
    offers: Sequence[OfferVersion], known: Known | None = None, about: Iterable[str] | None = None
) -> dict[str, list[Finding]]:
    """What is wrong with each offer, alone and beside the others, by key. `about` names those that are asked
    about; nothing named asks about all of them."""
    found: dict[str, list[Finding]] = {}
    for key, findings in lint_steps(offers, known, about):
        if findings:
            found[key] = findings
    return found


def lint_steps(
    offers: Sequence[OfferVersion], known: Known | None = None, about: Iterable[str] | None = None
) -> Iterator[tuple[str, list[Finding]]]:
    """The same, an offer at a time, so that somebody else may be served in between. One for much of the chain is
    named several times, the last time with what was found.
    """
    known = known or Known()
    wanted = None if about is None else set(about)
    near = None if wanted is None else [offer.body.goods for offer in offers if offer.key in wanted]
    neighbours = Neighbours(offers, known, near)
    reach = Reach(neighbours, known)
    for offer in sorted(offers, key=lambda offer: offer.offer_id):
        if wanted is None or offer.key in wanted:
            for _ in reach.ahead(offer, Fraction(known.most_bp, 10_000)):
                yield offer.key, []
            both = [*lint(offer.body, known), *_beside(offer, offers, neighbours, reach, known)]
            yield offer.key, sorted(both, key=lambda finding: finding.severity)


def _beside(
    offer: OfferVersion, offers: Sequence[OfferVersion], neighbours: Neighbours, reach: Reach, known: Known
) -> Iterator[Finding]:
    yield from _codes(offer, offers, known)
    yield from _reach(offer, reach, known)
    if place_of(offer.body) is not None:
        yield from _rivals(offer, neighbours, known)
    if isinstance(offer.body, BurnCap):
        yield from _caps(offer, offer.body, offers, known)
    if isinstance(offer.body, EarnMultiplier):
        keys = {other.key for other in offers}
        for key in offer.body.of_rules:
            if key not in keys:
                yield warn("rule_unknown", "of_rules", f"no offer “{key}” runs", f"акция «{key}» не действует")


def _codes(offer: OfferVersion, offers: Sequence[OfferVersion], known: Known) -> Iterator[Finding]:
    code = (offer.body.code or "").strip().casefold()
    if not code:
        return
    for other in offers:
        is_same = other.offer_id != offer.offer_id and (other.body.code or "").strip().casefold() == code
        if is_same and can_meet(offer.body, other.body, known):
            yield warn(
                "code_taken",
                "code",
                f"the code opens “{other.key}” as well",
                f"этот же код открывает акцию «{other.key}»",
                other.key,
            )


# More than N % together


def _reach(offer: OfferVersion, reach: Reach, known: Known) -> Iterator[Finding]:
    alone = takes_off(known.policy, [offer.body])
    if not alone:
        return
    limit = Fraction(known.most_bp, 10_000)
    if alone > limit:
        yield warn(
            "alone_over_limit",
            "benefit",
            f"takes {_said(alone)} off by itself; more than {percent(known.most_bp)} is to be said aloud",
            f"сама по себе даёт {_said(alone)}; больше {percent(known.most_bp)} нужно подтвердить",
        )
        return
    taken, together = reach.worst(offer, limit)
    if together:
        others = _needed(offer, together, known)
        keys = [one.key for one in others]
        named, named_ru = ", ".join(f"“{key}”" for key in keys), ", ".join(f"«{key}»" for key in keys)
        yield warn(
            "together_over_limit",
            "benefit",
            f"together with {named} it can take {_said(taken)} off, more than {percent(known.most_bp)}",
            f"вместе с {named_ru} даёт до {_said(taken)}, больше {percent(known.most_bp)}",
            *keys,
        )


def _needed(offer: OfferVersion, together: list[OfferVersion], known: Known) -> list[OfferVersion]:
    """Those without whom it would be less."""
    taken = takes_off(known.policy, [one.body for one in together])
    kept = list(together)
    for one in reversed(together):
        fewer = [other for other in kept if other is not one]
        if one is not offer and takes_off(known.policy, [other.body for other in fewer]) == taken:
            kept = fewer
    return [one for one in kept if one is not offer]


def _said(share: Fraction) -> str:
    return percent(round(share * 10_000))


# Rivals in one group


def _rivals(offer: OfferVersion, neighbours: Neighbours, known: Known) -> Iterator[Finding]:
    place = place_of(offer.body)
    group = _group_at(known.policy.layers, *place) if place else None
    if group is None:
        return
    for other in neighbours.around(offer.body.goods):
        if other.offer_id == offer.offer_id or place_of(other.body) != place:
            continue
        both = offer.body.exclusive and other.body.exclusive and offer.body.priority == other.body.priority
        if both and neighbours.meets(offer, other):
            yield warn(
                "exclusives_overlap",
                "exclusive",
                f"“{other.key}” is exclusive too, on the same goods and of the same priority",
                f"акция «{other.key}» тоже исключительная: те же товары и тот же приоритет",
                other.key,
            )
        if _takes_one(group) and _wins(other.body, offer.body, group, known):
            yield warn(
                "never_wins",
                "benefit",
                f"“{other.key}” gives at least as much wherever this offer is open",
                f"везде, где действует эта акция, «{other.key}» даёт не меньше",
                other.key,
            )


def _takes_one(group: Group) -> bool:
    """Does a group give one offer and no more to a unit or a check?"""
    return group.mode in ("highest", "first", "priority") or group.max_promotions == 1 or group.max_per_unit == 1


def _wins(wide: OfferBody, narrow: OfferBody, group: Group, known: Known) -> bool:
    if not covers(wide, narrow, known):
        return False
    if group.mode == "first":
        return wide.order < narrow.order
    if group.mode == "priority":
        return wide.priority > narrow.priority and wide.exclusive
    if getattr(wide, "max_minor", None) is not None or _is_bounded(wide):
        return False
    match _benefit(wide), _benefit(narrow):
        case PercentOff() as theirs, PercentOff() as ours:
            return theirs.per == ours.per and theirs.percent_bp >= ours.percent_bp
        case AmountOff() as theirs, AmountOff() as ours:
            return theirs.per == ours.per and theirs.amount_minor >= ours.amount_minor
        case FixedPrice() as theirs, FixedPrice() as ours:
            return theirs.per == ours.per and theirs.price_minor <= ours.price_minor
    return False


def _is_bounded(body: OfferBody) -> bool:
    return isinstance(body, Discount) and (
        body.units.which != "all" or body.max_per_line_minor is not None or body.max_per_unit_minor is not None
    )


def _benefit(body: OfferBody) -> object:
    return body.benefit if isinstance(body, ItemDiscount | BasketDiscount | Discount) else None


def _group_at(layers: Iterable[Group], layer: str, group: str) -> Group | None:
    for one in layers:
        if one.key == layer:
            return _inside(one, group or layer)
    return None


def _inside(group: Group, key: str) -> Group | None:
    if group.key == key:
        return group
    return next((found for inner in group.groups if (found := _inside(inner, key))), None)


# Points that may pay


def _caps(offer: OfferVersion, cap: BurnCap, offers: Sequence[OfferVersion], known: Known) -> Iterator[Finding]:
    for other in offers:
        if other.offer_id == offer.offer_id or not isinstance(other.body, BurnCap):
            continue
        if cap.replaces or other.body.replaces or not can_meet(cap, other.body, known):
            continue
        if not _share_goods(cap, other.body):
            continue
        if (nothing := _nothing_left(cap, other.body)) is not None:
            yield warn(
                "burn_never",
                nothing,
                f"with “{other.key}” no points may pay at all",
                f"вместе с «{other.key}» баллами нельзя заплатить вообще",
                other.key,
            )
        step = lcm(cap.step_minor, other.body.step_minor)
        if step > max(cap.step_minor, other.body.step_minor):
            yield warn(
                "burn_steps_clash",
                "step_minor",
                f"with the steps of “{other.key}” only multiples of {step} may pay",
                f"с шагом акции «{other.key}» списать можно только кратное {step}",
                other.key,
            )


def _share_goods(one: BurnCap, other: BurnCap) -> bool:
    mine, theirs = set(keys_of(one.goods)), set(keys_of(other.goods))
    return not mine or not theirs or bool(mine & theirs)


def _nothing_left(cap: BurnCap, other: BurnCap) -> str | None:
    """The field by which two caps close points to everything."""
    for mine, theirs, field in ((cap, other, "min_minor"), (other, cap, "share_bp")):
        if mine.min_minor and (theirs.share_bp == 0 or theirs.line_share_bp == 0):
            return field
    named = set(keys_of(cap.goods))
    if named and named <= set(keys_of(other.closed)) and not exceptions_of(other.closed):
        return "goods"
    return None
