"""Who is at their own pages: the session in the cookie, the account behind it, and how fresh the sign-in is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from vokrug.accounts.errors import FreshSignInNeeded, SignInNeeded
from vokrug.accounts.operations.sessions import session_of
from vokrug.accounts.store import people
from vokrug.accounts.store.staff import is_staff
from vokrug.accounts.types import Account, Acr, Session
from vokrug.accounts.visits import Visit, form_of
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call

FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Me:
    session: Session
    account: Account


async def me(tx: Tx, visit: Visit, now: datetime, *, is_fresh: bool = False) -> Me:
    """The only way to somebody's own pages. `is_fresh`: what follows changes how they sign in, or cannot be undone.
    Staff who have a second proof show it then: whoever took their phone number sets up no proof of their own.
    """
    session = await session_of(tx, visit.cookie, now)
    account = None if session is None else await people.find_account(tx, session.account_id)
    if session is None or account is None:
        raise SignInNeeded
    if is_fresh and now - session.auth_time > FRESH:
        raise FreshSignInNeeded
    if is_fresh and account.has_second and session.acr != Acr.TWO and await is_staff(tx, account.id):
        raise FreshSignInNeeded
    return Me(session, account)


def own(call: Call, body: bytes) -> tuple[Visit, Mapping[str, str]]:
    """A form that one of our pages sent from this browser."""
    visit, form = Visit.of(call), form_of(body)
    visit.require_own(form, call.headers)
    return visit, form


def to_sign_in(visit: Visit, back: str | None = None) -> Answer[bytes]:
    """`back`: the page of ours that they go on to afterwards."""
    return visit.go("/sign-in", request=back)
