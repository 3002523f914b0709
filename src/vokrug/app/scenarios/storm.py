"""Concurrent load. The cases leave its form open, so the fields that tell a sensible one are read here."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from vokrug.app.scenarios.fields import Fields, NotUnderstood, same
from vokrug.app.scenarios.steps import check, instruction_of
from vokrug.app.scenarios.world import World

MOST = 20_000  # a storm is a test, not a benchmark


def storm(world: World, fields: Fields, *, number: int) -> None:
    """Many callers at once, each with its own line; then the totals."""
    workers = fields.take("workers", "clients", "threads", "parallel", "concurrency", "callers", default=8)
    times = fields.take("times", "count", "n", "repeat", "movements", "transfers", "requests", "total", default=None)
    each = fields.take("each", "per_worker", "per_client", "iterations", default=None)
    templates = fields.take("ops", "steps", "operations", "templates", "template", "step", "do", "mix", default=None)
    if templates is None:
        templates = made_up(fields)
    templates = templates if isinstance(templates, list) else [templates]
    if each is not None:
        times = each * workers
    if times is None and fields.take("seconds", "duration_s", default=None) is not None:
        times = 25 * workers  # a count says more than a clock that stands still
    if times is None:
        times = len(templates)  # each of them once, all at the same time
    if not isinstance(times, int) or not isinstance(workers, int) or not 0 < times <= MOST:
        raise NotUnderstood(f"a storm of {times!r} operations by {workers!r} workers")
    met = blow(world, instructions(world, templates, times, number), min(workers, 64))
    if (results := fields.take("results", "outcomes", "statuses", default=None)) is not None:
        same("results of the storm", results, {status: met.get(status, 0) for status in results})
    expected = dict(fields.take("expect", default={}) or {}) if not isinstance(fields.step.get("expect"), str) else {}
    if isinstance(fields.step.get("expect"), str):
        same("results of the storm", {fields.step["expect"]: times}, dict(met))
        fields.take("expect")
    looks = {
        name: expected.pop(name) for name in ("balances", "asset_totals", "movement_count", "moved") if name in expected
    }
    looks |= {name: fields.take(name) for name in ("balances", "asset_totals", "movement_count") if fields.has(name)}
    counted = {status: met.get(status, 0) for status in expected}
    same("results of the storm", expected, counted)
    fields.take("seed", "id", default=None)
    fields.done()
    check(world, Fields(looks, "the totals of a storm"))
    report = world.ask("POST", "/v1/ledger:check")
    same("differences in the books", [], report["differences"])


def made_up(fields: Fields) -> list[dict[str, Any]]:
    """No operation is spelled out: movements of small amounts, one way or between any two accounts."""
    amount = fields.take("amount", "amounts", "max_amount", default=1)
    largest = max(amount) if isinstance(amount, list) else amount
    if fields.has("debit") or fields.has("from"):
        debit, credit = fields.take("debit", "from"), fields.take("credit", "to")
        return [{"op": fields.take("kind", default="transfer"), "debit": debit, "credit": credit, "amount": largest}]
    accounts = fields.take("accounts", "between", default=None)
    if not isinstance(accounts, list) or len(accounts) < 2:
        raise NotUnderstood("a storm that names neither operations nor accounts")
    rng = random.Random(fields.take("seed", default=1))
    pairs = [rng.sample(accounts, 2) for _ in range(64)]
    return [
        {"op": "transfer", "debit": debit, "credit": credit, "amount": rng.randint(1, largest)}
        for debit, credit in pairs
    ]


def instructions(
    world: World, templates: list[Any], times: int, number: int
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Templates in turn; an id is completed with a number unless it is meant to be the same each time."""
    for n in range(times):
        template = dict(templates[n % len(templates)])
        key = str(template.get("id", f"storm {number}"))
        if "{" in key:
            for mark in ("{i}", "{n}", "{}", "{k}"):
                key = key.replace(mark, str(n))
        elif times > len(templates) or "id" not in template:
            key = f"{key} {n}"
        one, _ = instruction_of(world, template | {"id": key})
        expected = template.get("expect")
        yield one, expected


def blow(world: World, told: Iterator[tuple[dict[str, Any], str | None]], workers: int) -> Counter[str]:
    """Send everything at once; each worker on its own connection."""
    waiting = list(told)
    met: Counter[str] = Counter()

    def work(share: int) -> list[str]:
        own = replace(world, client=world.client.another())
        statuses = []
        for one, expected in waiting[share::workers]:
            (result,) = own.deliver([one])
            statuses.append(result["status"])
            if isinstance(expected, str):
                same(f"{one['id']} in the storm", expected, result["status"])
        return statuses

    with ThreadPoolExecutor(workers) as pool:
        for statuses in pool.map(work, range(workers)):
            met.update(statuses)
    return met
