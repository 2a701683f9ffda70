"""The type of a column from its texts."""

import pytest

from aifirst_dagster.inference import casts
from aifirst_dagster_tests.inference.tables import column, inferred, session


@pytest.mark.parametrize(
    ("name", "values", "kind", "form", "physical"),
    [
        ("n", ["1", "-2", "30"], "integer", "default", "BIGINT"),
        ("n", ["1.5", "-2", "3e5"], "number", "default", "DOUBLE"),
        ("flag", ["0", "1", "1"], "integer", "default", "BIGINT"),
        ("ok", ["Yes", "no", "YES"], "boolean", "default", "BOOLEAN"),
        ("ok", ["Y", "N", "y"], "boolean", "default", "BOOLEAN"),
        ("newsletter", ["ja", "nein", "Ja"], "boolean", "default", "BOOLEAN"),
        ("d", ["3 May 2020", "12 Feb 2021"], "date", "%d %b %Y", "DATE"),
        ("sex", ["M", "F", "M"], "string", "default", "VARCHAR"),
        ("code", ["001", "010", "123"], "string", "default", "VARCHAR"),
        ("zip", ["12345", "94110"], "string", "default", "VARCHAR"),
        ("phone", ["5551234567", "5559876543"], "string", "default", "VARCHAR"),
        ("month", ["01", "02", "12"], "integer", "default", "BIGINT"),
        ("year", ["1999", "2005"], "year", "default", "BIGINT"),
        ("items", ["1999", "2005"], "integer", "default", "BIGINT"),
        ("big", ["123456789012345678901", "1"], "integer", "default", "DECIMAL(38,0)"),
        ("house", ["1", "2", "3", "4", "5", "6", "7", "8", "9", "14a"], "string", "default", "VARCHAR"),
        ("d", ["2020-01-05", "2020-1-6"], "date", "default", "DATE"),
        ("d", ["31/12/2020", "01/02/2020"], "date", "%d/%m/%Y", "DATE"),
        ("d", ["12/31/2020", "01/02/2020"], "date", "%m/%d/%Y", "DATE"),
        ("d", ["31/12/99", "01/02/00"], "date", "%d/%m/%y", "DATE"),
        ("d", ["5 Jan 2020", "12 Feb 2021"], "date", "%d %b %Y", "DATE"),
        ("d", ["January 5, 2020", "March 12, 2021"], "date", "%B %d, %Y", "DATE"),
        ("date", ["20200131", "20210228"], "date", "%Y%m%d", "DATE"),
        ("t", ["2020-01-05 10:00:00", "2020-01-06T11:30:00.5"], "datetime", "default", "TIMESTAMP"),
        ("t", ["2020-01-05T10:00:00Z", "2020-01-06T10:00:00+02:00"], "datetime", "default", "TIMESTAMPTZ"),
        ("t", ["1/5/2020 10:00 PM", "12/25/2020 9:05 AM"], "datetime", "%m/%d/%Y %I:%M %p", "TIMESTAMP"),
        ("t", ["10:00", "23:59:30"], "time", "default", "TIME"),
        ("m", ["2020-01", "2020-12"], "yearmonth", "default", "VARCHAR"),
        ("j", ['{"a": 1}', "{}"], "object", "default", "VARCHAR"),
        ("j", ["[1, 2]", "[]"], "array", "default", "VARCHAR"),
        ("j", ["[draft]", "[final]"], "string", "default", "VARCHAR"),
        ("place", ["52.5, 13.4", "48.1,11.6"], "geopoint", "default", "VARCHAR"),
        ("span", ["P1D", "PT5M"], "duration", "default", "VARCHAR"),
        ("version", ["1.2.3", "1.2.10"], "string", "default", "VARCHAR"),
        ("ip", ["1.2.3.4", "10.0.0.1"], "string", "default", "VARCHAR"),
        ("score", ["3-1", "2-2"], "string", "default", "VARCHAR"),
        ("size", ["10-20", "20-30"], "string", "default", "VARCHAR"),
    ],
)
def test_a_column_has_the_type_that_its_values_are(name, values, kind, form, physical):
    found = column(name, values)
    assert (found.type, found.format, found.physical_type) == (kind, form, physical)
    assert found.evidence.failed == 0


@pytest.mark.parametrize(
    ("values", "style", "unit", "first"),
    [
        (["1.234,56", "12,5", "7"], "dot_grouped", None, 1234.56),
        (["1,234.50", "12", "3,000"], "comma_grouped", None, 1234.5),
        (["1'234.50", "12'000"], "apostrophe_grouped", None, 1234.5),
        (["1 234,56", "12\u00a0000"], "space_grouped", None, 1234.56),
        (["12,34,567.00", "1,00,000"], "indian_grouped", None, 1234567.0),
        (["($45.20)", "$1,234.50", "-$3"], "comma_grouped", "USD", -45.2),
        (["12,50 €", "1.200,00 €"], "dot_grouped", "EUR", 12.5),
        (["12.5 kg", "8kg"], "plain", "kg", 12.5),
        (["12.5%", "8 %"], "plain", "%", 12.5),
        (["1.2k", "3M"], "plain", None, 1200.0),
        (["$1.5M", "$20k"], "plain", "USD", 1_500_000.0),
    ],
)
def test_numbers_in_any_style_are_read_but_stay_text_until_a_repair(values, style, unit, first):
    found = column("amount", values)
    assert (found.type, found.physical_type, found.number_style, found.unit) == ("number", "VARCHAR", style, unit)
    con = session({"amount": values})
    assert con.execute(f"SELECT {casts.parsed(found, 'amount')} FROM source").fetchall()[0][0] == pytest.approx(first)


@pytest.mark.parametrize("values", [["12A", "13A", "15B"], ["1st", "2nd", "3rd"], ["A1", "B2"], ["Room 1", "Room 2"]])
def test_codes_with_letters_are_no_numbers_with_units(values):
    assert column("room", values).type == "string"


def test_mixed_date_styles_are_listed_and_stay_text():
    found = column("d", ["2020-01-05", "05/13/2020", "Jan 7, 2021"])
    assert (found.type, found.physical_type) == ("date", "VARCHAR")
    assert set(found.formats_seen) == {"%Y-%m-%d", "%m/%d/%Y", "%b %d, %Y"}
    assert found.evidence.failed == 0


def test_ambiguous_dates_follow_the_tables_other_dates():
    table = inferred({"a": ["01/02/2020", "03/04/2020"], "b": ["31/01/2020", "28/02/2020"]})
    assert table[0].format == "%d/%m/%Y"
    assert 0.6 < table[0].confidence < 0.9


def test_ambiguous_dates_follow_the_order_of_the_rows():
    days_first = [f"{day:02}/{month:02}/2020" for month in (1, 2, 3) for day in (2, 5, 9)]
    assert column("d", days_first, times=1).format == "%d/%m/%Y"


def test_dates_that_nothing_decides_stay_text_and_say_so():
    found = column("d", ["05/06/2020", "01/02/2020", "05/03/2020", "02/02/2020"])
    assert (found.type, found.physical_type, found.formats_seen) == ("date", "VARCHAR", ["%m/%d/%Y"])
    assert found.confidence <= 0.6
    assert "other way round" in found.description


def test_null_tokens_are_found_where_the_rest_is_of_another_kind():
    numbers = column("n", ["1", "2", "N/A", "-", "7", "nan", "?"])
    assert numbers.type == "integer"
    assert set(numbers.null_tokens) == {"N/A", "-", "nan", "?"}
    assert numbers.evidence.nulls == 12
    assert numbers.evidence.failed == 0


def test_two_letter_codes_keep_namibia():
    assert column("country", ["NA", "DE", "FR", "US"]).null_tokens == []


def test_words_in_a_text_column_are_no_null_tokens_unless_they_are_certain():
    assert column("severity", ["none", "low", "high", "low"]).null_tokens == []
    assert column("comment", ["fine, thanks", "N/A", "rather good"]).null_tokens == ["N/A"]


def test_slips_among_numbers_fail_and_are_shown():
    found = column("n", ["1", "2", "3", "4", "5", "6", "7", "8", "9", "ten", "11", "12"])
    assert found.type == "integer"
    assert (found.evidence.failed, found.evidence.examples_failed) == (3, ["ten", "ten", "ten"])
    assert found.confidence < 0.95


@pytest.mark.parametrize(
    ("values", "kind", "missing"),
    [
        (["x", "y"], "string", []),
        (["Y", "Y", "Y"], "boolean", []),
        (["N"], "string", []),
        (["N", "N", "S"], "string", []),
        (["Y", "N", "U", "Y"], "boolean", ["U"]),
        (["Y", "N", "Y", "Y", "N", "Y", "Y", "N", "N", "Y", "A"], "string", []),
        (["áno", "nie"], "boolean", []),
        (["✓", "✗"], "boolean", []),
        (["TRUE", "-1", "FALSE"], "boolean", ["-1"]),
        (["Yes", "No", "Maybe"], "string", []),
    ],
)
def test_booleans_need_a_pair_of_words_or_one_word_that_tells(values, kind, missing):
    found = column("v", values)
    assert (found.type, found.null_tokens) == (kind, missing)


def test_words_where_numbers_are_missing_are_null_tokens_and_the_note_says_so():
    found = column("v", [*map(str, range(20)), *["Closed for now"] * 12])
    assert (found.type, found.null_tokens, found.evidence.failed) == ("integer", ["Closed for now"], 0)
    assert "Closed for now" in found.description


@pytest.mark.parametrize("odd", ["<0.5", "12.3*", "5.3[1]", "approx 2", "3.4e"])
def test_numbers_with_notes_on_them_are_numbers_that_fail(odd):
    found = column("v", [*(f"{at}.5" for at in range(12)), odd])
    assert (found.type, found.evidence.failed) == ("number", 3)


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2", "3", "G", "B", "4", "5", "LG"],
        ["1B", "30", "30B", "40", "28B", "24"],
        ["9:00-13:30", "10:00-12:00", "8:30-17:00"],
        ["1.2.3", "4.5.6", "7.8.90"],
        ["2 of 3", "1 of 3", "3 of 3"],
        [*(str(1900 + at) for at in range(20)), "2001 (1889)", "1969/2011"],
    ],
)
def test_labels_that_hold_numbers_are_text(values):
    assert column("v", values).type == "string"


def test_decimal_commas_are_no_places():
    assert column("v", ["87,48", "82,98", "32,10", "12..5"] * 3).type != "geopoint"


def test_digits_of_other_scripts_do_not_stop_the_reading():
    assert column("v", ["١٢", "٣٤"]).type == "string"


@pytest.mark.parametrize(
    ("values", "kind", "first"),
    [
        (["3. März 2020", "12. Januar 2021"], "date", "2020-03-03"),
        (["le 3 août 2021", "1er janvier 2020"], "date", "2021-08-03"),
        (["15 de febrero de 2021", "3 de enero de 2020"], "date", "2021-02-15"),
        (["5 января 2020", "7 марта 2020"], "date", "2020-01-05"),
        (["May 3rd, 2020", "June 21st, 2021"], "date", "2020-05-03"),
        (["Mon 05/25/2020", "Tue 05/26/2020"], "date", "2020-05-25"),
        (["2020-07-05 10:00 EDT", "2020-01-05 10:00 EST"], "datetime", "2020-07-05 14:00:00+00:00"),
        (["2020-01-05 10:00:00 Europe/Berlin"], "datetime", "2020-01-05 09:00:00+00:00"),
        (["6:30pm", "11am"], "time", "18:30:00"),
        (["1h 30m", "45m"], "duration", "1:30:00"),
        (["P1DT2H", "PT5M"], "duration", "1 day, 2:00:00"),
        (["36:15:00", "01:02:03"], "duration", "1 day, 12:15:00"),
    ],
)
def test_moments_and_spans_are_read_in_many_words(values, kind, first):
    found = column("n", values)
    assert (found.type, found.evidence.failed) == (kind, 0)
    read = session({"n": values}).execute(f"SELECT {casts.parsed(found, 'n')} FROM source").fetchall()
    assert str(read[0][0]) == first


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (["12", "15", "31", "22", "18", "41", "-999"], ["-999"]),
        (["1.5", "2.25", "0.75", "3.5", "2.0", "999.0"], ["999.0"]),
        (["34", "51", "27", "88", "62", "99"], []),
        (["-40", "-12", "15", "31", "22", "-99"], []),
        (["1", "2", "-9"], []),
    ],
)
def test_numbers_far_off_that_stand_for_missing_values_are_null_tokens(values, missing):
    found = column("v", values)
    assert found.null_tokens == missing
    assert (found.evidence.nulls, found.evidence.failed) == (3 * len(missing), 0)
    read = session({"v": values}).execute(f"SELECT count({casts.typed(found, 'v')}) FROM source").fetchall()
    assert read[0][0] == len(values) - len(missing)
