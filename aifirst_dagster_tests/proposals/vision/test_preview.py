"""A table as a spreadsheet shows it, looked at by a model: what it sees is compared with the data, claim by claim."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aifirst_dagster.connectors import read
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.file import infer_relation
from aifirst_dagster.llm.failures import InvalidAnswerError, RejectedError, UnavailableError
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.vision import Sight, of_table
from aifirst_dagster.proposals.vision.sheet import sheet
from aifirst_dagster_tests.llm.conftest import claude, project  # noqa: F401
from aifirst_dagster_tests.loopback.fixtures import claude_server  # noqa: F401
from aifirst_dagster_tests.loopback.replies import Fail, Reply
from aifirst_dagster_tests.proposals.vision.scene import REPORT, columns, oddity, pictures_of, seen, text_of

ONE_TRY = {"attempts": 1}


@pytest.fixture
def look(tmp_path: Path, claude: Callable[..., Any], claude_server: Any) -> Callable[..., Sight]:  # noqa: F811
    """Has a model look at a file with `text`; keywords are the resource's keys."""

    def looked(text: str = REPORT, wish: Wish = Wish(), name: str = "sales.csv", **keys: Any) -> Sight:
        path = tmp_path / name
        path.write_text(text)
        with connect() as con:
            table = read(con, [str(path)])
            schema = infer_relation(con, table.relation, table.columns, table.native)
            return of_table(con, table, schema.columns, claude(**keys), wish)

    return looked


def states(sight: Sight) -> dict[tuple[str, str], str]:
    return {(claim.subject, claim.what): claim.state for claim in sight.claims}


def test_a_good_eye_and_the_reader_agree(look, claude_server) -> None:  # noqa: F811
    claude_server.answer_with(
        lambda body: seen(
            body,
            oddities=[
                oddity("title", 1), oddity("blank_row", 2), oddity("note", 58), oddity("unit_in_header", column="D"),
            ],
        )
    )  # fmt: skip
    sight = look()
    assert sight.disagreements == [] and sight.trusted
    found = states(sight)
    assert found["table", "header_rows"] == found["table", "data_rows"] == found["table", "columns"] == "tested"
    assert found["Amount (USD)", "type"] == "tested" and found["Amount (USD)", "unit"] == "corroborated"
    assert {found[f"row {row}", kind] for row, kind in ((1, "title"), (2, "blank_row"), (58, "note"))} == {"tested"}
    assert found["column D", "unit_in_header"] == "tested"
    assert [claim.what for claim in sight.claims].count("cell") == 8


def test_one_picture_goes_out_within_every_models_limits(look, claude_server) -> None:  # noqa: F811
    claude_server.answer_with(seen)
    sight = look()
    (picture,) = pictures_of(claude_server.received[0].body)
    assert picture.format == "PNG" and [picture.size] == sight.pictures
    assert max(picture.size) <= 1568 and picture.width * picture.height <= 1568 * 28 * 28
    assert sight.usage.calls == 1 and 0 < sight.usage.cost_usd < 0.05


def test_a_total_among_the_records_is_found_out_by_summing(look, claude_server) -> None:  # noqa: F811
    claude_server.answer_with(
        lambda body: seen(body, data_rows=28, oddities=[oddity("totals_row", 57), oddity("totals_row", 5)])
    )
    sight = look()
    found = states(sight)
    assert found["row 57", "totals_row"] == "tested", "1,545.5 is the sum of the records above it"
    assert found["row 5", "totals_row"] == "failed", "99 is not 120.5"
    assert [(claim.value, claim.data) for claim in sight.disagreements if claim.what == "data_rows"] == [("28", "29")]


def test_where_they_disagree_both_sides_are_told_and_nothing_changes(look, claude_server) -> None:  # noqa: F811
    claude_server.answer_with(
        lambda body: seen(body, header_rows=[1], columns=columns(E="date"), oddities=[oddity("note", 20)])
    )
    sight = look()
    told = {(claim.subject, claim.what): (claim.value, claim.data) for claim in sight.disagreements}
    assert told["table", "header_rows"] == ("1", "3")
    assert told["Note", "type"] == ("date", "string")
    assert told["row 20", "note"] == ("note", "a record")
    assert len(claude_server.received) == 1, "it is not told what the data wants to hear"


def test_who_misreads_the_cells_is_believed_in_nothing(look, claude_server) -> None:  # noqa: F811
    claude_server.answer_with(
        lambda body: seen(body, cells={f"{c}{r}": "7" for c in "ABCDE" for r in range(60)}, header_rows=[9])
    )
    sight = look()
    assert sight.trusted is False
    assert {claim.state for claim in sight.claims if claim.what != "cell"} == {"untested"}


def test_what_identifies_people_is_not_in_the_picture_nor_beside_it(look, claude_server) -> None:  # noqa: F811
    claude_server.answer_with(seen)
    sight = look()
    told = json.dumps([sight.summary(), text_of(claude_server.received[0].body)])
    assert not any(name in told for name in ("Ann", "ann@", "Bob", "bob@"))
    assert any("xxx" in claim.value.lower() for claim in sight.claims if claim.what == "cell"), "the mask was read"


def test_a_stray_line_among_the_records_shows_no_name_either(tmp_path) -> None:
    lines = ["By the sales team", "Region,Full Name", *["North,Ann Lee"] * 40, "North,Ann,Lee,1", "Region,Full Name"]
    path = tmp_path / "stray.csv"
    path.write_text("\n".join(lines))
    with connect() as con:
        table = read(con, [str(path)])
        schema = infer_relation(con, table.relation, table.columns, table.native)
        drawn = sheet(con, table, schema.columns)
    assert drawn.at(43).cells == ("Xxxxx", "Xxx", "Xxx", "9")
    assert drawn.at(44).cells == ("Region", "Full Name") and drawn.at(44).line is None
    assert drawn.at(1).cells == ("By the sales team",) and drawn.header == (2,)
    assert drawn.at(3).cells == ("North", "Xxx Xxx")


def test_pictures_are_not_sent_where_samples_are_forbidden(look, claude_server) -> None:  # noqa: F811
    for how in ({"wish": Wish(samples="none")}, {"samples": "none"}):
        with pytest.raises(ConfigError, match="samples: none"):
            look(**how)
    assert claude_server.received == []


def test_a_model_without_eyes_is_an_error_that_says_so(look, project, claude_server) -> None:  # noqa: F811
    (project.resources / "llm").mkdir(parents=True)
    (project.resources / "llm" / "models.yaml").write_text(
        "models:\n  blind-1: {provider: claude, context: 200000, max_output: 8000, vision: false, "
        "prices: [{input: 1, output: 1}]}\n"
    )
    with pytest.raises(RejectedError, match=r"blind-1 does not take images .*vision"):
        look(model="blind-1")
    assert claude_server.received == []


def test_an_answer_that_is_none_fails_and_says_why(look, claude_server) -> None:  # noqa: F811
    claude_server.then(Fail(529, "overloaded_error"))
    with pytest.raises(UnavailableError):
        look(retry=ONE_TRY)
    claude_server.then(*[Reply('{"header_rows": "none"}')] * 3)
    with pytest.raises(InvalidAnswerError):
        look()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one.csv", "a\n1\n"),
        ("none.csv", "a,b\n"),
        ("names.csv", '"x""; DROP TABLE t; --","a\nb"\n1,2\n3,4\n'),
        ("nulls.csv", "a,b\n,\n,\n,\n"),
        ("rows.jsonl", '{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n'),
        ("wide.csv", ",".join(f"column {i}" for i in range(90)) + "\n" + ",".join(map(str, range(90))) + "\n"),
        ("signs.csv", "naïve,日本,a\u202eb\né,✓,\x07\n1,2,3\n"),
    ],
)
def test_any_table_can_be_looked_at(look, claude_server, name: str, text: str) -> None:  # noqa: F811
    answer = {"header_rows": [1], "columns": columns(), "data_rows": 1, "cells": [], "oddities": [oddity("other", 99)]}
    claude_server.then(Reply(json.dumps(answer)))
    sight = look(text, name=name)
    assert sight.claims and all(max(size) <= 1568 for size in sight.pictures)
