"""Messages over HTTP, for staff."""

from vokrug.pos import errors
from vokrug.pos import store as chain
from vokrug.pos.checkout import Checkout
from vokrug.pos.messages import store
from vokrug.pos.messages.rules import require_printable
from vokrug.pos.messages.schemas import ReceiptMessages, ReceiptMessagesDeclared
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("pos")


@routes.put("/v1/receipt-messages", answers={200: ReceiptMessagesDeclared}, refusals=[errors.CheckMalformed])
async def put_receipt_messages(call: Call, body: ReceiptMessages) -> Answer[ReceiptMessagesDeclared]:
    """Declare what is printed and shown from now on, all of it. What has been said once is said the same again."""
    require_printable(body.messages)
    async with call.db.transaction() as tx:
        known = await store.versions(tx)
        version = next(iter(known), 0)
        if list(known.get(version, ())) != body.messages:
            version = await store.declare(tx, body.messages, call.caller.key_id, call.now)
            await chain.reference_changed(tx)
    await call.services.get(Checkout).reference.renew(call.db, call.now)
    return Answer(ReceiptMessagesDeclared(version=version, messages=body.messages))


@routes.get("/v1/receipt-messages", answers={200: ReceiptMessagesDeclared})
async def get_receipt_messages(call: Call) -> Answer[ReceiptMessagesDeclared]:
    """What is printed and shown; version 0 was never declared."""
    async with call.db.transaction(readonly=True) as tx:
        known = await store.versions(tx)
    version = next(iter(known), 0)
    return Answer(ReceiptMessagesDeclared(version=version, messages=list(known.get(version, ()))))
