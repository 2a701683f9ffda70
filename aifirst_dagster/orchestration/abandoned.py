"""Runs whose process was killed: Dagster sees no end of them, and they would hold their place in the queue for ever.

A run of `aifirst run` names its process in a tag. Who finds that process gone marks the run failed: the next
`aifirst run`, or the daemon's run monitoring through `launcher.Launcher`.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import dagster as dg

PROCESS_TAG = "aifirst/process"
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def this_process() -> str:
    """Names this process so that no other is taken for it: host, world of process ids, id, start."""
    return f"{socket.gethostname()}|{_world()}|{os.getpid()}|{_start(os.getpid())}"


def is_gone(process: str) -> bool:
    """Whether a process that `this_process` named has ended; False for other hosts', which cannot be seen from here."""
    host, world, number, start = process.split("|")
    if host != socket.gethostname():
        return False
    return world != _world() or _start(int(number)) != start


def mark_failed(instance: dg.DagsterInstance) -> list[str]:
    """Mark every unfinished run failed whose process is gone; returns their ids."""
    found = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=_UNFINISHED)):
        process = run.tags.get(PROCESS_TAG)
        if process and is_gone(process):
            instance.report_run_failed(run, "The process of this run was killed; nothing it had begun was published.")
            found.append(run.run_id)
    return found


def _world() -> str:
    """What process ids are unique in: this boot of the machine, this container; empty where it cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _start(number: int) -> str:
    """When a process started, in the kernel's ticks ("alive" where that cannot be told); "gone" for one that ended."""
    try:
        status = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        state, *figures = status.rpartition(")")[2].split()
        return "gone" if state in "ZX" else figures[18]
    except OSError:
        pass
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass
    return "alive"
