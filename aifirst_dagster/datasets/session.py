"""DuckDB sessions that share a machine fairly, and the quoting that all SQL here goes through."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aifirst_dagster.datasets import leftovers

if TYPE_CHECKING:
    import duckdb

#: Hidden columns: carried with every row from the reader on, dropped by outputs.
SOURCE, LINE, RAW = "_source", "_source_line", "_raw"
HIDDEN = (SOURCE, LINE, RAW)
#: Megabytes for a command on a bare file: enough for 100 MB without a temporary file, 10 GB in under 2 GB.
BARE_FILE = 1_200


def ident(name: str) -> str:
    """A column or table name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def numbered(relation: str, columns: Iterable[str]) -> tuple[str, str]:
    """(FROM clause, SQL of a row's number): DuckDB's own `rowid` of a table, where no column of the user's hides it."""
    if any(name.lower() == "rowid" for name in columns):
        return f'(SELECT *, row_number() OVER () - 1 AS "#rowid" FROM {relation})', '"#rowid"'
    return relation, "rowid"


def literal(value: object) -> str:
    """A Python value as a SQL literal: None, bool, int, float, or anything else by its text."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"'{value}'::DOUBLE" if value != value or value in (float("inf"), float("-inf")) else repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def connect(runs: int | None = None, most: int | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB session that keeps to its share of the machine; what needs more goes to temporary files.

    Args:
        runs: How many sessions may be at work at once (default: `AIFIRST_CONCURRENT_RUNS`, else 2); memory is
            60 % of the machine's divided by it. DuckDB's own default is 80 % for each session.
        most: Megabytes that are enough, however large the machine is.
    """
    import duckdb

    runs = runs or int(os.environ.get("AIFIRST_CONCURRENT_RUNS", "2"))
    megabytes = max(256, int(_machine_memory() * 0.6 / runs / 2**20))
    megabytes = min(megabytes, most or megabytes)
    session = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{megabytes}MB",
            "temp_directory": os.path.join(tempfile.gettempdir(), f"{leftovers.PREFIX}duckdb-{os.getpid()}"),  # noqa: PTH118
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,  # a table that is not there is an error, never a Python variable
            # DuckDB 2.0 waits for ever where a CSV file's asynchronous write meets a full disk: in one run of four.
            "async_threads": 0,
            # It makes a join of every IN over a list: a statement over 120 columns took 14 s to plan, without it 0.3 s,
            # and none took longer to run (1 million rows, lists of 10 to 1,000 texts).
            "disabled_optimizers": "in_clause",
            # Tables in memory are not for keeping: compressing them as if for a file takes seconds for a million rows,
            # within whichever statement comes when DuckDB thinks it time.
            "checkpoint_threshold": "1TB",
            "TimeZone": "UTC",
        },
    )
    # It would be drawn on standard output, into the JSON of a command that takes long.
    session.execute("SET enable_progress_bar = false")
    return session


def on_disk(session: duckdb.DuckDBPyConnection) -> None:
    """Have tables made from here on (but for temporary ones) stand in a file, which goes with the session.

    They are compressed there and written as they are made. Temporary ones are not: of large ones so much stays in
    memory that a copy of 40 million rows and nine columns found no room in 1.2 GB.
    """
    leftovers.sweep()
    handle, file = tempfile.mkstemp(prefix=f"{leftovers.PREFIX}duckdb-{os.getpid()}-", suffix=".duckdb")
    os.close(handle)
    os.unlink(file)  # noqa: PTH108 - DuckDB takes no empty file for a database of its own
    session.execute(f"ATTACH {literal(file)} AS scratch")
    session.execute("USE scratch")
    session.execute("RESET checkpoint_threshold")
    with contextlib.suppress(OSError):
        # Open it lives on without its name, and goes with the process however that ends.
        os.unlink(file)  # noqa: PTH108


def _machine_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or the container's limit where one is set."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:  # noqa: PTH123
            text = limit.read().strip()
        return min(total, int(text)) if text.isdigit() else total
    except OSError:
        return total
