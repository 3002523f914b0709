"""Answering requests: the application of one worker, and how many workers there are."""

import gc
from functools import partial

from click import echo

from vokrug.app.sample.playground import playground_of
from vokrug.app.wiring import living, routes_of
from vokrug.runtime.logs import configure_logs
from vokrug.runtime.serving import serve
from vokrug.runtime.settings import Settings
from vokrug.runtime.telemetry import start_tracing
from vokrug.runtime.web import Application, build_app
from vokrug.web import Sandbox

# The young generation is large enough for a batch of checks.
THRESHOLDS = (50_000, 20, 100)


def make_app(settings: Settings, is_sample: bool = False) -> Application:
    """The application of one process."""
    return build_app(
        routes_of(settings),
        lambda: living(settings, playground=playground_of(settings) if is_sample else Sandbox()),
        tracing=start_tracing(settings.otel_endpoint) if settings.otel_endpoint else None,
        max_body_bytes=settings.request_limit_bytes,
        answer_timeout_s=settings.request_timeout_s,
    )


def prepare(settings: Settings) -> None:
    """Of a worker, before its application is made. What lives as long as the process is not worth the
    collector's walks: it is frozen.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    configure_logs(settings.log_format, settings.log_level)


def run(settings: Settings, *, sample: bool) -> None:
    """Serve until told to stop; with `sample`, on a chain to play with."""
    is_sample = False
    if sample:
        from vokrug.app.sample import prepare_sample

        is_sample = prepare_sample(settings)
    else:
        echo(f"Vokrug answers on http://{settings.host}:{settings.port}, API at /docs")
    # Workers are new processes that know nothing: the settings, with the database's address, go along.
    serve(
        partial(make_app, settings, is_sample),
        settings.host,
        settings.port,
        processes=settings.processes,
        prepare=partial(prepare, settings),
    )
