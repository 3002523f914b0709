"""Writing an offer down: as a sentence with gaps, or, when it says more than those can, as its body."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from vokrug import pos, promotions
from vokrug.kernel import Refusal, new_id
from vokrug.promotions import OfferState, OfferUnknown
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web.console.here import FORMS, PAGE, Here, at_console, by_form
from vokrug.web.console.offers.building import KINDS, GapWrong, built, gaps_of
from vokrug.web.console.staff import Duty
from vokrug.web.sandbox import Sandbox

routes = Routes("console")


@routes.get("/console/offers/new", query={"kind": str, "lang": str}, **PAGE)
async def new(call: Call) -> Answer[bytes]:
    """A sentence with gaps."""

    async def tell(here: Here) -> Answer[bytes]:
        kind = call.query.get("kind", "")
        form = {"kind": kind if kind in KINDS else KINDS[0], "id": str(new_id()), "benefit": "percent"}
        return await with_gaps(here, form)

    return await at_console(call, tell, Duty.MARKETER)


@routes.post("/console/offers/new", refusals=FORMS, **PAGE)
async def create(call: Call, body: bytes) -> Answer[bytes]:
    """Write the offer down as a draft. The form carries the offer's id: sent twice, it is one offer."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        try:
            id, body_ = UUID(form.get("id", "")), promotions.read_body(built(form))
        except GapWrong as wrong:
            return await with_gaps(here, form, wrong=wrong.field)
        except ValueError:
            return await with_gaps(here, {**form, "id": str(new_id())})
        except Refusal as refusal:
            return await with_gaps(here, form, problem=here.said(refusal))
        if not form.get("name", "").strip():
            return await with_gaps(here, form, wrong="name")
        key = form.get("key", "").strip() or f"offer-{id.hex[-8:]}"
        try:
            async with call.db.transaction() as tx:
                await promotions.create_offer(
                    tx,
                    id,
                    key=key,
                    name=form["name"].strip()[:200],
                    owner=form.get("owner", "").strip()[:200] or here.t("Marketing", "Маркетинг"),
                    body=body_,
                    by=here.staff.id,
                    now=here.now,
                )
        except Refusal as refusal:
            return await with_gaps(here, form, problem=here.said(refusal))
        return here.go(f"/console/offers/{id}")

    return await by_form(call, body, tell, Duty.MARKETER)


@routes.get("/console/offers/{id:uuid}/edit", query={"lang": str}, refusals=[OfferUnknown], **PAGE)
async def edit(call: Call) -> Answer[bytes]:
    """The newest wording, to be worded anew."""

    async def tell(here: Here) -> Answer[bytes]:
        id = UUID(call.path["id"])
        async with call.db.transaction(readonly=True) as tx:
            card = await promotions.offer_card(tx, id)
        body = msgspec.to_builtins(card.versions[-1].body)
        form = gaps_of(body)
        if form is None:
            return as_body(here, card, msgspec.json.format(msgspec.json.encode(body), indent=2).decode())
        return await with_gaps(here, {**form, "name": card.offer.name, "id": str(id)}, card=card)

    return await at_console(call, tell, Duty.MARKETER)


@routes.post("/console/offers/{id:uuid}/edit", refusals=[*FORMS, OfferUnknown], **PAGE)
async def word_anew(call: Call, body: bytes) -> Answer[bytes]:
    """A new version, as a draft: what runs goes on running until it is published."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        id = UUID(call.path["id"])
        async with call.db.transaction(readonly=True) as tx:
            card = await promotions.offer_card(tx, id)
        text = form.get("body", "")
        try:
            given = msgspec.json.decode(text) if text else built({**form, "kind": card.offer.kind})
            if not isinstance(given, dict):
                raise GapWrong("body")
            worded = promotions.read_body(given)
            async with call.db.transaction() as tx:
                await promotions.write_draft(tx, id, worded, by=here.staff.id, now=here.now)
        except GapWrong as wrong:
            return await with_gaps(here, form, card=card, wrong=wrong.field)
        except msgspec.DecodeError as error:
            return as_body(here, card, text, problem=str(error))
        except OfferUnknown:
            raise
        except Refusal as refusal:
            if text:
                return as_body(here, card, text, problem=here.said(refusal))
            return await with_gaps(here, form, card=card, problem=here.said(refusal))
        return here.go(f"/console/offers/{id}/publish")

    return await by_form(call, body, tell, Duty.MARKETER)


async def with_gaps(
    here: Here, form: Mapping[str, str], *, card: Any = None, wrong: str = "", problem: str = ""
) -> Answer[bytes]:
    async with here.call.db.transaction(readonly=True) as tx:
        categories = await pos.categories(tx)
    if wrong:
        problem = here.t("Please look at the marked gap.", "Проверьте отмеченное поле.")
    return here.page(
        "console/offers/build.html",
        status=422 if problem else 200,
        form=form,
        card=card,
        wrong=wrong,
        problem=problem,
        categories=categories,
        shops=sorted(here.reference.shops.values(), key=lambda shop: shop.name),
        tiers=here.reference.programme.tiers,
    )


def as_body(here: Here, card: Any, text: str, *, problem: str = "") -> Answer[bytes]:
    status = 422 if problem else 200
    return here.page("console/offers/body.html", status=status, card=card, text=text, problem=problem)


@routes.get("/console/offers/{id:uuid}/preview", query={"lang": str}, refusals=[OfferUnknown], **PAGE)
async def preview(call: Call) -> Answer[bytes]:
    """A basket to try the offer on."""

    async def tell(here: Here) -> Answer[bytes]:
        return await tried(here, UUID(call.path["id"]), example(call.services.get(Sandbox)), None)

    return await at_console(call, tell, Duty.MARKETER, Duty.ANALYST)


@routes.post("/console/offers/{id:uuid}/preview", refusals=[*FORMS, OfferUnknown], **PAGE)
async def try_on(call: Call, body: bytes) -> Answer[bytes]:
    """The basket with the offer's newest wording, and without the offer. Nothing is sold."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        id = UUID(call.path["id"])
        problem = ""
        outcome = None
        try:
            async with call.db.transaction(readonly=True) as tx:
                outcome = await simulated(here, tx, id, form)
        except OfferUnknown:
            raise
        except Refusal as refusal:
            problem = here.said(refusal)
        except (ValueError, msgspec.ValidationError):
            problem = here.t("Look at quantities and prices.", "Проверьте количества и цены.")
        return await tried(here, id, form, outcome, problem)

    return await by_form(call, body, tell, Duty.MARKETER, Duty.ANALYST)


ROWS = 6


def example(sandbox: Sandbox) -> dict[str, str]:
    """On a playground a few goods lie in the basket already, each of another shelf."""
    by_shelf = {good.shelf: good for good in reversed(sandbox.goods)}
    form = {"member": "on"} if by_shelf else {}
    for n, good in enumerate(list(by_shelf.values())[:: max(1, len(by_shelf) // 4)][:4], start=1):
        form |= {f"sku_{n}": good.sku, f"qty_{n}": "1", f"price_{n}": good.price}
    return form


async def simulated(here: Here, tx: Tx, id: UUID, form: Mapping[str, str]) -> dict[str, Any]:
    shop = here.reference.shops[form.get("shop", "")] if form.get("shop") in here.reference.shops else None
    lines = [
        pos.LineAsked(
            n=n,
            sku=form[f"sku_{n}"].strip(),
            qty=form.get(f"qty_{n}", "1").replace(",", ".") or "1",
            price=form.get(f"price_{n}", "0").replace(",", ".") or "0",
        )
        for n in range(1, ROWS + 1)
        if form.get(f"sku_{n}", "").strip()
    ]
    if shop is None or not lines:
        raise ValueError("a basket has a shop and lines")
    articles, _ = await here.reference.goods(here.call.db, shop, lines, tx)
    codes = [code] if (code := form.get("code", "").strip().upper()) else []
    check = pos.Calculate(rev=1, shop=shop.code, till="-", lines=lines, codes=codes)
    basket = pos.basket_of(check, shop, articles)
    tier = form.get("tier") or None
    shopper = promotions.Shopper(tier=tier) if form.get("member") or tier else None
    chain = promotions.chain_of(here.call.services)
    with_ = await promotions.simulate(
        tx, promotions.Simulate(basket=basket, shopper=shopper, drafts=(id,)), chain, here.now
    )
    without = await promotions.simulate(
        tx, promotions.Simulate(basket=basket, shopper=shopper, off=(id,)), chain, here.now
    )
    number = (await promotions.offer_card(tx, id)).offer.number
    verdict = next((one for one in with_.priced.verdicts if one.offer_id == number), None)
    return {
        "lines": [
            (line.sku, with_line.gross_minor, without_line.net_minor, with_line.net_minor)
            for line, with_line, without_line in zip(lines, with_.priced.lines, without.priced.lines, strict=True)
        ],
        "with": with_.priced.totals,
        "without": without.priced.totals,
        "verdict": None if verdict is None else verdict.status,
        "reason": "" if verdict is None else verdict.reason,
        "missing_minor": 0 if verdict is None else verdict.missing_minor,
    }


async def tried(
    here: Here, id: UUID, form: Mapping[str, str], outcome: dict[str, Any] | None, problem: str = ""
) -> Answer[bytes]:
    async with here.call.db.transaction(readonly=True) as tx:
        card = await promotions.offer_card(tx, id)
        known = await pos.some_articles(tx, KNOWN_GOODS)
    return here.page(
        "console/offers/preview.html",
        status=422 if problem else 200,
        card=card,
        is_draft=card.versions[-1].state in (OfferState.DRAFT, OfferState.CHECKED),
        form=form,
        outcome=outcome,
        problem=problem,
        rows=range(1, ROWS + 1),
        shops=sorted(here.reference.shops.values(), key=lambda shop: shop.name),
        tiers=here.reference.programme.tiers,
        goods=known,
    )


KNOWN_GOODS = 500  # to choose from; any other is typed in
