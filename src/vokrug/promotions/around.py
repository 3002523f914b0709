"""What the engine has to be told beside the offers: the parts that change rarely, kept in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from vokrug.promotions import store
from vokrug.promotions.coupons import store as coupons
from vokrug.promotions.coupons.rules import Pools
from vokrug.promotions.engine import Priced
from vokrug.promotions.experiments import store as experiments
from vokrug.promotions.experiments.types import Experiment, Holdout
from vokrug.promotions.limits import store as limits
from vokrug.promotions.limits.types import LiveLimit
from vokrug.promotions.lists import store as lists
from vokrug.runtime.database import Tx


@dataclass(frozen=True, slots=True)
class Around:
    """Loaded when `promotions_counter` moves, and swapped as a whole."""

    limits: Sequence[LiveLimit] = ()
    pools: Pools = field(default_factory=lambda: Pools(()))
    lists: dict[int, str] = field(default_factory=dict)
    has_people: bool = False  # lists, personal offers or households: a customer has to be looked up
    experiments: Sequence[Experiment] = ()
    holdout: Holdout = field(default_factory=Holdout)
    multipliers: frozenset[int] = frozenset()
    campaigned: frozenset[int] = frozenset()  # offers of campaigns: those the holdout goes without

    def must_be_read(self, codes: Sequence[str], customer: int | None) -> bool:
        """Is there something to be known of this check before it is priced? Mostly not, and it costs nothing."""
        return self.codes_must_be_read(codes) or (customer is not None and self.has_people)

    def codes_must_be_read(self, codes: Sequence[str]) -> bool:
        return bool(codes) and len(self.pools) > 0

    def takes(self, priced: Priced) -> bool:
        """Does what was priced take something that is limited, or leave something to be given with the sale?"""
        if priced.coupons_to_issue or priced.tier_grants:
            return True
        if not self.limits and not self.pools:
            return False
        limited = {offer for limit in self.limits for offer in limit.offers}
        return any(
            said.status == "applied" and (said.offer_id in limited or said.code is not None) for said in priced.verdicts
        )


async def load_around(tx: Tx) -> Around:
    return Around(
        limits=[limit for limit in await limits.list_live(tx) if limit.offers],
        pools=Pools(await coupons.list_pools(tx)),
        lists=await lists.read_keys(tx),
        has_people=await lists.has_people(tx),
        experiments=await experiments.list_running(tx),
        holdout=await experiments.read_holdout(tx),
        multipliers=await store.multipliers(tx),
        campaigned=await store.campaigned(tx),
    )
