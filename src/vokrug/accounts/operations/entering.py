"""What comes after a proof: whose account it opens, whether a second proof is wanted, and a new session."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug import customers, events
from vokrug.accounts.errors import AttemptOver, EmailHeld
from vokrug.accounts.facts import AccountOpened
from vokrug.accounts.operations.sessions import open_session
from vokrug.accounts.store import attempts, people
from vokrug.accounts.types import Account, NeedsSecond, Outcome, Session, SignedIn
from vokrug.customers import Consent, Contact, Directory, Registration, Source, Strength
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

TERMS = ("accounts.terms", "1")


async def account_of_phone(tx: Tx, directory: Directory, phone: str, now: datetime) -> Account | None:
    """Whom a proved phone lets in; None: somebody new. A customer who only said that the phone was theirs, and has an
    account by other means, loses the phone to who has proved it: nobody gets into an account, or has others come
    into theirs, by a word.
    """
    number = directory.identify("phone", phone)
    if (account := await people.account_of_login(tx, "phone", number.hash)) is not None:
        return account
    customer = (await customers.resolve(tx, directory, [("phone", phone)]))[0]
    if customer is None:
        return None
    account = await people.account_of_customer(tx, customer.id)
    if account is not None and not await _take_from_claimer(tx, directory, customer.id, "phone", phone, now):
        return None
    if account is None:
        account = await _open_account(tx, customer.id, customer.number, now)
    await _prove(tx, directory, account, "phone", phone, now)
    return account


async def welcome(
    tx: Tx, directory: Directory, phone: str, called: str, language: str, request_id: UUID, now: datetime
) -> Account:
    """A new customer, with an account from the beginning."""
    if (await customers.resolve(tx, directory, [("phone", phone)]))[0] is not None:
        raise AttemptOver  # somebody was faster, with the same phone in another window
    newcomer = Registration(
        request_id=request_id,
        phone=phone,
        called=called,
        source=Source.SITE,
        language=language,
        consents=[Consent(*TERMS, True)],
        phone_strength=Strength.VERIFIED,
    )
    customer = (await customers.register(tx, directory, newcomer, now)).customer
    account = await _open_account(tx, customer.id, customer.number, now)
    await people.put_login(tx, "phone", directory.identify("phone", phone).hash, account.id, now)
    return account


async def prove_email(tx: Tx, directory: Directory, account: Account, email: str, now: datetime) -> None:
    address = directory.identify("email", email)
    holder = await people.account_of_login(tx, "email", address.hash)
    if holder is not None and holder.id != account.id:
        raise EmailHeld
    customer = (await customers.resolve(tx, directory, [("email", email)]))[0]
    if customer is not None:
        own = await customers.customer(tx, directory, account.customer_id)  # merged by now, they have another id
        is_anothers = customer.id != own.id
        if is_anothers and await _take_from_claimer(tx, directory, customer.id, "email", email, now):
            raise EmailHeld
    await _prove(tx, directory, account, "email", email, now)


async def enter(
    tx: Tx,
    account: Account,
    attempt_id: UUID,
    amr: Sequence[str],
    device: str,
    now: datetime,
    earlier: Session | None,
) -> Outcome:
    """A proof is good. Whoever set up a second one is asked for it before anything opens."""
    if account.has_totp and "mfa" not in amr:
        return NeedsSecond(attempt_id)
    await attempts.finish_attempt(tx, attempt_id, now)
    return SignedIn(await open_session(tx, account, amr=amr, device=device, now=now, earlier=earlier))


async def _open_account(tx: Tx, customer_id: UUID, customer_number: int, now: datetime) -> Account:
    id = new_id()
    await people.insert_account(tx, id, customer_id, customer_number, now)
    fact = AccountOpened(customer_id=customer_id, account_id=id)
    await events.publish(tx, fact, key=customer_number, subject=str(customer_id), at=now)
    return Account(id, customer_id, customer_number)


async def _prove(tx: Tx, directory: Directory, account: Account, kind: str, value: str, now: datetime) -> None:
    await customers.attach(
        tx,
        directory,
        account.customer_id,
        (kind, value),
        source=Source.SITE,
        strength=Strength.VERIFIED,
        now=now,
    )
    await people.put_login(tx, kind, directory.identify(kind, value).hash, account.id, now)


async def _take_from_claimer(
    tx: Tx, directory: Directory, customer_id: UUID, kind: str, value: str, now: datetime
) -> bool:
    """Has that customer proved that it is theirs? If not, it leads to them no longer."""
    held = await _held(tx, directory, customer_id, kind, value)
    if held is None or held.strength is Strength.VERIFIED:
        return held is not None
    await customers.detach(tx, directory, customer_id, held.identifier_id, source=Source.SITE, now=now)
    return False


async def _held(tx: Tx, directory: Directory, customer_id: UUID, kind: str, value: str) -> Contact | None:
    wanted = directory.identify(kind, value).value
    found = await customers.contacts(tx, directory, customer_id)
    return next((one for one in found if (one.type, one.value) == (kind, wanted)), None)
