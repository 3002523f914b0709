"""A shop's tills are invited, given keys, tried, and go live; keys change without a stop and end at once."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Answer, Chain, Opened, Till, open_chain
from vokrug.app.till_check.plays import PLAYS
from vokrug.pos.onboarding import rules
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.keys import IssuedKey

PASSED: dict[str, Any] = {
    "verdict": "ready",
    "plays": [{"code": play.code, "passed": True} for play in PLAYS],
    "findings": [],
    "left_out": [],
}
FAILED = {**PASSED, "verdict": "not_yet", "findings": [{"code": "rounding", "severity": "blocker"}]}


class Office:
    """Staff who connect tills, and a vendor with a code."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.id = uuid4()

    async def asks(self, verb: str, body: Any = None, method: str = "POST") -> Answer:
        path = f"/v1/integrations/{self.id}" + (f":{verb}" if verb else "")
        return await self.chain.staff.sends(path, body, method)

    def invitation(self, **more: Any) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "shop": "S1",
            "vendor": "ООО Кассы",
            "contact_email": "admin@kassy.example",
            "software": "1С:Розница 2.3",
            **more,
        }

    async def invites(self, **more: Any) -> Answer:
        return await self.chain.staff.sends("/v1/integrations", self.invitation(**more))

    async def claims(self, code: str, claim_id: UUID | None = None) -> Answer:
        body = {"code": code, "claim_id": str(claim_id or uuid4())}
        return await nobody(self.chain).sends("/pos/v1/onboarding:claim", body)

    async def state(self) -> str:
        return str((await self.asks("", method="GET"))["integration"]["state"])

    async def deeds(self) -> list[str]:
        return [deed["what"] for deed in (await self.asks("", method="GET"))["history"]]


def nobody(chain: Chain) -> Till:
    """Somebody without a key."""
    return Till(chain.http, "", "", IssuedKey("", "", ""))


def with_key(till: Till, told: dict[str, Any]) -> Till:
    return replace(till, key=IssuedKey(told["key_id"], told["secret"], f"{told['key_id']}.{told['secret']}"))


@pytest.fixture
def office(chain: Chain) -> Office:
    return Office(chain)


async def beats(till: Till, chain: Chain) -> Answer:
    at = chain.services.clock.now().isoformat()
    return await till.sends("/pos/v1/heartbeat", {**till.place, "at": at, "software": "x"})


async def test_a_shop_goes_live(chain: Chain, office: Office, till: Till) -> None:
    """Invited, keys taken, tried, live; each step is in the history."""
    invited = await office.invites()
    assert invited.status == 201
    assert invited["integration"]["tills"] == ["T1", "T2"], "all that the shop has"
    claim_id = uuid4()
    taken = (await office.claims(invited["code"].lower().replace("-", " "), claim_id)).done()
    assert [key["till"] for key in taken["keys"]] == ["T1", "T2"]
    again = (await office.claims(invited["code"], claim_id)).done()
    assert again.body == taken.body, "a lost answer is asked for again"
    theirs = with_key(till, taken["keys"][0])
    assert (await theirs.identifies(await till.registers())).code == (401, "key_asleep"), "not yet"
    assert (await office.asks("go-live", {})).code == (409, "kit_not_passed")
    report = {"code": invited["code"], "claim_id": str(claim_id), "report": FAILED}
    told = (await nobody(chain).sends("/pos/v1/onboarding:report", report)).done()
    assert (told["state"], told["passed"]) == ("conformance", False)
    assert (await office.asks("go-live", {})).code == (409, "kit_not_passed")
    told = (await nobody(chain).sends("/pos/v1/onboarding:report", {**report, "report": PASSED})).done()
    assert told["passed"]
    live = (await office.asks("go-live", {})).done()
    assert (await office.asks("go-live", {})).done().body == live.body
    assert (live["state"], live["passed"]) == ("live", True)
    await chain_follows(chain)
    (await theirs.sells(None, COFFEE))[1].done()
    assert await office.deeds() == ["invited", "keys_taken", "failed", "passed", "live"]


async def chain_follows(chain: Chain) -> None:
    """A second has gone by: rings look at what changed."""
    chain.services.get(KeyRing)._changes_read_at_s -= 1


async def test_a_till_may_go_live_by_force_with_a_reason(chain: Chain, office: Office) -> None:
    code = (await office.invites())["code"]
    assert (await office.asks("go-live", {"force": True, "reason": "x"})).code == (409, "integration_state")
    (await office.claims(code)).done()
    assert (await office.asks("go-live", {"force": True, "reason": " "})).code == (422, "reason_needed")
    assert await office.state() == "keys"
    (await office.asks("go-live", {"force": True, "reason": "открытие магазина"})).done()
    story = await office.asks("", method="GET")
    assert (story["history"][-1]["what"], story["history"][-1]["note"]) == ("live_by_force", "открытие магазина")


async def test_a_shop_is_suspended_and_resumed(chain: Chain, office: Office, till: Till) -> None:
    """All keys of its tills, those that were there before too."""
    taken = (await office.claims((await office.invites(tills=["T1"]))["code"])).done()
    (await office.asks("go-live", {"force": True, "reason": "проба"})).done()
    theirs = with_key(till, taken["keys"][0])
    assert (await office.asks("suspend", {})).code == (422, "reason_needed")
    (await office.asks("suspend", {"reason": "подозрение"})).done()
    await chain_follows(chain)
    for one in (theirs, till):
        assert (await beats(one, chain)).code == (401, "key_asleep")
    assert (await beats(chain.till("S1", "T2"), chain)).status == 200, "the neighbour goes on"
    (await office.asks("resume", {})).done()
    await chain_follows(chain)
    assert (await beats(theirs, chain)).status == 200
    assert (await office.deeds())[-2:] == ["suspended", "resumed"]


async def test_an_invitation_is_taken_once_and_in_time(chain: Chain, office: Office) -> None:
    code = (await office.invites())["code"]
    claim_id = uuid4()
    (await office.claims(code, claim_id)).done()
    before = await chain.fingerprint()
    assert (await office.claims(code)).code == (410, "invitation_used")
    chain.passes(minutes=11)
    assert (await office.claims(code, claim_id)).code == (410, "invitation_used"), "secrets are shown for ten minutes"
    assert (await office.claims("AAAA-BBBB-CCCC-DDDD")).code == (404, "invitation_unknown")
    assert await chain.fingerprint() == before
    late = Office(chain)
    code = (await late.invites(shop="S2", valid_hours=1))["code"]
    chain.passes(minutes=61)
    assert (await late.claims(code)).code == (404, "invitation_unknown")


async def test_another_code_ends_the_former_and_what_was_taken(chain: Chain, office: Office, till: Till) -> None:
    first = (await office.invites())["code"]
    taken = (await office.claims(first)).done()
    again = {"invitation_id": str(uuid4())}
    second = (await office.asks("invite", again)).done()
    assert (await office.asks("invite", again))["code"] == second["code"] != first
    assert (await office.claims(first)).code == (404, "invitation_unknown")
    keys = (await chain.staff.sends("/v1/keys?limit=1000", None, "GET")).done()["keys"]
    ended = {key["key_id"] for key in keys if key["revoked_at"] is not None}
    assert ended == {key["key_id"] for key in taken["keys"]}
    (await office.claims(second["code"])).done()
    assert await office.state() == "keys"


async def test_an_invitation_asked_for_again_is_the_same_and_another_is_refused(chain: Chain, office: Office) -> None:
    first, again = await office.invites(), await office.invites()
    assert (first.body, again.status, again.is_repeat) == (again.body, 200, True)
    before = await chain.fingerprint()
    assert (await office.invites(vendor="Другие")).code == (409, "integration_conflict")
    assert (await Office(chain).invites(tills=["T9"])).code == (404, "till_unknown")
    assert (await Office(chain).invites(shop="S9")).code == (404, "shop_unknown")
    assert (await Office(chain).invites(contact_email="nobody")).status == 422
    assert (await Office(chain).asks("", method="GET")).code == (404, "integration_unknown")
    till = chain.till()
    assert (await till.sends("/v1/integrations", office.invitation())).status == 403
    assert await chain.fingerprint() == before


async def test_guessing_is_slowed_down(chain: Chain, office: Office) -> None:
    code = (await office.invites())["code"]
    for _ in range(10):
        assert (await office.claims("0000-0000-0000-0000")).status == 404
    assert (await office.claims(code)).code == (429, "claims_too_many")
    assert await office.state() == "invited"


async def test_where_there_is_a_shop_for_trials_a_working_key_for_it_comes_along(chain: Chain, office: Office) -> None:
    (await chain.staff.sends("/v1/shops", {"code": "KIT", "name": "Проверка", "tills": ["K1"]}, "PUT")).done()
    kit = (await office.claims((await office.invites())["code"])).done()["kit"]
    trial = Till(chain.http, kit["shop"], kit["till"], IssuedKey(kit["key_id"], kit["secret"], kit["token"]))
    (await trial.sells(None, COFFEE, CAKE))[1].done()
    abroad = replace(trial, shop="S1", code="T1")
    asked = abroad.check(None, COFFEE)
    assert (await abroad.calculates(uuid4(), asked)).code == (403, "foreign_shop")


async def test_the_list_has_states_and_filters(chain: Chain) -> None:
    first, second = Office(chain), Office(chain)
    code = (await first.invites())["code"]
    await second.invites(shop="S2", vendor="Другие")
    (await first.claims(code)).done()

    async def listed(query: str = "") -> list[str]:
        found = await chain.staff.sends(f"/v1/integrations{query}", None, "GET")
        assert found.done()["by_state"] == {"keys": 1, "invited": 1}
        return [one["id"] for one in found["integrations"]]

    assert await listed() == [str(first.id), str(second.id)]
    for query in ("?state=keys", "?shop=S1", "?vendor=%D0%9E%D0%9E%D0%9E%20%D0%9A%D0%B0%D1%81%D1%81%D1%8B", "?limit=1"):
        assert await listed(query) == [str(first.id)]
    page = (await chain.staff.sends("/v1/integrations?limit=1", None, "GET")).done()
    assert await listed(f"?after={page['next_after']}") == [str(second.id)]


@pytest.mark.parametrize(
    "report",
    [
        FAILED,
        {**PASSED, "plays": PASSED["plays"][:-1]},
        {**PASSED, "plays": [{**play, "passed": False} for play in PASSED["plays"]]},
        {**PASSED, "left_out": ["busy"]},
        {**PASSED, "verdict": "not_yet"},
        {},
        {"verdict": "ready"},
        {"verdict": "ready", "plays": [1], "findings": [1]},
    ],
)
def test_half_a_check_is_no_check(report: dict[str, Any]) -> None:
    assert not rules.has_passed(report)


def test_what_has_to_be_played_is_what_is_played() -> None:
    assert {play.code for play in PLAYS} == rules.PLAYS
    assert rules.has_passed(PASSED)


@pytest.mark.parametrize("heard", ["{}", "{} ", " {}", "{}."])
def test_a_code_is_known_however_it_was_written_down(heard: str) -> None:
    code = rules.new_code()
    assert len(code) == 19
    for form in (code, code.lower(), code.replace("-", ""), code.replace("0", "o").replace("1", "l")):
        assert rules.code_hash(heard.format(form)) == rules.code_hash(code)


# Keys that change


async def rotated(chain: Chain, till: Till, **more: Any) -> dict[str, Any]:
    body = {"uid": str(uuid4()), **more}
    answer = await chain.staff.sends(f"/v1/keys/{till.key.key_id}:rotate", body)
    assert answer.status == 201
    found: dict[str, Any] = answer.body
    return found


async def test_a_till_changes_its_key_without_a_stop(chain: Chain, till: Till) -> None:
    assert (await till.sends("/pos/v1/keys:claim", till.place)).code == (404, "no_successor")
    await rotated(chain, till)
    await chain_follows(chain)
    assert (await beats(till, chain))["commands"] == ["rotate_key"]
    told = (await till.sends("/pos/v1/keys:claim", till.place)).done()
    assert (await till.sends("/pos/v1/keys:claim", till.place)).done().body == told.body
    new = with_key(till, told.body)
    for one in (till, new):
        (await one.sells(None, COFFEE))[1].done()
    assert (await beats(new, chain))["commands"] == []
    assert (await beats(till, chain))["commands"] == [], "the old one is good for the overlap"
    assert (await till.sends("/pos/v1/keys:claim", till.place)).code == (404, "no_successor")
    chain.passes(days=7, minutes=1)
    assert (await beats(till, chain)).code == (401, "key_unknown")
    assert (await beats(new, chain)).status == 200


async def test_the_old_key_may_end_when_the_new_one_is_used(chain: Chain, till: Till) -> None:
    await rotated(chain, till, old_ends="at_first_use")
    new = with_key(till, (await till.sends("/pos/v1/keys:claim", till.place)).body)
    assert (await beats(till, chain)).status == 200, "the answer could have been lost"
    assert (await beats(new, chain)).status == 200
    chain.passes(seconds=1)
    await chain_follows(chain)
    assert (await beats(till, chain)).code == (401, "key_unknown")


async def test_a_stolen_key_is_shut_in_one_call_in_every_process(chain: Chain, till: Till, opened: Opened) -> None:
    """Two applications over one database stand for two processes; both have the key in memory."""
    async with open_chain(chain.url, opened) as other:
        elsewhere = replace(till, http=other.http)
        for one in (till, elsewhere):
            assert (await one.sends("/pos/v1/heartbeat", {})).status == 422, "known there, and asked something else"
        assert (await chain.staff.sends(f"/v1/keys/{till.key.key_id}:revoke", None)).status == 204
        for process in (chain, other):
            await chain_follows(process)
        for one in (till, elsewhere):
            assert (await one.sends("/pos/v1/heartbeat", {})).code == (401, "key_unknown")


async def test_a_sleeping_till_is_told_in_its_language(chain: Chain, office: Office, till: Till) -> None:
    taken = (await office.claims((await office.invites())["code"])).done()
    theirs = with_key(till, taken["keys"][0])
    told = await theirs.sends("/pos/v1/heartbeat", {})
    assert told["cashier_text"].startswith("Касса ещё не включена")
    assert told["retry"] == "later", "its queue waits"
