"""Decisions without I/O: how people may be called, which birthdays exist, who may say what."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import jsonschema_rs
import msgspec

from vokrug.customers.errors import (
    AttributeMalformed,
    AttributeTypeMalformed,
    BirthdayImpossible,
    CalledMalformed,
    ConsentMalformed,
    EvidenceMalformed,
    FullNameNotWanted,
    IdentifierImmutable,
    IdentifierNotYours,
    IdentifierProofNeeded,
    IdentifierTaken,
    IdentifierTypeInUse,
    IdentifierTypeMalformed,
    LanguageUnknown,
    ObservedInFuture,
    PhoneMissing,
    RuleMalformed,
    TooManyIdentifiers,
    TooManyNewIdentifiers,
)
from vokrug.customers.normalisers import is_known
from vokrug.customers.types import (
    Attribute,
    AttributeType,
    Birthday,
    Consent,
    IdentifierType,
    Observation,
    Source,
    Strength,
    Survives,
)
from vokrug.kernel import LANGUAGES

LONGEST_CALLED = 30  # what fits a till's screen and a receipt's line
PATRONYMIC = re.compile(r".{2,}(?:ович|евич|ична|овна|евна|инична|ovich|evich|ovna|evna|ichna)", re.IGNORECASE)

# Clocks of tills and partners run ahead by minutes; more than that is a wrong clock.
CLOCK_TOLERANCE = timedelta(minutes=5)

LEAP_YEAR, EARLIEST_BIRTHDAY = 2000, date(1900, 1, 1)

PLAIN_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
TYPE_CODE = re.compile(r"(ext:)?[a-z][a-z0-9_.-]{0,47}")
LARGEST_VALUE_BYTES = 8192

# Operators give numbers to new people, the soonest after months of silence: a proof that old proves little.
PROOF_LASTS = timedelta(days=365)

# Only staff and channels that send codes themselves can vouch for more than a claim.
VOUCHING_SOURCES = frozenset({Source.SITE, Source.APP, Source.BOT, Source.CALL, Source.STAFF, Source.IMPORT})


def called_as_asked(called: str) -> str:
    """ "How shall we call you": one word, or a name and an initial. More than that is a full name, and
    what we don't know nobody can steal.
    """
    words = unicodedata.normalize("NFC", called).split()
    text = " ".join(words)
    if not 1 <= len(text) <= 2 * LONGEST_CALLED or not all(map(_belongs_in_a_name, text)) or not text[0].isalpha():
        raise CalledMalformed(longest=LONGEST_CALLED)
    parts = [part for part in re.split(r"[\s.-]+", text) if part]
    second_is_a_name = len(words) > 1 and len(words[-1].rstrip(".")) > 1
    has_patronymic = len(parts) > 1 and any(PATRONYMIC.fullmatch(part) for part in parts)
    if len(parts) > 2 or second_is_a_name or has_patronymic:
        raise FullNameNotWanted
    if len(text) > LONGEST_CALLED:
        raise CalledMalformed(longest=LONGEST_CALLED)
    return text


def _belongs_in_a_name(character: str) -> bool:
    return character in " .-'’ʼ" or unicodedata.category(character)[0] in "LM"


def require_spoken(language: str) -> None:
    if language not in LANGUAGES:
        raise LanguageUnknown


def require_possible(birthday: Birthday | None, today: date) -> None:
    """Somebody born on 29 February who keeps the year to themselves is welcome."""
    if birthday is None:
        return
    try:
        born = date(birthday.year or LEAP_YEAR, birthday.month, birthday.day)
    except (ValueError, OverflowError):
        raise BirthdayImpossible from None
    if birthday.year is not None and not EARLIEST_BIRTHDAY <= born <= today:
        raise BirthdayImpossible


def require_plain(consents: Collection[Consent]) -> None:
    """One word on each purpose, in terms short enough to be looked up."""
    for consent in consents:
        version = consent.document_version
        if not PLAIN_CODE.fullmatch(consent.purpose) or not 1 <= len(version) <= 64 or not version.isprintable():
            raise ConsentMalformed
        require_storable(consent.proof)
    if len({consent.purpose for consent in consents}) != len(consents):
        raise ConsentMalformed


def require_may_attach(kind: IdentifierType, source: Source, strength: Strength) -> None:
    if source not in kind.attach_sources:
        raise IdentifierNotYours(type=kind.code)
    require_may_vouch(kind, source, strength)


def require_may_vouch(kind: IdentifierType, source: Source, strength: Strength) -> None:
    if strength is Strength.VERIFIED and source not in VOUCHING_SOURCES:
        raise IdentifierNotYours(type=kind.code)


def require_outproven(
    kind: IdentifierType, strength: Strength, held: Iterable[tuple[Strength, datetime]], now: datetime
) -> None:
    """May an identifier move away from whoever holds it? Each of theirs is a strength and since when.

    Only a proof moves it, and only from somebody who has none, or one too old to say much.
    """
    if strength is not Strength.VERIFIED:
        raise IdentifierProofNeeded(type=kind.code)
    if any(theirs is Strength.VERIFIED and now - since <= PROOF_LASTS for theirs, since in held):
        raise IdentifierTaken(type=kind.code)
    if kind.is_immutable:
        raise IdentifierImmutable(type=kind.code)


def require_external(code: str) -> None:
    """Only another system's own number stands in a phone's place: anything else is attached later."""
    if not code.startswith("ext:"):
        raise PhoneMissing


def require_room(kind: IdentifierType, held: int) -> None:
    """May a customer who holds so many of these get one more?"""
    if kind.is_immutable and held:
        raise IdentifierImmutable(type=kind.code)
    if held >= kind.max_per_customer:
        raise TooManyIdentifiers(type=kind.code, limit=kind.max_per_customer)


def require_pace(kind: IdentifierType, recent: int) -> None:
    """May a customer who gained so many of these lately gain one more?"""
    if kind.max_new and recent >= kind.max_new:
        raise TooManyNewIdentifiers(type=kind.code, limit=kind.max_new, days=kind.new_days)


def may_join(kind: IdentifierType, strength: Strength) -> bool:
    """Is an identifier known well enough to make one person of two?"""
    return kind.is_unique and strength.rank >= kind.min_joining_strength.rank


def require_sound_type(kind: IdentifierType) -> None:
    problem = None
    if not TYPE_CODE.fullmatch(kind.code):
        problem = "code"
    elif not is_known(kind.normaliser):
        problem = "normaliser"
    elif not 1 <= kind.max_per_customer <= 1000 or (kind.is_immutable and kind.max_per_customer != 1):
        problem = "max_per_customer"
    elif not 0 <= kind.priority <= 1000:
        problem = "priority"
    elif not (0 <= kind.max_new <= 1000 and 1 <= kind.new_days <= 3650):
        problem = "max_new"
    elif not (kind.crowd == 0 or 2 <= kind.crowd <= 1000) or not 1 <= kind.crowd_days <= 365:
        problem = "crowd"
    elif not kind.ladder or len(set(kind.ladder)) != len(kind.ladder):
        problem = "ladder"
    elif any(len(value) > 320 or not value.isprintable() for value in kind.blocked):
        problem = "blocked"
    if problem:
        raise IdentifierTypeMalformed(problem=problem)


def require_same_meaning(before: IdentifierType, after: IdentifierType) -> None:
    """Stored hashes were made by the old normaliser: another one would lose everybody."""
    if (before.normaliser, before.is_unique) != (after.normaliser, after.is_unique):
        raise IdentifierTypeInUse


def require_not_ahead(observed_at: datetime, now: datetime) -> None:
    if observed_at > now + CLOCK_TOLERANCE:
        raise ObservedInFuture


def require_fits(kind: AttributeType, value: object) -> None:
    if as_json(value) is None or not _validator(msgspec.json.encode(kind.schema)).is_valid(value):
        raise AttributeMalformed(code=kind.code)


# Which kinds of values a rule can compare, by the `type` of their schema.
COMPARABLE = {
    Survives.LONGEST: {"string", "array"},
    Survives.MAX: {"integer", "number", "string"},
    Survives.MIN: {"integer", "number", "string"},
    Survives.UNION: {"array"},
}


def survivorship(kind: AttributeType) -> tuple[Any, ...]:
    """What has to be looked at again when it changes."""
    return kind.survives, kind.trust, kind.fresh_days


def is_by(kind: AttributeType, stands: Attribute, said: Observation, value: Any) -> bool:
    """Is what a person has what was said just now, or does it have it among others?"""
    if kind.survives is Survives.UNION:
        return isinstance(value, list) and all(one in stands.value for one in value)
    return (stands.value, stands.source, stands.observed_at) == (value, said.source, said.last_at)


def survivor(
    code: str,
    observed: Collection[Observation],
    *,
    survives: Survives,
    trust: Sequence[Source] = (),
    fresh_days: int | None = None,
    now: datetime,
) -> Attribute | None:
    """The value that a person has, of all that was observed of them. The order of the observations never matters."""
    age = timedelta(days=fresh_days) if fresh_days else None
    fresh = [one for one in observed if age is None or one.last_at + age > now]
    if not fresh:
        return None
    best, value = _best(fresh, survives, trust), None
    if survives is Survives.UNION:
        items = {
            _text(item): item for one in fresh for item in (one.value if isinstance(one.value, list) else [one.value])
        }
        value = [items[text] for text in sorted(items)]
    return Attribute(
        code,
        best.value if value is None else value,
        best.source,
        best.first_at if survives is Survives.OLDEST else best.last_at,
        best.provenance,
        min(one.last_at for one in fresh) + age if age else None,
    )


def _best(fresh: Collection[Observation], survives: Survives, trust: Sequence[Source]) -> Observation:
    match survives:
        case Survives.OLDEST:
            return min(fresh, key=lambda one: (one.first_at, one.source, _text(one.value), one.customer_number))
        case Survives.MOST_TRUSTED_SOURCE:
            rank = {source: -i for i, source in enumerate(trust)}
            return max(fresh, key=lambda one: (rank.get(one.source, -len(trust)), *_age(one)))
        case Survives.MOST_FREQUENT:
            latest: dict[tuple[int, Source], Observation] = {}
            for one in sorted(fresh, key=_age):
                latest[one.customer_number, one.source] = one
            said = Counter(_text(one.value) for one in latest.values())
            return max(latest.values(), key=lambda one: (said[_text(one.value)], *_age(one)))
        case Survives.LONGEST:
            return max(fresh, key=lambda one: (len(one.value) if isinstance(one.value, str | list) else 0, *_age(one)))
        case Survives.MAX:
            return max(fresh, key=lambda one: (_size(one.value), *_age(one)))
        case Survives.MIN:
            least = min(_size(one.value) for one in fresh)
            return max((one for one in fresh if _size(one.value) == least), key=_age)
        case _:
            return max(fresh, key=_age)


def _age(one: Observation) -> tuple[Any, ...]:
    """Of two values observed in the same moment one has to win, whichever comes first: hence a whole order."""
    return one.last_at, one.source, _text(one.value), one.first_at, _text(one.provenance), one.customer_number


def _size(value: Any) -> tuple[int, Any]:
    """Numbers before words: a schema may have been another one when the older value came."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (0, value) if is_number else (1, value if isinstance(value, str) else _text(value))


def _text(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def require_sound_attribute(kind: AttributeType) -> None:
    comparable = COMPARABLE.get(kind.survives)
    if comparable is not None and kind.schema.get("type") not in comparable:
        raise AttributeTypeMalformed
    if len(set(kind.trust)) != len(kind.trust) or (kind.fresh_days is not None and not 1 <= kind.fresh_days <= 36500):
        raise AttributeTypeMalformed
    named = all(word.strip() and len(word) <= 100 for word in (kind.words.en, kind.words.ru))
    if not PLAIN_CODE.fullmatch(kind.code) or not named or as_json(kind.schema) is None:
        raise AttributeTypeMalformed
    try:
        _validator(msgspec.json.encode(kind.schema))
    except ValueError:
        raise AttributeTypeMalformed from None


def require_plain_rule(rule: str) -> None:
    if not PLAIN_CODE.fullmatch(rule):
        raise RuleMalformed


def survivors(numbers: Iterable[int], merged: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Each customer and the oldest of those whom merges connect them with, however they were merged."""
    root = {number: number for number in numbers}

    def find(number: int) -> int:
        while root[number] != number:
            number = root[number]
        return number

    for pair in merged:
        one, other = (find(number) for number in pair)
        root[max(one, other)] = min(one, other)
    return {number: find(number) for number in root}


def require_storable(evidence: Mapping[str, Any]) -> None:
    if as_json(evidence) is None:
        raise EvidenceMalformed


def as_json(value: object) -> str | None:
    """A value as PostgreSQL's jsonb takes it; None when it is too large or has what jsonb can't hold."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, UnicodeError, RecursionError):
        return None
    return None if len(text) > LARGEST_VALUE_BYTES or "\\u0000" in text else text


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Any:
    decoded: dict[str, Any] = msgspec.json.decode(schema)
    return jsonschema_rs.validator_for(decoded, retriever=_nowhere, validate_formats=True)


def _nowhere(uri: str) -> Any:
    """A schema is complete in itself: we fetch nothing on a definition's behalf."""
    raise ValueError("a schema may not refer to another document")
