"""The till protocol without a line: what a till takes along, and its queue afterwards."""

import gzip
from typing import Annotated

import msgspec

from vokrug.pos import errors
from vokrug.pos.checkout import Checkout
from vokrug.pos.offline.bundle import Taken
from vokrug.pos.offline.bundling import bundle_for
from vokrug.pos.offline.replaying import queue_gaps, refused_documents, replay
from vokrug.pos.offline.schemas import BundleKey, QueueGaps, QueueReplayed, RefusedDocuments, Replay
from vokrug.runtime.http import Answer, Call, Json, Role, Routes

routes = Routes("pos")

TILLS = [Role.TILL, Role.STAFF]
PLACE = [errors.ShopUnknown, errors.TillUnknown, errors.ForeignShop]
QUEUE_LIMIT_BYTES = 16 * 2**20


@routes.get(
    "/pos/v1/bundle",
    answers={200: Taken},
    refusals=PLACE,
    roles=TILLS,
    query={"shop": str, "till": str, "since": Annotated[int, msgspec.Meta(ge=0, le=2**53)]},
    query_needed=["shop", "till"],
    answer_timeout_s=60,
)
async def get_bundle(call: Call) -> Answer[bytes]:
    """What a till takes along for when it loses its line: offers that need nothing else of the centre, and goods.

    `since`: the version the till has; what comes is what it lacks. `bundle-signature` is Ed25519 over the line
    `vokrug bundle 1`, a newline and the SHA-256 of the body before any compression; `bundle-key` names the key.
    """
    checkout = call.services.get(Checkout)
    shop, _ = checkout.reference.place(call.caller, call.asked["shop"], call.asked["till"])
    body = await bundle_for(call.db, checkout.offers, shop, call.asked.get("since", 0), call.now)
    headers = {
        "bundle-signature": checkout.seals.sign(body),
        "bundle-key": checkout.seals.key_id,
        "vary": "accept-encoding",
    }
    if "gzip" in call.headers.get("accept-encoding", ""):
        return Answer(Json(gzip.compress(body, 6, mtime=0)), headers={**headers, "content-encoding": "gzip"})
    return Answer(Json(body), headers=headers)


@routes.get("/pos/v1/bundle-key", answers={200: BundleKey}, roles=TILLS)
async def get_bundle_key(call: Call) -> Answer[BundleKey]:
    """The public key of bundles, for a till to keep."""
    return Answer(call.services.get(Checkout).seals.jwk())


@routes.post(
    "/pos/v1/replay",
    answers={200: QueueReplayed},
    refusals=PLACE,
    roles=TILLS,
    max_body_bytes=QUEUE_LIMIT_BYTES,
    answer_timeout_s=120,
)
async def post_replay(call: Call, body: Replay) -> Answer[QueueReplayed]:
    """Post a till's queue, up to 500 documents. Repeat freely, in any order: the books end the same.

    Each document has an outcome of its own, and none stands in another's way.
    """
    checkout = call.services.get(Checkout)
    shop, till = checkout.reference.place(call.caller, body.shop, body.till)
    return Answer(await replay(checkout, body, shop, till, call.language, call.now))


# For staff


@routes.get("/v1/replays/gaps", answers={200: QueueGaps}, query={"shop": str})
async def get_gaps(call: Call) -> Answer[QueueGaps]:
    """Tills whose queue came with numbers missing, of one shop or of all."""
    async with call.services.reports.transaction(readonly=True) as tx:
        return Answer(await queue_gaps(tx, call.asked.get("shop", "")))


@routes.get("/v1/replays/refused", answers={200: RefusedDocuments}, query={"shop": str})
async def get_refused(call: Call) -> Answer[RefusedDocuments]:
    """Documents of queues that could not be posted, of one shop or of all, the newest first."""
    async with call.services.reports.transaction(readonly=True) as tx:
        return Answer(await refused_documents(tx, call.asked.get("shop", "")))
