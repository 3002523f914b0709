"""`vokrug customers match`, as somebody with two lists of people would use it."""

import csv
import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vokrug.app.bench.matching import write
from vokrug.app.cli import cli
from vokrug.customers.matching import linkage
from vokrug.customers.matching.columns import Content, choose
from vokrug.customers.matching.scoring import score


def real(name: str) -> str:
    for parent in Path(__file__).parents:
        if (found := parent / "shared" / "data" / "entity-resolution" / name).exists():
            return str(found)
    pytest.skip("the real data are not here")


def told(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["customers", "match", *words, "--json"])
    assert result.exit_code == 0, result.stderr or repr(result.exception)
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_people_of_febrl_are_found_without_the_numbers_that_tell_them() -> None:
    answer = told(real("febrl1.csv.gz"), "--truth", "true_entity")
    assert answer["f1"] >= 0.99
    assert {"rec_id", "soc_sec_id", "true_entity"} <= answer["left_out"].keys()
    assert "soc_sec_id" not in answer["columns"]


def test_ids_that_name_their_people_serve_as_the_truth() -> None:
    """FEBRL's rec-12-org and rec-12-dup-0 are one person."""
    by_id, by_entity = (told(real("febrl1.csv.gz"), "--truth", truth) for truth in ("rec_id", "true_entity"))
    assert by_id["true_pairs"] == by_entity["true_pairs"] == 500
    assert by_id["f1"] == by_entity["f1"]


def test_the_same_file_gives_the_same_pairs(tmp_path: Path) -> None:
    """And its rows in another order the same people."""
    file = real("febrl1.csv.gz")
    for name in ("one.csv", "two.csv"):
        told(file, "--out", str(tmp_path / name))
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "two.csv").read_text()
    with gzip.open(file, "rt") as source:
        head, *rows = source.read().splitlines()
    random.Random(7).shuffle(rows)
    (tmp_path / "shuffled.csv").write_text("\n".join([head, *rows]))
    assert told(str(tmp_path / "shuffled.csv"), "--truth", "true_entity")["pairs"] == 500


def test_pairs_are_written_with_their_reasons(tmp_path: Path) -> None:
    told(real("febrl1.csv.gz"), "--out", str(tmp_path / "pairs.csv"))
    with (tmp_path / "pairs.csv").open() as file:
        rows = list(csv.DictReader(file))
    weights = [float(row["weight"]) for row in rows]
    assert weights == sorted(weights, reverse=True)
    assert len(rows) == 500
    assert "surname: the same (+" in rows[0]["reasons_en"]
    assert "surname: совпадает (+" in rows[0]["reasons_ru"]


RUSSIAN = """
Код;Фамилия;Имя;Отчество;Дата рождения;Телефон;Город
1;Иванова;Наталья;Сергеевна;03.04.1990;+7 916 123-45-67;Тверь
2;ИВАНОВА;Наталия;Сергеевна;1990-04-03;89161234567;Тверь
3;Ivanova;Natalya;S;03.04.1990;;Tver
4;Орлов;Пётр;Ильич;12.12.1971;+7 903 765-43-21;Псков
5;Петр;Орлов;Ильич;12.12.1971;9037654321;Псков
6;Кузнецов;Саша;Андреевич;30.06.1985;+7 921 555-00-11;Омск
7;Кузнецов;Александр;Андреевич;30.06.1985;;Омск
"""


def test_one_person_in_two_alphabets_swapped_and_short(tmp_path: Path) -> None:
    """Seven rows among two thousand others: the Russian columns are known by their names."""
    write(tmp_path / "others.parquet", 2_000)
    import duckdb

    rows = duckdb.execute(
        f"select surname, given_name, patronymic, birth_date, phone, city from '{tmp_path / 'others.parquet'}'"
    ).fetchall()
    lines = RUSSIAN.strip().splitlines()
    lines += [";".join([str(100 + i), *(value or "" for value in row)]) for i, row in enumerate(rows)]
    (tmp_path / "people.csv").write_text("\n".join(lines))
    answer = told(str(tmp_path / "people.csv"), "--out", str(tmp_path / "pairs.csv"))
    assert answer["columns"]["Отчество"] == "middle"
    with (tmp_path / "pairs.csv").open() as file:
        found = {(int(row["row_a"]), int(row["row_b"])) for row in csv.DictReader(file)}
    ours = {pair for pair in found if pair[0] <= 7}
    assert {(1, 2), (1, 3), (4, 5), (6, 7)} <= ours
    assert all(one in group and other in group for one, other in ours for group in GROUPS if one in group)


GROUPS = ({1, 2, 3}, {4, 5}, {6, 7})


@pytest.mark.parametrize(
    ("name", "text", "words", "says"),
    [
        ("gone.csv", None, (), "is not a file"),
        ("lone.csv", "surname,given_name\nOrlov,Ivan\n", (), "nothing to compare"),
        ("ids.csv", "rec_id,uuid\n1,2\n3,4\n", (), "nothing to compare"),
        ("people.csv", "surname,given_name\nOrlov,Ivan\nOrlov,Ivan\n", ("--truth", "whose"), "no column whose"),
        ("people.csv", "surname,given_name\nOrlov,Ivan\nOrlov,Ivan\n", ("--ignore", "age"), "no column age"),
        ("people.parquet", "PAR", (), "cannot be read"),
    ],
)
def test_what_cannot_be_matched_is_refused(
    tmp_path: Path, name: str, text: str | None, words: Sequence[str], says: str
) -> None:
    """And nothing is written."""
    if text is not None:
        (tmp_path / name).write_text(text)
    out = tmp_path / "pairs.csv"
    result = CliRunner().invoke(cli, ["customers", "match", str(tmp_path / name), "--out", str(out), *words])
    assert result.exit_code == 2
    assert says in result.stderr
    assert not out.exists()


def test_columns_are_chosen_by_name_and_content() -> None:
    contents = {
        "Last Name": Content(90, 60, 100),
        "first_name": Content(95, 40, 100),
        "full_name": Content(95, 80, 100),
        "passport_no": Content(100, 100, 100),
        "hobby": Content(80, 9, 100),
        "note": Content(80, 79, 100),
        "country": Content(100, 1, 100),
    }
    chosen = choose(contents, ignore=["hobby"])
    assert {column.name: column.role for column in chosen.columns} == {"Last Name": "surname", "first_name": "given"}
    assert chosen.left_out.keys() == {"full_name", "passport_no", "hobby", "note", "country"}


def test_a_chain_of_likenesses_is_not_one_person() -> None:
    """Transitive closure would make one of six; two groups that only touch stay two."""
    inside = [(0, 1, 9.0), (1, 2, 9.0), (0, 2, 9.0), (3, 4, 9.0), (4, 5, 9.0), (3, 5, 9.0)]
    assert sorted(linkage.people([*inside, (2, 3, 6.0)])) == [[0, 1, 2], [3, 4, 5]]
    assert sorted(linkage.people([(0, 1, 9.0), (1, 2, 4.0)])) == [[0, 1, 2]]


def test_the_score_counts_pairs() -> None:
    """Five records of two people; one pair found rightly, two wrongly, of four true."""
    counted = score([[0, 1, 3]], dict(enumerate(["a", "a", "a", "b", "b"])))
    assert (counted.right, counted.found, counted.true) == (1, 3, 4)
    assert (counted.precision, counted.recall) == (1 / 3, 1 / 4)
    assert counted.f1 == pytest.approx(2 / 7)
