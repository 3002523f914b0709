"""PostgreSQL's own benchmark on the same server: what a sale is held against."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from vokrug.app.bench import meter
from vokrug.app.bench.numbers import quantile
from vokrug.runtime.postgres import EmbeddedPostgres

DATABASE = "tpcb"
SAMPLED = 0.2  # of the transactions have their latency written down


@dataclass(frozen=True, slots=True)
class Tpcb:
    """A run of the TPC-B-like script, prepared statements."""

    tps: float
    cpu_us: float  # of PostgreSQL and of pgbench itself, a transaction
    p50_ms: float
    p99_ms: float
    other_cores: float


def prepare(server: EmbeddedPostgres, scale: int) -> None:
    server.create_database(DATABASE)
    _pgbench(server, ["-i", "-q", "-s", str(scale)], server.data_dir)


def run(server: EmbeddedPostgres, *, clients: int, seconds: float, folder: Path) -> Tpcb:
    assert server.pid is not None, "the server runs"
    before = meter.read({"database": server.pid})
    reaped_before = os.times()
    options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds)))]
    said = _pgbench(server, [*options, "-l", f"--sampling-rate={SAMPLED}", "--log-prefix=tpcb"], folder)
    reaped = os.times()
    pgbench_s = reaped.children_user + reaped.children_system - reaped_before.children_user
    pgbench_s -= reaped_before.children_system
    used = meter.between(before, meter.read({"database": server.pid}))
    latencies = []
    for log in folder.glob("tpcb.*"):
        latencies += [int(line.split()[2]) for line in log.read_text().splitlines()]
        log.unlink()
    done = int(_found(r"transactions actually processed: (\d+)", said))
    return Tpcb(
        tps=float(_found(r"tps = ([\d.]+)", said)),
        cpu_us=(used.by_group["database"] + pgbench_s) / done * 1e6,
        p50_ms=quantile(latencies, 0.5) / 1000,
        p99_ms=quantile(latencies, 0.99) / 1000,
        other_cores=max(0.0, used.other_cores - pgbench_s / used.elapsed_s),
    )


def _found(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    assert found is not None, f"pgbench said: {said}"
    return found[1]


def _pgbench(server: EmbeddedPostgres, options: list[str], folder: Path) -> str:
    parts = urlsplit(server.url_of(DATABASE))
    environment: dict[str, Any] = {
        **os.environ,
        "PGHOST": unquote(parts.netloc.rpartition("@")[2].rpartition(":")[0]),
        "PGPORT": parts.netloc.rpartition(":")[2],
        "PGUSER": parts.username or "",
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": DATABASE,
    }
    assert not parse_qs(parts.query), "the address of the embedded server has no query"
    done = subprocess.run(
        [server.pgbench, *options], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"pgbench failed: {done.stderr[-800:]}")
    return done.stdout
