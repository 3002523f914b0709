"""The shopper walked away, or wants more time."""

from datetime import datetime
from uuid import UUID

from vokrug.pos import answers, store
from vokrug.pos import document as documents
from vokrug.pos.checkout import Checkout
from vokrug.pos.errors import AlreadyCommitted, DocumentOfAnotherTill
from vokrug.pos.operations.setting_aside import let_go
from vokrug.pos.schemas import Released
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx


async def cancel(checkout: Checkout, check_id: UUID, shop: Shop, till: Till, now: datetime) -> Released:
    """Release what a check holds. Repeat freely; a check nobody has heard of is cancelled all the same.

    A sale that is final stays: a printed receipt is a fact. So a cancel and a commit end in the same books
    whichever comes first.
    """

    async def story(tx: Tx) -> Released:
        await store.lock_document(tx, check_id)
        quote = await store.lock_quote(tx, check_id)
        if quote is None:
            return answers.released(None)
        if (quote.shop_id, quote.till_id) != (shop.id, till.id):
            raise DocumentOfAnotherTill()
        sale = await store.find_sale(tx, check_id)
        if sale is not None and sale.status != "awaited":
            raise AlreadyCommitted()
        await let_go(checkout, tx, quote, now)
        await store.forget_hold(tx, check_id)
        return answers.released(documents.decode(quote.document))

    return await checkout.db.replayed(story)
