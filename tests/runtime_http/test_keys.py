"""Who may call: signatures good, stale, wrong and foreign; roles; rotation and revocation."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from tests.runtime_http.conftest import Key
from tests.runtime_http.example import INSTALLATION_SECRET
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role, Services
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.keys import find_key, put_to_sleep, revoke_key
from vokrug.runtime.rotation import NoSuccessor, Turn, fetch_successor, first_used, turn_of
from vokrug.runtime.signing import KeyAsleep, KeyUnknown, Vault, authorization, sign

BASKET = b'{"lines":[{"sku":"milk","price":"89.90"}]}'


def test_a_signature_is_what_another_language_would_make() -> None:
    """Made with openssl from the four lines, so that a till's programmer can check theirs."""
    made = sign("vks_secret", method="POST", target="/v1/baskets?a=1", at_s=1_700_000_000, body=b"{}")
    assert made == "948b25cbfdf271123686551a01a28865b773f04bb267175c8d5e206d8323797d"


async def test_a_signed_request_is_answered_for_its_shop(key: Key) -> None:
    answer = await (await key(Role.TILL)).sends("POST", "/v1/baskets", BASKET)
    assert answer.status_code == 200
    assert answer.json() == {"count": 1, "shop_id": 7, "note": ""}


async def test_the_query_is_signed_as_it_was_sent(key: Key) -> None:
    till = await key(Role.TILL)
    target = f"/v1/baskets/{new_id()}?limit=3&tag=a%20b&tag=c"
    answer = await till.sends("GET", target)
    assert answer.json()["asked"] == {"limit": "3", "tag": "['a b', 'c']"}


@pytest.mark.parametrize(
    ("ahead_s", "status", "skew"), [(0, 200, None), (290, 200, "290"), (-290, 200, "-290"), (310, 401, None)]
)
async def test_a_clock_may_be_five_minutes_off(key: Key, ahead_s: int, status: int, skew: str | None) -> None:
    till = await key(Role.TILL)
    till.clock_is_ahead_s = ahead_s
    answer = await till.sends("POST", "/v1/baskets", BASKET)
    assert answer.status_code == status
    told = answer.headers.get("x-clock-skew-s")
    assert (told is None) == (skew is None)
    assert told is None or skew is None or abs(int(told) - int(skew)) <= 2


async def test_a_stale_signature_learns_our_time(key: Key) -> None:
    till = await key(Role.TILL)
    till.clock_is_ahead_s = -3600
    problem = (await till.sends("POST", "/v1/baskets", BASKET, accept_language="en")).json()
    assert problem["code"] == "stale_signature"
    assert problem["facts"]["server_time"] in problem["cashier_text"]


TILL = "till-0123456789abcdef"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "key_missing"),
        ("", "key_missing"),
        ("Basic dXNlcjpwYXNz", "key_missing"),
        ("VOKRUG-HMAC-SHA256 key=a, ts=1", "key_missing"),
        ("VOKRUG-HMAC-SHA256 key=a, ts=1, signature=zz", "key_missing"),
        (f"VOKRUG-HMAC-SHA256 key={TILL}, ts=1, signature={'0' * 64}", "key_unknown"),
        ("Bearer nobody." + "x" * 43, "key_unknown"),
    ],
)
async def test_whoever_has_no_key_is_declined(http: httpx.AsyncClient, header: str | None, code: str) -> None:
    answer = await http.post("/v1/baskets", content=BASKET, headers={} if header is None else {"authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "VOKRUG-HMAC-SHA256"


async def test_a_signature_fits_one_request_only(key: Key) -> None:
    """Another body, path, method or key under the same signature is declined."""
    till, other = await key(Role.TILL), await key(Role.TILL)
    good = (await till.sends("POST", "/v1/baskets", BASKET)).request.headers["authorization"]
    headers = {"authorization": good, "content-type": "application/json"}
    changed = await till.http.post("/v1/baskets", content=BASKET + b" ", headers=headers)
    moved = await till.http.post("/v1/baskets?x=1", content=BASKET, headers=headers)
    foreign = await till.http.post(
        "/v1/baskets",
        content=BASKET,
        headers=headers | {"authorization": good.replace(till.key_id, other.key_id)},
    )
    for answer in (changed, moved, foreign):
        assert (answer.status_code, answer.json()["code"]) == (401, "signature_wrong")
    again = await till.http.post("/v1/baskets", content=BASKET, headers=headers)
    assert again.status_code == 200, "the very same request may come again: calls are safe to repeat"


async def test_a_token_is_borne_in_the_sandbox_only(key: Key, http: httpx.AsyncClient) -> None:
    sandbox, live = await key(Role.TILL, sandbox=True), await key(Role.TILL)
    borne = await http.post(
        "/v1/baskets",
        content=BASKET,
        headers={"authorization": f"Bearer {sandbox.token}", "content-type": "application/json"},
    )
    assert borne.status_code == 200
    assert live.token is None
    guessed = await http.post(
        "/v1/baskets", content=BASKET, headers={"authorization": f"Bearer {live.key_id}.{live.secret}"}
    )
    assert guessed.json()["code"] == "signature_wrong"
    assert (await sandbox.sends("POST", "/v1/baskets", BASKET)).status_code == 200, "it may also sign"


async def test_a_role_may_do_what_its_routes_say(key: Key) -> None:
    partner, till = await key(Role.PARTNER), await key(Role.TILL)
    declined = await partner.sends("POST", "/v1/baskets", BASKET)
    assert (declined.status_code, declined.json()["code"]) == (403, "role_not_allowed")
    assert (await till.sends("GET", "/v1/keys")).status_code == 403
    assert (await (await key(Role.STAFF)).sends("POST", "/v1/baskets", BASKET)).status_code == 200


async def test_staff_issue_list_and_revoke_keys(key: Key, db: Database) -> None:
    staff = await key(Role.STAFF)
    asked = (f'{{"uid":"{new_id()}","role":"till","label":"till 3","shop_id":9,"till_id":3}}').encode()
    first = await staff.sends("POST", "/v1/keys", asked)
    again = await staff.sends("POST", "/v1/keys", asked)
    assert first.status_code == 201
    assert again.json() == first.json(), "a repeat after a broken line gets the same key"
    other = await staff.sends("POST", "/v1/keys", asked.replace(b"till 3", b"till 4"))
    assert (other.status_code, other.json()["code"]) == (409, "key_id_reused")
    key_id = first.json()["key_id"]
    page = (await staff.sends("GET", "/v1/keys?shop_id=9")).json()
    assert [(found["key_id"], found["label"]) for found in page["keys"]] == [(key_id, "till 3")]
    assert first.json()["secret"] not in str(page)
    assert (await staff.sends("POST", f"/v1/keys/{key_id}:revoke")).status_code == 204
    assert (await staff.sends("POST", f"/v1/keys/{key_id}:revoke")).status_code == 204
    assert (await staff.sends("POST", "/v1/keys/till-no:revoke")).json()["code"] == "key_not_found"
    async with db.transaction() as tx:
        stored = await tx.value("select secret_sealed from runtime_key where key_id = $1", key_id)
    assert first.json()["secret"].encode() not in stored


async def test_a_till_key_needs_its_till(key: Key, db: Database) -> None:
    staff = await key(Role.STAFF)
    asked = f'{{"uid":"{new_id()}","role":"till","label":"till 3","shop_id":9}}'.encode()
    assert (await staff.sends("POST", "/v1/keys", asked)).json()["code"] == "key_needs_a_till"
    async with db.transaction() as tx:
        assert await tx.value("select count(*) from runtime_key") == 1, "only the asker's own key"


async def test_a_sandbox_key_makes_no_live_keys(key: Key) -> None:
    staff, till = await key(Role.STAFF, sandbox=True), await key(Role.TILL)
    asked = f'{{"uid":"{new_id()}","role":"staff","label":"mine"}}'.encode()
    assert (await staff.sends("POST", "/v1/keys", asked)).json()["code"] == "role_not_allowed"
    assert (await staff.sends("POST", f"/v1/keys/{till.key_id}:revoke")).status_code == 404
    assert (await till.sends("POST", "/v1/baskets", BASKET)).status_code == 200


async def test_other_processes_forget_a_revoked_key_within_a_second(key: Key, db: Database, services: Services) -> None:
    """Two rings stand for two processes; the second has the key in memory when it is revoked."""
    till, ticks = await key(Role.TILL), [0.0]
    elsewhere = KeyRing(db, Vault(INSTALLATION_SECRET), ticks_s=lambda: ticks[0])
    await elsewhere.find(till.key_id)
    async with db.transaction() as tx:
        await revoke_key(tx, till.key_id, services.clock.now())
    assert await elsewhere.find(till.key_id), "a remembered key costs no reading"
    ticks[0] += 1
    with pytest.raises(KeyUnknown):
        await elsewhere.find(till.key_id)


async def test_a_key_is_not_good_before_its_time(key: Key, db: Database, http: httpx.AsyncClient) -> None:
    till = await key(Role.TILL)
    async with db.transaction() as tx:
        await tx.run("update runtime_key set not_before = now() + interval '1 day'")
    assert (await till.sends("POST", "/v1/baskets", BASKET)).json()["code"] == "key_unknown"


def test_a_sealed_secret_opens_under_its_own_name_only() -> None:
    from cryptography.exceptions import InvalidTag

    sealed = Vault("a secret of sixteen").seal("till-1", "vks_x")
    assert Vault("a secret of sixteen").open("till-1", sealed) == "vks_x"
    for vault, name in ((Vault("a secret of sixteen"), "till-2"), (Vault("quite another secret"), "till-1")):
        with pytest.raises(InvalidTag):
            vault.open(name, sealed)
    assert authorization("k", "s", method="GET", target="/", at_s=1, body=b"").startswith(
        "VOKRUG-HMAC-SHA256 key=k, ts=1"
    )


# Rotation


async def rotated(key: Key, till: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
    """Staff make the till's successor."""
    staff = await key(Role.STAFF)
    body = msgspec.json.encode({"uid": str(new_id()), **more})
    answer = await staff.sends("POST", f"/v1/keys/{till.key_id}:rotate", body)
    assert answer.status_code == 201, answer.text
    again = await staff.sends("POST", f"/v1/keys/{till.key_id}:rotate", body)
    assert again.json()["key_id"] == answer.json()["key_id"], "asked again, the same successor"
    return staff, answer.json()


async def test_a_key_is_followed_by_another_without_a_stop(key: Key, db: Database, services: Services) -> None:
    till = await key(Role.TILL)
    staff, told = await rotated(key, till)
    assert "secret" not in str(told), "nobody is shown it but the till"
    other = await staff.sends("POST", f"/v1/keys/{till.key_id}:rotate", b'{"uid":"%s"}' % str(new_id()).encode())
    assert (other.status_code, other.json()["code"]) == (409, "key_rotating")
    vault, now = services.get(KeyRing).vault, services.clock.now()
    async with db.transaction() as tx:
        assert (await turn_of(tx, till.key_id)).has_successor
        found = await fetch_successor(tx, vault, till.key_id)
        assert found.key == (await fetch_successor(tx, vault, till.key_id)).key, "a lost answer is asked for again"
    assert timedelta(days=6) < datetime.fromisoformat(told["old_ends_at"]) - now < timedelta(days=8)
    new = replace(till, key_id=found.key.key_id, secret=found.key.secret)
    for one in (till, new):
        assert (await one.sends("POST", "/v1/baskets", BASKET)).status_code == 200, "both are good"
    async with db.transaction() as tx:
        await first_used(tx, found.key.key_id, now)
        with pytest.raises(NoSuccessor):
            await fetch_successor(tx, vault, till.key_id)
        await tx.run("update runtime_key set ends_at = now(), change_written_at = now() where key_id = $1", till.key_id)
    ring = KeyRing(db, vault)
    (await ring.find(new.key_id)).require_good(services.clock.now())
    with pytest.raises(KeyUnknown):
        (await ring.find(till.key_id)).require_good(services.clock.now())


async def test_an_old_key_may_end_with_the_first_use_of_the_new(key: Key, db: Database, services: Services) -> None:
    till = await key(Role.TILL)
    _, told = await rotated(key, till, old_ends="at_first_use")
    ring, now = KeyRing(db, services.get(KeyRing).vault), services.clock.now()
    async with db.transaction() as tx:
        await first_used(tx, told["key_id"], now)
        await first_used(tx, told["key_id"], now)
        assert await turn_of(tx, told["key_id"]) == Turn(is_new=False, has_successor=False)
    (await ring.find(told["key_id"])).require_good(now)
    with pytest.raises(KeyUnknown):
        (await ring.find(till.key_id)).require_good(now)


async def test_a_thief_does_not_keep_the_successor(key: Key, db: Database) -> None:
    till = await key(Role.TILL)
    staff, told = await rotated(key, till)
    assert (await staff.sends("POST", f"/v1/keys/{till.key_id}:revoke")).status_code == 204
    for key_id in (till.key_id, told["key_id"]):
        async with db.transaction() as tx:
            found = await find_key(tx, key_id)
        assert found is not None
        assert found.revoked_at is not None
    gone = await staff.sends("POST", f"/v1/keys/{till.key_id}:rotate", b'{"uid":"%s"}' % str(new_id()).encode())
    assert gone.json()["code"] == "key_not_found"


async def test_a_key_sleeps_and_wakes_in_every_process(key: Key, db: Database, services: Services) -> None:
    till, ticks = await key(Role.TILL), [0.0]
    elsewhere = KeyRing(db, Vault(INSTALLATION_SECRET), ticks_s=lambda: ticks[0])
    now = services.clock.now()
    (await elsewhere.find(till.key_id)).require_good(now)
    for asleep in (True, False, True):
        async with db.transaction() as tx:
            await put_to_sleep(tx, [till.key_id], asleep=asleep)
        ticks[0] += 1
        found = await elsewhere.find(till.key_id)
        assert found.is_asleep is asleep
    with pytest.raises(KeyAsleep):
        found.require_good(now)
