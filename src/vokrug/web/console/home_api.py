"""Signing in, and what happens today."""

from datetime import date, timedelta
from typing import Any

from vokrug import accounts, analytics, ledger, pos
from vokrug.analytics import Grain, Totals
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web import frame
from vokrug.web.console.here import FORMS, HOME, PAGE, Here, at_console, require_near
from vokrug.web.console.pulse import Pulse
from vokrug.web.console.staff import COOKIE, LIVES_S, KeyDoor
from vokrug.web.forms import form_of
from vokrug.web.sandbox import Sandbox

routes = Routes("console")

# How many days a period has, and how far back the one lies that it is held against.
PERIODS = {"today": (1, 7), "yesterday": (1, 7), "week": (7, 7), "month": (28, 28)}
SILENT_AFTER = timedelta(hours=3)


@routes.get("/console/sign-in", query={"lang": str}, **PAGE)
async def sign_in(call: Call) -> Answer[bytes]:
    """Where staff come in."""
    return frame.page(call, "console/sign-in.html", problem=False, is_playground=bool(call.services.get(Sandbox).staff))


@routes.post("/console/sign-in", refusals=FORMS, **PAGE)
async def enter(call: Call, body: bytes) -> Answer[bytes]:
    """By a key of staff; on a playground the playground's own will do."""
    require_near(call)
    form = form_of(body)
    sandbox = call.services.get(Sandbox)
    token = sandbox.staff if "playground" in form else form.get("key", "")
    cookie = await call.services.get(KeyDoor).enter(call, token)
    if cookie is None:
        return frame.page(call, "console/sign-in.html", status=422, problem=True, is_playground=bool(sandbox.staff))
    return Answer(b"", status=303, headers={"location": HOME, "set-cookie": set_cookie(call, cookie, LIVES_S)})


@routes.post("/console/sign-out", refusals=FORMS, **PAGE)
async def leave(call: Call, body: bytes) -> Answer[bytes]:
    """This browser forgets who was here, by a key or by an account."""
    require_near(call)
    await accounts.staff_leaves(call)
    return Answer(b"", status=303, headers={"location": f"{HOME}/sign-in", "set-cookie": set_cookie(call, "", 0)})


def set_cookie(call: Call, value: str, age_s: int) -> str:
    secure = "; Secure" if call.services.get(accounts.Provider).is_encrypted else ""
    return f"{COOKIE}={value}; Path=/console; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}"


@routes.get("/console", query={"lang": str, "period": str}, **PAGE)
async def home(call: Call) -> Answer[bytes]:
    """Sales against a week ago, members, points, what is owed, how quickly tills are answered, shops not heard of."""

    async def tell(here: Here) -> Answer[bytes]:
        return here.page("console/home.html", **await seen(here))

    return await at_console(call, tell)


@routes.get("/console/now", query={"period": str}, **PAGE)
async def now(call: Call) -> Answer[bytes]:
    """The part of the first page that renews itself."""

    async def tell(here: Here) -> Answer[bytes]:
        return here.page("console/now.html", **await seen(here))

    return await at_console(call, tell)


async def seen(here: Here) -> dict[str, Any]:
    async with here.call.services.reports.transaction(readonly=True) as tx:
        period = await period_of(here, tx)
        current, earlier = await compared(here, tx, period)
        _, against = PERIODS[period]
        first, last = days_of(here, period)
        grain = Grain.HOUR if period in ("today", "yesterday") else Grain.DAY
        lines = await analytics.stretch(tx, here.shops, first, last, grain)
        before = await analytics.stretch(
            tx, here.shops, first - timedelta(days=against), last - timedelta(days=against), grain
        )
        owed = await ledger.summed(tx, "points.liability")
        heard = await analytics.last_heard(tx, [code for code, _ in here.shops])
        health = await pos.tills_health(tx, "", here.now)
    return {
        "period": period,
        "current": current,
        "earlier": earlier,
        "changes": changes(current, earlier),
        "plot": plotted(lines, before, grain, first, last, against),
        "owed_minor": None if here.staff.shops else owed.get(here.currency, 0),
        "speeds": here.call.services.get(Pulse).look(here.now),
        "silent": silent_shops(here, heard),
        "alarms": [till for till in health.tills if till.shop in heard and set(till.alarms) - {"never_seen"}],
        "at": here.now.astimezone(here.zone()).strftime("%H:%M:%S"),
    }


async def period_of(here: Here, tx: Tx) -> str:
    """As asked; else today, or yesterday while nothing has been sold yet."""
    asked = here.call.query.get("period", "")
    if asked in PERIODS:
        return asked
    current, _ = await analytics.today(tx, here.shops, here.now)
    return "today" if current.checks else "yesterday"


def days_of(here: Here, period: str) -> tuple[date, date]:
    """By the calendar of most shops; each shop's sales are of its own days."""
    today = analytics.today_of(here.home_zone, here.now)
    if period == "today":
        return today, today
    yesterday = today - timedelta(days=1)
    return yesterday - timedelta(days=PERIODS[period][0] - 1), yesterday


async def compared(here: Here, tx: Tx, period: str) -> tuple[Totals, Totals]:
    if period == "today":
        return await analytics.today(tx, here.shops, here.now)
    first, last = days_of(here, period)
    back = timedelta(days=PERIODS[period][1])
    found = await analytics.stretch(tx, here.shops, first, last, Grain.ALL)
    earlier = await analytics.stretch(tx, here.shops, first - back, last - back, Grain.ALL)
    return found.get("", Totals()), earlier.get("", Totals())


MEASURES = (
    "paid_minor",
    "checks",
    "average_minor",
    "member_share_bp",
    "earned_minor",
    "burned_minor",
    "discount_minor",
    "refunded_minor",
)


def changes(current: Totals, earlier: Totals) -> dict[str, int | None]:
    """By how many tenths of a per cent each measure has moved; None: there is nothing to hold it against."""
    found: dict[str, int | None] = {}
    for name in MEASURES:
        now_, then = getattr(current, name), getattr(earlier, name)
        found[name] = (now_ - then) * 1000 // then if then else None
    return found


WIDTH, HEIGHT = 600, 120


def plotted(lines: Any, before: Any, grain: Grain, first: date, last: date, against: int) -> dict[str, Any]:
    """Two lines of money as points of a drawing, and the table behind it."""
    if grain is Grain.HOUR:
        keys = [f"{hour:02}" for hour in range(24)]
        earlier_keys = keys
    else:
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        keys = [day.isoformat() for day in days]
        earlier_keys = [(day - timedelta(days=against)).isoformat() for day in days]
    now_ = [lines.get(key, Totals()).paid_minor for key in keys]
    then = [before.get(key, Totals()).paid_minor for key in earlier_keys]
    top = max([1, *now_, *then])
    return {
        "labels": keys,
        "now": now_,
        "then": then,
        "now_points": points_of(now_, top),
        "then_points": points_of(then, top),
        "is_hours": grain is Grain.HOUR,
    }


def points_of(values: list[int], top: int) -> str:
    step = WIDTH / max(1, len(values) - 1)
    return " ".join(f"{n * step:.0f},{HEIGHT - value * HEIGHT / top:.1f}" for n, value in enumerate(values))


def silent_shops(here: Here, heard: Any) -> list[tuple[str, Any]]:
    """Shops that have sold nothing for a while, the longest first."""
    names = here.reference.shops
    quiet = [(names[code].name, at) for code, at in heard.items() if at is None or here.now - at > SILENT_AFTER]
    return sorted(quiet, key=lambda pair: (pair[1] is not None, pair[1]))
