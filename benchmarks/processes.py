"""CPU time and memory of the processes of a service, from /proc. Only Linux has it."""

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
SUPPORTED = (PROC / "self" / "smaps_rollup").exists()
_TICKS = os.sysconf("SC_CLK_TCK")
# The programs of a service by the name of the process. All others belong to the supervisor.
_PROGRAMS = {"postgres": "PostgreSQL", "valkey-server": "Redis", "redis-server": "Redis"}


@dataclass(frozen=True)
class Memory:
    """Memory of a process in bytes. The proportional size counts shared pages by their share."""

    resident: int
    proportional: int


def cpu_seconds(supervisor: int) -> dict[str, float]:
    """Return the CPU seconds that the processes of a service have used so far, by program.

    The time of a process that has ended, such as a connection of PostgreSQL, is counted with its parent.
    """
    spent: dict[str, float] = defaultdict(float)
    for pid in [supervisor, *_descendants(supervisor)]:
        try:
            stat = (PROC / str(pid) / "stat").read_text()
        except OSError:
            continue
        # The fields after the name, which is in parentheses: utime, stime, cutime and cstime are the 14th to 17th.
        times = stat.rpartition(")")[2].split()[11:15]
        spent[_program(pid, stat)] += sum(map(int, times)) / _TICKS
    return dict(spent)


def own_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process has used so far, without its children."""
    times = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / _TICKS


def worker_memory(supervisor: int) -> Memory:
    """Return the memory of the only worker of a service."""
    (worker,) = (pid for pid in _descendants(supervisor) if _is_worker(pid))
    lines = (PROC / str(worker) / "smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    return Memory(int(sizes["Rss"]) * 1024, int(sizes["Pss"]) * 1024)


def _program(pid: int, stat: str) -> str:
    name = stat[stat.index("(") + 1 : stat.rindex(")")]
    return "workers" if _is_worker(pid) else _PROGRAMS.get(name, "supervisor")


def _is_worker(pid: int) -> bool:
    """Return whether a process is a worker of the service, and not one of PostgreSQL's."""
    return " -m api worker " in _command_line(pid)


def _descendants(ancestor: int) -> list[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            children[int(stat.rpartition(")")[2].split()[1])].append(int(entry.name))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _command_line(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
