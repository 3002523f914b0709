"""What was expected against what was seen. Only the fields that an expectation names are compared."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from vokrug.app.scenarios.fields import Difference, NotUnderstood

ASIDE = frozenset({"step", "when", "note", "steps_any_order"})
DONE = frozenset(
    "ok done accepted committed posted held calculated granted success sold cancelled".split()  # noqa: SIM905
)
NOT_DONE = frozenset({"refused", "rejected", "declined"})
WHOLE = frozenset({"discounts", "gifts", "gift_cards", "burned_from"})  # maps without entries that nobody expects
REASONS = {
    "condition_not_met": "not_met",
    "conditions_not_met": "not_met",
    "not_met": "not_met",
    "better_offer": "beaten",
    "beaten": "beaten",
    "lost": "beaten",
    "not_best": "beaten",
    "excluded": "excluded",
    "exclusive": "excluded",
    "shut_out": "excluded",
}

See = Callable[[str], Any]


def compare(expected: Mapping[str, Any], see: See) -> None:
    """`see` answers with what was seen of a field; a KeyError says that nothing of the kind was."""
    for name, value in expected.items():
        if name in ASIDE:
            continue
        try:
            got = see(name)
        except KeyError:
            raise NotUnderstood(f"nothing called {name} was seen") from None
        if not agrees(name, value, got):
            raise Difference(name, value, got)


def agrees(name: str, expected: Any, got: Any) -> bool:
    if name == "errors":
        return same_errors(expected, got)
    if name == "not_applied":
        return same_reasons(expected, got)
    if name == "status":
        return str(expected) == str(got) or any({str(expected), str(got)} <= words for words in (DONE, NOT_DONE))
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            return False
        if name in WHOLE and {key for key in got if not is_nothing(got[key])} - expected.keys():
            return False
        return all(same_value(value, got.get(key, "0")) for key, value in expected.items())
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return isinstance(got, Sequence) and sorted(map(str, expected)) == sorted(map(str, got))
    return same_value(expected, got)


def same_value(expected: Any, got: Any) -> bool:
    """Numbers by worth, moments to the second, everything else as it is written."""
    if isinstance(expected, bool) or isinstance(got, bool) or expected is None or got is None:
        return expected == got or (is_nothing(expected) and is_nothing(got))
    number, other = as_number(expected), as_number(got)
    if number is not None and other is not None:
        return number == other
    at, when = as_moment(expected), as_moment(got)
    if at is not None and when is not None:
        return abs((at - when).total_seconds()) < 1
    return str(expected) == str(got)


def as_number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def as_moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.astimezone()


def is_nothing(value: Any) -> bool:
    number = as_number(value)
    return value is None or number == 0


def same_errors(expected: Sequence[Any], got: Sequence[Mapping[str, Any]]) -> bool:
    """Each expected error was seen, with the fields it names, and no other was."""
    left = list(got)
    for one in expected:
        wanted = {"code": one} if isinstance(one, str) else one
        fits = [seen for seen in left if all(same_value(value, seen.get(key)) for key, value in wanted.items())]
        if not fits:
            return False
        left.remove(fits[0])
    return not left


def same_reasons(expected: Any, got: Sequence[Mapping[str, Any]]) -> bool:
    """Promotions that were not granted: by name, by name and reason, or as objects with both."""
    by_name = {seen["id"]: seen for seen in got}
    if isinstance(expected, Mapping):
        expected = [
            {"id": name, **({"reason": why} if isinstance(why, str) else why)} for name, why in expected.items()
        ]
    for one in expected:
        wanted = {"id": one} if isinstance(one, str) else dict(one)
        name = next((wanted.pop(key) for key in ("id", "promotion", "ref", "promo") if key in wanted), None)
        seen = by_name.get(name)
        if seen is None:
            return False
        why = next((wanted.pop(key) for key in ("reason", "why", "code", "status", "verdict") if key in wanted), None)
        if why is not None and REASONS.get(str(why), str(why)) != REASONS.get(str(seen["reason"]), str(seen["reason"])):
            return False
        if any(not same_value(value, seen.get(key)) for key, value in wanted.items()):
            return False
    return True
