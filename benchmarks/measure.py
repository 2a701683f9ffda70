"""One process from start to end: wall time, processor time and peak memory, as the kernel counts them."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """What a process took.

    Attributes:
        seconds: Wall time, from before it was started until it was gone.
        processor: User and system time of it and its children.
        peak_mb: Most memory resident at once, of the largest process among it and its children.
        code: Exit code.
        out, err: What it printed.
    """

    seconds: float
    processor: float
    peak_mb: float
    code: int
    out: str
    err: str


class FailedRunError(RuntimeError):
    """A measured process did not do its work, so that its time means nothing."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, accept: Sequence[int] = (0,)) -> Measured:
    """Run `command` once and measure it, with compiled modules kept, as wherever Python packages are installed.

    Raises:
        FailedRunError: It exited with a code not in `accept`.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        environment = {**(environment or os.environ)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said = Measured(
            seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode, out.read(), err.read()
        )
    if said.code not in accept:
        raise FailedRunError(f"{' '.join(command)} exited with {said.code}:\n{said.out[-1000:]}\n{said.err[-3000:]}")
    return said


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)
