"""What keeps the installation going: keys, schedules and jobs, and who did what."""

from collections.abc import Mapping
from typing import Any

from vokrug import accounts, customers, promotions
from vokrug.kernel import Text
from vokrug.runtime import jobs, keys
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web.console import sheets
from vokrug.web.console.here import FORMS, PAGE, Here, at_console, by_form
from vokrug.web.console.sheets import Action, Column, Kind, Sheet
from vokrug.web.console.staff import Duty

routes = Routes("console")

LONGEST = 500

KEYS = (
    Column("label", Text(en="For", ru="Для чего"), Kind.DATA),
    Column("role", Text(en="Role", ru="Роль"), Kind.BADGE),
    Column("shop", Text(en="Shop", ru="Магазин"), Kind.CODE),
    Column("created_at", Text(en="Issued", ru="Выдан"), Kind.TIME),
    Column("state", Text(en="State", ru="Состояние"), Kind.BADGE),
    Column("key_id", Text(en="Number", ru="Номер"), Kind.CODE),
)
ROLES = {
    "till": Text(en="till", ru="касса"),
    "partner": Text(en="partner", ru="партнёр"),
    "staff": Text(en="staff", ru="сотрудник"),
}
LIVE = Text(en="live", ru="действует")
SANDBOX = Text(en="sandbox", ru="учебный")
REVOKED = Text(en="revoked", ru="отозван")


@routes.get("/console/keys", query=sheets.QUERY, **PAGE)
async def list_keys(call: Call) -> Answer[bytes]:
    """Keys of tills, partners and staff, without their secrets."""
    return await at_console(call, _keys, Duty.OWNER)


async def _keys(here: Here) -> Answer[bytes]:
    async with here.call.services.reports.transaction(readonly=True) as tx:
        found = await keys.list_keys(tx, limit=LONGEST + 1)
    shops = here.reference.shops_by_id

    def state(key: keys.Key) -> Text:
        return REVOKED if key.revoked_at is not None else SANDBOX if key.is_sandbox else LIVE

    rows = [
        {
            "label": key.label,
            "role": ROLES[key.role],
            "shop": shops[key.shop_id].code if key.shop_id in shops else None,
            "created_at": key.created_at,
            "state": state(key),
            "key_id": key.key_id,
            "is_live": key.revoked_at is None,
        }
        for key in found[:LONGEST]
    ]

    def actions(row: Mapping[str, Any]) -> list[Action]:
        if not row["is_live"] or row["key_id"] == here.staff.id:
            return []
        sure = Text(
            en="Whoever has this key is shut out within seconds. There is no way back: issue a new one.",
            ru="Тот, у кого этот ключ, потеряет доступ за секунды. Вернуть нельзя: выдайте новый.",
        )
        return [Action(Text(en="Revoke", ru="Отозвать"), "/console/keys", {"key_id": str(row["key_id"])}, sure)]

    return sheets.show(
        here,
        Sheet(
            name="keys",
            path="/console/keys",
            title=Text(en="Keys", ru="Ключи"),
            about=Text(
                en="Programs of tills, partners and staff sign their calls with keys. A key is issued by `POST /v1/keys` or "
                "`vokrug keys issue`; its secret is shown once.",
                ru="Программы касс, партнёров и сотрудников подписывают вызовы ключами. Ключ выдаёт `POST /v1/keys` или "
                "`vokrug keys issue`; секрет показывается один раз.",
            ),
            empty=Text(en="There are no keys.", ru="Ключей нет."),
            columns=KEYS,
            rows=rows,
            is_cut=len(found) > LONGEST,
            actions=actions,
        ),
    )


@routes.post("/console/keys", refusals=[*FORMS, keys.KeyNotFound], **PAGE)
async def revoke_key(call: Call, body: bytes) -> Answer[bytes]:
    """End a key. One's own is not ended from here."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        key_id = form.get("key_id", "")
        if key_id != here.staff.id:
            async with call.db.transaction() as tx:
                await keys.revoke_key(tx, key_id, here.now)
        return here.go("/console/keys")

    return await by_form(call, body, tell, Duty.OWNER)


SCHEDULES = (
    Column("name", Text(en="Schedule", ru="Расписание"), Kind.CODE),
    Column("cron", Text(en="When", ru="Когда"), Kind.CODE),
    Column("zone", Text(en="Zone", ru="Пояс"), Kind.CODE),
    Column("last_run_at", Text(en="Ran last", ru="Последний запуск"), Kind.TIME),
    Column("next_due", Text(en="Next", ru="Следующий"), Kind.TIME),
    Column("state", Text(en="State", ru="Состояние"), Kind.BADGE),
)
FAILED = (
    Column("task", Text(en="Task", ru="Задача"), Kind.CODE),
    Column("failed_at", Text(en="Gave up at", ru="Сдалась"), Kind.TIME),
    Column("attempts", Text(en="Tries", ru="Попыток"), Kind.NUMBER),
    Column("id", Text(en="Number", ru="Номер"), Kind.NUMBER),
)
JOB_TABS = (
    ("/console/jobs", Text(en="Schedules", ru="Расписания")),
    ("/console/jobs/failed", Text(en="Jobs that gave up", ru="Сдавшиеся задачи")),
)
JOBS_TITLE = Text(en="Schedules and jobs", ru="Расписания и задачи")


@routes.get("/console/jobs", query=sheets.QUERY, **PAGE)
async def schedules(call: Call) -> Answer[bytes]:
    """What runs when the clock strikes."""

    async def tell(here: Here) -> Answer[bytes]:
        async with call.db.transaction(readonly=True) as tx:
            found = await jobs.list_schedules(tx)
        on, off = Text(en="on", ru="включено"), Text(en="off", ru="выключено")
        rows = [
            {
                "name": one.name,
                "cron": one.cron,
                "zone": one.zone,
                "last_run_at": one.last_run_at,
                "next_due": one.next_due,
                "state": on if one.is_enabled else off,
            }
            for one in found
        ]
        return sheets.show(
            here,
            Sheet(
                name="schedules",
                path="/console/jobs",
                title=JOBS_TITLE,
                about=Text(
                    en="Work that happens by itself. Runs that were missed are made up for by one late run.",
                    ru="Работа, которая идёт сама. Пропущенные запуски заменит один поздний.",
                ),
                empty=Text(en="Nothing is scheduled.", ru="Расписаний нет."),
                columns=SCHEDULES,
                rows=rows,
            ),
            page="console/tabs.html",
            tabs=JOB_TABS,
        )

    return await at_console(call, tell, Duty.MANAGER)


@routes.get("/console/jobs/failed", query=sheets.QUERY, **PAGE)
async def failed_jobs(call: Call) -> Answer[bytes]:
    """Jobs that used up their tries."""

    async def tell(here: Here) -> Answer[bytes]:
        async with call.db.transaction(readonly=True) as tx:
            found = await jobs.list_failed(tx, LONGEST)
        rows = [{"id": one.id, "task": one.task, "attempts": one.attempts, "failed_at": one.failed_at} for one in found]
        return sheets.show(
            here,
            Sheet(
                name="failed-jobs",
                path="/console/jobs/failed",
                title=JOBS_TITLE,
                about=Text(
                    en="A job that fails is tried again for a while; these have used up their tries. The log says why.",
                    ru="Неудачную задачу повторяют несколько раз; у этих попытки кончились. Почему — сказано в журнале.",
                ),
                empty=Text(
                    en="No job has given up: all of them end well.", ru="Ни одна задача не сдалась: все завершаются."
                ),
                columns=FAILED,
                rows=rows,
            ),
            page="console/tabs.html",
            tabs=JOB_TABS,
        )

    return await at_console(call, tell, Duty.MANAGER)


MESSAGES_SHOWN = 50


@routes.get("/console/messages", query={"lang": str}, **PAGE)
async def messages(call: Call) -> Answer[bytes]:
    """What would have been sent, where no gateway is set: for the developer."""

    async def tell(here: Here) -> Answer[bytes]:
        async with call.db.transaction(readonly=True) as tx:
            found = await accounts.last_messages(tx, MESSAGES_SHOWN)
        return here.page("console/messages.html", messages=found)

    return await at_console(call, tell, Duty.OWNER)


AUDIT_TABS = (
    ("/console/audit", Text(en="Offers", ru="Акции")),
    ("/console/audit/cards", Text(en="Cards that were read", ru="Просмотры карточек")),
)
AUDIT_TITLE = Text(en="Who did what", ru="Кто что сделал")
OFFER_STEPS = (
    Column("at", Text(en="When", ru="Когда"), Kind.TIME),
    Column("name", Text(en="Offer", ru="Акция"), Kind.DATA, lambda row: f"/console/offers/{row['id']}"),
    Column("version", Text(en="Version", ru="Версия"), Kind.NUMBER),
    Column("action", Text(en="Step", ru="Шаг"), Kind.BADGE),
    Column("by", Text(en="By", ru="Кто"), Kind.CODE),
)
ACTIONS = {
    "drafted": Text(en="drafted", ru="черновик"),
    "renamed": Text(en="renamed", ru="переименована"),
    "checked": Text(en="checked", ru="проверена"),
    "published": Text(en="published", ru="запущена"),
    "paused": Text(en="paused", ru="приостановлена"),
    "ended": Text(en="ended", ru="завершена"),
    "created": Text(en="created", ru="создана"),
}
CARD_READS = (
    Column("at", Text(en="When", ru="Когда"), Kind.TIME),
    Column("reader", Text(en="Who", ru="Кто"), Kind.CODE),
    Column(
        "customer",
        Text(en="Whose card", ru="Чья карточка"),
        Kind.CODE,
        lambda row: f"/console/customers/{row['customer']}",
    ),
)


@routes.get("/console/audit", query=sheets.QUERY, **PAGE)
async def audit(call: Call) -> Answer[bytes]:
    """What was done with offers, the newest first."""

    async def tell(here: Here) -> Answer[bytes]:
        async with call.services.reports.transaction(readonly=True) as tx:
            found = await promotions.latest_steps(tx, LONGEST)
        rows = [
            {
                "at": one.at,
                "id": str(one.offer_id),
                "name": one.name,
                "version": one.version,
                "action": ACTIONS.get(one.action, one.action),
                "by": one.by,
            }
            for one in found
        ]
        about = Text(
            en="Every step of every offer is kept for good. Here are the latest five hundred.",
            ru="Каждый шаг каждой акции хранится навсегда. Здесь последние пятьсот.",
        )
        empty = Text(en="Nothing has been done with offers yet.", ru="С акциями ещё ничего не делали.")
        sheet = Sheet(
            name="audit",
            path="/console/audit",
            title=AUDIT_TITLE,
            about=about,
            empty=empty,
            columns=OFFER_STEPS,
            rows=rows,
        )
        return sheets.show(here, sheet, page="console/tabs.html", tabs=AUDIT_TABS)

    return await at_console(call, tell, Duty.STEWARD, Duty.ANALYST)


@routes.get("/console/audit/cards", query=sheets.QUERY, **PAGE)
async def card_reads(call: Call) -> Answer[bytes]:
    """Who has looked at whose card, the newest first."""

    async def tell(here: Here) -> Answer[bytes]:
        async with call.services.reports.transaction(readonly=True) as tx:
            found = await customers.latest_card_reads(tx, LONGEST)
        rows = [{"at": one.at, "reader": one.reader, "customer": str(one.customer_id)} for one in found]
        about = Text(
            en="Whoever of the staff opens a customer's card leaves a trace here. The latest five hundred.",
            ru="Сотрудник, открывший карточку клиента, оставляет здесь след. Последние пятьсот.",
        )
        empty = Text(en="No card has been opened yet.", ru="Карточек ещё не открывали.")
        sheet = Sheet(
            name="card-reads",
            path="/console/audit/cards",
            title=AUDIT_TITLE,
            about=about,
            empty=empty,
            columns=CARD_READS,
            rows=rows,
        )
        return sheets.show(here, sheet, page="console/tabs.html", tabs=AUDIT_TABS)

    return await at_console(call, tell, Duty.STEWARD)
