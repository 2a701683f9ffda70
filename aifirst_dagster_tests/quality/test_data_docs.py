"""Data Docs are built whole or not at all, and never over something else."""

import duckdb
import pytest

from aifirst_dagster.errors import InputError
from aifirst_dagster.quality.engines.data_docs import build
from aifirst_dagster.quality.rules import Rule

RULES = [
    Rule(type="expect_column_values_to_not_be_null", kwargs={"column": "a"}, rationale="Why it is so."),
    Rule(type="expect_column_values_to_have_no_gaps", kwargs={"column": "a"}),
]


@pytest.fixture
def con():
    with duckdb.connect() as session:
        session.execute("CREATE TABLE t AS SELECT unnest([1, 2, NULL]) AS a")
        yield session


def test_pages_show_the_rules_and_their_reasons(con, tmp_path):
    for _ in range(2):  # the second replaces the first
        page, left_out = build(con, "t", RULES, tmp_path / "docs", "orders")
    assert page == tmp_path / "docs" / "index.html" and page.is_file()
    assert [result.type for result in left_out] == ["expect_column_values_to_have_no_gaps"]
    assert "Why it is so." in (tmp_path / "docs" / "expectations" / "orders.html").read_text()
    assert len(list((tmp_path / "docs" / "validations").rglob("*.html"))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]


def test_a_folder_with_something_else_is_left_alone(con, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(InputError, match="something else"):
        build(con, "t", RULES, tmp_path, "orders")
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]
