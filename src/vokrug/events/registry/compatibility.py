"""What a new schema means for those who read: field by field, and in both directions.

*Backward*: whoever reads by the new schema also reads what was written under the old one; a replay needs that.
*Forward*: whoever reads by the old schema also reads what is written under the new one; today's readers need that.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema_rs.canonical import Containment

from vokrug.events import rules
from vokrug.events.types import PERSONAL, Compatibility
from vokrug.kernel import Text

# Keywords that describe and do not restrict: changing them breaks no reader.
WORDS_ONLY = frozenset(
    {"$id", "$schema", "$defs", "$comment", "title", "description", "examples", "deprecated", "discriminator", "$ref"}
)
STRUCTURE = frozenset({"properties", "required", "items", "prefixItems", "additionalProperties", "anyOf", "oneOf"})
# Each is compared on its own: the library takes `format` for a description, and knows nothing of the others.
APART = frozenset({"enum", "const", "default", "format", PERSONAL})


class What(StrEnum):
    """Kinds of change."""

    ADDED = "added"
    ADDED_AS_REQUIRED = "added_as_required"
    REMOVED = "removed"
    BECAME_REQUIRED = "became_required"
    NO_LONGER_REQUIRED = "no_longer_required"
    NARROWED = "narrowed"
    WIDENED = "widened"
    CHANGED = "changed"
    CHOICES_ADDED = "choices_added"
    CHOICES_REMOVED = "choices_removed"
    BECAME_PERSONAL = "became_personal"
    NO_LONGER_PERSONAL = "no_longer_personal"


WORDS: Mapping[What, Text] = {
    What.ADDED: Text(en="was added", ru="добавлено"),
    What.ADDED_AS_REQUIRED: Text(en="was added as required", ru="добавлено обязательным"),
    What.REMOVED: Text(en="was removed", ru="убрано"),
    What.BECAME_REQUIRED: Text(en="became required", ru="стало обязательным"),
    What.NO_LONGER_REQUIRED: Text(en="is no longer required", ru="больше не обязательно"),
    What.NARROWED: Text(en="allows less: {detail}", ru="допускает меньше: {detail}"),
    What.WIDENED: Text(en="allows more: {detail}", ru="допускает больше: {detail}"),
    What.CHANGED: Text(en="has another {detail}", ru="изменилось: {detail}"),
    What.CHOICES_ADDED: Text(en="has new choices: {detail}", ru="появились значения: {detail}"),
    What.CHOICES_REMOVED: Text(en="has lost choices: {detail}", ru="исчезли значения: {detail}"),
    What.BECAME_PERSONAL: Text(en="became personal data: {detail}", ru="стало персональным: {detail}"),
    What.NO_LONGER_PERSONAL: Text(en="is no longer personal data", ru="больше не персональное"),
}

# Whom a kind of change breaks: (backward, forward, those who declared a set of choices closed).
BREAKS: Mapping[What, tuple[bool, bool, bool]] = {
    What.ADDED: (False, False, False),
    What.ADDED_AS_REQUIRED: (True, False, False),
    What.REMOVED: (False, True, False),
    What.BECAME_REQUIRED: (True, False, False),
    What.NO_LONGER_REQUIRED: (False, True, False),
    What.NARROWED: (True, False, False),
    What.WIDENED: (False, True, False),
    What.CHANGED: (True, True, False),
    What.CHOICES_ADDED: (False, False, True),
    What.CHOICES_REMOVED: (True, False, False),
    What.BECAME_PERSONAL: (False, True, False),
    What.NO_LONGER_PERSONAL: (False, False, False),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two schemas."""

    field: str  # "lines[].sku"; "" is the whole fact
    what: What
    detail: str = ""

    @property
    def breaks_backward(self) -> bool:
        return BREAKS[self.what][0]

    @property
    def breaks_forward(self) -> bool:
        return BREAKS[self.what][1]

    @property
    def breaks_closed(self) -> bool:
        return BREAKS[self.what][2]

    def say(self, language: str) -> str:
        return WORDS[self.what].say(language, detail=self.detail)

    def is_forbidden_by(self, promise: Compatibility) -> bool:
        return self.breaks_backward or (promise is Compatibility.FULL and self.breaks_forward)

    def breaks(self, fields: Collection[str] | None, *, is_closed: bool) -> bool:
        """Does it break a consumer who reads these fields (None: all of them)?"""
        if not (self.breaks_forward or (self.breaks_closed and is_closed)):
            return False
        return fields is None or any(_overlap(self.field, field) for field in fields)


def _overlap(one: str, other: str) -> bool:
    """Is one of two paths the other, or within it?"""
    short, long = sorted((one, other), key=len)
    return not short or long == short or long.startswith((f"{short}.", f"{short}["))


class _Pair(NamedTuple):
    """Two schemas of one place, with the documents that their references point into."""

    old: Any
    new: Any
    old_root: Any
    new_root: Any

    def of(self, old: Any, new: Any) -> "_Pair":
        return self._replace(old=old, new=new)

    def followed(self) -> "_Pair":
        return self.of(rules.follow(self.old, self.old_root), rules.follow(self.new, self.new_root))


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every difference that a reader may notice, in the order of the fields."""
    return list(dict.fromkeys(_compare(_Pair(old, new, old, new), "", frozenset())))


def _compare(pair: _Pair, at: str, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:
    pair = pair.of(*(each if isinstance(each, dict) else rules.follow(each, None) for each in (pair.old, pair.new)))
    if "$ref" in pair.old and "$ref" in pair.new:
        names = (pair.old["$ref"], pair.new["$ref"])
        if names in seen:
            return  # a type that contains itself: these two are being compared already
        seen = seen | {names}
    pair = pair.followed()
    yield from _personal(pair, at)
    before, after = _options(pair.old), _options(pair.new)
    if before != [pair.old] or after != [pair.new]:
        yield from _compare_options(pair, before, after, at, seen)
        return
    yield from _compare_leaves(pair, at)
    yield from _compare_fields(pair, at, seen)
    yield from _compare_elements(pair, at, seen)


def _personal(pair: _Pair, at: str) -> Iterator[Change]:
    before, after = pair.old.get(PERSONAL), pair.new.get(PERSONAL)
    if after is not None and before != after:
        yield Change(at, What.BECAME_PERSONAL, str(after))
    elif after is None and before is not None:
        yield Change(at, What.NO_LONGER_PERSONAL)


def _options(schema: Any) -> list[Any]:
    """What a value may be, one by one: the options of `anyOf` and of a list of types."""
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            rest = {word: schema[word] for word in schema if word != keyword}
            return [
                each
                for option in schema[keyword]
                for each in _options(rest | (option if isinstance(option, dict) else rules.follow(option, None)))
            ]
    if isinstance(schema.get("type"), list):
        return [schema | {"type": type} for type in schema["type"]]
    return [schema]


def _compare_options(
    pair: _Pair, before: list[Any], after: list[Any], at: str, seen: frozenset[tuple[str, str]]
) -> Iterator[Change]:
    left, gone = list(after), []
    for option in before:
        kind = _kind(option)
        found = next((other for other in left if _kind(other) == kind), None)
        if found is None:
            gone.append(kind)
            continue
        left.remove(found)
        yield from _compare(pair.of(_untagged(option), _untagged(found)), at, seen)
    if gone:
        yield Change(at, What.NARROWED, ", ".join(gone))
    if left:
        yield Change(at, What.WIDENED, ", ".join(_kind(option) for option in left))


def _untagged(option: Any) -> Any:
    """A tag beside the options was looked at already."""
    return {word: option[word] for word in option if word != PERSONAL}


def _kind(option: Any) -> str:
    """What tells one option from the others: its name, its type, or its choices."""
    if "$ref" in option:
        return str(option["$ref"].removeprefix("#/$defs/"))
    return str(option.get("type") or ("enum" if "enum" in option or "const" in option else "anything"))


def _compare_leaves(pair: _Pair, at: str) -> Iterator[Change]:
    yield from _compare_choices(pair, at)
    old, new = pair.old, pair.new
    if "default" in old and old["default"] != new.get("default", ...) and "default" in new:
        yield Change(at, What.CHANGED, "default")
    if old.get("format") != new.get("format"):
        what = What.NARROWED if "format" not in old else What.WIDENED if "format" not in new else What.CHANGED
        yield Change(at, what, "format")
    apart = WORDS_ONLY | STRUCTURE | APART
    before, after = ({word: each[word] for word in each if word not in apart} for each in (old, new))
    if before != after:
        words = sorted(word for word in before.keys() | after.keys() if before.get(word) != after.get(word))
        narrower, wider = not _covers(after, before), not _covers(before, after)
        what = What.CHANGED if narrower == wider else What.NARROWED if narrower else What.WIDENED
        if narrower or wider:
            yield Change(at, what, ", ".join(words))


def _covers(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    """Is every value of one schema a value of the other? What cannot be proven does not count."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    try:
        one, other = (jsonschema_rs.canonicalize(dialect | dict(each)) for each in (wide, narrow))
        return one.covers(other) is Containment.YES
    except ValueError:
        return False


def _compare_choices(pair: _Pair, at: str) -> Iterator[Change]:
    before, after = _choices(pair.old), _choices(pair.new)
    if before is None and after is not None:
        yield Change(at, What.NARROWED, "enum")
    elif before is not None and after is None:
        yield Change(at, What.WIDENED, "enum")
    elif before is not None and after is not None:
        if lost := [choice for choice in before if choice not in after]:
            yield Change(at, What.CHOICES_REMOVED, ", ".join(map(str, lost)))
        if added := [choice for choice in after if choice not in before]:
            yield Change(at, What.CHOICES_ADDED, ", ".join(map(str, added)))


def _choices(schema: Any) -> Sequence[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _compare_fields(pair: _Pair, at: str, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:
    before, after = pair.old.get("properties", {}), pair.new.get("properties", {})
    was_required, is_required = set(pair.old.get("required", ())), set(pair.new.get("required", ()))
    for name in before:
        field = f"{at}.{name}".lstrip(".")
        if name not in after:
            yield Change(field, What.REMOVED)
            if pair.new.get("additionalProperties", True) is not True:
                yield Change(field, What.NARROWED, "additionalProperties")
            continue
        if (name in was_required) != (name in is_required):
            yield Change(field, What.BECAME_REQUIRED if name in is_required else What.NO_LONGER_REQUIRED)
        yield from _compare(pair.of(before[name], after[name]), field, seen)
    for name in after:
        if name not in before:
            field = f"{at}.{name}".lstrip(".")
            yield Change(field, What.ADDED_AS_REQUIRED if name in is_required else What.ADDED)
            if pair.old.get("additionalProperties", True) is not True:
                yield Change(field, What.WIDENED, "additionalProperties")


def _compare_elements(pair: _Pair, at: str, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:
    for keyword in ("items", "additionalProperties"):
        before, after = pair.old.get(keyword, True), pair.new.get(keyword, True)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _compare(pair.of(before, after), f"{at}[]", seen)
        elif before != after:
            is_narrower = before is True or after is False
            yield Change(f"{at}[]", What.NARROWED if is_narrower else What.WIDENED, keyword)
    one, other = pair.old.get("prefixItems", []), pair.new.get("prefixItems", [])
    if len(one) != len(other):
        yield Change(f"{at}[]", What.CHANGED, "prefixItems")
        return
    for before, after in zip(one, other, strict=True):
        yield from _compare(pair.of(before, after), f"{at}[]", seen)
