"""The words of the cases, each mapped onto the public API. Nothing here knows an expected value."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vokrug.app.scenarios.calculators import CALCULATORS
from vokrug.app.scenarios.fields import Difference, Fields, NotUnderstood, same
from vokrug.app.scenarios.world import DAY_ZERO, SUMS, World
from vokrug.kernel import parse_minor


@dataclass(frozen=True)
class Delivery:
    """A step that changes something: its instructions, and the result expected of each."""

    instructions: list[dict[str, Any]]
    expected: list[str]
    atomic: bool = False


# Steps that change something


def transfer(world: World, fields: Fields) -> dict[str, Any]:
    one = sides(fields)
    if effective := fields.take("effective_at", default=None):
        one["effective_at"] = world.moment(effective)
    if fields.take("force", default=False):
        one["force"] = True
    return one


def hold(world: World, fields: Fields) -> dict[str, Any]:
    return sides(fields) | time_limit(fields)


def time_limit(fields: Fields) -> dict[str, int]:
    """No limit, or a limit of nothing, is none."""
    timeout_s = fields.take("timeout_s", "timeout", default=None)
    return {"timeout_s": timeout_s} if timeout_s else {}


def amount_of(fields: Fields, **otherwise: str) -> int | str:
    """Whole minor units, all there is, or an exact decimal."""
    amount: int | str = fields.take("amount", **otherwise)
    return parse_minor(amount) if isinstance(amount, str) and amount != "all" else amount


def sides(fields: Fields) -> dict[str, Any]:
    one = {"debit": fields.take("debit"), "credit": fields.take("credit"), "amount": amount_of(fields)}
    if up_to := fields.take("up_to", default=None):
        one["up_to"] = up_to
    return one


def capture(world: World, fields: Fields) -> dict[str, Any]:
    return {"hold": fields.take("hold"), "amount": amount_of(fields, default="all")}


def void(world: World, fields: Fields) -> dict[str, Any]:
    return {"hold": fields.take("hold")}


def close(world: World, fields: Fields) -> dict[str, Any]:
    return {"wallet": fields.take("account", "wallet")} | time_limit(fields)


def reopen(world: World, fields: Fields) -> dict[str, Any]:
    return {"close": fields.take("close", "of", "undoes")}


def post(world: World, fields: Fields) -> dict[str, Any]:
    """A fact, recorded: only accounts that the case gave a guard are asked for permission."""
    movements = []
    asset = fields.take("asset", default="RUB")
    for debit, credit, amount, *own in fields.take("postings", "movements"):
        for account in (debit, credit):
            world.open(account, asset=own[0] if own else asset, guard="n" if account == "world" else "d")
        movements.append({"debit": debit, "credit": credit, "amount": amount})
    named = {account for leg in movements for account in (leg["debit"], leg["credit"])}
    force = fields.take("force", default=not named & world.guards.keys())
    one = {"movements": movements, "force": force}
    if (effective := fields.take("effective_at", "at", default=None)) is not None:
        one["effective_at"] = world.times[fields.step.get("id", "")] = world.moment(effective)
    return one


def revert(world: World, fields: Fields) -> dict[str, Any]:
    one = {"of": fields.take("of"), "force": fields.take("force", default=False)}
    at_its_time = fields.take("at_effective_date", "at_effective_time", "same_time", default=False)
    if (effective := fields.take("effective_at", default=None)) is not None:
        one["effective_at"] = world.moment(effective)
    elif told := world.times.get(one["of"]):
        # Plain integers know no "now": what is undone without a time is undone at the latest one told so far.
        one["effective_at"] = told if at_its_time else max(world.times.values())
    return one


INSTRUCTIONS: dict[str, Callable[[World, Fields], dict[str, Any]]] = {
    "transfer": transfer,
    "hold": hold,
    "capture": capture,
    "void": void,
    "close": close,
    "reopen": reopen,
    "post": post,
    "revert": revert,
}


def instruction_of(world: World, step: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A step as an instruction, and the result it expects; `ok` unless it says otherwise."""
    op = step["op"]
    if op not in INSTRUCTIONS:
        raise NotUnderstood(f"{op} cannot be part of a chain or a storm")
    fields = Fields(step, f"{op} {step.get('id', '')}".strip())
    one = {"op": op, "id": fields.take("id"), **INSTRUCTIONS[op](world, fields)}
    expected = fields.take("expect", default="ok")
    fields.done()
    return one, expected


def delivery_of(world: World, step: dict[str, Any]) -> Delivery | None:
    """The step as something that can be sent, sent twice, or sent together with its neighbours."""
    if step["op"] in INSTRUCTIONS:
        one, expected = instruction_of(world, step)
        return Delivery([one], [expected])
    if step["op"] == "chain":
        fields = Fields(step, "chain")
        members = [instruction_of(world, member) for member in fields.take("steps", "members")]
        codes: Any = fields.take("expect", default=None)
        fields.take("id", default=None)
        fields.done()
        own = [code for _, code in members]
        return Delivery([one for one, _ in members], codes if isinstance(codes, list) else own, atomic=True)
    return None


# Steps that look


def tick(world: World, fields: Fields) -> None:
    world.advance(fields.take("seconds"))


def check(world: World, fields: Fields) -> None:
    for account, expected in fields.take("balances", default={}).items():
        stands = world.ask("GET", world.path(account))
        compare_sums(account, expected, stands)
    for key, amount in fields.take("moved", default={}).items():
        if key not in world.results:
            raise Difference(f"moved by {key}", amount, "nothing was accepted under this id")
        same(f"moved by {key}", amount, world.results[key]["moved"])
    if (count := fields.take("movement_count", default=None)) is not None:
        same("movements recorded", count, movement_count(world))
    if (totals := fields.take("asset_totals", default=None)) is not None:
        sums = asset_totals(world)
        same("asset totals", totals, {asset: sums.get(asset, 0) for asset in totals})


def compare_sums(account: str, expected: dict[str, int], stands: dict[str, Any]) -> None:
    if strange := expected.keys() - SUMS.keys():
        raise NotUnderstood(f"balances of {account} name {', '.join(sorted(strange))}")
    same(f"balances of {account}", expected, {key: stands[SUMS[key]] for key in expected})


def movement_count(world: World) -> int:
    """Documents of value since the case began; one with several movements counts each of them."""
    journals: int = world.ask("POST", "/v1/ledger:check")["journals"]
    return journals - world.journals_before + world.extra_movements


def asset_totals(world: World) -> dict[str, int]:
    """Posted debits less posted credits over the case's accounts, without what the harness put there."""
    totals: dict[str, int] = {}
    for account, asset in world.units.items():
        if account.startswith("house of "):
            continue
        stands, opening = world.ask("GET", world.path(account)), world.openings.get(account, {})
        net = stands["debits"] - stands["credits"] - opening.get("d", 0) + opening.get("c", 0)
        totals[asset] = totals.get(asset, 0) + net
    return totals


def check_recorded(world: World, fields: Fields) -> None:
    account = fields.take("account", default=None)
    key = fields.take("after", "movement", "id", "at", "of")
    expected = fields.take("balances", "balance", "expect", default=None)
    if expected is None:
        expected = {name: fields.take(name) for name in SUMS if fields.has(name)}
    of_each = expected if account is None else {account: expected.get(account, expected)}
    for name, sums in of_each.items():
        compare_sums(f"{name} after {key}", sums, world.then(name, after=world.code(key)))


def check_effective(world: World, fields: Fields) -> None:
    account, at = fields.take("account"), fields.take("at")
    compare_in_out(f"{account} at {at}", fields, world.then(account, effective_at=world.moment(at)))


def check_as_recorded_before(world: World, fields: Fields) -> None:
    account, at = fields.take("account"), fields.take("at", default=None)
    key = fields.take("before", "movement", "id", "recorded_before", "of")
    moment = "9999-01-01T00:00:00+00:00" if at is None else world.moment(at)
    stood = world.then(account, effective_at=moment, before=world.code(key))
    compare_in_out(f"{account} at {at} as known before {key}", fields, stood)


def compare_in_out(what: str, fields: Fields, stood: dict[str, Any]) -> None:
    expected = fields.take("expect", default=None) or {
        name: fields.take(name) for name in ("in", "out", "balance") if fields.has(name)
    }
    got = {"in": stood["received"], "out": stood["sent"], "balance": stood["received"] - stood["sent"]}
    if strange := expected.keys() - got.keys():
        raise NotUnderstood(f"{what} expects {', '.join(sorted(strange))}")
    same(what, expected, {name: got[name] for name in expected})


def check_first_used(world: World, fields: Fields) -> None:
    account = fields.take("account")
    expected = fields.take("expect", "at", "first", "first_used", "effective_at")
    first = world.then(account)["first_used"]
    found = None if first is None else datetime.fromisoformat(first)
    if isinstance(expected, int) and found is not None:
        same(f"first use of {account}", expected, (found - DAY_ZERO).days)
    else:
        wanted = None if expected is None else datetime.fromisoformat(world.moment(expected))
        same(f"first use of {account}", wanted, found)


def calculated(work: Callable[[Fields, dict[str, Any]], None]) -> Callable[[World, Fields], None]:
    return lambda world, fields: work(fields, world.memory)


LOOKS: dict[str, Callable[[World, Fields], None]] = {
    "tick": tick,
    "check": check,
    "check_recorded": check_recorded,
    "check_effective": check_effective,
    "check_as_recorded_before": check_as_recorded_before,
    "check_first_used": check_first_used,
    **{op: calculated(work) for op, work in CALCULATORS.items()},
}


def shown(step: dict[str, Any]) -> str:
    """A step in one line of a report."""
    text = json.dumps(step, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "..."
