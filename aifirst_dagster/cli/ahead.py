"""What a command needs next, done while DuckDB reads its file: the interpreter has nothing to do meanwhile."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors.base import ReadTable
    from aifirst_dagster.connectors.beginning import Beginning
    from aifirst_dagster.inference.schema import Column

#: What reading itself needs once its tables are parsed, and what types are told by.
_READING = ("aifirst_dagster.inference.schema", "aifirst_dagster.connectors.union")
_TYPES = ("aifirst_dagster.inference.infer", "aifirst_dagster.inference.semantics")
#: The thread's name.
AHEAD = "aifirst-ahead"


class Ahead:
    """For `ReadOptions.meanwhile`: modules are imported, and the columns of a large file proposed by its first rows.

    What fails here fails again where it is wanted, and says there what is wrong.

    Args:
        modules: What to import; who needs one sooner waits for it.
        types: Whether somebody will ask for `columns`.
    """

    def __init__(self, *modules: str, types: bool = False) -> None:
        self._modules = (*modules, *_READING)
        self._types = types
        self._seen: Beginning | None = None
        self._con: duckdb.DuckDBPyConnection | None = None
        self._thread: Thread | None = None
        self._done = Event()
        self._columns: list[Column] | None = None

    def __call__(self, beginning: Beginning | None = None) -> None:
        """Start; `beginning` is that of the file which is about to be read. Of several files the first is looked at."""
        if self._thread is not None or (beginning is None and all(module in sys.modules for module in self._modules)):
            return
        if beginning is not None and self._types:
            # Taken now: a session refuses everything else once it is at work.
            self._seen, self._con = beginning, beginning.con.cursor()
        self._thread = Thread(target=self._work, name=AHEAD)
        self._thread.start()

    def columns(self, table: ReadTable) -> list[Column] | None:
        """What `infer.propose` says of `table`, where its first rows were looked at; None where nothing is known."""
        if self._seen is None or table.beginning is not self._seen or list(self._seen.columns) != table.columns:
            return None
        self._done.wait()  # not the thread's end: Python 3.11 forgets a thread whose `join` Ctrl-C interrupts
        return self._columns

    def _work(self) -> None:
        try:
            self._prepare()
        finally:
            self._done.set()

    def _prepare(self) -> None:
        for module in self._modules if self._seen is None else (*self._modules, *_TYPES):
            with suppress(Exception):
                import_module(module)
        if self._seen is None or self._con is None:
            return
        with suppress(Exception), self._con as con:
            from aifirst_dagster.inference import infer

            self._columns = infer.propose(con, self._seen.relation(con), self._seen.columns)
