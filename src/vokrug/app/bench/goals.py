"""The goals of performance, each a ratio within one run where it can be: machines differ, shapes do not."""

from typing import Literal

from vokrug.app.bench.numbers import ratio
from vokrug.app.bench.results import Goal, Load, Report


def goals_of(report: Report) -> list[Goal]:
    """Every goal, measured where this run looked."""
    medians, engine = report.medians, report.engine
    at_200 = next((load for load in report.open_loop if load.rate == 200), None)

    def at_share(share: float) -> float | None:
        load = next((load for load in report.open_loop if load.share_of_best == share), None)
        return None if load is None or medians is None else ratio(load.latency["commit"].p99_ms, medians.tpcb_p99_ms)

    def over(name: str, base: str) -> float | None:
        return ratio(engine[name], engine[base]) if name in engine and base in engine else None

    def grown(of: Literal["customers", "lots", "history"]) -> float | None:
        """The database's time a sale at the last step, over the first."""
        loads = [step.load for step in report.growth if step.of == of]
        return ratio(loads[-1].database_us, loads[0].database_us) if loads else None

    def tail_ms(load: Load | None, call: str) -> float | None:
        return None if load is None else load.latency[call].p99_ms

    reading = "reading and answering the trolley"
    return [
        at_least("P1", "sales/s ÷ tps of TPC-B", 0.30, 0.40, medians.ratio if medians else None),
        at_most("P2", "CPU a sale ÷ CPU of a TPC-B transaction", 3.0, 2.0, medians.cpu_ratio if medians else None),
        at_most("P3", "p99 of commit at 0.3 of the best rate ÷ p99 of TPC-B", 1.5, 0.8, at_share(0.3)),
        at_most("P4", "the same at 0.6 of the best rate", 4.0, 2.0, at_share(0.6)),
        at_most("P5", "p99 of identify at 200 sales/s, ms", 10, 5, tail_ms(at_200, "identify")),
        at_most("P5", "p99 of calculate at 200 sales/s, ms", 20, 8, tail_ms(at_200, "calculate")),
        at_most("P5", "p99 of commit at 200 sales/s, ms", 20, 8, tail_ms(at_200, "commit")),
        at_most("P6", "database time, commits ten at once ÷ singly", 0.40, 0.25, over("batched_us", "single_us")),
        at_most("P7", f"pricing under 50 offers ÷ {reading}", 1.0, 0.5, over("price_50_us", "raw_answer_us")),
        at_most("P8", "pricing, 10,000 offers ÷ 50", 1.5, 1.1, over("price_10000_us", "price_50_us")),
        at_most("P9", "pricing, 500 ÷ 50 on the same goods", 10, 8, over("price_500_same_us", "price_50_same_us")),
        at_most("P10", "database time a sale, 3,000 lots ÷ 3", 1.3, 1.1, grown("lots")),
        at_most("P11", "database time a sale, 1,000,000 customers ÷ 1,000", 2.5, 2.0, grown("customers")),
        at_most("P12", "database time a sale, 3,000,000 past sales more", 1.4, 1.2, grown("history")),
    ]


def at_least(name: str, what: str, floor: float, target: float, measured: float | None) -> Goal:
    return Goal(
        name=name,
        what=what,
        floor=f"≥ {floor:g}",
        target=f"≥ {target:g}",
        measured=measured,
        verdict=verdict(
            measured, measured is not None and measured >= floor, measured is not None and measured >= target
        ),
    )


def at_most(name: str, what: str, floor: float, target: float, measured: float | None) -> Goal:
    return Goal(
        name=name,
        what=what,
        floor=f"≤ {floor:g}",
        target=f"≤ {target:g}",
        measured=measured,
        verdict=verdict(
            measured, measured is not None and measured <= floor, measured is not None and measured <= target
        ),
    )


def verdict(measured: float | None, is_above_floor: bool, is_on_target: bool) -> str:
    if measured is None:
        return "not measured"
    return "target met" if is_on_target else "floor met" if is_above_floor else "MISSED"
