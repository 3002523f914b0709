"""Which change breaks whom: a table of every kind in both directions, and laws that a validator judges."""

import os
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vokrug.events import Compatibility
from vokrug.events.registry.compatibility import BREAKS, Change, What, changes
from vokrug.events.registry.validation import closed

EXAMPLES = int(os.environ.get("VOKRUG_TEST_EXAMPLES", "60"))

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}


def fact(required: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": required.split()}


# before, after, field, what, does a reader of old facts break, a reader of new ones, one with closed choices
TABLE: list[tuple[Any, Any, str, What, bool, bool, bool]] = [
    (fact(), fact(a=TEXT), "a", What.ADDED, False, False, False),
    (fact(), fact("a", a=TEXT), "a", What.ADDED_AS_REQUIRED, True, False, False),
    (fact(a=TEXT), fact(), "a", What.REMOVED, False, True, False),
    (fact("a", a=TEXT), fact(), "a", What.REMOVED, False, True, False),
    (fact(a=TEXT), fact("a", a=TEXT), "a", What.BECAME_REQUIRED, True, False, False),
    (fact("a", a=TEXT), fact(a=TEXT), "a", What.NO_LONGER_REQUIRED, False, True, False),
    (fact(a=TEXT), fact(a=WHOLE), "a", What.CHANGED, True, True, False),
    (fact(a=WHOLE), fact(a={"type": "number"}), "a", What.WIDENED, False, True, False),
    (fact(a={"type": ["string", "null"]}), fact(a=TEXT), "a", What.NARROWED, True, False, False),
    (fact(a=TEXT), fact(a={"anyOf": [TEXT, {"type": "null"}]}), "a", What.WIDENED, False, True, False),
    (fact(a={"enum": ["x"]}), fact(a={"enum": ["x", "y"]}), "a", What.CHOICES_ADDED, False, False, True),
    (fact(a={"enum": ["x", "y"]}), fact(a={"enum": ["x"]}), "a", What.CHOICES_REMOVED, True, False, False),
    (fact(a=TEXT), fact(a={"type": "string", "enum": ["x"]}), "a", What.NARROWED, True, False, False),
    (fact(a={"type": "string", "enum": ["x"]}), fact(a=TEXT), "a", What.WIDENED, False, True, False),
    (fact(a=TEXT), fact(a=TEXT | {"maxLength": 5}), "a", What.NARROWED, True, False, False),
    (fact(a=TEXT | {"maxLength": 5}), fact(a=TEXT | {"maxLength": 9}), "a", What.WIDENED, False, True, False),
    (fact(a=WHOLE), fact(a=WHOLE | {"minimum": 0}), "a", What.NARROWED, True, False, False),
    (fact(a=WHOLE | {"minimum": 0}), fact(a=WHOLE), "a", What.WIDENED, False, True, False),
    (fact(a=TEXT | {"pattern": "^a"}), fact(a=TEXT | {"pattern": "^b"}), "a", What.CHANGED, True, True, False),
    (fact(a=TEXT), fact(a=TEXT | {"format": "uuid"}), "a", What.NARROWED, True, False, False),
    (fact(a=TEXT | {"format": "uuid"}), fact(a=TEXT), "a", What.WIDENED, False, True, False),
    (fact(a=TEXT | {"format": "date"}), fact(a=TEXT | {"format": "uuid"}), "a", What.CHANGED, True, True, False),
    (fact(a=WHOLE | {"default": 0}), fact(a=WHOLE | {"default": 1}), "a", What.CHANGED, True, True, False),
    (fact(a=TEXT), fact(a=TEXT | {"x-personal": "ads"}), "a", What.BECAME_PERSONAL, False, True, False),
    (fact(a=TEXT | {"x-personal": "ads"}), fact(a=TEXT), "a", What.NO_LONGER_PERSONAL, False, False, False),
    (fact(), fact() | {"additionalProperties": False}, "[]", What.NARROWED, True, False, False),
    (fact() | {"additionalProperties": False}, fact(), "[]", What.WIDENED, False, True, False),
    (fact(a={"type": "array"}), fact(a={"type": "array", "items": TEXT}), "a[]", What.NARROWED, True, False, False),
    (
        fact(a={"type": "array", "items": fact("b", b=TEXT)}),
        fact(a={"type": "array", "items": fact(b=TEXT)}),
        "a[].b",
        What.NO_LONGER_REQUIRED,
        False,
        True,
        False,
    ),
    (fact(a={"not": TEXT}), fact(a={"not": {"type": "null"}}), "a", What.CHANGED, True, True, False),
]


@pytest.mark.parametrize(("before", "after", "field", "what", "backward", "forward", "closed"), TABLE)
def test_a_change_breaks_in_its_direction(
    before: Any, after: Any, field: str, what: What, backward: bool, forward: bool, closed: bool
) -> None:
    (change,) = changes(before, after)
    assert (change.field, change.what) == (field, what)
    assert (change.breaks_backward, change.breaks_forward, change.breaks_closed) == (backward, forward, closed)
    assert change.is_forbidden_by(Compatibility.BACKWARD) == backward
    assert change.is_forbidden_by(Compatibility.FULL) == (backward or forward)
    assert changes(before, before) == []


def test_every_kind_of_change_has_a_row_and_words() -> None:
    assert {row[3] for row in TABLE} == set(What) == set(BREAKS)
    assert all(Change("a", what, "x").say(language) for what in What for language in ("en", "ru"))


@pytest.mark.parametrize(
    ("changed", "read", "breaks"),
    [
        ("total", None, True),
        ("total", ["total"], True),
        ("total", ["lines"], False),
        ("lines[].sku", ["lines"], True),
        ("lines", ["lines[].sku"], True),
        ("lines[].sku", ["lines[].skull"], False),
        ("line", ["lines"], False),
        ("", ["lines"], True),
        ("total", [], False),
    ],
)
def test_a_consumer_breaks_by_what_it_reads(changed: str, read: list[str] | None, breaks: bool) -> None:
    assert Change(changed, What.REMOVED).breaks(read, is_closed=False) == breaks
    assert not Change(changed, What.ADDED).breaks(read, is_closed=True)
    assert Change(changed, What.CHOICES_ADDED).breaks(read, is_closed=True) == breaks
    assert not Change(changed, What.CHOICES_ADDED).breaks(read, is_closed=False)


def test_a_schema_that_contains_itself_is_compared() -> None:
    inner = {"$ref": "#/$defs/Node"}
    before = {"$ref": "#/$defs/Node", "$defs": {"Node": fact(inner=inner, a=TEXT)}}
    after = {"$ref": "#/$defs/Node", "$defs": {"Node": fact(inner=inner)}}
    assert [change.field for change in changes(before, after)] == ["a"]


LEAVES = st.sampled_from(
    [
        TEXT,
        WHOLE,
        {"type": "number"},
        {"type": "boolean"},
        {"type": ["integer", "null"]},
        {"anyOf": [TEXT, {"type": "null"}]},
        {"type": "string", "maxLength": 2},
        {"type": "integer", "minimum": 1},
        {"type": "integer", "minimum": 0, "maximum": 3},
        {"enum": ["x", "y"]},
        {"enum": ["x"]},
    ]
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def made(drawn: tuple[dict[str, Any], list[str], bool | None]) -> dict[str, Any]:
        fields, wanted, is_open = drawn
        schema = fact(" ".join(name for name in fields if name in wanted), **fields)
        return schema if is_open is None else schema | {"additionalProperties": is_open}

    fields = st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    return st.tuples(fields, st.lists(st.sampled_from("abc")), st.sampled_from([None, None, None, False])).map(made)


def lists(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return inner.map(lambda items: {"type": "array", "items": items})


SCHEMAS = objects(st.recursive(LEAVES, lambda inner: objects(inner) | lists(inner), max_leaves=4))
VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, 2, 5, 0.5, "x", "y", "long"]),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)
FACTS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


@settings(max_examples=EXAMPLES, deadline=None)
@given(before=SCHEMAS, after=SCHEMAS, facts=st.lists(FACTS, min_size=10, max_size=10))
def test_what_breaks_nobody_is_read_in_both_directions(before: Any, after: Any, facts: list[Any]) -> None:
    """A law: without a backward breach every old fact fits the new schema; without a forward one, or a new choice,
    every new fact fits the old. Facts hold what their schema names; readers pass over what theirs does not."""
    found = changes(before, after)
    told_old, told_new = (jsonschema_rs.Draft202012Validator(closed(schema)) for schema in (before, after))
    reads_old, reads_new = (jsonschema_rs.Draft202012Validator(schema) for schema in (before, after))
    for fact in facts:
        if told_old.is_valid(fact) and not any(change.breaks_backward for change in found):
            assert reads_new.is_valid(fact), found
        if told_new.is_valid(fact) and not any(change.breaks_forward or change.breaks_closed for change in found):
            assert reads_old.is_valid(fact), found


@settings(max_examples=EXAMPLES, deadline=None)
@given(before=SCHEMAS, after=SCHEMAS)
def test_the_two_directions_mirror_each_other(before: Any, after: Any) -> None:
    """A law: what breaks readers of old facts one way breaks readers of new facts the other way. Choices are said
    apart, and a field that is optional may come unnoticed while it is missed when it goes."""

    def breach(one: Any, other: Any) -> tuple[bool, bool]:
        found = changes(one, other)
        closed = any(change.breaks_closed for change in found)
        return any(change.breaks_backward for change in found), closed or any(c.breaks_forward for c in found)

    there, back = breach(before, after), breach(after, before)
    assert not there[0] or back[1]
    assert not back[0] or there[1]
