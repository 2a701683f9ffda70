"""A code design applied: the function runs in the sandbox, once for each different input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.datasets.python_sandbox import PythonLimits, open_function
from aifirst_dagster.proposals.code.answer import CodeDesign
from aifirst_dagster.repair.derive import Computed, derive

if TYPE_CHECKING:
    import duckdb


def apply(
    con: duckdb.DuckDBPyConnection, relation: str, design: CodeDesign, limits: PythonLimits = PythonLimits()
) -> Computed:
    """Run `design` over `relation`, which has the hidden columns; the result lives with the session.

    Raises:
        ConfigError: The code cannot be run at all, or reads a column that is not there.
        SandboxError: It used up its time.
    """
    with open_function(design.code, limits) as function:
        return derive(con, relation, design.inputs, design.outputs, function, "python")
