"""The bundle: made when offers or goods have changed and a till asks, kept by parts, given as what a till lacks."""

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from vokrug import promotions
from vokrug.pos import store as reference_store
from vokrug.pos.offline import store
from vokrug.pos.offline.bundle import ArticleTaken, ShopTaken, Taken
from vokrug.pos.types import Shop
from vokrug.runtime.database import Database, Tx

VALID_FOR = timedelta(hours=48)  # a weekend without a line; beyond it a till sells without offers
KEPT_FOR = timedelta(days=90)  # a queue older than that is judged by the offers of the day it comes
KEEP_COMPILED = 4
_encoder = msgspec.json.Encoder(order="deterministic")
_offers = msgspec.json.Decoder(promotions.OfferVersion)
_articles = msgspec.json.Decoder(ArticleTaken)
_rules = msgspec.json.Decoder(promotions.RulesApart)


@dataclass
class Bundles:
    """One per process: rules of bundles that queues named lately, compiled."""

    compiled: "OrderedDict[tuple[int, int], promotions.CompiledOffers]" = field(default_factory=OrderedDict)

    async def rules(self, tx: Tx, version: int, counter: int) -> promotions.CompiledOffers | None:
        """What a till with this bundle priced by, with whatever gives points now. None: it is forgotten."""
        key = (version, counter)
        if key in self.compiled:
            self.compiled.move_to_end(key)
            return self.compiled[key]
        packed = await store.rules_of(tx, version)
        if packed is None:
            return None
        found = await promotions.with_points(tx, _rules.decode(zlib.decompress(packed)))
        self.compiled[key] = found
        while len(self.compiled) > KEEP_COMPILED:
            self.compiled.popitem(last=False)
        return found


async def bundle_for(db: Database, offers: promotions.LiveOffers, shop: Shop, since: int, now: datetime) -> bytes:
    """What this shop's tills lack after version `since`, as the bytes to sign and send."""
    async with db.transaction() as tx:
        version = await newest(tx, offers, now)
        if since > version:  # of another installation, or from before a restore
            since = 0
        parts = await store.parts_since(tx, since)
        rules = _rules.decode(zlib.decompress(await store.rules_of(tx, version) or b""))
    taken = Taken(
        version=version,
        since=since,
        made_at=now,
        valid_until=now + VALID_FOR,
        shop=ShopTaken(
            id=shop.id,
            code=shop.code,
            name=shop.name,
            zone=shop.zone,
            currency=shop.currency,
            legal_entity=shop.legal_entity,
            groups=list(shop.groups),
            tolerance_line_minor=shop.tolerance_line_minor,
            tolerance_check_minor=shop.tolerance_check_minor,
        ),
        policy=rules.policy,
        groups=rules.groups,
        calendars={key: list(days) for key, days in rules.calendars.items()},
        offers=[_offers.decode(row["body"]) for row in parts if row["kind"] == "offer" and not row["is_gone"]],
        offers_gone=[int(row["key"]) for row in parts if row["kind"] == "offer" and row["is_gone"]],
        articles=[_articles.decode(row["body"]) for row in parts if row["kind"] == "article" and not row["is_gone"]],
        articles_gone=[row["key"] for row in parts if row["kind"] == "article" and row["is_gone"]],
    )
    return _encoder.encode(taken)


async def newest(tx: Tx, offers: promotions.LiveOffers, now: datetime) -> int:
    """The version of what is there now: another one whenever offers or reference data have been touched."""
    reference = await reference_store.reference_version(tx)
    known = await store.newest_bundle(tx)
    if known is not None and (known["reference_version"], known["offers_counter"]) == (reference, offers.counter):
        return int(known["version"])
    await store.lock_bundles(tx)
    await offers.refresh(tx)
    reference, known = await reference_store.reference_version(tx), await store.newest_bundle(tx)
    if known is not None and (known["reference_version"], known["offers_counter"]) == (reference, offers.counter):
        return int(known["version"])
    version = 1 if known is None else known["version"] + 1
    rules = await promotions.rules_apart(tx, offers.around)
    await store.write_parts(tx, "offer", parts_of((str(one.offer_id), one) for one in rules.offers), version)
    articles = await store.all_articles(tx)
    await store.write_parts(tx, "article", parts_of((one.sku, one) for one in articles), version)
    packed = zlib.compress(_encoder.encode(rules), 6)
    await store.add_bundle(tx, version, reference, offers.counter, now, packed, KEPT_FOR)
    return version


def parts_of(named: Iterable[tuple[str, object]]) -> list[tuple[str, bytes, str]]:
    parts = []
    for key, part in named:
        body = _encoder.encode(part)
        parts.append((key, hashlib.sha256(body).digest()[:16], body.decode()))
    return parts
