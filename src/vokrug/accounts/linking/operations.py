"""Declaring peers; a link from its beginning to its undoing; signing in by one."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from vokrug import customers, events
from vokrug.accounts.linking import rules, store
from vokrug.accounts.linking.errors import LinkTaken, LinkUnknown, NotLinked, PeerInUse, PeerUnknown, ProofRefused
from vokrug.accounts.linking.facts import AccountLinked, AccountUnlinked
from vokrug.accounts.linking.types import Link, LinkState, Peer, Proof, Trip
from vokrug.accounts.me import FRESH, Me
from vokrug.accounts.operations.codes import Visitor
from vokrug.accounts.operations.passwords import passed
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import people
from vokrug.accounts.types import Outcome, Session
from vokrug.accounts.vault import hashed, new_token
from vokrug.customers import Consent, Directory, IdentifierType, Source, Strength
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx


async def declare(tx: Tx, directory: Directory, peer: Peer) -> Peer:
    """A product with logins of its own, and the identifier type of its people. Repeat freely. Once somebody is linked
    it stays who it is: another address would let strangers in.
    """
    rules.require_sound(peer)
    known = await store.lock_peer(tx, peer.code)
    is_same = known is None or (known.kind, known.address, known.client_id) == (peer.kind, peer.address, peer.client_id)
    if not is_same and await store.is_used(tx, peer.code):
        raise PeerInUse
    made = peer if known is None else replace(peer, declared_at=known.declared_at, paused_at=known.paused_at)
    await store.put_peer(tx, made)
    await directory.meet(tx, [peer.identifier_type])
    if peer.identifier_type not in {kind.code for kind in directory.identifier_types()}:
        sources = frozenset({Source.SITE, Source.APP, Source.STAFF, Source.PARTNER, Source.IMPORT})
        kind = IdentifierType(0, peer.identifier_type, "opaque", max_per_customer=5, attach_sources=sources)
        await customers.define_identifier_type(tx, kind)
    return made


async def pause(tx: Tx, code: str, at: datetime | None) -> None:
    if await store.lock_peer(tx, code) is None:
        raise PeerUnknown
    await store.pause(tx, code, at)


async def forget_peer(tx: Tx, code: str) -> None:
    if await store.lock_peer(tx, code) is None:
        raise PeerUnknown
    if await store.is_used(tx, code):
        raise PeerInUse
    await store.drop_peer(tx, code)


async def peer_at_work(tx: Tx, code: str) -> Peer:
    """The only way to a peer for people: unknown and paused look the same."""
    peer = await store.find_peer(tx, code)
    if peer is None or peer.paused_at is not None:
        raise PeerUnknown
    return peer


def secret_of(provider: Provider, peer: Peer) -> str:
    return provider.keys.open(f"peer {peer.code}", peer.secret_sealed).decode()


async def begin(tx: Tx, here: Me, code: str, now: datetime) -> Link:
    """A link, or the unfinished one of this session: begun twice is begun once."""
    peer = await peer_at_work(tx, code)
    await store.drop_unfinished(tx, here.session.id, code, now, here.account.id)
    if (known := await store.unfinished(tx, here.session.id, code)) is not None:
        return known
    id = new_id()
    expires_at = now + rules.LINK_LIFE
    await store.insert_link(tx, id, peer.code, here.account.id, here.session.id, now=now, expires_at=expires_at)
    made = await store.lock_link(tx, id)
    assert made is not None, "inserted a moment ago"
    return made


async def depart(
    tx: Tx, provider: Provider, peer: Peer, now: datetime, *, visitor: Visitor | None, link: UUID | None, request: str
) -> tuple[str, str, str]:
    """A browser is sent to a peer: state, nonce and verifier of this trip."""
    state, nonce, verifier = new_token("vks_trip"), new_token("vks_nonce"), new_token("vks_pkce")
    visit = hashed(visitor.cookie) if visitor is not None and link is None else None
    sealed = provider.keys.seal(f"trip {peer.code}", verifier.encode())
    trip = Trip(peer.code, visit, link, request, nonce, sealed, now)
    await store.insert_trip(tx, hashed(state), trip, now + rules.TRIP_LIFE)
    return state, nonce, verifier


async def come_back(
    tx: Tx, state: str, code: str, visitor: Visitor, session: Session | None, now: datetime
) -> tuple[Peer, Trip]:
    """The trip that this browser set out on; another's looks as if there were none."""
    trip = await store.take_trip(tx, hashed(state), code, now)
    if trip is None:
        raise ProofRefused
    if trip.link_id is None:
        if trip.visit_hash != hashed(visitor.cookie):
            raise ProofRefused
    else:
        link = await store.lock_link(tx, trip.link_id)
        if link is None or session is None or link.session_id != session.id:
            raise ProofRefused
    return await peer_at_work(tx, code), trip


async def prove_there(tx: Tx, provider: Provider, here: Me, link_id: UUID, proof: Proof, now: datetime) -> Link:
    """Who they are at the peer is known: kept with the link until they agree."""
    link = await own_unfinished(tx, here, link_id, now)
    if link.state not in (LinkState.BEGUN, LinkState.PROVED_THERE):
        return link
    subject_hash = subject_key(provider, link.peer, proof.subject)
    await store.prove_there(
        tx,
        link.id,
        now,
        subject_hash=subject_hash,
        subject_sealed=provider.keys.seal(f"link {link.id}", proof.subject.encode()),
        login_hash=proof.login_hash,
        password_hash=proof.password_hash,
    )
    return await own_unfinished(tx, here, link_id, now)


async def agree(
    tx: Tx, provider: Provider, directory: Directory, here: Me, link_id: UUID, version: str, now: datetime
) -> Link:
    """Both sides are proved and the person agrees to the document they were shown: the login opens this account.

    Repeat freely. Nothing else of the peer's is believed, and nobody else's data are touched.
    """
    link = await own_unfinished(tx, here, link_id, now)
    if link.state is LinkState.LINKED:
        return link
    peer = await peer_at_work(tx, link.peer)
    is_fresh = now - here.session.auth_time <= FRESH
    if link.state is not LinkState.PROVED_THERE or not is_fresh or version != peer.document_version:
        raise LinkUnknown
    assert link.subject_hash is not None, "proved there"
    assert link.subject_sealed is not None, "proved there"
    if await store.standing(tx, link.peer, link.subject_hash) is not None:
        raise LinkTaken
    subject = provider.keys.open(f"link {link.id}", link.subject_sealed).decode()
    person = await customers.customer(tx, directory, here.account.customer_id)
    holder = (await customers.resolve(tx, directory, [(peer.identifier_type, subject)]))[0]
    if holder is not None and holder.id != person.id:
        raise LinkTaken
    identifier_id = None
    if holder is None:
        wanted = (peer.identifier_type, subject)
        identifier_id = await customers.attach(
            tx, directory, person.id, wanted, source=Source.SITE, strength=Strength.VERIFIED, now=now
        )
    card = await customers.profile(tx, directory, person.id)
    before = next((one for one in card.consents if one.purpose == peer.purpose), None)
    word = Consent(peer.purpose, version, True, {"account": str(here.account.id), "link": str(link.id)})
    await customers.state_consents(tx, person.id, [word], source=Source.SITE, now=now)
    try:
        await store.make_linked(
            tx,
            link.id,
            now,
            proved_here_at=here.session.auth_time,
            document_version=version,
            customer_id=person.id,
            identifier_id=identifier_id,
            consent_before=None if before is None else {"version": before.document_version, "given": before.given},
        )
    except asyncpg.UniqueViolationError:  # somebody else agreed to the same login at the same moment
        raise LinkTaken from None
    fact = AccountLinked(
        customer_id=person.id,
        account_id=here.account.id,
        link_id=link.id,
        product=link.peer,
        document_version=version,
    )
    await events.publish(tx, fact, key=person.number, subject=str(person.id), at=now)
    return await own_unfinished(tx, here, link_id, now)


async def unlink(tx: Tx, directory: Directory, link: Link, by: str, now: datetime) -> None:
    """What linking brought goes, and nothing else: login, our word on the identifier, consent. Repeat freely."""
    if link.state is not LinkState.LINKED:
        return
    assert link.customer_id is not None, "a link is of a customer"
    await store.unlink(tx, link.id, now, by)
    if link.identifier_id is not None:
        await customers.detach(
            *(tx, directory, link.customer_id, link.identifier_id),
            source=Source.SITE,
            now=now,
            only_own_words=True,
        )
    card = await customers.profile(tx, directory, link.customer_id)
    purpose = f"link.{link.peer}"
    latest = next((one for one in card.consents if one.purpose == purpose), None)
    others = [one for one in await store.links_of(tx, link.account_id) if one.peer == link.peer]
    is_last = not any(one.state is LinkState.LINKED for one in others)
    if is_last and latest is not None and latest.given and latest.document_version == link.document_version:
        before = link.consent_before or {"version": latest.document_version, "given": False}
        word = Consent(purpose, before["version"], before["given"], {"link": str(link.id)})
        await customers.state_consents(tx, link.customer_id, [word], source=Source.SITE, now=now)
    person = await customers.customer(tx, directory, link.customer_id)
    fact = AccountUnlinked(
        customer_id=person.id, account_id=link.account_id, link_id=link.id, product=link.peer, by=by.partition(":")[0]
    )
    await events.publish(tx, fact, key=person.number, subject=str(person.id), at=now)


async def own_link(tx: Tx, here: Me, link_id: UUID) -> Link:
    """The only way to one's link: another's looks as if there were none."""
    link = await store.lock_link(tx, link_id)
    if link is None or link.account_id != here.account.id:
        raise LinkUnknown
    return link


async def own_unfinished(tx: Tx, here: Me, link_id: UUID, now: datetime) -> Link:
    """One that goes on in this very session, or is finished."""
    link = await own_link(tx, here, link_id)
    is_over = link.expires_at <= now or link.session_id != here.session.id
    if link.state is LinkState.UNLINKED or (link.linked_at is None and is_over):
        raise LinkUnknown
    return link


async def enter_by_subject(
    tx: Tx, provider: Provider, visitor: Visitor, peer: str, subject: str, now: datetime, earlier: Session | None
) -> Outcome:
    """Whoever proved a linked login is in, by one proof; a second one is asked for as ever."""
    link = await store.standing(tx, peer, subject_key(provider, peer, subject))
    return await enter_by_link(tx, visitor, link, now, earlier)


async def enter_by_link(tx: Tx, visitor: Visitor, link: Link | None, now: datetime, earlier: Session | None) -> Outcome:
    account = None if link is None else await people.find_account(tx, link.account_id)
    if account is None:
        raise NotLinked
    return await passed(tx, visitor, account, ("fed",), now, earlier)


def subject_key(provider: Provider, peer: str, subject: str) -> bytes:
    return provider.keys.meter_key(f"link {peer}", subject)


def login_key(provider: Provider, peer: str, login: str) -> bytes:
    return provider.keys.meter_key(f"link login {peer}", login.strip().casefold())
