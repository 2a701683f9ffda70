"""Importing what a command needs next while DuckDB reads its file: the interpreter has nothing to do meanwhile."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

#: What reading itself needs once its tables are parsed.
_AHEAD = ("aifirst_dagster.inference.schema", "aifirst_dagster.connectors.union")


def importing(*modules: str) -> Callable[[], None]:
    """For `ReadOptions.meanwhile`: import `modules` in a thread, once; who needs one sooner waits for it."""
    wanted = (*modules, *_AHEAD)

    def work() -> None:
        for module in wanted:
            with suppress(Exception):  # the import that needs it says what is wrong
                import_module(module)

    def start() -> None:
        if any(module not in sys.modules for module in wanted):
            threading.Thread(target=work, name="aifirst-imports").start()

    return start
