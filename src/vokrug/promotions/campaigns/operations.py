"""What staff do with campaigns."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.promotions import store as offers
from vokrug.promotions.campaigns import store
from vokrug.promotions.campaigns.types import Campaign, CampaignCard
from vokrug.promotions.engine.offers.parts import Limit
from vokrug.promotions.errors import CampaignNotReady, CampaignUnknown, OfferIdReused, OfferKeyTaken, OfferUnknown
from vokrug.promotions.limits import rules
from vokrug.promotions.limits import store as limits
from vokrug.runtime.database import Tx

MOVES = {"running": ("planned", "paused"), "paused": ("planned", "running"), "ended": ("planned", "running", "paused")}


async def create_campaign(
    tx: Tx, campaign: Campaign, budget: Sequence[Limit], *, by: str, now: datetime
) -> CampaignCard:
    """Plan a campaign; one without a beginning runs at once. Safe to repeat with the same id and words."""
    rules.require_limits(budget)
    is_running = campaign.from_at is None or campaign.from_at <= now
    campaign = msgspec.structs.replace(campaign, state="running" if is_running else "planned")
    if not await store.insert(tx, campaign, by=by, now=now):
        known = await store.find(tx, campaign.id)
        if known is None:
            raise OfferKeyTaken(key=campaign.key)
        if known != msgspec.structs.replace(campaign, number=known.number, state=known.state):
            raise OfferIdReused(offer_id=str(campaign.id))
        return await campaign_card(tx, campaign.id)
    made = await _found(tx, campaign.id)
    await limits.write_limits(tx, None, made.number, budget)
    await store.insert_step(tx, made.number, "created", by=by, now=now, detail={"budget": budget})
    await offers.raise_counter(tx)
    return await campaign_card(tx, campaign.id)


async def _found(tx: Tx, id: UUID) -> Campaign:
    campaign = await store.find(tx, id)
    if campaign is None:
        raise CampaignUnknown(campaign=str(id))
    return campaign


async def campaign_card(tx: Tx, id: UUID) -> CampaignCard:
    """A campaign, its offers, its budget and how much of it is gone."""
    campaign = await _found(tx, id)
    counted = [dict(row) for row in await limits.counted(tx, None, campaign.number)]
    return CampaignCard(
        campaign,
        await store.offers_of(tx, campaign.number),
        await limits.list_of(tx, None, campaign.number),
        counted,
        await store.steps_of(tx, campaign.number),
    )


async def set_budget(tx: Tx, id: UUID, budget: Sequence[Limit], *, by: str, now: datetime) -> CampaignCard:
    """Change what the campaign may cost. What is counted stays counted."""
    rules.require_limits(budget)
    campaign = await _found(tx, id)
    await limits.write_limits(tx, None, campaign.number, budget)
    await store.insert_step(tx, campaign.number, "budgeted", by=by, now=now, detail={"budget": budget})
    await offers.raise_counter(tx)
    return await campaign_card(tx, id)


async def move_campaign(tx: Tx, id: UUID, state: str, *, by: str, now: datetime) -> CampaignCard:
    """Run, pause or end a campaign with all its offers. Said again it does nothing."""
    campaign = await _found(tx, id)
    if campaign.state != state:
        if campaign.state not in MOVES[state]:
            raise CampaignNotReady(state=campaign.state, wanted=state)
        await store.set_state(tx, id, state, by=by, now=now)
        await store.insert_step(tx, campaign.number, state, by=by, now=now)
        await offers.raise_counter(tx)
    return await campaign_card(tx, id)


async def join_campaign(tx: Tx, id: UUID, offer_ids: Sequence[UUID], *, by: str, now: datetime) -> CampaignCard:
    """Offers run, rest and end with this campaign from now on, and count into its budget."""
    campaign = await _found(tx, id)
    if await store.join(tx, campaign.number, offer_ids) < len(set(offer_ids)):
        raise OfferUnknown()
    await store.insert_step(tx, campaign.number, "joined", by=by, now=now, detail={"offers": offer_ids})
    await offers.raise_counter(tx)
    return await campaign_card(tx, id)


async def turn_campaigns(tx: Tx, now: datetime) -> list[str]:
    """Begin and end what the calendar says."""
    turned = await store.turn(tx, now)
    if turned:
        await offers.raise_counter(tx)
    return turned
