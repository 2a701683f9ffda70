"""Loads on their way to a target, for the tests of every target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

from aifirst_dagster.connectors.targets import Load, Written

ROWS = "FROM (VALUES (1, 'Ada', 1.5), (2, 'it''s; \"Grace\"', NULL), (3, '', 3.25)) t(id, name, amount)"
MORE = "FROM (VALUES (3, 'Linus', 9.5), (4, 'Margaret', 4.0)) t(id, name, amount)"


@dataclass
class Desk:
    """Writes the result of a query to one target.

    Attributes:
        write: The target's own function, bound to its place.
        read: Rows of what is there now, as a query over `there` says.
    """

    con: duckdb.DuckDBPyConnection
    write: Callable[[duckdb.DuckDBPyConnection, Load], Written]
    read: Callable[[str], list[Any]]

    def load(self, query: str, mode: str = "replace", key: tuple[str, ...] = (), partition: str | None = None) -> Load:
        """A load of a query's rows."""
        self.con.execute(f"CREATE OR REPLACE VIEW outgoing AS {query}")
        names = [row[0] for row in self.con.execute("DESCRIBE outgoing").fetchall()]
        return Load("outgoing", names, mode, list(key), query, partition)

    def put(
        self, query: str, mode: str = "replace", key: tuple[str, ...] = (), partition: str | None = None
    ) -> Written:
        """Write it."""
        return self.write(self.con, self.load(query, mode, key, partition or None))
