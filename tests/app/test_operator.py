"""A shopper's code, over real sockets: the centre, an operator that speaks SMPP, a phone."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from tests.pos.burning import BIG, Burning, Phones
from tests.pos.chain import Chain, Opened, copied, open_chain
from tests.pos.conftest import opened
from tests.runtime.test_smpp import until
from vokrug.app.operator import operating
from vokrug.app.operator.running import Operating, serving

__all__ = ["opened"]


@pytest.fixture
async def there() -> AsyncIterator[Operating]:
    async with operating() as there:
        yield there


@pytest.fixture
async def chain(postgres_base: str, opened: Opened, there: Operating) -> AsyncIterator[Chain]:
    """A chain on a port, whose messages leave by SMPP and its calls by HTTP."""
    messages = f"smpp://shop:secret@127.0.0.1:{there.smpp_port}?from=VOKRUG&window=4"
    other = f"http://127.0.0.1:{there.http_port}/messages"
    with copied(postgres_base, opened.database) as url:
        async with (
            open_chain(url, opened, messages_url=messages, messages_other_url=other) as chain,
            serving(chain.app) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        ):
            for till in chain.tills.values():
                till.http = http
            yield chain


def newest(there: Operating, kind: str) -> Callable[[], Any]:
    return lambda: next((one for one in reversed(there.phones.received) if one.kind == kind), None)


async def test_a_code_comes_by_sms_through_an_operator(chain: Chain, there: Operating) -> None:
    burning, till = Burning(chain, Phones()), chain.till()
    await burning.declares()
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    (await burning.asks(quote)).done()
    message = await until(newest(there, "sms"))
    assert (message.to, message.source, message.parts) == (anna.phone, "VOKRUG", 2)
    code = re.search(r"\b\d{6}\b", message.text)
    assert code is not None
    (await burning.asks(quote, code=code[0])).done()
    assert (await till.confirms(quote)).done()["burned"] == "500.00"


async def test_where_the_sms_is_lost_a_call_comes(chain: Chain, there: Operating) -> None:
    burning, till = Burning(chain, Phones()), chain.till()
    await burning.declares()
    there.phones.behaviour.undelivered = 100
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    (await burning.asks(quote)).done()
    assert not there.phones.received
    (await burning.asks(quote, "call_last4")).done()
    call = await until(newest(there, "call"))
    assert (call.to, call.source[-4:]) == (anna.phone, call.text)
    (await burning.asks(quote, "call_last4", code=call.source[-4:])).done()
    assert (await till.confirms(quote)).done()["burned"] == "500.00"


async def test_an_operator_that_is_away_is_told_to_the_log_without_the_code(
    chain: Chain, there: Operating, caplog: pytest.LogCaptureFixture
) -> None:
    burning, till = Burning(chain, Phones()), chain.till()
    await burning.declares()
    there.phones.behaviour.refuse = 100
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    (await burning.asks(quote)).done()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "could not be sent" in logged
    assert anna.phone not in logged
    assert not re.search(r"\b\d{6}\b", logged)


async def test_the_operators_page_and_switches(there: Operating) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{there.http_port}") as http:
        assert (await http.get("/messages")).json() == []
        assert (await http.post("/calls", json={"to": "+79161234567", "digits": "4821"})).status_code == 202
        said = {"channel": "sms", "to": "+79160000000", "text": "<b>привет</b>"}
        assert (await http.post("/messages", json=said)).status_code == 202
        assert [one["kind"] for one in (await http.get("/messages")).json()] == ["call", "sms"]
        assert len((await http.get("/messages", params={"to": "+79160000000"})).json()) == 1
        page = (await http.get("/")).text
        assert "&lt;b&gt;привет" in page
        assert "<b>привет" not in page
        assert (await http.put("/behaviour", json={"refuse": 100})).json()["refuse"] == 100
        assert (await http.post("/messages", json=said)).status_code == 503
        for wrong in ({"refuse": 101}, {"rude": True}):
            assert (await http.put("/behaviour", json=wrong)).status_code == 422
        assert (await http.post("/calls", json={"to": "+7916", "digits": "48"})).status_code == 422
        assert (await http.delete("/messages")).status_code == 204
        assert (await http.get("/messages")).json() == []
