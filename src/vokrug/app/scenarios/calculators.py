"""Cases without books: the calculators, called through the ledger's front door."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from vokrug import ledger
from vokrug.app.scenarios.fields import Fields, NotUnderstood, same
from vokrug.kernel import Refusal

Memory = dict[str, Any]  # of earlier calculations of the same case


def answer_or_code(work: Callable[[], Any]) -> Any:
    """What a calculator says; its refusal is its code."""
    try:
        return work()
    except Refusal as refusal:
        return {"error": refusal.code}


def compare(what: str, expected: Any, got: Any) -> None:
    """An error may be written as its code alone or as `{"error": code}`."""
    if isinstance(expected, str):
        expected = {"error": expected}
    if isinstance(expected, dict) and isinstance(got, dict) and "error" not in got and "error" not in expected:
        if strange := expected.keys() - got.keys():
            raise NotUnderstood(f"{what} expects {', '.join(sorted(strange))}")
        got = {name: got[name] for name in expected}
    same(what, expected, got)


def split(fields: Fields, memory: Memory) -> None:
    amount, parts = fields.take("amount", "total"), fields.take("parts", "shares")
    compare("split", fields.take("expect"), answer_or_code(lambda: ledger.split(amount, parts)))


def draw(fields: Fields, memory: Memory) -> None:
    amount, asked = fields.take("amount"), fields.take("sources")
    fields.take("asset", default=None)
    sources = []
    for given in asked:
        source = Fields(given, "a source")
        overdraft = source.take("overdraft", default=0)
        sources.append(
            ledger.Source(
                source.take("account", "name"),
                source.take("balance"),
                source.take("max", "cap", default=None),
                None if overdraft in ("unlimited", "unbounded", None) else overdraft,
            )
        )
        source.done()

    def work() -> dict[str, Any]:
        taken = ledger.draw(None if amount == "all" else amount, sources)
        return {"taken": [list(part) for part in taken], "total": sum(part for _, part in taken)}

    compare("draw", fields.take("expect"), answer_or_code(work))


def fee(fields: Fields, memory: Memory) -> None:
    amount, rate, cap = fields.take("amount"), fields.take("rate", "share"), fields.take("cap", "max", default=None)

    def work() -> dict[str, int]:
        charged = ledger.fee(amount, rate, cap)
        return {"fee": charged, "rest": amount - charged}

    compare("fee", fields.take("expect"), answer_or_code(work))


def reduce_lots(fields: Fields, memory: Memory) -> None:
    lots = [
        ledger.AcquiredLot(given["lot"], given["qty"], date.fromisoformat(str(given["acquired"])))
        for given in fields.take("lots")
    ]
    quantity, method = fields.take("qty", "quantity"), fields.take("method", default="fifo")

    def work() -> dict[str, Any]:
        taken = ledger.reduce_lots(lots, quantity, method)
        left = {lot.key: lot.quantity for lot in lots}
        for key, part in taken:
            left[key] -= part
        return {"taken": [list(part) for part in taken], "left": left}

    compare("reduce_lots", fields.take("expect"), answer_or_code(work))


def add(fields: Fields, memory: Memory) -> None:
    values = fields.take("values", "terms", "amounts", "numbers", "items", "of")
    expected = fields.take("expect", "total")
    same("sum", Decimal(expected), sum((Decimal(value) for value in values), Decimal(0)))


def defer(fields: Fields, memory: Memory) -> None:
    price = fields.take("price", "total", "amount", "paid", "sale")
    goods = fields.take("goods", "goods_value", "goods_price", "goods_ssp", "goods_standalone", "standalone_goods")
    points = fields.take(
        "points", "points_value", "points_price", "points_ssp", "points_standalone", "standalone_points"
    )
    for_goods, for_points = ledger.defer(price, goods, points)
    names = {"goods": for_goods, "revenue": for_goods, "points": for_points, "liability": for_points}
    memory["liability"] = for_points
    expected = fields.take("expect")
    compare("defer", expected, [for_goods, for_points] if isinstance(expected, list) else names)


def recognise(fields: Fields, memory: Memory) -> None:
    """One recognition, or several of one liability after another."""
    liability = fields.take("liability", default=memory.get("liability"))
    rounds = fields.take("rounds", "steps", "periods", "events", default=None)
    expected = fields.take("expect", default=None)
    earlier = memory.get(f"recognised of {liability}", 0)
    before = fields.take("recognised", "recognised_before", "recognized_before", "before", "already", default=earlier)
    answers = []
    for given in rounds if rounds is not None else [fields.step]:
        one = fields if rounds is None else Fields(given, "a recognition")
        redeemed = one.take("redeemed", "redeemed_so_far", "used")
        in_all = one.take("expected", "expected_total", "expected_in_all", "expected_redemptions", "of")
        answers.append(ledger.recognise(liability, redeemed, in_all, before))
        before += answers[-1]
        if rounds is not None:
            if (named := one.take("expect", default=None)) is not None:
                compare("recognise", named, {"revenue": answers[-1]} if isinstance(named, dict) else answers[-1])
            one.done()
    memory[f"recognised of {liability}"] = before
    if expected is not None:
        names = {"revenue": answers[-1], "recognised": answers[-1], "now": answers[-1], "left": liability - before}
        if isinstance(expected, list):
            compare("recognise", expected, answers)
        else:
            compare("recognise", expected, names if isinstance(expected, dict) else answers[-1])


CALCULATORS: dict[str, Callable[[Fields, Memory], None]] = {
    "split": split,
    "draw": draw,
    "fee": fee,
    "reduce_lots": reduce_lots,
    "sum": add,
    "defer": defer,
    "recognise": recognise,
}
