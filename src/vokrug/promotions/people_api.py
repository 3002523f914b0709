"""HTTP of what concerns customers: lists, households, personal offers, tiers, referrals. For staff."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug import customers
from vokrug.promotions.coupons.api import FILE_LIMIT_BYTES, text_lines
from vokrug.promotions.errors import (
    FileHeadMissing,
    ListKeyMalformed,
    ListUnknown,
    OfferUnknown,
    ReferralRefused,
    TierNonsense,
    TierUnknown,
)
from vokrug.promotions.files import Imported
from vokrug.promotions.lists import operations as lists
from vokrug.promotions.personal import operations as personal
from vokrug.promotions.personal.types import PersonalOffer
from vokrug.promotions.referrals import operations as referrals
from vokrug.promotions.referrals import store as referral_store
from vokrug.promotions.referrals.types import InviteCode, NewReferral, Referral, ReferralProgramme
from vokrug.promotions.schemas import GrantTier, Name, Reviewed, TakeOff
from vokrug.promotions.tiers import operations as tiers
from vokrug.promotions.tiers import store as tier_store
from vokrug.promotions.tiers.types import Programme, TierCard
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("promotions-people")
STAFF = [Role.STAFF]
A_FILE = {"max_body_bytes": FILE_LIMIT_BYTES, "answer_timeout_s": 600.0}


class Mine(Struct, frozen=True):
    """A customer's own offers."""

    offers: list[PersonalOffer]


class TakenOff(Struct, frozen=True):
    """How many were taken off the list."""

    removed: int


class WhichOffer(Struct, frozen=True, forbid_unknown_fields=True):
    """An offer by its key."""

    offer: Annotated[str, Meta(min_length=1, max_length=64)]


def _customer(call: Call) -> UUID:
    return UUID(str(call.path["id"]))


@routes.post(
    "/v1/promotions/lists/{key}/import",
    answers={200: Imported},
    refusals=[ListKeyMalformed, FileHeadMissing],
    roles=STAFF,
    query={"name": Name, "replace": bool, "dry": bool},
    **A_FILE,
)
async def import_list(call: Call, body: bytes) -> Answer[Imported]:
    """Put customers on a list: CSV or lines of JSON with `customer`. Bad lines are told and the rest is taken."""
    async with call.db.transaction() as tx:
        done = await lists.import_list(
            tx,
            call.path["key"],
            text_lines(body),
            name=call.asked.get("name", call.path["key"]),
            replace=call.asked.get("replace", False),
            is_dry=call.asked.get("dry", False),
            by=call.caller.key_id,
            now=call.now,
        )
    return Answer(done)


@routes.post("/v1/promotions/lists/{key}/remove", answers={200: TakenOff}, refusals=[ListUnknown], roles=STAFF)
async def take_off(call: Call, body: TakeOff) -> Answer[TakenOff]:
    """Take customers off a list."""
    async with call.db.transaction() as tx:
        return Answer(TakenOff(await lists.take_off(tx, call.path["key"], body.customers)))


@routes.post(
    "/v1/promotions/households/import",
    answers={200: Imported},
    refusals=[FileHeadMissing],
    roles=STAFF,
    query={"dry": bool},
    **A_FILE,
)
async def import_households(call: Call, body: bytes) -> Answer[Imported]:
    """Who lives together: `customer` and a number of the household."""
    async with call.db.transaction() as tx:
        return Answer(await lists.import_households(tx, text_lines(body), is_dry=call.asked.get("dry", False)))


@routes.post(
    "/v1/promotions/personal/{import_id:uuid}/import",
    answers={200: Imported},
    refusals=[FileHeadMissing],
    roles=STAFF,
    query={"dry": bool},
    **A_FILE,
)
async def import_personal(call: Call, body: bytes) -> Answer[Imported]:
    """Give offers to customers on their own terms: `customer`, `offer`, and perhaps `value`, `until`,
    `needs_activation`. Repeat freely.
    """
    async with call.db.transaction() as tx:
        import_id = UUID(str(call.path["import_id"]))
        return Answer(
            await personal.import_personal(tx, import_id, text_lines(body), is_dry=call.asked.get("dry", False))
        )


@routes.get("/v1/customers/{id:uuid}/offers", answers={200: Mine}, refusals=[customers.CustomerUnknown], roles=STAFF)
async def personal_offers(call: Call) -> Answer[Mine]:
    """What a customer has been given and can still use."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(Mine(await personal.personal_offers(tx, _customer(call), call.now)))


@routes.post(
    "/v1/customers/{id:uuid}/offers:activate",
    answers={200: Mine},
    refusals=[customers.CustomerUnknown, OfferUnknown],
    roles=STAFF,
)
async def activate_personal(call: Call, body: WhichOffer) -> Answer[Mine]:
    """The customer wants a personal offer that waits for that."""
    async with call.db.transaction() as tx:
        return Answer(Mine(await personal.activate_personal(tx, _customer(call), body.offer, call.now)))


@routes.put("/v1/promotions/tiers", answers={200: Programme}, refusals=[TierNonsense], roles=STAFF)
async def put_programme(call: Call, body: Programme) -> Answer[Programme]:
    """Replace the ladder of tiers and its rules: metrics, windows, reviews, grace."""
    async with call.db.transaction() as tx:
        await tiers.save_programme(tx, body)
    return Answer(body)


@routes.get("/v1/promotions/tiers", answers={200: Programme}, roles=STAFF)
async def get_programme(call: Call) -> Answer[Programme]:
    """The ladder of tiers and its rules."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(await tier_store.read_programme(tx))


@routes.post("/v1/promotions/tiers:review", answers={200: Reviewed}, roles=STAFF)
async def review_tiers(call: Call) -> Answer[Reviewed]:
    """Review every customer now, as the night does after the window has ended. Said twice on a day, once done."""
    return Answer(Reviewed(await tiers.review_all(call.db, call.now)))


@routes.get("/v1/customers/{id:uuid}/tier", answers={200: TierCard}, refusals=[customers.CustomerUnknown], roles=STAFF)
async def get_tier(call: Call) -> Answer[TierCard]:
    """Where a customer stands, how they came there, and the way on."""
    async with call.db.transaction() as tx:
        return Answer(await tiers.tier_card(tx, _customer(call), call.language, call.now))


@routes.post(
    "/v1/customers/{id:uuid}/tier:grant",
    answers={200: TierCard},
    refusals=[customers.CustomerUnknown, TierUnknown],
    roles=STAFF,
)
async def grant_tier(call: Call, body: GrantTier) -> Answer[TierCard]:
    """Give a tier, which nothing takes away before its last day is over."""
    async with call.db.transaction() as tx:
        card = await tiers.grant_by_hand(
            tx, _customer(call), body.tier, body.until, by=call.caller.key_id, language=call.language, now=call.now
        )
    return Answer(card)


@routes.post(
    "/v1/customers/{id:uuid}/tier:revoke", answers={200: TierCard}, refusals=[customers.CustomerUnknown], roles=STAFF
)
async def revoke_tier(call: Call) -> Answer[TierCard]:
    """Take a given tier back: what has been reached remains."""
    async with call.db.transaction() as tx:
        card = await tiers.grant_by_hand(
            tx, _customer(call), None, None, by=call.caller.key_id, language=call.language, now=call.now
        )
    return Answer(card)


@routes.put("/v1/promotions/referrals/programme", answers={200: ReferralProgramme}, roles=STAFF)
async def put_referral_programme(call: Call, body: ReferralProgramme) -> Answer[ReferralProgramme]:
    """What inviting a friend brings both."""
    async with call.db.transaction() as tx:
        await referral_store.save_programme(tx, body)
    return Answer(body)


@routes.post(
    "/v1/customers/{id:uuid}/invite-code",
    answers={200: InviteCode},
    refusals=[customers.CustomerUnknown],
    roles=STAFF,
)
async def get_invite_code(call: Call) -> Answer[InviteCode]:
    """The code a customer gives to friends, the same each time."""
    async with call.db.transaction() as tx:
        return Answer(InviteCode(await referrals.code_of(tx, _customer(call))))


@routes.post(
    "/v1/promotions/referrals",
    answers={200: Referral},
    refusals=[customers.CustomerUnknown, ReferralRefused],
    roles=STAFF,
)
async def accept_invitation(call: Call, body: NewReferral) -> Answer[Referral]:
    """A friend came with a code. Repeat freely."""
    async with call.db.transaction() as tx:
        return Answer(await referrals.accept(tx, body, call.now))
