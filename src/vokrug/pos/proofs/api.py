"""Proofs over HTTP: for tills, and what staff declare."""

from uuid import UUID

from vokrug import accounts
from vokrug.kernel import Refusal
from vokrug.pos import errors
from vokrug.pos.api import PLACE, TILLS, answered, at_the_till
from vokrug.pos.checkout import Checkout
from vokrug.pos.proofs import errors as declined
from vokrug.pos.proofs import policy
from vokrug.pos.proofs.operations import authorize
from vokrug.pos.proofs.schemas import (
    Authorize,
    Authorized,
    SupervisorCard,
    SupervisorGiven,
    Supervisors,
    TillPolicy,
    TillPolicyDeclared,
)
from vokrug.pos.proofs.types import Meters
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("pos")


@routes.post(
    "/pos/v1/checks/{check_uid:uuid}:authorize",
    answers={200: Authorized},
    refusals=[
        *PLACE,
        errors.CheckUnknown,
        errors.RevisionStale,
        errors.DocumentOfAnotherTill,
        errors.AlreadyCommitted,
        declined.MethodNotOffered,
        declined.BurnCodeWrong,
        declined.BurnCodeOver,
        declined.BurnCodeForLess,
        declined.ResendTooSoon,
        declined.ReasonWanted,
        accounts.TooManyTries,
        accounts.PhoneNotServed,
    ],
    roles=TILLS,
)
async def post_authorize(call: Call, body: Authorize) -> Answer[Authorized]:
    """Ask for the shopper's word to burn the points of a check that was promised; then bring it.

    A code is good for this check, this customer and a burn no larger, once. Repeat freely: one `sending` is one
    message.
    """
    checkout, shop, till = at_the_till(call, body)
    check_id, meters = UUID(call.path["check_uid"]), Meters.of(call.services)
    outcome = await authorize(checkout, meters, check_id, body, shop, till, call.now)
    call.services.get(accounts.Messenger).post(outcome.message)
    if isinstance(outcome.answer, Refusal):
        raise outcome.answer
    return answered(outcome.answer, outcome.is_repeat)


# For staff


@routes.put("/v1/till-policy", answers={200: TillPolicyDeclared}, refusals=[errors.AmountMalformed])
async def put_till_policy(call: Call, body: TillPolicy) -> Answer[TillPolicyDeclared]:
    """Declare what the programme asks of its tills: from how many points on the shopper gives their word, and how."""
    async with call.db.transaction() as tx:
        version = await policy.declare(tx, body, call.caller.key_id, call.now)
    await call.services.get(Checkout).reference.renew(call.db, call.now)
    return Answer(TillPolicyDeclared(version=version, policy=body))


@routes.get("/v1/till-policy", answers={200: TillPolicyDeclared})
async def get_till_policy(call: Call) -> Answer[TillPolicyDeclared]:
    """The policy in force; version 0 was never declared."""
    async with call.db.transaction(readonly=True) as tx:
        version, declared = await policy.declared(tx)
    return Answer(TillPolicyDeclared(version=version, policy=declared))


@routes.put(
    "/v1/supervisors",
    answers={200: SupervisorCard},
    refusals=[errors.ShopUnknown, declined.SecretWanted, declined.SupervisorTaken],
)
async def put_supervisor(call: Call, body: SupervisorGiven) -> Answer[SupervisorCard]:
    """Say who answers for others at tills, or that they no longer do. Repeat freely."""
    checkout = call.services.get(Checkout)
    async with call.db.transaction() as tx:
        return Answer(await policy.appoint(tx, checkout, body))


@routes.get("/v1/supervisors", answers={200: Supervisors})
async def get_supervisors(call: Call) -> Answer[Supervisors]:
    """Who answers for others at tills. Their cards and codes are told to nobody."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(Supervisors(supervisors=await policy.appointed(tx)))
