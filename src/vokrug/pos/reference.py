"""Shops, tills, goods and tiers as every call of a till needs them: in memory, renewed when they change."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from vokrug import ledger, promotions
from vokrug.pos import store
from vokrug.pos.document import ReturnTerms
from vokrug.pos.errors import ForeignShop, ShopUnknown, TillUnknown
from vokrug.pos.goods.resolving import Aliases
from vokrug.pos.messages import store as messages
from vokrug.pos.messages.schemas import ReceiptMessage
from vokrug.pos.proofs import store as proofs
from vokrug.pos.proofs.schemas import TillPolicy
from vokrug.pos.proofs.types import Demand, Unreceipted
from vokrug.pos.schemas import LineAsked, ReturnPolicy
from vokrug.pos.types import Article, Shop, Till
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Caller

KEEP_ARTICLES = 200_000  # about 60 MB: beyond that the ones met first make room


def terms_of(body: str) -> ReturnTerms | None:
    """A return policy as documents pin it; the usual one takes no room in them."""
    policy = msgspec.json.decode(body, type=ReturnPolicy)
    terms = ReturnTerms(policy.earned, policy.shortfall, policy.burned, policy.grace_days, policy.refund_to)
    return None if terms == ReturnTerms() else terms


class Reference:
    """One per process. `renew` is called every second and costs one small read when nothing changed."""

    def __init__(self, offers: promotions.LiveOffers, points_unit: str = "PTS") -> None:
        self.points_code = points_unit
        self.points_unit = 0
        self.version = (-1, -1)
        self.shops: dict[str, Shop] = {}
        self.shops_by_id: dict[int, Shop] = {}
        self.tills: dict[tuple[int, str], Till] = {}
        self.till_codes: dict[int, str] = {}
        self.programme = promotions.Programme()
        self.offers = offers
        self.units: dict[str, ledger.Unit] = {}
        self._articles: dict[str, Article] = {}
        self._strangers: set[str] = set()  # codes that are no sku of the centre's
        self._aliases = Aliases()
        self._summed: dict[tuple[str, int], int] = {}
        self._accounts: dict[str, ledger.Accounts] = {}
        self.rates: dict[str, tuple[int, int]] = {}  # what a minor point is worth in each currency
        self.return_terms: ReturnTerms | None = None  # None: the usual ones
        self.burn_proof: Demand | None = None  # None: points burn on the shopper's being there
        self.without_receipt: Unreceipted | None = None  # None: not at all
        self.messages: dict[int, tuple[ReceiptMessage, ...]] = {}  # by version, the newest first
        self.messages_version = 0  # in force; 0: nothing is said
        self.hold_most = timedelta(hours=1)  # from the price on, however often a check is extended

    async def renew(self, db: Database, now: datetime) -> bool:
        """Read everything again if anything changed. Says whether it did."""
        async with db.transaction(readonly=True) as tx:
            version = (await store.reference_version(tx), await promotions.tiers_version(tx))
            if version == self.version:
                return False
            shops, tills = await store.read_shops(tx), await store.read_tills(tx)
            self.programme = await promotions.read_programme(tx)
            self.units = await ledger.units(tx)
            self._summed |= await ledger.summed_wallets(tx)
            self.points_unit = self.units[self.points_code].id
            declared = await store.return_policy(tx)
            self.return_terms = None if declared is None else terms_of(declared[1])
            policy = await proofs.till_policy(tx)
            asked = TillPolicy() if policy is None else msgspec.json.decode(policy[1], type=TillPolicy)
            self.burn_proof, self.hold_most = Demand.of(asked.burn_proof), timedelta(seconds=asked.hold_most_s)
            self.messages = await messages.versions(tx)
            newest = next(iter(self.messages), 0)
            self.messages_version = newest if self.messages.get(newest) else 0
            self.without_receipt = Unreceipted.of(asked.without_receipt)
            for currency in {shop.currency for shop in shops}:
                self.rates[currency] = await ledger.rate(tx, self.points_unit, self.units[currency].id, now)
        self.shops = {shop.code: shop for shop in shops}
        self.shops_by_id = {shop.id: shop for shop in shops}
        self.tills = {(till.shop_id, till.code): till for till in tills}
        self.till_codes = {till.id: till.code for till in tills}
        self._articles.clear()
        self._strangers.clear()
        self._aliases.clear()
        self._accounts = {
            shop.code: self._known_accounts(shop)
            for shop in shops
            if all(code in self._summed for code in self._codes(shop).values())
        }
        self.version = version
        return True

    @property
    def multipliers(self) -> frozenset[int]:
        """Offers whose points tiers may leave out."""
        return self.offers.around.multipliers

    def shop(self, caller: Caller, shop_code: str) -> Shop:
        """The only way from a code to a shop: a key reaches its own and no further."""
        shop = self.shops.get(shop_code)
        if shop is None:
            raise ForeignShop() if caller.shop_id is not None else ShopUnknown(shop=shop_code)
        if caller.shop_id is not None and caller.shop_id != shop.id:
            raise ForeignShop()
        return shop

    def place(self, caller: Caller, shop_code: str, till_code: str) -> tuple[Shop, Till]:
        """The same for a till."""
        shop = self.shop(caller, shop_code)
        till = self.tills.get((shop.id, till_code))
        if till is None:
            raise TillUnknown(till=till_code)
        if caller.till_id is not None and caller.till_id != till.id:
            raise ForeignShop()
        return shop, till

    # Goods

    async def goods(
        self,
        db: Database,
        shop: Shop,
        lines: Sequence[LineAsked],
        tx: Tx | None = None,
        *,
        by_own_names: bool = True,
    ) -> tuple[dict[int, Article], Sequence[LineAsked]]:
        """What the centre knows of each line, by its number, and the lines it knows nothing of, which stop no sale."""
        known = self._articles
        try:
            return {line.n: known[line.sku] for line in lines}, ()
        except KeyError:
            return await self._goods_of_strangers(db, shop, lines, tx, by_own_names)

    async def _goods_of_strangers(
        self, db: Database, shop: Shop, lines: Sequence[LineAsked], tx: Tx | None, by_own_names: bool
    ) -> tuple[dict[int, Article], Sequence[LineAsked]]:
        """By the centre's code, else by what this shop calls it, else by barcode."""
        central = await self.articles(db, [line.sku for line in lines], tx)
        strangers = [line for line in lines if central[line.sku] is None]
        found = {line.n: article for line in lines if (article := central[line.sku]) is not None}
        own = await self._aliases.find(db, shop.id, strangers, tx)
        if not by_own_names:
            return found, [line for line in strangers if line.n not in own]
        return found | own, [line for line in strangers if line.n not in own]

    async def articles(self, db: Database, skus: Iterable[str], tx: Tx | None = None) -> dict[str, Article | None]:
        """What the centre knows of these goods; None for those it does not know, which stops no sale. Who has a
        transaction reads in it: one that waits for a second connection while it holds the first waits for ever.
        """
        known, strangers = self._articles, self._strangers
        wanted = list(skus)
        missing = [sku for sku in wanted if sku not in known and sku not in strangers]
        if missing:
            if tx is not None:
                found = {article.sku: article for article in await store.read_articles(tx, missing)}
            else:
                async with db.transaction(readonly=True) as own:
                    found = {article.sku: article for article in await store.read_articles(own, missing)}
            while known and len(known) + len(found) > KEEP_ARTICLES:
                known.pop(next(iter(known)))
            if len(strangers) + len(missing) > KEEP_ARTICLES:
                strangers.clear()
            known |= found
            strangers.update(sku for sku in missing if sku not in found)
            return {sku: known.get(sku, found.get(sku)) for sku in wanted}
        return {sku: known.get(sku) for sku in wanted}

    # Money

    async def accounts(self, db: Database, shop: Shop, now: datetime) -> ledger.Accounts:
        """The summed wallets of a shop's sales. Opened when the shop is first met, known ever after."""
        known = self._accounts.get(shop.code)
        if known is None:
            async with db.transaction() as tx:
                for code, unit in self._codes(shop).values():
                    await ledger.summed_wallet(tx, code, unit, now)
                self._summed |= await ledger.summed_wallets(tx)  # others may be reading just now
            known = self._accounts[shop.code] = self._known_accounts(shop)
        return known

    def _codes(self, shop: Shop) -> dict[str, tuple[str, int]]:
        points, money = self.points_unit, self.units[shop.currency].id
        return {
            "issued": ("points.issued", points),
            "redeemed": (f"points.redeemed/{shop.code}", points),
            "clearing": (f"till.clearing/{shop.code}", money),
            "revenue": (f"revenue/{shop.code}", money),
            "liability": ("points.liability", money),
            "deviation": (f"deviation/{shop.code}", money),
        }

    def _known_accounts(self, shop: Shop) -> ledger.Accounts:
        num, den = self.rates[shop.currency]
        ids = {name: self._summed[code] for name, code in self._codes(shop).items()}
        return ledger.Accounts(points_unit=self.points_unit, **ids, value_num=num, value_den=den)

    async def funder_account(self, tx: Tx, funder: str, shop: Shop, now: datetime) -> int:
        """Who owes the worth of points: the programme itself, or a named funder's own liability."""
        code = "points.liability" if funder == "merchant" else f"points.liability/{funder}"
        return await ledger.summed_wallet(tx, code, self.units[shop.currency].id, now)
