"""What counts as right, on answers written by hand; which labelled tables a folder holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aifirst_dagster.errors import InputError
from aifirst_dagster.evaluation.measures import Tally, measured
from aifirst_dagster.evaluation.tables import SHIPPED, Labelled, labelled


def column(name: str, kind: str, form: str = "default") -> dict[str, str]:
    return {"source_name": name, "type": kind, "format": form}


def test_a_type_is_right_as_published_or_where_the_values_make_it_just_as_right(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b,c,d,e,f\n1,1999,1.5,x,2001,\n2,2000,2,y,2002,n/a\n")
    published = {"a": "number", "b": "year", "c": "number", "d": "string", "e": "year", "f": "string"}
    table = Labelled("types", "t", file, types=published)
    said = [column("a", "integer"), column("b", "integer"), column("c", "integer"), column("d", "date"),
            column("e", "date", "%Y")]  # fmt: skip

    tally = measured(table, {"columns": said})

    assert (tally.hits, tally.of) == (3, 5), "a, b and e; f has no values to go by"


def test_cells_are_compared_by_place_and_repairs_by_value(tmp_path: Path) -> None:
    (tmp_path / "dirty.csv").write_text("a,b\n1,x\n22,y\n3,zz\n")
    (tmp_path / "clean.csv").write_text("a,b\n1,x\n2,y\n3,z\n")
    table = Labelled("errors", "t", tmp_path / "dirty.csv", tmp_path / "clean.csv")
    cells = [{"row": 1, "column": "a", "suggestion": "2.0"}, {"row": 0, "column": "b", "suggestion": None},
             {"row": 2, "column": "gone", "suggestion": "z"}]  # fmt: skip

    tally = measured(table, {"cells": cells})

    assert tally == Tally(hits=1, of=2, said=2, repairs=1, repairs_right=1)
    assert tally.f1 == 0.5


def test_of_several_matches_the_surest_counts(tmp_path: Path) -> None:
    table = Labelled("mapping", "t", tmp_path, pairs={"a": frozenset({"x", "y"}), "b": frozenset({"z"})})
    matches = [{"source": "a", "target": "q", "confidence": 0.4}, {"source": "a", "target": "y", "confidence": 0.6},
               {"source": "b", "target": "x", "confidence": 0.9}]  # fmt: skip

    assert measured(table, {"matches": matches}) == Tally(hits=1, of=2, said=2)


def test_the_interval_is_wilsons() -> None:
    low, high = Tally(9, 10).interval() or (0, 0)

    assert (round(low, 4), round(high, 4)) == (0.5958, 0.9821)
    assert Tally().interval() is None and Tally().share is None and Tally().f1 is None


def test_the_shipped_tables_are_complete() -> None:
    found = labelled(SHIPPED)

    assert {table.kind for table in found} == {"types", "errors", "mapping"} and len(found) >= 6
    for table in found:
        assert measured(table, {}).of >= 10, table.label


@pytest.mark.parametrize(("name", "text"), [("types/p/datapackage.json", "[]"), ("errors/t/dirty.csv", "a\n1\n")])
def test_a_folder_that_is_not_as_it_should_be_is_named(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text)

    with pytest.raises(InputError) as raised:
        labelled(tmp_path)
    assert str(path.parent) in str(raised.value.to_dict()["file"])


def test_a_folder_without_labelled_tables_says_what_belongs_there(tmp_path: Path) -> None:
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": []}))

    with pytest.raises(InputError, match="no labelled tables"):
        labelled(tmp_path)
