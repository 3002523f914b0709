"""What the sample hands to the till simulator: keys of two tills, goods with prices, phones, codes, gift cards."""

from datetime import datetime
from uuid import UUID

from vokrug import web
from vokrug.app.sample.card import SECOND_SHOP, SECOND_TILL, SHOP, TILL, SampleKeysMissing, read_keys
from vokrug.app.sample.chain import SHOPS
from vokrug.app.sample.goods import SHELVES, articles
from vokrug.app.sample.people import shoppers
from vokrug.app.wiring import secret_of
from vokrug.kernel import format_minor
from vokrug.ledger.giftcards.numbers import GiftKeys
from vokrug.ledger.giftcards.operations import print_batch
from vokrug.ledger.giftcards.types import CardBatch
from vokrug.runtime.database import Tx
from vokrug.runtime.settings import Settings

GIFT_CARDS = CardBatch(
    id=UUID("0190a6b8-5a3e-7c51-9d2f-3f1f5b6c7d80"),
    name="Подарочные карты «Околицы»",
    currency="RUB",
    count=40,
    prefix="7700",
    valid_days=365,
)
PHONES = 8


async def print_gift_cards(tx: Tx, settings: Settings, now: datetime) -> None:
    """Cards to sell at the simulator. Asked at each start, printed once."""
    await print_batch(tx, GiftKeys(secret_of(settings)), GIFT_CARDS, by="sample", now=now)


def playground_of(settings: Settings) -> web.Sandbox:
    """Everything that the simulator's page may know; nothing where there is no sample."""
    try:
        keys = read_keys(settings)
    except SampleKeysMissing:
        return web.Sandbox()
    names = {shop.code: shop.city.partition(",")[0] for shop in SHOPS}
    shelves = {shelf.code: shelf.name for shelf in SHELVES}
    return web.Sandbox(
        tills=[
            web.SandboxTill(SHOP, TILL, f"{names[SHOP]}, {TILL}", keys.till),
            web.SandboxTill(SECOND_SHOP, SECOND_TILL, f"{names[SECOND_SHOP]}, {SECOND_TILL}", keys.second_till),
        ],
        goods=[
            web.SandboxArticle(
                article.sku,
                article.name,
                shelves[article.category],
                format_minor(article.price_minor),
                article.barcode,
                article.is_weighed,
            )
            for shelf in articles().values()
            for article in shelf
        ],
        phones=[person.phone for person in shoppers(400) if person.since < 0.5 and person.weight > 1.2][:PHONES],
        codes=["ОКОЛИЦА"],
        gift_cards=[web.SandboxCard(card.number, card.pin) for card in GiftKeys(secret_of(settings)).cards(GIFT_CARDS)],
        staff=keys.staff,
    )
