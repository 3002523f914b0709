"""How alike two values are: for each role a ladder of levels from the same to different, as Splink weighs them.

How much a level says is learned from the records themselves; a rare value that agrees says more than a common one.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from splink.internals.comparison_creator import ComparisonCreator
from splink.internals.comparison_library import CustomComparison

from vokrug.kernel import Text

Level = dict[str, Any]
RARE = {"tf_minimum_u_value": 0.0001}

LEVELS = {
    "same": Text(en="the same", ru="совпадает"),
    "short": Text(en="a short form of the same name", ru="краткая форма того же имени"),
    "gender": Text(en="the same but for the gender's ending", ru="отличается окончанием рода"),
    "spelled": Text(en="the same in another spelling or alphabet", ru="то же в другом написании или алфавите"),
    "swapped": Text(en="stands in another field", ru="стоит в другом поле"),
    "maiden": Text(en="the maiden name", ru="девичья фамилия"),
    "turned": Text(en="day and month in another order", ru="день и месяц переставлены"),
    "slip": Text(en="a slip of the pen apart", ru="отличается опиской"),
    "alike": Text(en="much alike", ru="очень похоже"),
    "near": Text(en="alike", ru="похоже"),
    "year": Text(en="the same year", ru="тот же год"),
    "begins": Text(en="begins alike", ru="начинается одинаково"),
    "initial": Text(en="the same initial", ru="та же первая буква"),
    "else": Text(en="different", ru="различается"),
    "null": Text(en="unknown", ru="неизвестно"),
}


def level(label: str, condition: str, rare: str | None = None, weight: float | None = None) -> Level:
    made: Level = {"sql_condition": condition, "label_for_charts": label}
    if rare is not None:
        made |= {"tf_adjustment_column": rare, **RARE}
    if weight is not None:
        made["tf_adjustment_weight"] = weight
    return made


def same(column: str, of: str | None = None) -> str:
    return f"{column}_l = {column}_r" if of is None else f"({column}_l = {of}_r or {of}_l = {column}_r)"


def alike(column: str, likeness: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {likeness}"


def off(column: str, slips: int) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {slips}"


def given(roles: Collection[str]) -> Iterator[Level]:
    yield level("same", same("given"), "given")
    if others := [role for role in ("surname", "middle") if role in roles]:
        yield level("swapped", " or ".join(same("given", other) for other in others))
    yield level("spelled", same("given_fold"), "given", 0.5)
    yield level("short", "list_has_any(given_full_l, given_full_r)")
    yield from names("given")


def surname(roles: Collection[str]) -> Iterator[Level]:
    yield level("same", same("surname"), "surname")
    if "given" in roles:
        yield level("swapped", same("surname", "given"))
    if "maiden" in roles:
        yield level("maiden", same("surname", "maiden"))
    yield level("gender", f"({same('surname_root')} or {same('surname_fold')})", "surname", 0.5)
    yield from names("surname")


def middle(roles: Collection[str]) -> Iterator[Level]:
    yield level("same", same("middle"), "middle")
    yield level("gender", f"({same('middle_root')} or {same('middle_fold')})", "middle", 0.5)
    yield level("initial", "least(length(middle_l), length(middle_r)) = 1 and left(middle_l, 1) = left(middle_r, 1)")
    yield from names("middle")


def names(column: str) -> Iterator[Level]:
    yield level("alike", alike(column, 0.92), column, 0.5)
    yield level("near", f"({alike(column, 0.85)} or length({column}_l) > 5 and {off(column, 2)})")
    yield level("initial", f"left({column}_l, 1) = left({column}_r, 1)")


def birthday(roles: Collection[str]) -> Iterator[Level]:
    yield level("same", same("birthday"), "birthday")
    turned = "left(birthday_l, 4) || right(birthday_l, 2) || substr(birthday_l, 5, 2)"
    yield level("turned", f"length(birthday_l) = 8 and {turned} = birthday_r")
    yield level("slip", off("birthday", 1))
    yield level("year", "left(birthday_l, 4) = left(birthday_r, 4)")
    yield level("near", off("birthday", 2))


def number(column: str) -> Iterator[Level]:
    yield level("same", same(column), column)
    yield level("slip", off(column, 1))
    yield level("near", f"length({column}_l) > 3 and {off(column, 2)}")
    if column == "postcode":
        yield level("begins", "length(postcode_l) > 4 and left(postcode_l, 3) = left(postcode_r, 3)")


def contact(column: str) -> Iterator[Level]:
    yield level("same", same(column), column)
    yield level("slip", off(column, 1))
    yield level("near", alike(column, 0.9))


def text(column: str, other: str | None) -> Iterator[Level]:
    yield level("same", same(column), column)
    if other is not None:
        yield level("swapped", same(column, other))
    yield level("alike", alike(column, 0.9))
    yield level("near", alike(column, 0.8))


def plain(column: str) -> Iterator[Level]:
    yield level("same", same(column), column)


LADDERS: dict[str, Callable[[Collection[str]], Iterator[Level]]] = {
    "given": given,
    "surname": surname,
    "middle": middle,
    "birthday": birthday,
    "phone": lambda roles: contact("phone"),
    "email": lambda roles: contact("email"),
    "house": lambda roles: number("house"),
    "postcode": lambda roles: number("postcode"),
    "street": lambda roles: text("street", "place" if "place" in roles else None),
    "place": lambda roles: text("place", "street" if "street" in roles else None),
    "city": lambda roles: text("city", None),
    "birth_place": lambda roles: text("birth_place", None),
    "full_name": lambda roles: text("full_name", None),
}


def comparison(role: str, roles: Collection[str]) -> ComparisonCreator:
    """The ladder of a role, from no value at all to different."""
    nothing: Level = level("null", f"{role}_l is null or {role}_r is null") | {"is_null_level": True}
    steps = LADDERS[role](roles) if role in LADDERS else plain(role)
    return CustomComparison(output_column_name=role, comparison_levels=[nothing, *steps, level("else", "ELSE")])
