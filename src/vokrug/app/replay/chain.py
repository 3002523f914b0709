"""What a history needs before it can be replayed: shops, offers as configuration, customers, and the books."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from vokrug.app.replay.door import AnswerUnexpected, Door
from vokrug.kernel import format_minor, parse_minor

NAMESPACE = UUID("6d3f0c2e-7a51-5b0e-9c57-3b1e5d0f4a11")
TILL = "replay"
RESOLVED_AT_ONCE = 100
OFFERS_LIVE_WITHIN_S = 30.0
LOOK_AGAIN_S = 0.2
# Called so by the replay: the histories know numbers, not people.
CALLED = "Customer"

# Shows a bar while documents are taken one by one.
Steps = Callable[[Sequence[Any]], Iterator[Any]]


def document_id(kind: str, *parts: object) -> UUID:
    """The same document of the same kind of file has the same id on every run, on every machine."""
    return uuid5(NAMESPACE, "/".join([kind, *map(str, parts)]))


# Shops and offers. What is as it should be already is left alone: a second run changes nothing.


async def ensure_shops(door: Door, shops: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Open the shops that are missing. Their numbers by their codes."""
    known = {shop["code"]: shop["id"] for shop in (await door.need("GET", "/v1/shops"))["shops"]}
    for code, terms in shops.items():
        if code not in known:
            opened = await door.need("PUT", "/v1/shops", {"code": code, "tills": [TILL], **terms})
            known[code] = opened["id"]
    return known


async def ensure_offers(door: Door, kind: str, bodies: Mapping[str, Mapping[str, Any]]) -> str:
    """Offers by their keys, one after another. Answers how receipts name the last of them."""
    named = ""
    for key, body in bodies.items():
        named = await ensure_offer(door, kind, key, body)
    return named


async def ensure_offer(door: Door, kind: str, key: str, body: Mapping[str, Any]) -> str:
    """Write down, check and publish an offer by its key; one that was reworded gets a new version. Answers how
    receipts name it.
    """
    id = document_id(kind, "offer", key)
    offer = f"/v1/promotions/{id}"
    reply = await door.ask("GET", offer)
    if reply.status == 404:
        made = {"id": id, "key": f"{kind}.{key}", "name": f"{kind}: {key}", "owner": "replay", "body": body}
        card = await door.need("POST", "/v1/promotions", made)
    else:
        card = await door.need("POST", f"{offer}/versions", {"body": body})
    newest = card["versions"][-1]
    if newest["state"] in ("draft", "checked"):
        card = await door.need("POST", f"{offer}:check", {"version": newest["version"]})
    if newest["state"] != "published":
        await door.need("POST", f"{offer}:publish", {"version": newest["version"]})
    return f"{card['offer']['number']}.v{newest['version']}"


async def await_offer(door: Door, shop: str, named: str, system: str, customer: str) -> None:
    """Processes renew shops and offers every second: wait until all that answer judge a check by this one.
    A check that nobody asks to hold is only priced: nothing is written.
    """
    asked = {
        "rev": 0,
        "shop": shop,
        "till": TILL,
        "identifier": {"type": f"ext:{system}", "value": customer},
        "lines": [{"n": 1, "sku": "looking", "qty": "1", "price": "1000"}],
    }
    path = f"/pos/v1/checks/{document_id('replay', 'looking')}:calculate"

    async def knows() -> bool:
        reply = await door.ask("POST", path, asked)
        return reply.is_good and named in {verdict["ref"] for verdict in reply.read()["verdicts"]}

    for _ in range(round(OFFERS_LIVE_WITHIN_S / LOOK_AGAIN_S)):
        if all(await asyncio.gather(*[knows() for _ in range(door.connections)])):
            return
        await asyncio.sleep(LOOK_AGAIN_S)
    raise AnswerUnexpected(what="calculate", answer="without the offers that were published")


# Customers, known by the number that the history has for them


async def ensure_customers(door: Door, system: str, numbers: Iterable[str]) -> tuple[dict[str, UUID], int]:
    """Register whom the centre does not know yet. Their ids by number, and how many are new."""
    code = f"ext:{system}"
    types = (await door.need("GET", "/v1/identifier-types"))["types"]
    if code not in {one["code"] for one in types}:
        await door.need("PUT", f"/v1/identifier-types/{code}", {"sensitivity": "plain", "is_immutable": True})
    wanted = sorted(set(numbers))
    ids: dict[str, UUID] = {}
    parts = [wanted[at : at + RESOLVED_AT_ONCE] for at in range(0, len(wanted), RESOLVED_AT_ONCE)]
    for part in parts:
        asked = {"identifiers": [{"type": code, "value": number} for number in part]}
        found = (await door.need("POST", "/v1/customers:resolve", asked))["customers"]
        ids |= {number: UUID(one["id"]) for number, one in zip(part, found, strict=True) if one is not None}
    newcomers = [number for number in wanted if number not in ids]

    async def register(number: str) -> None:
        body = {
            "request_id": document_id(system, "customer", number),
            "identifier": {"type": code, "value": number},
            "called": CALLED,
        }
        ids[number] = UUID((await door.need("POST", "/v1/customers", body))["customer"]["id"])

    for at in range(0, len(newcomers), door.connections):
        await asyncio.gather(*[register(number) for number in newcomers[at : at + door.connections]])
    return ids, len(newcomers)


async def read_balances(door: Door, shop: str, system: str, numbers: Iterable[str]) -> dict[str, Any]:
    """What every customer has in the end, in sum, and as a digest by which two replays are compared."""
    told: dict[str, tuple[str, str]] = {}

    async def read(number: str) -> None:
        asked = {"shop": shop, "till": TILL, "identifier": {"type": f"ext:{system}", "value": number}}
        balance = (await door.need("POST", "/pos/v1/identify", asked))["balance"]
        told[number] = balance["active"], balance["debt"]

    wanted = sorted(set(numbers))
    for at in range(0, len(wanted), door.connections):
        await asyncio.gather(*[read(number) for number in wanted[at : at + door.connections]])
    lines = "".join(f"{number} {active} {debt}\n" for number, (active, debt) in sorted(told.items()))
    return {
        "customers": len(told),
        "points": format_minor(sum(parse_minor(active) for active, _ in told.values())),
        "debt": format_minor(sum(parse_minor(debt) for _, debt in told.values())),
        "digest": hashlib.sha256(lines.encode()).hexdigest(),
    }


# The books


@dataclass(frozen=True, slots=True)
class Books:
    """What the server's own ledger says of the shops of a replay."""

    taken_minor: int  # money that came in for sales
    refunded_minor: int
    burned_minor: int  # points that paid
    restored_minor: int  # points that came back with goods


async def read_books(door: Door, shops: Sequence[str]) -> Books:
    clearing, redeemed = ({f"{name}/{shop}" for shop in shops} for name in ("till.clearing", "points.redeemed"))
    lines = (await door.need("GET", "/v1/ledger/trial-balance"))["lines"]

    def total(codes: set[str], side: str) -> int:
        return sum(line[side] for line in lines if line["code"] in codes)

    return Books(
        taken_minor=total(clearing, "debits"),
        refunded_minor=total(clearing, "credits"),
        burned_minor=total(redeemed, "credits"),
        restored_minor=total(redeemed, "debits"),
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Do the books balance, and do they say what the answers said?"""

    balanced: bool
    differences: list[Any] = field(default_factory=list)
    journals: int = 0


async def check_books(door: Door, before: Books, after: Books, said: Books) -> Verdict:
    """The ledger's own check; and the shops' accounts must have moved by exactly what the new answers said."""
    report = await door.need("POST", "/v1/ledger:check", {})
    differences = list(report["differences"])
    for name in Books.__dataclass_fields__:
        moved, told = getattr(after, name) - getattr(before, name), getattr(said, name)
        if moved != told:
            differences.append(
                {"rule": "accounts moved as answered", "what": name, "by": f"{moved} moved, {told} told"}
            )
    return Verdict(report["balanced"] and not differences, differences, report["journals"])
