"""The world of a scenario, built through the product's public doors: a shop, goods, offers, customers, cards."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from vokrug.app.scenarios.client import Client, Heard
from vokrug.app.scenarios.fields import Difference, Fields, NotUnderstood
from vokrug.app.scenarios.neutral.cases import moment
from vokrug.app.scenarios.neutral.points import offers_of
from vokrug.app.scenarios.neutral.programme import METRICS, ladder_of
from vokrug.app.scenarios.neutral.translating import Translator, minor, policy_of, slug
from vokrug.kernel import format_minor

NAMES = UUID("6f4f0c1e-0b0e-4f62-9f0d-5a1c6c0d5a11")
LIVE_WITHIN_S = 20.0
GIVEN = (
    "currency", "catalogue", "shipping", "policy", "promotions", "points", "customers", "gift_cards", "tiers",
    "tier_metric", "tier_policy", "timezone", "note",
)  # fmt: skip


class Refused(Exception):
    """The product declined: its problem document."""

    def __init__(self, path: str, heard: Heard) -> None:
        super().__init__(f"{path}: {heard.status} {heard.answer}")
        self.status, self.problem = heard.status, heard.answer if isinstance(heard.answer, dict) else {}

    @property
    def code(self) -> str:
        return str(self.problem.get("code", self.status))


@dataclass
class Shop:
    """One case's shop in an instance. Every name carries the case's tag, so that cases may share an instance."""

    client: Client
    tag: str
    given: dict[str, Any]
    twice: bool = False
    operations: frozenset[str] = frozenset()  # of the case's steps
    prices: dict[str, str] = field(default_factory=dict)
    offers: dict[int, str] = field(default_factory=dict)  # the product's number → the case's name
    promotions: dict[str, dict[str, Any]] = field(default_factory=dict)
    customers: dict[str, UUID] = field(default_factory=dict)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)  # the case's code → number and PIN
    documents: dict[str, str] = field(default_factory=dict)  # our ids → the case's step or lot
    now: datetime | None = None

    # Talking

    def hear(self, method: str, path: str, body: Any = None) -> Heard:
        return self.client.hear(method, path, body)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        heard = self.hear(method, path, body)
        if heard.status >= 300:
            raise Refused(path, heard)
        return heard.answer

    def id(self, *words: str) -> UUID:
        return uuid5(NAMES, "/".join((self.tag, *words)))

    @property
    def place(self) -> dict[str, str]:
        return {"shop": f"{self.tag}shop"[:64], "till": "1"}

    @property
    def currency(self) -> str:
        return str(self.given.get("currency", "RUB"))

    # Building

    def opens(self) -> None:
        if strange := self.given.keys() - set(GIVEN):
            raise NotUnderstood(f"the case gives {', '.join(sorted(strange))}")
        self.now = self.advance(0)
        self.opens_the_till()
        self.fills_the_shelves()
        self.declares_the_policies()
        self.names_the_tiers()
        self.publishes_offers()
        self.registers()
        self.prints_cards()
        self.awaits_offers()

    def opens_the_till(self) -> None:
        shop = {
            "code": self.place["shop"],
            "name": "Scenario",
            "tills": [self.place["till"]],
            "currency": self.currency,
            "zone": self.given.get("timezone", "UTC"),
        }
        if (tolerance := (self.given.get("policy") or {}).get("commit_tolerance")) is not None:
            shop |= {
                "tolerance_check": format_minor(minor(tolerance)),
                "tolerance_line": format_minor(minor(tolerance)),
            }
        self.ask("PUT", "/v1/shops", shop)

    def fills_the_shelves(self) -> None:
        articles, codes = [], dict[str, None]()
        for one in self.given.get("catalogue") or ():
            told = Fields(one, f"article {one.get('sku')}")
            sku, categories = told.take("sku"), told.take("categories", "category", default=None) or []
            self.prices[sku] = format_minor(minor(told.take("price")))
            article: dict[str, Any] = {"sku": sku, "name": told.take("name", default=sku)}
            if (floor := told.take("min_price", default=None)) is not None:
                article["min_price"] = format_minor(minor(floor))
            listed = categories if isinstance(categories, list) else [categories]
            if listed:
                article["categories"] = [self.category_code(code) for code in listed]
                codes |= dict.fromkeys(listed)
            told.done()
            articles.append(article)
        categories = [{"code": self.category_code(code), "name": code} for code in codes]
        taken = self.ask("PUT", "/v1/catalogue", {"categories": categories, "articles": articles})
        known = taken.get("category_ids") or {}
        self.categories = {code: known[self.category_code(code)] for code in codes}

    def category_code(self, code: str) -> str:
        return f"{self.tag}{code}"[:64]

    def declares_the_policies(self) -> None:
        self.ask("PUT", "/v1/promotions/policy", {"policy": policy_of(self.given)})
        given = (self.given.get("points") or {}).get("return")
        if given is not None:
            told = Fields(given, "points.return")
            policy = {
                "earned": told.take("earned", default="reverse"),
                "shortfall": told.take("shortfall", default="debt"),
                "burned": told.take("burned", default="restore_to_lot"),
            }
            if (grace := told.take("grace_days", default=None)) is not None:
                policy["grace_days"] = grace
            if (to := told.take("refund_to", default=None)) is not None:
                policy["refund_to"] = to
            told.done()
            self.ask("PUT", "/v1/return-policy", policy)

    def names_the_tiers(self) -> None:
        """The ladder, by the metric that the case counts."""
        programme = ladder_of(self.given, is_reviewed="tier_review" in self.operations)
        if programme is not None:
            self.ask("PUT", "/v1/promotions/tiers", programme)

    def publishes_offers(self) -> None:
        translator = Translator(self.given, self.categories)
        for promotion in self.given.get("promotions") or ():
            self.promotions[promotion["id"]] = promotion
            self.publishes(promotion["id"], translator.promotion(promotion))
        points = self.given.get("points")
        if points is None and self.given.get("tiers") and METRICS.get(self.given.get("tier_metric", "")) == "points":
            points = {"earn": [{"id": "ladder", "per_amount": "1.00", "points": "1"}]}
        if points is not None:
            for key, body in offers_of(translator, points, self.currency).items():
                self.publishes(key, body)

    def publishes(self, name: str, body: dict[str, Any]) -> None:
        key = name if body["kind"].startswith("earn") else f"{slug(self.tag)}.{slug(name)}"
        offer = str(self.id("offer", name))
        new = {"id": offer, "key": slug(key), "name": name, "body": body}
        card = self.ask("POST", "/v1/promotions", new)
        for deed in ("check", "publish"):
            self.ask("POST", f"/v1/promotions/{offer}:{deed}", {"version": 1})
        self.offers[card["offer"]["number"]] = name

    def registers(self) -> None:
        states: dict[str, Any] = {}
        for n, customer in enumerate(self.given.get("customers") or ()):
            told = Fields(customer, f"customer {customer.get('id')}")
            name = told.take("id")
            self.newcomer(name, n)
            for lot in told.take("lots", default=[]):
                self.gives(name, lot)
            if (state := told.take("card_state", default=None)) is not None:
                states[name] = state
            told.done()
        for name, state in states.items():
            self.puts_card(name, state)

    def newcomer(self, name: str, n: int = 0) -> None:
        """A customer with a phone and a card."""
        drawn = self.id("person", name).int
        body = {
            "request_id": str(self.id("register", name)),
            "phone": f"+7916{drawn % 10**7:07d}",
            "called": "Shopper",
            "card": self.card_of(name),
        }
        self.customers[name] = UUID(self.ask("POST", "/v1/customers", body)["customer"]["id"])

    def card_of(self, name: str) -> str:
        return f"{self.id('card', name).int % 10**15:015d}"

    def gives(self, customer: str, lot: dict[str, Any]) -> None:
        told = Fields(lot, f"a lot of {customer}")
        name = told.take("lot", "id")
        request = self.id("lot", customer, name)
        body: dict[str, Any] = {
            "request_id": str(request),
            "points": str(told.take("points")),
            "reason": "scenario",
            "currency": self.currency,
        }
        if (given := told.take("earned_at", "at", "earned", default=None)) is not None:
            self.waits_until(moment(given))
        if (given := told.take("expires_at", "expires", default=None)) is not None:
            body["expires_at"] = moment(given).isoformat()
        if (given := told.take("active_from", "pending_until", default=None)) is not None:
            body["active_from"] = moment(given).isoformat()
        told.done()
        self.documents[str(request)] = name
        if minor(body["points"]):
            self.ask("POST", f"/v1/customers/{self.customers[customer]}/points:give", body)

    def puts_card(self, customer: str, state: Any) -> None:
        """`blocked`, `not_activated`, `active`, or `merged_into` another customer."""
        into = None
        if isinstance(state, dict):
            state, into = next(iter(state.items()))
        elif str(state).startswith("merged_into"):
            into, state = str(state).partition(":")[2] or None, "merged_into"
        if state == "active":
            return
        id, card = self.customers[customer], self.card_of(customer)
        known = self.ask("GET", f"/v1/customers/{id}")["card"]["identifiers"]
        (identifier,) = [one["id"] for one in known if one["type"] == "card"]
        if state != "merged_into":
            self.ask("PUT", f"/v1/customers/{id}/identifiers/{identifier}/state", {"state": state})
        elif into not in self.customers:
            raise NotUnderstood(f"the card of {customer} is merged into {into!r}")
        else:
            self.ask("DELETE", f"/v1/customers/{id}/identifiers/{identifier}")
            self.ask("POST", f"/v1/customers/{self.customers[into]}/identifiers", {"type": "card", "value": card})

    def prints_cards(self) -> None:
        given = self.given.get("gift_cards") or []
        if not given:
            return
        batch = {"id": str(self.id("gift batch")), "name": "Scenario", "currency": self.currency, "count": len(given)}
        printed = self.ask("POST", "/v1/gift-cards/batches", batch)["cards"]
        for one, card in zip(given, printed, strict=True):
            told = Fields(one, f"gift card {one.get('code')}")
            code, balance = told.take("code"), told.take("balance")
            blocked = told.take("state", default="active") == "blocked" or told.take("blocked", default=False)
            told.done()
            self.cards[code] = card
            request = {**self.place, "request_id": str(self.id("gift card", code)), "number": card["number"]}
            if minor(balance):
                self.ask("POST", "/pos/v1/gift-cards:activate", request | {"amount": format_minor(minor(balance))})
            if blocked:
                block = {**self.place, "number": card["number"], "reason": "scenario"}
                self.ask("POST", "/pos/v1/gift-cards:block", block)

    def awaits_offers(self) -> None:
        """Published offers reach the till within a second or so; the first step starts when they have."""
        line = {"n": 1, "sku": "x", "qty_milli": 1000, "price_minor": 100}
        basket = {"shop_id": 1, "zone": "UTC", "currency": self.currency, "lines": [line]}
        published = self.ask("POST", "/v1/promotions:price", {"basket": basket})["priced"]["rules_version"]
        till = {"rev": 1, **self.place, "lines": [{"n": 1, "sku": "x", "qty": "1", "price": "1.00"}]}
        until_s = time.monotonic() + LIVE_WITHIN_S
        while time.monotonic() < until_s:
            answer = self.ask("POST", f"/pos/v1/checks/{self.id('await')}:calculate", till)
            if answer["rules_version"] == published:
                return
            time.sleep(0.05)
        raise Difference("offers at the till", published, answer["rules_version"])

    # Time

    def advance(self, seconds: int) -> datetime:
        heard = self.hear("POST", "/v1/clock:advance", {"seconds": seconds})
        if heard.status == 404:
            raise NotUnderstood("this server's clock does not move: start it with VOKRUG_CLOCK=standing")
        self.now = datetime.fromisoformat(heard.answer["now"])
        return self.now

    def waits_until(self, at: datetime) -> None:
        """Let time pass up to a moment. What lies behind is told as it happened, late."""
        assert self.now is not None, "the case has begun"
        if (ahead := (at - self.now).total_seconds()) > 0:
            self.advance(int(ahead) + (ahead > int(ahead)))
