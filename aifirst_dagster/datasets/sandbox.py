"""SQL that a model wrote runs here: one SELECT, in a process of its own, with hard limits and nothing in reach."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from aifirst_dagster.datasets import select_only
from aifirst_dagster.errors import AifirstError

SandboxFailure = Literal["failed", "memory", "disk", "time", "crashed"]


class SandboxError(AifirstError):
    """The query was stopped at a limit, or failed.

    Attributes:
        kind: failed (DuckDB says no), memory, disk, time (a limit was reached), crashed (the process died).
    """

    def __init__(self, kind: SandboxFailure, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.kind: SandboxFailure = kind


def run_select(
    sql: str,
    inputs: Mapping[str, Path],
    output: Path,
    memory_mb: int = 1024,
    timeout_s: float = 300,
    *,
    disk_mb: int = 8192,
    threads: int = 2,
) -> int:
    """Run one SELECT over Parquet inputs and write its result to `output` as Parquet; returns the number of rows.

    Args:
        sql: Exactly one SELECT; it sees `inputs` as views and nothing else.
        inputs: View name -> Parquet file. They are only ever read.
        output: The file to write. It is gone again if anything fails.
        memory_mb: Memory for the query; the operating system stops the process a little above it.
        timeout_s: Seconds until the process and all its threads are killed.
        disk_mb: Largest file it may write, spilled intermediate results included.
        threads: DuckDB threads.

    Raises:
        RefusedQueryError: The text is not one harmless SELECT; nothing was run.
        SandboxError: It failed, or was stopped at a limit.
    """
    select_only.check(sql, inputs)
    output = output.absolute()
    output.parent.mkdir(parents=True, exist_ok=True)
    spill = Path(tempfile.mkdtemp(prefix="aifirst-sandbox-"))
    job = {
        "sql": sql.rstrip().rstrip(";"),
        "inputs": {name: str(Path(path).absolute()) for name, path in inputs.items()},
        "output": str(output),
        "spill": str(spill),
        "memory_mb": memory_mb,
        "timeout_s": timeout_s,
        "disk_mb": disk_mb,
        "threads": threads,
    }
    try:
        answer = _in_child(job, timeout_s)
        if "error" in answer:
            raise _worded(answer, memory_mb, disk_mb)
        return int(answer["rows"])
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _in_child(job: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """Start the child, give it the job, and kill its whole process group when its time is up."""
    package = str(Path(__file__).resolve().parent.parent.parent)
    # A bare environment: no keys, no proxies, nothing of the parent's that a query could be made to tell.
    environment = {"PATH": os.defpath, "PYTHONPATH": package, "MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8"}
    child = subprocess.Popen(
        [sys.executable, "-m", "aifirst_dagster.datasets.sandbox_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=job["spill"],
        start_new_session=True,
    )
    try:
        out, err = child.communicate(json.dumps(job).encode(), timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise SandboxError(
            "time",
            f"The query was stopped after {timeout_s:g} s.",
            "Make it simpler, or give the step more time.",
        ) from None
    finally:
        _end(child)
    try:
        return json.loads(out)
    except ValueError:
        if "bad_alloc" in err.decode(errors="replace") or b"MemoryError" in err:
            return {"error": "memory", "message": "out of memory"}
        if child.returncode == -signal.SIGXCPU:
            return {"error": "time", "message": "its processor time is used up"}
        last = (err.decode(errors="replace").strip().splitlines() or [""])[-1][:200]
        return {"error": "crashed", "message": f"exit code {child.returncode} {last}".rstrip()}


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the child's own process group."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _worded(answer: dict[str, Any], memory_mb: int, disk_mb: int) -> SandboxError:
    kind, detail = answer["error"], answer["message"]
    messages: dict[str, tuple[str, str]] = {
        "memory": (
            f"The query needs more than its {memory_mb} MB of memory.",
            "Make it simpler, or give the step more memory.",
        ),
        "disk": (f"The query writes more than its {disk_mb} MB.", "Make its result smaller, or free some space."),
        "time": ("The query used up its time.", "Make it simpler, or give the step more time."),
        "crashed": (f"The query brought its process down: {detail}.", "Nothing else was touched; make it simpler."),
        "failed": (f"The query failed: {detail}", "Mend the query."),
    }
    return SandboxError(kind, *messages[kind])
