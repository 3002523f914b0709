"""What the server answered, added up. Money and points in minor units, from answers and not from files."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from vokrug.app.replay.chain import Books, Verdict
from vokrug.app.replay.door import Reply
from vokrug.kernel import format_minor, parse_minor


@dataclass(slots=True)
class Answered:
    """The sum of what became of documents, first time or repeated."""

    sales: int = 0
    paid_minor: int = 0
    burned_minor: int = 0
    earned_minor: int = 0
    late: int = 0
    returns: int = 0
    parked: int = 0
    refunded_minor: int = 0
    restored_minor: int = 0
    taken_back_minor: int = 0
    debt_minor: int = 0
    changed: int = 0
    replayed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)  # the first few, by document
    # What the documents that were new to the server said: the accounts must have moved by as much.
    new_taken_minor: int = 0
    new_refunded_minor: int = 0
    new_burned_minor: int = 0
    new_restored_minor: int = 0

    def sale(self, reply: Reply) -> dict[str, Any]:
        """A sale that was committed."""
        said: dict[str, Any] = reply.read()
        paid, burned = parse_minor(said["paid"]), parse_minor(said["burned"])
        self.sales += 1
        self.paid_minor += paid
        self.burned_minor += burned
        self.earned_minor += parse_minor(said["earned"])
        self.late += said["status"] == "accepted_late"
        if self._is_new(reply):
            self.new_taken_minor += paid
            self.new_burned_minor += burned
        return said

    def goods_back(self, reply: Reply) -> dict[str, Any]:
        """A return that was posted, or parked until its sale comes."""
        said: dict[str, Any] = reply.read()
        refunded, restored = parse_minor(said["refund"]), parse_minor(said["points_restored"])
        self.returns += 1
        self.parked += said["status"] == "parked"
        self.refunded_minor += refunded
        self.restored_minor += restored
        self.taken_back_minor += parse_minor(said["points_taken_back"])
        self.debt_minor += parse_minor(said["debt"])
        if self._is_new(reply):
            self.new_refunded_minor += refunded
            self.new_restored_minor += restored
        return said

    def _is_new(self, reply: Reply) -> bool:
        self.changed += not reply.is_repeat
        self.replayed += reply.is_repeat
        return not reply.is_repeat

    def decline(self, document: str, reply: Reply) -> None:
        self.refused[reply.problem()] += 1
        if len(self.refusals) < 20:
            self.refusals.append(f"{document}: {reply.status} {reply.body[:200].decode(errors='replace')}")

    @property
    def said(self) -> Books:
        return Books(self.new_taken_minor, self.new_refunded_minor, self.new_burned_minor, self.new_restored_minor)


def ending(answered: Answered, books: Books, verdict: Verdict) -> dict[str, Any]:
    """What every replay ends with."""
    return {
        "documents": {
            "replayed": answered.replayed,
            "changed": answered.changed,
            "refused": sum(answered.refused.values()),
            "refused_by_code": dict(sorted(answered.refused.items())),
            "first_refusals": answered.refusals,
        },
        "books": {
            "balanced": verdict.balanced,
            "taken": format_minor(books.taken_minor),
            "refunded": format_minor(books.refunded_minor),
            "points_burned": format_minor(books.burned_minor),
            "points_restored": format_minor(books.restored_minor),
            "journals": verdict.journals,
            "differences": verdict.differences,
        },
    }
