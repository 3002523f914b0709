"""What callers get back: answers, problems in both languages, limits, health, documents."""

import asyncio
import json
import logging
from collections.abc import MutableMapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.runtime_http.conftest import Key, Signer, code_of, services_without_database
from vokrug.kernel import new_id
from vokrug.runtime.http import Role, Services
from vokrug.runtime.web import Application, build_app


@pytest.fixture
def services() -> Services:
    """None of these answers needs a database: keys are known by heart."""
    return services_without_database()


@pytest.fixture
def key(services: Services, http: httpx.AsyncClient) -> Key:
    async def known(role: Role = Role.TILL) -> Signer:
        return Signer(http, str(role), "vks_secret", token=None)

    return known


@pytest.mark.parametrize(
    ("language", "cashier", "customer"),
    [
        (None, "На полке осталось только 0.", "Извините, всё раскупили."),
        ("ru-RU,ru;q=0.9", "На полке осталось только 0.", "Извините, всё раскупили."),
        ("fr, en;q=0.5", "Only 0 left on the shelf.", "Sorry, we have sold out."),
    ],
)
async def test_a_refusal_is_read_in_the_callers_language(
    key: Key, language: str | None, cashier: str, customer: str
) -> None:
    till = await key(Role.TILL)
    headers = {} if language is None else {"accept_language": language}
    answer = await till.sends("POST", "/v1/baskets", b'{"lines":[{"sku":"empty","price":"1.00"}]}', **headers)
    assert code_of(answer) == (409, "out_of_stock")
    problem = answer.json()
    assert (problem["cashier_text"], problem["customer_text"]) == (cashier, customer)
    assert problem["detail"] == "Only 0 left on the shelf.", "the log's sentence is English"
    assert (problem["title"], problem["retry"]) == ("The shelf is empty.", "later")
    assert problem["facts"] == {"left": 0}


@pytest.mark.parametrize(
    ("body", "status", "code", "at"),
    [
        (b"", 400, "body_malformed", None),
        (b"{", 400, "body_malformed", None),
        (b"\xff\xfe", 400, "body_malformed", None),
        (b'{"lines":[],"note":"\xff"}', 400, "body_malformed", None),
        (b'{"lines":[],"note":"\\ud800"}', 400, "body_malformed", None),
        (b'{"lines":' + b"[" * 100_000, 400, "body_malformed", None),
        (b'{"lines":[{"sku":"a","price":"1.00","qty":"2"}]}', 422, "body_invalid", "lines[0].qty"),
        (b'{"lines":[{"sku":"a","price":1.5}]}', 422, "body_invalid", "lines[0].price"),
        (b'{"lines":[{"sku":"a","price":"1.00","qty":' + b"9" * 5000 + b"}]}", 422, "body_invalid", None),
        (b'{"lines":[],"tip":1}', 422, "body_invalid", "$"),
        (b"[]", 422, "body_invalid", "$"),
        (b'{"lines":[],"note":"a\\u0000b"}', 422, "body_invalid", "$"),
    ],
)
async def test_a_broken_body_is_named_never_a_500(
    key: Key, body: bytes, status: int, code: str, at: str | None
) -> None:
    answer = await (await key(Role.TILL)).sends("POST", "/v1/baskets", body, content_type="application/json")
    assert code_of(answer) in [(status, code), (422, "body_invalid") if at is None else (status, code)]
    if at is not None:
        assert answer.json()["facts"]["at"] == at


async def test_an_escaped_backslash_is_no_nul(key: Key) -> None:
    answer = await (await key(Role.TILL)).sends("POST", "/v1/baskets", b'{"lines":[],"note":"\\\\u0000"}')
    assert answer.json()["note"] == "\\u0000"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON;charset=UTF-8", 200),
        ("application/merge-patch+json", 200),
        ("application/json; charset=windows-1251", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
async def test_the_kind_of_a_body(http: httpx.AsyncClient, kind: str, status: int) -> None:
    answer = await http.put(
        "/v1/shelves/dairy", content=b'{"sku":"milk","price":"1.00"}', headers={"content-type": kind}
    )
    assert answer.status_code == status


async def test_an_optional_body_may_be_absent(http: httpx.AsyncClient) -> None:
    assert (await http.put("/v1/shelves/dairy")).json() == {"id": "dairy", "asked": {}}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nowhere", (404, "path_unknown")),
        ("GET", "/v1/baskets/not-a-uuid", (404, "path_unknown")),
        ("GET", "/v1/baskets/", (404, "path_unknown")),
        ("DELETE", "/v1/baskets", (405, "method_not_allowed")),
        ("GET", "/v1/shelves/dairy", (422, "query_invalid")),
        ("GET", "/v1/shelves/dairy?q=%FF", (400, "address_malformed")),
        ("GET", "/v1/shelves/dairy?q=%00", (400, "address_malformed")),
        ("GET", "/v1/shelves/a%00b?q=1", (400, "address_malformed")),
        ("GET", "/v1/shelves/%ff?q=1", (400, "address_malformed")),
    ],
)
async def test_an_address_that_does_not_fit(
    http: httpx.AsyncClient, method: str, path: str, expected: tuple[int, str]
) -> None:
    answer = await http.request(method, path)
    assert code_of(answer) == expected


async def test_a_wrong_method_reads_the_right_ones(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/shelves/dairy")).headers["allow"] == "GET, HEAD, PUT"
    assert (await http.head("/health/live")).status_code == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=x", "on=yesterday", "order=sideways"])
async def test_a_parameter_of_a_wrong_type_is_named(key: Key, query: str) -> None:
    answer = await (await key(Role.TILL)).sends("GET", f"/v1/baskets/{new_id()}?{query}")
    assert code_of(answer) == (422, "query_invalid")
    assert answer.json()["facts"]["name"] == query.partition("=")[0]


async def test_headers_of_an_answer_come_through(key: Key) -> None:
    answer = await (await key(Role.STAFF)).sends("POST", f"/v1/baskets/{new_id()}:drop")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["idempotent-replay"] == "true"


async def test_a_request_id_is_the_callers_when_it_is_a_uuid(http: httpx.AsyncClient) -> None:
    mine = str(new_id())
    for given, kept in ((mine, True), ("<script>", False)):
        answer = await http.get("/health/live", headers={"x-request-id": given})
        assert (answer.headers["x-request-id"] == given) is kept
        UUID(answer.headers["x-request-id"])


async def test_a_body_has_its_limit(http: httpx.AsyncClient) -> None:
    async def in_pieces() -> Any:
        for _ in range(20):
            yield b"x" * 10

    assert (await http.post("/bad/small", content=b"x" * 100)).status_code == 204
    assert code_of(await http.post("/bad/small", content=b"x" * 101)) == (413, "body_too_large")
    assert code_of(await http.post("/bad/small", content=in_pieces())) == (413, "body_too_large")
    announced = await http.post("/bad/small", content=b"x", headers={"content-length": "100000000"})
    assert code_of(announced) == (413, "body_too_large")


async def test_an_answer_has_its_time(http: httpx.AsyncClient) -> None:
    answer = await http.get("/bad/slow")
    assert code_of(answer) == (503, "answer_took_too_long")
    assert (answer.json()["retry"], answer.headers["retry-after"]) == ("same", "1")


async def test_a_body_that_never_comes_is_not_waited_for(app: Application) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/bad/slow", "raw_path": b"/bad/slow"}
    await app(scope | {"query_string": b"", "headers": []}, receive, send)
    assert (sent[0]["status"], json.loads(sent[1]["body"])["code"]) == (408, "body_too_slow")


async def test_a_bug_of_ours_is_logged_under_its_ref(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="vokrug.http"):
        answer = await http.get("/bad/bug")
    assert code_of(answer) == (500, "internal_error")
    assert "123-45-67" not in answer.text
    [logged] = [record for record in caplog.records if record.exc_info]
    assert logged.__dict__["ref"] == answer.json()["ref"]


async def test_too_many_at_once_are_sent_away_but_health_answers(services: Services) -> None:
    from tests.runtime_http.example import routes

    full = build_app([routes], services, max_in_flight=0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(full), base_url="http://test") as http:
        assert code_of(await http.post("/v1/baskets")) == (503, "too_many_requests_at_once")
        assert (await http.get("/health/live")).status_code == 200


async def test_metrics_count_by_route(http: httpx.AsyncClient) -> None:
    def counted(page: str) -> float:
        start = 'vokrug_http_requests_total{method="GET",route="/v1/shelves/{name}",status="200"} '
        return sum(float(line.removeprefix(start)) for line in page.splitlines() if line.startswith(start))

    before = counted((await http.get("/metrics")).text)
    for name in ("dairy", "bread"):
        await http.get(f"/v1/shelves/{name}?q=1")
    page = (await http.get("/metrics")).text
    assert counted(page) == before + 2
    assert "dairy" not in page, "a label is a template, or the metrics would grow with the calls"
    assert 'vokrug_http_request_seconds_bucket{le="0.2"' in page


async def test_documents_fetch_nothing(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    operation = document["paths"]["/v1/baskets"]["post"]
    assert operation["operationId"] == "shelf_price"
    assert operation["x-roles"] == ["staff", "till"]
    assert "out_of_stock" in json.dumps(operation["responses"]["409"])
    assert operation["requestBody"]["content"]["application/json"]["example"]["lines"][0]["sku"] == "milk"
    page = await http.get("/docs")
    assert "shelf_price" in page.text
    assert "http:" not in page.text
    assert "https:" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_pages_are_mounted_beside_the_api(services: Services) -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = build_app([], services, mounts={"/console": Starlette(routes=[Route("/console", hello)])})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        assert (await http.get("/console")).text == "hello"
        assert (await http.get("/elsewhere")).status_code == 404
