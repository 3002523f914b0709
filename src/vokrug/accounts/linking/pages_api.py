"""Pages on which people link logins of other products, sign in by them, and take the links back."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from vokrug import customers
from vokrug.accounts import limits
from vokrug.accounts.errors import FormMalformed, FormStale, FreshSignInNeeded, SignInNeeded, TooManyTries
from vokrug.accounts.linking import operations, store
from vokrug.accounts.linking.errors import (
    LinkTaken,
    LinkUnknown,
    NotLinked,
    PeerSilent,
    PeerUnknown,
    ProofRefused,
)
from vokrug.accounts.linking.gateways import Peers
from vokrug.accounts.linking.rules import LINK_LIFE, PROOF_AGE_S, UNDO_LIFE, challenge_of, require_from
from vokrug.accounts.linking.types import LinkState, Peer, PeerKind, Proof
from vokrug.accounts.me import FRESH, me, own, to_sign_in
from vokrug.accounts.operations import meters, passwords, sessions
from vokrug.accounts.sign_in_pages import PUBLIC, begin, on_after, own_form, visitor_of
from vokrug.accounts.types import NeedsName, NeedsSecond, SignedIn
from vokrug.accounts.visits import Visit
from vokrug.kernel import Refusal
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("links")

PAGE = {"answers": dict.fromkeys((200, 303, 400, 403, 404, 409, 410, 422, 429, 503), bytes), **PUBLIC}
FORMS = [FormMalformed, FormStale]
SAID = (LinkTaken, LinkUnknown, PeerSilent, PeerUnknown, ProofRefused, TooManyTries)
ASKS_TO_SIGN_IN = (SignInNeeded, FreshSignInNeeded)
TAKEN = (*SAID, customers.IdentifierTaken, customers.IdentifierMalformed, customers.IdentifierBlocked)


@routes.get("/me/links", **PAGE)
async def links(call: Call) -> Answer[bytes]:
    """Logins of other products: what is linked, what waits, what may be linked."""
    return await _links(call, Visit.of(call))


@routes.post("/me/links:begin", refusals=FORMS, **PAGE)
async def begin_link(call: Call, body: bytes) -> Answer[bytes]:
    """On to the other product, or to the page that asks for its login and password. Wants a fresh sign-in."""
    visit, form = own(call, body)
    try:
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now, is_fresh=True)
            link = await operations.begin(tx, here, form.get("product", ""), call.now)
            peer = await operations.peer_at_work(tx, link.peer)
        if peer.kind is PeerKind.LEGACY or link.state is LinkState.PROVED_THERE:
            return visit.go("/me/links")
        return await _onward(call, visit, peer, link=link.id, request="")
    except ASKS_TO_SIGN_IN:
        return to_sign_in(visit)
    except SAID as refusal:
        return await _links(call, visit, refusal)


@routes.post("/me/links:check", refusals=FORMS, **PAGE)
async def check_password(call: Call, body: bytes) -> Answer[bytes]:
    """The login and the password of a legacy product, asked of it this once."""
    visit, form = own(call, body)
    try:
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now, is_fresh=True)
            link = await operations.own_unfinished(tx, here, _id(form), call.now)
            peer = await operations.peer_at_work(tx, link.peer)
        proof = await _checked(call, visit, peer, form)
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now, is_fresh=True)
            await operations.prove_there(tx, visit.provider, here, link.id, proof, call.now)
    except ASKS_TO_SIGN_IN:
        return to_sign_in(visit)
    except SAID as refusal:
        return await _links(call, visit, refusal)
    return visit.go("/me/links")


@routes.get("/sign-in/back/{code:str}", query={"state": str, "code": str, "iss": str, "error": str}, **PAGE)
async def come_back(call: Call) -> Answer[bytes]:
    """The browser is back from another product. Its state counts once, in the browser or session that set out."""
    visit, code = Visit.of(call), call.path["code"]
    visitor = visitor_of(call, visit)
    try:
        async with call.db.transaction() as tx:
            session = await sessions.session_of(tx, visit.cookie, call.now)
            peer, trip = await operations.come_back(tx, call.query.get("state", ""), code, visitor, session, call.now)
        gateway = call.services.get(Peers)
        require_from(await gateway.metadata(peer, call.now), call.query.get("iss"))
        if not call.query.get("code"):
            raise ProofRefused
        verifier = visit.provider.keys.open(f"trip {peer.code}", trip.verifier_sealed).decode()
        secret = operations.secret_of(visit.provider, peer)
        back = back_to(visit, peer)
        subject = await gateway.subject(peer, secret, call.query["code"], verifier, trip.nonce, back, call.now)
        async with call.db.transaction() as tx:
            if trip.link_id is not None:
                here = await me(tx, visit, call.now)
                await operations.prove_there(tx, visit.provider, here, trip.link_id, Proof(subject), call.now)
                return visit.go("/me/links")
            earlier = await sessions.session_of(tx, visit.cookie, call.now)
            outcome = await operations.enter_by_subject(
                tx, visit.provider, visitor, peer.code, subject, call.now, earlier
            )
    except (*SAID, NotLinked, SignInNeeded) as refusal:
        return await begin(call, visit, "", refusal)
    assert isinstance(outcome, SignedIn | NeedsSecond | NeedsName), "a linked login is a proof"
    return on_after(visit, outcome, trip.request)


@routes.post("/me/links:agree", refusals=FORMS, **PAGE)
async def agree(call: Call, body: bytes) -> Answer[bytes]:
    """The person agrees to the document they were shown: linked. Repeat freely."""
    visit, form = own(call, body)
    directory = call.services.get(customers.Directory)
    try:
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now, is_fresh=True)
            version = form.get("document", "")
            await operations.agree(tx, visit.provider, directory, here, _id(form), version, call.now)
    except ASKS_TO_SIGN_IN:
        return to_sign_in(visit)
    except TAKEN as refusal:
        return await _links(call, visit, refusal)
    return visit.go("/me/links")


@routes.post("/me/links:unlink", refusals=FORMS, **PAGE)
async def unlink(call: Call, body: bytes) -> Answer[bytes]:
    """All is as it was before the link. Wants a fresh sign-in. Repeat freely."""
    visit, form = own(call, body)
    directory = call.services.get(customers.Directory)
    try:
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now, is_fresh=True)
            link = await operations.own_link(tx, here, _id(form))
            await operations.unlink(tx, directory, link, f"account:{here.account.id}", call.now)
    except ASKS_TO_SIGN_IN:
        return to_sign_in(visit)
    except SAID as refusal:
        return await _links(call, visit, refusal)
    return visit.go("/me/links")


@routes.post("/sign-in/product", refusals=FORMS, **PAGE)
async def sign_in_by_product(call: Call, body: bytes) -> Answer[bytes]:
    """Sign in by a linked product: on to it, or by the login and password that it once confirmed."""
    visit, form = own_form(call, body)
    request = form.get("request", "")
    try:
        async with call.db.transaction() as tx:
            peer = await operations.peer_at_work(tx, form.get("product", ""))
        if peer.kind is PeerKind.OIDC:
            return await _onward(call, visit, peer, link=None, request=request)
        visitor, login = visitor_of(call, visit), form.get("login", "")[:200]
        async with call.db.transaction() as tx:
            counted = limits.of_password(f"{peer.code}\0{login.casefold()}", visitor.network)
            await meters.count(tx, visit.provider.keys, counted, call.now)
            key = operations.login_key(visit.provider, peer.code, login)
            link = await store.standing_by_login(tx, peer.code, key)
        kept = None if link is None else link.password_hash
        is_right = await passwords.verified(kept or passwords.NOBODYS, form.get("password", "")[:200])
        if not is_right or kept is None:
            raise ProofRefused
        async with call.db.transaction() as tx:
            earlier = await sessions.session_of(tx, visit.cookie, call.now)
            link = await store.standing_by_login(tx, peer.code, key)
            outcome = await operations.enter_by_link(tx, visitor, link, call.now, earlier)
    except (*SAID, NotLinked) as refusal:
        return await begin(call, visit, request, refusal)
    assert isinstance(outcome, SignedIn | NeedsSecond | NeedsName), "a linked login is a proof"
    return on_after(visit, outcome, request)


async def _checked(call: Call, visit: Visit, peer: Peer, form: Mapping[str, str]) -> Proof:
    """What the store says of a login and a password. Guesses are counted before it is asked."""
    login, password = form.get("login", "")[:200], form.get("password", "")[:200]
    network = visitor_of(call, visit).network
    async with call.db.transaction() as tx:
        counted = limits.of_password(f"{peer.code}\0{login.casefold()}", network)
        await meters.count(tx, visit.provider.keys, counted, call.now)
    secret = operations.secret_of(visit.provider, peer)
    subject = await call.services.get(Peers).check(peer, secret, login, password, call.now)
    if subject is None:
        raise ProofRefused
    hash = await passwords.hashed_password(password)
    return Proof(subject, operations.login_key(visit.provider, peer.code, login), hash)


async def _onward(call: Call, visit: Visit, peer: Peer, *, link: UUID | None, request: str) -> Answer[bytes]:
    """A page that leads on: browsers that watch a form's redirects would stop it at the other product's door."""
    metadata = await call.services.get(Peers).metadata(peer, call.now)
    async with call.db.transaction() as tx:
        state, nonce, verifier = await operations.depart(
            tx, visit.provider, peer, call.now, visitor=visitor_of(call, visit), link=link, request=request
        )
    asked = {
        "response_type": "code",
        "client_id": peer.client_id or "",
        "redirect_uri": back_to(visit, peer),
        "scope": " ".join(peer.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        "max_age": str(PROOF_AGE_S),
    }
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    address = f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}"
    return visit.page("onward.html", address=address, product=peer.name.say(visit.language))


async def _links(call: Call, visit: Visit, refusal: Refusal | None = None) -> Answer[bytes]:
    try:
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now)
            peers = {one.code: one for one in await store.peers(tx)}
            found = [one for one in await store.links_of(tx, here.account.id) if one.peer in peers]
    except SignInNeeded:
        return to_sign_in(visit)
    shown = [one for one in found if one.linked_at is not None and one.unlinked_at is None]
    waiting = [
        one
        for one in found
        if one.linked_at is None and one.expires_at > call.now and one.session_id == here.session.id
    ]
    problem = "" if refusal is None else (refusal.customer or refusal.cashier).say(visit.language, **refusal.facts)
    return visit.page(
        "links.html",
        status=200 if refusal is None else refusal.status,
        problem=problem,
        is_fresh=call.now - here.session.auth_time <= FRESH,
        links=[(one, peers[one.peer], (one.linked_at or call.now) + UNDO_LIFE) for one in shown],
        waiting=[(one, peers[one.peer]) for one in waiting],
        offered=[one for one in peers.values() if one.paused_at is None],
        minutes=int(LINK_LIFE.total_seconds() // 60),
    )


def back_to(visit: Visit, peer: Peer) -> str:
    """An address of its own for each product: an answer of one does not fit another."""
    return f"{visit.provider.issuer}/sign-in/back/{peer.code}"


def _id(form: Mapping[str, str]) -> UUID:
    try:
        return UUID(form.get("link", ""))
    except ValueError:
        raise LinkUnknown from None
