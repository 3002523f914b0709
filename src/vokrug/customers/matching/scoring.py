"""How right the matching was, by pairs of records that are truly one person."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """Of pairs: found and true, found, true. Precision, recall and F1 are shares."""

    right: int
    found: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.true) if self.found + self.true else 0.0


def score(groups: Iterable[Sequence[int]], person: Mapping[int, str]) -> Score:
    """`person` says of each record whose it is; a record without one belongs to nobody else."""
    right = found = 0
    for group in groups:
        found += pairs(len(group))
        right += sum(pairs(count) for count in Counter(person[one] for one in group if one in person).values())
    return Score(right, found, sum(pairs(count) for count in Counter(person.values()).values()))


def pairs(count: int) -> int:
    return count * (count - 1) // 2
