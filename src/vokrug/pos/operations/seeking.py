"""A return that knows its sale by the receipt's sign alone, and came first: it waits until a sale bears the sign.

No sale asks on its way whether somebody is waiting: a job looks each minute.
"""

from datetime import datetime

from vokrug.pos import document as documents
from vokrug.pos import store
from vokrug.pos.checkout import Checkout
from vokrug.pos.operations.returning import place_of, post_parked
from vokrug.runtime.database import Tx

PAGE = 100


async def post_found(checkout: Checkout, tx: Tx, now: datetime) -> int:
    """Post returns whose sale has come, up to a page; answers how many there were."""
    rows = await store.sought_and_there(tx, PAGE)
    for row in rows:
        await store.lock_document(tx, row["check_id"])
        await store.lead_to(tx, row["return_id"], row["check_id"])
        sale, quote = await store.lock_sale(tx, row["check_id"]), await store.lock_quote(tx, row["check_id"])
        assert sale is not None, "it was there a moment ago"
        assert quote is not None, "a sale has its document"
        await post_parked(checkout, tx, sale, documents.decode(quote.document), now)
        await store.drop_awaited(tx, place_of(row["fiscal"]))
    return len(rows)
