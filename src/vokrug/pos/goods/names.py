"""How alike two names of goods are. Tills and catalogues abbreviate, reorder, transliterate sizes and mistype."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

WORD = re.compile(r"[0-9]+(?:[.,][0-9]+)?|[^\W\d_]+")
DIGITS = frozenset("0123456789")
KEY_LETTERS = 4  # of a word: beginnings survive endings and most abbreviations
MOST_KEYS = 16
# Measures in one unit, so that 0.5 l is 500 ml.
UNITS = {
    "кг": ("г", 1000), "kg": ("г", 1000), "г": ("г", 1), "гр": ("г", 1), "g": ("г", 1), "gr": ("г", 1),
    "мг": ("г", 0.001),
    "л": ("мл", 1000), "l": ("мл", 1000), "лит": ("мл", 1000), "мл": ("мл", 1), "ml": ("мл", 1),
    "м": ("см", 100), "см": ("см", 1), "мм": ("см", 0.1), "cm": ("см", 1), "mm": ("см", 0.1),
    "шт": ("шт", 1), "pcs": ("шт", 1), "уп": ("шт", 1), "таб": ("таб", 1), "капс": ("таб", 1), "пак": ("пак", 1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart: its words, and the sizes that tell one package from another."""

    words: tuple[str, ...]
    sizes: frozenset[str]
    numbers: frozenset[str]  # of the sizes, as written


@lru_cache(maxsize=8192)
def taken_apart(text: str) -> Name:
    parts = WORD.findall(text.lower().replace("ё", "е"))
    words, sizes, numbers, at = list[str](), set[str](), set[str](), 0
    while at < len(parts):
        part = parts[at]
        if part[0] in DIGITS:
            unit = UNITS.get(parts[at + 1]) if at + 1 < len(parts) else None
            number = float(part.replace(",", "."))
            numbers.add(f"{number:g}")
            sizes.add(f"{number:g}" if unit is None else f"{number * unit[1]:g}{unit[0]}")
            at += 2 if unit else 1
        else:
            words.append(part)
            at += 1
    return Name(tuple(words), frozenset(sizes), frozenset(numbers))


def keys_of(text: str) -> list[str]:
    """What a name is found by: the beginnings of its words, and its sizes."""
    name = taken_apart(text)
    words = [word[:KEY_LETTERS] for word in name.words if len(word) > 2]
    return sorted(dict.fromkeys([*words, *sorted(name.sizes)][:MOST_KEYS]))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two names are, and in which words."""

    score_bp: int
    words: str


def likeness(asked: str, known: str) -> Likeness:
    """Of 10,000. The shorter name's words are looked for in the longer one; sizes that differ count against it."""
    one, other = taken_apart(asked), taken_apart(known)
    if not one.words or not other.words:
        return Likeness(10_000 if asked.strip().lower() == known.strip().lower() else 0, "")
    agree, differ, gained, whole = list[str](), list[str](), 0.0, 0.0
    few, many = sorted((one.words, other.words), key=lambda words: (sum(map(len, words)), sorted(words)))
    left = sorted(many)
    for word in sorted(few, key=lambda word: (-len(word), word)):  # long words first: they say more
        best, share = best_of(word, left)
        weight = min(len(word), 8)
        whole += weight
        gained += weight * share
        if best and share >= 0.7:
            left.remove(best)
            agree.append(word)
        else:
            differ.append(word)
    covered = gained / whole
    longer = sum(min(len(word), 8) for word in many)
    of_longer = min(1.0, whole / longer) ** 0.25
    together = fuzz.token_sort_ratio(" ".join(one.words), " ".join(other.words)) / 100
    score = (0.65 * covered + 0.35 * together) * (0.7 + 0.3 * of_longer)
    score *= agreement(one, other)
    odd = sorted(one.sizes ^ other.sizes) if one.sizes and other.sizes else []
    agree.sort(key=few.index)
    told = " ".join(agree) + (f" ≠ {' '.join([*differ, *odd])}" if differ or odd else "")
    return Likeness(max(0, min(10_000, round(score * 10_000))), told)


def agreement(one: Name, other: Name) -> float:
    """Of sizes: the same, or said by one of them only, or contradicting each other. Some tills leave the unit out."""
    if one.sizes == other.sizes:
        return 1.0
    common = max(len(one.sizes & other.sizes), len(one.numbers & other.numbers))
    less = min(len(one.sizes), len(other.sizes))
    if not less:
        return 0.93
    return 0.65 + 0.3 * common / less if common < less else 0.97


def best_of(word: str, words: Iterable[str]) -> tuple[str, float]:
    """The word that is most like this one: the same, its abbreviation, or mistyped."""
    best, most = "", 0.0
    for other in words:
        if word == other:
            return other, 1.0
        short, long = sorted((word, other), key=len)
        if len(short) >= 2 and long.startswith(short):
            share = 0.86 + 0.12 * len(short) / len(long)
        else:
            share = JaroWinkler.similarity(word, other, score_cutoff=0.75) * 0.95
        if share > most:
            best, most = other, share
    return best, most
