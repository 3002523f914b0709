"""What a person may know of themselves, put together from the domains that keep it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from vokrug import accounts, customers, ledger, pos, promotions
from vokrug.accounts import Account, Acr, Me
from vokrug.cabinet import rules
from vokrug.cabinet.errors import ConsentNotYours, SecondProofNeeded
from vokrug.cabinet.schemas import BurnCode, ShownCard
from vokrug.cabinet.types import Balance, HistoryPage, Lapsing, TierWay
from vokrug.customers import Consent, ConsentState, Customer, Directory, Erasure, Ground, Source
from vokrug.kernel import new_id, parse_minor
from vokrug.runtime.database import Tx

POINTS = "PTS"
LAPSING_SHOWN = 3
EXPORTED_LINES = 10_000
A_MOMENT = timedelta(seconds=1)  # what happens right now is history already


async def balance(tx: Tx, customer: Customer, now: datetime) -> Balance:
    wallet = ledger.wallet_of(customer.number, (await ledger.unit_named(tx, POINTS)).id)
    found = await ledger.available(tx, wallet, now)
    soon = await ledger.next_to_expire(tx, wallet, now, LAPSING_SHOWN)
    lapsing = [Lapsing(points, at) for points, at in soon]
    return Balance(found.available, found.pending, found.held, found.debt, lapsing)


async def tier_way(
    tx: Tx, programme: promotions.Programme, customer: Customer, language: str, now: datetime
) -> TierWay | None:
    """The tier and the way to the next one; None where there are no tiers."""
    if not programme.tiers:
        return None
    code, done = await promotions.standing_now(tx, programme, customer.number, now)
    held = next((tier for tier in programme.tiers if tier.code == code), None)
    following = promotions.next_tier(programme, held)
    today = now.astimezone(ZoneInfo(programme.zone)).date()
    return TierWay(
        tier=None if held is None else held.name(language),
        following=None if following is None else following.name(language),
        done_percent=100 if following is None else rules.progress(following.needs, done, programme.match),
        text=promotions.path(programme, done, held, language, today),
    )


async def card_number(tx: Tx, directory: Directory, customer_id: UUID) -> str | None:
    """The number of their card of plastic, if they have one: for themselves alone."""
    found = await customers.contacts(tx, directory, customer_id)
    return next((one.value for one in found if one.type == "card"), None)


async def history(
    tx: Tx, customer: Customer, before: datetime | None, now: datetime, *, size: int = rules.PAGE
) -> HistoryPage:
    """A page of purchases, returns and points, the newest first."""
    wallet = ledger.wallet_of(customer.number, (await ledger.unit_named(tx, POINTS)).id)
    until = rules.older_than(before, now + A_MOMENT)
    return rules.history(
        await pos.receipts(tx, customer.number, until, size + 1),
        await ledger.points_beside_sales(tx, wallet, until, size + 1),
        size=size,
    )


async def own_consents(tx: Tx, directory: Directory, account: Account) -> Sequence[ConsentState]:
    """The person's latest word on everything that they change by themselves."""
    card = await customers.profile(tx, directory, account.customer_id)
    return [consent for consent in card.consents if rules.is_own(consent)]


async def change_consent(
    tx: Tx, directory: Directory, account: Account, purpose: str, *, given: bool, source: Source, now: datetime
) -> None:
    """Another word on the same document. What they were never asked for is not theirs to give here."""
    known = {one.purpose: one for one in await own_consents(tx, directory, account)}
    if (said := known.get(purpose)) is None:
        raise ConsentNotYours
    word = Consent(purpose, said.document_version, given, {"account": str(account.id)})
    await customers.state_consents(tx, account.customer_id, [word], source=source, now=now)


async def export(tx: Tx, directory: Directory, here: Me, now: datetime) -> dict[str, Any]:
    """Everything that is kept of the person, for the person."""
    require_sure(here)
    reader = f"account:{here.account.id}"
    about = await customers.access_report(tx, directory, here.account.customer_id, reader=reader, now=now)
    person = await customers.customer(tx, directory, here.account.customer_id)
    found = await history(tx, person, None, now, size=EXPORTED_LINES)
    return {
        "customer": about,
        "balance": await balance(tx, person, now),
        "history": found.lines,
        "devices": await accounts.devices(tx, here.account.id, now),
        "products": await accounts.products(tx, here.account),
    }


async def ask_to_be_forgotten(tx: Tx, here: Me, person: Customer, now: datetime) -> Erasure:
    """The wish is written down; staff decide. Wishing twice is wishing once."""
    require_sure(here)
    if (known := await customers.erasure_asked(tx, person.id)) is not None:
        return known
    by = f"account:{here.account.id}"
    return await customers.ask_erasure(tx, new_id(), person.id, Ground.REQUEST, by=by, now=now)


def require_sure(here: Me) -> None:
    """Whoever has a second proof uses it for what gives everything out or ends everything."""
    if here.account.has_second and here.session.acr != Acr.TWO:
        raise SecondProofNeeded


def card(keys: pos.ProofKeys, person: Customer, points: str | None, now: datetime, *, may_spend: bool) -> ShownCard:
    """Who this is, to be shown at a till; and, where they may spend, their word for one check."""
    burn = pos.ANY_BURN if points is None else parse_minor(points)
    text, until = keys.card(person.number, person.id, person.language, now, points_minor=burn if may_spend else 0)
    return ShownCard(text, until, may_spend, points if may_spend else None)


def burn_code(keys: pos.ProofKeys, person: Customer, now: datetime) -> BurnCode:
    code, until = keys.app_code_now(person.number, now)
    return BurnCode(code, until)
