"""Receipts of a Russian grocery chain with the points that were earned and spent (X5 RetailHero, same columns).

The chain's own rule is loaded as configuration and every receipt is sold again. Receipts say what was paid but
not what a line cost, so each is one line: what was paid and what points paid, together. Amounts of points are in
roubles with one decimal, and so are ours: a point of ours is a rouble.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from vokrug.app.replay import chain
from vokrug.app.replay.chain import TILL, document_id
from vokrug.app.replay.door import Door, require_good
from vokrug.app.replay.files import FileUnreadable, find_table, minor, read_rows
from vokrug.app.replay.order import each_in_order
from vokrug.app.replay.outcome import Answered, ending
from vokrug.kernel import Rounding, format_minor, parse_minor, round_ratio

KIND = "x5"
ZONE = ZoneInfo("Europe/Moscow")
COLUMNS = (
    "receipt_id",
    "client_id",
    "datetime",
    "store_id",
    "regular_points_received",
    "express_points_received",
    "regular_points_spent",
    "express_points_spent",
    "purchase_sum",
)

# The programme: 0.5 % below 555.00 and 1 % from there on, cut down to a tenth of a point; half may be paid by points.
STEPS = ((0, 50), (555_00, 100))
TENTH = 10
CAP_BP = 5_000
PROBE = "replay-probe"  # a customer with points enough, so that nothing but the cap can stop a burn

RULES = {
    "lines": "one line a receipt: what was paid, and what points paid",
    "earn": "0.5 % of what is paid below 555.00, 1 % from 555.00 up, cut down to 0.1 point",
    "burn": "points pay at most 50 % of the receipt; a point is a rouble",
    "opening": "the smallest balance brought in that makes every redemption of the file possible",
    "compared": "points by the rule with the regular points received; express points come from offers we do not know",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as the file has it. Points spent are positive here."""

    number: str
    customer: str
    at: datetime
    store: str
    received_minor: int
    express_minor: int
    spent_minor: int
    paid_minor: int

    @property
    def id(self) -> UUID:
        return document_id(KIND, self.number)

    @property
    def shop(self) -> str:
        return shop_code(self.store)

    @property
    def total_minor(self) -> int:
        return self.paid_minor + self.spent_minor


def shop_code(store: str) -> str:
    return f"{KIND}-{store}"


def read_receipts(folder: Path) -> list[Receipt]:
    """Every receipt, in the order of time."""
    path = find_table(folder, "receipts")
    receipts = []
    for row in read_rows(path, COLUMNS):
        received, express, regular_spent, express_spent, paid = (minor(row[name], path)[0] for name in COLUMNS[4:])
        try:
            at = datetime.fromisoformat(row["datetime"]).replace(tzinfo=ZONE)
        except ValueError as error:
            raise FileUnreadable(path=path, why=f"receipt {row['receipt_id']}: {error}") from None
        spent = abs(regular_spent) + abs(express_spent)
        receipts.append(
            Receipt(row["receipt_id"], row["client_id"], at, row["store_id"], received, express, spent, paid)
        )
    return sorted(receipts, key=lambda receipt: (receipt.at, receipt.number))


# What the rule says, by our own arithmetic: for the opening balances, and to hold the server against


def earned_by_rule(paid_minor: int) -> int:
    rate_bp = [rate_bp for from_minor, rate_bp in STEPS if paid_minor >= from_minor][-1]
    return round_ratio(paid_minor * rate_bp, 10_000 * TENTH, Rounding.DOWN) * TENTH


def cap_of(receipt: Receipt) -> int:
    return receipt.total_minor * CAP_BP // 10_000


def opening_balances(receipts: Iterable[Receipt]) -> dict[str, int]:
    """By customer, the least they must have had before the first receipt for every redemption to be possible."""
    balance: Counter[str] = Counter()
    missing: dict[str, int] = {}
    for receipt in receipts:
        balance[receipt.customer] -= receipt.spent_minor
        if receipt.spent_minor and -balance[receipt.customer] > missing.get(receipt.customer, 0):
            missing[receipt.customer] = -balance[receipt.customer]
        balance[receipt.customer] += earned_by_rule(receipt.paid_minor)
    return missing


# Sending


@dataclass(slots=True)
class Sender:
    """Sells receipts again, and probes the cap of those that were paid with points."""

    door: Door
    answered: Answered = field(default_factory=Answered)
    against: Counter[str] = field(default_factory=Counter)  # of receipts without redemption
    against_with_burn: Counter[str] = field(default_factory=Counter)
    more_minor: int = 0
    less_minor: int = 0
    redeemed: int = 0
    otherwise_than_the_rule: int = 0
    less_points: int = 0
    at_cap: int = 0
    at_cap_accepted: int = 0
    above_cap_refused: int = 0
    above_cap_accepted: int = 0

    async def send(self, receipt: Receipt) -> None:
        if receipt.spent_minor:
            await self._probe_cap(receipt)
        path, points = f"/pos/v1/checks/{receipt.id}", format_minor(receipt.spent_minor)
        check = check_of(receipt, receipt.customer, receipt.spent_minor) | {"hold": True}
        reply = await self.door.ask("POST", f"{path}:calculate", check)
        if reply.is_good:
            # Exactly the money that was paid and the points that were spent, or the server declines.
            claimed = {"to_pay": format_minor(receipt.paid_minor), "points": points}
            commit = {"rev": 1, "shop": receipt.shop, "till": TILL, "claimed": claimed}
            reply = await self.door.ask("POST", f"{path}:commit", commit)
        if not reply.is_good:
            self.answered.decline(receipt.number, reply)
            return
        said = self.answered.sale(reply)
        earned = parse_minor(said["earned"])
        self.redeemed += bool(receipt.spent_minor) and parse_minor(said["burned"]) == receipt.spent_minor
        self.otherwise_than_the_rule += earned != earned_by_rule(receipt.paid_minor)
        if receipt.spent_minor:
            self.less_points += receipt.received_minor == earned_by_rule(receipt.paid_minor - receipt.spent_minor)
        self._compare(receipt, receipt.received_minor - earned)

    def _compare(self, receipt: Receipt, more: int) -> None:
        kind = "exact" if more == 0 else "more_in_the_file" if more > 0 else "less_in_the_file"
        (self.against_with_burn if receipt.spent_minor else self.against)[kind] += 1
        self.more_minor += max(0, more)
        self.less_minor += max(0, -more)

    async def _probe_cap(self, receipt: Receipt) -> None:
        """The cap itself may be spent, and a kopeck above it may not. Only priced: nothing is held or sold."""
        cap = cap_of(receipt)
        self.at_cap += receipt.spent_minor == cap
        for points, is_above in ((cap, False), (cap + 1, True)):
            path = f"/pos/v1/checks/{document_id(KIND, 'probe', receipt.number, points)}:calculate"
            reply = await self.door.ask("POST", path, check_of(receipt, PROBE, points))
            if not reply.is_good:
                self.above_cap_refused += is_above
                continue
            burn = reply.read()["burn"]
            is_taken = parse_minor(burn["applied"]) == points
            if not is_above:
                self.at_cap_accepted += is_taken
            elif is_taken:
                self.above_cap_accepted += 1
            else:
                self.above_cap_refused += parse_minor(burn["max"]) == cap and "share" in burn["max_reasons"]


def check_of(receipt: Receipt, customer: str, points_minor: int) -> dict[str, Any]:
    burn = {"mode": "points", "points": format_minor(points_minor)} if points_minor else {"mode": "none"}
    return {
        "rev": 1,
        "shop": receipt.shop,
        "till": TILL,
        "at": receipt.at.isoformat(),
        "identifier": {"type": f"ext:{KIND}", "value": customer},
        "lines": [{"n": 1, "sku": "receipt", "qty": "1", "price": format_minor(receipt.total_minor)}],
        "burn": burn,
    }


# The whole of it


async def replay(door: Door, folder: Path, steps: chain.Steps) -> dict[str, Any]:
    """Send every receipt and say what came of it."""
    receipts = read_receipts(folder)
    if not receipts:
        raise FileUnreadable(path=find_table(folder, "receipts"), why="there are no receipts in it")
    stores = sorted({receipt.store for receipt in receipts})
    terms = {"zone": ZONE.key, "currency": "RUB", "legal_entity": "X5"}
    shop_ids = await chain.ensure_shops(door, {shop_code(store): {"name": f"X5 {store}", **terms} for store in stores})
    ours = {code: id for code, id in shop_ids.items() if code.startswith(f"{KIND}-")}
    named = await chain.ensure_offers(door, KIND, offers(sorted(ours.values())))
    customers = {receipt.customer for receipt in receipts}
    ids, registered = await chain.ensure_customers(door, KIND, [*customers, PROBE])
    newest_shop = max(ours, key=lambda code: ours[code])
    await chain.await_offer(door, newest_shop, named, KIND, PROBE)
    openings = opening_balances(receipts)
    brought = sum([await bring(door, ids[who], who, points) for who, points in sorted(openings.items())])
    if any(receipt.spent_minor for receipt in receipts):
        largest = max(cap_of(receipt) for receipt in receipts if receipt.spent_minor)
        await bring(door, ids[PROBE], PROBE, largest + 1)
    shops = [shop_code(store) for store in stores]
    before = await chain.read_books(door, shops)
    sender = Sender(door)
    await each_in_order(steps(receipts), sender.send, key=lambda receipt: receipt.customer, at_once=door.connections)
    after = await chain.read_books(door, shops)
    verdict = await chain.check_books(door, before, after, sender.answered.said)
    return summary(receipts, openings, brought, registered, sender, after, verdict)


async def bring(door: Door, id: UUID, customer: str, points: int) -> bool:
    """The balance a customer comes with. Says whether it was given just now."""
    body = {
        "request_id": document_id(KIND, "opening", customer, points),
        "points": format_minor(points),
        "reason": "opening balance of the replayed history",
    }
    reply = await door.ask("POST", f"/v1/customers/{id}/points:give", body)
    require_good("points:give", reply)
    return not reply.is_repeat


def offers(shop_ids: Sequence[int]) -> dict[str, dict[str, Any]]:
    """The programme as configuration. What is published last tells that all are live."""
    where = {"shops": list(shop_ids)}
    steps = [{"from_minor": from_minor, "rate_bp": rate_bp} for from_minor, rate_bp in STEPS]
    reward = {"kind": "rate", "steps": steps, "rounding": "down", "step_minor": TENTH}
    return {
        "points": {"kind": "point_programme", "currency": "RUB", "where": where},
        "cap": {"kind": "burn_cap", "share_bp": CAP_BP, "share_of": "check", "where": where},
        "earn": {"kind": "earn", "reward": reward, "where": where},
    }


def summary(
    receipts: Sequence[Receipt],
    openings: dict[str, int],
    brought: int,
    registered: int,
    sender: Sender,
    books: chain.Books,
    verdict: chain.Verdict,
) -> dict[str, Any]:
    answered = sender.answered
    plain, burning = sender.against, sender.against_with_burn
    return {
        "kind": KIND,
        "rules": RULES,
        "read": {
            "receipts": len(receipts),
            "clients": len({receipt.customer for receipt in receipts}),
            "stores": len({receipt.store for receipt in receipts}),
            "with_redemption": sum(bool(receipt.spent_minor) for receipt in receipts),
            "paid": format_minor(sum(receipt.paid_minor for receipt in receipts)),
            "points_received": format_minor(sum(receipt.received_minor for receipt in receipts)),
            "express_points_received": format_minor(sum(receipt.express_minor for receipt in receipts)),
            "points_spent": format_minor(sum(receipt.spent_minor for receipt in receipts)),
        },
        "customers": {"registered_now": registered},
        "opening_balances": {
            "clients": len(openings),
            "points": format_minor(sum(openings.values())),
            "brought_now": brought,
        },
        "sales": {
            "documents": answered.sales,
            "of_documents_planned": len(receipts),
            "paid": format_minor(answered.paid_minor),
        },
        "points": {
            "earned": format_minor(answered.earned_minor),
            "burned": format_minor(answered.burned_minor),
            "receipts_earned_otherwise_than_the_rule": sender.otherwise_than_the_rule,
        },
        "earned_exact_share": round(plain["exact"] / plain.total(), 4) if plain.total() else None,
        "differences": {
            "without_redemption": shares(plain),
            "with_redemption": shares(burning),
            # What the file calls paid may well be the sum before points: the rule then fits these receipts too.
            "with_redemption_exact_if_points_came_off_the_sum": sender.less_points,
            "more_in_the_file": format_minor(sender.more_minor),
            "less_in_the_file": format_minor(sender.less_minor),
        },
        "redemptions": {
            "in_the_file": sum(bool(receipt.spent_minor) for receipt in receipts),
            "accepted": sender.redeemed,
            "exactly_at_the_cap": sender.at_cap,
            "cap_itself_accepted": sender.at_cap_accepted,
            "a_kopeck_above_the_cap_refused": sender.above_cap_refused,
            "a_kopeck_above_the_cap_accepted": sender.above_cap_accepted,
        },
        **ending(answered, books, verdict),
    }


def shares(counted: Counter[str]) -> dict[str, int]:
    return {kind: counted[kind] for kind in ("exact", "more_in_the_file", "less_in_the_file")}
