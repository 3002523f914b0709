"""Sets of offers as they were, are and would be, compiled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from vokrug.promotions import rules
from vokrug.promotions import store as offers_store
from vokrug.promotions.engine import PRESETS, CompiledOffers, Known, OfferVersion, Policy, compile_offers
from vokrug.promotions.errors import OfferNonsense, OfferUnknown
from vokrug.promotions.launch import store
from vokrug.promotions.launch.types import Change
from vokrug.promotions.naming import numbered
from vokrug.promotions.outside import Chain
from vokrug.promotions.policies import store as policy_store
from vokrug.runtime.database import Tx

Groups = Mapping[str, frozenset[int]]
Calendars = Mapping[str, frozenset[date]]


@dataclass(frozen=True, slots=True)
class Tried:
    """A change, resolved: what takes the place of what runs."""

    put: tuple[OfferVersion, ...]  # instead of the version with the same number, or beside all others
    off: frozenset[int]
    policy: Policy | None

    def over(self, live: Iterable[OfferVersion]) -> list[OfferVersion]:
        """The set that runs, with the change made."""
        found = {one.offer_id: one for one in live if one.offer_id not in self.off}
        return list((found | {one.offer_id: one for one in self.put}).values())


@dataclass(frozen=True, slots=True)
class Setting:
    """What a set of offers is compiled with."""

    groups: Groups
    calendars: Calendars
    policy: Policy

    def compiled(self, offers: Iterable[OfferVersion], policy: Policy | None = None) -> CompiledOffers:
        return compile_offers(offers, self.groups, policy=policy or self.policy, calendars=self.calendars)


def require_sound(tried: Tried, setting: Setting) -> None:
    """Refuse to try what could not be published whatever else runs."""
    policy = tried.policy or setting.policy
    for offer in tried.put:
        rules.require_sense(offer.body, Known(groups=setting.groups, calendars=setting.calendars, policy=policy))


async def setting_at(tx: Tx, moment: datetime) -> Setting:
    """The policy that was in force; shop groups and calendars are those of today."""
    groups, calendars = await offers_store.list_groups(tx), await policy_store.list_calendars(tx)
    return Setting(groups, calendars, await store.policy_at(tx, moment))


async def resolve(tx: Tx, change: Change, chain: Chain) -> Tried:
    """Look up what a change names. Offers that are not written down yet get numbers nobody has."""
    put = {one.offer_id: one for one in await store.newest(tx, change.drafts)}
    off = await store.numbers(tx, change.off)
    if len(put) != len(set(change.drafts)) or len(off) != len(set(change.off)):
        known = {*off, *(await store.numbers(tx, change.drafts))}
        missing = [str(id) for id in (*change.drafts, *change.off) if id not in known]
        raise OfferUnknown(offer_id=missing[0])
    numbers = await store.numbers_by_key(tx, [record.key for record in change.offers])
    free = await store.last_number(tx) + 1
    for record in await numbered(tx, change.offers, chain):
        number = numbers.get(record.key)
        if number is None:
            number, free = free, free + 1
        body = rules.read_body(record.body)
        put[number] = OfferVersion(offer_id=number, version=2**31 - 1, key=record.key, body=body)
    return Tried(tuple(put.values()), frozenset(off.values()), policy_named(change.policy))


def policy_named(policy: str | Policy | None) -> Policy | None:
    if not isinstance(policy, str):
        return policy
    if policy not in PRESETS:
        known = ", ".join(sorted(PRESETS))
        raise OfferNonsense(field="policy", why=f"known are {known}", why_ru=f"есть {known}")
    return PRESETS[policy]
