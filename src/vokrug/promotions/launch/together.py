"""Many offers go live at once: one look of the lint over all of them, one change of the set that tills price by."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug import events
from vokrug.promotions import rules
from vokrug.promotions import store as offers_store
from vokrug.promotions.engine import Finding, OfferVersion
from vokrug.promotions.engine.lint import lint_steps
from vokrug.promotions.engine.offers import kind_of
from vokrug.promotions.errors import OfferUnknown
from vokrug.promotions.facts import OfferPublished
from vokrug.promotions.launch import moving as moves
from vokrug.promotions.launch import store
from vokrug.promotions.launch.linting import known_world
from vokrug.promotions.launch.trying import Tried
from vokrug.promotions.limits import store as limits
from vokrug.promotions.outside import Chain, NoChain
from vokrug.promotions.types import OfferState
from vokrug.runtime.database import Tx

MOST = 5_000


class PublishOffers(Struct, frozen=True, forbid_unknown_fields=True):
    """Offers by their ids. The newest version of each goes live; drafts are checked on the way."""

    offers: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MOST)]


class Published(Struct, frozen=True):
    """How many go live by this call, and how many ran already; what the lint warns of, by key."""

    published: int
    running: int
    findings: dict[str, list[Finding]]


async def publish_offers(
    tx: Tx, ids: Sequence[UUID], *, by: str, now: datetime, chain: Chain | None = None
) -> Published:
    """Let the newest version of each offer run. One that may not, and none does. Repeat freely."""
    wanted = sorted(set(ids))
    newest = await moves.lock_newest(tx, wanted)
    if missing := set(wanted) - newest.keys():
        raise OfferUnknown(offer_id=str(min(missing)))
    moving = [one for one in newest.values() if one.version.state != OfferState.PUBLISHED]
    for one in moving:
        if one.version.state != OfferState.DRAFT:
            rules.require_move(one.version, OfferState.PUBLISHED)
    tried = [
        OfferVersion(offer_id=one.number, version=one.version.version, key=one.key, body=one.version.body)
        for one in moving
    ]
    beside = Tried(tuple(tried), frozenset(), None).over(await store.live_at(tx, now))
    known = await known_world(tx, tried, chain or NoChain(), now)
    findings: dict[str, list[Finding]] = {}
    for key, told in lint_steps(beside, known, [one.key for one in tried]) if tried else ():
        if told:
            findings[key] = told
        await asyncio.sleep(0)  # two thousand offers take a second to look at: tills are answered meanwhile
    for found in findings.values():
        rules.require_sound(found)
    if moving:
        ended = await moves.end_live(tx, moving, now)
        await moves.publish(tx, moving, now)
        await moves.insert_audits(tx, moves.steps_of(moving, ended, findings), by=by, now=now)
        with_limits = await moves.with_limits(tx, [one.number for one in moving])
        for one in moving:
            if one.version.body.limits or one.number in with_limits:
                await limits.write_limits(tx, one.number, None, one.version.body.limits)
        await offers_store.raise_counter(tx)
        for at, one in enumerate(moving, start=1):
            if at % moves.SLICE == 0:
                await asyncio.sleep(0)
            fact = OfferPublished(
                offer_id=one.version.offer_id,
                number=one.number,
                key=one.key,
                kind=kind_of(one.version.body),
                version=one.version.version,
                by=by,
            )
            await events.publish(tx, fact, key=one.number, subject=str(one.version.offer_id), at=now)
    return Published(len(moving), len(newest) - len(moving), findings)
