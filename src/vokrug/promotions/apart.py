"""What tills take along for when they are without a line, and how the centre judges what they sold by it."""

from vokrug.promotions import store
from vokrug.promotions.around import Around
from vokrug.promotions.engine import CompiledOffers
from vokrug.promotions.engine.apart import RulesApart, can_be_priced_apart, gives_points
from vokrug.promotions.policies import operations as policies
from vokrug.promotions.policies import store as policy_store
from vokrug.runtime.database import Tx


async def rules_apart(tx: Tx, around: Around) -> RulesApart:
    """The published offers that need no centre, with the groups and calendars they name."""
    limited = {offer for limit in around.limits for offer in limit.offers}
    if around.holdout.share_bp:  # whom it keeps from campaigns only the centre knows
        limited |= around.campaigned
    for experiment in around.experiments:
        limited |= {offer for variant in experiment.variants for offer in variant.offers}
    offers = [offer for offer in await store.list_published(tx) if can_be_priced_apart(offer, limited)]
    groups = {
        group for offer in offers for group in (*offer.body.where.shop_groups, *offer.body.where.except_shop_groups)
    }
    calendars = {offer.body.when.on_calendar for offer in offers} | {
        offer.body.when.not_on_calendar for offer in offers
    }
    known_groups, known_calendars = await store.list_groups(tx), await policy_store.list_calendars(tx)
    return RulesApart(
        offers=sorted(offers, key=lambda offer: offer.offer_id),
        groups={key: sorted(known_groups[key]) for key in sorted(groups) if key in known_groups},
        calendars={key: sorted(days) for key, days in sorted(known_calendars.items()) if key in calendars},
        policy=(await policies.policy_in_force(tx)).policy,
    )


async def with_points(tx: Tx, rules: RulesApart) -> CompiledOffers:
    """The rules that a till sold by, with whatever gives points: those are the centre's word alone."""
    have = {offer.offer_id for offer in rules.offers}
    points = [offer for offer in await store.list_published(tx) if gives_points(offer) and offer.offer_id not in have]
    groups = {key: sorted(shops) for key, shops in (await store.list_groups(tx)).items()} | rules.groups
    calendars = {key: sorted(days) for key, days in (await policy_store.list_calendars(tx)).items()} | rules.calendars
    whole = RulesApart(offers=rules.offers, groups=groups, calendars=calendars, policy=rules.policy)
    return whole.compiled(points)
