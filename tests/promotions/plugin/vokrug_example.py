"""What a package of somebody else's brings: a condition of its own and a benefit of its own."""

from vokrug.promotions.engine.offers.benefits import PerUnit
from vokrug.promotions.engine.offers.conditions import Condition
from vokrug.promotions.engine.offers.parts import Missing
from vokrug.promotions.engine.offers.situation import Situation


class Weather(Condition, frozen=True, kw_only=True, tag_field="kind", tag="weather"):
    """The weather that the till told with the check."""

    is_now: str

    def missing(self, situation: Situation) -> Missing | None:
        now = situation.attribute("basket", "weather")
        return None if now == self.is_now else Missing("weather", words=(self.is_now,))


class NoKopecks(PerUnit, frozen=True, kw_only=True, tag_field="kind", tag="no_kopecks"):
    """Every unit is rounded down to whole roubles."""

    def off(self, left_minor: int, price_minor: int, qty_milli: int) -> int:
        return left_minor % 100
