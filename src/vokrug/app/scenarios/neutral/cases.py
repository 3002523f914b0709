"""Reading a scenario: its parameters put in, its steps gathered, its clock found."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from vokrug.app.scenarios.fields import Fields, NotUnderstood

Step = dict[str, Any]
WORDS = frozenset({"<param>", "<parameter>"})


def is_neutral(case: Mapping[str, Any]) -> bool:
    """Ledger cases have `steps`; these have `given` and `when`."""
    return "given" in case and "when" in case


@dataclass(frozen=True)
class Run:
    """A case with one set of parameters."""

    given: dict[str, Any]
    steps: list[Step]
    expect: list[dict[str, Any]]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.parameters.items())

    @property
    def begins_at(self) -> datetime | None:
        """The earliest moment that is named: the clock stands there when the case begins."""
        moments = [moment(step["at"]) for step in self.steps if step.get("at")]
        moments += [moment(step["earned_at"]) for step in self.steps if step.get("earned_at")]
        for customer in self.given.get("customers") or ():
            for lot in customer.get("lots") or ():
                moments += [moment(lot[name]) for name in ("earned_at", "at", "earned") if lot.get(name)]
        return min(moments) - timedelta(minutes=1) if moments else None

    def together(self) -> Iterator[list[Step]]:
        """Steps one by one, those with the same `parallel` value as one list where the first of them stands."""
        met = set()
        for step in self.steps:
            value = step.get("parallel")
            if value is None or value is False:
                yield [step]
            elif str(value) not in met:
                met.add(str(value))
                yield [
                    one for one in self.steps if one.get("parallel") not in (None, False) and one["parallel"] == value
                ]


def runs(case: Mapping[str, Any]) -> Iterator[Run]:
    """The case once for each combination of its parameters' values."""
    told = Fields(case, "the case")
    given, steps, expect = dict(told.take("given")), told.take("when"), told.take("expect")
    values = given.pop("parameters", None) or case.get("parameters") or {}
    for name in ("id", "area", "source", "basis", "numbers", "peer_result", "parameters", "tags", "refs", "see"):
        told.take(name, default=None)
    told.done()
    for chosen in itertools.product(*values.values()):
        parameters = dict(zip(values, chosen, strict=True))
        expected = [put_in(one, "", parameters) for one in expect if fits(one, parameters)]
        yield Run(put_in(given, "", parameters), put_in(steps, "", parameters), expected, parameters)


def fits(expected: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    when = expected.get("when") or {}
    if strange := when.keys() - parameters.keys():
        raise NotUnderstood(f"an expectation is for {', '.join(sorted(strange))}, which is no parameter")
    return all(str(parameters[name]) == str(value) for name, value in when.items())


def put_in(value: Any, key: str, parameters: Mapping[str, Any]) -> Any:
    """`<param>` stands for the parameter called like its field, or for the only one; `<name>` for that one."""
    if isinstance(value, dict):
        return {name: put_in(part, name, parameters) for name, part in value.items()}
    if isinstance(value, list):
        return [put_in(part, key, parameters) for part in value]
    if not isinstance(value, str) or not value.startswith("<") or not value.endswith(">"):
        return value
    name = value[1:-1]
    if value in WORDS:
        name = key if key in parameters else next(iter(parameters), "")
    if name not in parameters:
        raise NotUnderstood(f"{key} is {value}, and there is no such parameter")
    return parameters[name]


def moment(text: str) -> datetime:
    """A written moment; without an offset it is UTC's."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
