"""Goods at a terminal; and a program that is killed in the middle of a file."""

import asyncio
import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.pos.chain import Chain, Till
from tests.pos.goods.files import catalogue, classifier, document, good, zipped
from tests.pos.goods.test_imports import IMPORT, OFFERS, SHOPS_OWN, articles, goods_mark, many
from vokrug.app.commands.goods import command


@pytest.fixture
def terminal(chain: Chain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The settings of a terminal beside the chain."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOKRUG_DATABASE_URL", chain.url)
    monkeypatch.setenv("VOKRUG_SECRET", "x" * 40)
    (tmp_path / "import.xml").write_bytes(IMPORT)
    (tmp_path / "offers.xml").write_bytes(OFFERS)
    (tmp_path / "shop.xml").write_bytes(SHOPS_OWN)
    return tmp_path


async def typed(*words: str) -> Result:
    """In a thread: the command has a loop of its own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(command, list(words), catch_exceptions=False))


async def test_files_come_in_and_what_is_known_goes_out(chain: Chain, terminal: Path, till: Till) -> None:
    mark = await goods_mark(chain)
    dry = await typed("import", "import.xml", "--dry-run", "--json")
    assert (dry.exit_code, json.loads(dry.stdout)["counts"]["goods"]["new"]) == (0, 3)
    assert await goods_mark(chain) == mark
    done = await typed("import", "import.xml", "offers.xml")
    assert (done.exit_code, "3" in done.stdout) == (0, True)
    assert (await typed("import", "shop.xml", "--shop", "S1")).exit_code == 0
    known = json.loads((await typed("aliases", "--shop", "S1", "--json")).stdout)
    assert [one["code"] for one in known] == ["000071", "s-1", "s-2"]
    waiting = json.loads((await typed("unknown", "--json")).stdout)
    assert (waiting["total"], waiting["unknown"][0]["sku"]) == (1, "s-3")
    assert "s-3" in (await typed("unknown")).stdout
    assert (await typed("map", "S1", "s-3", "g2")).exit_code == 0
    assert json.loads((await typed("unknown", "--json")).stdout)["total"] == 0
    assert (await typed("export", "codes.csv", "--shop", "S1")).exit_code == 0
    rows = list(csv.reader((terminal / "codes.csv").open(encoding="utf-8-sig"), delimiter=";"))
    assert [row[2:4] for row in rows[1:]] == [["000071", "g1"], ["s-1", "g1"], ["s-2", "g1"], ["s-3", "g2"]]


async def test_an_export_comes_in_again_and_changes_nothing(chain: Chain, terminal: Path) -> None:
    await typed("import", "import.xml", "offers.xml")
    before = await chain.rows("select * from pos_article order by id")
    groups = await chain.rows("select * from pos_category order by id")
    assert (await typed("export", "all.csv")).exit_code == 0
    assert (await typed("import", "all.csv")).exit_code == 0
    again = await chain.rows("select * from pos_article order by id")
    kept = ("sku", "name", "barcodes", "category_ids", "article", "brand", "vat", "is_weighed", "is_withdrawn")
    assert [[row[name] for name in kept] for row in again] == [[row[name] for name in kept] for row in before]
    assert await chain.rows("select * from pos_category order by id") == groups


async def test_parts_of_an_export_do_not_withdraw_each_other(chain: Chain, terminal: Path) -> None:
    """Each of them calls itself whole: together they are taken as one archive, one by one they are not taken so."""
    parts = [document(catalogue(good(code, "Чай"), changes_only=False)) for code in ("p1", "p2")]
    for n, part in enumerate(parts):
        (terminal / f"part{n}.xml").write_bytes(part)
    mark = await goods_mark(chain)
    refused = await typed("import", "part0.xml", "part1.xml", "--withdraw-gone")
    assert (refused.exit_code, await goods_mark(chain)) == (2, mark)
    (terminal / "all.zip").write_bytes(zipped(a__xml=parts[0], b__xml=parts[1]))
    assert (await typed("import", "all.zip", "--withdraw-gone")).exit_code == 0
    assert not any(row["is_withdrawn"] for row in await articles(chain))
    (listed,) = json.loads((await typed("imports", "--json")).stdout)
    assert (listed["file"], listed["report"]["counts"]["goods"]["new"]) == ("all.zip", 2)
    assert "all.zip" in (await typed("imports")).stdout


async def test_what_is_bad_stands_in_a_file_beside(chain: Chain, terminal: Path) -> None:
    bad = terminal / "bad.xml"
    bad.write_bytes(document(catalogue(good("", "Без ид"), good("g1", "Чай"), good("g2", "Кофе", Штрихкод="46000001"))))
    dry = await typed("import", "bad.xml", "--dry-run")
    assert (dry.exit_code, (terminal / "bad.xml.errors.csv").exists()) == (1, False)
    assert "It has no id." in dry.stdout or "Нет идентификатора." in dry.stdout
    done = await typed("import", "bad.xml")
    assert (done.exit_code, "bad.xml.errors.csv" in done.stderr) == (1, True)
    rows = list(csv.DictReader((terminal / "bad.xml.errors.csv").open(encoding="utf-8-sig")))
    assert [(row["line"], row["level"], row["code"], row["ru"]) for row in rows] == [
        ("4", "error", "code_missing", "Нет идентификатора."),
        ("6", "note", "barcode_unsound", "У штрихкода 46000001 неверная контрольная цифра."),
    ]
    assert (await typed("import", "bad.xml", "--errors", "own.csv")).exit_code == 1
    assert (terminal / "own.csv").exists()
    bad.write_bytes(document(catalogue(good("g1", "Чай"))))
    assert (await typed("import", "bad.xml")).exit_code == 0
    assert not (terminal / "bad.xml.errors.csv").exists()


async def test_proposals_are_decided_at_a_terminal(chain: Chain, terminal: Path) -> None:
    (terminal / "all.zip").write_bytes(
        zipped(a__xml=IMPORT, b__xml=document(catalogue(good("p", "Пастила яблочная 90 г"))))
    )
    await typed("import", "all.zip")
    await typed("import", "shop.xml", "--shop", "S1")
    (found,) = json.loads((await typed("proposals", "--find", "--json")).stdout)
    assert (found["code"], found["sku"], found["score"] > 0.9) == ("s-3", "p", True)
    assert "s-3" in (await typed("proposals")).stdout
    for word, left in (("reject", 0), ("undo", 1), ("accept", 0)):
        assert (await typed("decide", word, found["id"])).exit_code == 0
        assert len(json.loads((await typed("proposals", "--json")).stdout)) == left
    known = json.loads((await typed("aliases", "--json")).stdout)
    assert ("s-3", "p") in {(one["code"], one["sku"]) for one in known}


async def test_a_program_that_is_killed_loses_nothing(chain: Chain, terminal: Path) -> None:
    """Killed with no warning once some of the file is in; started again, it ends as if nothing had happened."""
    (terminal / "many.xml").write_bytes(many(8_000))
    program = [sys.executable, "-m", "vokrug", "goods", "import", "many.xml", "--json"]
    running = await asyncio.create_subprocess_exec(*program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(60):
            while not any(row["done"] for row in await chain.rows("select done from pos_goods_import")):
                assert running.returncode is None, "it is not done before we look"
    finally:
        running.send_signal(signal.SIGKILL)
        await running.wait()
    (cut,) = await chain.rows("select id, done, state from pos_goods_import")
    taken = (await chain.rows("select count(*) from pos_article where sku like 'n%'"))[0]["count"]
    assert (cut["state"], taken) == ("running", cut["done"] - 4), "what is noted as taken is there, and no more"
    assert 0 < taken < 8_000
    again = await asyncio.to_thread(subprocess.run, program, capture_output=True, check=True)
    report = json.loads(again.stdout)
    assert report["id"] == str(cut["id"])
    assert report["counts"]["goods"] == {"new": 8_000, "changed": 0, "unchanged": 0, "gone": 0}
    assert report["counts"]["groups"]["new"] == 4
    assert len(await articles(chain)) == 8_003
    assert classifier().count("<Группа>") == 4
