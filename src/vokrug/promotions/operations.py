"""What staff do with offers, one story each, and how the published set is loaded."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug import events
from vokrug.kernel import new_id
from vokrug.promotions import rules, store
from vokrug.promotions.engine import (
    Basket,
    CompiledOffers,
    OfferBody,
    OfferVersion,
    Priced,
    Shopper,
    compile_in_steps,
    compile_offers,
    price,
)
from vokrug.promotions.engine.offers import kind_of
from vokrug.promotions.errors import OfferIdReused, OfferKeyTaken, OfferNonsense, OfferUnknown
from vokrug.promotions.facts import OfferEnded, OfferPaused, OfferPublished
from vokrug.promotions.limits import store as limits
from vokrug.promotions.policies import operations as policies
from vokrug.promotions.policies import store as policy_store
from vokrug.promotions.types import Offer, OfferCard, OfferRecord, OfferRow, OfferState, Version
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
    if kind_of(body) != offer.kind:
        raise OfferNonsense(
            field="body.kind", why=f"this offer is of kind {offer.kind}", why_ru=f"вид акции: {offer.kind}"
        )
    newest = (await store.list_versions(tx, id))[-1]
    if newest.body != body or newest.state == OfferState.ENDED:
        version = await store.insert_version(tx, id, rules.write_body(body), by=by, now=now)
        await store.insert_audit(tx, id, version, "drafted", by=by, now=now)
    return await offer_card(tx, id)


async def check_offer(tx: Tx, id: UUID, version: int, *, by: str, now: datetime) -> OfferCard:
    """Look for nonsense. A version that passes may be published."""
    await _locked(tx, id)
    found = await _version(tx, id, version)
    rules.require_move(found, OfferState.CHECKED)
    await _require_sense(tx, found.body)
    if found.state == OfferState.DRAFT:
        await _move(tx, found, OfferState.CHECKED, by=by, now=now)
    return await offer_card(tx, id)


async def publish_offer(tx: Tx, id: UUID, version: int, *, by: str, now: datetime) -> OfferCard:
    """Let a checked or resting version run, in place of the one that did."""
    offer = await _locked(tx, id)
    found = await _version(tx, id, version)
    if found.state == OfferState.PUBLISHED:
        return await offer_card(tx, id)  # asked twice: it runs already
    rules.require_move(found, OfferState.PUBLISHED)
    await _require_sense(tx, found.body)
    before = await store.find_live_version(tx, id)
    if before is not None and before.version != version:
        await _move(tx, before, OfferState.ENDED, by=by, now=now)
    await _move(tx, found, OfferState.PUBLISHED, by=by, now=now)
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


async def load_published(tx: Tx) -> CompiledOffers:
    """Everything that runs, compiled a slice at a time: between the slices the process answers its tills."""
    policy = (await policies.policy_in_force(tx)).policy
    rows, groups = await store.published_rows(tx), await store.list_groups(tx)
    calendars = await policy_store.list_calendars(tx)
    published = []
    for at, row in enumerate(rows, start=1):
        published.append(store.compilable(row))
        if at % SLICE == 0:
            await asyncio.sleep(0)
    steps = compile_in_steps(published, groups, policy=policy, calendars=calendars)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            compiled: CompiledOffers = done.value
            return compiled
        await asyncio.sleep(0)


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
        rules.require_sense(offer.body, groups, policy, calendars)
        offers[offer.offer_id] = offer
    return price(basket, shopper, compile_offers(offers.values(), groups, policy=policy, calendars=calendars), at)


# Files


async def export_offers(tx: Tx) -> AsyncIterator[bytes]:
    """A line of JSON for each offer, as it runs or was last written."""
    for row in await store.list_for_export(tx):
        record = OfferRecord(row["key"], row["name"], row["owner"], msgspec.json.decode(row["body"]))
        yield msgspec.json.encode(record) + b"\n"


async def import_offers(tx: Tx, lines: Iterable[bytes], *, by: str, now: datetime) -> dict[str, int]:
    """Offers from such a file, as drafts: new keys become offers, known ones get a version if they differ.

    One bad line refuses the file, by its number; the caller's transaction takes the rest back.
    """
    counts = {"created": 0, "drafted": 0, "unchanged": 0}
    for at, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record, body = _read_record(line, at)
        known = await store.find_offer_by_key(tx, record.key)
        if known is None:
            await create_offer(
                tx, new_id(), key=record.key, name=record.name, owner=record.owner, body=body, by=by, now=now
            )
            counts["created"] += 1
            continue
        newest = (await store.list_versions(tx, known.id))[-1].version
        card = await write_draft(tx, known.id, body, by=by, now=now)
        counts["drafted" if card.versions[-1].version > newest else "unchanged"] += 1
    return counts


def _read_record(line: bytes, at: int) -> tuple[OfferRecord, OfferBody]:
    try:
        record = msgspec.json.decode(line, type=OfferRecord)
        return record, rules.read_body(record.body)
    except msgspec.DecodeError as error:
        raise OfferNonsense(field=f"line {at}", why=str(error), why_ru=str(error)) from None
    except OfferNonsense as refusal:
        raise OfferNonsense(**{**refusal.facts, "field": f"line {at}: {refusal.facts['field']}"}) from None


# Steps of the stories above


async def _require_sense(tx: Tx, body: OfferBody) -> None:
    policy = (await policies.policy_in_force(tx)).policy
    calendars = await policy_store.list_calendars(tx)
    rules.require_sense(body, await store.list_groups(tx), policy, calendars)


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


async def _move(tx: Tx, version: Version, state: OfferState, *, by: str, now: datetime) -> None:
    await store.set_state(tx, version, state, now)
    await store.insert_audit(tx, version.offer_id, version.version, state.value, by=by, now=now)
