"""Is the process alive, may it be sent work, and what has it counted? For machines, without a key."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, Protocol

import msgspec

from vokrug.runtime.http import Answer, Call, Routes, Services
from vokrug.runtime.telemetry import metrics_page


class Alive(msgspec.Struct):
    status: Literal["alive"] = "alive"


class Readiness(msgspec.Struct):
    """Every check by name: "ok", or the kind of its failure."""

    status: Literal["ready", "not_ready", "stopping"]
    checks: dict[str, str]


class Watched(Protocol):
    """What health asks of the application."""

    is_stopping: bool
    checks: Mapping[str, Callable[[Services], Awaitable[None]]]


async def _ping(services: Services) -> None:
    await services.db.ping()


def routes_over(app: Watched) -> Routes:
    """The health endpoints of one application."""
    routes = Routes("health")

    @routes.get("/health/live", answers={200: Alive}, is_public=True)
    async def live(call: Call) -> Answer[Alive]:
        """The process answers. Restart it when this does not."""
        return Answer(Alive())

    @routes.get("/health/ready", answers={200: Readiness, 503: Readiness}, is_public=True)
    async def ready(call: Call) -> Answer[Readiness]:
        """The process may be sent work: the database answers and every registered check agrees."""
        found = {}
        for name, check in {"database": _ping, **app.checks}.items():
            try:
                await check(call.services)
                found[name] = "ok"
            except Exception as error:
                # The kind alone: a message could carry an address or a person's data.
                found[name] = type(error).__name__
        if app.is_stopping:
            return Answer(Readiness("stopping", found), status=503)
        if any(outcome != "ok" for outcome in found.values()):
            return Answer(Readiness("not_ready", found), status=503)
        return Answer(Readiness("ready", found))

    @routes.get("/metrics", answers={200: bytes}, is_public=True)
    async def metrics(call: Call) -> Answer[bytes]:
        """Counters and histograms of all processes of this service, for Prometheus."""
        page, content_type = metrics_page()
        return Answer(page, headers={"content-type": content_type})

    return routes
