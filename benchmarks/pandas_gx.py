"""The same job as a competent person writes it in pandas and Great Expectations, knowing the file beforehand.

Nothing is inferred and no rule is proposed here: types, formats and the twenty expectations were written by hand.
"""

from __future__ import annotations

import logging
import sys

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd


def load(source: str) -> pd.DataFrame:
    """Read the file as text where it needs repair, typed where it does not."""
    return pd.read_csv(source, dtype={"Order ID": "int64", "Amount": "str", "Signup Date": "str"}, keep_default_na=True)


def clean(table: pd.DataFrame) -> pd.DataFrame:
    """Standard names, one spelling of each country, real dates, numbers and booleans, no duplicates."""
    table = table.rename(columns=lambda name: name.lower().replace(" ", "_").replace("-", "_"))
    table["country"] = table["country"].str.strip().str.title()
    day = pd.to_datetime(table["signup_date"], format="%Y-%m-%d", errors="coerce")
    other = day.isna() & table["signup_date"].notna()
    day[other] = pd.to_datetime(table.loc[other, "signup_date"], format="%d.%m.%Y", errors="coerce")
    table["signup_date"] = day
    table["amount"] = pd.to_numeric(table["amount"].str.replace(r"[$,]", "", regex=True), errors="coerce")
    table["active"] = table["active"].map({"yes": True, "no": False})
    return table.drop_duplicates()


def expectations(table: pd.DataFrame) -> list[gxe.Expectation]:
    """Twenty expectations."""
    countries = ["Germany", "France", "Spain", "Italy", "Poland", "Sweden", "Portugal", "Austria", "Norway", "Finland"]
    texts = ("order_id", "customer_code", "name", "e_mail", "signup_date", "active")
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
        gxe.ExpectTableColumnCountToEqual(value=9),
        gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(table.columns)),
        *(gxe.ExpectColumnValuesToNotBeNull(column=column) for column in texts),
        gxe.ExpectColumnValuesToNotBeNull(column="amount", mostly=0.95),
        gxe.ExpectColumnValuesToNotBeNull(column="country", mostly=0.95),
        gxe.ExpectColumnValuesToBeUnique(column="order_id"),
        gxe.ExpectColumnValuesToBeBetween(column="order_id", min_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=0, max_value=10_000),
        gxe.ExpectColumnValuesToBeInSet(column="country", value_set=countries),
        gxe.ExpectColumnValuesToMatchRegex(column="customer_code", regex=r"^CUS-[0-9A-F]{10}$"),
        gxe.ExpectColumnValuesToMatchRegex(column="e_mail", regex=r"^[^@\s]+@[^@\s]+\.[a-z]+$"),
        gxe.ExpectColumnValueLengthsToBeBetween(column="name", min_value=2, max_value=80),
        gxe.ExpectColumnMeanToBeBetween(column="amount", min_value=100, max_value=1_000),
        gxe.ExpectColumnUniqueValueCountToBeBetween(column="country", min_value=2, max_value=20),
    ]


def main(source: str, target: str) -> None:
    """Load, clean, judge, write; exits with 1 where an expectation fails."""
    logging.disable(logging.WARNING)
    table = clean(load(source))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("memory")
        .add_dataframe_asset("orders")
        .add_batch_definition_whole_dataframe("all")
    )
    suite = context.suites.add(gx.ExpectationSuite(name="orders", expectations=expectations(table)))
    judged = gx.ValidationDefinition(name="orders", data=batch, suite=suite)
    result = context.validation_definitions.add(judged).run(batch_parameters={"dataframe": table})
    table.to_parquet(target)
    print(f"{len(result.results)} expectations, {sum(r.success for r in result.results)} met", file=sys.stderr)
    sys.exit(not result.success)


if __name__ == "__main__":
    main(*sys.argv[1:3])
