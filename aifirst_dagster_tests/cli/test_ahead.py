"""The columns of a large file are proposed while it is read: the same as afterwards, or not at all."""

from __future__ import annotations

import pytest

from aifirst_dagster.cli.ahead import Ahead
from aifirst_dagster.connectors import ReadOptions, read
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.errors import InputError
from aifirst_dagster.inference import infer

ROWS = 220_000


def line(at: int) -> str:
    day = f"2024-{at % 12 + 1:02}-{at % 28 + 1:02}"
    return f'{at},{day},"{at % 977},50 €",town {at % 41},{at * 7919 % 100003 / 100},{"x" * 40}\n'


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("ahead") / "large.csv"
    path.write_text("id,day,price,town,weight,note\n" + "".join(map(line, range(ROWS))), encoding="utf-8")
    assert path.stat().st_size > 1 << 24
    return path


def both(path, *more):
    """What is known ahead, and what is proposed afterwards."""
    ahead = Ahead(types=True)
    with connect() as con:
        table = read(con, [str(path), *map(str, more)], options=ReadOptions(meanwhile=ahead))
        return ahead.columns(table), infer.propose(con, table.relation, table.columns, table.native)


def test_what_is_proposed_ahead_is_what_is_proposed_afterwards(large):
    ahead, afterwards = both(large)
    assert ahead == afterwards
    assert [column.type for column in afterwards] == ["integer", "date", "number", "string", "number", "string"]


def test_nothing_is_known_of_a_small_file(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    assert both(path)[0] is None


def test_nothing_is_known_of_a_file_that_is_not_what_it_seemed(large, tmp_path):
    path = tmp_path / "torn.csv"
    head, _, tail = large.read_text(encoding="utf-8").rpartition("town 7,")
    path.write_text(f'{head}"town\n7",{tail}', encoding="utf-8")
    ahead, afterwards = both(path)
    assert ahead is None
    assert len(afterwards) == 6


def test_nothing_is_known_of_several_files(large, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("id,day,price,town,weight,note\n" + line(ROWS), encoding="utf-8")
    assert both(large, other)[0] is None
    assert both(other, large)[0] is None


def test_who_does_not_ask_for_types_gets_none(large):
    ahead = Ahead()
    with connect() as con:
        table = read(con, [str(large)], options=ReadOptions(meanwhile=ahead))
        assert table.beginning is not None
        assert ahead.columns(table) is None


def test_a_file_that_cannot_be_read_is_said_as_ever(tmp_path):
    with connect() as con, pytest.raises(InputError):
        read(con, [str(tmp_path / "none.csv")], options=ReadOptions(meanwhile=Ahead(types=True)))
