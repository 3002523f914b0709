"""Schemathesis reads our OpenAPI document and tries to catch the application breaking it."""

from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, Config, GenerationMode, Response
from schemathesis.core import NotSet
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.runtime_http.conftest import Key, Start
from vokrug.runtime.http import Role

WAITS_FOR_A_FILE = "/waits/"
# PostgreSQL keeps no NUL in a text, and JSON Schema has no short word for that.
WITHOUT_NUL = Config.from_dict({"generation": {"allow-x00": False}})


async def test_the_application_keeps_to_its_document(start: Start, key: Key) -> None:
    """Every operation, with bodies and parameters both fitting and not."""
    server = start(1)
    token = (await key(Role.STAFF, sandbox=True)).token
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json", config=WITHOUT_NUL)
    tried = set()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if operation.path.startswith(WAITS_FOR_A_FILE):
            continue
        _try(operation.as_strategy(GenerationMode.POSITIVE).map(_in_whole_numbers), token)
        with suppress(Unsatisfiable):  # an operation that takes nothing, or any text, cannot be asked wrongly
            _try(operation.as_strategy(GenerationMode.NEGATIVE).filter(_says_something), token)
        tried.add(operation.label)
    assert {"POST /v1/baskets", "GET /v1/baskets/{basket_id}", "POST /v1/keys", "GET /metrics"} <= tried


def _try(cases: Any, token: str | None) -> None:
    @settings(
        max_examples=15,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def answer_fits(case: Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        answer = case.call(headers=headers)
        case.validate_response(
            answer,
            excluded_checks=[positive_data_acceptance] if _is_declined_by_a_rule(answer) else [],
            transport_kwargs={"headers": headers},
        )

    answer_fits()


def _is_declined_by_a_rule(answer: Response) -> bool:
    """A domain declined what the schema allows, for a reason that no schema can tell.

    Doors with a form of their own (a page for a person, OAuth's errors for a program) say it in that form.
    """
    if answer.status_code < 400:
        return False
    kind = answer.headers.get("content-type", [""])[0].partition(";")[0]
    if kind != "application/problem+json":
        says_so = kind == "text/html" or (kind == "application/json" and "error" in answer.json())
        return answer.status_code < 500 and says_so
    return answer.status_code == 422 and answer.json()["code"] not in {"body_invalid", "query_invalid"}


def _says_something(case: Case[Any]) -> bool:
    """A case that leaves out a body which may be left out is no wrong one."""
    return not case.operation.body or not (isinstance(case.body, NotSet) or case.body in (b"", ""))


def _in_whole_numbers(case: Case[Any]) -> Case[Any]:
    if not isinstance(case.body, NotSet):
        case.body = _whole(case.body)
    return case


def _whole(value: Any) -> Any:
    """JSON Schema calls 2.0 an integer; we do not, on purpose: no float comes near an amount."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _whole(inner) for name, inner in value.items()}
        case list():
            return [_whole(inner) for inner in value]
        case _:
            return value
