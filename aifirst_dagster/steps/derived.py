"""What steps that add columns row by row have in common: rows with a reason are set aside, the others are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.datasets import parquet, quarantine
from aifirst_dagster.datasets.session import HIDDEN, LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.steps.releases import quarantine_releases

if TYPE_CHECKING:
    from aifirst_dagster.repair.derive import Computed
    from aifirst_dagster.steps.run import StepRun


def store(step: StepRun, done: Computed, on_error: str) -> tuple[int, int]:
    """Write the rows kept and the rows set aside; a row that a person released passes without the columns.

    Returns:
        How many rows were kept, and set aside.
    """
    names = [row[0] for row in step.con.execute(f"DESCRIBE {done.table}").fetchall()]
    user = [name for name in names if name not in (*HIDDEN, "_reasons")]
    listed = ", ".join(ident(name) for name in [*user, SOURCE, LINE, RAW])
    if on_error == "null" or not done.failed:
        return parquet.write(step.con, f"SELECT {listed} FROM {done.table}", step.writer.data_path()), 0
    failed = f"(SELECT * FROM {done.table} WHERE _reasons IS NOT NULL)"
    aside = quarantine.select(failed, user, "array_to_string(_reasons, '; ')")
    kept = f"SELECT {listed} FROM {done.table} WHERE _reasons IS NULL"
    if released := ", ".join(map(literal, quarantine_releases(step))):
        chosen = f"SELECT ({SOURCE}, {LINE}) FROM ({aside}) WHERE id IN ({released})"
        kept += f" OR ({SOURCE}, {LINE}) IN ({chosen})"
        aside = f"SELECT * FROM ({aside}) WHERE id NOT IN ({released})"
    rows = parquet.write(step.con, kept, step.writer.data_path())
    return rows, quarantine.write(step.con, aside, step.writer.quarantine)


def merged(before: list[Column], made: list[Column]) -> list[Column]:
    """The input's columns, those of the same name replaced, then the new ones."""
    new = {column.name: column for column in made}
    kept = [new.pop(column.name, column) for column in before]
    return [*kept, *new.values()]
