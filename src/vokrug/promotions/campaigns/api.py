"""HTTP of campaigns and experiments, for staff."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.promotions.campaigns import operations, store
from vokrug.promotions.campaigns.types import Campaign, CampaignCard
from vokrug.promotions.engine.offers.parts import Limit
from vokrug.promotions.errors import (
    CampaignNotReady,
    CampaignUnknown,
    ExperimentUnknown,
    OfferIdReused,
    OfferKeyTaken,
    OfferNonsense,
    OfferUnknown,
)
from vokrug.promotions.experiments import operations as experiments
from vokrug.promotions.experiments import store as experiment_store
from vokrug.promotions.experiments.types import Experiment, Holdout, Variant
from vokrug.promotions.schemas import Key, Name
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("campaigns")
STAFF = [Role.STAFF]
Moment = Annotated[datetime, Meta(tz=True)]


class NewCampaign(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A campaign: who answers for it, what it may cost, from when until when."""

    id: UUID
    key: Key
    name: Name
    owner: Name = "marketing"
    from_at: Moment | None = None
    until_at: Moment | None = None
    budget: Annotated[tuple[Limit, ...], Meta(max_length=20)] = ()


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    budget: Annotated[tuple[Limit, ...], Meta(max_length=20)]


class Joined(Struct, frozen=True, forbid_unknown_fields=True):
    """Offers that belong to the campaign from now on."""

    offers: Annotated[list[UUID], Meta(max_length=10_000)]


class Campaigns(Struct, frozen=True):
    campaigns: list[Campaign]


class NewExperiment(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Customers shared out to variants, by weight; the first is the control. Offers by number."""

    id: UUID
    key: Key
    name: Name
    variants: Annotated[tuple[Variant, ...], Meta(min_length=2, max_length=20)]
    until_at: Moment | None = None


class Experiments(Struct, frozen=True):
    experiments: list[Experiment]


class HoldoutGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """How many in ten thousand go without campaigns. Another salt is another choice of people."""

    share_bp: Annotated[int, Meta(ge=0, le=5000)]
    salt: Annotated[str, Meta(min_length=1, max_length=64)] = "holdout"


def _id(call: Call) -> UUID:
    return UUID(str(call.path["id"]))


@routes.post(
    "/v1/promotions/campaigns",
    answers={201: CampaignCard},
    refusals=[OfferNonsense, OfferKeyTaken, OfferIdReused],
    roles=STAFF,
)
async def create_campaign(call: Call, body: NewCampaign) -> Answer[CampaignCard]:
    """Plan a campaign; one without a beginning runs at once. Repeat freely: an id counts once."""
    if body.from_at is not None and body.until_at is not None and body.until_at <= body.from_at:
        raise OfferNonsense(field="until_at", why="before it begins", why_ru="раньше начала")
    campaign = Campaign(0, body.id, body.key, body.name, body.owner, body.from_at, body.until_at, "planned")
    async with call.db.transaction() as tx:
        card = await operations.create_campaign(tx, campaign, body.budget, by=call.caller.key_id, now=call.now)
    return Answer(card, status=201)


@routes.get("/v1/promotions/campaigns", answers={200: Campaigns}, roles=STAFF)
async def list_campaigns(call: Call) -> Answer[Campaigns]:
    """Campaigns, the newest first."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(Campaigns(await store.list_all(tx)))


@routes.get("/v1/promotions/campaigns/{id:uuid}", answers={200: CampaignCard}, refusals=[CampaignUnknown], roles=STAFF)
async def get_campaign(call: Call) -> Answer[CampaignCard]:
    """A campaign, its offers, its budget and how much of it is gone."""
    async with call.db.transaction() as tx:
        return Answer(await operations.campaign_card(tx, _id(call)))


@routes.put(
    "/v1/promotions/campaigns/{id:uuid}/budget",
    answers={200: CampaignCard},
    refusals=[CampaignUnknown, OfferNonsense],
    roles=STAFF,
)
async def put_budget(call: Call, body: Budget) -> Answer[CampaignCard]:
    """Change what the campaign may cost. What is counted stays counted."""
    async with call.db.transaction() as tx:
        return Answer(await operations.set_budget(tx, _id(call), body.budget, by=call.caller.key_id, now=call.now))


@routes.post(
    "/v1/promotions/campaigns/{id:uuid}/offers",
    answers={200: CampaignCard},
    refusals=[CampaignUnknown, OfferUnknown],
    roles=STAFF,
)
async def join_campaign(call: Call, body: Joined) -> Answer[CampaignCard]:
    """Offers run, rest and end with this campaign from now on."""
    async with call.db.transaction() as tx:
        return Answer(await operations.join_campaign(tx, _id(call), body.offers, by=call.caller.key_id, now=call.now))


async def _moved(call: Call, state: str) -> Answer[CampaignCard]:
    async with call.db.transaction() as tx:
        return Answer(await operations.move_campaign(tx, _id(call), state, by=call.caller.key_id, now=call.now))


MOVES = [CampaignUnknown, CampaignNotReady]


@routes.post("/v1/promotions/campaigns/{id:uuid}:run", answers={200: CampaignCard}, refusals=MOVES, roles=STAFF)
async def run_campaign(call: Call) -> Answer[CampaignCard]:
    """All its offers run."""
    return await _moved(call, "running")


@routes.post("/v1/promotions/campaigns/{id:uuid}:pause", answers={200: CampaignCard}, refusals=MOVES, roles=STAFF)
async def pause_campaign(call: Call) -> Answer[CampaignCard]:
    """All its offers rest."""
    return await _moved(call, "paused")


@routes.post("/v1/promotions/campaigns/{id:uuid}:end", answers={200: CampaignCard}, refusals=MOVES, roles=STAFF)
async def end_campaign(call: Call) -> Answer[CampaignCard]:
    """All its offers are over."""
    return await _moved(call, "ended")


@routes.post(
    "/v1/promotions/experiments",
    answers={201: Experiment},
    refusals=[OfferNonsense, OfferUnknown, OfferKeyTaken, OfferIdReused],
    roles=STAFF,
)
async def begin_experiment(call: Call, body: NewExperiment) -> Answer[Experiment]:
    """Share customers out to variants from now on. Repeat freely: an id counts once."""
    async with call.db.transaction() as tx:
        made = await experiments.begin_experiment(
            tx,
            body.id,
            key=body.key,
            name=body.name,
            variants=body.variants,
            until=body.until_at,
            by=call.caller.key_id,
            now=call.now,
        )
    return Answer(made, status=201)


@routes.get("/v1/promotions/experiments", answers={200: Experiments}, roles=STAFF)
async def list_experiments(call: Call) -> Answer[Experiments]:
    """Experiments, the newest first."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(Experiments(await experiment_store.list_all(tx)))


@routes.post(
    "/v1/promotions/experiments/{id:uuid}:end", answers={200: Experiment}, refusals=[ExperimentUnknown], roles=STAFF
)
async def end_experiment(call: Call) -> Answer[Experiment]:
    """Everybody meets the same offers again."""
    async with call.db.transaction() as tx:
        return Answer(await experiments.end_experiment(tx, _id(call), by=call.caller.key_id, now=call.now))


@routes.put("/v1/promotions/holdout", answers={200: HoldoutGiven}, roles=STAFF)
async def put_holdout(call: Call, body: HoldoutGiven) -> Answer[HoldoutGiven]:
    """How many customers go without campaigns, so that what they are worth can be measured."""
    async with call.db.transaction() as tx:
        await experiments.save_holdout(tx, Holdout(body.share_bp, body.salt))
    return Answer(body)
