"""The published offers, kept compiled in memory and swapped as a whole when they change."""

from vokrug.promotions import operations, store
from vokrug.promotions.around import Around, load_around
from vokrug.promotions.engine import CompiledOffers, compile_offers
from vokrug.runtime.database import Tx


class LiveOffers:
    """One per process. `promotions_counter.value` says whether what we hold is still the news.

    A till's quote reads the counter in the one query it makes anyway, and passes it to `at`; who has no
    such query calls `refresh`. A check that began with one set ends with it: sets are never changed.
    """

    def __init__(self) -> None:
        self.current: CompiledOffers = compile_offers([])
        self.around = Around()
        self.counter = 0

    async def at(self, tx: Tx, counter: int) -> CompiledOffers:
        """The set that this reading of the counter calls for, loaded only if we hold an older one."""
        if counter > self.counter:
            await self.refresh(tx)
        return self.current

    async def refresh(self, tx: Tx) -> CompiledOffers:
        # The counter is read first: a set published in between is loaded under the old number and
        # once more under its own, never missed.
        counter = await store.read_counter(tx)
        if counter != self.counter:
            loaded, around = await operations.load_published(tx, self.current.days), await load_around(tx)
            if counter > self.counter:  # another task may have been quicker
                self.current, self.around, self.counter = loaded, around, counter
        return self.current
