"""From what a till sent to an article of the centre, when the code is none of the centre's: the shop's own name for
it first, then the barcode. The same line always finds the same article, or none.
"""

from collections.abc import Sequence

from vokrug.pos.goods import barcodes
from vokrug.pos.goods.store import aliases as store
from vokrug.pos.schemas import LineAsked
from vokrug.pos.types import Article
from vokrug.runtime.database import Database, Tx

KEEP = 200_000  # of each kind; beyond that all of them are forgotten and found again

Place = tuple[int, str]


class Aliases:
    """What was asked since the reference last changed, with what was not found."""

    def __init__(self) -> None:
        self._codes: dict[Place, Article | None] = {}
        self._barcodes: dict[Place, Article | None] = {}
        self._weighed: dict[Place, Article | None] = {}
        self._age = 0

    def clear(self) -> None:
        self._codes.clear()
        self._barcodes.clear()
        self._weighed.clear()
        self._age += 1

    async def find(
        self, db: Database, shop_id: int, lines: Sequence[LineAsked], tx: Tx | None = None
    ) -> dict[int, Article]:
        """The articles of these lines by number, without those that stay unknown."""
        while True:  # what was read may be forgotten before we look at it
            try:
                return self._found(shop_id, lines)
            except KeyError:
                if tx is not None:
                    await self._read(tx, shop_id, lines)
                else:
                    async with db.transaction(readonly=True) as own:
                        await self._read(own, shop_id, lines)

    def _found(self, shop_id: int, lines: Sequence[LineAsked]) -> dict[int, Article]:
        found = {}
        for line in lines:
            article = self._codes[shop_id, line.sku]
            if article is None and line.barcode:
                article = self._by_barcode(shop_id, barcodes.normal(line.barcode))
            if article is not None:
                found[line.n] = article
        return found

    def _by_barcode(self, shop_id: int, barcode: str) -> Article | None:
        """Weighed goods by the code that their scales print, whatever the weight; everything else by the whole."""
        if (code := barcodes.scale_code(barcode)) and (weighed := self._weighed[shop_id, code]) is not None:
            return weighed
        return self._barcodes[shop_id, barcode]

    async def _read(self, tx: Tx, shop_id: int, lines: Sequence[LineAsked]) -> None:
        age = self._age
        codes = {line.sku for line in lines}
        whole = {barcodes.normal(line.barcode) for line in lines if line.barcode}
        scales = {code for barcode in whole if (code := barcodes.scale_code(barcode))}
        own = await store.by_codes(tx, shop_id, list(codes))
        written = {spelling: barcode for barcode in whole for spelling in barcodes.spellings(barcode)}
        weighed = {spelling: code for code in scales for spelling in barcodes.scale_spellings(code)}
        borne = await store.by_barcodes(tx, shop_id, [*written, *weighed]) if whole else []
        if self._age != age:
            return  # the catalogue changed while we read: it is read again
        for known in (self._codes, self._barcodes, self._weighed):
            if len(known) > KEEP:
                known.clear()
        self._codes |= {(shop_id, code): own.get(code) for code in codes}
        for barcode in whole:
            bearers = [(is_own, article) for key, is_own, article in borne if written.get(key) == barcode]
            self._barcodes[shop_id, barcode] = only(bearers)
        for code in scales:
            heavy = [(is_own, one) for key, is_own, one in borne if weighed.get(key) == code and one.is_weighed]
            self._weighed[shop_id, code] = only(heavy)


def only(bearers: Sequence[tuple[bool, Article]]) -> Article | None:
    """The shop's own word counts for more. A barcode that two different things share says nothing."""
    own = {article.sku: article for is_own, article in bearers if is_own}
    found = own or {article.sku: article for _, article in bearers}
    sku = barcodes.bearer_of(found.keys())
    return None if sku is None else found[sku]
