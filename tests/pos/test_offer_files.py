"""Offers that travel as files, and the desk at the command line."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from tests.pos.chain import CAKE, COFFEE, Chain, Opened, Till, copied, open_chain
from vokrug import promotions
from vokrug.app.commands.offers import command
from vokrug.promotions.naming import Names

NAMED: dict[str, Any] = {
    "kind": "item_discount",
    "goods": {"articles": ["coffee"], "categories": ["sweets"]},
    "where": {"shops": ["S2"], "except_shops": ["S1"]},
    "benefit": {"kind": "percent", "percent_bp": 1000},
}


def record(key: str, body: dict[str, Any]) -> str:
    return json.dumps({"key": key, "name": key, "owner": "marketing", "body": body})


async def exported(chain: Chain) -> str:
    return str((await chain.staff.sends("/v1/promotions:export", b"", "GET")).done()["text"])


async def test_what_goes_out_comes_in_elsewhere_the_same(chain: Chain, postgres_base: str, opened: Opened) -> None:
    """Elsewhere the shops were opened in another order: numbers differ, names do not, and neither does the export."""
    taken = await chain.staff.sends("/v1/promotions:import", {"text": record("named", NAMED)})
    assert taken.done()["created"] == 1
    (body,) = await chain.rows("""
        select body -> 'where' -> 'shops' as shops from promotions_offer_version v
          join promotions_offer o on o.id = v.offer_id where o.key = 'named'
    """)
    (shop,) = await chain.rows("select id from pos_shop where code = 'S2'")
    assert json.loads(body["shops"]) == [shop["id"]], "the database keeps numbers"
    text = await exported(chain)
    assert '"shops":["S2"]' in text
    with copied(postgres_base, opened.database) as url:
        async with open_chain(url, opened) as elsewhere:
            async with elsewhere.services.db.transaction() as tx:
                await tx.run("update pos_shop set code = 'S1-' where code = 'S1'")
                await tx.run("update pos_shop set code = 'S1' where code = 'S2'")
                await tx.run("update pos_shop set code = 'S2' where code = 'S1-'")
            (await elsewhere.staff.sends("/v1/promotions:import", {"text": text})).done()
            assert await exported(elsewhere) == text
            again = (await elsewhere.staff.sends("/v1/promotions:import", {"text": text})).done()
            assert (again["unchanged"], again["lines"]) == (len(text.splitlines()), [])


async def test_a_dry_run_says_what_would_change_and_changes_nothing(chain: Chain) -> None:
    mark = await chain.fingerprint()
    text = await exported(chain)
    changed = text.replace('"percent_bp":1000', '"percent_bp":2000').replace('"name":"cakes"', '"name":"Торты"')
    told = (await chain.staff.sends("/v1/promotions:import", {"text": changed, "dry_run": True})).done()
    assert await chain.fingerprint() == mark
    assert told["lines"] == [
        {
            "line": 4,
            "outcome": "changed",
            "key": "cakes",
            "edits": [
                {"path": "name", "before": "cakes", "after": "Торты"},
                {"path": "body.benefit.percent_bp", "before": 1000, "after": 2000},
            ],
        }
    ]


async def test_bad_lines_are_told_by_their_number(chain: Chain) -> None:
    """One refuses the file; when asked to, only itself."""
    bad = record("lost", {**NAMED, "where": {"shops": ["S9"]}})
    text = "\n".join([record("fine", NAMED), bad, "{", record("fine", NAMED), record("UPPER", NAMED)])
    mark = await chain.fingerprint()
    refused = await chain.staff.sends("/v1/promotions:import", {"text": text})
    assert refused.code == (422, "offer_nonsense")
    assert "line 2" in str(refused.body)
    assert await chain.fingerprint() == mark
    told = (await chain.staff.sends("/v1/promotions:import", {"text": text, "bad_lines": "skip"})).done()
    assert (told["created"], told["refused"]) == (1, 4)
    fields = [(one["line"], one.get("field")) for one in told["lines"] if one["outcome"] == "refused"]
    assert fields == [(2, "body.where.shops"), (3, None), (4, "key"), (5, "key")]


# At a terminal


@pytest.fixture
def terminal(chain: Chain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The settings of a terminal beside the chain."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOKRUG_DATABASE_URL", chain.url)
    monkeypatch.setenv("VOKRUG_SECRET", "x" * 40)
    return tmp_path


def types(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), catch_exceptions=False)


async def typed(*words: str) -> Result:
    """In a thread: the command has a loop of its own."""
    import asyncio

    return await asyncio.to_thread(types, *words)


async def test_a_folder_goes_out_is_edited_and_comes_in(chain: Chain, terminal: Path) -> None:
    assert (await typed("export", "offers")).exit_code == 0
    files = sorted(path.name for path in (terminal / "offers").iterdir())
    assert files == ["base.json", "cakes.json", "half.json", "points.json"]
    cakes = terminal / "offers" / "cakes.json"
    cakes.write_text(cakes.read_text().replace("1000", "1500"))
    (terminal / "offers" / "half.json").write_text("{")
    dry = await typed("import", "offers", "--dry-run", "--json")
    assert (dry.exit_code, json.loads(dry.stdout)["changed"]) == (1, 1)
    assert not (terminal / "offers.errors.jsonl").exists(), "a dry run writes nothing"
    done = await typed("import", "offers", "--json")
    assert (done.exit_code, json.loads(done.stdout)["changed"]) == (1, 1)
    (error,) = [json.loads(line) for line in (terminal / "offers.errors.jsonl").read_text().splitlines()]
    assert (error["file"], error["line"]) == ("half.json", 1)
    (terminal / "offers" / "half.json").unlink()
    assert (await typed("import", "offers")).exit_code == 0
    assert not (terminal / "offers.errors.jsonl").exists()
    published = await typed("publish", "cakes")
    assert "cakes runs in version 2." in published.stdout
    assert "cakes rests." in (await typed("pause", "cakes")).stdout
    rows = json.loads((await typed("list", "--json", "--state", "paused")).stdout)
    assert [(row["key"], row["live_version"]) for row in rows] == [("cakes", 2)]
    assert json.loads((await typed("show", "cakes", "--json")).stdout)["offer"]["key"] == "cakes"


async def test_lint_and_backtest_at_a_terminal(chain: Chain, terminal: Path, till: Till) -> None:
    """With workers of their own, as a long past has them."""
    await till.sells(None, COFFEE, CAKE)
    body = {**NAMED, "where": {"shops": ["S1"]}}
    (terminal / "named.json").write_text(record("named", body))
    linted = await typed("lint", "named.json", "--json")
    assert (linted.exit_code, json.loads(linted.stdout)["may_be_published"]) == (0, True)
    bad = record("bad", {**body, "code": " "})
    (terminal / "bad.jsonl").write_text(bad)
    assert (await typed("lint", "bad.jsonl")).exit_code == 1
    ran = await typed("backtest", "named.json", "--from", "2020-01-01", "--until", "2022-12-31", "--json")
    assert json.loads(ran.stdout)["total"]["receipts"] == 0
    day = chain.services.clock.now().date()
    window = ["--from", str(day.replace(day=1)), "--until", str(day.replace(year=day.year + 1, day=1))]
    report = json.loads((await typed("backtest", "named.json", *window, "--workers", "1", "--json")).stdout)
    assert report["total"]["receipts"] == 1
    assert report["total"]["extra_discount_minor"] == 10_00, "a tenth off coffee; cake has its own tenth"
    table = await typed("backtest", "named.json", *window)
    assert "cost, points at their value" in table.stdout


async def test_names_are_looked_up_once(chain: Chain) -> None:
    async with chain.services.db.transaction(readonly=True) as tx:
        names = Names(tx, chain.services.get(promotions.Outside).chain)
        body = await names.numbered(NAMED)
        assert isinstance(body["where"]["shops"][0], int)
        assert await names.named([body]) == [NAMED]
        assert msgspec.json.encode(await names.numbered(body)) == msgspec.json.encode(body), "numbers stay"
