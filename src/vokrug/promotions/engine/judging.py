"""What became of every offer that was looked at, in words a cashier can use; and what would be worth a little more."""

from collections.abc import Mapping

from vokrug.promotions.engine.desk import Desk, Node
from vokrug.promotions.engine.finding import not_met, refusal
from vokrug.promotions.engine.offers import BuyGet, Gift, Missing, SetPrice
from vokrug.promotions.engine.policy import Group
from vokrug.promotions.engine.priced import Hint, Verdict
from vokrug.promotions.engine.units import Given, Offer, State, reckon

WORTH_ASKING = frozenset({"units", "amount", "together", "tender"})  # what somebody at a till can still change
MOST_HINTS = 5


class Judge:
    """Looks back from the result."""

    def __init__(self, desk: Desk, start: State, final: State) -> None:
        self.desk, self.final = desk, final
        self.begun = dict(final.starts)
        self.start = start
        self.given: dict[int, list[Given]] = {}
        for given in final.trail:
            self.given.setdefault(given.offer.rule.offer_id, []).append(given)
        self.rivals: dict[str, list[Given]] = {}  # by layer
        self.gave: dict[str, dict[int, list[tuple[int, int]]]] = {}  # by layer and line: offers, and what they took off
        self.asked: list[tuple[Offer, Group, State, Missing]] = []

    def verdicts(self, codes: Mapping[int, str]) -> list[Verdict]:
        """One for each offer, by layer."""
        found = [refusal(rule, "excluded", "no_layer") for rule in self.desk.homeless]
        for at, node in enumerate(self.desk.layers):
            begun = self.begun.get(node.group.key, self.start)
            after = self.desk.layers[at + 1].group.key if at + 1 < len(self.desk.layers) else None
            ended = self.begun.get(after, self.final) if after is not None else self.final
            found += self.of_node(node, begun, ended)
        return found

    def of_node(self, node: Node, begun: State, ended: State) -> list[Verdict]:
        found = [self.of(offer, node.group, begun, ended) for offer in node.offers]
        for child in node.children:
            found += self.of_node(child, begun, ended)
        return found

    def of(self, offer: Offer, group: Group, begun: State, ended: State) -> Verdict:
        rule = offer.rule
        if mine := self.given.get(rule.offer_id):
            return Verdict(rule.offer_id, rule.version, "applied", sum(given.total for given in mine))
        # In a queue an offer is asked at its turn, when those before it have taken theirs.
        queued = group.mode in ("all", "priority", "first")
        missing = self.desk.missing(offer, begun) or (self.desk.missing(offer, ended) if queued else None)
        missing = missing or self.units_missing(offer)
        if missing is not None:
            self.asked.append((offer, group, begun, missing))
            return not_met(rule, missing)
        rivals = self.rivals.get(offer.layer)
        if rivals is None:
            rivals = [given for given in self.final.trail if given.offer.layer == offer.layer]
            self.rivals[offer.layer] = rivals
        if self.desk.is_shut_out(offer, ended):
            return self.lost(offer, rivals, "excluded", "group")
        worth = self.desk.worth(offer, begun, group)
        if not worth and offer.effect.family != "handed":
            return refusal(rule, "excluded", "nothing_left")
        if group.mode == "priority" and any(given.offer.rule.exclusive for given in rivals):
            return self.lost(offer, rivals, "excluded", "exclusive")
        return self.lost(offer, rivals, "beaten", "", worth)

    def lost(self, offer: Offer, rivals: list[Given], status: str, reason: str, worth: int = 0) -> Verdict:
        """Beaten by the one that took most of the same goods, by what they gave there more than this would."""
        gave = self.gave.get(offer.layer) or self.look_up(offer.layer)
        there: dict[int, int] = {}
        for line in offer.aimed:
            for offer_id, off in gave.get(line, ()):
                there[offer_id] = there.get(offer_id, 0) + off
        winner = max(there, key=lambda offer_id: (there[offer_id], -offer_id), default=None)
        if winner is None:
            winner = min([given.offer.rule.offer_id for given in rivals], default=None)
        more = max(0, sum(there.values()) - worth) if worth else 0
        rule = offer.rule
        return Verdict(rule.offer_id, rule.version, status, more, winner, reason=reason)  # type: ignore[arg-type]

    def look_up(self, layer: str) -> dict[int, list[tuple[int, int]]]:
        """What each line got in a layer, and by which offers."""
        gave = self.gave.setdefault(layer, {})
        for given in self.final.trail:
            if given.offer.layer == layer:
                for line, off in given.by_line.items():
                    gave.setdefault(line, []).append((given.offer.rule.offer_id, off))
        return gave

    def units_missing(self, offer: Offer) -> Missing | None:
        """How many units a set or a gift still asks for."""
        benefit, desk = offer.effect.benefit, self.desk
        basket, work = desk.moment.basket, desk.moment.work

        def count(lines: frozenset[int]) -> int:
            return sum(work.units[i] for i in lines if not basket.lines[i].gift_card_sale)

        if isinstance(benefit, Gift) and benefit.per_units is not None:
            has = count(frozenset(offer.counted))
            return None if has >= benefit.per_units else Missing("units", qty_milli=(benefit.per_units - has) * 1000)
        if isinstance(benefit, SetPrice):
            for part, lines in zip(benefit.parts, offer.parts, strict=True):
                if (has := count(lines)) < part.units:
                    return Missing("together", qty_milli=(part.units - has) * 1000, goods=part.goods)
        if isinstance(benefit, BuyGet):
            buys, gets = offer.parts
            least = 1 if benefit.partial else benefit.get_units
            if (has := count(buys)) < benefit.buy_units:
                return Missing("units", qty_milli=(benefit.buy_units - has) * 1000, goods=benefit.buy)
            if (has := count(buys | gets)) < benefit.buy_units + least or count(gets) < least:
                short = max(benefit.buy_units + least - has, least - count(gets))
                return Missing("units", qty_milli=short * 1000, goods=benefit.get)
        return None

    # Hints

    def hints(self) -> tuple[Hint, ...]:
        """Offers that a small addition would bring, the most gain for it first."""
        found = []
        for offer, group, begun, missing in self.asked:
            if missing.what not in WORTH_ASKING:
                continue
            if (gain := self.gain(offer, group, begun)) > 0:
                hint = Hint(offer.rule.offer_id, offer.rule.version, gain, 0, missing)
                found.append((gain / max(1, self.price_of(offer, missing)), hint))
        found.sort(key=lambda one: (-one[0], one[1].offer_id))
        return tuple(hint for _, hint in found[:MOST_HINTS])

    def gain(self, offer: Offer, group: Group, begun: State) -> int:
        """What it would give on today's goods, less what it would push aside."""
        worth = self.worth(offer, begun)
        if group.mode in ("all", "priority"):
            return worth
        pushed = sum(
            off
            for given in self.final.trail
            if given.offer.layer == offer.layer
            for line, off in given.by_line.items()
            if line in offer.aimed
        )
        return worth - pushed

    def worth(self, offer: Offer, begun: State) -> int:
        """Gifts and the free unit of a set are worth their price, where the basket tells it."""
        benefit, table = offer.effect.benefit, self.desk.table
        if isinstance(benefit, Gift):
            prices = dict(zip(table.sku, table.price, strict=True))
            return max(prices.get(choice.sku, 0) * choice.units for choice in benefit.choices)
        if offer.effect.family == "handed":
            return 0
        if (made := reckon(offer, begun, table)) is not None:
            return sum(units * off for _, units, off in made.pieces)
        if isinstance(benefit, BuyGet):
            prices_there = [table.price[line] for line in offer.parts[1]]
            return min(prices_there, default=0) * benefit.get_units * benefit.percent_bp // 10_000
        return 0

    def price_of(self, offer: Offer, missing: Missing) -> int:
        """About what the customer would spend to get there."""
        if missing.minor:
            return missing.minor
        prices = [self.desk.table.price[line] for line in offer.aimed if line < self.desk.table.delivery]
        return min(prices, default=1) * max(1, missing.qty_milli) // 1000
