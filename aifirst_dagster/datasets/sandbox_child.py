"""The sandbox's inside: one query in a process of its own, locked in before the query is looked at.

Reads a job as JSON on stdin, answers with one JSON object on stdout. Started by `datasets.sandbox` only.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

#: Address space beyond the query's memory: thread stacks, allocator arenas, the Parquet writer.
_SLACK_MB = 384
#: What an error's text says of the limit that was reached.
_MARKS = {"bad_alloc": "memory", "Cannot allocate memory": "memory", "File too large": "disk", "No space left": "disk"}


def main() -> None:
    """Run the job on stdin."""
    job = json.load(sys.stdin)
    try:
        answer = _run(job)
    except MemoryError:
        answer = {"error": "memory", "message": "out of memory"}
    json.dump(answer, sys.stdout)


def _run(job: dict[str, Any]) -> dict[str, Any]:
    import duckdb

    from aifirst_dagster.datasets.session import ident, literal

    con = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{job['memory_mb']}MB",
            "threads": job["threads"],
            "temp_directory": job["spill"],
            "max_temp_directory_size": f"{job['disk_mb']}MB",
            "allow_community_extensions": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    # Loaded by hand (they are part of the wheel), because nothing is loaded by itself in here.
    con.execute("LOAD icu; LOAD json; LOAD parquet; SET TimeZone = 'UTC'")
    for name, path in job["inputs"].items():
        con.execute(f"CREATE VIEW {ident(name)} AS FROM read_parquet({literal(path)})")
    allowed = ", ".join(literal(path) for path in [*job["inputs"].values(), job["output"]])
    con.execute(f"SET allowed_paths = [{allowed}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    _limit(job)
    try:
        # The newline ends a trailing comment; that this is one SELECT was proven before.
        con.execute(
            f"COPY (\n{job['sql']}\n) TO {literal(job['output'])} "
            "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
        )
        (rows,) = con.fetchone() or (0,)
    except duckdb.OutOfMemoryException as error:
        return {"error": "memory", "message": _first_line(error)}
    except duckdb.Error as error:
        text = _first_line(error)
        kind = (
            "memory" if "bad_alloc" in text else "disk" if "File too large" in text or "No space" in text else "failed"
        )
        return {"error": kind, "message": text}
    return {"rows": rows}


def _limit(job: dict[str, Any]) -> None:
    """Hard limits of the operating system, on top of what the process holds already: DuckDB's own can be overrun."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
        held = int(statm.read().split()[0]) * resource.getpagesize()
    memory = held + (job["memory_mb"] + _SLACK_MB) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (job["disk_mb"] * 2**20,) * 2)
    seconds = int(job["timeout_s"] * job["threads"]) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:500]


if __name__ == "__main__":
    main()
