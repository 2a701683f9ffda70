"""The pipelines of the end-to-end project: each shows one thing that Dagster does for them."""

from __future__ import annotations

from typing import Any

from aifirst_dagster_tests.e2e.workplace import Workplace, sample_pipeline

PEOPLE = "id,name,age\n1,Ada,36\n2,Grace,45\n3,Linus,52\n"


def load(path: str | None = None, kind: str = "csv", **config: Any) -> dict[str, Any]:
    """A connector step with the key `raw`."""
    return {
        "name": "Load",
        "key": "raw",
        "type": "connector",
        "config": {"type": kind, **({"path": path} if path else {}), **config},
    }


def query(sql: str, key: str = "kept", **more: Any) -> dict[str, Any]:
    """An SQL step."""
    return {"name": f"Query {key}", "key": key, "type": "sql", "config": {"query": sql}, **more}


def furnish(place: Workplace) -> None:
    """Write all pipelines and their files."""
    sample_pipeline(place, "customers.yaml")
    sample_pipeline(place, "customer_data_enrichment.yaml")
    sample_pipeline(place, "penguins.yaml")
    place.write("resources/pipelines/oops.yaml", "name: oops\nsteps:\n  - name: Load\n    type: conector\n")
    place.pipeline("landed", [load(), query("SELECT count(*) AS people FROM raw")])
    place.pipeline("each_file", [load(), query("SELECT * FROM raw WHERE age > 40")], partitions={"type": "per_file"})
    for name, extra in (("a.csv", ""), ("b.csv", "4,Margaret,33\n"), ("c d.csv", "5,Barbara,70\n")):
        place.write(f"landing/each_file/{name}", PEOPLE + extra)
    place.pipeline(
        "by_day",
        [load("in/by_day/%Y-%m-%d.csv"), query("SELECT count(*) AS people FROM raw")],
        partitions={"type": "daily", "start": "2026-01-01"},
    )
    for day in (1, 2, 3):
        place.write(f"in/by_day/2026-02-0{day}.csv", PEOPLE + f"{3 + day},Margaret,3{day}\n" * day)
    place.write("in/drifting.csv", measurements(0))
    place.pipeline(
        "drifting",
        [
            load("in/drifting.csv"),
            query("SELECT avg(value) AS mean FROM raw", "mean"),
            query("SELECT max(value) AS top FROM raw", "top", needs=["raw"]),
            query("SELECT mean + 1 AS more FROM mean", "more", needs=["mean"]),
        ],
        drift={"on_drift": "rematerialize"},
    )
    place.write("in/people.csv", PEOPLE)
    place.pipeline("failing", [load("in/people.csv"), query("SELECT name::INTEGER AS number FROM raw")])
    place.pipeline(
        "warned",
        [
            load("in/people.csv"),
            {
                "name": "Check",
                "key": "checked",
                "type": "llm_validation",
                "config": {
                    "threshold": 0.5,
                    "rules": [
                        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", "max_value": 50}},
                        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}},
                    ],
                },
            },
        ],
    )
    place.pipeline("minutely", [load("in/people.csv")], schedule="* * * * *")


def measurements(shift: int) -> str:
    """Three hundred numbers around `shift`; another shift is drift."""
    return "id,value\n" + "".join(f"{number},{shift + number % 10}\n" for number in range(300))
