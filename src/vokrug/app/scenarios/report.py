"""What came of the cases."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class CaseReport:
    """One case: skipped with a reason, or played in several manners."""

    id: str
    title: str
    skipped: str | None = None
    failures: dict[str, str] = field(default_factory=dict)  # manner → what differed
    passed: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        return "skipped" if self.skipped else "failed" if self.failures else "passed"


@dataclass
class Report:
    cases: list[CaseReport] = field(default_factory=list)

    def count(self, status: str) -> int:
        return sum(case.status == status for case in self.cases)

    @property
    def is_good(self) -> bool:
        return self.count("failed") == 0

    def last_line(self) -> str:
        return f"{self.count('passed')} passed, {self.count('failed')} failed, {self.count('skipped')} skipped"

    def as_json(self) -> dict[str, Any]:
        return {
            "passed": self.count("passed"),
            "failed": self.count("failed"),
            "skipped": self.count("skipped"),
            "cases": [
                {
                    "id": case.id,
                    "title": case.title,
                    "status": case.status,
                    "reason": case.skipped,
                    "passed": case.passed,
                    "failures": case.failures,
                }
                for case in self.cases
            ],
        }
