"""HTTP of goods that are half in step, for staff."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from vokrug.kernel import new_id
from vokrug.pos import errors
from vokrug.pos.checkout import Checkout
from vokrug.pos.goods.errors import (
    AliasTaken,
    AliasUnknown,
    ArticleUnknown,
    GoodsFileUnreadable,
    GoodsImportReused,
    GoodsImportUnknown,
    GoodsProposalDecided,
    GoodsProposalUnknown,
)
from vokrug.pos.goods.files import Source
from vokrug.pos.goods.operations import importing, mapping, proposing
from vokrug.pos.goods.operations.importing import Wanted
from vokrug.pos.goods.reports import Report
from vokrug.pos.goods.schemas import (
    AliasCard,
    Aliases,
    AliasesGiven,
    AliasesTaken,
    AliasNamed,
    ArticleCard,
    Articles,
    GoodsProposal,
    GoodsProposals,
    ImportCard,
    Imports,
    Proposed,
    UnknownCard,
    UnknownGoods,
)
from vokrug.pos.goods.store import aliases, imports, proposals, unknown
from vokrug.pos.goods.types import Proposal
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("goods")

PAGE = 100
MOST_BODY = 64 * 1024 * 1024
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]


def limit_of(call: Call) -> int:
    limit: int = call.asked.get("limit", PAGE)
    return limit


async def renewed(call: Call) -> None:
    """This process knows at once, the others within a second."""
    await call.services.get(Checkout).reference.renew(call.db, call.now)


# What shops call the centre's articles


@routes.put("/v1/goods/aliases", answers={200: AliasesTaken}, refusals=[errors.ShopUnknown, ArticleUnknown])
async def put_aliases(call: Call, body: AliasesGiven) -> Answer[AliasesTaken]:
    """Say which articles a shop's own codes and barcodes mean; those not named stay. All are taken or none."""
    given = [(one.kind, one.code, one.sku, one.name) for one in body.aliases]
    async with call.db.transaction() as tx:
        changed = await mapping.map_by_hand(tx, body.shop, given, by=call.caller.key_id, now=call.now)
    await renewed(call)
    return Answer(AliasesTaken(changed=changed))


@routes.post("/v1/goods/aliases:remove", answers={204: None}, refusals=[errors.ShopUnknown, AliasUnknown])
async def remove_alias(call: Call, body: AliasNamed) -> Answer[None]:
    """A shop's code means nothing of the centre's any more; what it is sold as from now on is unknown."""
    async with call.db.transaction() as tx:
        await mapping.take_back(tx, body.shop, body.kind, body.code)
    await renewed(call)
    return Answer(None, status=204)


@routes.get(
    "/v1/goods/aliases",
    answers={200: Aliases},
    query={"shop": str, "sku": str, "after_shop": str, "after_kind": str, "after_code": str, "limit": Limit},
)
async def get_aliases(call: Call) -> Answer[Aliases]:
    """Codes of one shop or of all, of one article or of all. `after_…` are the shop, kind and code of the last one."""
    asked, after = call.asked, None
    if "after_shop" in asked:
        after = (str(asked["after_shop"]), str(asked.get("after_kind", "code")), str(asked.get("after_code", "")))
    async with call.services.reports.transaction(readonly=True) as tx:
        found = await aliases.list_aliases(tx, asked.get("shop", ""), asked.get("sku", ""), after, limit_of(call))
    return Answer(Aliases(aliases=[AliasCard(**{name: getattr(one, name) for name in FIELDS}) for one in found]))


FIELDS = AliasCard.__struct_fields__


@routes.get("/v1/goods/articles", answers={200: Articles}, query={"find": str, "after": str, "limit": Limit})
async def get_articles(call: Call) -> Answer[Articles]:
    """The catalogue by sku; or what `find` leads to: a sku, an article number, a barcode, words of the name."""
    async with call.services.reports.transaction(readonly=True) as tx:
        if text := call.asked.get("find", "").strip():
            found = await mapping.find_articles(tx, text, limit_of(call))
        else:
            found = await aliases.list_articles(tx, call.asked.get("after", ""), limit_of(call))
    return Answer(Articles(articles=[ArticleCard.of(one) for one in found]))


# What the centre does not know


@routes.get(
    "/v1/goods/unknown",
    answers={200: UnknownGoods},
    query={"shop": str, "after_shop": str, "after_sku": str, "limit": Limit},
)
async def get_unknown(call: Call) -> Answer[UnknownGoods]:
    """What shops sell and the centre does not know, the most frequent first: a work list."""
    shop, after = call.asked.get("shop", ""), None
    if "after_shop" in call.asked and "after_sku" in call.asked:
        after = (call.asked["after_shop"], call.asked["after_sku"])
    async with call.db.transaction(readonly=True) as tx:
        found = await unknown.list_unknown(tx, shop, after, limit_of(call))
        total = await unknown.count_unknown(tx, shop)
    return Answer(UnknownGoods(total=total, unknown=[UnknownCard.of(one) for one in found]))


@routes.get(
    "/v1/goods/proposals",
    answers={200: GoodsProposals},
    query={
        "shop": str,
        "state": Literal["open", "accepted", "rejected", "overtaken"],
        "after": UUID,
        "limit": Limit,
    },
)
async def get_proposals(call: Call) -> Answer[GoodsProposals]:
    """What unknown goods may be, the likeliest first. `after` is the last id of a page."""
    asked: Any = call.asked
    async with call.db.transaction(readonly=True) as tx:
        found = await proposals.listed(
            tx, asked.get("state", "open"), asked.get("shop", ""), asked.get("after"), limit_of(call)
        )
    return Answer(GoodsProposals(proposals=[GoodsProposal.of(one) for one in found]))


@routes.post("/v1/goods/proposals:find", answers={200: Proposed})
async def find_proposals(call: Call) -> Answer[Proposed]:
    """Look for a hundred unknown goods now; a job does so every ten minutes."""

    async def story(tx: Tx) -> tuple[int, int]:
        return await proposing.propose(tx, call.now)

    looked_for, proposed = await call.db.replayed(story)
    return Answer(Proposed(looked_for=looked_for, proposed=proposed))


DECIDING = [GoodsProposalUnknown, GoodsProposalDecided]


@routes.post("/v1/goods/proposals/{id:uuid}:accept", answers={200: GoodsProposal}, refusals=[*DECIDING, AliasTaken])
async def accept_proposal(call: Call) -> Answer[GoodsProposal]:
    """The shop's code means this article from now on. Repeat freely."""

    async def story(tx: Tx) -> Proposal:
        return await proposing.accept(tx, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)

    return await decided(call, story)


@routes.post("/v1/goods/proposals/{id:uuid}:reject", answers={200: GoodsProposal}, refusals=DECIDING)
async def reject_proposal(call: Call) -> Answer[GoodsProposal]:
    """It is something else; the pair is not proposed again. Repeat freely."""

    async def story(tx: Tx) -> Proposal:
        return await proposing.reject(tx, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)

    return await decided(call, story)


@routes.post("/v1/goods/proposals/{id:uuid}:undo", answers={200: GoodsProposal}, refusals=[*DECIDING, AliasTaken])
async def undo_proposal(call: Call) -> Answer[GoodsProposal]:
    """Take a decision back: the proposal is open again, and what it had mapped is unknown again."""

    async def story(tx: Tx) -> Proposal:
        return await proposing.undo(tx, UUID(call.path["id"]))

    return await decided(call, story)


async def decided(call: Call, story: Any) -> Answer[GoodsProposal]:
    proposal: Proposal = await call.db.replayed(story)
    await renewed(call)
    return Answer(GoodsProposal.of(proposal))


# Files


@routes.post(
    "/v1/goods/imports",
    answers={200: Report},
    refusals=[errors.ShopUnknown, GoodsFileUnreadable, GoodsImportReused],
    query={"id": UUID, "shop": str, "name": str, "dry": bool, "withdraw_gone": bool},
    max_body_bytes=MOST_BODY,
    answer_timeout_s=900,
)
async def post_import(call: Call, body: bytes) -> Answer[Report]:
    """Take a file of goods: CommerceML or CSV, as it is or packed (gzip, zip); larger ones at the command line.

    Without `shop` it tells of the central catalogue; with it, of what that shop calls its goods. `dry` only says what
    would change. `id` makes it safe to repeat: the same file under it gets the same report. A file that was cut off
    goes on where it was. `withdraw_gone` takes off sale what a whole catalogue does not name any more.
    """
    asked = call.asked
    is_dry = bool(asked.get("dry", False))
    wanted = Wanted(
        asked.get("id") or new_id(),
        asked.get("shop") or None,
        by=call.caller.key_id,
        is_dry=is_dry,
        withdraw_gone=bool(asked.get("withdraw_gone", False)),
    )
    source = Source(str(asked.get("name", "upload"))[:200], body)
    report, is_repeat = await importing.take_in(call.db, source, wanted, call.now)
    if not is_dry:
        await renewed(call)
    return Answer(report, 200, {"Idempotent-Replay": "true"} if is_repeat else {})


@routes.get("/v1/goods/imports", answers={200: Imports}, query={"after": UUID, "limit": Limit})
async def get_imports(call: Call) -> Answer[Imports]:
    """Imports with their reports, the newest first. `after` is the last id of a page."""
    async with call.db.transaction(readonly=True) as tx:
        rows = await imports.list_imports(tx, call.asked.get("after"), limit_of(call))
    return Answer(Imports(imports=[ImportCard.of(row) for row in rows]))


@routes.get("/v1/goods/imports/{id:uuid}", answers={200: ImportCard}, refusals=[GoodsImportUnknown])
async def get_import(call: Call) -> Answer[ImportCard]:
    """One import with its report."""
    async with call.db.transaction(readonly=True) as tx:
        row = await imports.find_import(tx, UUID(call.path["id"]))
    if row is None:
        raise GoodsImportUnknown()
    return Answer(ImportCard.of(row))
