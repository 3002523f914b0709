"""The worst that offers which meet can do together, looked for among thousands."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from vokrug.promotions.engine.lint.findings import Key, Known
from vokrug.promotions.engine.lint.meeting import Neighbours
from vokrug.promotions.engine.lint.reach import place_of, share_bp, takes_off
from vokrug.promotions.engine.offers import OfferVersion

AT_ONCE = 100  # goods looked at before somebody else may be served
LARGEST = 12  # offers on one article that are tried in all combinations


class Reach:
    """What offers can take off together, with what was worked out before."""

    def __init__(self, neighbours: Neighbours, known: Known) -> None:
        self.near, self.known = neighbours, known
        self.signs: dict[int, tuple[tuple[str, str] | None, int, bool]] = {}
        self.harmless: dict[tuple[object, ...], bool] = {}
        self.most: dict[tuple[object, ...], Fraction] = {}

    def sign(self, offer: OfferVersion) -> tuple[tuple[str, str] | None, int, bool]:
        """All of an offer that its reach hangs on: place, share in basis points, whether it is exclusive."""
        if (found := self.signs.get(offer.offer_id)) is None:
            body = offer.body
            found = self.signs[offer.offer_id] = (
                place_of(body),
                share_bp(body) or 0,
                bool(getattr(body, "exclusive", 0)),
            )
        return found

    def weighing(self, offer: OfferVersion, others: Iterable[OfferVersion]) -> list[OfferVersion]:
        """Those that take something off where this offer does."""
        found = []
        for one in others:
            place, share, _ = self.sign(one)
            if share and place and one.offer_id != offer.offer_id and self.near.meets(offer, one):
                found.append(one)
        return found

    def heaviest(self, offer: OfferVersion) -> tuple[int, int]:
        return -self.sign(offer)[1], offer.offer_id

    def taken(self, offers: Sequence[OfferVersion]) -> Fraction:
        """Of offers that can all meet. Of offers that cannot, never too little."""
        sign = tuple([self.sign(one) for one in offers])
        if (found := self.most.get(sign)) is None:
            found = self.most[sign] = takes_off(self.known.policy, [one.body for one in offers])
        return found

    def worst(self, offer: OfferVersion, limit: Fraction) -> tuple[Fraction, list[OfferVersion]]:
        """The most that the offer takes with others on some of its goods, if that is more than the limit."""
        worst: tuple[Fraction, list[OfferVersion]] = (limit, [])
        wide: list[OfferVersion] | None = None
        seen: set[tuple[int, ...]] = set()
        whose: tuple[object, ...] = ()
        for key in self.near.keys_near(offer.body.goods):
            there = self.near.wide(key)
            if wide is None or there is not self.near.everything:
                wide = self.weighing(offer, there)
                whose = (self.sign(offer), *[self.sign(one) for one in wide])
            if self.is_harmless((key, whose), offer, wide, key, limit):
                continue
            others = sorted([*self.weighing(offer, self.near.local(key)), *wide], key=self.heaviest)[:LARGEST]
            marks = tuple([one.offer_id for one in others])
            if marks in seen:
                continue
            seen.add(marks)
            if self.taken([offer, *others]) <= worst[0]:
                continue
            for together in self.meeting([offer], others):
                if (taken := self.taken(together)) > worst[0]:
                    worst = taken, together
        return worst

    def ahead(self, offer: OfferVersion, limit: Fraction) -> Iterator[None]:
        """Look at the goods of an offer a few at a time, so that `worst` finds most of its answers known."""
        if not 0 < takes_off(self.known.policy, [offer.body]) <= limit:
            return
        wide: list[OfferVersion] | None = None
        whose: tuple[object, ...] = ()
        for at, key in enumerate(self.near.keys_near(offer.body.goods), 1):
            there = self.near.wide(key)
            if wide is None or there is not self.near.everything:
                wide = self.weighing(offer, there)
                whose = (self.sign(offer), *[self.sign(one) for one in wide])
            self.is_harmless((key, whose), offer, wide, key, limit)
            if at % AT_ONCE == 0:
                yield

    def is_harmless(
        self, asked: tuple[object, ...], offer: OfferVersion, wide: list[OfferVersion], key: Key, limit: Fraction
    ) -> bool:
        """Whether all that touches these goods stays within the limit, even what never meets. Alike ones ask once."""
        if (known := self.harmless.get(asked)) is None:
            there = [one for one in self.near.local(key) if self.sign(one)[1] and one.offer_id != offer.offer_id]
            others = sorted([*there, *wide], key=self.heaviest)[:LARGEST]
            known = self.harmless[asked] = self.taken([offer, *others]) <= limit
        return known

    def meeting(self, chosen: list[OfferVersion], rest: Sequence[OfferVersion]) -> Iterator[list[OfferVersion]]:
        """The largest sets of offers that can all meet, the chosen ones among them."""
        if not rest:
            yield chosen
            return
        first, others = rest[0], rest[1:]
        if all(self.near.meets(first, one) for one in chosen):
            yield from self.meeting([*chosen, first], others)
            if all(self.near.meets(first, one) for one in others):
                return
        yield from self.meeting(chosen, others)
