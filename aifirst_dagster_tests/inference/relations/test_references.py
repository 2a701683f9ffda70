"""Foreign keys between tables, by inclusion, names and types."""

import pytest

from aifirst_dagster.datasets.session import connect, ident
from aifirst_dagster.inference import infer
from aifirst_dagster.inference.relations.references import Table, alike, find


def tables(**given):
    """Tables of texts in one session, with verified columns."""
    con = connect()
    made = []
    for name, columns in given.items():
        listed = ", ".join(f"unnest(?::VARCHAR[]) AS {ident(column)}" for column in columns)
        con.execute(f"CREATE TABLE {name} AS SELECT {listed}", list(columns.values()))
        found = infer.verify(con, name, infer.propose(con, name, list(columns)))
        made.append(Table(f"{name}.csv", name, found))
    return con, made


def texts(*numbers):
    return [str(number) for number in numbers]


def test_a_column_named_after_the_other_table_refers_to_its_key():
    con, (orders, customers) = tables(
        orders={"no": texts(*range(50)), "customer_id": texts(*(at % 7 + 1 for at in range(50)))},
        customers={"id": texts(*range(1, 9)), "town": list("abcabcab")},
    )
    (one,) = find(con, orders, customers)
    assert (one.columns, one.kind, one.table) == (["customer_id", "id"], "foreign_key", "customers.csv")
    assert "7 of 7 values" in one.evidence
    assert "many to one" in one.evidence
    assert find(con, customers, orders) == []


def test_rows_that_point_at_nothing_are_counted():
    pointing = [at % 40 + 1 for at in range(80)]
    pointing[3] = 77
    con, (orders, customers) = tables(
        orders={"no": texts(*range(80)), "customer_id": texts(*pointing)},
        customers={"id": texts(*range(1, 41)), "town": ["a"] * 40},
    )
    (one,) = find(con, orders, customers)
    assert one.error == pytest.approx(1 / 80)
    assert "1 of 80 rows point at nothing" in one.evidence


def test_small_numbers_that_lie_among_row_numbers_are_no_references():
    con, (reviews, films) = tables(
        reviews={"no": texts(*range(500, 560)), "stars": texts(*(at % 5 + 1 for at in range(60)))},
        films={"id": texts(*range(1, 30)), "film": [f"film {at}" for at in range(29)]},
    )
    assert find(con, reviews, films) == []


def test_codes_need_no_name():
    codes = [f"SKU-{at}" for at in range(40)]
    con, (lines, products) = tables(
        lines={"n": texts(*range(80)), "what": codes * 2}, products={"article": codes, "price": texts(*range(40))}
    )
    (one,) = find(con, lines, products)
    assert one.columns == ["what", "article"]


def test_a_column_that_refers_to_its_own_table():
    con, (staff,) = tables(staff={"id": texts(*range(1, 31)), "manager_id": texts(*(at // 5 + 1 for at in range(30)))})
    (one,) = find(con, staff, staff)
    assert (one.columns, one.table) == (["manager_id", "id"], None)


@pytest.mark.parametrize(
    ("child", "key", "table", "named"),
    [
        ("customer_id", "id", "customers.csv", True),
        ("customer", "id", "data/customers.csv", True),
        ("country_code", "country_code", "geo.csv", True),
        ("billing_country_code", "country_code", "geo.csv", True),
        ("category", "name", "categories.json", True),
        ("id", "id", "x.csv", False),
        ("price", "id", "customers.csv", False),
    ],
)
def test_names_speak_for_a_reference(child, key, table, named):
    assert (alike(child, key, table) >= 0.7) == named


@pytest.mark.parametrize("rows", [[], [None, None]])
def test_empty_tables_refer_to_nothing(rows):
    con, (one, other) = tables(one={"a_id": rows, 'b"; --': rows}, a={"id": rows, "n": rows})
    assert find(con, one, other) == []
