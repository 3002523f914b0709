"""Values in the forms in which they are compared, and the levels between two of them."""

from collections.abc import Callable, Iterator

import duckdb
import pytest

from vokrug.customers.matching import cleaning, nicknames
from vokrug.customers.matching.comparisons import LADDERS


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    nicknames.load(connection)
    yield connection
    connection.close()


def formed(duck: duckdb.DuckDBPyConnection, form: Callable[[str], str], value: str) -> object:
    return duck.execute(f"select {form('value')} from (select ?::varchar as value)", [value]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (cleaning.name, "Щукин", "shchukin"),
        (cleaning.name, "ПЁТР", "petr"),
        (cleaning.name, "Анна-Мария", "annamariya"),
        (cleaning.name, "José", "jose"),
        (cleaning.name, " - ", None),
        (cleaning.words, "ул.  Большая, 5", "ul bolshaya 5"),
        (cleaning.day, "31.01.1984", "19840131"),
        (cleaning.day, "1/2/1984", "19840201"),
        (cleaning.day, "1984-01-31", "19840131"),
        (cleaning.day, "19840131", "19840131"),
        (cleaning.day, "1984-01-31T00:00:00", "19840131"),
        (cleaning.phone, "8 (916) 123-45-67", "9161234567"),
        (cleaning.phone, "+79161234567", "9161234567"),
        (cleaning.code, "TQ13 8DF", "tq138df"),
        (cleaning.email, " Anna@Mail.Example ", "anna@mail.example"),
    ],
)
def test_a_value_takes_its_form(
    duck: duckdb.DuckDBPyConnection, form: Callable[[str], str], value: str, expected: str | None
) -> None:
    assert formed(duck, form, value) == expected


@pytest.mark.parametrize(
    ("role", "one", "other", "level"),
    [
        ("given", "Алёна", "Алена", "same"),
        ("given", "Александр", "Aleksandr", "same"),
        ("given", "Юлия", "Julia", "spelled"),
        ("given", "Саша", "Александр", "short"),
        ("given", "Eddie", "Edward", "short"),
        ("given", "Дмитрий", "Дмитий", "alike"),
        ("given", "Олег", "Инна", "else"),
        ("surname", "Иванов", "Иванова", "gender"),
        ("surname", "Достоевский", "Достоевская", "gender"),
        ("surname", "Толстой", "Tolstoy", "same"),
        ("surname", "Чайковский", "Tchaikovsky", "gender"),
        ("surname", "Кузнецов", "Орлов", "else"),
        ("middle", "Иванович", "Ивановна", "gender"),
        ("middle", "И", "Иванович", "initial"),
        ("middle", "Петрович", "Сергеевич", "else"),
        ("birthday", "03.04.1990", "04.03.1990", "turned"),
        ("birthday", "03.04.1990", "03.04.1991", "slip"),
        ("birthday", "03.04.1990", "17.11.1990", "year"),
        ("birthday", "03.04.1990", "17.11.1956", "else"),
    ],
)
def test_two_values_stand_on_the_right_step(
    duck: duckdb.DuckDBPyConnection, role: str, one: str, other: str, level: str
) -> None:
    assert step(duck, {role: one}, {role: other}, role) == level


def test_given_name_and_surname_in_each_others_place(duck: duckdb.DuckDBPyConnection) -> None:
    one, other = {"given": "Иван", "surname": "Павлов"}, {"given": "Павлов", "surname": "Иван"}
    assert [step(duck, one, other, role) for role in one] == ["swapped", "swapped"]


def test_a_bride_is_met_by_her_maiden_name(duck: duckdb.DuckDBPyConnection) -> None:
    bride, wife = {"surname": "Орлова", "maiden": ""}, {"surname": "Кузнецова", "maiden": "Орлова"}
    assert step(duck, bride, wife, "surname") == "maiden"


def step(duck: duckdb.DuckDBPyConnection, one: dict[str, str], other: dict[str, str], role: str) -> str:
    """The first level of the role's ladder that two records reach."""

    def side(record: dict[str, str], end: str) -> str:
        columns = ", ".join(cleaning.form_of(name, f"'{value}'") + f" as {name}" for name, value in record.items())
        further = "".join(
            f", {form(name)} as {name}_{suffix}" for name in record for suffix, form in cleaning.EXTRA.get(name, ())
        )
        full = f", {cleaning.full_names('given')} as given_full" if "given" in record else ""
        joined = f"left join {nicknames.FULL_NAMES} on short = given" if full else ""
        names = [*record, *(f"{n}_{s}" for n in record for s, _ in cleaning.EXTRA.get(n, ()))]
        names += ["given_full"] if full else []
        renamed = ", ".join(f"{name} as {name}_{end}" for name in names)
        return f"select {renamed} from (select f.*{further}{full} from (select {columns}) f {joined})"

    levels = list(LADDERS[role](set(one)))
    ladder = " ".join(f"when {level['sql_condition']} then '{level['label_for_charts']}'" for level in levels)
    sides = f"({side(one, 'l')}) cross join ({side(other, 'r')})"
    return str(duck.execute(f"select case {ladder} else 'else' end from {sides}").fetchall()[0][0])
