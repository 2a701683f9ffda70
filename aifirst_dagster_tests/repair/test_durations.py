"""Spans of time become seconds; what has no fixed length stays text."""

from aifirst_dagster.cli.clean import Wishes, clean_files
from aifirst_dagster_tests.repair.scene import Scene


def spans(con, texts):
    scene = Scene(con, {"id": "string", "took": "duration"}, [[f"row {n}", text] for n, text in enumerate(texts)])
    scene.repair()
    return scene


def test_spans_in_all_styles_are_seconds(con):
    scene = spans(con, ["1h 30m", "45m", "P1DT2H", "PT5M", "36:15:00", "00:01:30.5", "-PT1M", None])
    assert scene.values("took") == [5400, 2700, 93600, 300, 130500, 90.5, -60, None]
    (column,) = (column for column in scene.plan.columns if column.name == "took")
    assert (column.type, column.physical_type, column.unit) == ("number", "DOUBLE", "s")


def test_what_is_no_span_or_of_no_fixed_length_is_set_aside(con):
    scene = spans(con, ["1h 30m", "45m"] * 10 + ["soon", "P1M"])
    assert scene.aside() == {22: "took: not a number", 23: "took: not a number"}


def test_a_column_of_months_stays_text(con):
    scene = spans(con, ["P1M", "P2M", "P1Y"] * 5)
    assert scene.values("took")[:3] == ["P1M", "P2M", "P1Y"] and not scene.aside()


def test_a_cleaned_file_has_numbers_and_cleaning_it_again_changes_nothing(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("run,duration\n" + "".join(f"r{n},{n % 5}h {n % 60}m\n" for n in range(60)))
    first = clean_files([str(path)], Wishes(output=out))
    assert [(a["action"], a["rows_changed"]) for a in first["actions"]] == [("parse_durations", 60)]
    assert out.read_text().splitlines()[61 - 3] == "r57,10620.0"
    assert clean_files([str(out)], Wishes(output=tmp_path / "c.csv"))["actions"] == []
