"""What staff do with offers, one story each, and how the published set is loaded."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from vokrug import events
from vokrug.promotions import rules, store
from vokrug.promotions.engine import (
    Basket,
    CompiledOffers,
    Finding,
    Known,
    OfferBody,
    OfferVersion,
    Priced,
    Shopper,
    compile_in_steps,
    compile_offers,
    price,
)
from vokrug.promotions.engine.offers import kind_of
from vokrug.promotions.errors import OfferIdReused, OfferKeyTaken, OfferUnknown
from vokrug.promotions.facts import OfferEnded, OfferPaused, OfferPublished
from vokrug.promotions.launch.linting import review
from vokrug.promotions.limits import store as limits
from vokrug.promotions.outside import Chain
from vokrug.promotions.policies import operations as policies
from vokrug.promotions.policies import store as policy_store
from vokrug.promotions.types import LatestStep, Offer, OfferCard, OfferRow, OfferState, Version
from vokrug.runtime.database import Tx

SLICE = 100  # bodies read between two moments at which somebody else may run


async def create_offer(
    tx: Tx, id: UUID, *, key: str, name: str, owner: str, body: OfferBody, by: str, now: datetime
) -> OfferCard:
    """Write down a new offer as a draft. Safe to repeat with the same id and the same words."""
    made = await store.insert_offer(tx, id, key=key, name=name, kind=kind_of(body), owner=owner, now=now)
    if not made:
        return await _repeated(tx, id, key=key, name=name, owner=owner, body=body)
    version = await store.insert_version(tx, id, rules.write_body(body), by=by, now=now)
    await store.insert_audit(tx, id, version, "created", by=by, now=now)
    return await offer_card(tx, id)


async def _repeated(tx: Tx, id: UUID, *, key: str, name: str, owner: str, body: OfferBody) -> OfferCard:
    if await store.find_offer(tx, id) is None:
        raise OfferKeyTaken(key=key)
    card = await offer_card(tx, id)
    offer = card.offer
    if (offer.key, offer.name, offer.owner, card.versions[0].body) != (key, name, owner, body):
        raise OfferIdReused(offer_id=str(id))
    return card


async def write_draft(tx: Tx, id: UUID, body: OfferBody, *, by: str, now: datetime) -> OfferCard:
    """A new version of an offer; what runs goes on running. The newest body sent again changes nothing."""
    offer = await _locked(tx, id)
    rules.require_kind(offer, body)
    newest = (await store.list_versions(tx, id))[-1]
    if newest.body != body or newest.state == OfferState.ENDED:
        version = await store.insert_version(tx, id, rules.write_body(body), by=by, now=now)
        await store.insert_audit(tx, id, version, "drafted", by=by, now=now)
    return await offer_card(tx, id)


async def latest_steps(tx: Tx, limit: int) -> Sequence[LatestStep]:
    """What was done with offers, the newest first."""
    return await store.latest_steps(tx, limit)


async def rename_offer(tx: Tx, id: UUID, *, name: str, owner: str, by: str, now: datetime) -> None:
    """Call an offer something else, or give it to somebody else. Saying the same again changes nothing."""
    offer = await _locked(tx, id)
    if (offer.name, offer.owner) != (name, owner):
        await store.rename_offer(tx, id, name=name, owner=owner)
        newest = (await store.list_versions(tx, id))[-1]
        await store.insert_audit(tx, id, newest.version, "renamed", by=by, now=now)


async def check_offer(
    tx: Tx, id: UUID, version: int, *, by: str, now: datetime, chain: Chain | None = None
) -> OfferCard:
    """Look for nonsense. A version that passes may be published; warnings stay with the step."""
    offer = await _locked(tx, id)
    found = await _version(tx, id, version)
    rules.require_move(found, OfferState.CHECKED)
    findings = await review(tx, _as_tried(offer, found), now, chain)
    rules.require_sound(findings)
    if found.state == OfferState.DRAFT:
        await _move(tx, found, OfferState.CHECKED, by=by, now=now, findings=findings)
    return await offer_card(tx, id)


async def publish_offer(
    tx: Tx, id: UUID, version: int, *, by: str, now: datetime, chain: Chain | None = None
) -> OfferCard:
    """Let a checked or resting version run, in place of the one that did. Warnings stay with the step."""
    offer = await _locked(tx, id)
    found = await _version(tx, id, version)
    if found.state == OfferState.PUBLISHED:
        return await offer_card(tx, id)  # asked twice: it runs already
    rules.require_move(found, OfferState.PUBLISHED)
    findings = await review(tx, _as_tried(offer, found), now, chain)
    rules.require_sound(findings)
    before = await store.find_live_version(tx, id)
    if before is not None and before.version != version:
        await _move(tx, before, OfferState.ENDED, by=by, now=now)
    await _move(tx, found, OfferState.PUBLISHED, by=by, now=now, findings=findings)
    await limits.write_limits(tx, offer.number, None, found.body.limits)
    await store.raise_counter(tx)
    fact = OfferPublished(offer_id=id, number=offer.number, key=offer.key, kind=offer.kind, version=version, by=by)
    await events.publish(tx, fact, key=offer.number, subject=str(id), at=now)
    return await offer_card(tx, id)


async def pause_offer(tx: Tx, id: UUID, *, by: str, now: datetime) -> OfferCard:
    """Let the running version rest. Asked twice, it rests."""
    offer = await _locked(tx, id)
    live = await _live(tx, id, OfferState.PAUSED)
    if live.state == OfferState.PUBLISHED:
        await _move(tx, live, OfferState.PAUSED, by=by, now=now)
        await store.raise_counter(tx)
        fact = OfferPaused(offer_id=id, number=offer.number, key=offer.key, version=live.version, by=by)
        await events.publish(tx, fact, key=offer.number, subject=str(id), at=now)
    return await offer_card(tx, id)


async def end_offer(tx: Tx, id: UUID, *, by: str, now: datetime) -> OfferCard:
    """Take the live version off for good. Another version may still be published one day."""
    offer = await _locked(tx, id)
    versions = await store.list_versions(tx, id)
    live = await store.find_live_version(tx, id)
    if live is None and any(version.state == OfferState.ENDED for version in versions):
        return await offer_card(tx, id)  # it is over already
    live = live or versions[-1]
    rules.require_move(live, OfferState.ENDED)
    await _move(tx, live, OfferState.ENDED, by=by, now=now)
    await store.raise_counter(tx)
    fact = OfferEnded(offer_id=id, number=offer.number, key=offer.key, version=live.version, by=by)
    await events.publish(tx, fact, key=offer.number, subject=str(id), at=now)
    return await offer_card(tx, id)


async def offer_card(tx: Tx, id: UUID) -> OfferCard:
    """An offer with its versions and its history."""
    offer = await store.find_offer(tx, id)
    if offer is None:
        raise OfferUnknown(offer_id=str(id))
    return OfferCard(offer, await store.list_versions(tx, id), await store.list_audit(tx, id))


async def list_offers(
    tx: Tx,
    *,
    state: OfferState | None = None,
    search: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[OfferRow]:
    """Offers by number, a page at a time; `search` looks into names and keys."""
    return await store.list_offers(tx, state=state, search=search, after=after, limit=limit)


async def save_shop_group(
    tx: Tx,
    key: str,
    *,
    name: str,
    shop_ids: Sequence[int],
    includes: Sequence[str] = (),
    except_shop_ids: Sequence[int] = (),
    by: str,
    now: datetime,
) -> None:
    """Name a set of shops, or change it: running offers of the group follow at once."""
    await store.save_group(
        tx, key, name=name, shop_ids=shop_ids, includes=includes, except_shop_ids=except_shop_ids, by=by, now=now
    )
    await store.raise_counter(tx)


# The published set


async def load_published(tx: Tx, days: Iterable[int] = ()) -> CompiledOffers:
    """Everything that runs, compiled a slice at a time: between the slices the process answers its tills. Ready for
    checks of these days.
    """
    policy = (await policies.policy_in_force(tx)).policy
    rows, groups = await store.published_rows(tx), await store.list_groups(tx)
    calendars = await policy_store.list_calendars(tx)
    published = []
    for at, row in enumerate(rows, start=1):
        published.append(store.compilable(row))
        if at % SLICE == 0:
            await asyncio.sleep(0)
    steps = compile_in_steps(published, groups, policy=policy, calendars=calendars, days=days)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            compiled: CompiledOffers = done.value
            return compiled
        await asyncio.sleep(0)


async def wordings(tx: Tx, which: Iterable[tuple[int, int]]) -> dict[tuple[int, int], OfferBody]:
    """The bodies of versions that a receipt names: as they were at its minute."""
    found = await store.list_wordings(tx, sorted(set(which)))
    return {(offer.offer_id, offer.version): offer.body for offer in found}


async def try_price(
    tx: Tx, basket: Basket, shopper: Shopper | None, at: datetime, drafts: Sequence[UUID] = ()
) -> Priced:
    """What a basket would cost at any moment, with the newest wording of some offers tried on."""
    rules.require_priceable(basket)
    offers: dict[int, OfferVersion] = {offer.offer_id: offer for offer in await store.list_published(tx)}
    tried = await store.list_newest(tx, drafts)
    if len(tried) != len(set(drafts)):
        raise OfferUnknown()
    groups, calendars = await store.list_groups(tx), await policy_store.list_calendars(tx)
    policy = (await policies.policy_in_force(tx)).policy
    for offer in tried:
        rules.require_sense(offer.body, Known(groups=groups, policy=policy, calendars=calendars))
        offers[offer.offer_id] = offer
    return price(basket, shopper, compile_offers(offers.values(), groups, policy=policy, calendars=calendars), at)


# Steps of the stories above


async def _locked(tx: Tx, id: UUID) -> Offer:
    offer = await store.lock_offer(tx, id)
    if offer is None:
        raise OfferUnknown(offer_id=str(id))
    return offer


async def _version(tx: Tx, id: UUID, version: int) -> Version:
    for found in await store.list_versions(tx, id):
        if found.version == version:
            return found
    raise OfferUnknown(offer_id=str(id), version=version)


async def _live(tx: Tx, id: UUID, wanted: OfferState) -> Version:
    live = await store.find_live_version(tx, id)
    if live is None:
        newest = (await store.list_versions(tx, id))[-1]
        rules.require_move(newest, wanted)
        return newest
    return live


def _as_tried(offer: Offer, version: Version) -> OfferVersion:
    return OfferVersion(offer_id=offer.number, version=version.version, key=offer.key, body=version.body)


async def _move(
    tx: Tx, version: Version, state: OfferState, *, by: str, now: datetime, findings: Sequence[Finding] = ()
) -> None:
    await store.set_state(tx, version, state, now)
    await store.insert_audit(tx, version.offer_id, version.version, state.value, by=by, now=now, findings=findings)
