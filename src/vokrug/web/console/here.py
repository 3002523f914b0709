"""Who is at a page of the console, whether they may, and how it is shown."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vokrug import pos
from vokrug.accounts import FormMalformed, FormStale
from vokrug.kernel import Refusal
from vokrug.runtime.http import Answer, Call
from vokrug.web import frame
from vokrug.web.console.menu import MENU
from vokrug.web.console.staff import AccountDoor, Duty, KeyDoor, Staff, cookie_of
from vokrug.web.forms import form_of

FORMS = [FormMalformed, FormStale]
PAGE = frame.PAGE
HOME = "/console"


@dataclass(frozen=True, slots=True)
class Here:
    """The member of staff in front of the page."""

    call: Call
    staff: Staff
    language: str

    @property
    def now(self) -> datetime:
        return self.call.now

    @property
    def reference(self) -> pos.Reference:
        return self.call.services.get(pos.Checkout).reference

    @property
    def shops(self) -> list[tuple[str, str]]:
        """Code and zone of the shops that this member of staff may see."""
        mine = self.staff.shops
        return [(shop.code, shop.zone) for shop in self.reference.shops.values() if not mine or shop.code in mine]

    def zone(self, shop: str | None = None) -> ZoneInfo:
        """Of a shop; else where most of the chain lives."""
        found = self.reference.shops.get(shop or "")
        return ZoneInfo(found.zone if found else self.home_zone)

    @property
    def home_zone(self) -> str:
        zones = [shop.zone for shop in self.reference.shops.values()]
        return max(sorted(set(zones)), key=zones.count) if zones else "UTC"

    @property
    def currency(self) -> str:
        kinds = [shop.currency for shop in self.reference.shops.values()]
        return max(sorted(set(kinds)), key=kinds.count) if kinds else "RUB"

    def t(self, en: str, ru: str) -> str:
        return ru if self.language == "ru" else en

    def said(self, refusal: Refusal) -> str:
        return refusal.cashier.say(self.language, **refusal.facts)

    def money(self, minor: int, currency: str | None = None, kopecks: bool = True) -> str:
        return frame.money(minor, currency or self.currency, self.language, kopecks=kopecks)

    def number(self, count: int) -> str:
        return frame.amount(count * 100, self.language)

    def moment(self, at: datetime | None, shop: str | None = None) -> str:
        """By the clock of a shop; else by that of most shops."""
        return "" if at is None else at.astimezone(self.zone(shop)).strftime("%d.%m.%Y %H:%M")

    def page(self, name: str, *, status: int = 200, **said: Any) -> Answer[bytes]:
        """`said` is what this page has beside the frame."""
        return frame.page(
            self.call,
            name,
            status=status,
            staff=self.staff,
            menu=[place for place in MENU if self.staff.may(*place.duties)],
            form_token=form_token_of(self.call, self.staff),
            moment=self.moment,
            points=lambda minor: frame.amount(minor, self.language),
            whole=lambda minor: frame.amount(minor, self.language, kopecks=False),
            tenths_said=lambda tenths: frame.amount(tenths * 10, self.language).removesuffix("0"),
            number=self.number,
            money=self.money,
            **said,
        )

    def go(self, path: str) -> Answer[bytes]:
        return Answer(b"", status=303, headers={"location": path, "cache-control": "no-store"})


Tell = Callable[[Here], Awaitable[Answer[bytes]]]


async def at_console(call: Call, tell: Tell, *duties: Duty) -> Answer[bytes]:
    """A page for staff with one of these duties; none named is everybody who has signed in."""
    staff = await at_the_door(call)
    if isinstance(staff, Answer):
        return staff
    if staff is None and "hx-request" in call.headers:  # a part of a page: the whole page goes to the door
        return Answer(b"", headers={"hx-redirect": f"{HOME}/sign-in", "cache-control": "no-store"})
    if staff is None:
        return Answer(b"", status=303, headers={"location": f"{HOME}/sign-in", "cache-control": "no-store"})
    here = Here(call, staff, frame.language_of(call))
    if duties and not staff.may(*duties):
        return here.page("console/not-yours.html", status=403)
    return await tell(here)


async def at_the_door(call: Call) -> Staff | Answer[bytes] | None:
    """By their account if it is of the staff; else by a key, whose bearer has no name."""
    found = await AccountDoor(HOME).staff_of(call)
    if isinstance(found, Staff):
        return found
    return await call.services.get(KeyDoor).staff_of(call) or found


def form_token_of(call: Call, staff: Staff) -> str:
    return call.services.get(KeyDoor).form_token(staff.cookie or cookie_of(call.headers))


async def by_form(
    call: Call, body: bytes, tell: Callable[[Here, Mapping[str, str]], Awaitable[Answer[bytes]]], *duties: Duty
) -> Answer[bytes]:
    """A form that one of our pages sent from this browser."""
    form = form_of(body)

    async def told(here: Here) -> Answer[bytes]:
        require_own(call, form, here.staff)
        return await tell(here, form)

    return await at_console(call, told, *duties)


def require_near(call: Call) -> None:
    """The browser says that the form came from a page of ours."""
    if call.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise FormStale


def require_own(call: Call, form: Mapping[str, str], staff: Staff) -> None:
    """It did, and from this browser's own."""
    require_near(call)
    expected = form_token_of(call, staff)
    if not hmac.compare_digest(form.get("form_token", "").encode(), expected.encode()):
        raise FormStale
