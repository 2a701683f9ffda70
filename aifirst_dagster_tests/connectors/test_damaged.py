"""Whatever the bytes: they are read or refused in words, and no text is lost unsaid.

`AIFIRST_FUZZ_SECONDS=3600 pytest aifirst_dagster_tests/connectors/test_damaged.py` looks for as long.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from aifirst_dagster_tests.connectors.damaged import check, damaged, tables

_SECONDS = float(os.environ.get("AIFIRST_FUZZ_SECONDS", "0"))
_QUIET = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@_QUIET
@given(tables())
def test_a_damaged_table_is_read_or_refused_and_nothing_is_lost(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(content, Path(folder))


@_QUIET
@given(damaged())
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("data.csv", "data.txt"):
            check(content, Path(folder), name)


@pytest.mark.skipif(not _SECONDS, reason="AIFIRST_FUZZ_SECONDS is not set")
def test_for_as_long_as_asked() -> None:
    began, number = time.monotonic(), int(time.time())
    long = settings(_QUIET, max_examples=300, derandomize=False, phases=[Phase.generate, Phase.shrink])
    while time.monotonic() - began < _SECONDS:
        for strategy in (tables(), damaged()):

            @seed(number)
            @long
            @given(strategy)
            def looked_at(content: bytes) -> None:
                with tempfile.TemporaryDirectory() as folder:
                    check(content, Path(folder))

            looked_at()
        number += 1
