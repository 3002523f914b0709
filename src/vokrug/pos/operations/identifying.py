"""Who stands at the till: a short name, what they can spend, where they stand. No phone, no full name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from vokrug import customers, promotions
from vokrug.kernel import Rounding, Text, format_minor, round_ratio
from vokrug.pos import answers
from vokrug.pos.answers import BALANCE
from vokrug.pos.checkout import Ask, Checkout
from vokrug.pos.document import moment
from vokrug.pos.errors import CardBlocked, CustomerUnknown
from vokrug.pos.printing import CASHIER_COLUMNS, NARROW, plain, wrap
from vokrug.pos.printing import row as in_columns
from vokrug.pos.proofs import store as proofs
from vokrug.pos.schemas import (
    Balance,
    BurnAuth,
    Enrol,
    Expiring,
    Identified,
    Identifier,
    Identify,
    OfflinePass,
    OwnOffer,
    ReceiptBlock,
)
from vokrug.pos.tokens import Known
from vokrug.pos.types import Shop, Till

CARD_OF_THE_APP = "token"
DISPLAY_CHARACTERS = 30
NEXT_TO_LAPSE = 4
GREETING = Text(en="Hello, {name}!", ru="Здравствуйте, {name}!")


async def identify(
    checkout: Checkout, body: Identify, shop: Shop, till: Till, language: str, now: datetime
) -> Identified:
    """One read: who it is, what they have. A token stands for them in the calls that follow."""
    if body.identifier.type == CARD_OF_THE_APP:
        answer = await identify_by_card(checkout, body, shop, till, now)
    else:
        answer = await identify_by_number(checkout, body, shop, now)
    return await told_more(checkout, answer, body.need, now) if body.need else answer


async def identify_by_number(checkout: Checkout, body: Identify, shop: Shop, now: datetime) -> Identified:
    found = checkout.directory.identify(body.identifier.type, body.identifier.value)
    row = await checkout.readers.submit(Ask(type_id=found.type.id, hash=found.hash, soon=NEXT_TO_LAPSE))
    if row["number"] is None or row["state"] == "erased":
        raise CustomerUnknown()
    if row["state"] == "blocked":
        raise CardBlocked()
    return shown(checkout, row, shop, now, body.columns)


async def told_more(checkout: Checkout, answer: Identified, need: Sequence[str], now: datetime) -> Identified:
    """What few tills ask for: offers for this customer alone, and what to ask them."""
    id = checkout.tokens.read(answer.customer_token, now).id
    async with checkout.db.transaction(readonly=True) as tx:
        if "offers" in need:
            own = [
                OwnOffer(offer=one.offer, name=one.name, until=one.until, must_be_activated=one.state == "new")
                for one in await promotions.personal_offers(tx, id, now)
            ]
            answer = msgspec.structs.replace(answer, offers=own)
        if "ask" in need:
            answer = msgspec.structs.replace(answer, ask=wanting(await customers.profile(tx, checkout.directory, id)))
    return answer


def wanting(card: customers.Profile) -> list[Literal["consent", "birthday", "email"]]:
    """What the customer was never asked, or never told. A consent that was refused is not asked for again."""
    wanted: list[Literal["consent", "birthday", "email"]] = []
    if not card.consents:
        wanted.append("consent")
    if card.birthday is None:
        wanted.append("birthday")
    if all(one.type != "email" for one in card.identifiers):
        wanted.append("email")
    return wanted


async def identify_by_card(checkout: Checkout, body: Identify, shop: Shop, till: Till, now: datetime) -> Identified:
    """The QR of the app: who it is; and, the first time that it is shown anywhere, their word for one check here."""
    card = checkout.proof_keys.read_card(body.identifier.value, now)
    async with checkout.db.transaction() as tx:
        person = await customers.customer(tx, checkout.directory, card.customer_id)
        if card.points_minor and checkout.reference.burn_proof is not None:
            await proofs.show_ticket(tx, card.nonce, person.number, till.id, card.points_minor, now)
    row = await checkout.readers.submit(Ask(number=person.number, soon=NEXT_TO_LAPSE))
    known = Known(person.number, person.id, person.language)
    return identified(checkout, known, person.called, row, shop, now, body.columns)


def shown(checkout: Checkout, row: Any, shop: Shop, now: datetime, columns: int = NARROW) -> Identified:
    known = known_of(row)
    name = checkout.directory.vault.called(known.id, row["wrapped"], row["called_cipher"])
    return identified(checkout, known, name, row, shop, now, columns)


def identified(
    checkout: Checkout, known: Known, called: str, row: Any, shop: Shop, now: datetime, columns: int
) -> Identified:
    name, demand = called[:DISPLAY_CHARACTERS], checkout.reference.burn_proof
    available = row["available"] or 0
    return Identified(
        customer_token=checkout.tokens.make(known, now),
        display_name=name,
        balance=Balance(
            active=format_minor(available),
            pending=format_minor(row["pending"] or 0),
            held=format_minor(row["held"] or 0),
            debt=format_minor(row["debt"] or 0),
            currency_value=format_minor(worth(checkout, available, shop.currency)),
            expiring=expiring(row["soon"] or ()),
        ),
        tier=answers.standing(
            checkout.reference, promotions.done_of(row["metrics"]), row["tier"], known.language, now, shop.currency
        ),
        card_state="active" if known.may_burn else "not_activated",
        visits=row["visits"] or 0,
        burn_auth=None
        if demand is None
        else BurnAuth(needed_from=format_minor(demand.needed_from_minor), methods=list(demand.methods)),
        messages=[GREETING.say(known.language, name=name)],
        offline_pass=pass_for(checkout, known, available, now),
        receipt=greeted(name, known.language, available, columns),
    )


def pass_for(checkout: Checkout, known: Known, available: int, now: datetime) -> OfflinePass | None:
    made = checkout.seals.make_pass(known.number, available, now) if known.may_burn else None
    if made is None:
        return None
    token, given = made
    return OfflinePass(token=token, points=format_minor(given.allowed_minor), until=given.until)


def greeted(name: str, language: str, available: int, columns: int) -> list[ReceiptBlock]:
    """For the cashier's eyes and the customer's: how to call them and what they have, nothing by which anybody else
    could find them.
    """
    points, called = format_minor(available), plain(name)
    short = called[: CASHIER_COLUMNS - len(points) - 2]
    shown = [*wrap(GREETING.say(language, name=called), columns), in_columns(BALANCE.say(language), points, columns)]
    return [
        ReceiptBlock(place="cashier", lines=[f"{short}: {points}"]),
        ReceiptBlock(place="customer_display", lines=shown),
    ]


def known_of(row: Any) -> Known:
    return Known(row["number"], row["customer_id"], row["language"], row["state"] != "not_activated")


def worth(checkout: Checkout, points: int, currency: str) -> int:
    num, den = checkout.reference.rates[currency]
    return round_ratio(points * num, den, Rounding.DOWN)


def expiring(soon: Sequence[int]) -> list[Expiring]:
    """The next points to lapse: those of one moment together."""
    by_moment: dict[int, int] = {}
    for points, micros in zip(soon[::2], soon[1::2], strict=True):
        by_moment[micros] = by_moment.get(micros, 0) + points
    return [Expiring(points=format_minor(points), on=moment(micros)) for micros, points in by_moment.items()]


def known_by(
    checkout: Checkout, token: str | None, identifier: Identifier | None, now: datetime, *, is_late: bool = False
) -> tuple[Known | None, Ask]:
    """Who a check is for, as far as it can be told without a read, and what to ask for the rest."""
    if token is not None:
        known = checkout.tokens.read(token, now, is_late=is_late)
        return known, Ask(number=known.number)
    if identifier is not None and identifier.type == CARD_OF_THE_APP:
        card = checkout.proof_keys.read_card(identifier.value, now, is_late=is_late)  # its word only `identify` takes
        return Known(card.number, card.customer_id, card.language), Ask(number=card.number)
    if identifier is not None:
        found = checkout.directory.identify(identifier.type, identifier.value)
        return None, Ask(type_id=found.type.id, hash=found.hash)
    return None, Ask()


async def enrol(checkout: Checkout, body: Enrol, shop: Shop, now: datetime) -> Identified:
    """Register at the till in one call, and identify at once. A phone that is known answers its owner."""
    registration = customers.Registration(
        request_id=body.request_id,
        phone=body.phone,
        called=body.called,
        source=customers.Source.TILL,
        consents=[
            customers.Consent(consent.purpose, consent.document_version, consent.given) for consent in body.consents
        ],
        language=body.language,
        card=body.card,
        shop=shop.id,
    )
    async with checkout.db.transaction() as tx:
        await customers.register(tx, checkout.directory, registration, now)
    found = checkout.directory.identify("phone", body.phone)
    row = await checkout.readers.submit(Ask(type_id=found.type.id, hash=found.hash, soon=NEXT_TO_LAPSE))
    return shown(checkout, row, shop, now)
