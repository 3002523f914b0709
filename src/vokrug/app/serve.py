"""Answering requests: the application of one worker, and how many workers there are."""

from click import echo

from vokrug.app.wiring import living, routes_of
from vokrug.runtime.logs import configure_logs
from vokrug.runtime.serving import serve
from vokrug.runtime.settings import Settings, load_settings
from vokrug.runtime.telemetry import start_tracing
from vokrug.runtime.web import Application, build_app

_settings: Settings | None = None


def make_app() -> Application:
    """The application of this process. Workers inherit the settings from the process that forked them."""
    settings = _settings or load_settings()
    return build_app(
        routes_of(settings),
        lambda: living(settings),
        tracing=start_tracing(settings.otel_endpoint) if settings.otel_endpoint else None,
        max_body_bytes=settings.request_limit_bytes,
        answer_timeout_s=settings.request_timeout_s,
    )


def prepare() -> None:
    settings = _settings or load_settings()
    configure_logs(settings.log_format, settings.log_level.upper())


def run(settings: Settings, *, sample: bool) -> None:
    """Serve until told to stop; with `sample`, on a chain to play with."""
    global _settings
    _settings = settings
    if sample:
        from vokrug.app.sample import prepare_sample

        prepare_sample(settings)
    else:
        echo(f"Vokrug answers on http://{settings.host}:{settings.port}, API at /docs")
    serve(make_app, settings.host, settings.port, processes=settings.processes, prepare=prepare)
