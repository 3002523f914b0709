"""`vokrug events`: CI sees a change that breaks readers where it is made."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from vokrug.app.commands.events import SNAPSHOT, command
from vokrug.app.pages import told_types
from vokrug.events import Catalogue, Event
from vokrug.events.registry.snapshot import agree, compare, read_snapshot, write_snapshot


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def test_the_code_tells_what_was_agreed() -> None:
    """The test that CI lives by: `vokrug events check` says how to go on when it fails."""
    checked = run("check")
    assert checked.exit_code == 0, checked.output


def catalogue_of(*fields: Any, name: str = "shop.moved.v1") -> Catalogue:
    catalogue = Catalogue()
    model: Any = msgspec.defstruct(
        "Moved", fields, bases=(Event,), frozen=True, namespace={"__doc__": "Something moved."}
    )
    catalogue.event(name, owner="shop", key="customer")(model)
    return catalogue


AGREED = agree(catalogue_of(("number", int), ("shop", str, "")), {})


@pytest.mark.parametrize(
    ("types", "words", "is_breach"),
    [
        (catalogue_of(("number", int), ("shop", str, ""), ("till", int, 0)), "till was added", False),
        (catalogue_of(("number", int)), "shop was removed (breaks today's readers)", True),
        (
            catalogue_of(("number", str), ("shop", str, "")),
            "number has another type (breaks old facts and today's readers)",
            True,
        ),
        (catalogue_of(("number", int), ("shop", str)), "shop became required (breaks old facts)", True),
        (catalogue_of(name="shop.other.v1"), "is gone; readers are left with nothing", True),
    ],
)
def test_a_difference_is_named_with_whom_it_breaks(types: Catalogue, words: str, is_breach: bool) -> None:
    first = compare(types, AGREED)[0]
    assert (first.words, first.is_breach) == (words, is_breach)
    assert first.type == "shop.moved.v1"


def test_a_new_version_needs_an_upcaster() -> None:
    catalogue = catalogue_of(("number", int), ("shop", str, ""))
    second: Any = msgspec.defstruct("Moved2", [], bases=(Event,), frozen=True, namespace={"__doc__": "It moved."})
    catalogue.event("shop.moved.v2", owner="shop", key="customer")(second)
    assert [one.words for one in compare(catalogue, AGREED) if one.is_breach] == ["has no upcaster from shop.moved.v1"]


def test_every_schema_that_was_agreed_counts() -> None:
    wider = agree(catalogue_of(("number", int), ("shop", str, ""), ("till", int, 0)), AGREED)
    assert len(wider["shop.moved.v1"]) == 2
    back = catalogue_of(("number", int), ("shop", str, ""))
    assert [one.words for one in compare(back, wider) if one.is_breach] == ["till was removed (breaks today's readers)"]


def test_the_command_refuses_to_agree_on_a_breach(tmp_path: Path) -> None:
    file = tmp_path / "agreed.json"
    spoilt = read_snapshot(SNAPSHOT)
    spoilt["pos.sale_committed.v1"][-1]["properties"]["vanished"] = {"type": "string"}
    write_snapshot(file, spoilt)
    written = file.read_bytes()
    checked = run("check", "--file", str(file))
    assert checked.exit_code == 1
    assert "BREAKS  pos.sale_committed.v1: vanished was removed" in checked.output
    assert run("snapshot", "--file", str(file)).exit_code == 1
    assert file.read_bytes() == written, "and nothing changed"
    assert run("snapshot", "--file", str(file), "--force").exit_code == 0
    assert run("check", "--file", str(file)).exit_code == 0


def test_a_missing_type_is_only_a_difference(tmp_path: Path) -> None:
    file = tmp_path / "agreed.json"
    assert run("check", "--file", str(file)).exit_code == 1
    assert run("snapshot", "--file", str(file)).exit_code == 0
    assert read_snapshot(file) == agree(told_types(), {})


def test_the_document_is_printed() -> None:
    printed = json.loads(run("asyncapi").output)
    assert printed["asyncapi"] == "3.0.0"
    assert {type.name for type in told_types()} == set(printed["channels"])
