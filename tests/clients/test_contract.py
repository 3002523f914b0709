"""Clients of tills speak the protocol that the centre speaks: no more, no less."""

import re
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

import vokrug_till
from vokrug.app.contracts import UNTYPED
from vokrug.app.wiring import routes_of
from vokrug.runtime import openapi
from vokrug.runtime.settings import Settings
from vokrug_till import contract
from vokrug_till.contract import OPERATIONS

CLIENTS = Path(__file__).parents[2] / "clients"
DOCUMENT = openapi.document(routes_of(Settings()), title="Vokrug", version="1")
OURS = {
    (method.upper(), path): operation
    for path, methods in DOCUMENT["paths"].items()
    if path.startswith("/pos/v1/")
    for method, operation in methods.items()
}


def test_every_call_of_a_till_is_in_both_clients_and_no_other() -> None:
    assert set(OPERATIONS.values()) == set(OURS)
    said = (CLIENTS / "js" / "contract.js").read_text()
    assert set(re.findall(r'\["(\w+)", "([^"]+)"\]', said)) == set(OURS)


TYPES = [name for name in vars(contract) if hasattr(getattr(contract, name), "__required_keys__")]


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_the_fields_of_its_schema(name: str) -> None:
    """Names, and which are needed, in Python; the same in TypeScript."""
    wanted = next(
        schema
        for full, schema in DOCUMENT["components"]["schemas"].items()
        if full.rpartition(".")[2] == name and ("." not in full or "vokrug.pos" in full)
    )
    told = getattr(contract, name)
    assert set(told.__annotations__) == set(wanted["properties"])
    assert set(told.__required_keys__) == set(wanted.get("required", ()))
    for field, hint in get_type_hints(told).items():
        assert kind_of(hint) in kinds_of(wanted["properties"][field]), field
    script = (CLIENTS / "js" / "contract.d.ts").read_text()
    found = re.search(rf"export interface {name} {{\n(.*?)}}", script, re.S)
    assert found is not None
    fields = dict(re.findall(r"^  (\w+)(\??):", found[1], re.M))
    assert set(fields) == set(wanted["properties"])
    assert {field for field, may_lack in fields.items() if not may_lack} == set(wanted.get("required", ()))


def kind_of(hint: Any) -> str:
    """A hint in JSON's words, roughly: enough to see a text that became a number."""
    names = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}
    if hasattr(hint, "__required_keys__"):
        return "object"
    if (origin := get_origin(hint)) in names:
        return names[origin]
    if args := [arg for arg in get_args(hint) if arg is not type(None)]:
        return kind_of(type(args[0]) if isinstance(args[0], str | int) and not isinstance(args[0], type) else args[0])
    return names.get(hint, "any")


def kinds_of(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return kinds_of(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return set().union(*(kinds_of(part) for part in schema["anyOf"]))
    if "enum" in schema:
        return {"string" if isinstance(schema["enum"][0], str) else "integer"}
    return {schema.get("type", "any")}


def test_what_bodies_and_answers_name_is_typed() -> None:
    for (method, path), operation in OURS.items():
        named = set(re.findall(r"#/components/schemas/([\w.]+)'", str(operation.get("requestBody", {}))))
        for status, told in operation["responses"].items():
            if status < "3" and path not in UNTYPED:
                named |= set(re.findall(r"#/components/schemas/([\w.]+)'", str(told)))
        for name in named:
            assert name.rpartition(".")[2] in TYPES, f"{method} {path}: {name}"


def test_verbs_call_what_the_contract_has() -> None:
    for path in [*Path(vokrug_till.__file__).parent.glob("*.py"), CLIENTS / "js" / "till.js"]:
        if path.name != "contract.py":
            called = set(re.findall(r'"(pos_(?:post|get)_\w+)"', path.read_text()))
            assert called <= set(OPERATIONS), f"{path.name}: {called - set(OPERATIONS)}"
