"""Lines are counted alike by Python and by numpy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aifirst_dagster.connectors.csv_lines import _ends, _ends_by_numpy


@given(
    st.lists(st.sampled_from([b"\n", b",\n", b",\r\n", b"||", b"||\n", b"a", b"\r", "é".encode()]), max_size=12).map(
        b"".join
    ),
    st.sampled_from([b",\n", b",\r\n", b"||\n", b"||\r\n", b"\n"]),
)
def test_they_agree(block: bytes, end: bytes):
    assert _ends_by_numpy(block, end) == _ends(block, end)
