"""One case's corner of an instance: its wallets, its instructions, and what became of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from vokrug.app.scenarios.client import Client
from vokrug.app.scenarios.fields import Difference, Fields, NotUnderstood

GUARDS = {"none": "n", "debits_le_credits": "d", "credits_le_debits": "c"}
SUMS = {"dp": "debits_held", "d": "debits", "cp": "credits_held", "c": "credits"}
HOUSE = "house"  # gives and takes what the harness puts there before the first step
# Plain integers as business times are days of this calendar.
DAY_ZERO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """Codes and ids get a tag, so that several cases may share an instance."""

    client: Client
    tag: str
    units: dict[str, str] = field(default_factory=dict)  # account → asset
    guards: dict[str, str] = field(default_factory=dict)  # of those that have one
    results: dict[str, dict[str, Any]] = field(default_factory=dict)  # the first answer to each id
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)  # business times told, by id
    openings: dict[str, dict[str, int]] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)  # what one calculation leaves to the next
    extra_movements: int = 0  # of journals with several
    journals_before: int = 0
    known_assets: set[str] = field(default_factory=set)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.client.call(method, path, body)
        if status >= 300:
            raise Difference(f"{method} {path}", "an answer", (status, answer))
        return answer

    # Wallets

    def code(self, account: str) -> str:
        return f"{self.tag}{account}".replace("/", "|")  # a slash would part the path of an address

    def path(self, account: str) -> str:
        return f"/v1/ledger/wallets/{quote(self.code(account), safe='')}"

    def open(self, account: str, *, asset: str = "RUB", guard: str = "d", **more: Any) -> None:
        if account in self.units:
            return
        if asset not in self.known_assets:
            self.client.call("POST", "/v1/ledger/units", {"code": asset})  # one that is there has its own terms
            self.known_assets.add(asset)
        terms = {"code": self.code(account), "unit": asset, "guard": guard, **more}
        self.ask("POST", "/v1/ledger/wallets", terms)
        self.units[account] = asset

    def open_accounts(self, accounts: dict[str, dict[str, Any]]) -> None:
        """The accounts of a case, and the balances they stand at before its first step."""
        put: list[dict[str, Any]] = []
        for name, given in accounts.items():
            fields = Fields(given, f"account {name}")
            guard = fields.take("guard", default="none")
            if guard not in GUARDS:
                raise NotUnderstood(f"account {name} has a guard not understood: {guard!r}")
            asset = fields.take("asset", default="RUB")
            opening, overdraft = fields.take("opening", default=None), fields.take("overdraft", default=0)
            fields.take("history", default=True)  # every wallet keeps its history
            fields.done()
            self.open(name, asset=asset, guard=GUARDS[guard], overdraft=overdraft)
            if guard != "none":
                self.guards[name] = guard
            if opening:
                put += self.opening_of(name, asset, opening)
        if put:
            for result in self.deliver(put):
                if result["status"] != "ok":
                    raise Difference("an opening", "ok", result)
        self.journals_before = self.ask("POST", "/v1/ledger:check")["journals"]

    def opening_of(self, name: str, asset: str, opening: dict[str, int]) -> Iterable[dict[str, Any]]:
        house = f"{HOUSE} of {asset}"
        self.open(house, asset=asset, guard="n")
        self.openings[name] = opening
        received = ("cp", house, name), ("c", house, name)
        given = ("dp", name, house), ("d", name, house)
        # What a guard measures against comes first, so that nothing is forced into debt on the way.
        first, then = (given, received) if self.guards.get(name) == "credits_le_debits" else (received, given)
        for key, debit, credit in sorted([*first, *then], key=lambda part: len(part[0]) > 1):
            if amount := opening.get(key, 0):
                one = {"id": f"opening {name} {key}", "debit": debit, "credit": credit, "amount": amount}
                yield {"op": "hold", **one} if "p" in key else {"op": "transfer", "force": True, **one}

    # Instructions

    def deliver(self, instructions: Sequence[dict[str, Any]], *, atomic: bool = False) -> list[dict[str, Any]]:
        """Send instructions in one request; one result each, in their order."""
        told = [self.tagged(one) for one in instructions]
        answer = self.ask("POST", "/v1/ledger/instructions", {"instructions": told, "atomic": atomic})
        results: list[dict[str, Any]] = answer["results"]
        for one, result in zip(instructions, results, strict=True):
            if result["status"] == "ok" and one["id"] not in self.results:
                self.results[one["id"]], self.sent[one["id"]] = result, one
                self.extra_movements += max(0, self.legs(one) - 1)
        return results

    def legs(self, one: dict[str, Any]) -> int:
        if one["op"] == "revert":
            return self.legs(self.sent[one["of"]]) if one["of"] in self.sent else 1
        return len(one.get("movements", (one,)))

    def tagged(self, one: dict[str, Any]) -> dict[str, Any]:
        """The same instruction with our tag on every code and id."""
        tagged = dict(one)
        for name in ("id", "debit", "credit", "wallet", "source", "hold", "close", "of"):
            if name in tagged:
                tagged[name] = self.code(tagged[name])
        if "movements" in tagged:
            tagged["movements"] = [self.tagged(leg) for leg in tagged["movements"]]
        if "sources" in tagged:
            tagged["sources"] = [self.tagged(source) for source in tagged["sources"]]
        return tagged

    # Time

    def advance(self, seconds: int) -> datetime:
        """Let time pass; answers the instance's time."""
        status, answer = self.client.call("POST", "/v1/clock:advance", {"seconds": seconds})
        if status == 404:
            raise NotUnderstood("this server's clock does not move: start it with VOKRUG_CLOCK=standing")
        return datetime.fromisoformat(answer["now"])

    def moment(self, at: int | str) -> str:
        """A business time: days as plain integers, or a written date."""
        if isinstance(at, str) and not at.lstrip("-").isdigit():
            found = datetime.fromisoformat(at)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()
        return (DAY_ZERO + timedelta(days=int(at))).isoformat()

    def then(self, account: str, **query: str) -> dict[str, Any]:
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        answer: dict[str, Any] = self.ask("GET", f"{self.path(account)}/then?{asked}")
        return answer
