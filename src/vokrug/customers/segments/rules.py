"""From a rule to SQL: words of ours, values as parameters and never in the text."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from vokrug.customers.segments.errors import SegmentMalformed
from vokrug.customers.segments.types import (
    All,
    AnyOf,
    Compiled,
    HasAttribute,
    HasConsent,
    HasIdentifier,
    InHousehold,
    Not,
    Rule,
    Speaks,
    WasRegistered,
)
from vokrug.customers.types import Strength

MOST_LEAVES, DEEPEST = 60, 6


def compiled(rule: Rule | None, segment: int, now: datetime, first: int) -> Compiled:
    """A condition on the customer `p`, whose first parameter is `$first`. Without a rule: is on the list."""
    writer = _Writer(now, first)
    sql = writer.listed(segment) if rule is None else writer.rule(rule)
    return Compiled(sql, tuple(writer.parameters))


def require_sound(rule: Rule) -> None:
    leaves = _leaves(rule, 1)
    if leaves > MOST_LEAVES:
        raise SegmentMalformed(problem="too many conditions")


def _leaves(rule: Rule, depth: int) -> int:
    if depth > DEEPEST:
        raise SegmentMalformed(problem="too deep")
    match rule:
        case All(of) | AnyOf(of):
            return sum(_leaves(part, depth + 1) for part in of)
        case Not(of):
            return _leaves(of, depth + 1)
        case HasAttribute():
            if isinstance(rule.at_least, str) and isinstance(rule.at_most, int | float):
                raise SegmentMalformed(problem="at_least and at_most")
        case WasRegistered():
            if rule.since is None and rule.until is None and rule.within_days is None:
                raise SegmentMalformed(problem="registered")
    return 1


class _Writer:
    def __init__(self, now: datetime, first: int) -> None:
        self._now = now
        self._first = first
        self.parameters: list[Any] = []

    def _bind(self, value: Any, kind: str) -> str:
        self.parameters.append(value)
        return f"${self._first + len(self.parameters) - 1}::{kind}"

    def rule(self, rule: Rule) -> str:
        match rule:
            case All(of):
                return "(" + " and ".join(map(self.rule, of)) + ")"
            case AnyOf(of):
                return "(" + " or ".join(map(self.rule, of)) + ")"
            case Not(of):
                return f"not {self.rule(of)}"
            case HasAttribute():
                return self._attribute(rule)
            case HasIdentifier():
                return self._identifier(rule)
            case HasConsent():
                return self._consent(rule)
            case WasRegistered():
                return self._registered(rule)
            case Speaks(language):
                return f"(p.language = {self._bind(language, 'text')})"
            case InHousehold():
                return self._household(rule)

    def _attribute(self, rule: HasAttribute) -> str:
        asked = [f"a.code = {self._bind(rule.code, 'text')}"]
        asked.append(f"(a.stale_at is null or a.stale_at > {self._bind(self._now, 'timestamptz')})")
        if rule.any_of is not None:
            values = [msgspec.json.encode(value).decode() for value in rule.any_of]
            asked.append(f"a.value = any({self._bind(values, 'text[]')}::jsonb[])")
        for bound, sign in ((rule.at_least, ">="), (rule.at_most, "<=")):
            if bound is not None:
                asked.append(self._in_order(bound, sign))
        if rule.contains is not None:
            item = msgspec.json.encode([rule.contains]).decode()
            asked.append(f"(jsonb_typeof(a.value) = 'array' and a.value @> {self._bind(item, 'text')}::jsonb)")
        return (
            f"exists (select from customers_attribute a where a.customer_number = p.number and {' and '.join(asked)})"
        )

    def _in_order(self, bound: float | str, sign: str) -> str:
        if isinstance(bound, str):
            word = self._bind(bound, "text")
            return f"(jsonb_typeof(a.value) = 'string' and (a.value #>> '{{}}') collate \"C\" {sign} {word})"
        # Cast only where it is a number, whatever the planner looks at first.
        number = self._bind(str(bound), "text")
        is_number = "case when jsonb_typeof(a.value) = 'number' then (a.value #>> '{}')::numeric end"
        return f"({is_number} {sign} {number}::numeric)"

    def _identifier(self, rule: HasIdentifier) -> str:
        enough = [strength.value for strength in Strength if strength.rank >= rule.strength.rank]
        return f"""exists (
            select from customers_members(p.number) one
              join customers_assertion edge on edge.customer_number = one.number and edge.valid_to is null
              join customers_identifier known on known.id = edge.identifier_id and not known.is_aside
              join customers_identifier_type kind on kind.id = known.type_id
             where kind.code = {self._bind(rule.type, "text")}
               and edge.strength = any({self._bind(enough, "text[]")}))"""

    def _consent(self, rule: HasConsent) -> str:
        purpose, given = self._bind(rule.purpose, "text"), self._bind(rule.given, "boolean")
        return f"""coalesce((
            select said.given from customers_members(p.number) one
              join customers_consent said on said.customer_number = one.number and said.purpose = {purpose}
             order by said.at desc, said.id desc limit 1), false) = {given}"""  # noqa: S608, values are parameters

    def _registered(self, rule: WasRegistered) -> str:
        asked = []
        if rule.since is not None:
            asked.append(f"p.created_at >= {self._bind(_midnight(rule.since), 'timestamptz')}")
        if rule.until is not None:
            asked.append(f"p.created_at < {self._bind(_midnight(rule.until), 'timestamptz')}")
        if rule.within_days is not None:
            since = self._now - timedelta(days=rule.within_days)
            asked.append(f"p.created_at > {self._bind(since, 'timestamptz')}")
        return "(" + " and ".join(asked) + ")"

    def _household(self, rule: InHousehold) -> str:
        role = "" if rule.role is None else f" and edge.role = {self._bind(rule.role, 'text')}"
        return f"""exists (
            select from customers_members(p.number) one
              join customers_household_member edge on edge.customer_number = one.number and edge.until is null{role}
              join customers_household home on home.number = edge.household
             where home.kind = {self._bind(rule.of, "text")})"""

    def listed(self, segment: int) -> str:
        return f"""exists (
            select from customers_members(p.number) one
              join customers_segment_listed listed on listed.customer_number = one.number
             where listed.segment = {self._bind(segment, "int")})"""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
