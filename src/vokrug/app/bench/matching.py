"""How long the matching of many records takes, and how right it is: invented people, some met more than once."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import msgspec

from vokrug.customers.matching import match

COLUMNS = ("person", "given_name", "surname", "patronymic", "birth_date", "phone", "email", "city", "street", "house")
VOWELS, CONSONANTS = "аеиоу", "бвгдзклмнпрст"
SEEN_AGAIN = (0, 0, 0, 0, 1, 1, 1, 2, 3)  # how often a person is met again
SLIP = 0.12  # of a value to be written wrongly when its person is met again
EMPTY = 0.15  # of a value to be missing


class Report(msgspec.Struct):
    """Seconds of the matching alone, without the invention; shares of pairs."""

    records: int
    pairs: int
    compared: int
    seconds: float
    records_s: float
    precision: float
    recall: float
    f1: float


def measure(records: int, say: Callable[[str], None]) -> Report:
    with tempfile.TemporaryDirectory(prefix="vokrug-bench-") as folder:
        file = Path(folder, "people.parquet")
        say(f"inventing {records:,} records…")
        write(file, records)
        began = time.perf_counter()
        found = match([file], truth="person", said=lambda step: say(f"{time.perf_counter() - began:6.1f} s  {step}…"))
    score = found.score
    assert score is not None, "the truth was given"
    return Report(
        found.records,
        found.pairs,
        found.compared,
        found.seconds,
        found.records / found.seconds,
        score.precision,
        score.recall,
        score.f1,
    )


def page(report: Report) -> str:
    return (
        f"{report.records:,} records in {report.seconds:.1f} s ({report.records_s:,.0f} a second), {report.compared:,} "
        f"pairs weighed.\n{report.pairs:,} pairs are one person: precision {report.precision:.4f}, "
        f"recall {report.recall:.4f}, F1 {report.f1:.4f}."
    )


def write(file: Path, records: int) -> None:
    chance = random.Random(1)
    names = {
        kind: list(words(chance, count))
        for kind, count in (("given", 300), ("surname", 20_000), ("street", 3_000), ("city", 300))
    }
    connection = duckdb.connect()
    connection.execute(f"create table people ({', '.join(f'{name} varchar' for name in COLUMNS)})")
    columns: list[list[str | None]] = [[] for _ in COLUMNS]
    for i, row in zip(range(records), people(chance, names), strict=False):
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        if len(columns[0]) == 100_000 or i == records - 1:
            connection.execute(
                f"insert into people select {', '.join('unnest(?::varchar[])' for _ in COLUMNS)}", columns
            )
            columns = [[] for _ in COLUMNS]
    connection.execute(f"copy people to '{file}' (format parquet)")
    connection.close()


def words(chance: random.Random, count: int) -> Iterator[str]:
    for _ in range(count):
        syllables = (chance.choice(CONSONANTS) + chance.choice(VOWELS) for _ in range(chance.choice((2, 3, 3, 4))))
        yield "".join(syllables) + chance.choice(("н", "в", "р", ""))


def people(chance: random.Random, names: dict[str, list[str]]) -> Iterator[list[str | None]]:
    """Rows for ever: a person, and the same person again with slips."""

    def common(kind: str) -> str:
        return names[kind][int(len(names[kind]) * chance.random() ** 2)]  # some are far more frequent than others

    number = 0
    while True:
        number += 1
        given, surname = common("given"), common("surname")
        born = f"{chance.randint(1940, 2008)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        phone = f"+79{chance.randint(0, 999_999_999):09}"
        row = [given, surname, common("given") + "ович", born, phone, f"{surname}{number}@mail.example"]
        row += [common("city"), common("street"), str(chance.randint(1, 120))]
        for _ in range(1 + chance.choice(SEEN_AGAIN)):
            yield [str(number), *(again(chance, value) for value in row)]


def again(chance: random.Random, value: str) -> str | None:
    """The value as somebody else would have written it down."""
    if chance.random() < EMPTY:
        return None
    if chance.random() > SLIP or len(value) < 2:
        return value
    at = chance.randrange(len(value) - 1)
    return chance.choice(
        (
            value[:at] + value[at + 1 :],
            value[:at] + value[at + 1] + value[at] + value[at + 2 :],
            value[:at] + chance.choice("аиоу1") + value[at + 1 :],
        )
    )
