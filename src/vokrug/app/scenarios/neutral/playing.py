"""Playing a scenario: its world is built, its steps are played in order or at once, and every number compared."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from vokrug.app.scenarios.client import Client
from vokrug.app.scenarios.fields import Difference, NotUnderstood
from vokrug.app.scenarios.instance import Place
from vokrug.app.scenarios.neutral import ladders
from vokrug.app.scenarios.neutral.cases import Run, Step, runs
from vokrug.app.scenarios.neutral.comparing import compare
from vokrug.app.scenarios.neutral.shop import Refused, Shop
from vokrug.app.scenarios.neutral.till import Seen, Till

MakePlace = Callable[[datetime | None], Place]
PARALLEL_MOST = 128


def play(case: dict[str, Any], manner: str, make: MakePlace) -> None:
    """Every run of a case, each on an instance of its own. Raises what differs."""
    for run in runs(case):
        place = make(run.begins_at)
        try:
            Play(run, manner, place, make, case["id"]).run_all()
        except (Difference, NotUnderstood, Refused) as error:
            told = f"with {run.name}: {error}" if run.parameters else str(error)
            raise NotUnderstood(told) from error
        finally:
            place.close()


class Play:
    """One run in one manner."""

    def __init__(self, run: Run, manner: str, place: Place, make: MakePlace, name: str) -> None:
        self.run, self.manner, self.place, self.make, self.name = run, manner, place, make, name
        self.till = Till(Shop(place.client, f"{name.lower()}.", dict(run.given), twice=manner == "twice"))
        self.till.shop.operations = frozenset(step.get("op", "return") for step in run.steps)
        self.after: dict[str, dict[str, Any]] = {}  # what was asked right after each step

    def run_all(self) -> None:
        self.till.shop.opens()
        for steps in self.run.together():
            try:
                self.plays(steps)
            except (Difference, NotUnderstood, Refused) as error:
                raise NotUnderstood(f"{steps[0]['step']}: {error}") from error
            self.between()

    def between(self) -> None:
        if self.manner == "killed":
            self.place.kill()
        elif self.manner == "blackout":
            self.place.black_out()

    def plays(self, steps: list[Step]) -> None:
        if steps[0].get("independent"):
            self.plays_apart(steps[0])
            return
        if len(steps) > 1:
            self.plays_at_once(steps)
        else:
            self.till.plays(steps[0])
        for expected in self.expected_of(steps):
            self.judges(expected)

    def plays_at_once(self, steps: list[Step]) -> None:
        """Each step on a line of its own, all of them let go at the same moment."""
        tills = [replace(self.till, shop=replace(self.till.shop, client=self.another())) for _ in steps]
        starting = threading.Barrier(min(len(steps), PARALLEL_MOST))

        def sends(till: Till, step: Step) -> None:
            starting.wait(timeout=60)
            till.plays(step)

        with ThreadPoolExecutor(min(len(steps), PARALLEL_MOST)) as pool:
            for done in [pool.submit(sends, till, step) for till, step in zip(tills, steps, strict=True)]:
                done.result()

    def another(self) -> Client:
        return self.place.client.another()

    def plays_apart(self, step: Step) -> None:
        """As if no earlier return existed: on an instance of its own, with everything before but returns."""
        at = self.run.steps.index(step)
        before = [one for one in self.run.steps[:at] if one["op"] != "return"]
        mine = [one for one in self.run.expect if one.get("step") == step["step"]]
        alone = {name: value for name, value in step.items() if name != "independent"}
        place = self.make(self.run.begins_at)
        try:
            Play(
                replace(self.run, steps=[*before, alone], expect=mine), self.manner, place, self.make, self.name
            ).run_all()
        finally:
            place.close()

    # Judging

    def expected_of(self, steps: list[Step]) -> list[dict[str, Any]]:
        """Expectations that can be judged once these steps are done."""
        names = {step["step"] for step in steps}
        found = []
        for one in self.run.expect:
            together = one.get("steps_any_order")
            if (together is None and one.get("step") in names) or (together and set(together) <= names):
                found.append(one)
        return found

    def judges(self, expected: dict[str, Any]) -> None:
        together = expected.get("steps_any_order")
        if together is None:
            compare(expected, lambda name: self.sees(expected["step"], name))
            return
        told = {
            name: value for name, value in expected.items() if name not in ("exactly_one", "the_other", "the_others")
        }
        compare(told, lambda name: self.sees(together[-1], name))
        one, other = expected.get("exactly_one"), expected.get("the_other", expected.get("the_others"))
        fits = [name for name in together if one is None or self.agrees(one, name)]
        if one is not None and len(fits) != 1:
            raise Difference(f"exactly one of {together}", one, {name: self.shown(name) for name in together})
        for name in together:
            if other is not None and (one is None or name not in fits):
                try:
                    compare(other, lambda field, name=name: self.sees(name, field))  # type: ignore[misc]
                except Difference as error:
                    raise Difference(f"the other, {name}", other, self.shown(name)) from error

    def agrees(self, expected: dict[str, Any], name: str) -> bool:
        try:
            compare(expected, lambda field: self.sees(name, field))
        except Difference:
            return False
        return True

    def shown(self, name: str) -> dict[str, Any]:
        seen = self.till.seen[name]
        errors = [{"code": error["code"], "ref": error["ref"]} for error in seen.errors]
        return {**seen.values, "errors": errors}

    # Seeing

    def sees(self, step: str, name: str) -> Any:
        """A field of what a step brought, or of how things stand after it."""
        seen = self.till.seen[step]
        if name == "errors":
            return [{**error, "ref": error["ref"]} for error in seen.errors]
        if name == "same_answer_as":
            return self.twin_of(seen)
        if name == "then":
            return self.followed(seen)
        if name in ("matched_return",):
            return self.followed(seen)[name]
        if name == "tier":
            return ladders.name_of(self.till.shop, seen.values["tier"])
        if name in ("balance", "available", "pending", "points_pending", "lots", "burned_from", "debt_after"):
            return self.stands(seen, name)
        if name in ("gift_card_balances", "gift_card_balance", "card_balances"):
            return self.cards_stand()
        return seen.values[name]

    def twin_of(self, seen: Seen) -> str | None:
        """The earlier step that got the same last answer."""
        for name, other in self.till.seen.items():
            if other is not seen and other.answers and other.answers[-1] == seen.answers[-1]:
                return name
        return None

    def followed(self, seen: Seen) -> dict[str, Any]:
        """What the arrival of a sale set in motion: a return that had been waiting for it."""
        for name, other in self.till.seen.items():
            step = self.till.steps[name]
            if step.get("op") == "return" and other.values.get("status") == "parked" and other.sent:
                method, path, body = other.sent[-1]
                answer = self.till.shop.ask(method, path, body)
                mine = str(body.get("original", {}).get("check_uid")) == seen.check
                if mine and answer["status"] == "posted":
                    again = Seen()
                    self.till.reads_return(again, answer)
                    return {"matched_return": name, **again.values}
        return {}

    def stands(self, seen: Seen, name: str) -> Any:
        """The customer's points now."""
        shop = self.till.shop
        customer = seen.customer or (next(iter(shop.customers)) if len(shop.customers) == 1 else None)
        if customer is None:
            raise NotUnderstood(f"whose {name}? The step names no customer")
        found = shop.ask("GET", f"/v1/customers/{shop.customers[customer]}/points")
        balance = found["balance"]
        if name == "available":
            return balance["active"]
        if name in ("pending", "points_pending"):
            return balance["pending"]
        if name == "balance":
            held = Decimal(balance["active"]) + Decimal(balance["held"])
            keeps_debt_apart = ((shop.given.get("points") or {}).get("return") or {}).get("shortfall") == "debt"
            return str(held if keeps_debt_apart else held - Decimal(balance["debt"]))
        if name == "lots":
            lots: dict[str, Decimal] = {}
            for lot in found["lots"]:
                origin = shop.documents.get(lot["document"], lot["document"])
                lots[origin] = lots.get(origin, Decimal(0)) + Decimal(lot["remaining"])
            return {origin: str(left) for origin, left in lots.items()}
        burned: dict[str, Decimal] = {}
        for lot in found["lots"]:
            for move in lot["moves"]:
                if move["document"] == seen.check and move["kind"] == "burned":
                    origin = shop.documents.get(lot["document"], lot["document"])
                    burned[origin] = burned.get(origin, Decimal(0)) + Decimal(move["points"])
        return {origin: str(points) for origin, points in burned.items()}

    def cards_stand(self) -> dict[str, str]:
        shop, found = self.till.shop, {}
        for code, card in shop.cards.items():
            asked = {name: value for name, value in card.items() if value is not None}
            found[code] = shop.ask("POST", "/pos/v1/gift-cards:balance", {**shop.place, **asked})["balance"]
        return found
