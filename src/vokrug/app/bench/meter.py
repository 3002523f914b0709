"""Who used the processors: ours by process trees, and everybody else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds of processor time since each began, at one moment."""

    at_s: float
    by_group: dict[str, float]
    machine_s: float


@dataclass(frozen=True, slots=True)
class Used:
    """What happened between two readings. `other_cores` were busy for strangers (or taken by the host)."""

    elapsed_s: float
    by_group: dict[str, float]
    other_cores: float


def read(groups: Mapping[str, int]) -> Reading:
    """`groups` names the root of each tree. A process that ended counts in the one that reaped it."""
    by_group = {name: sum(process_s(pid) for pid in tree(root)) for name, root in groups.items()}
    return Reading(perf_counter(), by_group, machine_s())


def between(before: Reading, after: Reading) -> Used:
    by_group = {name: after.by_group[name] - before.by_group.get(name, 0.0) for name in after.by_group}
    elapsed_s = after.at_s - before.at_s
    strangers_s = after.machine_s - before.machine_s - sum(by_group.values())
    return Used(elapsed_s, by_group, max(0.0, strangers_s / elapsed_s))


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


def machine_s() -> float:
    """All work of all cores, the host's share included; idling and waiting for disks are not work."""
    user, nice, system, _, _, irq, softirq, steal = map(int, (PROC / "stat").read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_A_SECOND


def memory_mib(root: int) -> list[int]:
    """Resident memory of each process of a tree."""
    found = []
    for pid in tree(root):
        try:
            found.append(psutil.Process(pid).memory_info().rss >> 20)
        except psutil.NoSuchProcess:
            continue
    return found
