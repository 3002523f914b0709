"""What a till's client must know of the protocol, written for Python and for JavaScript from the OpenAPI document."""

import json
from collections.abc import Iterator
from typing import Any

from vokrug.app.wiring import routes_of
from vokrug.runtime import openapi
from vokrug.runtime.settings import Settings

BEGINS = "/pos/v1/"
UNTYPED = {"/pos/v1/bundle"}  # a till's calculator reads it (`vokrug till kit`), nobody by hand
NOTE = "Written by `vokrug docs` from the OpenAPI document; change the schemas it describes instead."

Schema = dict[str, Any]


class Contract:
    """Operations of the till protocol, and every schema that their bodies and answers name."""

    def __init__(self) -> None:
        document = openapi.document(routes_of(Settings()), title="Vokrug", version="1")
        self._schemas: dict[str, Schema] = document["components"]["schemas"]
        self.operations: dict[str, dict[str, Any]] = {}
        wanted = dict.fromkeys(self._named_in({"$ref": "#/components/schemas/Problem"}))
        for path, methods in document["paths"].items():
            if not path.startswith(BEGINS):
                continue
            for method, operation in methods.items():
                body = _body_of(operation)
                answer = {} if path in UNTYPED else _answer_of(operation)
                self.operations[operation["operationId"].replace(" ", "_")] = {
                    "method": method.upper(),
                    "path": path,
                    "body": _name(body),
                    "answer": _name(answer),
                    "summary": operation["summary"],
                }
                for name in (*self._named_in(body), *self._named_in(answer)):
                    wanted[name] = None
        self.schemas = {name.rpartition(".")[2]: self._schemas[name] for name in sorted(wanted)}
        assert len(self.schemas) == len(wanted), f"short names of the protocol meet: {sorted(wanted)}"

    def _named_in(self, schema: Any) -> Iterator[str]:
        """Schemas by name, with those that they name in turn."""
        seen: set[str] = set()
        waiting = [schema]
        while waiting:
            one = waiting.pop()
            if isinstance(one, list):
                waiting += one
            elif isinstance(one, dict):
                if (name := _full_name(one)) and name not in seen:
                    seen.add(name)
                    yield name
                    waiting.append(self._schemas[name])
                waiting += one.values()


def _body_of(operation: dict[str, Any]) -> Schema:
    content = operation.get("requestBody", {}).get("content", {})
    return content["application/json"]["schema"] if "application/json" in content else {}


def _answer_of(operation: dict[str, Any]) -> Schema:
    for status, told in operation["responses"].items():
        if status.startswith("2") and "application/json" in told.get("content", {}):
            found: Schema = told["content"]["application/json"]["schema"]
            return found
    return {}


def _full_name(schema: Schema) -> str:
    at = schema.get("$ref")
    return at.rpartition("/")[2] if isinstance(at, str) else ""


def _name(schema: Schema) -> str:
    return _full_name(schema).rpartition(".")[2]


# Python


def python_contract() -> str:
    """`clients/python/vokrug_till/contract.py`."""
    contract = Contract()
    lines = [
        f'"""The till protocol as types. {NOTE}"""',
        "",
        "from typing import Any, Literal, NotRequired, TypedDict",
        "",
        "# Operation: method, path.",
        "OPERATIONS: dict[str, tuple[str, str]] = {",
        *(f'    "{name}": ("{one["method"]}", "{one["path"]}"),' for name, one in contract.operations.items()),
        "}",
    ]
    for name, schema in contract.schemas.items():
        lines += ["", "", *_python_type(name, schema)]
    return "\n".join(lines) + "\n"


def _python_type(name: str, schema: Schema) -> list[str]:
    if "properties" not in schema:
        return [f"{name} = {_python(schema)}"]
    needed = set(schema.get("required", ()))
    fields = []
    for field, kind in schema["properties"].items():
        words = _python(kind, quoted=True)
        fields.append((field, words if field in needed else f"NotRequired[{words}]"))
    if any(not field.isidentifier() or field in ("from", "class") for field, _ in fields):
        inside = ", ".join(f'"{field}": {words}' for field, words in fields)
        return [f'{name} = TypedDict("{name}", {{{inside}}})']
    return [f"class {name}(TypedDict):", *([f"    {field}: {words}" for field, words in fields] or ["    pass"])]


def _python(schema: Schema, *, quoted: bool = False) -> str:
    if name := _name(schema):
        return f'"{name}"' if quoted else name
    if "anyOf" in schema:
        parts = list(dict.fromkeys(_python(part) for part in schema["anyOf"]))
        joined = " | ".join(parts)
        return f"'{joined}'" if quoted and any(_name(part) for part in schema["anyOf"]) else joined
    if "enum" in schema:
        return "Literal[" + ", ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"]) + "]"
    match schema.get("type"):
        case "array":
            return f"list[{_python(schema.get('items', {}), quoted=quoted)}]"
        case "object":
            more = schema.get("additionalProperties")
            return f"dict[str, {_python(more, quoted=quoted) if isinstance(more, dict) else 'Any'}]"
        case kind:
            names = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
            return names.get(str(kind), "Any")


# JavaScript


def javascript_contract() -> str:
    """`clients/js/contract.js`."""
    rows = [f'  {name}: ["{one["method"]}", "{one["path"]}"],' for name, one in Contract().operations.items()]
    return "\n".join([f"// {NOTE}", "", "// Operation: method, path.", "export const OPERATIONS = {", *rows, "};", ""])


def typescript_contract() -> str:
    """`clients/js/contract.d.ts`."""
    contract = Contract()
    lines = [f"// {NOTE}", "", "export const OPERATIONS: Record<keyof Operations, [string, string]>;", ""]
    lines += ["export interface Operations {"]
    for name, one in contract.operations.items():
        body, answer = one["body"] or "undefined", one["answer"] or "unknown"
        lines += [f"  /** {one['summary']} */", f"  {name}: {{ body: {body}; answer: {answer} }};"]
    lines += ["}"]
    for name, schema in contract.schemas.items():
        lines.append("")
        if "properties" not in schema:
            lines.append(f"export type {name} = {_typescript(schema)};")
            continue
        needed = set(schema.get("required", ()))
        lines.append(f"export interface {name} {{")
        lines += [
            f"  {field}{'' if field in needed else '?'}: {_typescript(kind)};"
            for field, kind in schema["properties"].items()
        ]
        lines.append("}")
    return "\n".join(lines) + "\n"


def _typescript(schema: Schema) -> str:
    if name := _name(schema):
        return name
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_typescript(part) for part in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    match schema.get("type"):
        case "array":
            inside = _typescript(schema.get("items", {}))
            return f"({inside})[]" if "|" in inside else f"{inside}[]"
        case "object":
            more = schema.get("additionalProperties")
            return f"Record<string, {_typescript(more) if isinstance(more, dict) else 'unknown'}>"
        case kind:
            names = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
            return names.get(str(kind), "unknown")
