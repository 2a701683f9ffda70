"""What the quality score is worth: errors planted at rising rates, the share found, and the dimension that must fall.

    python benchmarks/bench_score.py --seeds 3 [--slips 0.0005]

Rules are learned on one delivery (with --slips, that share of its rows has errors, too), and judge others by another
seed, so that no row is graded by rules that were learned from it. For each kind of error: the share of planted rows
that some broken rule points at, the share of other rows that it points at as well (false), and Spearman's correlation
of the expected dimension with the rate (-1: it falls with every step), of the overall score beside it. `stale` is no
rate but days: the whole delivery is so old.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from aifirst_dagster.datasets.session import connect, ident
from aifirst_dagster.inference.infer import propose as columns_of
from aifirst_dagster.inference.infer import verify
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.engines.duckdb import evaluate, violations
from aifirst_dagster.quality.generate import propose
from aifirst_dagster.quality.known import Known, Other
from aifirst_dagster.quality.rules import Rule
from aifirst_dagster.quality.score import by_dimension

RATES = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
CITIES = {"Bern": "CH", "Basel": "CH", "Paris": "FR", "Lyon": "FR", "Rome": "IT", "Milan": "IT", "Vienna": "AT"}


def orders(rng: np.random.Generator, rows: int, customers: pd.DataFrame) -> pd.DataFrame:
    """A clean delivery: up to date, totals that are totals, customers that exist."""
    city = rng.choice(list(CITIES), rows)
    quantity, price = rng.integers(1, 20, rows), np.round(np.exp(rng.normal(3, 0.5, rows)), 2)
    now = pd.Timestamp(datetime.now(UTC).date())
    ordered = now - pd.to_timedelta(np.sort(rng.integers(0, 120, rows))[::-1], unit="D")
    code = [
        f"SKU-{a:04d}-{b}" for a, b in zip(rng.integers(0, 9999, rows), rng.choice(list("ABCD"), rows), strict=True)
    ]
    return pd.DataFrame({
        "order_id": np.arange(100_000, 100_000 + rows), "customer": rng.choice(customers["customer"], rows),
        "ordered": ordered, "shipped": ordered + pd.to_timedelta(rng.integers(0, 9, rows), unit="D"),
        "email": [f"user{n}@example.org" for n in rng.integers(0, 5_000, rows)], "sku": code,
        "city": city, "country": [CITIES[one] for one in city], "status": rng.choice(["open", "paid", "sent"], rows),
        "quantity": quantity, "price": price, "total": np.round(quantity * price, 2),
    })  # fmt: skip


Plant = Callable[[pd.DataFrame, np.ndarray, np.random.Generator], None]


def _missing(table: pd.DataFrame, at: np.ndarray, rng: np.random.Generator) -> None:
    for column, some in zip(("email", "status", "price"), np.array_split(at, 3), strict=True):
        table.loc[some, column] = None


def _format(table: pd.DataFrame, at: np.ndarray, rng: np.random.Generator) -> None:
    half = len(at) // 2
    table.loc[at[:half], "email"] = [f"user{n} at example" for n in range(half)]
    table.loc[at[half:], "sku"] = [f"{n:04d}SKU" for n in range(len(at) - half)]


def _range(table: pd.DataFrame, at: np.ndarray, rng: np.random.Generator) -> None:
    half = len(at) // 2
    table.loc[at[:half], "quantity"] = -rng.integers(1, 20, half)
    table.loc[at[half:], "price"] *= 1_000
    table.loc[at, "total"] = (table.loc[at, "quantity"] * table.loc[at, "price"]).round(2)


def _unknown(table: pd.DataFrame, at: np.ndarray, rng: np.random.Generator) -> None:
    table.loc[at, "status"] = "opne"


def _duplicates(table: pd.DataFrame, at: np.ndarray, rng: np.random.Generator) -> None:
    others = np.setdiff1d(np.arange(len(table)), at)
    table.loc[at, "order_id"] = table.loc[rng.choice(others, len(at)), "order_id"].to_numpy()


def _references(table: pd.DataFrame, at: np.ndarray, rng: np.random.Generator) -> None:
    table.loc[at, "customer"] = rng.integers(900_000, 990_000, len(at))


def _totals(table: pd.DataFrame, at: np.ndarray, rng: np.random.Generator) -> None:
    table.loc[at, "total"] = (table.loc[at, "total"] * 1.1 + 1).round(2)


def _pairs(table: pd.DataFrame, at: np.ndarray, rng: np.random.Generator) -> None:
    half = len(at) // 2
    table.loc[at[:half], "shipped"] = table.loc[at[:half], "ordered"] - pd.Timedelta(days=20)
    wrong = {"CH": "FR", "FR": "IT", "IT": "AT", "AT": "CH"}
    table.loc[at[half:], "country"] = table.loc[at[half:], "country"].map(wrong)


KINDS: dict[str, tuple[str, Plant]] = {
    "missing values": ("completeness", _missing), "wrong format": ("validity", _format),
    "out of range": ("validity", _range), "unknown value": ("validity", _unknown),
    "duplicate keys": ("uniqueness", _duplicates), "broken references": ("integrity", _references),
    "wrong totals": ("consistency", _totals), "inconsistent pairs": ("consistency", _pairs),
}  # fmt: skip
DAYS = (0, 1, 3, 10, 30, 60, 120, 240)


def table_of(con: Any, name: str, frame: pd.DataFrame) -> list[Column]:
    """The frame as a table, and what its columns are."""
    con.register("frame", frame)
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM frame")
    con.unregister("frame")
    types = {row[0]: row[1] for row in con.execute(f"DESCRIBE {name}").fetchall()}
    proposed = columns_of(con, name, list(types), {key: value for key, value in types.items() if value != "VARCHAR"})
    found = verify(con, name, proposed)
    return [column.model_copy(update={"name": column.source_name}) for column in found]


def learned(
    con: Any, rng: np.random.Generator, rows: int, customers: pd.DataFrame, slips: float
) -> tuple[list[Rule], Known]:
    """Rules from a delivery of its own."""
    frame = orders(rng, rows, customers)
    for _, plant in KINDS.values():
        plant(frame, rng.choice(rows, int(rows * slips), replace=False), rng)
    columns = table_of(con, "learned", frame)
    known = Known(others=(Other("customers", "customers", table_of(con, "customers", customers), len(customers)),))
    rules, _ = propose(con, "learned", columns, known)
    return [rule.model_copy(update={"status": "active"}) for rule in rules], known


def judged(con: Any, frame: pd.DataFrame, planted: np.ndarray, rules: list[Rule], known: Known) -> dict[str, Any]:
    """Score of a delivery, and which rows broken rules point at."""
    frame = frame.assign(_planted=np.isin(np.arange(len(frame)), planted))
    table_of(con, "marked", frame)
    con.execute("CREATE OR REPLACE VIEW delivery AS SELECT * EXCLUDE (_planted) FROM marked")
    results = evaluate(con, "delivery", rules, None, others=known.find)
    broken = [one for one in results if one.success is False]
    # No row breaks uniqueness by itself: those that share a key do.
    keys = [", ".join(map(ident, rule.columns)) for rule in broken if rule.dimension == "uniqueness"]
    tests = [f"({key}) IN (SELECT ({key}) FROM delivery GROUP BY {key} HAVING count(*) > 1)" for key in keys]
    queries = [str(rule.kwargs["unexpected_rows_query"]) for rule in broken if "unexpected_rows_query" in rule.kwargs]
    tests += [f"order_id IN (SELECT order_id FROM ({one.replace('{batch}', 'delivery')}))" for one in queries]
    tests += [one for rule in broken if (one := violations(rule, con, "delivery", known.find)) is not None]
    hit = " OR ".join(f"coalesce({test}, false)" for test in tests) or "false"
    found, there, false, others = con.execute(
        "SELECT count(*) FILTER (hit AND _planted), count(*) FILTER (_planted), "
        "count(*) FILTER (hit AND NOT _planted), count(*) FILTER (NOT _planted) "
        f"FROM (SELECT _planted, {hit} AS hit FROM marked)"
    ).fetchall()[0]
    scored = by_dimension(results)
    return {"score": scored.overall, **scored.dimensions, "found": found, "there": there, "false": false,
            "others": others, "broken": len(broken)}  # fmt: skip


def _fall(xs: list[float], ys: list[float | None]) -> float:
    """Spearman's correlation; 0 where nothing moved or nothing judged it."""
    if None in ys or len(set(ys)) == 1:
        return 0.0
    return float(spearmanr(xs, ys).statistic)


def main() -> None:
    """Plant, judge, print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--rows", type=int, default=10_000)
    arguments.add_argument("--slips", type=float, default=0.0)
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    lines: dict[str, list[dict[str, Any]]] = {}
    for seed in range(asked.seeds):
        rng = np.random.default_rng(100 + seed)
        customers = pd.DataFrame({"customer": rng.choice(np.arange(10_000, 90_000), 2_000, replace=False)})
        with connect() as con:
            rules, known = learned(con, rng, asked.rows, customers, asked.slips)
            for kind, (dimension, plant) in KINDS.items():
                row: list[dict[str, Any]] = []
                for rate in RATES:
                    frame = orders(rng, asked.rows, customers)
                    at = rng.choice(asked.rows, int(asked.rows * rate), replace=False)
                    plant(frame, at, rng)
                    row.append(judged(con, frame, at, rules, known))
                lines.setdefault(kind, []).append(_line(dimension, list(RATES), row))
            row = []
            for days in DAYS:
                frame = orders(rng, asked.rows, customers)
                frame[["ordered", "shipped"]] -= pd.Timedelta(days=days)
                row.append(judged(con, frame, np.array([], dtype=int), rules, known))
            lines.setdefault("stale", []).append(_line("timeliness", [float(one) for one in DAYS], row))
    _print(lines, asked.json)


def _line(dimension: str, xs: list[float], row: list[dict[str, Any]]) -> dict[str, Any]:
    there, others = sum(one["there"] for one in row), sum(one["others"] for one in row)
    return {
        "dimension": dimension,
        "found": sum(one["found"] for one in row) / there if there else None,
        "least": next((x for x, one in zip(xs, row, strict=True) if one["found"]), None),
        "false": sum(one["false"] for one in row) / others,
        "figure": _fall(xs, [one[dimension] for one in row]),
        "overall": _fall(xs, [one["score"] for one in row]),
        "clean": row[0]["score"],
        "worst": row[-1][dimension],
    }


def _print(lines: dict[str, list[dict[str, Any]]], as_json: bool) -> None:
    def mean(rows: list[dict[str, Any]], name: str) -> float:
        return float(np.mean([row[name] if row[name] is not None else np.nan for row in rows]))

    if as_json:
        print(json.dumps(lines))
        return
    print(f"{'error':<20}{'dimension':<14}{'found':>7}{'false':>9}{'rho':>8}{'overall':>9}{'clean':>8}{'worst':>8}")
    for kind, rows in lines.items():
        found = "" if rows[0]["found"] is None else f"{mean(rows, 'found'):.1%}"
        print(
            f"{kind:<20}{rows[0]['dimension']:<14}{found:>7}{mean(rows, 'false'):>9.3%}{mean(rows, 'figure'):>8.2f}"
            f"{mean(rows, 'overall'):>9.2f}{mean(rows, 'clean'):>8.4f}{mean(rows, 'worst'):>8.3f}"
        )


if __name__ == "__main__":
    main()
