"""How people may be called, which birthdays exist, what a schema is."""

from datetime import date

import pytest

from vokrug.customers import AttributeType, Birthday, rules
from vokrug.customers.errors import (
    AttributeMalformed,
    AttributeTypeMalformed,
    BirthdayImpossible,
    CalledMalformed,
    FullNameNotWanted,
)
from vokrug.kernel import Refusal, Text


@pytest.mark.parametrize(
    ("asked", "called"),
    [
        ("Анна", "Анна"),
        ("  анна ", "анна"),
        ("Анна П.", "Анна П."),
        ("Анна  П", "Анна П"),
        ("Анна-Мария", "Анна-Мария"),
        ("Д'Артаньян", "Д'Артаньян"),
        ("Петровна", "Петровна"),
        ("Jean-Luc", "Jean-Luc"),
        ("안나", "안나"),
        ("Саша", "Саша"),
        ("и\u0306ван", "йван"),
    ],
)
def test_people_are_called_as_they_ask(asked: str, called: str) -> None:
    assert rules.called_as_asked(asked) == called


@pytest.mark.parametrize(
    "full_name",
    [
        "Петрова Анна Ивановна",
        "Анна Петрова",
        "Анна Ивановна",
        "Иван Ильич",
        "Анна-Ивановна",
        "Петрова-Анна-Ивановна",
        "П. Анна",
        "Анна П. И.",
        "Ivan Petrovich",
        "Anna Petrova",
        "Константинопольская Александра Владимировна",
    ],
)
def test_a_full_name_is_not_wanted(full_name: str) -> None:
    with pytest.raises(FullNameNotWanted):
        rules.called_as_asked(full_name)


@pytest.mark.parametrize(
    "junk", ["", "  ", "А" * 31, "А" * 100, "Анна1", "+79161234567", "a@b.ru", "<b>", "-Анна", "А\x00"]
)
def test_a_name_is_made_of_letters(junk: str) -> None:
    with pytest.raises(CalledMalformed):
        rules.called_as_asked(junk)


TODAY = date(2026, 3, 8)


@pytest.mark.parametrize(
    "birthday",
    [
        None,
        Birthday(2, 29),
        Birthday(2, 29, 2000),
        Birthday(12, 31),
        Birthday(3, 8, 2026),
        Birthday(1, 1, 1900),
    ],
)
def test_birthdays_that_exist(birthday: Birthday | None) -> None:
    rules.require_possible(birthday, TODAY)


@pytest.mark.parametrize(
    "birthday",
    [
        Birthday(2, 30),
        Birthday(2, 29, 2001),
        Birthday(13, 1),
        Birthday(0, 1),
        Birthday(3, 9, 2026),
        Birthday(1, 1, 1899),
        Birthday(1, 1, 10**12),
        Birthday(10**20, 1),
    ],
)
def test_birthdays_that_do_not(birthday: Birthday) -> None:
    with pytest.raises(BirthdayImpossible):
        rules.require_possible(birthday, TODAY)


WORDS = Text(en="Shoe size", ru="Размер обуви")
SIZE = AttributeType("shoe_size", {"type": "integer", "minimum": 15, "maximum": 60}, WORDS)
ANYTHING = AttributeType("anything", {}, WORDS)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SIZE, "42"),
        (SIZE, 61),
        (SIZE, None),
        (ANYTHING, "a\0b"),
        (ANYTHING, "x" * 9000),
        (ANYTHING, "\ud800"),
    ],
)
def test_a_value_fits_its_schema_and_the_table(kind: AttributeType, value: object) -> None:
    with pytest.raises(AttributeMalformed):
        rules.require_fits(kind, value)


@pytest.mark.parametrize(
    "kind",
    [
        AttributeType("shoe_size", {"type": "whole"}, WORDS),
        AttributeType("shoe_size", {"pattern": "("}, WORDS),
        AttributeType("shoe_size", {"$ref": "http://example.org/size.json"}, WORDS),
        AttributeType("Shoe Size", {}, WORDS),
        AttributeType("shoe_size", {}, Text(en="", ru="")),
    ],
)
def test_a_schema_is_sound_and_complete_in_itself(kind: AttributeType) -> None:
    with pytest.raises(AttributeTypeMalformed):
        rules.require_sound_attribute(kind)


def every_refusal() -> list[type[Refusal]]:
    from vokrug.customers import errors

    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Refusal)]
    return [one for one in found if one is not Refusal]


@pytest.mark.parametrize("refusal", every_refusal(), ids=lambda one: one.code)
def test_every_refusal_speaks_russian(refusal: type[Refusal]) -> None:
    assert any("а" <= letter <= "я" for letter in refusal.cashier.ru)
    assert refusal.cashier.en.isascii()


def test_refusals_have_codes_of_their_own() -> None:
    codes = [one.code for one in every_refusal()]
    assert len(codes) == len(set(codes))
