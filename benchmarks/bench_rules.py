"""A hundred rules on a million rows of twenty columns: our DuckDB engine beside Great Expectations on pandas.

    python benchmarks/bench_rules.py [--rows 1000000] [--repeat 3]

Each side runs in a process of its own that reads the same Parquet file and judges the same rules; what it takes to
import libraries is not counted, reading the file is. Great Expectations gets the whole suite at once and reports as
briefly as it can. The verdicts are compared: a faster wrong answer is no answer. `processor` are seconds of all cores,
which a busy machine does not lengthen as it does `seconds`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import run

TARGETS = {"times_faster": 10.0, "share_of_memory": 0.2, "seconds": 2.0}


def table(rows: int) -> str:
    """SQL of the table: keys, codes, numbers, dates, categories, with a few values missing."""
    columns = ["i AS id", "'C-' || lpad((i * 7919 % 1000000007)::VARCHAR, 10, '0') AS code"]
    columns += [
        f"CASE WHEN hash(i * {n}) % 50 = 0 THEN NULL ELSE (hash(i * {n}) % 1000)::BIGINT END AS n{n}"
        for n in (3, 5, 7, 11)
    ]
    columns += [f"(hash(i * {n}) % 100000) / 100.0 AS x{n}" for n in (13, 17, 19, 23)]
    columns += [f"['red', 'green', 'blue', 'black'][(1 + hash(i * {n}) % 4)::BIGINT] AS c{n}" for n in (29, 31, 37)]
    columns += [f"'user' || (hash(i * {n}) % 50000) || '@example.org' AS mail{n}" for n in (41, 43)]
    columns += [f"DATE '2020-01-01' + (hash(i * {n}) % 1800)::INTEGER AS d{n}" for n in (47, 53, 59)]
    columns += ["hash(i) % 2 = 0 AS flag", "(i % 1000)::INTEGER AS small"]
    return f"SELECT {', '.join(columns)} FROM range({rows}) r(i)"


def rules(rows: int) -> list[dict[str, Any]]:
    """A hundred rules of the usual kinds; a few of them fail."""
    numbers, floats = [f"n{n}" for n in (3, 5, 7, 11)], [f"x{n}" for n in (13, 17, 19, 23)]
    words, mails, days = [f"c{n}" for n in (29, 31, 37)], ["mail41", "mail43"], [f"d{n}" for n in (47, 53, 59)]
    everything = ["id", "code", *numbers, *floats, *words, *mails, *days, "flag", "small"]
    made: list[tuple[str, dict[str, Any]]] = []
    made += [("expect_column_values_to_not_be_null", {"column": name, "mostly": 0.97}) for name in everything]
    made += [("expect_column_to_exist", {"column": name}) for name in everything[:10]]
    for name in [*numbers, *floats]:
        made += [
            ("expect_column_values_to_be_between", {"column": name, "min_value": 0, "max_value": 1000}),
            ("expect_column_mean_to_be_between", {"column": name, "min_value": 400, "max_value": 600}),
            ("expect_column_max_to_be_between", {"column": name, "max_value": 999.995}),
            ("expect_column_min_to_be_between", {"column": name, "min_value": 0}),
            ("expect_column_stdev_to_be_between", {"column": name, "min_value": 1, "max_value": 500}),
        ]
    colours = ["red", "green", "blue", "black"]
    for name in words:
        made += [
            ("expect_column_values_to_be_in_set", {"column": name, "value_set": ["red", "green", "blue"]}),
            (
                "expect_column_distinct_values_to_be_in_set",
                {"column": name, "value_set": colours},
            ),
            ("expect_column_value_lengths_to_be_between", {"column": name, "min_value": 3, "max_value": 5}),
            ("expect_column_unique_value_count_to_be_between", {"column": name, "min_value": 4, "max_value": 4}),
        ]
    made += [
        ("expect_column_values_to_match_regex", {"column": name, "regex": r"^user\d+@example\.org$"}) for name in mails
    ]
    made += [("expect_column_values_to_not_match_regex", {"column": name, "regex": "admin"}) for name in mails]
    made += [
        ("expect_column_values_to_be_between", {"column": name, "min_value": "2020-01-01", "max_value": "2024-12-31"})
        for name in days
    ]
    made += [
        ("expect_column_values_to_be_unique", {"column": "id"}),
        ("expect_column_values_to_be_unique", {"column": "code"}),
        ("expect_column_values_to_be_increasing", {"column": "id", "strictly": True}),
        ("expect_column_values_to_match_regex", {"column": "code", "regex": r"^C-\d{10}$"}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["id", "small"]}),
        ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "id", "column_B": "small", "or_equal": True}),
        ("expect_table_row_count_to_equal", {"value": rows}),
        ("expect_table_column_count_to_equal", {"value": 20}),
    ]
    made += [
        ("expect_column_median_to_be_between", {"column": name, "min_value": 400, "max_value": 600}) for name in floats
    ]
    made += [("expect_column_sum_to_be_between", {"column": name, "min_value": 0}) for name in numbers]
    return [{"id": str(place), "type": type_, "kwargs": kwargs} for place, (type_, kwargs) in enumerate(made[:100])]


def ours(path: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """The DuckDB engine."""
    from aifirst_dagster.datasets.session import BARE_FILE, connect, literal
    from aifirst_dagster.quality.engines.duckdb import evaluate
    from aifirst_dagster.quality.rules import Rule

    set_ = [Rule(**rule) for rule in listed]
    began, before = time.perf_counter(), time.process_time()
    with connect(most=BARE_FILE) as con:
        results = evaluate(con, f"read_parquet({literal(path)})", set_)
    seconds, processor = time.perf_counter() - began, time.process_time() - before
    return {
        "seconds": seconds,
        "processor": processor,
        "verdicts": {r.id: [r.success, r.unexpected_count or 0] for r in results},
    }


def theirs(path: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """Great Expectations, as its own documentation has one use it."""
    import logging
    import warnings

    import great_expectations as gx
    import pandas as pd
    from great_expectations.expectations.registry import get_expectation_impl

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    began, before = time.perf_counter(), time.process_time()
    data = pd.read_parquet(path)
    for name in data.columns:
        if name.startswith("d"):
            data[name] = pd.to_datetime(data[name])
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": data})
    suite = gx.ExpectationSuite(name="rules")
    for rule in listed:
        kwargs = dict(rule["kwargs"])
        if str(kwargs.get("column", "")).startswith("d"):
            kwargs |= {end: pd.Timestamp(kwargs[end]) for end in ("min_value", "max_value") if end in kwargs}
        suite.expectations.append(get_expectation_impl(rule["type"])(**kwargs, meta={"id": rule["id"]}))
    answers = batch.validate(suite, result_format="BASIC").results
    seconds, processor = time.perf_counter() - began, time.process_time() - before
    verdicts = {
        one.expectation_config.meta["id"]: [bool(one.success), int((one.result or {}).get("unexpected_count") or 0)]
        for one in answers
    }
    return {"seconds": seconds, "processor": processor, "verdicts": verdicts}


def main() -> int:
    """Run both sides in turn, print one JSON object; exit code 1 where verdicts differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--side", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    options = parser.parse_args()
    listed = rules(options.rows)
    if options.side:
        answer = (ours if options.side == "ours" else theirs)(options.file, listed)
        print(json.dumps(answer))
        return 0
    import duckdb

    taken: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "table.parquet")
        duckdb.execute(f"COPY ({table(options.rows)}) TO '{file}' (FORMAT parquet)")
        for _ in range(options.repeat):
            for side, runs in taken.items():
                command = [sys.executable, __file__, "--rows", str(options.rows), "--side", side, "--file", file]
                measured = run(command)
                runs.append({**json.loads(measured.out), "peak_mb": measured.peak_mb})
    verdicts = {side: runs[0]["verdicts"] for side, runs in taken.items()}
    differ = [listed[int(key)] for key in verdicts["ours"] if verdicts["ours"][key] != verdicts["theirs"].get(key)]
    figures = {
        side: {
            key: round(statistics.median(one[key] for one in runs), 3) for key in ("seconds", "processor", "peak_mb")
        }
        for side, runs in taken.items()
    }
    print(json.dumps({
        "rows": options.rows, "rules": len(listed), **figures,
        "times_faster": round(figures["theirs"]["seconds"] / figures["ours"]["seconds"], 1),
        "times_less_processor": round(figures["theirs"]["processor"] / figures["ours"]["processor"], 1),
        "share_of_memory": round(figures["ours"]["peak_mb"] / figures["theirs"]["peak_mb"], 3),
        "failed_rules": sum(1 for success, _ in verdicts["ours"].values() if not success),
        "verdicts_that_differ": differ, "targets": TARGETS,
    }, indent=1))  # fmt: skip
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
