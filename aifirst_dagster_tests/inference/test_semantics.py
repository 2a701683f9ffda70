"""What text columns mean: addresses, codes, places, people."""

import pytest

from aifirst_dagster_tests.inference.tables import column


@pytest.mark.parametrize(
    ("name", "values", "meaning"),
    [
        ("contact", ["a@b.de", "x.y@z.org"], "email"),
        ("site", ["https://a.de/x", "http://b.org"], "url"),
        ("key", ["6f1c0e4a-3b1d-4f6a-9a51-0a2f5ed7ce11", "6f1c0e4a-3b1d-4f6a-9a51-0a2f5ed7ce12"], "uuid"),
        ("addr", ["10.0.0.1", "192.168.1.7"], "ip_address"),
        ("konto", ["DE89370400440532013000", "GB29NWBK60161331926819"], "iban"),
        ("card number", ["4111 1111 1111 1111", "5500 0000 0000 0004"], "credit_card"),
        ("ean", ["4006381333931", "9780306406157"], "ean"),
        ("tel", ["+49 30 1234567", "030/1234567"], "phone"),
        ("contact", ["(555) 123-4567", "(555) 987-6543"], "phone"),
        ("zip", ["12345", "94110"], "postal_code"),
        ("where", ["Germany", "France", "Peru"], "country"),
        ("country", ["DE", "FR", "PE"], "country_code"),
        ("ccy", ["EUR", "USD", "CHF"], "currency_code"),
        ("state", ["CA", "NY", "TX"], "us_state"),
        ("city", ["Berlin", "Lima"], "city"),
        ("first_name", ["Ana", "Bo"], "first_name"),
        ("Full Name", ["Ana Diaz", "Bo Li"], "person_name"),
        ("street", ["12 Main St", "4 Oak Ave"], "address"),
        ("lat", ["52.5", "-13.2"], "latitude"),
        ("longitude", ["152.5", "-13.2"], "longitude"),
        ("price", ["12.5", "13"], "money"),
        ("cost", ["$12", "$15.50"], "money"),
        ("rate", ["12%", "15%"], "percentage"),
        ("customer_id", ["17", "18"], "identifier"),
        ("created_ts", ["1600000000", "1600000100"], "epoch_seconds"),
        ("gender", ["m", "f", "f"], "gender"),
        ("colour", ["#ff0000", "#00ff00"], "color"),
        ("version", ["1.2.3", "2.0.1"], "version"),
        ("status", ["new", "open", "new", "open"], "category"),
        ("note", ["this is a longer text about nothing much", "and another one of the same kind, really"], "free_text"),
    ],
)
def test_a_columns_meaning_is_found_by_its_values_and_its_name(name, values, meaning):
    assert column(name, values).semantic_type == meaning


def test_a_name_alone_makes_no_email():
    assert column("email", ["yes please", "no thanks", "maybe later"]).semantic_type != "email"


def test_texts_of_one_shape_have_a_pattern():
    assert column("sku", [f"AB-{number}" for number in range(1000, 1060)], 1).pattern == r"^[A-Z]{2}\-\d{4}$"


def test_a_unit_may_stand_in_the_name():
    assert column("Weight (kg)", ["1.5", "2"]).unit == "kg"
    assert column("price_eur", ["1.5", "2"]).unit == "EUR"
    assert column("sum", ["1.5", "2"]).unit is None


def test_every_column_has_a_sentence():
    found = column("status", ["new", "open", "new", "open"])
    assert found.description == "Kinds; one of 2 values: new, open."
