"""What is wrong with an offer beside those that run."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from vokrug.promotions.engine import OfferVersion
from vokrug.promotions.engine.lint import Finding, Known, lint_set
from vokrug.promotions.engine.lint.meeting import keys_of
from vokrug.promotions.launch import store
from vokrug.promotions.launch.trying import Tried, resolve, setting_at
from vokrug.promotions.launch.types import Change, Linted
from vokrug.promotions.outside import Chain, NoChain
from vokrug.promotions.tiers.store import read_programme
from vokrug.runtime.database import Tx

ZONE = ZoneInfo("Europe/Moscow")  # “today” of the lint: to the day, anywhere will do


async def known_world(tx: Tx, offers: Collection[OfferVersion], chain: Chain, now: datetime) -> Known:
    """What the lint has to know, of the goods that these offers name."""
    setting = await setting_at(tx, now)
    return Known(
        groups=setting.groups,
        calendars=setting.calendars,
        tiers=frozenset(tier.code for tier in (await read_programme(tx)).tiers) or None,
        policy=setting.policy,
        today=now.astimezone(ZONE).date(),
        implied=await chain.implied(tx, {key for offer in offers for key in keys_of(offer.body.goods)}),
    )


async def review(tx: Tx, offer: OfferVersion, now: datetime, chain: Chain | None = None) -> list[Finding]:
    """One wording of an offer, alone and beside what runs; what refuses it comes first."""
    beside = Tried((offer,), frozenset(), None).over(await store.live_at(tx, now))
    known = await known_world(tx, [offer], chain or NoChain(), now)
    return lint_set(beside, known, about=[offer.key]).get(offer.key, [])


async def lint_offer(tx: Tx, id: UUID, chain: Chain, now: datetime, *, most_bp: int | None = None) -> Linted:
    """The newest wording of an offer."""
    return await lint_change(tx, Change(drafts=(id,)), chain, now, most_bp=most_bp)


async def lint_change(
    tx: Tx, change: Change, chain: Chain, now: datetime, *, most_bp: int | None = None, everything: bool = False
) -> Linted:
    """What is tried, or the whole set with it."""
    tried = await resolve(tx, change, chain)
    beside = tried.over(await store.live_at(tx, now))
    known = await known_world(tx, beside if everything else tried.put, chain, now)
    known = replace(known, policy=tried.policy or known.policy, most_bp=most_bp or known.most_bp)
    about = None if everything else [offer.key for offer in tried.put]
    return linted(lint_set(beside, known, about=about))


def linted(findings: dict[str, list[Finding]]) -> Linted:
    return Linted(findings, not any(one.severity == "refuse" for each in findings.values() for one in each))
