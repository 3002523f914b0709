"""What must hold for an offer to be granted. Each kind says what is missing when it does not.

A kind answers `missing(situation)`: None when it holds. Those that look at what earlier offers left are
`moving`: they are asked again in the middle of the search, the others once a check.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vokrug.promotions.engine.basket import Natural, Positive
from vokrug.promotions.engine.offers.parts import Days, Goods, Missing, Part, SetPart
from vokrug.promotions.engine.offers.situation import Situation

NthVisit = Annotated[int, Meta(ge=1, le=1_000_000)]


class Condition(Part, frozen=True, kw_only=True):
    """Base of the kinds."""

    moving: ClassVar[bool] = False

    def missing(self, situation: Situation) -> Missing | None:
        """None when it holds, else what is missing."""
        raise NotImplementedError

    def is_moving(self, threshold_on: str) -> bool:
        """Whether an answer may change while discounts are being given; `threshold_on` is the policy's word."""
        return self.moving


class AtLeastUnits(Condition, frozen=True, kw_only=True, tag_field="kind", tag="units"):
    """Quantity of the goods, in thousandths: at least so much, or strictly more. Goods: the offer's own."""

    at_least_milli: Natural = 0
    over_milli: Natural | None = None
    goods: Goods | None = None

    def missing(self, situation: Situation) -> Missing | None:
        need = self.at_least_milli if self.over_milli is None else max(self.at_least_milli, self.over_milli + 1)
        has = situation.qty_milli(self.goods)
        return None if has >= need else Missing("units", qty_milli=need - has, goods=self.goods)


class AtLeastAmount(Condition, frozen=True, kw_only=True, tag_field="kind", tag="amount"):
    """Worth of the goods: at least, or strictly more; of what offers left, or of the first prices."""

    at_least_minor: Natural = 0
    over_minor: Natural | None = None
    goods: Goods | None = None
    of: Literal["policy", "remaining", "original"] = "policy"

    def missing(self, situation: Situation) -> Missing | None:
        need = self.at_least_minor if self.over_minor is None else max(self.at_least_minor, self.over_minor + 1)
        has = situation.amount_minor(self.goods, self.of)
        return None if has >= need else Missing("amount", minor=need - has, goods=self.goods)

    def is_moving(self, threshold_on: str) -> bool:
        return self.of == "remaining" or (self.of == "policy" and threshold_on == "remaining")


class BoughtTogether(Condition, frozen=True, kw_only=True, tag_field="kind", tag="together"):
    """All the parts lie in the basket."""

    parts: Annotated[tuple[SetPart, ...], Meta(min_length=1, max_length=20)]

    def missing(self, situation: Situation) -> Missing | None:
        for part in self.parts:
            has = situation.units(part.goods)
            if has < part.units:
                return Missing("together", qty_milli=(part.units - has) * 1000, goods=part.goods)
        return None


class VisitNumber(Condition, frozen=True, kw_only=True, tag_field="kind", tag="visit"):
    """Every nth visit, or the visits named: this one counts as the next after those so far."""

    every: NthVisit | None = None
    numbers: tuple[NthVisit, ...] = ()

    def missing(self, situation: Situation) -> Missing | None:
        shopper = situation.shopper
        if shopper is None:
            return Missing("card")
        number = shopper.visits + 1
        if number in self.numbers or (self.every and number % self.every == 0):
            return None
        ahead = [at for at in self.numbers if at > number]
        if self.every:
            ahead.append(-(-number // self.every) * self.every)
        return Missing("visits", count=min(ahead) - number) if ahead else Missing("visits")


class FirstPurchase(Condition, frozen=True, kw_only=True, tag_field="kind", tag="first_purchase"):
    """The customer never bought before."""

    def missing(self, situation: Situation) -> Missing | None:
        if situation.shopper is None:
            return Missing("card")
        return None if situation.shopper.visits == 0 else Missing("first_purchase")


class PlannedTender(Condition, frozen=True, kw_only=True, tag_field="kind", tag="tender"):
    """The check is to be paid by one of these: some of it, or all of it."""

    types: Annotated[tuple[str, ...], Meta(min_length=1)]
    whole: bool = False

    def missing(self, situation: Situation) -> Missing | None:
        planned = [tender.type for tender in situation.basket.tenders]
        named = [tender in self.types for tender in planned]
        return None if named and (all(named) if self.whole else any(named)) else Missing("tender", words=self.types)


class Birthday(Condition, frozen=True, kw_only=True, tag_field="kind", tag="birthday"):
    """So many days before the birthday and after it. Who was born on 29 February has 1 March in other years."""

    days_before: Annotated[int, Meta(ge=0, le=180)] = 0
    days_after: Annotated[int, Meta(ge=0, le=180)] = 0

    def missing(self, situation: Situation) -> Missing | None:
        shopper = situation.shopper
        if shopper is None or shopper.birthday is None:
            return Missing("birthday")
        ahead = situation.days_to(*shopper.birthday)
        if ahead <= self.days_before or situation.days_since(*shopper.birthday) <= self.days_after:
            return None
        return Missing("birthday", days=ahead - self.days_before)


class SinceLastPurchase(Condition, frozen=True, kw_only=True, tag_field="kind", tag="since_last"):
    """Whole days since the customer last bought. Who never did has not been away."""

    at_least_days: Days | None = None
    at_most_days: Annotated[int, Meta(ge=0, le=36_500)] | None = None

    def missing(self, situation: Situation) -> Missing | None:
        shopper = situation.shopper
        if shopper is None or shopper.last_purchase_at is None:
            return Missing("since_last")
        days = (situation.now - shopper.last_purchase_at).days
        if self.at_least_days is not None and days < self.at_least_days:
            return Missing("since_last", days=self.at_least_days - days)
        if self.at_most_days is not None and days > self.at_most_days:
            return Missing("since_last")
        return None


class AttributeIs(Condition, frozen=True, kw_only=True, tag_field="kind", tag="attribute"):
    """A custom attribute of the customer or of the basket: one of these values, or within these bounds."""

    name: str
    of: Literal["customer", "basket"] = "customer"
    any_of: tuple[str | int | bool, ...] = ()
    at_least: int | None = None
    at_most: int | None = None

    def missing(self, situation: Situation) -> Missing | None:
        value = situation.attribute(self.of, self.name)
        if value is not None and self._holds(value):
            return None
        return Missing("attribute", words=(self.name,))

    def _holds(self, value: str | int | bool) -> bool:
        if self.any_of and not any(type(each) is type(value) and each == value for each in self.any_of):
            return False
        if self.at_least is None and self.at_most is None:
            return True
        if isinstance(value, (str, bool)):
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


class PointsOnCard(Condition, frozen=True, kw_only=True, tag_field="kind", tag="points_balance"):
    """Points that may be spent now."""

    at_least_minor: Positive

    def missing(self, situation: Situation) -> Missing | None:
        has = situation.shopper.available_minor if situation.shopper else 0
        return None if has >= self.at_least_minor else Missing("points", points_minor=self.at_least_minor - has)


OURS = (
    AtLeastUnits,
    AtLeastAmount,
    BoughtTogether,
    VisitNumber,
    FirstPurchase,
    PlannedTender,
    Birthday,
    SinceLastPurchase,
    AttributeIs,
    PointsOnCard,
)
