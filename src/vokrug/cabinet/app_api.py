"""HTTP for apps: the same by an access token, each call under its scope."""

from typing import Any

from vokrug import accounts, customers, pos
from vokrug.accounts import AccessTokenWanted, Account, Holder, Scope, ScopeNotGranted
from vokrug.cabinet import operations
from vokrug.cabinet.errors import ConsentNotYours
from vokrug.cabinet.schemas import (
    BalanceCard,
    BurnCode,
    CallMe,
    ChangeConsent,
    ChosenPin,
    ConsentCard,
    ConsentCards,
    HistoryCard,
    Moment,
    PinSet,
    Points,
    ProfileCard,
    ShownCard,
)
from vokrug.customers import CalledMalformed, CustomerUnknown, Directory, FullNameNotWanted, Source
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("cabinet")

FOR_APPS: dict[str, Any] = {"is_public": True, "roles": [Role.ANYONE]}
ASKED = [AccessTokenWanted, ScopeNotGranted, CustomerUnknown]
NO_STORE = {"cache-control": "no-store"}


@routes.get("/cabinet/v1/balance", answers={200: BalanceCard}, refusals=ASKED, **FOR_APPS)
async def app_balance(call: Call) -> Answer[BalanceCard]:
    """Points of now, and what lapses next. Scope `wallet`."""
    async with call.db.transaction() as tx:
        account = (await _holder(call, tx, Scope.WALLET)).account
        person = await customers.customer(tx, call.services.get(Directory), account.customer_id)
        return Answer(BalanceCard.of(await operations.balance(tx, person, call.now)), headers=NO_STORE)


@routes.get("/cabinet/v1/history", answers={200: HistoryCard}, query={"before": Moment}, refusals=ASKED, **FOR_APPS)
async def app_history(call: Call) -> Answer[HistoryCard]:
    """Purchases, returns and points, the newest first, a page at a time. Scope `wallet`."""
    async with call.db.transaction() as tx:
        account = (await _holder(call, tx, Scope.WALLET)).account
        person = await customers.customer(tx, call.services.get(Directory), account.customer_id)
        found = await operations.history(tx, person, call.asked.get("before"), call.now)
    return Answer(HistoryCard.of(found), headers=NO_STORE)


@routes.get("/cabinet/v1/card", answers={200: ShownCard}, query={"points": Points}, refusals=ASKED, **FOR_APPS)
async def app_card(call: Call) -> Answer[ShownCard]:
    """What the app draws as a QR for the till: who this is, for a minute and a half. Scope `wallet`.

    Under scope `spend` it also lets one check burn: up to `points`, or whatever the check burns.
    """
    async with call.db.transaction() as tx:
        holder = await _holder(call, tx, Scope.WALLET)
        person = await customers.customer(tx, call.services.get(Directory), holder.account.customer_id)
    may_spend = Scope.SPEND in holder.scopes
    card = operations.card(
        call.services.get(pos.ProofKeys), person, call.asked.get("points"), call.now, may_spend=may_spend
    )
    return Answer(card, headers=NO_STORE)


@routes.get("/cabinet/v1/burn-code", answers={200: BurnCode}, refusals=ASKED, **FOR_APPS)
async def app_burn_code(call: Call) -> Answer[BurnCode]:
    """The code to tell the cashier, good once and until the next one. Scope `spend`."""
    async with call.db.transaction() as tx:
        account = (await _holder(call, tx, Scope.SPEND)).account
        person = await customers.customer(tx, call.services.get(Directory), account.customer_id)
    return Answer(operations.burn_code(call.services.get(pos.ProofKeys), person, call.now), headers=NO_STORE)


@routes.put("/cabinet/v1/pin", answers={200: PinSet}, refusals=[*ASKED, pos.PinTooSimple], **FOR_APPS)
async def app_pin(call: Call, body: ChosenPin) -> Answer[PinSet]:
    """A PIN for spending at tills; it replaces the one before. Scope `spend`. Repeat freely."""
    async with call.db.transaction() as tx:
        account = (await _holder(call, tx, Scope.SPEND)).account
        person = await customers.customer(tx, call.services.get(Directory), account.customer_id)
        await pos.put_pin(tx, call.services.get(pos.ProofKeys), person.number, body.pin)
    return Answer(PinSet(is_set=True), headers=NO_STORE)


@routes.get("/cabinet/v1/profile", answers={200: ProfileCard}, refusals=ASKED, **FOR_APPS)
async def app_profile(call: Call) -> Answer[ProfileCard]:
    """How to call the person. Scope `profile`; phones and mailboxes with `phone` and `email`."""
    async with call.db.transaction() as tx:
        holder = await _holder(call, tx, Scope.PROFILE)
        return Answer(await _profile(call, tx, holder), headers=NO_STORE)


@routes.put(
    "/cabinet/v1/profile",
    answers={200: ProfileCard},
    refusals=[*ASKED, CalledMalformed, FullNameNotWanted],
    **FOR_APPS,
)
async def app_call_me(call: Call, body: CallMe) -> Answer[ProfileCard]:
    """Another way to call the person, another language. Scope `profile`. Repeat freely."""
    directory = call.services.get(Directory)
    async with call.db.transaction() as tx:
        holder = await _holder(call, tx, Scope.PROFILE)
        id = holder.account.customer_id
        await customers.call_differently(tx, directory, id, called=body.called, language=body.language)
        return Answer(await _profile(call, tx, holder), headers=NO_STORE)


async def _profile(call: Call, tx: Tx, holder: Holder) -> ProfileCard:
    directory, id = call.services.get(Directory), holder.account.customer_id
    person = await customers.customer(tx, directory, id)
    found = await customers.contacts(tx, directory, id)
    # Types of contacts are called as the scopes that show them.
    return ProfileCard.of(person, [one for one in found if one.type in holder.scopes & {Scope.PHONE, Scope.EMAIL}])


@routes.get("/cabinet/v1/consents", answers={200: ConsentCards}, refusals=ASKED, **FOR_APPS)
async def app_consents(call: Call) -> Answer[ConsentCards]:
    """Each purpose with the person's latest word on it. Scope `consents`."""
    async with call.db.transaction() as tx:
        account = (await _holder(call, tx, Scope.CONSENTS)).account
        return Answer(await _consents(call, tx, account), headers=NO_STORE)


@routes.post("/cabinet/v1/consents", answers={200: ConsentCards}, refusals=[*ASKED, ConsentNotYours], **FOR_APPS)
async def app_change_consent(call: Call, body: ChangeConsent) -> Answer[ConsentCards]:
    """Take a consent back, or give it again. Scope `consents`. Repeat freely."""
    directory = call.services.get(Directory)
    async with call.db.transaction() as tx:
        account = (await _holder(call, tx, Scope.CONSENTS)).account
        await operations.change_consent(
            tx, directory, account, body.purpose, given=body.given, source=Source.APP, now=call.now
        )
        return Answer(await _consents(call, tx, account), headers=NO_STORE)


async def _consents(call: Call, tx: Tx, account: Account) -> ConsentCards:
    found = await operations.own_consents(tx, call.services.get(Directory), account)
    return ConsentCards([ConsentCard.of(one) for one in found])


async def _holder(call: Call, tx: Tx, scope: Scope) -> Holder:
    return await accounts.holder_of(tx, call.headers.get("authorization", ""), scope, call.now)
