"""What docs/till.md tells to type can be typed, and its two languages tell the same."""

import re
import shlex
from pathlib import Path

import msgspec
import pytest

from vokrug.app.commands.till_check import command
from vokrug.app.till_check.exchanges import Exchange
from vokrug.app.till_check.plays import PLAYS
from vokrug.app.wiring import routes_of
from vokrug.pos.onboarding.schemas import TakeKeys
from vokrug.runtime.paths import without_kinds
from vokrug.runtime.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "till.md", DOCS / "till.ru.md"]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.S | re.M)


def test_both_languages_show_the_same_examples() -> None:
    assert blocks(PAGES[0]) == blocks(PAGES[1])
    headings = [re.findall(r"^## (\d)", page.read_text(), re.M) for page in PAGES]
    assert headings[0] == headings[1]


def test_commands_take_what_they_are_shown_with() -> None:
    typed = [line for block in blocks(PAGES[0]) for line in block.splitlines() if line.startswith("vokrug ")]
    assert len(typed) >= 5
    for line in typed:
        _, group, name, *words = shlex.split(line)
        known = command.commands[name]
        options = {option for parameter in known.params for option in parameter.opts}
        assert group == "till-check"
        assert {word for word in words if word.startswith("--")} <= options, line


def test_the_examples_are_of_the_protocols_shape() -> None:
    (log,) = [block for block in blocks(PAGES[0]) if block.startswith("{")]
    assert msgspec.json.decode(log, type=Exchange).kind == "identify"
    (claim,) = re.findall(r"-d '(\{.*?\})'", PAGES[0].read_text())
    assert msgspec.json.decode(claim, type=TakeKeys).code.count("-") == 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_named_exists(page: Path) -> None:
    text = page.read_text()
    paths = {f"{route.method} {without_kinds(route.path)}" for group in routes_of(Settings()) for route in group.all}
    for method, path in re.findall(r"`(POST|GET|PUT) (/[^`]+)`", text):
        named = path.replace("/v1/keys/{id}", "/v1/keys/{key_id}")
        assert f"{method} {named}" in paths
    for play in PLAYS:
        assert f"`{play.code}`" in text
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (DOCS / link).exists(), link
