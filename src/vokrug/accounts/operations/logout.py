"""The end of a session: at the product's wish, at the person's, and how other products hear of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vokrug.accounts import rules
from vokrug.accounts.operations import keys
from vokrug.accounts.operations.clients import client_at_work
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.provider.signing import claims_of_ours
from vokrug.accounts.store import clients as client_store
from vokrug.accounts.store import people as store
from vokrug.accounts.types import LogoutNotice, Session
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TOKEN_LIFE = timedelta(minutes=2)
MOST_TRIES = 10
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class EndAsked:
    """What came of a product's wish to end the session."""

    is_sure: bool  # the product showed an identity token of this very session: nobody needs to be asked
    return_to: str | None  # an address the product has registered


async def end_asked(
    tx: Tx, provider: Provider, params: dict[str, str], session: Session | None, now: datetime
) -> EndAsked:
    """A product's wish, weighed. Only a registered address of a product that is known is returned to."""
    hint = params.get("id_token_hint")
    claims = None
    if hint is not None:
        claims = claims_of_ours(hint, await client_store.live_keys(tx), issuer=provider.issuer)
    named = params.get("client_id")
    audience = str(claims["aud"]) if claims is not None else named
    if audience is None or (named is not None and named != audience):
        return EndAsked(is_sure=False, return_to=None)
    client = await client_at_work(tx, audience)
    wanted = params.get("post_logout_redirect_uri")
    return_to = None
    if client is not None and wanted is not None and wanted in client.post_logout_uris:
        return_to = rules.return_address(wanted, state=params.get("state"))
    is_same = claims is not None and session is not None and claims.get("sid") == str(session.id)
    return EndAsked(is_sure=is_same or session is None, return_to=return_to)


async def end_session(tx: Tx, session: Session, now: datetime, why: str = "signed out") -> None:
    await store.end_session(tx, session.id, now, why)


async def take_notices(tx: Tx, now: datetime) -> list[LogoutNotice]:
    """Those whose turn it is. Each is put off at once, so that a process that dies on the way loses none."""
    taken = list(await store.due_notices(tx, now, AT_ONCE))
    for notice in taken:
        if notice.tries + 1 >= MOST_TRIES:
            await store.give_notice_up(tx, notice.id, now)
        await store.postpone_notice(tx, notice.id, now + timedelta(seconds=min(15 * 2**notice.tries, 3600)))
    return taken


async def logout_token(tx: Tx, provider: Provider, notice: LogoutNotice, now: datetime) -> str:
    """What the product is shown: signed as identity tokens are, and impossible to take for one."""
    key = await keys.current_key(tx, notice.id_token_alg)
    claims = {
        "iss": provider.issuer,
        "aud": notice.client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + LOGOUT_TOKEN_LIFE).timestamp()),
        "jti": str(new_id()),
        "sub": provider.keys.subject(notice.sector, notice.account_id),
        "sid": str(notice.session_id),
        "events": {LOGOUT: {}},
    }
    return provider.signers.sign(key, claims, typ="logout+jwt")


async def told(tx: Tx, notice: LogoutNotice, now: datetime) -> None:
    await store.notice_told(tx, notice.id, now)
