"""Who used the processors: ours by process trees, and everybody else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

OWNER = "vokrug"  # the role that our server and pgbench come as
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds of processor time since each began, at one moment."""

    at_s: float
    by_group: dict[str, float]
    sessions_s: float
    waiting_s: float
    idle_s: float


@dataclass(frozen=True, slots=True)
class Used:
    """What happened between two readings. `other_cores` worked for strangers or were taken by the host;
    `disk_cores` had nothing to do but wait for a disk, `idle_cores` nothing at all.
    """

    elapsed_s: float
    by_group: dict[str, float]
    sessions_s: float  # of the database's time, what its clients' sessions took
    other_cores: float
    disk_cores: float
    idle_cores: float


def read(groups: Mapping[str, int]) -> Reading:
    """`groups` names the root of each tree, none inside another. A process that ended counts in the one
    that reaped it.
    """
    by_group = {name: sum(map(process_s, tree(root))) for name, root in groups.items()}
    sessions = sessions_s(groups["database"]) if "database" in groups else 0.0
    return Reading(perf_counter(), by_group, sessions, *unused_s())


def between(before: Reading, after: Reading) -> Used:
    by_group = {name: after.by_group[name] - before.by_group.get(name, 0.0) for name in after.by_group}
    elapsed_s = after.at_s - before.at_s
    ours_cores = sum(by_group.values()) / elapsed_s
    disk_cores = (after.waiting_s - before.waiting_s) / elapsed_s
    idle_cores = (after.idle_s - before.idle_s) / elapsed_s
    return Used(
        elapsed_s,
        by_group,
        sessions_s=after.sessions_s - before.sessions_s,
        # Whatever is left: what a host takes from a virtual machine does not always show as stolen.
        other_cores=max(0.0, (os.cpu_count() or 1) - ours_cores - disk_cores - idle_cores),
        disk_cores=disk_cores,
        idle_cores=idle_cores,
    )


def tree(root: int) -> list[int]:
    try:
        return [root, *(child.pid for child in psutil.Process(root).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def process_s(pid: int) -> float:
    """Its own time and that of children it has reaped: fields 14 to 17 of its stat line."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    fields = text.rpartition(")")[2].split()  # a name may hold spaces and brackets
    return sum(map(int, fields[11:15])) / TICKS_A_SECOND


def unused_s() -> tuple[float, float]:
    """The time that cores waited for disks, and the time they had nothing to do."""
    fields = (PROC / "stat").read_text().split("\n")[0].split()
    return int(fields[5]) / TICKS_A_SECOND, int(fields[4]) / TICKS_A_SECOND


def sessions_s(postmaster: int) -> float:
    """Of PostgreSQL's time, what its clients' sessions took; the rest is vacuum, checkpoints and the like."""
    return sum(process_s(pid) for pid in tree(postmaster) if title(pid).startswith(f"postgres: {OWNER} "))


def title(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def memory_mib(root: int) -> list[int]:
    """Resident memory of each process of a tree."""
    found = []
    for pid in tree(root):
        try:
            found.append(psutil.Process(pid).memory_info().rss >> 20)
        except psutil.NoSuchProcess:
            continue
    return found
