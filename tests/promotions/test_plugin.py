"""Kinds of conditions and benefits that another package brings by its entry points."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "plugin"
OFFER = (
    """{"kind": "discount", "benefit": {"kind": "no_kopecks"}, "conditions": [{"kind": "weather", "is_now": "rain"}]}"""
)
STORY = f"""
import json
from tests.promotions.shop import basket, line, price
from vokrug.promotions import rules

body = rules.read_body(json.loads('{OFFER}'))
assert json.loads(rules.write_body(body)) == json.loads('{OFFER}')
assert "weather" in str(rules.body_schema())
for weather in ("rain", "sun"):
    priced = price(basket(line(1, 1999, 2), attributes={{"weather": weather}}), body)
    [said] = priced.verdicts
    print(weather, said.status, priced.totals.net_minor, said.missing.what if said.missing else "")
"""


def run(story: str, *more: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own: packages are looked for when the engine is first imported."""
    root = Path(__file__).parents[2]
    path = os.pathsep.join(map(str, (root / "src", root, *more)))
    return subprocess.run(
        [sys.executable, "-c", story], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )


def test_a_package_brings_a_condition_and_a_benefit() -> None:
    done = run(STORY, PLUGIN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["rain applied 3800 ", "sun not_met 3998 weather"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("weather = vokrug_example:NoKopecks", "is no Condition"), ("units = vokrug_other:Units", "is taken")],
)
def test_a_package_that_does_not_fit_stops_the_start_by_its_name(tmp_path: Path, line: str, complaint: str) -> None:
    told = tmp_path / "vokrug_other-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: vokrug-other\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(f"[vokrug.conditions]\n{line}\n")
    (tmp_path / "vokrug_other.py").write_text(
        "from vokrug_example import Weather\n"
        'class Units(Weather, frozen=True, tag_field="kind", tag="units"):\n    """A tag that is taken."""\n'
    )
    (tmp_path / "vokrug_example.py").write_text((PLUGIN / "vokrug_example.py").read_text())
    done = run("import vokrug.promotions", tmp_path)
    assert done.returncode != 0
    assert complaint in done.stderr
