"""How fast facts are written through the log, beside the same rows inserted without it: eight processes."""

import statistics
import subprocess
import sys
from typing import Any

import msgspec
import psycopg

from vokrug.app.bench.stream.pen import Turn

WRITERS = 8
PLAIN = "create table if not exists bench_plain (like events_log including all)"
THROUGH_LOG = "select events_append($1, $2, $3, $4, $5, $6)"
WITHOUT_LOG = """
    insert into bench_plain (position, key, time, recorded_at, type, partition, id, subject, data)
    select nextval('bench_effect_place_seq'), f.key, f.time, clock_timestamp(), f.type, 0, f.id, f.subject, f.data
      from unnest($1::bigint[], $2::integer[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bytea[])
           as f (key, type, id, time, subject, data)
"""


KINDS: dict[str, dict[str, Any]] = {
    "a change and its fact": {"per_commit": 1, "with_change": True},
    "a bare fact": {"per_commit": 1},
    "ten changes and their facts": {"per_commit": 10, "with_change": True},
    "ten bare facts": {"per_commit": 10},
}


class Written(msgspec.Struct, frozen=True):
    """Facts a second, of all writers."""

    what: str
    through_log: float
    without_log: float
    ratio: float  # the median of turns taken one after the other


def write_rates(url: str, seconds: float, rounds: int) -> list[Written]:
    """One fact a commit, as a change of a profile tells it, and ten, as tills that share a commit do."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(PLAIN)
    pens = [_pen(url, seed) for seed in range(WRITERS)]
    try:
        for pen in pens:
            _answer(pen)
        found = [_compared(pens, what, seconds / rounds / 2, rounds) for what in KINDS]
    finally:
        for pen in pens:
            pen.terminate()
            pen.wait()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop table bench_plain")
    return found


def _compared(pens: list["subprocess.Popen[str]"], what: str, seconds: float, rounds: int) -> Written:
    pairs = []
    for _ in range(rounds):
        through, without = (
            _rate(pens, Turn(sql, seconds=seconds, **KINDS[what])) for sql in (THROUGH_LOG, WITHOUT_LOG)
        )
        pairs.append((through, without))
    ratio = statistics.median(through / without for through, without in pairs)
    through, without = (statistics.median(kind) for kind in zip(*pairs, strict=True))
    return Written(what, round(through), round(without), round(ratio, 2))


def _rate(pens: list["subprocess.Popen[str]"], turn: Turn) -> float:
    for pen in pens:
        assert pen.stdin is not None
        pen.stdin.write(msgspec.json.encode(turn).decode() + "\n")
        pen.stdin.flush()
    return sum(int(_answer(pen)) for pen in pens) / turn.seconds


def _pen(url: str, seed: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "vokrug.app.bench.stream.pen", url, str(seed)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _answer(pen: "subprocess.Popen[str]") -> str:
    assert pen.stdout is not None
    line = pen.stdout.readline()
    assert line, "a writer ended early"
    return line.strip()
