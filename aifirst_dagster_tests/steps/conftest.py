"""A project of its own for each test."""

from aifirst_dagster_tests.scenario import place  # noqa: F401
