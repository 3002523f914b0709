"""The steps of a scenario, each played as a till or a member of staff would, and what was seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from vokrug.app.scenarios.client import Heard
from vokrug.app.scenarios.fields import Fields, NotUnderstood
from vokrug.app.scenarios.neutral.cases import Step, moment
from vokrug.app.scenarios.neutral.shop import Refused, Shop
from vokrug.app.scenarios.neutral.translating import minor
from vokrug.kernel import format_minor

LIMIT_WORDS = {"limit_total": "limit_total", "limit_customer": "limit_customer"}
REFUSALS = {
    "insufficient_funds": "insufficient_balance",
    "hold_lost": "insufficient_balance",
    "gift_card_short": "insufficient_balance",
    "document_conflict": "document_conflict",
    "price_changed": "price_changed",
    "card_blocked": "card_blocked",
    "burn_not_allowed": "burn_not_allowed",
}
CARD_ERRORS = {
    "empty": "insufficient_balance",
    "blocked": "card_blocked",
    "not_activated": "card_blocked",
    "expired": "card_expired",
    "unknown": "card_unknown",
    "wrong_pin": "card_unknown",
    "other_currency": "card_unknown",
}
CODE_ERRORS = {"not_met": "condition_not_met", "unknown": "code_unknown", "expired": "code_expired"}


@dataclass
class Seen:
    """What a step brought, in the format's words."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)  # method, path, body
    answers: list[Any] = field(default_factory=list)
    customer: str | None = None
    check: str | None = None
    is_refused: bool = False

    def error(self, code: str, ref: str | None = None, **more: Any) -> None:
        self.errors.append({"code": code, "ref": ref, **more})


@dataclass
class Till:
    """Plays steps; remembers what a later one refers to."""

    shop: Shop
    seen: dict[str, Seen] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)

    def plays(self, step: Step) -> Seen:
        told = Fields(step, f"step {step.get('step')}")
        name, op = told.take("step"), told.take("op", default="return")
        for aside in ("parallel", "independent"):
            told.take(aside, default=None)
        at = told.take("at", default=None)
        if at is not None:
            self.shop.waits_until(moment(at))
        self.steps[name] = step
        seen = Seen(customer=told.take("customer", default=None))
        self.seen[name] = seen
        if (earlier := told.take("replay_of", default=None)) is not None:
            self.repeats(earlier, seen)
        elif op not in OPERATIONS:
            raise NotUnderstood(f"there is no operation {op!r}")
        else:
            OPERATIONS[op](self, told, seen, moment(at) if at else None)
            told.done()
        return seen

    # Sending

    def sends(self, seen: Seen, path: str, body: Any, method: str = "POST") -> Any:
        """Send, remember, and in the manner `twice` send again: the answer must be the same."""
        seen.sent.append((method, path, body))
        heard = self.shop.hear(method, path, body)
        seen.answers.append(heard.answer)
        if heard.status >= 300:
            raise Refused(path, heard)
        if self.shop.twice and not path.endswith(":calculate"):
            self.shop.hear(method, path, body)
        return heard.answer

    def repeats(self, earlier: str, seen: Seen) -> None:
        """The same bytes once more."""
        if earlier not in self.seen:
            raise NotUnderstood(f"there was no step {earlier}")
        before = self.seen[earlier]
        seen.customer = seen.customer or before.customer
        heard: Heard | None = None
        for method, path, body in before.sent:
            heard = self.shop.hear(method, path, body)
            seen.sent.append((method, path, body))
            seen.answers.append(heard.answer)
        assert heard is not None, "an earlier step sent something"
        seen.values["status"] = "duplicate" if heard.is_repeat else "refused" if heard.status >= 300 else "repeated"
        seen.is_refused = heard.status >= 300
        seen.check = before.check

    # Checks

    def uid_of(self, step: Mapping[str, Any], prefix: str = "check") -> str:
        """A document's id: by the till's own number for it, by the check a hold belongs to, or by the step."""
        if step.get("ref") is not None:
            return str(self.shop.id(prefix, "ref", str(step["ref"])))
        if step.get("check") is not None:
            return str(self.shop.id(prefix, "check", str(step["check"])))
        return str(self.shop.id(prefix, "step", step["step"]))

    def body_of(self, told: Fields, seen: Seen, at: datetime | None, rev: int) -> dict[str, Any]:
        """The check as a till sends it."""
        body: dict[str, Any] = {"rev": rev, **self.shop.place, "lines": self.lines_of(told.take("lines"))}
        if (channel := told.take("channel", default=None)) is not None:
            body["channel"] = channel
        if at is not None:
            body["at"] = at.isoformat()
        if codes := told.take("codes", default=None):
            body["codes"] = codes
        if seen.customer is not None:
            body["identifier"] = {"type": "card", "value": self.shop.card_of(seen.customer)}
        if (shipping := told.take("shipping", default=self.shop.given.get("shipping"))) is not None:
            body["delivery"] = format_minor(minor(shipping))
        if (points := told.take("redeem_points", default=None)) is not None:
            body["burn"] = {"mode": "max"} if points == "max" else {"mode": "points", "points": str(points)}
        if told.take("redeem_reward", default=False):
            body["burn"] = {"mode": "reward"}
        cards, tenders = self.tenders_of(told.take("tenders", default=[]))
        if cards:
            body["gift_cards"] = cards
        if tenders:
            body["tenders_planned"] = tenders
        return body

    def lines_of(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        lines = []
        for n, one in enumerate(given, 1):
            told = Fields(one, "a line")
            sku, name = told.take("sku"), str(told.take("line", default=n))
            price = told.take("price", default=self.shop.prices.get(sku))
            if price is None:
                raise NotUnderstood(f"no price of {sku}")
            line = {"n": number_of(name, n), "sku": sku, "qty": str(told.take("qty", default=1)), "price": price}
            told.done()
            lines.append(line)
        return lines

    def tenders_of(self, given: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Gift cards to pay with, and the other tenders as they are planned."""
        cards, others = [], []
        for one in given:
            told = Fields(one, "a tender")
            kind, amount = told.take("type"), told.take("amount", default=None)
            if kind in ("gift_card", "e_wallet"):
                code = told.take("code", "card")
                card = {name: value for name, value in self.shop.cards[code].items() if value is not None}
                if amount is not None:
                    card["amount"] = format_minor(minor(amount))
                cards.append(card)
            else:
                others.append({"type": kind} | ({} if amount is None else {"amount": format_minor(minor(amount))}))
            told.done()
        return cards, others

    def prices(self, seen: Seen, uid: str, body: dict[str, Any], *, hold: bool) -> dict[str, Any]:
        """Calculate. A card that the centre shuts out and points it does not give are errors of their own: the
        check goes on without them.
        """
        asked = body | ({"hold": True} if hold else {})
        path = f"/pos/v1/checks/{uid}:calculate"
        try:
            answer: dict[str, Any] = self.sends(seen, path, asked)
        except Refused as refused:
            if refused.code != "card_blocked" or "identifier" not in body:
                raise
            seen.error("card_blocked", seen.customer)
            del body["identifier"]
            body.pop("burn", None)
            return self.prices(seen, uid, body, hold=hold)
        if (code := self.denied(body, answer)) is not None:
            seen.error(code, seen.customer)
            del body["burn"]
            body["rev"] += 1
            seen.values["burn_denied"] = True
            answer = self.sends(seen, path, body | ({"hold": True} if hold else {}))
        self.reads(seen, body, answer)
        return answer

    def denied(self, body: dict[str, Any], answer: dict[str, Any]) -> str | None:
        """Why points that were asked for by number, or a reward, are not given."""
        burn, applied = body.get("burn"), Decimal(answer["burn"]["applied"])
        if burn is None or applied:
            wish = Decimal(burn["points"]) if burn is not None and burn["mode"] == "points" else Decimal(0)
            return "insufficient_balance" if applied < wish and self.has(body) < wish else None
        if burn["mode"] == "max":
            shut = {"not_activated", "no_programme", "no_card"} & set(answer["burn"]["max_reasons"])
            return "burn_not_allowed" if shut else None
        if "not_activated" in answer["burn"]["max_reasons"]:
            return "burn_not_allowed"
        if burn["mode"] == "points" and self.has(body) >= Decimal(burn["points"]):
            return "burn_not_allowed" if Decimal(burn["points"]) else None
        return "insufficient_balance"

    def has(self, body: dict[str, Any]) -> Decimal:
        """What the customer at the till could spend now."""
        found = self.shop.ask("POST", "/pos/v1/identify", {**self.shop.place, "identifier": body["identifier"]})
        return Decimal(found["balance"]["active"])

    def reads(self, seen: Seen, body: dict[str, Any], answer: dict[str, Any]) -> None:
        """The answer to `calculate` in the format's words."""
        shop, totals, delivery = self.shop, answer["totals"], answer.get("delivery") or {}
        names = {number_of(str(line.get("line", n)), n): str(line.get("line", n)) for n, line in self.asked(seen)}
        by_offer: dict[str, Decimal] = {}
        lines: dict[str, str] = {}
        for line in answer["lines"]:
            lines[names.get(line["n"], str(line["n"]))] = total(part["amount"] for part in line["discounts"])
            tally(by_offer, shop, line["discounts"])
        tally(by_offer, shop, delivery.get("discounts", ()))
        off = total(part["amount"] for part in delivery.get("discounts", ()))
        cards = self.cards_taken(seen, body, answer)
        seen.values |= {
            "lines": lines,
            "discounts": {name: str(amount) for name, amount in by_offer.items() if amount},
            "discount_total": total([*lines.values(), off]),
            "shipping_discount": off,
            "shipping": delivery.get("net", "0.00"),
            "total": total([totals["to_pay"], totals["gift_cards"], totals["points"]]),
            "to_pay": totals["to_pay"],
            "points_value": totals["points"],
            "points_burned": answer["burn"]["applied"],
            "points_earned": answer["earn"]["points"],
            "max_burn": answer["burn"]["max"],
            "gifts": {gift["sku"]: gift["qty"] for gift in answer.get("gifts", ())},
            "gift_cards": cards,
            "tier": answer["tier"]["after"],
            "optimality": answer["optimality"],
            "not_applied": [verdict for verdict in map(self.passed_over, answer["verdicts"]) if verdict],
        }
        if answer["earn"]["active_from"]:
            seen.values["active_from"] = answer["earn"]["active_from"]
        for verdict in answer["verdicts"]:
            if error := self.error_of(verdict):
                seen.error(**error)

    def asked(self, seen: Seen) -> list[tuple[int, dict[str, Any]]]:
        step = self.steps[next(name for name, one in self.seen.items() if one is seen)]
        return list(enumerate(step.get("lines") or (), 1))

    def cards_taken(self, seen: Seen, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, str]:
        """What each gift card pays, by the case's code for it; one that cannot is an error of its own."""
        taken = {}
        codes = {card["number"]: code for code, card in self.shop.cards.items()}
        for asked, card in zip(body.get("gift_cards") or (), answer.get("gift_cards") or (), strict=True):
            code = codes[asked["number"]]
            taken[code] = card["take"]
            wanted = asked.get("amount")
            if card["status"] != "applied":
                seen.error(CARD_ERRORS[card["status"]], code)
            elif wanted is not None and Decimal(card["take"]) < Decimal(wanted) <= Decimal(
                answer["totals"]["to_pay"]
            ) + Decimal(card["take"]):
                seen.error("insufficient_balance", code)
        return taken

    def passed_over(self, verdict: dict[str, Any]) -> dict[str, Any] | None:
        """A promotion of the case that was looked at and not granted."""
        name = self.shop.offers.get(offer_number(verdict["ref"]))
        if verdict["status"] == "applied" or name not in self.shop.promotions:
            return None
        by = verdict.get("by")
        return {
            "id": name,
            "reason": self.limit_word(verdict) if verdict["status"] == "limit" else verdict["status"],
            "by": None if by is None else self.shop.offers.get(offer_number(str(by))),
            "missing": verdict.get("missing"),
        }

    def error_of(self, verdict: dict[str, Any]) -> dict[str, Any] | None:
        """A code that brought nothing, or a limit in the way, as an error."""
        name = self.shop.offers.get(offer_number(verdict["ref"]))
        promotion = self.shop.promotions.get(name or "", {})
        code = verdict.get("code") or promotion.get("code")
        status = verdict["status"]
        if status in ("limit", "used"):
            return {"code": self.limit_word(verdict), "ref": code or name}
        if code is not None and status in CODE_ERRORS:
            return {"code": CODE_ERRORS[status], "ref": code}
        if code is not None and status == "excluded" and verdict.get("by") is None:
            return {"code": "condition_not_met", "ref": code}  # no other offer shut it out: it is not for this check
        return None

    def limit_word(self, verdict: dict[str, Any]) -> str:
        """Whose limit it was: the customer's own, or everybody's."""
        name = self.shop.offers.get(offer_number(verdict["ref"]))
        limits = self.shop.promotions.get(name or "", {}).get("limits") or {}
        said = str(verdict.get("reason") or "")
        if "customer" in said or ("uses_per_customer" in limits and "uses_total" not in limits):
            return "limit_customer"
        return "limit_total"

    # Operations

    def calculates(self, told: Fields, seen: Seen, at: datetime | None) -> None:
        step = told.step
        uid = str(self.shop.id("calculation", step["step"]))
        told.take("check", "ref", default=None)
        self.declines(seen, lambda: self.prices(seen, uid, self.body_of(told, seen, at, 1), hold=False))
        seen.values.setdefault("status", "calculated")

    def holds(self, told: Fields, seen: Seen, at: datetime | None) -> None:
        step = told.step
        uid = seen.check = self.uid_of(step)
        told.take("check", "ref", default=None)
        rev = self.revisions.get(uid, 0) + 1
        body = self.body_of(told, seen, at, rev)
        self.declines(seen, lambda: self.prices(seen, uid, body, hold=True))
        self.revisions[uid] = body["rev"]
        seen.values.setdefault("status", "held")

    def commits(self, told: Fields, seen: Seen, at: datetime | None) -> None:
        step = told.step
        uid = seen.check = self.uid_of(step)
        told.take("check", default=None)
        ref = told.take("ref", default=None)
        claimed = told.take("claimed_total", default=None)
        self.shop.documents[uid] = next(
            (name for name, one in self.seen.items() if one.check == uid and one is not seen), step["step"]
        )

        def sells() -> None:
            rev = self.revisions.get(uid, 1)
            if told.has("lines"):
                if step.get("check") is not None and uid in self.revisions:
                    rev += 1
                body = self.body_of(told, seen, at, rev)
                answer = self.prices(seen, uid, body, hold=True)
                rev = body["rev"]
                if seen.values.get("burn_denied") or self.is_unpaid(body, answer):
                    self.refuses(seen, uid)
                    return
            else:
                for name in ("channel", "codes", "tenders", "redeem_points", "redeem_reward"):
                    told.take(name, default=None)
                self.inherits(seen, uid)
            body = {"rev": rev, **self.shop.place}
            if claimed is not None:
                body["claimed"] = {"to_pay": self.charged(seen, claimed)}
            sale = self.sends(seen, f"/pos/v1/checks/{uid}:commit", body)
            seen.values |= {
                "status": "committed",
                "points_earned": sale["earned"],
                "points_burned": sale["burned"],
                "deviation": sale["deviation"],
                "tier": sale["tier"]["after"],
            }

        self.declines(seen, sells, ref or step.get("check"))

    def is_unpaid(self, body: dict[str, Any], answer: dict[str, Any]) -> bool:
        """A gift card that was to pay and has nothing: the cashier does not go on without asking."""
        return any(card["status"] != "applied" for card in answer.get("gift_cards") or ())

    def refuses(self, seen: Seen, uid: str) -> None:
        """The till gives up what it could not pay for."""
        self.sends(seen, f"/pos/v1/checks/{uid}:cancel", self.shop.place)
        seen.is_refused = True
        seen.values |= {"status": "refused", "points_burned": "0", "points_earned": "0"}

    def inherits(self, seen: Seen, uid: str) -> None:
        """A commit of what was held before has the prices of its hold."""
        for earlier in reversed(list(self.seen.values())):
            if earlier is not seen and earlier.check == uid:
                seen.values |= {name: value for name, value in earlier.values.items() if name != "status"}
                seen.customer = seen.customer or earlier.customer
                return

    def charged(self, seen: Seen, claimed: Any) -> str:
        """The sum the till printed, less what points and gift cards paid of it."""
        other = Decimal(str(seen.values["total"])) - Decimal(str(seen.values["to_pay"]))
        return format_minor(max(0, minor(Decimal(str(claimed)) - other)))

    def declines(self, seen: Seen, work: Any, ref: str | None = None) -> None:
        """A refusal of the product is the step's outcome, in the format's words."""
        try:
            work()
        except Refused as refused:
            if refused.status >= 500:
                raise
            seen.is_refused = True
            seen.values["status"] = "refused"
            facts = {name: value for name, value in refused.problem.items() if name not in ("code", "ref")}
            seen.error(REFUSALS.get(refused.code, refused.code), ref, **facts)

    def cancels(self, told: Fields, seen: Seen, at: datetime | None) -> None:
        step = told.step
        original = told.take("original", default=None)
        told.take("check", "ref", default=None)
        uid = self.uid_of(step) if original is None else self.seen[original].check
        seen.check = uid

        def lets_go() -> None:
            answer = self.sends(seen, f"/pos/v1/checks/{uid}:cancel", self.shop.place)
            released = answer.get("released") or {}
            seen.values |= {
                "status": "cancelled",
                "released": list(released.get("codes", ())),
                "points_released": released.get("points", "0.00"),
            }

        self.declines(seen, lets_go)

    def takes_back(self, told: Fields, seen: Seen, at: datetime | None) -> None:
        step = told.step
        original, original_ref = told.take("original", default=None), told.take("original_ref", default=None)
        if original is not None:
            before = self.seen[original]
            check, seen.customer = before.check, seen.customer or before.customer
        elif original_ref is not None:
            check = str(self.shop.id("check", "ref", str(original_ref)))
        else:
            raise NotUnderstood("a return names its original")
        seen.check = None
        told.take("ref", "check", default=None)
        body: dict[str, Any] = {**self.shop.place, "original": {"check_uid": check}}
        if at is not None:
            body["at"] = at.isoformat()
        lines, money = told.take("lines", default=None), told.take("refund_amount", default=None)
        if lines:
            body["lines"] = [self.returned(line, n) for n, line in enumerate(lines, 1)]
        elif money is not None:
            body["amount"] = format_minor(minor(money))
        told.take("tenders", "reason", default=None)
        path = f"/pos/v1/returns/{self.uid_of(step, 'return')}:commit"

        def posts() -> None:
            answer = self.sends(seen, path, body)
            self.reads_return(seen, answer)

        self.declines(seen, posts, step.get("ref"))

    def returned(self, given: dict[str, Any], n: int) -> dict[str, Any]:
        told = Fields(given, "a line to return")
        line: dict[str, Any] = {"n": number_of(str(told.take("line", default=n)), n)}
        if (qty := told.take("qty", default=None)) is not None:
            line["qty"] = str(qty)
        told.take("sku", "price", default=None)
        told.done()
        return line

    def reads_return(self, seen: Seen, answer: dict[str, Any]) -> None:
        codes = {f"…{card['number'][-4:]}": code for code, card in self.shop.cards.items()}
        cards: dict[str, Decimal] = {}
        for part in answer["refund_tenders"]:
            if part["type"] == "gift_card":
                code = codes[part["mask"]]
                cards[code] = cards.get(code, Decimal(0)) + Decimal(part["amount"])
        seen.values |= {
            "status": answer["status"],
            "refund": answer["refund"],
            "points_reversed": answer["points_taken_back"],
            "points_restored": answer["points_restored"],
            "written_off": answer["points_written_off"],
            "debt": answer["debt"],
            "gift_cards": {code: str(amount) for code, amount in cards.items()},
            "refund_money": total(part["amount"] for part in answer["refund_tenders"] if part["type"] == "money"),
            "lines": {str(line["n"]): line["refund"] for line in answer["lines"]},
        }

    def adjusts(self, told: Fields, seen: Seen, at: datetime | None) -> None:
        """Points given or taken by hand."""
        step = told.step
        customer = seen.customer
        if customer is None:
            raise NotUnderstood("an adjustment is of some customer's points")
        points = Decimal(str(told.take("points")))
        told.take("reason", default=None)
        request = self.shop.id("adjust", step["step"])
        self.shop.documents[str(request)] = told.take("lot", default=step["step"])
        body: dict[str, Any] = {"request_id": str(request), "points": str(abs(points)), "reason": "scenario"}
        body["currency"] = self.shop.currency
        verb = "give" if points > 0 else "take"
        path = f"/v1/customers/{self.shop.customers[customer]}/points:{verb}"

        def moves() -> None:
            self.sends(seen, path, body)
            seen.values["status"] = "done"

        self.declines(seen, moves, customer)

    def sleeps(self, told: Fields, seen: Seen, at: datetime | None) -> None:
        """The night's work, as of the clock."""
        night = self.sends(seen, "/v1/ledger:night", None)
        seen.values |= {
            "status": "done",
            "expired": format_minor(night["points_expired"]),
            "holds_released": night["holds_released"],
            "gift_cards_expired": format_minor(night.get("gift_cards_expired_minor", 0)),
        }
        customers = list(self.shop.customers)
        if seen.customer is None and len(customers) == 1:
            seen.customer = customers[0]


def number_of(name: str, n: int) -> int:
    """A line's number; one named otherwise goes by its place."""
    return int(name) if name.isdigit() and int(name) > 0 else n


def offer_number(ref: str) -> int:
    head = ref.partition(".")[0]
    return int(head) if head.isdigit() else 0


def total(amounts: Any) -> str:
    return str(sum((Decimal(amount) for amount in amounts), Decimal("0.00")))


def tally(by_offer: dict[str, Decimal], shop: Shop, discounts: Any) -> None:
    for part in discounts:
        name = shop.offers.get(offer_number(part["promo"]), part["promo"])
        by_offer[name] = by_offer.get(name, Decimal(0)) + Decimal(part["amount"])


Operation = Callable[[Till, Fields, Seen, datetime | None], None]
OPERATIONS: dict[str, Operation] = {
    "calculate": Till.calculates,
    "hold": Till.holds,
    "commit": Till.commits,
    "cancel": Till.cancels,
    "return": Till.takes_back,
    "adjust": Till.adjusts,
    "nightly": Till.sleeps,
}
