"""Playing cases: plainly, with everything sent twice, in batches, and with the server killed between steps."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vokrug.app.scenarios.fields import Difference, Fields, NotUnderstood, same
from vokrug.app.scenarios.instance import Place
from vokrug.app.scenarios.neutral import is_neutral, play
from vokrug.app.scenarios.points import points
from vokrug.app.scenarios.report import CaseReport, Report
from vokrug.app.scenarios.steps import LOOKS, Delivery, delivery_of, shown
from vokrug.app.scenarios.storm import storm
from vokrug.app.scenarios.tills import orders
from vokrug.app.scenarios.world import World

MANNERS = ("plain", "twice", "batch", "killed", "blackout")
UNTIL_BILLING = {"rate", "rerate", "rerate_volume", "prepaid", "net", "settle_net"}

MakePlace = Callable[[datetime | None], Place]
Progress = Callable[[str], None]


def read_cases(path: Path) -> list[dict[str, Any]]:
    found = json.loads(path.read_text())
    cases: list[dict[str, Any]] = found if isinstance(found, list) else found["cases"]
    return cases


def play_all(cases: list[dict[str, Any]], manners: list[str], place: MakePlace, progress: Progress) -> Report:
    """Every case in every manner, each on an instance of its own."""
    report = Report()
    for case in cases:
        one = CaseReport(case["id"], case.get("title", ""))
        report.cases.append(one)
        if waiting := sorted({step.get("op") for step in case.get("steps", ())} & UNTIL_BILLING):
            one.skipped = f"{', '.join(waiting)}: until billing exists"
        for manner in [] if one.skipped else manners:
            progress(f"{case['id']} {manner}")
            try:
                if is_neutral(case):
                    play(case, manner, place)
                else:
                    play_ledger_case(case, manner, place)
            except (Difference, NotUnderstood) as error:
                one.failures[manner] = str(error)
            except Exception as error:  # a case that breaks the adapter fails; the others go on
                one.failures[manner] = f"{type(error).__name__}: {error}"
            else:
                one.passed.append(manner)
        progress("")
    return report


def play_ledger_case(case: dict[str, Any], manner: str, place: MakePlace) -> None:
    where = place(None)
    try:
        Play(case, manner, where).run()
    finally:
        where.close()


@dataclass
class Play:
    """One case in one manner."""

    case: dict[str, Any]
    manner: str
    place: Place
    tag: str = ""

    def run(self) -> None:
        self.world = World(self.place.client, self.tag or f"{self.case['id']}.")
        self.world.open_accounts(self.case.get("accounts") or {})
        for number, steps in self.gathered():
            try:
                if isinstance(steps, list):
                    self.deliver_together(steps)
                else:
                    self.step(number, steps)
            except (Difference, NotUnderstood) as error:
                told = steps[-1] if isinstance(steps, list) else steps
                raise NotUnderstood(self.placed(error, number, told)) from error
            self.between()

    def placed(self, error: Exception, number: int, step: dict[str, Any]) -> str:
        return f"step {number} {shown(step)}: {error}"

    def gathered(self) -> Iterator[tuple[int, Any]]:
        """Steps one by one; in batches, neighbours that change something come as one list."""
        waiting: list[dict[str, Any]] = []
        for number, step in enumerate(self.case["steps"], 1):
            if self.manner == "batch" and step["op"] != "chain" and delivery_of(self.world, step) is not None:
                waiting.append(step)
                continue
            if waiting:
                yield number - 1, waiting
                waiting = []
            yield number, step
        if waiting:
            yield len(self.case["steps"]), waiting

    def between(self) -> None:
        """What happens between any two steps."""
        if self.manner == "killed":
            self.place.kill()
        elif self.manner == "blackout":
            self.place.black_out()

    def step(self, number: int, step: dict[str, Any]) -> None:
        op = step["op"]
        delivery = delivery_of(self.world, step)
        if delivery is not None:
            self.deliver(delivery)
            return
        fields = Fields(step, op)
        twice = self.manner == "twice"
        if op == "points":
            points(self.world, fields, twice=twice, between=self.between, number=number)
        elif op == "orders":
            orders(self.world, fields, twice=twice, between=self.between, number=number)
        elif op == "storm":
            storm(self.world, fields, number=number)
        elif op in LOOKS:
            LOOKS[op](self.world, fields)
        else:
            raise NotUnderstood(f"there is no operation {op!r}")
        fields.done()

    def deliver_together(self, steps: list[dict[str, Any]]) -> None:
        deliveries = [found for step in steps if (found := delivery_of(self.world, step)) is not None]
        instructions = [one for delivery in deliveries for one in delivery.instructions]
        expected = [code for delivery in deliveries for code in delivery.expected]
        results = self.world.deliver(instructions)
        for one, code, result in zip(instructions, expected, results, strict=True):
            same(f"{one['op']} {one['id']}", code, result["status"])

    def deliver(self, delivery: Delivery) -> None:
        first = self.world.deliver(delivery.instructions, atomic=delivery.atomic)
        for one, code, result in zip(delivery.instructions, delivery.expected, first, strict=True):
            same(f"{one['op']} {one['id']}", code, result["status"])
        if self.manner == "twice":
            self.deliver_again(delivery, first)

    def deliver_again(self, delivery: Delivery, first: list[dict[str, Any]]) -> None:
        """The same once more: what was done is not done again, and what was refused stays refused."""
        again = self.world.deliver(delivery.instructions, atomic=delivery.atomic)
        for one, before, now in zip(delivery.instructions, first, again, strict=True):
            what = f"{one['op']} {one['id']} sent again"
            if before["status"] in ("ok", "duplicate_same"):
                same(what, ("duplicate_same", before["moved"]), (now["status"], now["moved"]))
            elif now["status"] not in (before["status"], "id_burned"):
                same(what, f"{before['status']} or id_burned", now["status"])
