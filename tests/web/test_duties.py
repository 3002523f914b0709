"""Who may open what: duties and shops of a member of staff, whoever says what they are."""

import re
from collections.abc import Iterable
from uuid import UUID

import httpx
import pytest

from tests.analytics.test_hours import counted
from tests.pos.chain import COFFEE, Chain, Till
from vokrug import web
from vokrug.runtime.http import Call
from vokrug.web.console.menu import MENU
from vokrug.web.console.staff import Duty, KeyDoor, Staff


class OtherDoor(KeyDoor):
    """A door that knows this member of staff, and nobody else."""

    def __init__(self, duties: Iterable[Duty], shops: Iterable[str] = ()) -> None:
        super().__init__(b"x" * 32)
        self.staff = Staff("staff-of-the-test", "Мария", frozenset(duties), frozenset(shops))

    async def staff_of(self, call: Call) -> Staff | None:
        return self.staff


def stands_at(chain: Chain, *duties: Duty, shops: Iterable[str] = ()) -> None:
    chain.services.parts[web.KeyDoor] = OtherDoor(duties, shops)


async def opens(chain: Chain, path: str, **query: str) -> httpx.Response:
    return await chain.http.get(path, params=query)


@pytest.mark.parametrize("duty", list(Duty))
async def test_everybody_opens_what_their_menu_shows_and_nothing_else(chain: Chain, duty: Duty) -> None:
    stands_at(chain, duty)
    shown = set(re.findall(r'href="(/console[^"?]*)"', (await opens(chain, "/console")).text)) - {"/console"}
    for place in MENU:
        if place.path.startswith("/console/"):
            answer = await opens(chain, place.path)
            assert (answer.status_code == 200) == (place.path in shown), f"{duty}: {place.path}"
            assert answer.status_code in (200, 403)
    assert duty is not Duty.OWNER or len(shown) >= 11


async def test_an_analyst_reads_offers_and_changes_none(chain: Chain) -> None:
    stands_at(chain, Duty.ANALYST)
    (row, *_) = await chain.rows("select id::text from promotions_offer")
    before = await chain.fingerprint()
    door = chain.services.get(web.KeyDoor)
    form = {"form_token": door.form_token(""), "version": "1"}
    assert (await opens(chain, f"/console/offers/{row['id']}")).status_code == 200
    for step in ("pause", "end", "publish", "edit"):
        answer = await chain.http.post(f"/console/offers/{row['id']}/{step}", data=form)
        assert answer.status_code == 403, step
    assert (await opens(chain, "/console/offers/new")).status_code == 403
    assert await chain.fingerprint() == before


async def test_a_franchisee_sees_their_own_shops(chain: Chain, till: Till) -> None:
    """Sales of the other shop are in no number of theirs, and what the chain owes is not theirs to see."""
    await till.sells(None, COFFEE)
    await chain.till("S2").sells(None, COFFEE, COFFEE)
    await counted(chain)
    stands_at(chain, Duty.FRANCHISEE, shops=["S2"])
    home = (await opens(chain, "/console", period="today")).text
    assert re.search(r'id="paid_minor">200\N{NO-BREAK SPACE}₽<', home)
    assert 'id="owed"' not in home
    assert "Арбат" not in home
    for path in ("/console/shops", "/console/reports/shops"):
        page = (await opens(chain, path)).text
        assert ("Невский" in page, "Арбат" in page) == (True, False), path


async def test_a_page_that_renews_itself_leads_to_the_door_when_the_visit_is_over(chain: Chain) -> None:
    answer = await chain.http.get("/console/now", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/console/sign-in")
    assert answer.content == b""


async def test_what_is_not_there_is_refused_and_not_made(chain: Chain) -> None:
    stands_at(chain, Duty.OWNER)
    for path in ("offers", "customers"):
        assert (await opens(chain, f"/console/{path}/{UUID(int=1)}")).status_code == 404
