"""What the process tells about itself: Prometheus metrics and OpenTelemetry traces.

Metrics are prometheus_client's own objects, so any domain may add a Counter of its own. When several
processes serve one port, `serving.py` sets PROMETHEUS_MULTIPROC_DIR before they start, each writes its
numbers into that folder, and a scrape answered by any of them tells the sum of all.
"""

import asyncio
import os
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client import REGISTRY as EVERYTHING
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10)

REQUESTS = Counter("vokrug_http_requests", "Answers given.", ["method", "route", "status"])
LATENCY = Histogram(
    "vokrug_http_request_seconds",
    "From the request's head to the answer's end.",
    ["method", "route"],
    buckets=LATENCY_BUCKETS_S,
)
_collectors: list[Collector] = []


def register_collector(collector: Collector) -> None:
    """Have a collector asked at each scrape. It speaks for the process that answers the scrape, so it
    suits what is read from the database; what a process counts for itself belongs in a Counter.
    """
    _collectors.append(collector)


def unregister_collector(collector: Collector) -> None:
    _collectors.remove(collector)


class EndpointMetrics:
    """The numbers of one endpoint, counted in plain integers and published once a second and before a scrape:
    a file shared with other processes is not touched at each answer.
    """

    __slots__ = ("__weakref__", "_buckets", "_by_status", "_method", "_route", "_sum_s")

    def __init__(self, method: str, route: str) -> None:
        self._method, self._route = method, route
        self._by_status: dict[int, int] = {}
        self._buckets = [0] * (len(LATENCY_BUCKETS_S) + 1)
        self._sum_s = 0.0
        _endpoints.add(self)

    def count(self, status: int, took_s: float) -> None:
        self._by_status[status] = self._by_status.get(status, 0) + 1
        self._buckets[bisect_left(LATENCY_BUCKETS_S, took_s)] += 1
        self._sum_s += took_s

    def publish(self) -> None:
        if not self._by_status:
            return
        by_status, self._by_status = self._by_status, {}
        for status, count in by_status.items():
            REQUESTS.labels(self._method, self._route, str(status)).inc(count)
        # The library has no public way to observe many at once; its buckets are not cumulative inside.
        histogram: Any = LATENCY.labels(self._method, self._route)
        for bucket, count in zip(histogram._buckets, self._buckets, strict=True):
            if count:
                bucket.inc(count)
        histogram._sum.inc(self._sum_s)
        self._buckets, self._sum_s = [0] * len(self._buckets), 0.0


_endpoints: "WeakSet[EndpointMetrics]" = WeakSet()


def publish() -> None:
    """Let the other processes, and a scrape, see what this one has counted."""
    for endpoint in list(_endpoints):
        endpoint.publish()


async def publish_every_second() -> None:
    while True:
        await asyncio.sleep(1)
        publish()


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(EVERYTHING)
    return registry


def metrics_page() -> tuple[bytes, str]:
    """The text of a scrape and its content type."""
    publish()
    registry = _registry()
    for collector in _collectors:
        registry.register(collector)
    return generate_latest(registry), CONTENT_TYPE_LATEST


def latencies(routes: Collection[str]) -> dict[str, dict[float, float]]:
    """Of each route, how many answers of all processes have taken at most so many seconds since the start; under
    infinity all of them.
    """
    publish()
    found: dict[str, dict[float, float]] = {}
    for metric in _registry().collect():
        if metric.name != LATENCY._name:
            continue
        for sample in metric.samples:
            if sample.name.endswith("_bucket") and sample.labels["route"] in routes:
                counts = found.setdefault(sample.labels["route"], {})
                limit = float(sample.labels["le"])
                counts[limit] = counts.get(limit, 0) + sample.value
    return found


class Tracing:
    """Spans of requests. Exists only when an endpoint is configured; without it nothing is asked."""

    def __init__(self, tracer: Tracer, shut_down: Any = None) -> None:
        self.tracer = tracer
        self._shut_down = shut_down

    @contextmanager
    def request(self, method: str, route: str, headers: Mapping[str, str]) -> Iterator["RequestSpan"]:
        """A server span under the caller's own trace, when a W3C traceparent names one."""
        with self.tracer.start_as_current_span(
            f"{method} {route}",
            context=extract(headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": route},
        ) as span:
            yield RequestSpan(span)

    def close(self) -> None:
        """Send what is still waiting."""
        if self._shut_down is not None:
            self._shut_down()


class RequestSpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def answered(self, status: int, request_id: str) -> None:
        self._span.set_attribute("http.response.status_code", status)
        self._span.set_attribute("vokrug.request_id", request_id)
        if status >= 500:
            self._span.set_status(Status(StatusCode.ERROR))


def start_tracing(endpoint: str | None, *, service_name: str = "vokrug", sample_ratio: float = 1.0) -> Tracing | None:
    """Send spans by OTLP over HTTP to `endpoint` (".../v1/traces"). None without an endpoint."""
    if not endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    provider = TracerProvider(
        resource=Resource.create({"service.name": service_name}),
        sampler=ParentBasedTraceIdRatio(sample_ratio),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return Tracing(provider.get_tracer("vokrug"), provider.shutdown)
