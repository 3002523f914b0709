"""Spans of requests: under the caller's trace, and none at all when no endpoint is set."""

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.runtime_http.conftest import services_without_database
from tests.runtime_http.example import misbehaving, routes
from vokrug.runtime.telemetry import Tracing, start_tracing
from vokrug.runtime.web import build_app

CALLERS_TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [("/v1/shelves/dairy?q=1", "GET /v1/shelves/{name}", 200), ("/bad/bug", "GET /bad/bug", 500)],
)
async def test_a_request_is_a_span_of_the_callers_trace(path: str, name: str, status: int) -> None:
    seen = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    app = build_app([routes, misbehaving()], services_without_database(), tracing=Tracing(provider.get_tracer("test")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        await http.get(path, headers={"traceparent": f"00-{CALLERS_TRACE}-b7ad6b7169203331-01"})
    [span] = seen.get_finished_spans()
    assert span.name == name
    assert span.attributes is not None
    assert span.attributes["http.response.status_code"] == status
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == CALLERS_TRACE
    assert span.status.is_ok is (status < 500)


def test_without_an_endpoint_nothing_is_traced() -> None:
    assert start_tracing(None) is None
    assert start_tracing("") is None
