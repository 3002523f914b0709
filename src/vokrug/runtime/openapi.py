"""The OpenAPI 3.1 document, made from the routes alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from vokrug.kernel import Refusal
from vokrug.runtime.endpoints import is_optional, when_present
from vokrug.runtime.http import Route, Routes
from vokrug.runtime.paths import parameters_of, without_kinds
from vokrug.runtime.problems import Problem, expected_of
from vokrug.runtime.signing import SCHEME

Document = dict[str, Any]

PARAMETER_KINDS: Mapping[str, dict[str, Any]] = {
    "str": {"type": "string", "minLength": 1},
    "int": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
    "uuid": {
        "type": "string",
        "format": "uuid",
        "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    },
    "path": {"type": "string", "minLength": 1},
}

SECURITY_SCHEMES = {
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": f"`{SCHEME} key=<id>, ts=<unix seconds>, signature=<hex>`: HMAC-SHA-256 with the "
        "key's secret over method, path with query, timestamp and the hex SHA-256 of the body, "
        "joined by newlines.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "Sandbox keys only: the key's token."},
}


def document(groups: Sequence[Routes], *, title: str, version: str) -> Document:
    """The whole document. Raises ValueError when two operations share an id."""
    routes = [route for group in groups for route in group.all]
    _require_distinct(route.operation_id for route in routes)
    schemas = _Schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        at = paths.setdefault(without_kinds(route.path), {})
        at[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": "Money is a string of a plain decimal. Times are RFC 3339 with an offset. Every "
            "refusal is an RFC 9457 problem document with a stable `code`.",
        },
        "tags": [{"name": group.tag} for group in groups],
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": SECURITY_SCHEMES},
    }


def _require_distinct(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for operation_id in ids:
        if operation_id in seen:
            raise ValueError(f"two operations are called {operation_id}")
        seen.add(operation_id)


class _Schemas:
    """Schemas of every type the routes name, each written once and referred to."""

    def __init__(self, routes: Sequence[Route]) -> None:
        kinds = [Problem, *(kind for route in routes for kind in _kinds_of(route))]
        self._kinds = kinds
        self._written, self.components = msgspec.json.schema_components(
            kinds, ref_template="#/components/schemas/{name}", schema_hook=lambda kind: {}
        )

    def __call__(self, kind: Any) -> dict[str, Any]:
        return self._written[self._kinds.index(kind)]


def _kinds_of(route: Route) -> Iterator[Any]:
    for kind in [when_present(route.body), *route.answers.values(), *route.query.values()]:
        if kind is not None and kind is not bytes:
            yield kind


def _operation(route: Route, schemas: _Schemas) -> dict[str, Any]:
    parameters = [
        {"name": found.name, "in": "path", "required": True, "schema": PARAMETER_KINDS[found.kind]}
        for found in parameters_of(route.path)
    ] + [
        {
            "name": name,
            "in": "query",
            "required": name in route.query_needed,
            "schema": schemas(kind),
        }
        for name, kind in route.query.items()
    ]
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": route.summary,
        "responses": _responses(route, schemas),
    }
    if rest := route.doc.partition("\n")[2].strip():
        operation["description"] = rest
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = _request_body(route, schemas)
    if not route.is_public:
        operation["security"] = [{"signature": []}, {"token": []}]
        operation["x-roles"] = sorted(route.roles)
    return operation


def _request_body(route: Route, schemas: _Schemas) -> dict[str, Any]:
    if route.body is bytes:
        return {"required": True, "content": {"*/*": {"schema": {}}}}
    content: dict[str, Any] = {"schema": schemas(when_present(route.body))}
    if route.example is not None:
        content["example"] = msgspec.to_builtins(route.example)
    return {"required": not is_optional(route.body), "content": {"application/json": content}}


def _responses(route: Route, schemas: _Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kind in route.answers.items():
        is_elsewhere = 300 <= status < 400  # whose `location` is the answer: it has no body
        responses[str(status)] = {"description": _answer_name(kind)} | ({} if is_elsewhere else _content(kind, schemas))
    by_status: dict[int, list[type[Refusal]]] = {}
    general = expected_of(
        has_body=route.body is not None,
        has_parameters="{" in route.path or bool(route.query),
        is_public=route.is_public,
    )
    for refusal in dict.fromkeys([*route.refusals, *general]):
        by_status.setdefault(refusal.status, []).append(refusal)
    for status, refusals in sorted(by_status.items()):
        described = _problems(refusals, schemas)
        if (declared := responses.get(str(status))) is not None:
            declared["description"] += ", or a problem: " + described["description"]
            declared.setdefault("content", {}).update(described["content"])
        else:
            responses[str(status)] = described
    return responses


def _answer_name(kind: Any) -> str:
    if kind is None:
        return "Done."
    said = getattr(kind, "__doc__", None) or getattr(kind, "__name__", "Answer")
    return str(said).strip().partition("\n")[0]


def _content(kind: Any, schemas: _Schemas) -> dict[str, Any]:
    if kind is None:
        return {}
    if kind is bytes:
        return {"content": {"*/*": {"schema": {}}}}
    return {"content": {"application/json": {"schema": schemas(kind)}}}


def _problems(refusals: Sequence[type[Refusal]], schemas: _Schemas) -> dict[str, Any]:
    """One status: its codes, each with its title."""
    codes = [refusal.code for refusal in refusals]
    schema = {"allOf": [schemas(Problem), {"properties": {"code": {"enum": codes}}}]}
    return {
        "description": " ".join(f"`{refusal.code}`: {refusal.title()}" for refusal in refusals),
        "content": {"application/problem+json": {"schema": schema}},
    }
