"""Drift on tables of our own: false alarms where nothing changed, and the smallest planted shift that is found.

Tables have numbers (normal, skewed, whole, heavy-tailed), categories, a flag, dates, identifiers and free text, some
with missing values; `score` follows `amount`. `null` compares tables of one population (as large, or a tenth as large);
`history` gives each dataset twelve earlier versions that differ from delivery to delivery. `power` plants one shift of
one kind and size at a time, and reports the share of comparisons where it was found: the smallest size found in at
least nine of ten stands first.

    python benchmarks/bench_drift.py null --pairs 1000          false alarms, target: at or under the set rate
    python benchmarks/bench_drift.py history --pairs 1000
    python benchmarks/bench_drift.py power --rows 1000 10000 100000
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from aifirst_dagster.quality.drift import Baseline, DriftReport, Past, Thresholds, baseline, compare

EARLIER = 12


def table(rng: np.random.Generator, rows: int, wobble: float = 0.0) -> pd.DataFrame:
    """A delivery; with `wobble`, means, shares and missing rates differ from delivery to delivery."""
    shake = rng.normal(0, wobble, 6) if wobble else np.zeros(6)
    amount = rng.normal(100 + 10 * shake[0], 20 * np.exp(0.3 * shake[1]), rows)
    weights = np.array([0.5, 0.25, 0.15, 0.07, 0.03]) * np.exp(shake[2] * np.array([1, -1, 0.5, 0, 0]))
    return pd.DataFrame(
        {
            "id": rng.integers(0, 10**12, rows),
            "amount": amount.round(2),
            "income": rng.lognormal(8, 0.8, rows).round(2),
            "score": (0.6 * (amount - amount.mean()) / 20 + 0.8 * rng.normal(size=rows)).round(3),
            "visits": rng.poisson(4 * np.exp(0.2 * shake[3]), rows),
            "ratio": rng.standard_t(2, rows).round(3),
            "state": rng.choice(["paid", "open", "sent", "back", "lost"], rows, p=weights / weights.sum()),
            "city": np.array([f"city {number}" for number in range(120)])[np.minimum(rng.zipf(1.6, rows), 120) - 1],
            "member": rng.random(rows) < 0.3,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, rows), unit="D"),
            "note": pd.Series([f"Order {a} of {b}" for a, b in rng.integers(0, 10**5, (rows, 2))]),
            "phone": pd.Series(rng.integers(10**6, 10**7, rows).astype(str)).where(
                rng.random(rows) > 0.1 * np.exp(0.5 * shake[4])
            ),
        }
    )


def sketch(con: duckdb.DuckDBPyConnection, frame: pd.DataFrame, like: Baseline | None = None) -> Baseline:
    """The sketch of a frame."""
    con.register("frame", frame)
    con.execute("CREATE OR REPLACE TEMP TABLE given AS SELECT * FROM frame")
    con.unregister("frame")
    return baseline(con, "given", like=like)


Plant = Callable[[np.random.Generator, pd.DataFrame, float], pd.DataFrame]


def _set(column: str, change: Callable[[np.random.Generator, pd.Series, float], Any]) -> Plant:
    return lambda rng, frame, size: frame.assign(**{column: change(rng, frame[column], size)})


def _some(rng: np.random.Generator, column: pd.Series, size: float, value: Any) -> pd.Series:
    return column.where(rng.random(len(column)) >= size, value)


def _flip(rng: np.random.Generator, frame: pd.DataFrame, size: float) -> pd.DataFrame:
    """A part of the rows gets the negative of the score: its distribution stays, its correlation goes down."""
    return frame.assign(score=frame.score.where(rng.random(len(frame)) >= size, -frame.score))


def _again(rng: np.random.Generator, frame: pd.DataFrame, size: float) -> pd.DataFrame:
    keep = round(len(frame) * (1 - size))
    return pd.concat([frame[:keep], frame[: len(frame) - keep]], ignore_index=True)


def _resize(rng: np.random.Generator, column: pd.Series, size: float) -> pd.Series:
    return column.mean() + (column - column.mean()) * (1 + size)


def _uniform(rng: np.random.Generator, column: pd.Series, size: float) -> pd.Series:
    return _some(rng, column, size, pd.Series(rng.uniform(60, 140, len(column))))


def _fewer(rng: np.random.Generator, column: pd.Series, size: float) -> Any:
    return column.iloc[rng.integers(0, max(1, int(len(column) * size)), len(column))].to_numpy()


SHARES, SMALL = [0.05, 0.1, 0.15, 0.2, 0.3], [0.002, 0.005, 0.01, 0.02, 0.05]
SIZES = [0.05, 0.1, 0.15, 0.2, 0.3, 0.5]
SHAPE = {"distribution", "range"}
#: Kind of shift -> what it is measured in, how it is planted, its sizes, the kinds of finding that answer it.
SHIFTS: dict[str, tuple[str, Plant, list[float], set[str]]] = {
    "mean": ("standard deviations", _set("amount", lambda r, c, s: c + 20 * s), SIZES, SHAPE),
    "mean, skewed": ("factor - 1", _set("income", lambda r, c, s: c * (1 + s)), SIZES, SHAPE),
    "spread": ("factor - 1", _set("amount", _resize), [0.1, 0.2, 0.3, 0.5, 1.0], SHAPE),
    "shape": ("share uniform", _set("amount", _uniform), [0.1, 0.2, 0.4, 0.6, 1.0], SHAPE),
    "outliers": ("share x100", _set("income", lambda r, c, s: _some(r, c, s, c * 100)), SMALL, SHAPE),
    "category share": ("share set", _set("state", lambda r, c, s: _some(r, c, s, "open")), SHARES, {"distribution"}),
    "new category": ("share", _set("state", lambda r, c, s: _some(r, c, s, "new")), SMALL, {"categories"}),
    "flag share": ("share set", _set("member", lambda r, c, s: _some(r, c, s, True)), SHARES, {"distribution"}),
    "nulls": ("share", _set("income", lambda r, c, s: _some(r, c, s, np.nan)), [*SMALL, 0.1], {"nulls"}),
    "more nulls": ("share set", _set("phone", lambda r, c, s: _some(r, c, s, None)), [0.02, *SHARES], {"nulls"}),
    "empty": ("column", _set("city", lambda r, c, s: None), [1.0], {"nulls"}),
    "cardinality": ("share of values left", _set("note", _fewer), [0.9, 0.7, 0.5, 0.3, 0.1], {"cardinality"}),
    "format": (
        "share with dashes", _set("phone", lambda r, c, s: _some(r, c, s, c.str[:3] + "-" + c.str[3:])), SMALL + SHARES,
        {"format"},
    ),
    "length": ("letters added", _set("note", lambda r, c, s: c + "!" * int(s)), [1, 2, 4], {"distribution", "format"}),
    "dates": ("days", _set("day", lambda r, c, s: c + pd.Timedelta(days=s)), [2, 5, 10, 20, 40], SHAPE),
    "duplicates": ("share", _again, [*SMALL, 0.1], {"duplicates"}),
    "correlation": ("share of rows flipped", _flip, [*SIZES, 1.0], {"joint"}),
    "volume": ("share of rows left", lambda r, f, s: f[: int(len(f) * s)], [0.9, 0.8, 0.7, 0.5, 0.3, 0.1], {"volume"}),
    "column gone": ("column", lambda r, f, s: f.drop(columns="visits"), [1.0], {"schema"}),
    "type": ("column", _set("visits", lambda r, c, s: "n" + c.astype(str)), [1.0], {"schema"}),
}  # fmt: skip


class Dataset:
    """A dataset with as many earlier versions as asked for; without any, its baseline is the only one."""

    def __init__(self, con: duckdb.DuckDBPyConnection, rng: np.random.Generator, rows: int, earlier: int) -> None:
        self.con, self.rng, self.rows, self.earlier = con, rng, rows, earlier
        self.wobble = 0.5 if earlier else 0.0
        self.start = datetime(2026, 1, 1, tzinfo=UTC)
        self.base = self._sketch(self.delivery(), None)
        self.past = [Past(self.base, self.start)] if earlier else []
        for number in range(1, earlier):
            self.past.append(Past(self._sketch(self.delivery(), self.base), self.start + timedelta(hours=12 * number)))

    def delivery(self) -> pd.DataFrame:
        """The next one: with history, of a size of its own."""
        rows = self.rows
        if self.earlier:
            rows = max(50, round(rows * np.exp(self.rng.normal(0, 0.1))))
        return table(self.rng, rows, self.wobble)

    def _sketch(self, frame: pd.DataFrame, like: Baseline | None) -> Baseline:
        return sketch(self.con, frame, like)

    def judge(self, frame: pd.DataFrame, level: float) -> DriftReport:
        """The report on a delivery."""
        now = self.start + timedelta(hours=12 * max(1, self.earlier))
        made = self._sketch(frame, self.base)
        return compare(
            self.base, made, Thresholds(level=level), history=self.past, at=now, deliveries=bool(self.earlier)
        )


def nulls(con: duckdb.DuckDBPyConnection, options: argparse.Namespace, earlier: int) -> dict[str, Any]:
    """Alarms where nothing changed."""
    rng, alarms, findings = np.random.default_rng(options.seed), 0, Counter[str]()
    sizes = options.rows
    each = 20 if earlier else 4  # comparisons with one baseline or history: these are the costly part
    done, started = 0, time.perf_counter()
    while done < options.pairs:
        rows = sizes[(done // each) % len(sizes)]
        dataset = Dataset(con, rng, rows, earlier)
        for _ in range(each):
            frame = dataset.delivery()
            if not earlier and done % 3 == 2:
                frame = frame[: max(20, rows // 10)]
            report = dataset.judge(frame, options.level)
            alarms += report.drifted
            findings.update("/".join([one.kind, one.test, *one.columns]) for one in report.findings)
            done += 1
    return {
        "comparisons": done, "rows": sizes, "level": options.level, "alarms": alarms, "rate": round(alarms / done, 5),
        "by": dict(findings.most_common(8)), "seconds": round(time.perf_counter() - started, 1),
    }  # fmt: skip


def power(con: duckdb.DuckDBPyConnection, options: argparse.Namespace, earlier: int) -> dict[str, Any]:
    """For each kind of shift: the share found by size, and the least size found in nine of ten."""
    answer: dict[str, Any] = {}
    for rows in options.rows:
        rng = np.random.default_rng(options.seed)
        datasets = [Dataset(con, rng, rows, earlier) for _ in range(2 if earlier else 4)]
        for kind, (unit, plant, sizes, kinds) in SHIFTS.items():
            if options.only and kind not in options.only:
                continue
            curve = {}
            for size in sizes:
                found = 0
                for repeat in range(options.repeats):
                    dataset = datasets[repeat % len(datasets)]
                    report = dataset.judge(plant(rng, dataset.delivery(), size), options.level)
                    found += any(one.kind in kinds for one in report.findings)
                curve[size] = round(found / options.repeats, 2)
            least = next((size for size in sizes if curve[size] >= 0.9), None)
            answer.setdefault(kind, {"in": unit})[f"{rows} rows"] = {"least": least, "found": curve}
    return answer


def main() -> None:
    """Run the part asked for and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["null", "history", "power", "power-history"])
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="+", default=[300, 1_000, 5_000, 20_000])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--level", type=float, default=0.01)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with duckdb.connect() as con:
        con.execute("SET threads = 1")
        earlier = EARLIER if "history" in options.part else 0
        run = power if options.part.startswith("power") else nulls
        print(json.dumps({"part": options.part, **run(con, options, earlier)}, indent=1))


if __name__ == "__main__":
    main()
