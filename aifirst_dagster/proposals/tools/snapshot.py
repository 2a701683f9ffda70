"""The material as Parquet, once as it is (tools count in it) and once masked (tools show from it)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import connect, ident, literal
from aifirst_dagster.llm.tools import ToolError
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.prompts import fence
from aifirst_dagster.proposals.tools.material import Material

if TYPE_CHECKING:
    import duckdb

#: Rows that tools see, the first ones; seconds that one look may take.
ROWS, SECONDS = 1_000_000, 20.0
#: Different texts of a column, of those that might identify people, that are looked at one by one.
_SUSPECTS = 2_000
#: What every text that `mask` changes holds: an address, or digits and letters as in numbers of phones and accounts.
_SUSPICIOUS = r"@|\d[ ()/.-]?\d.*\d|[A-Z]{2}\d{2}"


class Snapshot:
    """Files made at the first use. Tools may run side by side: each look has a session of its own."""

    def __init__(self, material: Material, folder: Path) -> None:
        self.material, self._folder, self._lock = material, folder, threading.Lock()

    @property
    def exact(self) -> Path:
        """The rows as they are: for counts, never to be shown."""
        with self._lock:
            return self._exact

    @property
    def shown(self) -> Path:
        """The rows with every column that holds what identifies people reduced to its shape."""
        with self._lock:
            return self._shown

    @property
    def masked(self) -> list[str]:
        """The columns that are reduced to their shape in `shown`."""
        with self._lock:
            return self._sensitive

    @contextmanager
    def session(self, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB session with `file` as the view `input`, stopped when its time is up."""
        import duckdb

        with connect() as con:
            con.execute(f"CREATE VIEW input AS FROM read_parquet({literal(file)})")
            timer = threading.Timer(SECONDS, con.interrupt)
            timer.start()
            try:
                yield con
            except duckdb.InterruptException:
                raise ToolError(f"Stopped after {SECONDS:g} s.", hint="Ask for something simpler.") from None
            finally:
                timer.cancel()

    def column(self, name: str) -> str:
        """`name`, if it is a column.

        Raises:
            ToolError: It is none; says which there are.
        """
        if name in self.material.names:
            return name
        listed = fence("columns", self.material.names[:100])
        raise ToolError(f"There is no such column. There are:\n{listed}")

    def is_person(self, name: str) -> bool:
        """Whether a column's values are names of people."""
        column = self.material.columns[self.material.names.index(name)]
        return names_people(name, column.semantic_type)

    @cached_property
    def _exact(self) -> Path:
        path = self._folder / "exact.parquet"
        wanted = ", ".join(map(ident, self.material.names)) or "1 AS none"
        source = f"SELECT {wanted} FROM {ident(self.material.relation)} LIMIT {ROWS}"
        self.material.con.execute(f"COPY ({source}) TO {literal(path)} (FORMAT parquet)")
        return path

    @cached_property
    def _shown(self) -> Path:
        path = self._folder / "shown.parquet"
        hidden = set(self._sensitive)
        if not hidden:
            return self._exact
        wanted = ", ".join(
            f"{_shape(name)} AS {ident(name)}" if name in hidden else ident(name) for name in self.material.names
        )
        with self.session(self._exact) as con:
            con.execute(f"COPY (SELECT {wanted} FROM input) TO {literal(path)} (FORMAT parquet)")
        return path

    @cached_property
    def _sensitive(self) -> list[str]:
        """Columns of people's names, and those with any value that `mask` would change."""
        found = []
        for name in self.material.names:
            # A look each: wide tables take longer than one look may.
            with self.session(self._exact) as con:
                if self.is_person(name) or _identifies(con, name):
                    found.append(name)
        return found


def _identifies(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    text = f"{ident(name)}::VARCHAR"
    rows = con.execute(
        f"SELECT DISTINCT left({text}, 2000) FROM input WHERE regexp_matches({text}, '{_SUSPICIOUS}') LIMIT {_SUSPECTS}"
    ).fetchall()
    return any(mask(value) != value for (value,) in rows)


def _shape(name: str) -> str:
    """SQL: the text with every letter as X or x and every digit as 9, as `masking` leaves them."""
    upper = f"regexp_replace({ident(name)}::VARCHAR, '\\p{{Lu}}', 'X', 'g')"
    lower = f"regexp_replace({upper}, '[\\p{{Ll}}\\p{{Lt}}\\p{{Lm}}\\p{{Lo}}]', 'x', 'g')"
    return f"regexp_replace({lower}, '\\p{{Nd}}', '9', 'g')"
