"""Plans, and the loads they put on a stage."""

import time
from dataclasses import dataclass, replace

import msgspec

from vokrug.app.bench import tpcb
from vokrug.app.bench.results import Load, Round, load_of
from vokrug.app.bench.seeding import Seed
from vokrug.app.bench.stage import Stage
from vokrug.app.bench.tills import Orders

OPEN_TILLS = 256  # enough that a planned sale seldom waits for a till


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    rounds: int = 3
    seconds: float = 5.0
    clients: int = 64
    processes: int = 1
    customers: int = 100_000
    history: int = 100_000  # past sales
    shops: int = 300
    is_signed: bool = False
    is_open_loop: bool = False
    is_growth: bool = False
    is_quick: bool = False
    warm_s: float = 1.0  # before each load
    warm_up_s: float = 5.0  # after the server's start: caches, plans, connections
    tpcb_scale: int = 50
    tpcb_clients: int = 16
    rates: tuple[float, ...] = (200.0, 500.0)
    shares_of_best: tuple[float, ...] = (0.3, 0.6)  # of the sales a second that the rounds reached

    def quickened(self) -> "Plan":
        """The same machinery within seconds: it shows that everything runs and measures nothing."""
        return replace(
            self,
            rounds=1,
            seconds=min(self.seconds, 1.0),
            clients=min(self.clients, 8),
            customers=min(self.customers, 500),
            history=500,
            shops=10,
            is_quick=True,
            warm_s=0.3,
            warm_up_s=0.2,
            tpcb_scale=1,
            tpcb_clients=4,
            rates=(40.0,),
            shares_of_best=(0.3,),
        )


def one_round(stage: Stage, seed: Seed, plan: Plan) -> Round:
    """TPC-B, the load, TPC-B again: what the machine gave just before and just after."""
    before = run_tpcb(stage, plan)
    load = trade(stage, orders_of(stage, seed, plan))
    memory = stage.memory_mib()
    return Round(before=before, load=load, after=run_tpcb(stage, plan), memory_mib=memory)


def warm_up(stage: Stage, seed: Seed, plan: Plan) -> None:
    """A server that has just started reads goods and opens connections: that is not what a sale costs."""
    trade(stage, msgspec.structs.replace(orders_of(stage, seed, plan), seconds=0.1, warm_s=plan.warm_up_s))


def run_tpcb(stage: Stage, plan: Plan) -> tpcb.Tpcb:
    return tpcb.run(stage.database, clients=plan.tpcb_clients, seconds=plan.seconds, folder=stage.folder)


def arriving(stage: Stage, seed: Seed, plan: Plan, rate: float, share_of_best: float | None) -> Load:
    """Sales that begin when shoppers come, not when tills are free."""
    orders = orders_of(stage, seed, plan)
    tills = min(OPEN_TILLS, max(plan.clients, 8))
    load = trade(stage, msgspec.structs.replace(orders, rate=rate, clients=tills))
    return msgspec.structs.replace(load, share_of_best=share_of_best)


def orders_of(stage: Stage, seed: Seed, plan: Plan) -> Orders:
    return Orders(
        port=stage.port,
        keys=seed.keys,
        clients=plan.clients,
        first_customer=1,
        customers=seed.customers,
        seconds=plan.seconds,
        warm_s=plan.warm_s,
        is_signed=plan.is_signed,
        seed=time.monotonic_ns() & 0xFFFFFF,
    )


def trade(stage: Stage, orders: Orders) -> Load:
    outcome, used = stage.trade(orders)
    return load_of(outcome, used, orders.rate)
