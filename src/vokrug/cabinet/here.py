"""Who is at a page of the cabinet, in which language it speaks, and how it is shown."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vokrug import accounts, customers, pos
from vokrug.accounts import FormMalformed, FormStale, FreshSignInNeeded, SignInNeeded, Visit
from vokrug.cabinet import rules, words
from vokrug.cabinet.errors import SecondProofNeeded
from vokrug.customers import Customer, CustomerUnknown, Directory
from vokrug.kernel import Refusal
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role

PAGES = accounts.pages_of("vokrug.cabinet")
PAGE: dict[str, Any] = {
    "answers": dict.fromkeys((200, 303, 400, 403, 404, 409, 422), bytes),
    "is_public": True,
    "roles": [Role.ANYONE],
}
FORMS = [FormMalformed, FormStale]
NEEDS_SIGN_IN = (SignInNeeded, FreshSignInNeeded, SecondProofNeeded, CustomerUnknown)


@dataclass(frozen=True, slots=True)
class Here:
    """The person in front of the page."""

    tx: Tx
    visit: Visit
    me: accounts.Me
    person: Customer
    directory: Directory
    now: datetime

    async def page(self, name: str, *, problem: Refusal | None = None, **said: Any) -> Answer[bytes]:
        zone = ZoneInfo(await pos.zone_of(self.tx, self.person.number) or "UTC")
        language = self.visit.language

        def day(at: datetime, of: str | None = None) -> str:
            return at.astimezone(ZoneInfo(of) if of else zone).strftime("%d.%m.%Y")

        words_of = "" if problem is None else (problem.customer or problem.cashier).say(language, **problem.facts)
        return self.visit.page(
            name,
            status=200 if problem is None else problem.status,
            pages=PAGES,
            person=self.person,
            problem=words_of,
            day=day,
            points=lambda minor: rules.said_amount(minor, language),
            money=lambda minor, currency: rules.said_money(minor, currency, language),
            purpose=lambda code: words.purpose_said(code, language),
            line_said=lambda kind: words.LINES[kind].say(language),
            **said,
        )


Tell = Callable[[Here], Awaitable[Answer[bytes]]]


async def at_page(call: Call, tell: Tell) -> Answer[bytes]:
    """A page for whoever is signed in; others are asked to sign in."""
    return await _told(call, Visit.of(call), tell, is_fresh=False)


async def by_form(
    call: Call,
    body: bytes,
    tell: Callable[[Here, Mapping[str, str]], Awaitable[Answer[bytes]]],
    *,
    is_fresh: bool = False,
) -> Answer[bytes]:
    """A form that one of our pages sent. `is_fresh`: it gives everything out, or cannot be undone."""
    visit, form = accounts.own(call, body)
    return await _told(call, visit, lambda here: tell(here, form), is_fresh=is_fresh)


async def _told(call: Call, visit: Visit, tell: Tell, *, is_fresh: bool) -> Answer[bytes]:
    directory = call.services.get(Directory)
    try:
        async with call.db.transaction() as tx:
            me = await accounts.me(tx, visit, call.now, is_fresh=is_fresh)
            person = await customers.customer(tx, directory, me.account.customer_id)
            visit.language = person.language
            return await tell(Here(tx, visit, me, person, directory, call.now))
    except NEEDS_SIGN_IN:
        return accounts.to_sign_in(visit)
