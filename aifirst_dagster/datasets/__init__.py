"""Parquet versions, row identity, quarantine, DuckDB sessions and the sandbox."""
