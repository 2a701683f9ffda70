"""Who is at work on something: a process, told apart from a later one with the same id."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

_PROC, _BOOT = Path("/proc"), Path("/proc/sys/kernel/random/boot_id")


def myself() -> str:
    """This process: `host:pid:start`."""
    return f"{platform.node()}:{os.getpid()}:{_started(os.getpid())}"


def alive(owner: str) -> bool | None:
    """Whether the process still runs; None where it is another machine's and cannot be asked."""
    host, pid, started = owner.rsplit(":", 2)
    if host != platform.node():
        return None
    return _start_now(int(pid)) == started


@cache
def _started(pid: int) -> str:
    return _start_now(pid) or ""


def _start_now(pid: int) -> str | None:
    """When a process began, as nothing that happens later changes it; None where there is no such process."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        # The time of day at which it began is another one as soon as the machine's clock is set.
        return _since_boot(pid) or f"{process.create_time():.2f}"
    except psutil.Error:
        return None


def _since_boot(pid: int) -> str | None:
    """On Linux: which boot, and the clock ticks from it to the process's start."""
    try:
        boot = _BOOT.read_text().strip()
        # Fields after the name, which may hold anything: the start is the 22nd of all.
        return f"{boot[:8]}+{(_PROC / str(pid) / 'stat').read_text().rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):
        return None
