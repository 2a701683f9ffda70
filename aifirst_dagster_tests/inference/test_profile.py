"""Measurements of every column, and the report that shows them."""

from html.parser import HTMLParser

import pytest

from aifirst_dagster.inference.file import infer_relation
from aifirst_dagster.inference.profile import Profile, profile
from aifirst_dagster.inference.report import html
from aifirst_dagster_tests.inference.tables import session


def _profile(table: dict[str, list[str | None]]) -> Profile:
    con = session(table)
    return profile(con, "source", infer_relation(con, "source", list(table)).columns)


def test_numbers_are_measured():
    measured = _profile({"n": [str(number) for number in range(1, 101)] + [None]}).columns[0]
    assert (measured.nulls, measured.distinct, measured.min, measured.max) == (1, 100, 1, 100)
    assert measured.mean == pytest.approx(50.5)
    assert measured.stddev == pytest.approx(29.011, abs=0.001)
    assert measured.quantiles["0.5"] == pytest.approx(50.5)
    assert sum(bin_["count"] for bin_ in measured.histogram) == 100
    assert {bin_["count"] for bin_ in measured.histogram} == {5}


def test_texts_and_dates_are_measured():
    text, day = _profile(
        {"code": ["AB-1", "AB-2", "AB-2", "Ä"], "day": ["2020-01-01", "2020-01-03", "2020-01-05", None]}
    ).columns
    assert text.top_values[0] == {"value": "AB-2", "count": 2}
    assert text.patterns == [{"pattern": "AA-9", "count": 3}, {"pattern": "A", "count": 1}]
    assert text.length == {"min": 1, "max": 4, "mean": 3.25}
    assert day.quantiles["0.5"] == "2020-01-03"
    assert (day.histogram[0]["low"], sum(bin_["count"] for bin_ in day.histogram)) == ("2020-01-01", 3)


def test_correlations_and_repeated_rows_are_found():
    rows = [(str(number % 10), str(3 * (number % 10) + 1)) for number in range(40)]
    measured = _profile({"a": [a for a, _ in rows], "b": [b for _, b in rows]})
    assert measured.correlations == [{"columns": ["a", "b"], "value": 1.0}]
    assert measured.duplicates == 30


@pytest.mark.parametrize(
    "table",
    [
        {"a": []},
        {"a": [None, None]},
        {"a": ["1"]},
        {"a": ["x"], "b": ["2020-01-01"]},
        {"a": ["1e308", "-1e308", "1.5"]},
        {"t": ["10:00", "23:59"]},
    ],
)
def test_any_table_can_be_measured_and_shown(table):
    assert "<h1>t.csv</h1>" in html(_profile(table), "t.csv")


class _Tags(HTMLParser):
    """Collects tags; void and unclosed ones are fine in HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


def test_hostile_text_is_shown_not_run():
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    page = html(_profile({f"a{attack}": [attack, attack, '"><svg onload=x>'], "b": ["1", "2", "3"]}), attack)
    tags = _Tags()
    tags.feed(page)
    assert not tags.seen & {"script", "img", "iframe", "link"}
    assert "&lt;script&gt;" in page
