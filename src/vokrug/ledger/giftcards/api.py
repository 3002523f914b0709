"""Gift cards over HTTP, for staff. Tills sell them and pay with them through their checks (`vokrug.pos`)."""

from typing import Annotated
from uuid import UUID

import msgspec

from vokrug.kernel import format_minor, parse_minor
from vokrug.ledger.errors import UnitUnknown
from vokrug.ledger.giftcards import errors, operations, store
from vokrug.ledger.giftcards.numbers import GiftKeys
from vokrug.ledger.giftcards.types import CardBatch
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("gift-cards")

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Money = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,13}(\.[0-9]{1,2})?$", description="decimal, two digits")]


class BatchGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A printing of cards. Without `nominal` a card may be sold for any sum."""

    id: UUID
    name: Words
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)] = "RUB"
    count: Annotated[int, msgspec.Meta(ge=1, le=operations.MOST_OF_A_BATCH)]
    prefix: Annotated[str, msgspec.Meta(pattern="^[0-9]{0,6}$")] = ""
    digits: Annotated[int, msgspec.Meta(ge=12, le=19)] = 16
    has_pin: bool = True
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    nominal: Money | None = None
    is_reloadable: bool = True


class CardPrinted(msgspec.Struct, frozen=True):
    """For the printer: shown to staff, never kept."""

    number: str
    pin: str | None


class BatchPrinted(msgspec.Struct, frozen=True):
    id: UUID
    cards: list[CardPrinted]


class BatchStanding(msgspec.Struct, frozen=True):
    """How many of a batch's cards stand how, and what is owed to their holders."""

    id: UUID
    name: str
    printed: int
    active: int
    expired: int
    blocked: int
    owed: str


class WhichCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: Annotated[str, msgspec.Meta(min_length=4, max_length=32)]


class CardUnblocked(msgspec.Struct, frozen=True):
    mask: str


@routes.post(
    "/v1/gift-cards/batches",
    answers={201: BatchPrinted},
    refusals=[errors.BatchIdReused, errors.BatchNonsense, UnitUnknown],
)
async def post_batch(call: Call, body: BatchGiven) -> Answer[BatchPrinted]:
    """Print a batch. Asked again with the same id, the same cards; nobody can spend one before it is sold."""
    batch = CardBatch(
        id=body.id,
        name=body.name,
        currency=body.currency,
        count=body.count,
        prefix=body.prefix,
        digits=body.digits,
        has_pin=body.has_pin,
        valid_days=body.valid_days,
        nominal_minor=None if body.nominal is None else parse_minor(body.nominal),
        is_reloadable=body.is_reloadable,
    )
    keys = call.services.get(GiftKeys)
    async with call.db.transaction() as tx:
        cards, _ = await operations.print_batch(tx, keys, batch, by=call.caller.key_id, now=call.now)
    return Answer(BatchPrinted(body.id, [CardPrinted(card.number, card.pin) for card in cards]), 201)


@routes.get("/v1/gift-cards/batches/{batch_id:uuid}", answers={200: BatchStanding}, refusals=[errors.BatchUnknown])
async def get_batch(call: Call) -> Answer[BatchStanding]:
    """How a batch stands: sold, spent, run out, and what is owed."""
    batch_id = UUID(call.path["batch_id"])
    async with call.db.transaction(readonly=True) as tx:
        batch = await store.find_batch(tx, batch_id)
        if batch is None:
            raise errors.BatchUnknown()
        stands = await store.batch_stands(tx, batch_id, call.now)
    counts = (stands["printed"], stands["active"], stands["expired"], stands["blocked"])
    return Answer(BatchStanding(batch_id, batch["name"], *counts, format_minor(stands["owed_minor"])))


@routes.post(
    "/v1/gift-cards:unblock",
    answers={200: CardUnblocked},
    refusals=[errors.GiftCardUnknown, errors.GiftCardMalformed],
)
async def post_unblock(call: Call, body: WhichCard) -> Answer[CardUnblocked]:
    """Let a blocked card pay again, with its PIN tries forgiven."""
    keys = call.services.get(GiftKeys)

    async def story(tx: Tx) -> str:
        (card,) = await operations.find(tx, keys, [operations.digits(body.number)], call.now, locked=True)
        if card is None:
            raise errors.GiftCardUnknown()
        await operations.unblock(tx, card)
        return card.mask

    return Answer(CardUnblocked(await call.db.replayed(story)))
