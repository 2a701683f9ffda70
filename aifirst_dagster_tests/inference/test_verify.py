"""A type proposed from a sample is tested on all rows."""

from aifirst_dagster.datasets.session import connect
from aifirst_dagster.inference import infer
from aifirst_dagster.inference.file import infer_relation
from aifirst_dagster_tests.inference.tables import inferred, session


def _late(expression: str, rows: int = 60_000):
    con = connect()
    con.execute(f"CREATE TABLE source AS SELECT {expression} AS c, 't' _source, i _source_line FROM range({rows}) t(i)")
    return con, infer.verify(con, "source", infer.propose(con, "source", ["c"]))[0]


def test_a_fraction_far_beyond_the_sample_makes_the_column_a_number():
    _, column = _late("CASE WHEN i = 59999 THEN '1.5' ELSE i::VARCHAR END")
    assert (column.type, column.evidence.failed, column.evidence.parsed) == ("number", 0, 60_000)


def test_text_far_beyond_the_sample_makes_the_column_text():
    _, column = _late("CASE WHEN i > 30000 THEN 'word ' || i ELSE i::VARCHAR END")
    assert (column.type, column.physical_type, column.evidence.failed) == ("string", "VARCHAR", 0)


def test_a_day_first_date_far_beyond_the_sample_turns_the_order_round():
    _, column = _late("CASE WHEN i > 25000 THEN '28/02/2021' ELSE '01/02/2020' END")
    assert (column.type, column.format, column.evidence.failed) == ("date", "%d/%m/%Y", 0)


def test_a_repeated_key_far_beyond_the_sample_is_no_key():
    con, column = _late("CASE WHEN i = 59999 THEN '7' ELSE i::VARCHAR END")
    assert not column.unique
    assert infer_relation(con, "source", ["c"]).primary_key == []


def test_a_new_category_far_beyond_the_sample_joins_the_closed_set():
    _, column = _late("CASE WHEN i > 59000 THEN 'late' WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END")
    assert column.values == ["even", "late", "odd"]


def test_nullability_is_that_of_all_rows():
    _, column = _late("CASE WHEN i = 50000 THEN NULL ELSE i::VARCHAR END")
    assert column.nullable
    assert column.evidence.nulls == 1


def test_an_empty_table_and_empty_columns_have_types_too():
    assert [column.type for column in inferred({"a": [], "b": []})] == ["string", "string"]
    found = inferred({"a": [None, None], "b": ["", " "], "c": ["1", None]})
    assert [column.type for column in found] == ["string", "string", "integer"]
    assert [column.evidence.nulls for column in found] == [6, 6, 3]


def test_hostile_names_and_values_are_data():
    names = {
        'a"b': ["1", "2"],
        "x'; DROP TABLE source; --": ["{{", "';"],
        "new\nline": ["%", "\\"],
        "Größe (cm)": ["1", "2"],
    }
    con = session(names, 3)
    schema = infer_relation(con, "source", list(names))
    assert [column.source_name for column in schema.columns] == list(names)
    assert [column.type for column in schema.columns] == ["integer", "string", "string", "integer"]
    assert con.execute("SELECT count(*) FROM source").fetchall() == [(6,)]


def test_native_types_are_kept():
    con = connect()
    values = "1::INTEGER a, [1, 2] b, {'x': 1} c, DATE '2020-01-01' d, '7' e"
    con.execute(f"CREATE TABLE source AS SELECT {values}, 't' _source, 1 _source_line")
    native = {"a": "INTEGER", "b": "INTEGER[]", "c": "STRUCT(x INTEGER)", "d": "DATE", "e": "VARCHAR"}
    found = infer_relation(con, "source", list(native), native).columns
    assert [column.type for column in found] == ["integer", "array", "object", "date", "integer"]
    assert [column.native for column in found] == [True, True, True, True, False]


def test_blank_texts_are_no_values_whatever_they_are_blank_with():
    con = connect()
    texts = ["pear", "é", "", " ", "  ", "\u3000", "\u00a0", "\t", " plum", "\u3000fig", "!", "~", "zebra"]
    con.execute("CREATE TABLE blanks (fruit VARCHAR)")
    con.executemany("INSERT INTO blanks VALUES (?)", [[text] for text in texts])
    blank = con.execute("SELECT count(*) FROM blanks WHERE trim(fruit) = ''").fetchall()[0][0]
    found = infer.verify(con, "blanks", infer.propose(con, "blanks", ["fruit"]))[0]
    assert found.type == "string" and blank >= 5
    assert (found.evidence.nulls, found.evidence.parsed) == (blank, len(texts) - blank)


def test_whole_numbers_are_a_key_where_their_texts_differ():
    con = connect()
    con.execute("CREATE TABLE numbers AS SELECT i::VARCHAR id, i::VARCHAR code, i::VARCHAR far FROM range(90) t(i)")
    con.execute("UPDATE numbers SET code = '7' WHERE id = '88'")
    con.execute("UPDATE numbers SET far = '-4000000000000' WHERE id = '88'")
    proposed = infer.propose(con, "numbers", ["id", "code", "far"], sample_rows=50)
    found = infer.verify(con, "numbers", proposed)
    assert [column.unique for column in found] == [True, False, True]
    con.execute("UPDATE numbers SET id = '8.0' WHERE id = '88'")
    assert infer.verify(con, "numbers", proposed)[0].unique
