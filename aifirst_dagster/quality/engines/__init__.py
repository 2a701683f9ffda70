"""Engines that judge rules: DuckDB, and Great Expectations itself."""
