"""Schemathesis reads the document of the whole application and tries to catch it breaking it.

A few cases an operation here; CONTRACT_EXAMPLES=100 looks longer, CONTRACT_PATHS=promotions at those paths alone.
"""

import os
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.pos.chain import Opened, copied
from tests.runtime_http.live import eventually
from tests.runtime_http.test_contract import WITHOUT_NUL, _in_whole_numbers, _is_declined_by_a_rule, _says_something
from vokrug.app.wiring import living, routes_of
from vokrug.runtime.settings import Settings
from vokrug.runtime.web import build_app

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "3"))
ONLY = os.environ.get("CONTRACT_PATHS", "")
TIME_MACHINE = "/v1/clock:advance"  # a hundred years at a time, and no key is valid any more


@pytest.fixture(scope="module")
def url(postgres_base: str, opened: Opened) -> Iterator[str]:
    """The application on a port, in a thread of ours."""
    with copied(postgres_base, opened.database) as database_url:
        how = Settings(database_url=database_url, reports_url=database_url, secret="x" * 40, clock="movable")
        app = build_app(routes_of(how), lambda: living(how, with_jobs=False), answer_timeout_s=60)
        server = uvicorn.Server(uvicorn.Config(app, port=0, ws="none", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


def test_the_application_keeps_to_its_document(url: str, opened: Opened) -> None:
    """Every operation of every domain, with bodies and parameters both fitting and not; never a 500."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=WITHOUT_NUL)
    tried, broken = set(), []
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if operation.path == TIME_MACHINE or ONLY not in operation.path:
            continue
        takes_any_text = "*/*" in operation.definition.raw.get("requestBody", {}).get("content", {})
        modes = [GenerationMode.POSITIVE] if takes_any_text else [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
        for mode in modes:
            cases = operation.as_strategy(mode)
            cases = cases.map(_in_whole_numbers) if mode is GenerationMode.POSITIVE else cases.filter(_says_something)
            try:
                attempt(cases, str(opened.staff.token), takes_any_text=takes_any_text)
            except Unsatisfiable:
                pass  # an operation that takes nothing cannot be asked wrongly
            except (Exception, FailureGroup) as error:  # every operation is heard before we judge
                broken.append(f"{operation.label}: {error}")
        tried.add(operation.label)
    assert not broken, "\n\n".join(broken)
    assert ONLY or "POST /pos/v1/checks/{check_uid}:commit" in tried
    assert httpx.get(f"{url}/health/ready").is_success, "and it still stands"


def attempt(cases: Any, token: str, *, takes_any_text: bool) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def answer_fits(case: Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        answer = case.call(headers=headers)
        no_matter: list[Any] = [negative_data_rejection] if takes_any_text else []  # a bare null counts as a violation
        if _is_declined_by_a_rule(answer):
            no_matter.append(positive_data_acceptance)
        case.validate_response(
            answer,
            excluded_checks=no_matter,
            transport_kwargs={"headers": headers},
        )

    answer_fits()
