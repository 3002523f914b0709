"""Sales and returns as tills send them: whole checks with their printed receipts, in whatever order they come."""

import time
from collections.abc import Callable
from fractions import Fraction
from math import gcd
from typing import Any
from uuid import UUID, uuid5

from vokrug.app.scenarios.fields import Difference, Fields, NotUnderstood, same
from vokrug.app.scenarios.world import World
from vokrug.kernel import format_minor, parse_minor

PLACE = {"shop": "TRIAL", "till": "1"}
NAMES = UUID("9d0c2f0e-6d1b-4b57-9a53-0a5f0c6a7f11")
LIVE_WITHIN_S = 10.0


class TillStory:
    """One shopper's sales and returns."""

    def __init__(self, world: World, name: str, events: list[Any], *, twice: bool) -> None:
        self.world, self.name, self.twice = world, name, twice
        self.phone = f"+7916{int.from_bytes(uuid5(NAMES, world.tag + name).bytes[:4], 'big') % 10**7:07d}"
        self.sales: dict[str, dict[str, Any]] = {}
        self.returns: dict[str, dict[str, Any]] = {}
        self.unit_minor = units_of(events)
        rates = sorted({str(given.get("earn_rate", "0%")) for kind, given in events if kind == "sale"})
        self.opens_the_shop(rates)
        self.registers()

    def uid(self, key: str) -> UUID:
        return uuid5(NAMES, f"{self.world.tag}{self.name}/{key}")

    # The shop

    def opens_the_shop(self, rates: list[str]) -> None:
        """A till, goods for each rate, and offers that grant it. Put again, everything stays as it is."""
        self.world.ask("PUT", "/v1/shops", {"code": PLACE["shop"], "name": "Trial", "tills": [PLACE["till"]]})
        articles = [{"sku": sku_of(rate), "name": f"Goods that earn {rate}"} for rate in rates]
        self.world.ask("PUT", "/v1/catalogue", {"articles": articles})
        self.publishes("points", {"kind": "point_programme"})
        for rate in rates:
            if rate_bp := bp_of(rate):
                reward = {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": rate_bp}]}
                goods = {"skus": [sku_of(rate)]}
                self.publishes(sku_of(rate), {"kind": "earn", "reward": reward, "base": "gross", "goods": goods})

    def publishes(self, key: str, body: dict[str, Any]) -> None:
        offer = str(uuid5(NAMES, key))
        given = {"id": offer, "key": key, "name": key, "body": body}
        card = self.world.ask("POST", "/v1/promotions", given)
        if card.get("published") or card.get("state") == "published" or "published" in str(card.get("versions")):
            return
        for deed in ("check", "publish"):
            self.world.ask("POST", f"/v1/promotions/{offer}:{deed}", {"version": 1})

    def registers(self) -> None:
        enrol = PLACE | {"request_id": str(self.uid("register")), "phone": self.phone, "called": "Trial"}
        self.world.ask("POST", "/pos/v1/customers", enrol)

    # Events

    def sells(self, fields: Fields) -> None:
        key, amount = fields.take("id"), fields.take("amount")
        redeem, rate = fields.take("redeem", default=0), str(fields.take("earn_rate", default="0%"))
        unit = self.unit_minor.get(key, amount) or 1
        line = {"n": 1, "sku": sku_of(rate), "qty": str(amount // unit), "price": format_minor(unit)}
        check = PLACE | {"rev": 1, "identifier": {"type": "phone", "value": self.phone}, "lines": [line]}
        if redeem:
            check["burn"] = {"mode": "points", "points": format_minor(redeem)}
        uid = self.uid(f"sale {key}")
        self.awaits_offers(uid, check, amount, rate)
        sign = f"{uid.int % 10**15}"
        body = PLACE | {"rev": 1, "check": check, "fiscal": {"fn": sign, "fd": "1", "fp": sign}}
        body["claimed"] = {"to_pay": format_minor(amount - redeem)}
        self.sales[key] = {"amount": amount, "answer": self.sends(f"/pos/v1/checks/{uid}:commit", body)}

    def awaits_offers(self, uid: UUID, check: dict[str, Any], amount: int, rate: str) -> None:
        """Published offers reach every process within a second or so; a trial starts when they have."""
        earns = amount * bp_of(rate) // 10_000
        until_s = time.monotonic() + LIVE_WITHIN_S
        asked = {name: value for name, value in check.items() if name != "burn"}
        while time.monotonic() < until_s:
            status, answer = self.world.client.call("POST", f"/pos/v1/checks/{uid}:calculate", asked)
            if status != 200 or parse_minor(answer["earn"]["points"]) == earns:
                return  # 409: it was sold before, and this is a repeat
            time.sleep(0.05)
        raise Difference("points offered", earns, answer["earn"])

    def takes_back(self, fields: Fields) -> None:
        key, of, amount = fields.take("id"), fields.take("of"), fields.take("amount")
        unit = self.unit_minor.get(of, amount) or 1
        lines = [{"n": 1, "qty": str(amount // unit)}]
        body = PLACE | {"original": {"check_uid": str(self.uid(f"sale {of}"))}, "lines": lines}
        path = f"/pos/v1/returns/{self.uid(f'return {key}')}:commit"
        self.returns[key] = {"amount": amount, "path": path, "body": body, "answer": self.sends(path, body)}

    def sends(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.world.ask("POST", path, body)
        if self.twice:
            same(f"{path} sent again", answer, self.world.ask("POST", path, body))
        return answer

    # Answers

    def stands(self) -> dict[str, int]:
        """What the till would show this shopper, and how many returns still wait for their sale."""
        found = self.world.ask(
            "POST", "/pos/v1/identify", PLACE | {"identifier": {"type": "phone", "value": self.phone}}
        )
        balance = found["balance"]
        waiting = [one for one in map(self.return_now, self.returns.values()) if one["status"] == "parked"]
        return {
            "points": parse_minor(balance["active"]),
            "debt": parse_minor(balance["debt"]),
            "open_returns": len(waiting),
        }

    def return_now(self, told: dict[str, Any]) -> Any:
        """A return sent again answers how it stands."""
        return self.world.ask("POST", told["path"], told["body"])

    def net_sales(self) -> int:
        """Goods sold less goods taken back, however they were paid."""
        total = sum(worth(sale["answer"], "paid", "burned") for sale in self.sales.values())
        for told in self.returns.values():
            now = self.return_now(told)
            total -= told["amount"] if now["status"] == "parked" else worth(now, "refund", "points_restored")
        return total


def worth(answer: dict[str, Any], *names: str) -> int:
    return sum(parse_minor(answer[name]) for name in names)


def bp_of(rate: str) -> int:
    """`"1%"` as basis points."""
    exact = (Fraction(rate[:-1]) / 100 if rate.endswith("%") else Fraction(rate)) * 10_000
    if exact.denominator != 1:
        raise NotUnderstood(f"an earn rate finer than a basis point: {rate}")
    return int(exact)


def sku_of(rate: str) -> str:
    return f"earns-{bp_of(rate)}"


def units_of(events: list[Any]) -> dict[str, int]:
    """The price of one unit of each sale's goods, such that every return takes whole units back."""
    units: dict[str, int] = {}
    for kind, given in events:
        key = given["id"] if kind == "sale" else given.get("of")
        units[key] = gcd(units.get(key, 0), given["amount"])
    return units


def orders(world: World, fields: Fields, *, twice: bool, between: Callable[[], None], number: int) -> None:
    """Play the events in the order they arrive, and ask after each."""
    events = fields.take("events")
    story = TillStory(world, f"orders {number}", events, twice=twice)
    expected = Fields(fields.take("expect"), "orders")
    after_each = expected.take("after_each", default=None)
    for n, (kind, given) in enumerate(events):
        event = Fields(given, kind)
        if kind == "sale":
            story.sells(event)
        elif kind == "return":
            story.takes_back(event)
        else:
            raise NotUnderstood(f"orders have no event {kind!r}")
        event.done()
        between()
        if after_each is not None:
            stands = story.stands()
            same(f"after event {n + 1}", after_each[n], {name: stands[name] for name in after_each[n]})
    stands = story.stands() | {"net_sales": story.net_sales()}
    wanted = {name: expected.take(name) for name in stands if expected.has(name)}
    same("in the end", wanted, {name: stands[name] for name in wanted})
    expected.done()
