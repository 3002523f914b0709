"""Offers over the console: the list with spend against budget, one offer, its steps."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from vokrug import analytics, pos, promotions
from vokrug.kernel import Refusal, Text
from vokrug.promotions import OfferState, OfferUnknown
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web.console import sheets
from vokrug.web.console.here import FORMS, PAGE, Here, at_console, by_form
from vokrug.web.console.offers.sentence import Names, describe
from vokrug.web.console.sheets import Column, Kind, Sheet
from vokrug.web.console.staff import Duty

routes = Routes("console")

LOOK = (Duty.MARKETER, Duty.ANALYST, Duty.MANAGER)
LONGEST = 1000
STATES: Mapping[str, Text] = {
    "draft": Text(en="draft", ru="черновик"),
    "checked": Text(en="checked", ru="проверена"),
    "published": Text(en="runs", ru="идёт"),
    "paused": Text(en="paused", ru="на паузе"),
    "ended": Text(en="ended", ru="завершена"),
}
KINDS: Mapping[str, Text] = {
    "item_discount": Text(en="discount on goods", ru="скидка на товары"),
    "basket_discount": Text(en="discount off the check", ru="скидка с чека"),
    "discount": Text(en="discount", ru="скидка"),
    "earn": Text(en="earning points", ru="начисление баллов"),
    "earn_multiplier": Text(en="more points", ru="больше баллов"),
    "burn_cap": Text(en="paying with points", ru="оплата баллами"),
    "point_programme": Text(en="what a point is", ru="что такое балл"),
    "points_reward": Text(en="reward for points", ru="награда за баллы"),
}
DAYS = 28

COLUMNS = (
    Column("name", Text(en="Offer", ru="Акция"), Kind.DATA, lambda row: f"/console/offers/{row['id']}"),
    Column("kind", Text(en="Kind", ru="Вид")),
    Column("state", Text(en="State", ru="Состояние"), Kind.BADGE),
    Column("checks", Text(en="Checks, 28 days", ru="Чеков за 28 дней"), Kind.NUMBER),
    Column("given", Text(en="Given, 28 days", ru="Скидка за 28 дней"), Kind.MONEY),
    Column("spent", Text(en="Of its budget", ru="Из бюджета"), Kind.MONEY),
    Column("budget", Text(en="Budget", ru="Бюджет"), Kind.MONEY),
    Column("owner", Text(en="Whose", ru="Чья"), Kind.DATA),
)


@routes.get("/console/offers", query=sheets.QUERY, **PAGE)
async def offers(call: Call) -> Answer[bytes]:
    """Every offer: what it is, whether it runs, what it gave, how much of its budget is left."""

    async def tell(here: Here) -> Answer[bytes]:
        today = analytics.today_of(here.home_zone, here.now)
        async with call.services.reports.transaction(readonly=True) as tx:
            found = await promotions.list_offers(tx, limit=LONGEST + 1)
            gave = await analytics.offers_gave(tx, today - timedelta(days=DAYS - 1), today + timedelta(days=1))
            budgets = await promotions.budgets(tx)
        checks: dict[int, int] = {}
        given: dict[int, int] = {}
        for day in gave:
            number = int(day.offer.partition(".")[0])
            checks[number] = checks.get(number, 0) + day.checks
            given[number] = given.get(number, 0) + day.discount_minor
        rows = []
        for one in found[:LONGEST]:
            budget = budgets.get(one.number)
            state = one.live_state or one.newest_state
            rows.append(
                {
                    "id": str(one.id),
                    "name": one.name,
                    "kind": KINDS.get(one.kind, one.kind),
                    "state": STATES[state.value],
                    "checks": checks.get(one.number),
                    "given": given.get(one.number),
                    "spent": None if budget is None else budget[0],
                    "budget": None if budget is None else budget[1],
                    "owner": one.owner,
                }
            )
        return sheets.show(
            here,
            Sheet(
                name="offers",
                path="/console/offers",
                title=Text(en="Offers", ru="Акции"),
                about=Text(
                    en="What customers get. Every change is a new version; a receipt is always explained by the one that ran.",
                    ru="Что получают покупатели. Каждое изменение — новая версия; чек объясняется той, что шла в его минуту.",
                ),
                empty=Text(
                    en="There are no offers yet. Begin with a discount on goods: choose them, say how much, and try it on a basket.",
                    ru="Акций пока нет. Начните со скидки на товары: выберите их, укажите размер и примерьте на корзину.",
                ),
                columns=COLUMNS,
                rows=rows,
                is_cut=len(found) > LONGEST,
            ),
            page="console/offers/list.html",
            may_build=here.staff.may(Duty.MARKETER),
        )

    return await at_console(call, tell, *LOOK)


async def names_of(here: Here, tx: Tx) -> Names:
    return Names(
        categories={one.id: one.name for one in await pos.categories(tx)},
        shops={number: shop.name for number, shop in here.reference.shops_by_id.items()},
        tiers={tier.code: tier.name(here.language) for tier in here.reference.programme.tiers},
    )


@routes.get("/console/offers/{id:uuid}", query={"lang": str}, refusals=[OfferUnknown], **PAGE)
async def offer(call: Call) -> Answer[bytes]:
    """One offer in words, with what the lint says, its versions and everything that was done to it."""
    return await at_console(call, lambda here: shown(here, UUID(call.path["id"])), *LOOK)


async def shown(here: Here, id: UUID, *, problem: str = "") -> Answer[bytes]:
    call = here.call
    async with call.db.transaction(readonly=True) as tx:
        card = await promotions.offer_card(tx, id)
        names = await names_of(here, tx)
        linted = await promotions.lint_offer(tx, id, promotions.chain_of(call.services), here.now)
        budget = (await promotions.budgets(tx)).get(card.offer.number)
    newest = card.versions[-1]
    live = next((one for one in card.versions if one.state in (OfferState.PUBLISHED, OfferState.PAUSED)), None)
    shown_ = live or newest
    return here.page(
        "console/offers/offer.html",
        card=card,
        sentence=describe(here, msgspec.to_builtins(shown_.body), names),
        draft=None if newest is shown_ else describe(here, msgspec.to_builtins(newest.body), names),
        newest=newest,
        live=live,
        findings=linted.findings.get(card.offer.key, []),
        budget=budget,
        states=STATES,
        kind=KINDS.get(card.offer.kind),
        may_build=here.staff.may(Duty.MARKETER),
        problem=problem,
    )


@routes.get("/console/offers/{id:uuid}/publish", query={"lang": str}, refusals=[OfferUnknown], **PAGE)
async def before_publishing(call: Call) -> Answer[bytes]:
    """What changes when the newest version runs, and what the lint says of it."""
    return await at_console(call, lambda here: asked_to_publish(here, UUID(call.path["id"])), Duty.MARKETER)


async def asked_to_publish(here: Here, id: UUID, *, problem: str = "") -> Answer[bytes]:
    async with here.call.db.transaction(readonly=True) as tx:
        card = await promotions.offer_card(tx, id)
        names = await names_of(here, tx)
        linted = await promotions.lint_offer(tx, id, promotions.chain_of(here.call.services), here.now)
    newest = card.versions[-1]
    live = next((one for one in card.versions if one.state in (OfferState.PUBLISHED, OfferState.PAUSED)), None)
    before = {} if live is None else dict(describe(here, msgspec.to_builtins(live.body), names))
    after = dict(describe(here, msgspec.to_builtins(newest.body), names))
    questions = [*before, *(question for question in after if question not in before)]
    edits = promotions.differences(
        {} if live is None else msgspec.to_builtins(live.body), msgspec.to_builtins(newest.body)
    )
    return here.page(
        "console/offers/publish.html",
        card=card,
        newest=newest,
        live=live,
        changes=[(one, before.get(one, ""), after.get(one, "")) for one in questions],
        edits=[
            (
                edit.path,
                *(msgspec.json.encode(side).decode() if side is not None else "" for side in (edit.before, edit.after)),
            )
            for edit in edits
        ]
        if live is not None and live is not newest
        else [],
        findings=linted.findings.get(card.offer.key, []),
        may_publish=linted.may_be_published,
        problem=problem,
    )


@routes.post("/console/offers/{id:uuid}/publish", refusals=[*FORMS, OfferUnknown], **PAGE)
async def publish(call: Call, body: bytes) -> Answer[bytes]:
    """Let the version run that was looked at. A draft is checked on the way."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        id = UUID(call.path["id"])
        version = int(form["version"]) if form.get("version", "").isdigit() else 0
        chain = promotions.chain_of(call.services)

        async def story(tx: Tx) -> None:
            newest = (await promotions.offer_card(tx, id)).versions[-1]
            if newest.version == version and newest.state is OfferState.DRAFT:
                await promotions.check_offer(tx, id, version, by=here.staff.id, now=here.now, chain=chain)
            await promotions.publish_offer(tx, id, version, by=here.staff.id, now=here.now, chain=chain)

        return await stepped(here, id, story, asked_to_publish)

    return await by_form(call, body, tell, Duty.MARKETER)


@routes.post("/console/offers/{id:uuid}/pause", refusals=[*FORMS, OfferUnknown], **PAGE)
async def pause(call: Call, body: bytes) -> Answer[bytes]:
    """Let the offer rest: tills follow within seconds."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        id = UUID(call.path["id"])

        async def story(tx: Tx) -> None:
            await promotions.pause_offer(tx, id, by=here.staff.id, now=here.now)

        return await stepped(here, id, story, shown)

    return await by_form(call, body, tell, Duty.MARKETER)


@routes.post("/console/offers/{id:uuid}/end", refusals=[*FORMS, OfferUnknown], **PAGE)
async def end(call: Call, body: bytes) -> Answer[bytes]:
    """Take the offer off for good."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        id = UUID(call.path["id"])

        async def story(tx: Tx) -> None:
            await promotions.end_offer(tx, id, by=here.staff.id, now=here.now)

        return await stepped(here, id, story, shown)

    return await by_form(call, body, tell, Duty.MARKETER)


async def stepped(here: Here, id: UUID, story: Any, otherwise: Any) -> Answer[bytes]:
    """On to the offer; or, when it was declined, back with the reason."""
    try:
        async with here.call.db.transaction() as tx:
            await story(tx)
    except OfferUnknown:
        raise
    except Refusal as refusal:
        answer: Answer[bytes] = await otherwise(here, id, problem=here.said(refusal))
        return answer
    return here.go(f"/console/offers/{id}")
