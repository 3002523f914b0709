"""The report as a person reads it."""

from vokrug.app.bench.results import Load, Report


def page(report: Report) -> str:
    """Everything that was measured, round by round; medians below."""
    lines = [f"{report.machine}. {', '.join(f'{name} {value}' for name, value in report.plan.items())}.", ""]
    for n, one in enumerate(report.rounds, 1):
        load = one.load
        lines += [
            f"round {n}: {load.sales_s:6.0f} sales/s {load.calls_s:6.0f} calls/s, {one.ratio:.3f} of TPC-B's "
            f"{one.before.tps:.0f} and {one.after.tps:.0f} tps (others took {one.before.other_cores:.2f} and "
            f"{one.after.other_cores:.2f} cores)",
            f"         {latencies(load)}",
            f"         {costs(load)}",
            f"         {one.cpu_ratio:.2f} of TPC-B's {one.before.cpu_us:.0f} and {one.after.cpu_us:.0f} µs | "
            f"RSS MiB {' '.join(map(str, one.memory_mib))}",
        ]
    if found := report.medians:
        lines.append(
            f"median:  {found.sales_s:6.0f} sales/s | TPC-B {found.tpcb_tps:.0f} tps, p99 {found.tpcb_p99_ms:.1f} ms | "
            f"ratio {found.ratio:.3f} | CPU µs a sale {found.program_us:.0f} + {found.database_us:.0f} "
            f"(+ {found.tills_us:.0f}), TPC-B {found.tpcb_cpu_us:.0f}: {found.cpu_ratio:.2f}"
        )
    if report.open_loop:
        lines += ["", "Sales arriving at random, latency from the planned start, p50/p99 ms:"]
    lines += [
        f"{load.rate:6.0f}/s offered, {load.sales_s:.0f} made: {latencies(load)} | {costs(load)}"
        for load in report.open_loop
    ]
    if report.growth:
        lines += ["", "Growth, CPU µs a sale:"]
    lines += [
        f"{f'{step.of} {step.size:,}':32} {costs(step.load)} | {step.load.sales_s:.0f} sales/s"
        for step in report.growth
    ]
    if hot := report.hot_card:
        lines.append(f"{'100 tills on one card':32} {costs(hot)} | {hot.sales_s:.0f} sales/s | {latencies(hot)}")
    if report.engine:
        lines += [
            "",
            "By itself, CPU µs: " + ", ".join(f"{name[:-3]} {value:.1f}" for name, value in report.engine.items()),
        ]
    if report.goals:
        lines += ["", f"{'goal':65} floor    target   measured"]
    for goal in report.goals:
        measured = "" if goal.measured is None else f"{goal.measured:.2f}"
        lines.append(f"{goal.name:4} {goal.what:60} {goal.floor:8} {goal.target:8} {measured:8} {goal.verdict}")
    lines += ["", f"Unexpected answers: {report.unexpected or 'none'}."]
    if books := report.books:
        word = "balance" if books.balanced else "DO NOT BALANCE: " + "; ".join(books.differences[:5])
        lines.append(
            f"The books {word} ({books.journals:,} journals, {books.movements:,} movements, {books.lots:,} lots, "
            f"{books.wallets:,} wallets, checked in {books.seconds:.0f} s)."
        )
    return "\n".join(lines)


def latencies(load: Load) -> str:
    said = ", ".join(f"{name} {one.p50_ms:.1f}/{one.p99_ms:.1f}" for name, one in load.latency.items())
    return said + (f", generator late {load.late.p50_ms:.2f}/{load.late.p99_ms:.2f}" if load.late else "")


def costs(load: Load) -> str:
    return (
        f"CPU µs a sale: {load.program_us:.0f} program + {load.database_us:.0f} database "
        f"({load.background_us:.0f} of it in the background), {load.tills_us:.0f} tills | "
        f"cores: others {load.other_cores:.2f}, idle {load.idle_cores:.2f}, waiting for disks {load.disk_cores:.2f}"
    )
