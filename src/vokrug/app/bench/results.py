"""What a benchmark finds out."""

from statistics import median
from typing import Literal

import msgspec

from vokrug.app.bench.meter import Used
from vokrug.app.bench.numbers import quantile, ratio
from vokrug.app.bench.tills import CALLS, Outcome
from vokrug.app.bench.tpcb import Tpcb


class Latency(msgspec.Struct, frozen=True):
    p50_ms: float
    p99_ms: float


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of whole sales. Processor time is in microseconds a sale."""

    sales_s: float
    calls_s: float
    latency: dict[str, Latency]  # by call, and `sale` from its planned start to its commit
    program_us: float
    database_us: float
    background_us: float  # of the database's: vacuum, checkpoints, writing of the log
    tills_us: float
    other_cores: float
    disk_cores: float
    idle_cores: float
    unexpected: dict[str, int]
    rate: float | None = None  # sales a second that were offered; None: as many as could be
    share_of_best: float | None = None  # what that was of the best rate of the rounds
    late: Latency | None = None  # how late the generator itself was
    waiting_at_end: int = 0

    @property
    def cpu_us(self) -> float:
        return self.program_us + self.database_us


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A load between two runs of TPC-B."""

    before: Tpcb
    load: Load
    after: Tpcb
    memory_mib: list[int]

    @property
    def tps(self) -> float:
        return (self.before.tps + self.after.tps) / 2

    @property
    def ratio(self) -> float:
        return ratio(self.load.sales_s, self.tps)

    @property
    def cpu_ratio(self) -> float:
        return ratio(self.load.cpu_us, (self.before.cpu_us + self.after.cpu_us) / 2)

    @property
    def other_cores(self) -> float:
        return max(self.before.other_cores, self.load.other_cores, self.after.other_cores)


class Medians(msgspec.Struct, frozen=True, kw_only=True):
    sales_s: float
    ratio: float
    cpu_ratio: float
    program_us: float
    database_us: float
    tills_us: float
    tpcb_tps: float
    tpcb_cpu_us: float
    tpcb_p99_ms: float
    other_cores: float


class Books(msgspec.Struct, frozen=True, kw_only=True):
    balanced: bool
    wallets: int
    journals: int
    movements: int
    lots: int
    differences: list[str]
    seconds: float


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of growth: `of` is what grew, to `size`."""

    of: Literal["customers", "lots", "history"]
    size: int
    load: Load


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A number beside its floor (never worse) and its target. `measured` is None where the run did not look."""

    name: str
    what: str
    floor: str
    target: str
    measured: float | None
    verdict: str = ""


class Report(msgspec.Struct, kw_only=True):
    """The whole run: what `--json` prints."""

    machine: str
    plan: dict[str, object]
    rounds: list[Round] = []
    medians: Medians | None = None
    open_loop: list[Load] = []
    growth: list[Step] = []
    hot_card: Load | None = None
    engine: dict[str, float] = {}
    goals: list[Goal] = []
    books: Books | None = None

    @property
    def unexpected(self) -> dict[str, int]:
        loads = [one.load for one in self.rounds] + self.open_loop + [step.load for step in self.growth]
        total: dict[str, int] = {}
        for load in loads + ([self.hot_card] if self.hot_card else []):
            for name, count in load.unexpected.items():
                total[name] = total.get(name, 0) + count
        return total


def load_of(outcome: Outcome, used: Used, rate: float | None = None) -> Load:
    latencies = {**outcome.latencies_us, "sale": outcome.sale_us}
    sales = max(1, outcome.sales)
    return Load(
        sales_s=outcome.sales / outcome.elapsed_s,
        calls_s=sum(len(outcome.latencies_us[call]) for call in CALLS) / outcome.elapsed_s,
        latency={name: latency_of(values) for name, values in latencies.items()},
        program_us=used.by_group["program"] / sales * 1e6,
        database_us=used.by_group["database"] / sales * 1e6,
        background_us=(used.by_group["database"] - used.sessions_s) / sales * 1e6,
        tills_us=used.by_group["tills"] / sales * 1e6,
        other_cores=used.other_cores,
        disk_cores=used.disk_cores,
        idle_cores=used.idle_cores,
        unexpected=outcome.unexpected,
        rate=rate,
        late=latency_of(outcome.late_us) if rate is not None else None,
        waiting_at_end=outcome.waiting_at_end,
    )


def latency_of(values_us: list[int]) -> Latency:
    return Latency(quantile(values_us, 0.5) / 1000, quantile(values_us, 0.99) / 1000)


def medians_of(rounds: list[Round]) -> Medians:
    tpcb = [run for one in rounds for run in (one.before, one.after)]
    return Medians(
        sales_s=median(one.load.sales_s for one in rounds),
        ratio=median(one.ratio for one in rounds),
        cpu_ratio=median(one.cpu_ratio for one in rounds),
        program_us=median(one.load.program_us for one in rounds),
        database_us=median(one.load.database_us for one in rounds),
        tills_us=median(one.load.tills_us for one in rounds),
        tpcb_tps=median(run.tps for run in tpcb),
        tpcb_cpu_us=median(run.cpu_us for run in tpcb),
        tpcb_p99_ms=median(run.p99_ms for run in tpcb),
        other_cores=median(one.other_cores for one in rounds),
    )
