"""The first rows of a file that is still being read, for who wants to look at them meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_VIEW = "aifirst_beginning"


@dataclass(frozen=True)
class Beginning:
    """A scan that begins as the file's rows will, if these are what they seem to be: `ReadTable.beginning` says so.

    Attributes:
        con: The session that reads the file: who looks meanwhile takes a cursor of it before it begins.
        scan: What goes into a FROM clause; columns as VARCHAR.
        columns: The source columns.
    """

    con: duckdb.DuckDBPyConnection
    scan: str
    columns: tuple[str, ...]

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """The scan as a view of the cursor `con`; returns its name."""
        con.execute(f"CREATE OR REPLACE TEMP VIEW {_VIEW} AS SELECT * FROM {self.scan}")
        return _VIEW
