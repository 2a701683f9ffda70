"""Random tables and random rules of every type that both engines judge."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.rules import Rule

WORDS = ["", "a", "b", "ab", "Ab", "é", "1", "10", " a", "a\n", "12\n", "x1", "2024-01-05", "2024-1-5", "[1, 2]", "{}"]
DAYS = ["2023-12-31", "2024-01-01", "2024-01-02", "2024-02-29", "2024-03-01"]
TIMES = ["2023-12-31 23:59:59", "2024-01-01 00:00:00", "2024-01-01 10:30:00", "2024-02-29 12:00:00.5"]
INTEGERS = st.integers(-3, 5)
FLOATS = st.sampled_from([-1.5, 0.0, 0.1, 0.25, 1.0, 2.0, 2.5, 100.0, 1e20])
WORD, DAY, TIME = st.sampled_from(WORDS), st.sampled_from(DAYS), st.sampled_from(TIMES)

#: Column -> (its DuckDB type, its values).
COLUMNS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "i": ("BIGINT", INTEGERS),
    "k": ("INTEGER", INTEGERS),
    "f": ("DOUBLE", FLOATS),
    "m": ("DECIMAL(9,2)", st.sampled_from([-1.5, 0.25, 1.0, 2.0, 2.5])),
    "s": ("VARCHAR", WORD),
    "t": ("VARCHAR", st.sampled_from(["a", "b", "ab"])),
    "b": ("BOOLEAN", st.booleans()),
    "d": ("DATE", DAY),
    "w": ("TIMESTAMP", TIME),
    "z": ("TIMESTAMP WITH TIME ZONE", TIME.map(lambda text: f"{text}+00:00")),
}
NUMBERS, ORDERED, TEXTS = ["i", "k", "f", "m"], ["i", "k", "f", "m", "d", "w", "z"], ["s", "t"]
ANY = list(COLUMNS)


@st.composite
def tables(draw: st.DrawFn) -> str:
    """SQL of a table with a column of each kind, 0 to 9 rows; a column may lack any share of its values."""
    rows = draw(st.integers(0, 9))
    picked = []
    for name, (type_, values) in COLUMNS.items():
        sparse = draw(st.sampled_from([0, 0, 1, 3, 10]))
        cells = [draw(values) if draw(st.integers(0, 9)) >= sparse else None for _ in range(rows)]
        listed = ", ".join(literal(cell) for cell in cells)
        picked.append(f"unnest([{listed}]::{type_}[]) AS {name}")
    return f"SELECT {', '.join(picked)}"


def _limits(name: str) -> st.SearchStrategy[Any]:
    return {"d": DAY, "w": TIME, "z": TIME}.get(name, INTEGERS | FLOATS)


def _bounds(name: str) -> st.SearchStrategy[dict[str, Any]]:
    ends = st.one_of(st.none(), _limits(name))
    return st.fixed_dictionaries(
        {"min_value": ends, "max_value": ends}, optional={"strict_min": st.booleans(), "strict_max": st.booleans()}
    )


COUNTS = st.fixed_dictionaries(
    {"min_value": st.none() | st.integers(0, 6), "max_value": st.none() | st.integers(0, 9)},
    optional={"strict_min": st.booleans(), "strict_max": st.booleans()},
)
SHARES = st.fixed_dictionaries({"min_value": st.none() | st.sampled_from([0, 0.25, 0.5, 0.8, 1])}).map(
    lambda kwargs: {**kwargs, "max_value": None}
)
REGEX = st.sampled_from([
    "a", "^a", "a$", r"^\d+$", r"\w", r"\s", "[ab]+", "^$", r"(?i)AB", "(?=a)", r"(a)\1", ".", r"\b", "é", "[^a]",
    r"\Z",
])  # fmt: skip
# Not `d == '2024-01-01'`: pandas 3 finds no date equal to a text in a query, and finds all unequal; we read the text.
CONDITIONS = st.sampled_from([
    "i > 0", "i == 1 or k == 2", "t == 'a'", "t != 'a'", "i > 0 and t == 'b'", "f <= 1", "b == True", "i in [0, 1, 2]",
    "~(i > 1)", "t in ['a', 'b']", "i > k", "i.notnull()", "s.isnull()", "i >= 0 & k < 3", "d > '2024-01-01'",
    "t not in ['a']", "not i == 1", "i != 1", "f != 1", "i not in [0, 1]", "b != True",
])  # fmt: skip
OBJECTS = st.sampled_from([
    {"type": "comparison", "column": {"name": "i"}, "operator": ">", "parameter": 0},
    {"type": "comparison", "column": {"name": "t"}, "operator": "==", "parameter": "a"},
    {"type": "comparison", "column": {"name": "t"}, "operator": "!=", "parameter": "a"},
    {"type": "comparison", "column": {"name": "t"}, "operator": "IN", "parameter": ["a", "b"]},
    {"type": "comparison", "column": {"name": "k"}, "operator": "NOT_IN", "parameter": [1, 2]},
    {"type": "nullity", "column": {"name": "s"}, "is_null": False},
    {"type": "nullity", "column": {"name": "f"}, "is_null": True},
    {"type": "and", "conditions": [
        {"type": "comparison", "column": {"name": "i"}, "operator": ">=", "parameter": 0},
        {"type": "nullity", "column": {"name": "t"}, "is_null": False}]},
    {"type": "or", "conditions": [
        {"type": "comparison", "column": {"name": "i"}, "operator": "<", "parameter": 0},
        {"type": "comparison", "column": {"name": "f"}, "operator": ">", "parameter": 1.5}]},
])  # fmt: skip
LEGACY = st.sampled_from(
    ['col("i") > 0', 'col("t") == "a"', 'col("t") != "a"', 'col("s").notNull()', 'col("f") <= 1.5']
)
ROWS = st.one_of(
    st.just({}),
    st.just({}),
    CONDITIONS.map(lambda text: {"row_condition": text, "condition_parser": "pandas"}),
    CONDITIONS.map(lambda text: {"row_condition": text}),
    LEGACY.map(lambda text: {"row_condition": text, "condition_parser": "great_expectations"}),
    OBJECTS.map(lambda condition: {"row_condition": condition}),
)
MOSTLY = st.one_of(st.just({}), st.sampled_from([0, 0.3, 0.5, 0.75, 0.9, 1]).map(lambda share: {"mostly": share}))


def _set_of(name: str) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.one_of(COLUMNS[name][1], COLUMNS[name][1], st.sampled_from([None, "zz", 7])), max_size=4)


def _with(name: str, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"column": st.just(name), **more})


def _each(columns: list[str], make: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(columns).flatmap(make)


def _merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda several: {key: value for one in several for key, value in one.items()})


def _column(columns: list[str], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return _each(columns, lambda name: _with(name, **more))


def _figure(columns: list[str], bounds: Any = _bounds) -> st.SearchStrategy[dict[str, Any]]:
    return _each(columns, lambda name: _merged(_with(name), bounds(name)))


IGNORED = {"ignore_row_if": st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"])}
PAIRS = st.one_of(
    *(
        st.fixed_dictionaries({"column_A": st.just(a), "column_B": st.just(b)}, optional=IGNORED)
        for a in ANY for b in ANY if a != b
    )
)  # fmt: skip
LISTS = st.fixed_dictionaries(
    {"column_list": st.lists(st.sampled_from(ANY), min_size=2, max_size=3, unique=True)},
    optional={"ignore_row_if": st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"])},
)
# Of one kind each: what is missing of different kinds is different to pandas, and the same to us.
ALIKE_LISTS = st.fixed_dictionaries(
    {"column_list": st.sampled_from([NUMBERS, TEXTS, ["d", "w"]]).flatmap(
        lambda names: st.lists(st.sampled_from(names), min_size=2, max_size=3, unique=True))},
    optional={"ignore_row_if": st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"])},
)  # fmt: skip
NUMERIC_LISTS = st.fixed_dictionaries(
    {"column_list": st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=3, unique=True), "sum_total": INTEGERS},
    optional={"ignore_row_if": st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"])},
)
QUANTILES = st.fixed_dictionaries({
    "quantile_ranges": st.just({"quantiles": [0.1, 0.5, 1], "value_ranges": [[-3, 2], [0, None], [None, 3]]}),
    "allow_relative_error": st.sampled_from([False, "linear", "lower", "higher", "midpoint", "nearest"]),
})  # fmt: skip
PARTITIONS = st.sampled_from([
    {"bins": [-3, 0, 2, 5], "weights": [0.2, 0.3, 0.5]},
    {"bins": [0, 1, 2], "weights": [0.5, 0.5]},
    {"bins": [0, 1, 2], "weights": [0.4, 0.4], "tail_weights": [0.1, 0.1]},
    {"values": [0, 1, 2], "weights": [0.2, 0.3, 0.5]},
    {"bins": [0, 1], "weights": [0.4, 0.4]},
    None,
])  # fmt: skip
KL = {
    "partition_object": PARTITIONS, "threshold": st.sampled_from([None, 0, 0.1, 0.5, 3]),
    "tail_weight_holdout": st.sampled_from([0, 0.1]), "internal_weight_holdout": st.sampled_from([0, 0.1]),
}  # fmt: skip
SCHEMA = {"type": "array", "items": {"type": "integer"}}

#: Type -> arguments, but for the share and the condition on rows.
MAPS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "expect_column_values_to_not_be_null": _column(ANY),
    "expect_column_values_to_be_null": _column(ANY),
    "expect_column_values_to_be_unique": _column(ANY),
    "expect_column_values_to_be_between": _figure([*ORDERED, "s"]),
    "expect_column_values_to_be_in_set": _each(ANY, lambda name: _with(name, value_set=_set_of(name))),
    "expect_column_values_to_not_be_in_set": _each(ANY, lambda name: _with(name, value_set=_set_of(name))),
    "expect_column_values_to_match_regex": _column(["s", "t", "i", "f"], regex=REGEX),
    "expect_column_values_to_not_match_regex": _column(["s", "t", "i"], regex=REGEX),
    "expect_column_values_to_match_regex_list": _column(
        TEXTS, regex_list=st.lists(REGEX, min_size=1, max_size=3), match_on=st.sampled_from(["any", "all"])
    ),
    "expect_column_values_to_not_match_regex_list": _column(TEXTS, regex_list=st.lists(REGEX, min_size=1, max_size=3)),
    "expect_column_values_to_match_strftime_format": _column(
        TEXTS, strftime_format=st.sampled_from(["%Y-%m-%d", "%Y", "%d", "%m/%d/%Y", "%y"])
    ),
    "expect_column_values_to_be_dateutil_parseable": _column(["s", "t", "i"]),
    "expect_column_values_to_be_json_parseable": _column(["s", "t", "i", "d"]),
    "expect_column_values_to_match_json_schema": _column(["s", "t"], json_schema=st.just(SCHEMA)),
    "expect_column_values_to_be_increasing": _column(ORDERED, strictly=st.booleans()),
    "expect_column_values_to_be_decreasing": _column(ORDERED, strictly=st.booleans()),
    "expect_column_value_lengths_to_be_between": _figure([*TEXTS, "i", "b", "f"], lambda _: COUNTS),
    "expect_column_value_lengths_to_equal": _column([*TEXTS, "i"], value=st.integers(0, 3)),
    "expect_column_value_z_scores_to_be_less_than": _column(
        NUMBERS, threshold=st.sampled_from([-1, 0, 0.5, 1, 2]), double_sided=st.booleans()
    ),
    "expect_column_values_to_not_be_outliers": _column(
        NUMBERS, method=st.sampled_from(["iqr", "std"]), multiplier=st.sampled_from([0, 0.5, 1.5, 3])
    ),
    "expect_column_pair_values_to_be_equal": PAIRS,
    "expect_column_pair_values_a_to_be_greater_than_b": _merged(
        PAIRS, st.fixed_dictionaries({"or_equal": st.none() | st.booleans()})
    ),
    "expect_column_pair_values_to_be_in_set": _merged(
        PAIRS,
        st.fixed_dictionaries({"column_A": st.sampled_from(["i", "k"]), "column_B": st.sampled_from(TEXTS)}),
        st.fixed_dictionaries({
            "value_pairs_set": st.lists(
                st.tuples(st.none() | INTEGERS, st.none() | WORD | st.sampled_from(["a", "b"])).map(list), max_size=5
            )
        }),
    ),
    "expect_compound_columns_to_be_unique": LISTS,
    "expect_select_column_values_to_be_unique_within_record": ALIKE_LISTS,
    "expect_multicolumn_values_to_be_equal": ALIKE_LISTS,
    "expect_multicolumn_sum_to_equal": NUMERIC_LISTS,
}  # fmt: skip
FIGURES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "expect_column_min_to_be_between": _figure(ORDERED),
    "expect_column_max_to_be_between": _figure(ORDERED),
    "expect_column_mean_to_be_between": _figure([*NUMBERS, "b"]),
    "expect_column_median_to_be_between": _figure(NUMBERS),
    "expect_column_sum_to_be_between": _figure([*NUMBERS, "b"]),
    "expect_column_stdev_to_be_between": _figure(NUMBERS),
    "expect_column_unique_value_count_to_be_between": _figure(ANY, lambda _: COUNTS),
    "expect_column_proportion_of_unique_values_to_be_between": _figure(ANY, lambda _: SHARES),
    "expect_column_proportion_of_non_null_values_to_be_between": _figure(ANY, lambda _: SHARES),
    "expect_column_quantile_values_to_be_between": _merged(_column(NUMBERS), QUANTILES),
    "expect_column_distinct_values_to_be_in_set": _each(
        ANY, lambda name: _with(name, value_set=_set_of(name).filter(bool))
    ),
    "expect_column_distinct_values_to_contain_set": _each(
        ANY, lambda name: _with(name, value_set=_set_of(name).filter(bool))
    ),
    "expect_column_distinct_values_to_equal_set": _each(
        ANY, lambda name: _with(name, value_set=_set_of(name).filter(bool))
    ),
    # Great Expectations on pandas finds no date or time in a set here, whichever way it is written; we do.
    "expect_column_most_common_value_to_be_in_set": _each(
        [*NUMBERS, *TEXTS, "b"], lambda name: _with(name, value_set=_set_of(name), ties_okay=st.none() | st.booleans())
    ),
    "expect_column_kl_divergence_to_be_less_than": _column(["i", "k", "f"], **KL),
    # The other way around, no table has so many rows, which is refused as the rule is read.
    "expect_table_row_count_to_be_between": COUNTS.filter(
        lambda kwargs: None in (kwargs["min_value"], kwargs["max_value"]) or kwargs["min_value"] <= kwargs["max_value"]
    ),
    "expect_table_row_count_to_equal": st.fixed_dictionaries({"value": st.integers(0, 9)}),
}  # fmt: skip
PLAIN: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "expect_column_to_exist": st.fixed_dictionaries(
        {"column": st.sampled_from([*ANY, "no"])}, optional={"column_index": st.integers(0, 3)}
    ),
    "expect_table_column_count_to_be_between": st.fixed_dictionaries(
        {"min_value": st.none() | st.integers(0, 12), "max_value": st.none() | st.integers(0, 12)}
    ),
    "expect_table_column_count_to_equal": st.fixed_dictionaries({"value": st.integers(9, 11)}),
    "expect_table_columns_to_match_ordered_list": st.fixed_dictionaries(
        {"column_list": st.sampled_from([ANY, ANY[::-1], ANY[:3]])}
    ),
    "expect_table_columns_to_match_set": st.fixed_dictionaries(
        {"column_set": st.sampled_from([ANY, ANY[::-1], ANY[:3], [*ANY, "no"]])},
        optional={"exact_match": st.booleans()},
    ),
    "expect_column_values_to_be_of_type": _column(["i", "f", "s", "w"], type_=st.sampled_from(["int", "float", "str"])),
    # Great Expectations 1.24 does not take pandas 3's own type of text for a `str` in a list; we do.
    "expect_column_values_to_be_in_type_list": _column(
        ["i", "f"], type_list=st.sampled_from([["int64"], ["str", "float64"], ["int", "str"]])
    ),
}
ARGUMENTS = {
    **{type_: _merged(arguments, MOSTLY, ROWS) for type_, arguments in MAPS.items()},
    **{type_: _merged(arguments, ROWS) for type_, arguments in FIGURES.items()},
    **PLAIN,
}
RULE = st.sampled_from(sorted(ARGUMENTS)).flatmap(
    lambda type_: ARGUMENTS[type_].map(lambda kwargs: Rule(type=type_, kwargs=kwargs))
)


@st.composite
def rule_sets(draw: st.DrawFn, most: int = 8) -> list[Rule]:
    """Up to `most` rules with ids of their own."""
    rules = draw(st.lists(RULE, min_size=1, max_size=most))
    return [rule.model_copy(update={"id": str(place)}) for place, rule in enumerate(rules)]
