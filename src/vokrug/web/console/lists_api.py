"""Work lists: what waits for somebody to look at it."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from vokrug import analytics, customers, ledger, pos
from vokrug.customers import Directory, ProposalState, Source
from vokrug.kernel import Refusal, Text
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web.console import sheets
from vokrug.web.console.here import FORMS, PAGE, Here, at_console, by_form
from vokrug.web.console.sheets import Action, Column, Kind, Sheet
from vokrug.web.console.staff import Duty

routes = Routes("console")

LONGEST = 500
DEVIATIONS_OF = timedelta(days=92)

SHOP = Column("shop", Text(en="Shop", ru="Магазин"), Kind.CODE)
TILL = Column("till", Text(en="Till", ru="Касса"), Kind.CODE)
CHECK = Column("check_uid", Text(en="Check", ru="Чек"), Kind.CODE)

RETURNS = (
    SHOP,
    TILL,
    Column("waits_since", Text(en="Waits since", ru="Ждёт с"), Kind.TIME),
    Column("at", Text(en="Made at", ru="Оформлен"), Kind.TIME),
    CHECK,
    Column("return_uid", Text(en="Return", ru="Возврат"), Kind.CODE),
)


@routes.get("/console/returns", query=sheets.QUERY, **PAGE)
async def returns(call: Call) -> Answer[bytes]:
    """Returns whose sale has not come."""

    async def tell(here: Here) -> Answer[bytes]:
        async with call.services.reports.transaction(readonly=True) as tx:
            found = await pos.returns_waiting(tx, here.now, days=0, shop="")
        mine = here.staff.shops
        rows = [_fields(one, RETURNS) for one in found.returns if not mine or one.shop in mine]
        return sheets.show(
            here,
            Sheet(
                name="returns-waiting",
                path="/console/returns",
                title=Text(en="Returns that wait", ru="Ждущие возвраты"),
                about=Text(
                    en="Goods came back before their sale was heard of. Each is posted with its sale; one that waits for "
                    "weeks means that the till of the sale has a queue.",
                    ru="Товар вернули раньше, чем центр услышал о продаже. Возврат проведётся вместе с ней; если он ждёт "
                    "неделями, у кассы продажи стоит очередь.",
                ),
                empty=Text(
                    en="No return waits: every one has met its sale. To see one, play “Return before its sale” at the till "
                    "simulator.",
                    ru="Ждущих возвратов нет: каждый встретил свою продажу. Чтобы увидеть такой, разыграйте «Возврат раньше "
                    "продажи» в имитаторе кассы.",
                ),
                columns=RETURNS,
                rows=rows,
                is_cut=found.more,
            ),
        )

    return await at_console(call, tell, Duty.MANAGER, Duty.SUPPORT, Duty.FRANCHISEE)


DEVIATIONS = (
    Column("at", Text(en="When", ru="Когда"), Kind.TIME),
    SHOP,
    Column("kind", Text(en="Kind", ru="Вид"), Kind.BADGE),
    Column("expected", Text(en="The centre's sum", ru="По центру"), Kind.MONEY),
    Column("printed", Text(en="Printed", ru="Напечатано"), Kind.MONEY),
    Column("difference", Text(en="Difference", ru="Разница"), Kind.MONEY),
    Column("points_short", Text(en="Points short", ru="Не хватило баллов"), Kind.NUMBER),
    CHECK,
)
KINDS = {
    "price": Text(en="price", ru="цена"),
    "points": Text(en="points", ru="баллы"),
    "gift_card": Text(en="gift card", ru="подарочная карта"),
    "limit": Text(en="limit", ru="лимит"),
    "code": Text(en="code", ru="код"),
}


@routes.get("/console/deviations", query=sheets.QUERY, **PAGE)
async def deviations(call: Call) -> Answer[bytes]:
    """Receipts that were printed otherwise than the centre would have them."""

    async def tell(here: Here) -> Answer[bytes]:
        shops = [code for code, _ in here.shops]
        async with call.services.reports.transaction(readonly=True) as tx:
            found = await pos.deviations(tx, shops, here.now - DEVIATIONS_OF, LONGEST + 1)
        rows = [
            {
                "at": one.at,
                "shop": one.shop,
                "shop_code": one.shop,
                "kind": KINDS.get(one.kind, one.kind),
                "expected": one.expected_minor,
                "printed": one.printed_minor,
                "difference": one.printed_minor - one.expected_minor,
                "points_short": one.points_short_minor // 100,
                "check_uid": str(one.check_id),
                "currency": one.currency,
            }
            for one in found[:LONGEST]
        ]
        return sheets.show(
            here,
            Sheet(
                name="deviations",
                path="/console/deviations",
                title=Text(en="Deviations", ru="Отклонения"),
                about=Text(
                    en="A printed receipt is never refused: what differs from the centre's sum stands on the shop's deviation "
                    "account. Here are the last three months.",
                    ru="Напечатанный чек не отклоняется: разница с расчётом центра встаёт на счёт отклонений магазина. Здесь "
                    "последние три месяца.",
                ),
                empty=Text(
                    en="No receipt has differed from what the centre promised. To see one, switch “Late receipt” on at the till "
                    "simulator and sell something that is on offer.",
                    ru="Все чеки сошлись с расчётом центра. Чтобы увидеть отклонение, включите «Поздний чек» в имитаторе кассы и "
                    "продайте товар по акции.",
                ),
                columns=DEVIATIONS,
                rows=rows,
                is_cut=len(found) > LONGEST,
            ),
        )

    return await at_console(call, tell, Duty.MANAGER, Duty.ANALYST, Duty.FRANCHISEE)


SHOPS = (
    Column("name", Text(en="Shop", ru="Магазин"), Kind.DATA),
    Column("shop", Text(en="Code", ru="Код"), Kind.CODE),
    TILL,
    Column("company", Text(en="Company", ru="Компания"), Kind.DATA),
    Column("heard", Text(en="Shop's last sale", ru="Последняя продажа магазина"), Kind.TIME),
    Column("seen", Text(en="Till last seen", ru="Касса на связи"), Kind.TIME),
    Column("queue", Text(en="In its queue", ru="В очереди"), Kind.NUMBER),
    Column("software", Text(en="Software", ru="Программа"), Kind.CODE),
    Column("state", Text(en="State", ru="Состояние"), Kind.BADGE),
)
ALARMS = {
    "never_seen": Text(en="has not reported itself", ru="не сообщала о себе"),
    "silent": Text(en="silent", ru="молчит"),
    "clock_wrong": Text(en="clock is wrong", ru="неверное время"),
    "queue_long": Text(en="long queue", ru="длинная очередь"),
    "documents_declined": Text(en="documents declined", ru="отклонённые документы"),
    "errors_many": Text(en="many errors", ru="много ошибок"),
    "slow": Text(en="slow answers", ru="медленные ответы"),
    "line_bad": Text(en="bad line", ru="плохая связь"),
}
WELL = Text(en="well", ru="в порядке")


@routes.get("/console/shops", query=sheets.QUERY, **PAGE)
async def shops(call: Call) -> Answer[bytes]:
    """Every shop and till, and how it fares."""

    async def tell(here: Here) -> Answer[bytes]:
        known = here.reference.shops
        async with call.services.reports.transaction(readonly=True) as tx:
            health = await pos.tills_health(tx, "", here.now)
            heard = await analytics.last_heard(tx, [code for code, _ in here.shops])
        rows = [
            {
                "name": known[till.shop].name,
                "shop": till.shop,
                "shop_code": till.shop,
                "till": till.till,
                "company": known[till.shop].legal_entity,
                "heard": heard[till.shop],
                "seen": till.seen_at,
                "queue": till.queue_length,
                "software": till.software,
                "state": ALARMS[till.alarms[0]] if till.alarms else WELL,
            }
            for till in health.tills
            if till.shop in heard and till.shop in known
        ]
        return sheets.show(
            here,
            Sheet(
                name="shops",
                path="/console/shops",
                title=Text(en="Shops and tills", ru="Магазины и кассы"),
                about=Text(
                    en="Tills report themselves with a heartbeat: clock, queue, software. A till that never did may still sell.",
                    ru="Кассы сообщают о себе: часы, очередь, программа. Касса, которая не сообщала, всё равно может продавать.",
                ),
                empty=Text(
                    en="There are no shops yet. Bring them in with `PUT /v1/shops` or from your accounting system.",
                    ru="Магазинов пока нет. Заведите их вызовом `PUT /v1/shops` или из учётной системы.",
                ),
                columns=SHOPS,
                rows=rows,
            ),
        )

    return await at_console(call, tell)


BATCHES = (
    Column("name", Text(en="Batch", ru="Партия"), Kind.DATA),
    Column("issued_at", Text(en="Printed at", ru="Выпущена"), Kind.TIME),
    Column("count", Text(en="Cards", ru="Карт"), Kind.NUMBER),
    Column("nominal", Text(en="Nominal", ru="Номинал"), Kind.MONEY),
    Column("active", Text(en="Sold and alive", ru="Действуют"), Kind.NUMBER),
    Column("printed", Text(en="Not sold", ru="Не проданы"), Kind.NUMBER),
    Column("expired", Text(en="Run out", ru="Истекли"), Kind.NUMBER),
    Column("blocked", Text(en="Blocked", ru="Заблокированы"), Kind.NUMBER),
    Column("owed", Text(en="Owed to holders", ru="Долг держателям"), Kind.MONEY),
)
BATCHES_SHOWN = 50  # how each stands is counted over its cards


@routes.get("/console/gift-cards", query=sheets.QUERY, **PAGE)
async def gift_cards(call: Call) -> Answer[bytes]:
    """Batches of gift cards, and how they stand."""

    async def tell(here: Here) -> Answer[bytes]:
        async with call.services.reports.transaction(readonly=True) as tx:
            found = await ledger.giftcards.batches(tx, BATCHES_SHOWN + 1, here.now)
        rows = [
            {
                "name": one.name,
                "issued_at": one.issued_at,
                "count": one.count,
                "nominal": one.nominal_minor,
                "active": one.active,
                "printed": one.printed,
                "expired": one.expired,
                "blocked": one.blocked,
                "owed": one.owed_minor,
                "currency": one.currency,
            }
            for one in found[:BATCHES_SHOWN]
        ]
        return sheets.show(
            here,
            Sheet(
                name="gift-cards",
                path="/console/gift-cards",
                title=Text(en="Gift cards", ru="Подарочные карты"),
                about=Text(
                    en="The money on cards is owed to whoever holds them. A batch is printed by `POST /v1/gift-cards/batches`.",
                    ru="Деньги на картах — долг перед их держателями. Партия выпускается вызовом `POST /v1/gift-cards/batches`.",
                ),
                empty=Text(
                    en="No cards have been printed yet. `POST /v1/gift-cards/batches` prints a batch and answers with its numbers, once.",
                    ru="Карт ещё не печатали. `POST /v1/gift-cards/batches` выпустит партию и один раз покажет номера.",
                ),
                columns=BATCHES,
                rows=rows,
                is_cut=len(found) > BATCHES_SHOWN,
            ),
        )

    return await at_console(call, tell, Duty.MANAGER, Duty.MARKETER, Duty.ANALYST)


def _person(key: str) -> Column:
    words = Text(en="One", ru="Первый") if key == "one" else Text(en="Other", ru="Второй")
    return Column(key, words, Kind.CODE, lambda row: f"/console/customers/{row[key]}")


MERGES = (
    _person("one"),
    _person("other"),
    Column("probability", Text(en="Likely, %", ru="Вероятность, %"), Kind.NUMBER),
    Column("rule", Text(en="By", ru="Кем найдено"), Kind.CODE),
    Column("proposed_at", Text(en="Proposed at", ru="Предложено"), Kind.TIME),
)
MERGE_PATHS = {
    ProposalState.OPEN: "/console/merges",
    ProposalState.ACCEPTED: "/console/merges/accepted",
    ProposalState.REJECTED: "/console/merges/rejected",
}
MERGE_TABS = (
    ("/console/merges", Text(en="To be decided", ru="Ждут решения")),
    ("/console/merges/accepted", Text(en="Merged", ru="Объединены")),
    ("/console/merges/rejected", Text(en="Kept apart", ru="Разделены")),
)


@routes.get("/console/merges", query=sheets.QUERY, **PAGE)
async def merges(call: Call) -> Answer[bytes]:
    """Pairs that may be one person, to be decided."""
    return await at_console(call, lambda here: _merges(here, ProposalState.OPEN), Duty.STEWARD)


@routes.get("/console/merges/accepted", query=sheets.QUERY, **PAGE)
async def merged(call: Call) -> Answer[bytes]:
    """Pairs that were made one; each can be undone."""
    return await at_console(call, lambda here: _merges(here, ProposalState.ACCEPTED), Duty.STEWARD)


@routes.get("/console/merges/rejected", query=sheets.QUERY, **PAGE)
async def kept_apart(call: Call) -> Answer[bytes]:
    """Pairs that are two people for good."""
    return await at_console(call, lambda here: _merges(here, ProposalState.REJECTED), Duty.STEWARD)


async def _merges(here: Here, state: ProposalState, problem: str = "") -> Answer[bytes]:
    async with here.call.db.transaction(readonly=True) as tx:
        found = await customers.proposals(tx, state, after=None, limit=LONGEST + 1)
    rows = [
        {
            "id": str(one.id),
            "one": str(one.one_id),
            "other": str(one.other_id),
            "probability": None if one.probability is None else round(one.probability * 100),
            "rule": one.rule,
            "proposed_at": one.proposed_at,
        }
        for one in found[:LONGEST]
    ]

    def actions(row: Mapping[str, object]) -> list[Action]:
        path, id = "/console/merges", {"id": str(row["id"])}
        if state is ProposalState.OPEN:
            return [
                Action(
                    Text(en="One person", ru="Один человек"),
                    path,
                    {**id, "do": "accept"},
                    Text(
                        en="Points, purchases and consents become one person's. It can be undone exactly.",
                        ru="Баллы, покупки и согласия станут общими. Объединение можно точно отменить.",
                    ),
                ),
                Action(Text(en="Two people", ru="Двое"), path, {**id, "do": "reject"}),
            ]
        if state is ProposalState.ACCEPTED:
            return [
                Action(
                    Text(en="Undo", ru="Отменить"),
                    path,
                    {**id, "do": "undo"},
                    Text(
                        en="Both become what they were, and stay two for good.",
                        ru="Оба станут как были и останутся двумя людьми.",
                    ),
                )
            ]
        return []

    return sheets.show(
        here,
        Sheet(
            name="merges",
            path=MERGE_PATHS[state],
            title=Text(en="Who is one person with whom", ru="Кто с кем один человек"),
            about=Text(
                en="One proposes, another decides. What was merged can be taken apart exactly as it was.",
                ru="Один предлагает, другой решает. Объединение можно разобрать точно к прежнему виду.",
            ),
            empty=Text(
                en="Nothing here. `vokrug customers match` looks for people who came under two cards and proposes them.",
                ru="Здесь пусто. Команда `vokrug customers match` ищет людей с двумя картами и предлагает пары.",
            ),
            columns=MERGES,
            rows=rows,
            is_cut=len(found) > LONGEST,
            actions=None if state is ProposalState.REJECTED else actions,
        ),
        page="console/tabs.html",
        tabs=MERGE_TABS,
        problem=problem,
    )


DECIDE = {"accept": ProposalState.OPEN, "reject": ProposalState.OPEN, "undo": ProposalState.ACCEPTED}


@routes.post("/console/merges", refusals=FORMS, **PAGE)
async def decide_merge(call: Call, body: bytes) -> Answer[bytes]:
    """One person, two people, or a merge undone. Whoever proposed a pair does not decide it."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        do = form.get("do", "")
        state = DECIDE.get(do, ProposalState.OPEN)

        async def story(tx: Tx) -> None:
            id, by, now = UUID(form.get("id", "")), here.staff.id, here.now
            if do == "accept":
                await customers.accept(tx, call.services.get(Directory), id, by=by, source=Source.STAFF, now=now)
            elif do == "reject":
                await customers.reject(tx, id, by=by, source=Source.STAFF, now=now)
            elif do == "undo":
                await customers.undo(tx, id, by=by, source=Source.STAFF, now=now)

        try:
            await call.db.replayed(story)
        except Refusal as refusal:
            return await _merges(here, state, here.said(refusal))
        except ValueError:
            return await _merges(here, state)
        return here.go("/console/merges/accepted" if state is ProposalState.ACCEPTED else "/console/merges")

    return await by_form(call, body, tell, Duty.STEWARD)


def _fields(one: object, columns: tuple[Column, ...]) -> dict[str, object]:
    row = {column.key: getattr(one, column.key) for column in columns}
    return {**row, "shop_code": getattr(one, "shop", None)} | {
        key: str(value) for key, value in row.items() if isinstance(value, UUID)
    }
