"""The floor: DuckDB reads the CSV by itself and writes Parquet. No repair, no rules, no checks."""

from __future__ import annotations

import sys

import duckdb


def main(source: str, target: str) -> None:
    """Copy `source` to the Parquet file `target`."""
    duckdb.execute(f"COPY (FROM read_csv('{source}')) TO '{target}' (FORMAT parquet)")


if __name__ == "__main__":
    main(*sys.argv[1:3])
