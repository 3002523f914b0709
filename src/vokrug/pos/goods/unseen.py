"""Goods that no catalogue knows, as tills send them: gathered in memory, written down together each second."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from vokrug.kernel import parse_minor
from vokrug.pos.goods import barcodes
from vokrug.pos.goods.store import unknown as store
from vokrug.pos.schemas import LineAsked
from vokrug.runtime.database import CLASHES, Database

log = logging.getLogger("vokrug.pos")

MOST_AT_ONCE = 10_000  # a till that makes codes up must not fill our memory: the rest is noticed the next second
MOST_MET = 20_000  # a check is asked for several times, and counts once


@dataclass(slots=True)
class Met:
    """One unknown thing of one shop since the last writing."""

    barcode: str
    is_many: bool
    name: str
    price_minor: int
    times: int
    first_seen: datetime
    last_seen: datetime


class Unseen:
    """One per process. No sale waits for it, and what a crash takes along is a second of counting."""

    def __init__(self) -> None:
        self._met: dict[tuple[int, str], Met] = {}
        self._counted: dict[tuple[UUID, str], None] = {}

    def note(self, check_id: UUID, shop_id: int, line: LineAsked, now: datetime) -> None:
        """A line of a check that sells something unknown."""
        if line.gift_card is not None or "gift_card_sale" in line.flags or (check_id, line.sku) in self._counted:
            return
        while len(self._counted) >= MOST_MET:
            self._counted.pop(next(iter(self._counted)))
        self._counted[check_id, line.sku] = None
        barcode = "" if line.barcode is None else barcodes.normal(line.barcode)
        price, met = parse_minor(line.price), self._met.get((shop_id, line.sku))
        if met is not None:
            met.is_many = met.is_many or bool(barcode and met.barcode and not same_goods(barcode, met.barcode))
            met.barcode, met.name, met.price_minor = barcode or met.barcode, line.name or met.name, price
            met.times, met.last_seen = met.times + 1, now
        elif len(self._met) < MOST_AT_ONCE:
            self._met[shop_id, line.sku] = Met(barcode, False, line.name or "", price, 1, now, now)

    async def write(self, db: Database) -> None:
        """Put what was gathered on the work list."""
        if not self._met:
            return
        met, self._met = self._met, {}
        rows = [
            (shop, sku, one.barcode, one.is_many, one.name, one.price_minor, one.times, one.first_seen, one.last_seen)
            for (shop, sku), one in sorted(met.items())
        ]
        try:
            async with db.transaction() as tx:
                await store.be_impatient(tx)
                await store.note_unknown(tx, rows)
        except asyncpg.DataError:
            log.exception("unknown goods could not be written down")  # nor would they be the next time
        except CLASHES:
            self._put_back(met)
        except BaseException:
            self._put_back(met)
            raise

    def _put_back(self, met: dict[tuple[int, str], Met]) -> None:
        """The database was away: they are written the next time, with what was met since."""
        for place, one in met.items():
            since = self._met.setdefault(place, one)
            if since is not one:
                since.times, since.first_seen = since.times + one.times, one.first_seen
                since.is_many = since.is_many or one.is_many


def same_goods(one: str, other: str) -> bool:
    """Two labels of one weighed thing differ in their weight."""
    return one == other or (bool(scale := barcodes.scale_code(one)) and scale == barcodes.scale_code(other))
