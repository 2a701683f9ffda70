"""`docs/expectations.md`: all types in one table, made from the code that judges them.

`python -m aifirst_dagster.quality.reference` writes it; a test proves that it is current.
"""

from __future__ import annotations

from pathlib import Path

from aifirst_dagster.quality.dbt_tests import has_test
from aifirst_dagster.quality.expectations.meanings import MEANINGS
from aifirst_dagster.quality.expectations.vocabulary import OWN, VOCABULARY

#: Types that Great Expectations judges in SQL databases only, or not at all any more.
SQL_ONLY = frozenset({
    "expect_column_values_to_match_like_pattern", "expect_column_values_to_not_match_like_pattern",
    "expect_column_values_to_match_like_pattern_list", "expect_column_values_to_not_match_like_pattern_list",
    "expect_table_row_count_to_equal_other_table", "expect_query_results_to_match_comparison",
    "unexpected_rows_expectation", "expect_column_type_to_be", "expect_multicolumn_values_to_be_unique",
})  # fmt: skip

_HEAD = """\
# Expectations

<!-- Made by `python -m aifirst_dagster.quality.reference`: change the code, not this page. -->

A rule is a `type` and its `kwargs`. Types and arguments are Great Expectations' own (core, 1.24), and some of ours,
named in its manner. The engine `duckdb` judges them all; `--engine great_expectations` runs Great Expectations on
pandas. Both give the same verdict, counts and figures: `AIFIRST_AGREE_EXAMPLES=1000 pytest
aifirst_dagster_tests/quality/test_agreement.py` tries random tables and rules.

```
aifirst check orders.csv --rules rules.yaml --with customers=customers.csv
aifirst check orders.csv --rules rules.yaml --engine great_expectations --data-docs site/
aifirst rules convert suite.json rules.yaml          # a Great Expectations suite in
aifirst rules convert rules.yaml suite.json          # and out
aifirst rules convert rules.yaml schema.yml --to dbt --model orders
```

## All types

Missing is what is NULL, and not-a-number. `GX`: judged by Great Expectations on pandas, too. `dbt`: there is a test
for `--to dbt`. Arguments that must be given are bold; `mostly` and `row_condition` are left out.
"""

_TAIL = """
## What holds for all

- `mostly` (0 to 1): the share of judged values that must be as expected. Without any judged value a rule holds.
- `row_condition`: the rows that a rule is about. Three forms: pandas (`age > 17 and country == "CH"`, with
  backquotes around odd names; `condition_parser` may be `pandas` or left out), Great Expectations' older one
  (`col("age") > 17`, `condition_parser: great_expectations`), and its condition objects as they stand in a suite
  (`{type: comparison, column: {name: age}, operator: ">", parameter: 17}`, `nullity`, `and`, `or`). As in pandas, a
  missing value differs from every other: `age != 17` is met where there is no age, `age > 17` is not.
- Limits and sets take on the column's kind: `"5"` is 5 beside numbers, `"2024-01-31"` a date beside dates. A point in
  time without a zone is UTC beside a column with one.
- `unexpected_list` holds the values (rows, where several columns are judged) in the table's order, the first 20.
- A rule that cannot be judged has no verdict but an `error`, and the others are judged: no such column (with the
  nearest name), a kind of column that it does not fit, a pattern that is none. An unknown type or argument, or a value
  of the wrong kind, is an error when the file is read.
- Another dataset (`other_table_name`, `comparison_data_source_name`): in a pipeline the key of a step that the checking
  step names in `needs` after its first; with bare files a name given by `--with NAME=FILE`, or a path, seen from the
  working directory or the rule file.
- A query runs in the sandbox: one SELECT, over its own tables, in a process with limits.

## How it is done

Rules over rows and figures share one scan of the table. Each column (or key) with a rule about its distinct values,
quantiles or order takes one more; what outliers and z-scores are measured by is asked for in the first scan. Values
that fail are fetched in one at the end. Patterns run in DuckDB where it and Python's `re` agree on a text, and in `re`
where they may not (look-around, `\\d` beyond ASCII, `$` before a line break); dates, JSON and its schemas likewise.
`python benchmarks/bench_rules.py` measures a hundred rules beside Great Expectations.

## Where the engines differ, and why

| Case | Great Expectations on pandas | Here |
|---|---|---|
| a column's type rules a rule out, and it has no value | holds | an error |
| equality of a date (`column_A`) and texts that all read as dates | read, then compared | another kind: never equal |
| `in_type_list` with `str`, on text | pandas 3's own type of text is no `str` | it is |
| `most_common_value_to_be_in_set`, on dates | finds no date in a set | finds it |
| `row_condition: "day == '2024-01-01'"` | no date equals a text in pandas 3 | the text is read as a date |
| `unique_within_record` over kinds, several missing | NaT, NaN and None differ | missing is missing |
| `pair_values_to_be_in_set` of whole numbers | may fail on its own report | judged |
| text of a time for patterns and lengths | as pandas writes the whole column | as SQL writes the value |
| order of true and false | always as expected | false comes before true |
| sum of texts, deviation of times | a text, a length of time | an error |
| `row_condition` by the row's `index` | the place in the frame | an error: there is no such column |
| limits for a column of text | an error of its own | an error: make it a number or date first |
"""


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for title, types in MEANINGS.items():
        parts.append(
            f"\n### {title}\n\n| Type | Arguments | Says | Missing values | GX | dbt |\n|---|---|---|---|---|---|"
        )
        for type_, (says, missing) in types.items():
            names = ", ".join(_arguments(type_))
            gx = "" if type_ in OWN or type_ in SQL_ONLY else "yes"
            parts.append(f"\n| `{type_}` | {names} | {says} | {missing} | {gx} | {'yes' if has_test(type_) else ''} |")
        parts.append("\n")
    return "".join([*parts, _TAIL])


def _arguments(type_: str) -> list[str]:
    """Names of arguments, those that must be given first and bold; what every type takes is left out."""
    common = {"row_condition", "condition_parser", "mostly"}
    known = {name: kwarg for name, kwarg in VOCABULARY[type_].items() if name not in common}
    needed = [f"**{name}**" for name, kwarg in known.items() if kwarg.required]
    return [*needed, *(name for name, kwarg in known.items() if not kwarg.required)]


def main() -> None:
    """Write the page."""
    target = Path(__file__).resolve().parents[2] / "docs" / "expectations.md"
    target.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
