"""Numbers as people write them: marks, currencies, units, percentages."""

import pytest

from aifirst_dagster_tests.repair.scene import Scene, typed


def numbers(con, texts, kind="number"):
    scene = Scene(
        con, {"id": typed("id", "integer", "BIGINT"), "n": kind}, [[at, text] for at, text in enumerate(texts)]
    )
    scene.repair()
    return scene


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1,234.50", "12.5", "1,234"], [1234.5, 12.5, 1234]),
        (["1.234,50", "12,5", "1.234"], [1234.5, 12.5, 1234]),
        (["1 234,50", "1 234 567,5", "12,5"], [1234.5, 1234567.5, 12.5]),
        (["1'234.50", "12.25"], [1234.5, 12.25]),
        (["12,34,567.00", "1.5"], [1234567, 1.5]),
        (["(1,234.50)", "-12.5", "12.5-", "−3.25", "$-4.5", "-$4.5"], [-1234.5, -12.5, -12.5, -3.25, -4.5, -4.5]),
        (["12.5%", "3 %"], [12.5, 3]),
        (["$1.5k", "$2M", "$300", "$1.25 bn"], [1500, 2e6, 300, 1.25e9]),
        (["1.234.567", "2,5"], [1234567, 2.5]),
        (["EUR 5", "7,50 €", "€8"], [5, 7.5, 8]),
        (["1e3", "2.5E-1", "$4"], [1000, 0.25, 4]),
        (["12.3*", "5.3[1]", "12 (a)", "1,234†", "7%**", "8 [2][14]", "9¹"], [12.3, 5.3, 12, 1234, 7, 8, 9]),
        (["$1.5*", "$2M", "$1,300[a]", "$4"], [1.5, 2e6, 1300, 4]),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(con, texts, expected):
    scene = numbers(con, texts)
    assert scene.aside() == {}
    assert scene.values("n") == expected


def test_what_says_something_of_the_number_is_no_footnote_mark(con):
    scene = numbers(con, [*["1.5"] * 40, "12 (34)", "10³", "9¹", "5+", "7?", "4 (m)"])
    assert scene.values("n") == [1.5] * 40
    assert not any(action.params.get("footnotes") for action in scene.plan.actions)


def test_both_decimal_marks_are_read_cell_by_cell_and_open_cells_are_set_aside(con):
    scene = numbers(con, ["1,234.50", "1.234,50", "1,234", "12"])
    assert scene.values("n") == [1234.5, 1234.5, 12]
    assert scene.aside() == {4: "n: not a number"}


def test_several_currencies_are_never_merged_silently(con):
    scene = numbers(con, ["$5", "€6", "7 GBP", "8"])
    assert scene.values("n") == [5, 6, 7, 8]
    assert scene.values("n_currency") == ["USD", "EUR", "GBP", None]
    assert [column.name for column in scene.plan.columns] == ["id", "n", "n_currency"]


def test_one_currency_becomes_the_columns_unit(con):
    scene = numbers(con, ["$5.10", "6.20"])
    assert [column.unit for column in scene.plan.columns] == [None, "USD"]
    assert "1 cells name no currency" in " ".join(action.reason for action in scene.plan.actions)


def test_units_of_one_dimension_are_converted_and_the_conversion_is_listed(con):
    scene = numbers(con, ["70 kg", "154 lb", "80kg", "500 g"])
    assert scene.values("n") == [70, pytest.approx(69.853, abs=1e-3), 80, 0.5]
    (action,) = [action for action in scene.plan.actions if action.action == "convert_units"]
    assert action.params["factors"] == {"kg": 1.0, "lb": 0.45359237, "g": 0.001}
    assert "1 lb = 0.453592 kg" in action.reason


def test_heights_in_feet_and_inches_join_the_centimetres(con):
    assert numbers(con, ["180 cm", "171 cm", "182 cm", "1.75 m", "5'11\"", "70 in"]).values("n") == [
        180,
        171,
        182,
        175,
        180.34,
        177.8,
    ]


def test_degrees_are_converted_with_their_offset(con):
    assert numbers(con, ["20 °C", "21.5 °C", "68 °F"]).values("n") == [20, 21.5, 20]


def test_units_that_do_not_convert_stand_beside_the_number(con):
    scene = numbers(con, ["5 kg", "6 cm"])
    assert scene.values("n") == [5, 6]
    assert scene.values("n_unit") == ["kg", "cm"]


def test_the_companion_of_a_column_never_takes_anothers_name(con):
    scene = Scene(con, {"p": "number", "p_currency": "string"}, [["$5", "x"], ["€6", "y"]])
    scene.repair()
    assert scene.values("p_currency") == ["x", "y"]
    assert scene.values("p_currency_2") == ["USD", "EUR"]


def test_a_whole_number_column_takes_no_fractions(con):
    scene = numbers(con, ["1,000", "2,000", "2.5", "3", "4", "5", "6"], "integer")
    assert scene.aside() == {4: "n: not a whole number"}
    assert scene.values("n") == [1000, 2000, 3, 4, 5, 6]


def test_a_text_column_of_measures_becomes_numbers(con):
    scene = numbers(con, ["12.0 oz", "12.0 oz.", "16.0 OZ.", "12.0 ounce", "16.0 oz. Silo Can"], "string")
    assert scene.values("n") == [12, 12, 16, 12, 16]


@pytest.mark.parametrize(
    "texts",
    [
        ["ST01", "ST02", "ST03", "ST04"] * 5,
        ["KG12", "KG7", "KG3"] * 5,
        ["030 123 456", "+49 30 1234"],
        ["1.2.3", "2.0.1"],
        ["A1", "B2"],
        ["10-12", "3-4"],
        ["007", "12"],
    ],
)
def test_text_that_only_looks_like_numbers_stays_text(con, texts):
    assert numbers(con, texts, "string").values("n") == texts


def test_a_type_that_does_not_fit_is_not_forced_on_a_column(con):
    scene = numbers(con, ["five", "six", "7", "eight"])
    assert scene.values("n") == ["five", "six", "7", "eight"]
    assert any(action.action == "report_unreadable" for action in scene.plan.actions)


def test_words_for_no_value_are_no_failures(con):
    scene = numbers(con, ["70 kg", "80 kg", "unknown", "n/a", "-"])
    assert scene.values("n") == [70, 80, None, None, None]
    assert scene.did("null_tokens") == 3


def test_fractions_of_one_character_are_numbers(con):
    texts = ["½", "1½", "2 ¾", "-1 ¼", "€1½", "3", "1,250.5", "1⅛", "⅓"]
    assert numbers(con, texts).values("n") == [0.5, 1.5, 2.75, -1.25, 1.5, 3, 1250.5, 1.125, 0.333333]
    assert numbers(con, ["1,5", "2,25", "1⅛", "1.234,5"]).values("n") == [1.5, 2.25, 1.125, 1234.5]


def test_footnote_marks_stand_behind_multipliers_and_units_too(con):
    scene = numbers(con, ["$1.5k*", "$2M[1]", "$3.2k", "$4k †"] * 3)
    assert scene.values("n") == [1500, 2_000_000, 3200, 4000] * 3
    assert numbers(con, ["12 m²", "13 m²", "14 m²"]).plan.actions[0].params.get("footnotes") is None


def test_a_year_with_a_footnote_mark_is_that_year(con):
    years = [[2000 + n % 20] for n in range(40)]
    column = typed("year", "year", "BIGINT")
    raw = {42: {"year": "2019*"}, 43: {"year": "2018[2]"}}
    scene = Scene(con, {"year": column}, [*years, [None], [None]], raw)
    scene.repair()
    assert scene.values("year")[-2:] == [2019, 2018] and not scene.aside()
    scene = Scene(con, {"year": column}, [*years, [None]], {42: {"year": "1990s"}})
    scene.repair()
    assert list(scene.aside()) == [42]
