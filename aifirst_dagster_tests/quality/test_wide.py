"""A table of many columns costs memory by what it holds, not by how many figures are asked of it."""

from __future__ import annotations

import duckdb
import pytest

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference import infer
from aifirst_dagster.quality import generate

COLUMNS, MEGABYTES = 400, 256


@pytest.fixture
def wide() -> duckdb.DuckDBPyConnection:
    """A session of little memory with a hundred rows of very many columns, as text."""
    con = connect(most=MEGABYTES)
    values = ", ".join(f"(i * {n})::VARCHAR AS c{n}" for n in range(COLUMNS))
    con.execute(f"CREATE TABLE wide AS SELECT {values} FROM range(100) r(i)")
    return con


def test_columns_are_inferred_and_rules_learned_in_little_memory(wide: duckdb.DuckDBPyConnection) -> None:
    names = [f"c{n}" for n in range(COLUMNS)]
    columns = infer.verify(wide, "wide", infer.propose(wide, "wide", names))
    assert [column.name for column in columns] == names
    accepted, _ = generate.propose(wide, "wide", columns)
    assert accepted
