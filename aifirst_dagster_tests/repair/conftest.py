"""Fixtures of the repair tests."""

import pytest

from aifirst_dagster.datasets.session import connect


@pytest.fixture
def con():
    with connect() as session:
        yield session
