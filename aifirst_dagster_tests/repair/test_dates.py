"""Mixed date styles become dates; what is ambiguous is not guessed."""

from datetime import date, datetime

from aifirst_dagster_tests.repair.scene import Scene, typed


def dates(con, texts, kind="date"):
    scene = Scene(
        con, {"id": typed("id", "integer", "BIGINT"), "day": kind}, [[n, text] for n, text in enumerate(texts)]
    )
    scene.repair()
    return scene


def test_a_column_of_mixed_styles_and_languages_keeps_every_row(con):
    texts = ["2024-03-01", "01.03.2024", "1 March 2024", "Mar 1, 2024", "1. März 2024", "1er mars 2024",
             "1 de marzo de 2024", "Friday, 1 March 2024", "1-Mar-24", "20240301", "2024/03/01", "1st March 2024",
             "25.12.2023"]  # fmt: skip
    scene = dates(con, texts)
    assert scene.aside() == {}
    assert scene.values("day") == [date(2024, 3, 1)] * 12 + [date(2023, 12, 25)]


def test_the_whole_column_decides_whether_the_day_comes_first(con):
    assert dates(con, ["03/04/2024", "25/04/2024"]).values("day") == [date(2024, 4, 3), date(2024, 4, 25)]
    assert dates(con, ["03/04/2024", "04/25/2024"]).values("day") == [date(2024, 3, 4), date(2024, 4, 25)]


def test_each_separator_is_decided_by_itself(con):
    scene = dates(con, ["03/04/2024", "04/25/2024", "03.04.2024", "25.04.2024"])
    assert scene.values("day") == [date(2024, 3, 4), date(2024, 4, 25), date(2024, 4, 3), date(2024, 4, 25)]


def test_cells_that_could_be_both_are_set_aside_where_evidence_conflicts(con):
    scene = dates(con, ["03/04/2024", "25/04/2024", "04/25/2024", "05/05/2024"])
    assert scene.aside() == {2: "day: not a date"}
    assert scene.values("day") == [date(2024, 4, 25), date(2024, 4, 25), date(2024, 5, 5)]


def test_another_column_of_the_table_tells_where_this_one_does_not(con):
    scene = Scene(con, {"a": "date", "b": "date"}, [["01/02/2024", "13/02/2024"], ["03/04/2024", "14/02/2024"]])
    scene.repair()
    assert scene.values("a") == [date(2024, 2, 1), date(2024, 4, 3)]


def test_an_order_that_nothing_tells_is_said_to_be_unsure(con):
    scene = dates(con, ["01/02/2024", "03/04/2024"])
    (column,) = [column for column in scene.plan.columns if column.name == "day"]
    assert column.confidence <= 0.5
    assert any("no cell tells" in action.reason for action in scene.plan.actions)


def test_two_digit_years_are_no_years_of_antiquity(con):
    assert dates(con, ["13/02/24", "14/03/1999"]).values("day") == [date(2024, 2, 13), date(1999, 3, 14)]


def test_impossible_dates_are_set_aside_with_their_text(con):
    scene = dates(con, ["2024-02-28", "2024-02-30", "29.02.2024"] + ["2024-05-01"] * 9)
    assert scene.aside() == {3: "day: not a date"}
    row = con.execute(f'SELECT "row", "column", "value", "values" FROM {scene.result.quarantine}').fetchall()[0]
    assert row == (1, "day", "2024-02-30", '{"id":"1","day":"2024-02-30"}')


def test_times_and_offsets_make_moments_in_utc(con):
    scene = dates(con, ["2024-03-01T10:00:00Z", "01.03.2024 12:30", "2024-03-01 10:00:00+02:00"], "datetime")
    moments = [moment.replace(tzinfo=None) for moment in scene.values("day")]
    assert moments == [datetime(2024, 3, 1, 10), datetime(2024, 3, 1, 12, 30), datetime(2024, 3, 1, 8)]


def test_spreadsheet_days_among_dates_are_dates(con):
    assert dates(con, ["2024-03-01", "45352", "02.03.2024"]).values("day")[1] == date(2024, 3, 1)


def test_five_digits_far_from_the_other_dates_are_no_spreadsheet_day(con):
    days = ["2024-03-01", "02.03.2024"] * 10
    scene = dates(con, [*days, "45352", "80331", "10115"])
    assert scene.values("day")[20] == date(2024, 3, 1)
    assert set(scene.aside()) == {23, 24}
    assert set(dates(con, [*days, "80331"]).aside()) == {22}


def test_a_typed_column_gets_back_what_did_not_parse(con):
    scene = Scene(con, {"id": typed("id", "integer", "BIGINT"), "day": typed("day", "date", "DATE")},
                  [[1, "2024-01-01"], [2, None], [3, None]],
                  raw={3: {"day": "5 Feb 2024"}, 4: {"day": "n/a"}})  # fmt: skip
    scene.repair()
    assert scene.values("day") == [date(2024, 1, 1), date(2024, 2, 5), None]
    assert scene.aside() == {}
