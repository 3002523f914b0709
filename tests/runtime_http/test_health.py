"""What callers and watchers see of the database's health."""

import httpx

from tests.runtime_http.conftest import Key, code_of
from vokrug.runtime.http import Role, Services
from vokrug.runtime.web import build_app


async def test_a_database_that_is_gone_says_come_again(http: httpx.AsyncClient, services: Services, key: Key) -> None:
    assert code_of(await http.get("/bad/database")) == (503, "database_unavailable")
    staff = await key(Role.STAFF)
    await services.db.close()
    answer = await staff.sends("GET", "/v1/keys")
    assert code_of(answer) == (503, "database_unavailable")
    assert answer.json()["retry"] == "same"


async def test_health_tells_what_is_wrong(services: Services) -> None:
    async def migrations_applied(services: Services) -> None:
        raise LookupError("0042 is missing")

    for checks, status in (({}, 200), ({"migrations": migrations_applied}, 503)):
        app = build_app([], services, checks=checks)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
            answer = await http.get("/health/ready")
        assert answer.status_code == status
        assert answer.json()["checks"] == {"database": "ok", **dict.fromkeys(checks, "LookupError")}
