"""Column names in one style, unique, with the original kept."""

import pytest

from aifirst_dagster.inference.names import standardise


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("Größe (cm)", "groesse_cm"), ("Customer ID", "customer_id"), ("customerName", "customer_name"),
        ("HTTPStatus", "http_status"),
        ("  Total $ ", "total_usd"), ("% Change", "percent_change"),
        ("2020", "n_2020"), ("order", "order_"), ("Étage", "etage"),
        ("a.b.c", "a_b_c"), ("客户", "column_1"), ("", "column_1"), ("_source", "source"), ("x" * 200, "x" * 60),
    ],
)  # fmt: skip
def test_names_become_plain_snake_case(name, standard):
    assert standardise([name]) == [standard]


def test_names_stay_unique_and_a_standard_name_keeps_itself():
    assert standardise(["Name", "name", "NAME", ""]) == ["name_2", "name", "name_3", "column_4"]
    assert len(set(standardise(["a", "A", "a_2", "a ", "A_2"]))) == 5
