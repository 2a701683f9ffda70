"""A report on a bare file: what does not fit in it, and the commands that do something about it."""

from __future__ import annotations

import html
import re
import shlex

import pytest

from aifirst_dagster.cli.table import load
from aifirst_dagster.datasets.session import connect, literal
from aifirst_dagster.quality.report import page
from aifirst_dagster.quality.report.file import of_file
from aifirst_dagster_tests.quality.anomalies.sales import made

PLANTED = {
    "price": "CASE WHEN i BETWEEN 600 AND 690 THEN price * 100 ELSE price END",
    "city": "CASE WHEN i IN (8, 80) THEN 'Basle' ELSE city END",
}


@pytest.fixture
def sales(place):
    path = place.root / "the 'sales'.csv"
    with connect() as con:
        made(con, **PLANTED)
        con.execute(f"COPY (SELECT * EXCLUDE (_source, _source_line, total) FROM data) TO {literal(str(path))}")
    return path


def test_each_group_comes_with_the_command_that_shows_its_remedy(place, sales, aifirst):
    told = aifirst("report", sales, "-o", "sales.html", "--json").json["report"]
    groups = {group["kind"]: group for group in told["anomalies"]["groups"]}
    assert groups["scale"]["rows"] == 91 and groups["spelling"]["rows"] == 2
    assert told["status"] == "warn" and "do not fit" in told["verdict"]
    text = (place.root / "sales.html").read_text()
    commands = [shlex.split(html.unescape(one)) for one in re.findall(r"<code>(aifirst remediate .*?)</code>", text)]
    assert [one[-1] for one in commands] == [group["id"] for group in told["anomalies"]["groups"]]
    for group, command in zip(told["anomalies"]["groups"], commands, strict=True):
        seen = aifirst(*command[1:], "--json").json
        assert [effect["group"] for effect in seen["effects"]] == [group["id"]]
    assert groups["spelling"]["command"].replace("'", "") in aifirst("report", sales, "--md").out.replace("'", "")


def test_of_a_large_file_it_says_that_some_rows_were_searched(sales):
    with connect() as con:
        table = load(con, str(sales))
        content = of_file(con, table.relation, "sales.csv", table.columns, [], learned=True, searched=900)
    told = content.anomalies
    assert told and 800 < told["sampled"] < 1_000 and told["rows"] == told["sampled"]
    text = " ".join(page.html(content).split())
    assert f"Searched in {told['sampled']:,} of 1,200 rows" in text
    assert any(group["kind"] == "scale" for group in told["groups"])
