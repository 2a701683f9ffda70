"""A project of its own and the command in it, for each test that asks for them."""

from aifirst_dagster_tests.scenario import aifirst, furnished, place  # noqa: F401
