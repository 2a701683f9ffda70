"""A DuckDB session for each test."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from aifirst_dagster.datasets.session import connect


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as con:
        yield con
