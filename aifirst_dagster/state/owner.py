"""Who is at work on something: a process, told apart from a later one with the same id."""

from __future__ import annotations

import os
import platform
from functools import cache


def myself() -> str:
    """This process: `host:pid:start time`."""
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
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None
