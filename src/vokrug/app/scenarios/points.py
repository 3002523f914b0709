"""Points with lots: grants and uses at plain times, and what the wallet says of any of them."""

from datetime import datetime, timedelta
from typing import Any

from vokrug.app.scenarios.fields import Fields, NotUnderstood, same
from vokrug.app.scenarios.world import World

UNIT = timedelta(hours=1)  # a case's unit of time
SHORT = {"insufficient_lots": "insufficient_funds"}  # of a wallet with lots the two say the same
UNDONE = dict.fromkeys(("restored", "returned", "reversed", "reverted", "refunded", "undo"), "undone")
NAMES = {"grant": "granted", "transfer": "used", "expiry": "expired", "reversal": "undone"}


def plain(outcome: Any) -> Any:
    """An outcome without the two spellings of one refusal."""
    if isinstance(outcome, dict) and "error" in outcome:
        outcome = outcome["error"]
    return SHORT.get(outcome, outcome) if isinstance(outcome, str) else outcome


class PointsStory:
    """A wallet of its own for each step, told its events in their order."""

    def __init__(self, world: World, name: str, *, twice: bool) -> None:
        self.world, self.name, self.twice = world, name, twice
        self.wallet = f"{name} wallet"
        self.start = world.advance(0)
        self.now = 0
        self.lots: dict[str, str] = {}  # the ledger's id of a lot → the case's name of it
        self.taken: dict[str, Any] = {}
        world.open(self.wallet, asset="PTS", has_lots=True)
        for house in ("points issued", "points used"):
            world.open(house, asset="PTS", guard="n")

    def at(self, time: int) -> datetime:
        return self.start + time * UNIT

    def waits_until(self, time: int) -> None:
        if time > self.now:
            self.world.advance(int((time - self.now) * UNIT.total_seconds()))
            self.now = time

    def hears(self, kind: str, fields: Fields) -> None:
        at = fields.take("at")
        self.waits_until(at)
        one = {"effective_at": self.at(at).isoformat()}
        if kind == "grant":
            self.grants(fields, one)
        elif kind == "use":
            key = fields.take("id")
            one |= {"op": "transfer", "id": f"{self.name} {key}", "debit": self.wallet, "credit": "points used"}
            if fields.take("up_to", default=False):
                one["up_to"] = "debit"
            result = self.sends(one | {"amount": fields.take("qty", "amount")})
            parts = [[self.lots[lot], part] for lot, part in result["taken"]]
            self.taken[key] = parts if result["status"] == "ok" else result["status"]
            same(f"use {key}", plain(fields.take("expect", default=result["status"])), plain(result["status"]))
        elif kind in ("undo", "return", "refund"):
            of = fields.take("of", "use", "undo", "id")
            key = fields.take("id", default=of)
            force = fields.take("force", default=False)
            one |= {"op": "revert", "id": f"{self.name} undo {key}", "of": f"{self.name} {of}", "force": force}
            status = self.sends(one)["status"]
            same(f"undo of {of}", fields.take("expect", default="ok"), status)
        else:
            raise NotUnderstood(f"points have no event {kind!r}")
        fields.done()

    def grants(self, fields: Fields, one: dict[str, Any]) -> None:
        lot = fields.take("lot", "id")
        one |= {"op": "grant", "id": f"{self.name} {lot}", "wallet": self.wallet, "source": "points issued"}
        one |= {"amount": fields.take("qty", "amount"), "priority": fields.take("priority", default=0)}
        if (expires := fields.take("expires", "expires_at", default=None)) is not None:
            one["expires_at"] = self.at(expires).isoformat()
        if (active := fields.take("active_from", "active", "available_from", default=None)) is not None:
            one["active_from"] = self.at(active).isoformat()
        same(f"grant {lot}", "ok", self.sends(one)["status"])
        (fresh,) = [found["id"] for found in self.statement()["lots"] if found["id"] not in self.lots]
        self.lots[fresh] = lot

    def sends(self, one: dict[str, Any]) -> dict[str, Any]:
        (result,) = self.world.deliver([one])
        if self.twice:
            (again,) = self.world.deliver([one])
            expected = "duplicate_same" if result["status"] == "ok" else ("id_burned", result["status"])
            if again["status"] not in expected:
                same(f"{one['id']} sent again", expected, again["status"])
        return result

    def statement(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.world.ask("GET", f"{self.world.path(self.wallet)}/statement")
        return answer

    # What is asked at the end

    def answers(self, expected: Fields) -> None:
        balances = expected.take("balance_at", "balances", default={})
        lapsing = expected.take("expired", default={})
        history = expected.take("history", default=None)
        ends = [self.now, *map(int, balances), *(at for _, at, _ in history or ())]
        for lot in self.statement()["lots"]:
            if lot["expires_at"] and self.lots[lot["id"]] in lapsing:
                ends.append(-((self.start - datetime.fromisoformat(lot["expires_at"])) // UNIT))
        before = {at: self.spendable(int(at)) for at in balances}
        self.waits_until(max(ends))
        self.world.ask("POST", "/v1/ledger:night")
        wanted = {key: plain(parts) for key, parts in expected.take("taken", default={}).items()}
        same("taken", wanted, {key: plain(self.taken.get(key)) for key in wanted})
        same("balances before the night", balances, before)
        same("balances after the night", balances, {at: self.spendable(int(at)) for at in balances})
        statement = self.statement()
        lapsed = {self.lots[lot["id"]]: lot["lapsed"] for lot in statement["lots"]}
        same("expired", lapsing, {lot: lapsed.get(lot, 0) for lot in lapsing})
        left = {self.lots[lot["id"]]: lot["remaining"] for lot in statement["lots"]}
        if (wanted := expected.take("left", "remaining", default=None)) is not None:
            same("left", wanted, {lot: left[lot] for lot in wanted})
        if history is not None:
            same("history", [[UNDONE.get(kind, kind), *rest] for kind, *rest in history], self.history(statement))
        if (wanted := expected.take("balance", default=None)) is not None:
            same("balance", wanted, self.spendable(self.now))
        expected.done()

    def spendable(self, time: int) -> int:
        """With everything that happens at that time: the moment just after."""
        answer = self.world.then(self.wallet, spendable_at=(self.at(time) + UNIT / 2).isoformat())
        found: int = answer["spendable"]
        return found

    def history(self, statement: dict[str, Any]) -> list[list[Any]]:
        lines = sorted(
            (datetime.fromisoformat(line["effective_at"]), line["kind"] != "expiry", n, line)
            for n, line in enumerate(statement["lines"])
        )
        return [
            [NAMES.get(line["kind"], line["kind"]), (at - self.start) // UNIT, line["amount"]]
            for at, _, n, line in lines
        ]


def points(world: World, fields: Fields, *, twice: bool, between: Any, number: int) -> None:
    story = PointsStory(world, f"points {number}", twice=twice)
    for kind, given in fields.take("events"):
        story.hears(kind, Fields(given, kind))
        between()
    expected = Fields(fields.take("expect"), "points")
    story.answers(expected)
