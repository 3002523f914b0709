"""A code by SMS or a link by e-mail: sent, and brought back by the same browser."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from vokrug import customers
from vokrug.accounts import limits
from vokrug.accounts.errors import AttemptOver, PhoneNotServed
from vokrug.accounts.operations import entering, meters
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import attempts as store
from vokrug.accounts.store import people
from vokrug.accounts.types import Attempt, Message, NeedsName, Outcome, Session, Wrong
from vokrug.accounts.vault import hashed, new_token
from vokrug.kernel import Text, new_id
from vokrug.runtime.database import Tx

CODE_LIFE = timedelta(minutes=5)
LINK_LIFE = timedelta(minutes=15)
MOST_TRIES = 5

SMS = Text(
    en="{code} is your sign-in code. Nobody from us will ever ask for it.\n\n@{host} #{code}",
    ru="{code} — код для входа. Никому его не сообщайте.\n\n@{host} #{code}",
)
MAIL = Text(
    en="To sign in, open this link in the same browser:\n{link}\nIf it was not you, do nothing.",
    ru="Чтобы войти, откройте ссылку в том же браузере:\n{link}\nЕсли это были не вы, ничего не делайте.",
)
CONFIRM = Text(
    en="To confirm that this address is yours, open this link in the same browser:\n{link}\n"
    "If it was not you, do nothing.",
    ru="Чтобы подтвердить, что это ваш адрес, откройте ссылку в том же браузере:\n{link}\n"
    "Если это были не вы, ничего не делайте.",
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser in front of us: its cookie, network, language, and what it calls itself."""

    cookie: str
    network: str
    language: str
    device: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What an installation allows."""

    sms_prefixes: tuple[str, ...] = ("+7",)
    sms_hourly: int = 10_000


async def send_code(
    tx: Tx,
    provider: Provider,
    directory: customers.Directory,
    policy: Policy,
    visitor: Visitor,
    phone: str,
    now: datetime,
) -> tuple[UUID, Message]:
    """A code to a phone, known or not: whoever is new proves the same. The message goes out after the commit."""
    number = directory.identify("phone", phone)
    if not number.value.startswith(policy.sms_prefixes):
        raise PhoneNotServed
    await meters.count(tx, provider.keys, limits.of_sms(number.value, visitor.network, hourly=policy.sms_hourly), now)
    id, code = new_id(), f"{secrets.randbelow(1_000_000):06d}"
    await store.insert_attempt(
        tx,
        id,
        hashed(visitor.cookie),
        "sms",
        now=now,
        expires_at=now + CODE_LIFE,
        login_hash=number.hash,
        login_sealed=provider.keys.seal(f"attempt {id}", number.value.encode()),
        code_mac=provider.keys.code_mac(id, code),
    )
    text = SMS.say(visitor.language, code=code, host=provider.host)
    return id, Message("sms", number.value, text)


async def enter_code(
    tx: Tx,
    provider: Provider,
    directory: customers.Directory,
    visitor: Visitor,
    attempt_id: UUID,
    code: str,
    now: datetime,
    earlier: Session | None,
) -> Outcome:
    """The code has come back. A wrong one is counted, and five end the attempt: commit either way."""
    attempt = await _open_attempt(tx, attempt_id, visitor, now, kinds=("sms",))
    if not await _is_right(tx, provider, attempt, code):
        return Wrong(may_retry=attempt.tries + 1 < MOST_TRIES)
    account = await entering.account_of_phone(tx, directory, login_of(provider, attempt), now)
    await store.prove_attempt(tx, attempt.id, None if account is None else account.id, ("sms",), now)
    if account is None:
        return NeedsName(attempt.id)
    return await entering.enter(tx, account, attempt.id, ("sms",), visitor.device, now, earlier)


async def introduce(
    tx: Tx,
    provider: Provider,
    directory: customers.Directory,
    visitor: Visitor,
    attempt_id: UUID,
    called: str,
    now: datetime,
    earlier: Session | None,
) -> Outcome:
    """Somebody new, whose phone is proved, says how to call them and agrees to the terms."""
    attempt = await _open_attempt(tx, attempt_id, visitor, now, kinds=("sms",))
    if attempt.proved_at is None:
        raise AttemptOver
    account = await entering.welcome(
        tx, directory, login_of(provider, attempt), called, visitor.language, attempt.id, now
    )
    return await entering.enter(tx, account, attempt.id, attempt.amr, visitor.device, now, earlier)


async def send_link(
    tx: Tx,
    provider: Provider,
    directory: customers.Directory,
    visitor: Visitor,
    email: str,
    now: datetime,
    *,
    request: str | None,
) -> tuple[UUID, Message | None]:
    """A link to a mailbox that somebody has proved to be theirs. For any other all goes the same way but the letter."""
    address = directory.identify("email", email)
    await meters.count(tx, provider.keys, limits.of_email(address.value, visitor.network), now)
    account = await people.account_of_login(tx, "email", address.hash)
    id, code = new_id(), new_token("vks_link")
    await store.insert_attempt(
        tx,
        id,
        hashed(visitor.cookie),
        "email",
        now=now,
        expires_at=now + LINK_LIFE,
        login_hash=address.hash,
        login_sealed=provider.keys.seal(f"attempt {id}", address.value.encode()),
        code_mac=provider.keys.code_mac(id, code),
        account_id=None if account is None else account.id,
    )
    link = f"{provider.issuer}/sign-in/link?attempt={id}&code={code}" + (
        f"&request={quote(request, safe='')}" if request else ""
    )
    message = Message("email", address.value, MAIL.say(visitor.language, link=link))
    return id, None if account is None else message


async def follow_link(
    tx: Tx,
    provider: Provider,
    visitor: Visitor,
    attempt_id: UUID,
    code: str,
    now: datetime,
    earlier: Session | None,
) -> Outcome:
    """The link was opened, in the same browser, and its button pressed: programs that look into mail press none."""
    attempt = await _open_attempt(tx, attempt_id, visitor, now, kinds=("email",))
    if not await _is_right(tx, provider, attempt, code) or attempt.account_id is None:
        return Wrong(may_retry=False)
    account = await people.find_account(tx, attempt.account_id)
    if account is None:
        return Wrong(may_retry=False)
    await store.prove_attempt(tx, attempt.id, account.id, ("email",), now)
    return await entering.enter(tx, account, attempt.id, ("email",), visitor.device, now, earlier)


async def send_confirmation(
    tx: Tx,
    provider: Provider,
    directory: customers.Directory,
    visitor: Visitor,
    account_id: UUID,
    email: str,
    now: datetime,
) -> Message:
    """To whoever is signed in and says that a mailbox is theirs."""
    address = directory.identify("email", email)
    await meters.count(tx, provider.keys, limits.of_email(address.value, visitor.network), now)
    id, code = new_id(), new_token("vks_link")
    await store.insert_attempt(
        tx,
        id,
        hashed(visitor.cookie),
        "add_email",
        now=now,
        expires_at=now + LINK_LIFE,
        login_hash=address.hash,
        login_sealed=provider.keys.seal(f"attempt {id}", address.value.encode()),
        code_mac=provider.keys.code_mac(id, code),
        account_id=account_id,
    )
    link = f"{provider.issuer}/me/email?attempt={id}&code={code}"
    return Message("email", address.value, CONFIRM.say(visitor.language, link=link))


async def confirm_email(
    tx: Tx,
    provider: Provider,
    directory: customers.Directory,
    visitor: Visitor,
    account_id: UUID,
    attempt_id: UUID,
    code: str,
    now: datetime,
) -> bool:
    """The mailbox is theirs: it opens their account from now on, and is the customer's. False: a wrong code."""
    attempt = await _open_attempt(tx, attempt_id, visitor, now, kinds=("add_email",))
    if attempt.account_id != account_id or not await _is_right(tx, provider, attempt, code):
        return False
    account = await people.find_account(tx, account_id)
    assert account is not None, "a session is of an account"
    await entering.prove_email(tx, directory, account, login_of(provider, attempt), now)
    await store.finish_attempt(tx, attempt.id, now)
    return True


def login_of(provider: Provider, attempt: Attempt) -> str:
    """The phone or e-mail of an attempt, in the clear."""
    assert attempt.login_sealed is not None, "an open attempt keeps its login"
    return provider.keys.open(f"attempt {attempt.id}", attempt.login_sealed).decode()


async def _open_attempt(tx: Tx, id: UUID, visitor: Visitor, now: datetime, *, kinds: tuple[str, ...]) -> Attempt:
    """The only way to an attempt: another browser's looks as if it did not exist."""
    attempt = await store.lock_attempt(tx, id, hashed(visitor.cookie), now)
    if attempt is None or attempt.kind not in kinds:
        raise AttemptOver
    return attempt


async def _is_right(tx: Tx, provider: Provider, attempt: Attempt, code: str) -> bool:
    if attempt.code_mac is None or attempt.tries >= MOST_TRIES:
        raise AttemptOver
    if hmac.compare_digest(attempt.code_mac, provider.keys.code_mac(attempt.id, code)):
        return True
    await store.count_try(tx, attempt.id)
    return False
