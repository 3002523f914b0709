"""The shopper's word: asked for, given, and found again by the commit."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug import accounts, customers, events, ledger
from vokrug.kernel import Refusal, Text, format_minor
from vokrug.pos import document as documents
from vokrug.pos import store as checks
from vokrug.pos.checkout import Checkout
from vokrug.pos.document import Document
from vokrug.pos.errors import AlreadyCommitted, CheckUnknown, DocumentOfAnotherTill, RevisionStale
from vokrug.pos.facts import BurnAuthorised
from vokrug.pos.proofs import guesses, store
from vokrug.pos.proofs.errors import BurnCodeForLess, BurnCodeOver, BurnCodeWrong, MethodNotOffered, ResendTooSoon
from vokrug.pos.proofs.keys import new_code
from vokrug.pos.proofs.schemas import Authorize, Authorized, Method
from vokrug.pos.proofs.store import ProofRow
from vokrug.pos.proofs.types import PROOF_LIFE, Demand, Meters
from vokrug.pos.rules import Promise
from vokrug.pos.store import QuoteRow
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx

DIGITS: dict[str, int] = {"sms": 6, "call_last4": 4}
CHANNELS: dict[str, str] = {"sms": "sms", "call_last4": "call"}

SMS = Text(
    en="{code} is your code to spend {points} points at {shop}. Tell it to the cashier only if you are paying now.",
    ru="{code} — код для списания {points} баллов, {shop}. Назовите его кассиру, только если платите сейчас.",
)
SENT = Text(en="Code sent to ··{to}", ru="Код отправлен на ··{to}")
CALLED = Text(en="Last 4 digits of the call", ru="Последние 4 цифры номера")
ASK: dict[str, Text] = {
    "pin": Text(en="Ask for the shopper's PIN", ru="Попросите ввести ПИН-код"),
    "app_code": Text(en="Ask for the code in the app", ru="Спросите код из приложения"),
    "admin": Text(en="Card or code, and a reason", ru="Карта или код и причина"),
}
AUTHORISED = Text(en="Points may be used", ru="Списание подтверждено")
NOT_NEEDED = Text(en="No code is needed", ru="Код не нужен")


@dataclass(frozen=True, slots=True)
class Asked:
    """A check that stands, what it would burn, and by whose terms."""

    quote: QuoteRow
    document: Document
    customer: int
    burn_minor: int
    demand: Demand


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the till is told, whether it repeated itself, and what goes out once all this is written."""

    answer: Authorized | Refusal
    is_repeat: bool = False
    message: accounts.Message | None = None


async def authorize(
    checkout: Checkout, meters: Meters, check_id: UUID, body: Authorize, shop: Shop, till: Till, now: datetime
) -> Outcome:
    """Ask for the shopper's word, or take it. A wrong code is counted, and counted for good, so it is told after the
    commit; so is the message sent.
    """

    async def story(tx: Tx) -> Outcome:
        asked = await asked_of(checkout, tx, check_id, body, shop, till)
        if asked is None:
            return Outcome(said("not_needed", body.method, 0, (), NOT_NEEDED.say("ru")))
        if body.method not in asked.demand.methods:
            raise MethodNotOffered()
        if await store.granted(tx, check_id, asked.customer, now - PROOF_LIFE) >= asked.burn_minor:
            return Outcome(authorised(asked, body.method), is_repeat=True)
        if body.code is not None:
            return await take_word(checkout, tx, meters, asked, body, shop, till, now)
        if body.method in CHANNELS:
            return await send(checkout, tx, meters, asked, body, shop, till, now)
        if body.method == "pin" and not await store.has_pin(tx, asked.customer):
            raise MethodNotOffered()
        words = ASK[body.method].say(asked.document.language)
        return Outcome(said("asked", body.method, asked.burn_minor, asked.demand.methods, words))

    return await checkout.db.replayed(story)


async def asked_of(checkout: Checkout, tx: Tx, check_id: UUID, body: Authorize, shop: Shop, till: Till) -> Asked | None:
    """The promise that the word is for. None: it needs none."""
    await checks.lock_document(tx, check_id)
    quote = await checks.lock_quote(tx, check_id)
    if quote is None:
        raise CheckUnknown()
    if (quote.shop_id, quote.till_id) != (shop.id, till.id):
        raise DocumentOfAnotherTill()
    sale = await checks.find_sale(tx, check_id)
    if sale is not None and sale.status != "awaited":
        raise AlreadyCommitted()
    if quote.rev != body.rev:
        raise CheckUnknown() if body.rev > quote.rev else RevisionStale(known=quote.rev)
    document = documents.decode(quote.document)
    demand = checkout.reference.burn_proof
    if demand is None or not document.proof or quote.customer_number is None:
        return None
    return Asked(quote, document, quote.customer_number, burn_of(document), demand)


def burn_of(document: Document) -> int:
    """Points that leave the wallet; those of this very sale were never anybody's yet."""
    return document.burn_minor - document.own_burn_minor


# A code on its way


async def send(
    checkout: Checkout,
    tx: Tx,
    meters: Meters,
    asked: Asked,
    body: Authorize,
    shop: Shop,
    till: Till,
    now: datetime,
) -> Outcome:
    """One sending is one message: asked for again, it is told again and not sent again."""
    demand, method = asked.demand, body.method
    phone = await phone_of(checkout, tx, asked, meters)
    known = await store.codes_of(tx, asked.quote.check_id, method)
    for row in known:
        if (row.rev, row.sending) == (body.rev, body.sending):
            if row.customer_number != asked.customer or row.points_minor != asked.burn_minor:
                raise BurnCodeOver()
            return Outcome(sent(asked, row, phone), is_repeat=True)
    if known and now < known[0].asked_at + demand.resend_after:
        raise ResendTooSoon(seconds=-int(-(known[0].asked_at + demand.resend_after - now).total_seconds() // 1))
    await guesses.count_message(tx, meters, demand, phone, asked.customer, till, now)
    code = new_code(DIGITS[method])
    row = ProofRow(
        asked.quote.check_id,
        method,
        body.rev,
        body.sending,
        asked.customer,
        shop.id,
        till.id,
        asked.burn_minor,
        checkout.proof_keys.code_mac(asked.quote.check_id, asked.customer, method, code),
        0,
        now,
        now + demand.lifetime,
    )
    await store.insert_proof(tx, row)
    text = code
    if method == "sms":
        points = format_minor(asked.burn_minor)
        text = SMS.say(asked.document.language, code=code, points=points, shop=shop.name)
    return Outcome(sent(asked, row, phone), message=accounts.Message(CHANNELS[method], phone, text))


async def phone_of(checkout: Checkout, tx: Tx, asked: Asked, meters: Meters) -> str:
    """Where codes go: the phone that is proven best, in a country that we send to."""
    assert asked.document.customer_id is not None, "whoever burns is known"
    found = await customers.contacts(tx, checkout.directory, asked.document.customer_id)
    phones = [one.value for one in found if one.type == "phone"]
    if not phones:
        raise MethodNotOffered()
    if not phones[0].startswith(meters.policy.sms_prefixes):
        raise accounts.PhoneNotServed()
    return phones[0]


# The word is given


async def take_word(
    checkout: Checkout,
    tx: Tx,
    meters: Meters,
    asked: Asked,
    body: Authorize,
    shop: Shop,
    till: Till,
    now: datetime,
) -> Outcome:
    assert body.code is not None, "a word is a code"
    if body.method in CHANNELS:
        return await take_code(checkout, tx, asked, body, shop, till, now)
    by = await guesses.judge(checkout, tx, meters, body, asked.customer, shop, till, now)
    if isinstance(by, Refusal):
        return Outcome(by)
    row = ProofRow(
        asked.quote.check_id,
        body.method,
        body.rev,
        body.sending,
        asked.customer,
        shop.id,
        till.id,
        asked.burn_minor,
        None,
        0,
        now,
        now,
        now,
        by_whom=by or None,
        reason=body.reason or None,
    )
    others = await store.codes_of(tx, row.check_id, row.method)
    if any((one.rev, one.sending) == (row.rev, row.sending) for one in others):
        raise BurnCodeOver()  # this revision's word by this way was given and has run out: another sending
    await store.insert_proof(tx, row)
    await tell(tx, asked, row, shop, till, now)
    return Outcome(authorised(asked, body.method))


async def take_code(
    checkout: Checkout, tx: Tx, asked: Asked, body: Authorize, shop: Shop, till: Till, now: datetime
) -> Outcome:
    """The newest code of the check, and only while it lives; for this customer; for a burn no larger than its own."""
    assert body.code is not None, "a word is a code"
    known = await store.codes_of(tx, asked.quote.check_id, body.method)
    row = known[0] if known else None
    if row is None or row.customer_number != asked.customer or row.proved_at is not None:
        raise BurnCodeOver()
    if now > row.expires_at or row.tries >= asked.demand.attempts:
        raise BurnCodeOver()
    assert row.code_mac is not None, "a code that was sent has its hash"
    given = checkout.proof_keys.code_mac(row.check_id, row.customer_number, row.method, body.code)
    if not hmac.compare_digest(row.code_mac, given):
        await store.count_try(tx, row)
        return Outcome(BurnCodeWrong(left=max(0, asked.demand.attempts - row.tries - 1)))
    if row.points_minor < asked.burn_minor:
        raise BurnCodeForLess(points=format_minor(row.points_minor))
    await store.proved(tx, row, now)
    await tell(tx, asked, row, shop, till, now)
    return Outcome(authorised(asked, body.method))


async def tell(tx: Tx, asked: Asked, row: ProofRow, shop: Shop, till: Till, now: datetime) -> None:
    fact = BurnAuthorised(
        check_id=row.check_id,
        customer_id=asked.document.customer_id,
        shop=shop.code,
        till=till.code,
        method=row.method,
        points_minor=row.points_minor,
        by_whom=row.by_whom,
        at=now,
    )
    await events.publish(tx, fact, key=asked.customer, subject=str(asked.document.customer_id), at=now)


# Found again


async def counted(
    checkout: Checkout, tx: Tx, document: Document, customer: int | None, held_minor: int, now: datetime
) -> Document:
    """A small burn is free as long as the day's free burns are few. What other checks hold counts as burned; whoever
    asks for a promise has locked the wallet, so two checks never share what is left of the day.
    """
    demand = checkout.reference.burn_proof
    if document.proof != "counted" or customer is None:
        return document
    most = None if demand is None else demand.free_a_day_minor
    lately = held_minor + await store.burned_lately(tx, customer, now - accounts.DAY)
    is_free = most is None or lately + burn_of(document) <= most
    return documents.replace(document, proof="" if is_free else "needed")


async def counted_anew(checkout: Checkout, tx: Tx, promise: Promise, books: ledger.Books, now: datetime) -> Document:
    """A free burn whose points are set aside no longer counted on nothing meanwhile: it is weighed again."""
    document, customer, demand = promise.document, promise.customer_number, checkout.reference.burn_proof
    if demand is None or demand.free_a_day_minor is None or document.proof or promise.hold is not None:
        return document
    if customer is None or not burn_of(document):
        return document
    wallet = books.wallets.get(ledger.wallet_of(customer, checkout.reference.points_unit))
    held = 0 if wallet is None else wallet.debits_held
    return await counted(checkout, tx, documents.replace(document, proof="counted"), customer, held, now)


async def standing(
    tx: Tx, check_id: UUID, document: Document, customer: int, shop: Shop, till: Till, now: datetime, *, take: bool
) -> Document:
    """A document that needs a proof, with the one there is: given for an earlier revision, or shown as a QR. With
    `take` the check takes the QR, and no other check will have it.
    """
    burn = burn_of(document)
    if await store.granted(tx, check_id, customer, now - PROOF_LIFE) >= burn:
        return documents.replace(document, proof="given")
    since = now - guesses.TICKET_LIFE
    if not take:
        has_ticket = await store.has_ticket(tx, till.id, customer, since=since, points=burn)
        return documents.replace(document, proof="given") if has_ticket else document
    points = await store.take_ticket(tx, check_id, till.id, customer, since=since, points=burn)
    if points is None:
        return document
    sending = len(await store.codes_of(tx, check_id, "token")) + 1
    row = ProofRow(check_id, "token", 0, sending, customer, shop.id, till.id, points, None, 0, now, now, now)
    await store.insert_proof(tx, row)
    fact = BurnAuthorised(check_id, document.customer_id, shop.code, till.code, "token", burn, None, now)
    await events.publish(tx, fact, key=customer, subject=str(document.customer_id), at=now)
    return documents.replace(document, proof="given")


async def is_given(tx: Tx, check_id: UUID, document: Document, customer: int | None, now: datetime) -> bool:
    """Has the shopper let this check burn what it burns? The sale takes the proof."""
    if customer is None:
        return True
    is_enough = await store.granted(tx, check_id, customer, now - PROOF_LIFE) >= burn_of(document)
    if is_enough:
        await store.used(tx, check_id, now)
    return is_enough


# What the till is told


def said(
    status: str, method: Method, points: int, methods: Sequence[Method], words: str, row: ProofRow | None = None
) -> Authorized:
    return Authorized(
        status=status,  # type: ignore[arg-type]
        method=method,
        points=format_minor(points),
        to=None,
        expires_at=None,
        resend_at=None,
        tries_left=None,
        methods=list(methods),
        cashier_text=words,
    )


def authorised(asked: Asked, method: Method) -> Authorized:
    return said("authorized", method, asked.burn_minor, (), AUTHORISED.say(asked.document.language))


def sent(asked: Asked, row: ProofRow, phone: str) -> Authorized:
    """Two digits of the number: enough to ask «is it yours?», too few to call anybody."""
    language, demand = asked.document.language, asked.demand
    words = SENT.say(language, to=phone[-2:]) if row.method == "sms" else CALLED.say(language)
    return Authorized(
        status="sent",
        method=row.method,  # type: ignore[arg-type]
        points=format_minor(row.points_minor),
        to=phone[-2:],
        expires_at=row.expires_at,
        resend_at=row.asked_at + demand.resend_after,
        tries_left=max(0, demand.attempts - row.tries),
        methods=[one for one in demand.methods if one != row.method],
        cashier_text=words,
    )
