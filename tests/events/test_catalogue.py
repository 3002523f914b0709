"""What may be declared, what is written down, and which change of a schema is refused."""

from datetime import timedelta
from typing import Annotated, Any, cast
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.conftest import NOON, SHOP, Returned, Sold
from vokrug.events import Catalogue, Compatibility, Event, Personal, catalogue_markdown, encode, synchronise, validate
from vokrug.events.catalogue import DIALECT, schema_of
from vokrug.events.errors import EventMalformed, SchemaIncompatible
from vokrug.events.operations import list_types
from vokrug.events.registry.compatibility import changes
from vokrug.events.rules import key_of, partition_of, type_id_of
from vokrug.events.types import PersonalField
from vokrug.runtime.database import Database


class Line(msgspec.Struct, frozen=True):
    """A line of a receipt."""

    sku: str
    who: Annotated[str, Personal("delivery")] = ""


def model_of(name: str, fields: Any, words: str = "") -> type[Event]:
    made = msgspec.defstruct(name, fields, bases=(Event,), frozen=True, namespace={"__doc__": words})
    return cast(type[Event], made)


def catalogue_of(*fields: Any, name: str = "shop.moved.v1", words: str = "Something moved.") -> Catalogue:
    catalogue = Catalogue()
    model = model_of("Moved", fields, words)
    catalogue.event(name, owner="shop", key="customer")(model)
    return catalogue


def test_a_type_is_its_fields_and_its_words() -> None:
    sold = Sold.__event__
    assert (sold.name, sold.version, sold.domain, sold.words) == (
        "shop.sold.v1",
        1,
        "shop",
        "A sale became final.",
    )
    assert (sold.schema["$schema"], sold.schema["$id"]) == (DIALECT, "urn:vokrug:event:shop.sold.v1")
    assert sold.schema["required"] == ["number"]


def test_personal_fields_are_found_at_any_depth() -> None:
    catalogue = catalogue_of(
        ("phone", Annotated[str | None, Personal("contact")], None),
        ("lines", list[Line], ()),
        ("by_room", dict[str, Line], {}),
    )
    (moved,) = catalogue
    assert moved.personal == (
        PersonalField("phone", "contact"),
        PersonalField("lines[].who", "delivery"),
        PersonalField("by_room[].who", "delivery"),
    )


@pytest.mark.parametrize("name", ["sold", "shop.sold", "shop.Sold.v1", "shop.sold.v0", "shop.sold.v01", ""])
def test_a_name_that_is_not_a_name_stops_the_start(name: str) -> None:
    with pytest.raises(ValueError, match="named like"):
        catalogue_of(name=name)


def test_a_fact_without_words_stops_the_start() -> None:
    with pytest.raises(ValueError, match="docstring"):
        catalogue_of(words="")


@pytest.mark.parametrize(
    "field",
    [
        ("phone", Annotated[str, Personal("contact")]),
        ("names", list[Annotated[str, Personal("contact")]], ()),
    ],
)
def test_personal_data_that_could_not_be_erased_stop_the_start(field: Any) -> None:
    with pytest.raises(ValueError, match="may be erased"):
        catalogue_of(field)


def test_a_name_is_declared_once() -> None:
    catalogue = catalogue_of()
    with pytest.raises(ValueError, match="cannot both"):
        catalogue.event("shop.moved.v1", owner="shop", key="customer")(Sold)
    assert Sold.__event__.name == "shop.sold.v1", "the refused declaration left no trace"


async def test_the_catalogue_is_written_down_once(log: Database) -> None:
    async with log.transaction() as tx:
        first = await list_types(tx)
        assert await synchronise(tx, NOON + timedelta(days=1), SHOP) == []
        assert await list_types(tx) == first
    returned, sold = first
    assert (returned.name, returned.retention_days, sold.name) == ("shop.returned.v1", 7, "shop.sold.v1")
    assert sold.schema == Sold.__event__.schema


NUMBER = ("number", int)

CHANGES: list[tuple[list[Any], list[Any], str, str]] = [
    # before, after, field, reason
    ([NUMBER, ("shop", str, "")], [NUMBER], "shop", "was removed"),
    ([NUMBER], [("number", str)], "number", "has another type"),
    ([NUMBER], [("number", int | None)], "number", "allows more: null"),
    ([NUMBER], [NUMBER, ("till", int)], "till", "was added as required"),
    ([("number", int, 0)], [NUMBER], "number", "became required"),
    ([("number", int, 0)], [("number", int, 1)], "number", "has another default"),
    ([("lines", list[int])], [("lines", list[str])], "lines[]", "has another type"),
    ([("by", dict[str, int])], [("by", dict[str, str])], "by[]", "has another type"),
    ([("at", UUID)], [("at", str)], "at", "allows more: format"),
    (
        [("how", Annotated[str, msgspec.Meta(max_length=9)])],
        [("how", Annotated[str, msgspec.Meta(max_length=5)])],
        "how",
        "allows less: maxLength",
    ),
]


@pytest.mark.parametrize(("before", "after", "field", "reason"), CHANGES)
async def test_a_promise_to_readers_is_not_broken_under_the_same_version(
    db: Database, before: list[Any], after: list[Any], field: str, reason: str
) -> None:
    async with db.transaction() as tx:
        await synchronise(tx, NOON, catalogue_of(*before))
        written = await list_types(tx)
        with pytest.raises(SchemaIncompatible) as refused:
            await synchronise(tx, NOON, catalogue_of(*after))
        assert await list_types(tx) == written
    facts = refused.value.facts
    assert (facts["field"], facts["reason"]) == (field, reason)


async def test_a_change_deep_inside_is_named_by_its_path(db: Database) -> None:
    class Before(msgspec.Struct):
        sku: str

    class After(msgspec.Struct):
        sku: int

    async with db.transaction() as tx:
        await synchronise(tx, NOON, catalogue_of(("lines", list[Before])))
        with pytest.raises(SchemaIncompatible) as refused:
            await synchronise(tx, NOON, catalogue_of(("lines", list[After])))
    assert refused.value.facts["field"] == "lines[].sku"
    assert "lines[].sku" in refused.value.cashier.say("ru", **refused.value.facts)


async def test_a_version_may_gain_optional_fields_and_better_words(db: Database) -> None:
    async with db.transaction() as tx:
        await synchronise(tx, NOON, catalogue_of(NUMBER))
        grown = catalogue_of(NUMBER, ("till", int | None, None), words="Something moved, and where.")
        assert await synchronise(tx, NOON, grown) == ["shop.moved.v1"]
        (written,) = await list_types(tx)
    assert "till" in written.schema["properties"]
    assert written.words == "Something moved, and where."


async def test_a_previous_release_may_come_back_and_the_database_keeps_what_it_knows(db: Database) -> None:
    grown, older = catalogue_of(NUMBER, ("till", int, 0)), catalogue_of(NUMBER)
    async with db.transaction() as tx:
        await synchronise(tx, NOON, grown)
        with pytest.raises(SchemaIncompatible):
            await synchronise(tx, NOON, older)
        assert await synchronise(tx, NOON, older, allow_older=True) == []
        (written,) = await list_types(tx)
        with pytest.raises(SchemaIncompatible):
            await synchronise(tx, NOON, catalogue_of(("number", str)), allow_older=True)
    assert "till" in written.schema["properties"]


def test_an_event_may_contain_itself() -> None:
    catalogue = Catalogue()
    catalogue.event("shop.nested.v1", owner="shop", key="customer")(Nested)
    (nested,) = catalogue
    assert changes(nested.schema, nested.schema) == []
    validate(nested, encode(Nested(1, (Nested(2),))))


class Nested(Event, frozen=True):
    """A fact within a fact."""

    number: int
    inner: "tuple[Nested, ...]" = ()


def is_forbidden(old: Any, new: Any) -> bool:
    return any(change.is_forbidden_by(Compatibility.FULL) for change in changes(old, new))


KINDS = st.sampled_from([(int, 7), (str, "x"), (bool, True), (list[int], [1, 2]), (Line, Line("tea"))])
FIELDS = st.dictionaries(st.sampled_from("abcdef"), KINDS, min_size=1)


@settings(deadline=None)
@given(old=FIELDS, added=FIELDS)
def test_after_a_compatible_addition_both_sides_read_each_other(old: dict[str, Any], added: dict[str, Any]) -> None:
    """A law: what is accepted keeps old facts valid under the new schema and new facts under the old."""
    required = [(name, kind) for name, (kind, _) in old.items()]
    optional = [(name, kind | None, None) for name, (kind, _) in added.items() if name not in old]
    older: Any = model_of("Fact", required)
    newer: Any = model_of("Fact", [*required, *optional])
    old_schema, new_schema = schema_of(older, "a.b.v1"), schema_of(newer, "a.b.v1")
    assert not is_forbidden(old_schema, new_schema)
    assert is_forbidden(new_schema, old_schema) == bool(optional)
    values = {name: value for name, (_, value) in old.items()}
    more = {name: value for name, (_, value) in added.items() if name not in old}
    old_fact, new_fact = encode(older(**values)), encode(newer(**values, **more))
    jsonschema_rs.validate(new_schema, msgspec.json.decode(old_fact))
    jsonschema_rs.validate(old_schema, msgspec.json.decode(new_fact))
    assert msgspec.json.decode(new_fact, type=older) == older(**values)


@pytest.mark.parametrize("data", [b"{}", b'{"number":"one"}', b"[]", b"nonsense"])
def test_a_fact_from_outside_must_fit_its_schema(data: bytes) -> None:
    with pytest.raises(EventMalformed):
        validate(Sold.__event__, data)


def test_our_own_facts_fit_their_schemas() -> None:
    for fact in (Sold(1, 400_00), Returned(2)):
        validate(fact.__event__, encode(fact))


def test_the_page_lists_every_type_with_its_schema() -> None:
    page = catalogue_markdown(SHOP)
    for words in ("## shop.sold.v1", "A sale became final.", '"total_minor"', "- kept: 7 days"):
        assert words in page


async def test_numbers_and_partitions_are_the_same_in_sql_and_python(db: Database) -> None:
    keys = [0, 1, 7, 8, -1, -8, 2**63 - 1, -(2**63), key_of(UUID(int=2**128 - 1))]
    async with db.transaction() as tx:
        count = await tx.value("select events_partitions()")
        assert count == 8
        rows = await tx.rows("select events_partition(k) from unnest($1::bigint[]) as k", keys)
        assert [row[0] for row in rows] == [partition_of(key, count) for key in keys]
        for name in ("shop.sold.v1", "shop.returned.v1", "pos.sale_committed.v12"):
            assert await tx.value("select events_type_id($1)", name) == type_id_of(name)
