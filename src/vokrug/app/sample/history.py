"""Three months of trade as they might have been: what was bought when, by whom, and what came back.

Nothing here touches a database: the plan follows from its size and first day alone, so that filling which was
interrupted goes on with the same documents.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from vokrug.app.sample.chain import SHOPS
from vokrug.app.sample.goods import SHELVES, SampleArticle, articles
from vokrug.app.sample.people import SampleShopper, shoppers
from vokrug.kernel import format_minor

BY_WEEKDAY = (0.88, 0.90, 0.93, 0.98, 1.18, 1.22, 1.00)
OPEN_HOURS = range(8, 22)
BY_HOUR = (3, 4, 4, 4, 5, 6, 5, 4, 5, 7, 10, 11, 8, 4)
LINES = (1, 2, 3, 4, 5, 6, 8, 11)
BY_LINES = (10, 17, 19, 17, 13, 10, 8, 4)
WITH_A_CARD = 0.64
A_GUEST = 0.06
COMES_BACK = 0.015


@dataclass(frozen=True, slots=True)
class Size:
    """How much history to make. Ready within a minute on two cores."""

    days: int = 91
    shoppers: int = 600
    sales_a_day: int = 180


@dataclass(frozen=True, slots=True)
class PlannedLine:
    article: SampleArticle
    qty: str
    price: str


@dataclass(frozen=True, slots=True)
class PlannedSale:
    check_id: UUID
    at: datetime
    shop: int
    till: int
    cashier: str
    channel: str
    shopper: int | None
    lines: tuple[PlannedLine, ...]
    burns: bool
    code: str | None


@dataclass(frozen=True, slots=True)
class PlannedReturn:
    return_id: UUID
    at: datetime
    sale: PlannedSale
    lines: tuple[tuple[int, str], ...]  # none: all of it


@dataclass(slots=True)
class Day:
    """What happened on one day, in the order of the clock."""

    date: date
    documents: list[PlannedSale | PlannedReturn] = field(default_factory=list)


class History:
    """The plan of a chain's past."""

    def __init__(self, began_on: date, size: Size) -> None:
        self.began_on, self.size = began_on, size
        self.people = shoppers(size.shoppers)
        self.goods = articles()
        self._shelves = [shelf.code for shelf in SHELVES]
        self._popularity = [shelf.popularity for shelf in SHELVES]
        self._regulars = [
            [number for number, one in enumerate(self.people) if one.home == shop] for shop in range(len(SHOPS))
        ]
        self._neighbours = [
            [
                one
                for other, people in zip(SHOPS, self._regulars, strict=True)
                if other.zone == shop.zone
                for one in people
            ]
            for shop in SHOPS
        ]

    def days(self) -> Iterator[Day]:
        """Day by day by the clock of Greenwich; goods that come back do so a few days later."""
        coming: dict[date, list[PlannedSale | PlannedReturn]] = {}
        for number in range(self.size.days):
            today = self.began_on + timedelta(days=number)
            for sale, back in self._trade(today, number):
                coming.setdefault(sale.at.date(), []).append(sale)
                if back is not None:
                    coming.setdefault(back.at.date(), []).append(back)
            # The chain's east opens while it is still yesterday in Greenwich: that day is complete now.
            yield self._complete(coming, today - timedelta(days=1))
        yield self._complete(coming, today)

    def _complete(self, coming: dict[date, list[PlannedSale | PlannedReturn]], on: date) -> Day:
        return Day(on, sorted(coming.pop(on, []), key=lambda document: document.at))

    def _trade(self, today: date, number: int) -> Iterator[tuple[PlannedSale, PlannedReturn | None]]:
        rng = Random(f"{self.began_on}/{number}")
        whole = sum(shop.busyness for shop in SHOPS)
        growth = 0.9 + 0.2 * number / self.size.days
        for place, shop in enumerate(SHOPS):
            mean = self.size.sales_a_day * shop.busyness / whole * BY_WEEKDAY[today.weekday()] * growth
            present = [one for one in self._regulars[place] if self.people[one].since * self.size.days <= number]
            guests = [one for one in self._neighbours[place] if self.people[one].since * self.size.days <= number]
            seen: set[int] = set()
            for _ in range(round(mean * rng.uniform(0.85, 1.15))):
                at = self._moment(rng, today, shop.zone)
                sale = self._sale(rng, place, at, guests if rng.random() < A_GUEST else present, seen)
                back = self._return(rng, sale) if rng.random() < COMES_BACK else None
                yield sale, back

    def _moment(self, rng: Random, today: date, zone: str) -> datetime:
        (hour,) = rng.choices(OPEN_HOURS, BY_HOUR)
        clock = time(hour, rng.randrange(60), rng.randrange(60), tzinfo=ZoneInfo(zone))
        return datetime.combine(today, clock).astimezone(UTC)

    def _sale(self, rng: Random, place: int, at: datetime, present: list[int], seen: set[int]) -> PlannedSale:
        shopper = None
        if present and rng.random() < WITH_A_CARD:
            (who,) = rng.choices(present, [self.people[one].weight for one in present])
            shopper = None if who in seen else who
            seen.add(who)
        person = None if shopper is None else self.people[shopper]
        shop = SHOPS[place]
        return PlannedSale(
            check_id=id_at(at, rng),
            at=at,
            shop=place,
            till=rng.randrange(shop.tills),
            cashier=f"К{rng.randrange(1, 2 * shop.tills + 1):02}",
            channel="app" if person is not None and person.uses_app and rng.random() < 0.5 else "pos",
            shopper=shopper,
            lines=self._basket(rng, person, shop.dearness),
            burns=person is not None and rng.random() < person.spends_points,
            code="ОКОЛИЦА" if person is not None and rng.random() < 0.02 else None,
        )

    def _basket(self, rng: Random, person: SampleShopper | None, dearness: float) -> tuple[PlannedLine, ...]:
        (count,) = rng.choices(LINES, BY_LINES)
        chosen: dict[str, SampleArticle] = {}
        for _ in range(count):
            likes = person is not None and rng.random() < 0.6
            shelf = rng.choice(person.likes) if person and likes else rng.choices(self._shelves, self._popularity)[0]
            article = rng.choice(self.goods[shelf])
            chosen[article.sku] = article
        return tuple(
            PlannedLine(article, quantity(rng, article), format_minor(dearer(article.price_minor, dearness)))
            for article in chosen.values()
        )

    def _return(self, rng: Random, sale: PlannedSale) -> PlannedReturn:
        """Usually one thing; seldom everything. Never later than the history is long."""
        last = datetime.combine(self.began_on + timedelta(days=self.size.days - 1), time(20), tzinfo=UTC)
        at = min(sale.at + timedelta(hours=rng.uniform(0.5, 100)), max(last, sale.at + timedelta(minutes=10)))
        n = rng.randrange(len(sale.lines))
        line = sale.lines[n]
        part = "1" if not line.article.is_weighed and int(line.qty) > 1 else line.qty
        lines = () if rng.random() < 0.2 else ((n + 1, part),)
        return PlannedReturn(id_at(at, rng), at.replace(microsecond=0), sale, lines)


def quantity(rng: Random, article: SampleArticle) -> str:
    if article.is_weighed:
        return format_minor(round(rng.triangular(0.18, 2.2, 0.6) * 1000), 3)
    return str(rng.choices((1, 2, 3, 4), (72, 19, 6, 3))[0])


def dearer(price_minor: int, dearness: float) -> int:
    """A price of the region, with kopecks as shelves write them."""
    return round(price_minor * dearness / 100) * 100 - 10


def id_at(at: datetime, rng: Random) -> UUID:
    """A UUIDv7 of that moment: documents of one day lie together, as they would have."""
    stamp = int(at.timestamp() * 1000)
    return UUID(int=stamp << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 2 << 62 | rng.getrandbits(62))
