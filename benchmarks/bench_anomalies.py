"""Anomalies: planted ones found, false alarms on clean tables, and the time for a million rows.

    python benchmarks/bench_anomalies.py --seeds 5               planted anomalies of each kind: precision and recall
    python benchmarks/bench_anomalies.py --clean FOLDER          what is flagged in tables taken as clean
    python benchmarks/bench_anomalies.py --speed 1000000         seconds and memory for so many rows of ten columns

Each kind is planted alone in tables of our own generators; precision counts every flagged cell that was not planted
(cells that follow from a planted one, a total of a wrong price, count for neither side).
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
import plant

from aifirst_dagster.datasets.session import LINE, SOURCE, connect
from aifirst_dagster.quality.anomalies import search

#: Columns that are wrong as well where one is: said of them counts for neither side.
FOLLOW = {"price": {"total", "qty"}, "sold": {"shipped"}, "shipped": {"sold"}, "total": {"qty", "price"},
          "country": {"city"}, "city": {"country"}}  # fmt: skip


def found(con, table: pd.DataFrame) -> tuple[set[tuple[int, str]], list]:
    """Flagged cells and groups of a table."""
    files, data = table["_file"], table.drop(columns="_file")
    frame = data.assign(**{SOURCE: files, LINE: np.arange(2, len(data) + 2)})
    con.register("frame", frame)
    con.execute("CREATE OR REPLACE TEMP TABLE data AS SELECT * FROM frame")
    with search(con, "data", []) as done:
        return {(cell["row"], cell["column"] or "") for cell in done.cells()}, done.found.groups


def planted(seeds: int, only: str | None) -> None:
    """A table a kind and seed: what was planted, what was found."""
    print(f"{'kind':<18}{'planted':>8}{'found':>8}{'recall':>8}{'false':>7}{'precision':>10}{'groups':>8}  told as")
    sums = np.zeros(3)
    with connect() as con:
        for kind in [only] if only else plant.KINDS:
            hit = there = false = groups = 0
            told: dict[str, int] = {}
            for seed in range(seeds):
                table, truth = plant.planted(kind, np.random.default_rng(1000 + seed))
                cells, told_groups = found(con, table)
                rows = {row for row, _ in truth}
                columns = {column for _, column in truth}
                near = set().union(*(FOLLOW.get(column, set()) for column in columns)) | columns
                about_rows = columns == {""}
                wanted = rows if about_rows else set(truth)
                got = {row for row, _ in cells} & rows if about_rows else cells & set(truth)
                wrong = [c for c in cells if c[0] not in rows or not (about_rows or c[1] in near or c[1] == "")]
                there, hit, false, groups = (
                    there + len(wanted),
                    hit + len(got),
                    false + len(wrong),
                    groups + len(told_groups),
                )
                for group in told_groups:
                    told[group.kind] = told.get(group.kind, 0) + 1
            sums += (hit, there, false)
            words = ", ".join(f"{name} {count}" for name, count in sorted(told.items(), key=lambda one: -one[1]))
            print(f"{kind:<18}{there:>8}{hit:>8}{hit / there:>8.2f}{false:>7}{hit / max(1, hit + false):>10.2f}"
                  f"{groups / seeds:>8.1f}  {words}", flush=True)  # fmt: skip
        hit, there, false = sums
        print(f"{'all':<18}{there:>8.0f}{hit:>8.0f}{hit / there:>8.2f}{false:>7.0f}{hit / (hit + false):>10.2f}")
        quiet = [found(con, make(np.random.default_rng(seed))) for seed in range(seeds)
                 for make in (plant.sales, plant.sensors, plant.people)]  # fmt: skip
        print(f"the same tables with nothing planted: {sum(len(c) for c, _ in quiet)} cells, "
              f"{sum(len(g) for _, g in quiet)} groups in {len(quiet)} tables")  # fmt: skip


def clean(folder: Path, most: int) -> None:
    """Tables that are taken as clean: what is flagged there anyway."""
    from aifirst_dagster.cli.table import load

    tables = cells = flagged = groups = 0
    kinds: dict[str, int] = {}
    for path in sorted(folder.glob("*.csv"))[:most]:
        with connect() as con:
            table = load(con, str(path))
            with search(con, table.relation, table.columns) as done:
                told = done.found
        tables, cells = tables + 1, cells + told.rows * len(table.columns)
        flagged, groups = flagged + told.cells, groups + len(told.groups)
        for group in told.groups:
            kinds[group.kind] = kinds.get(group.kind, 0) + 1
    print(f"{tables} tables, {cells:,} cells: {flagged:,} flagged ({flagged / max(cells, 1):.2e}), {groups} groups "
          f"({groups / max(tables, 1):.2f} a table) {kinds}")  # fmt: skip


def speed(rows: int) -> None:
    """A table of ten columns as Parquet, searched."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, connect() as con:
        path = Path(folder) / "t.parquet"
        con.execute(f"""COPY (SELECT i AS id, TIMESTAMP '2024-01-01' + to_seconds(i * 31) AS at,
            ['north', 'south', 'west', 'east'][1 + (i * 7919) % 4] AS region, 'P-' || ((i * 104729) % 300) AS product,
            (i * 31) % 9 + 1 AS qty, round(exp(3 + ((i * 104729) % 300) / 100 + (hash(i) % 1000) / 4000), 2) AS price,
            round(((i * 31) % 9 + 1) * round(exp(3 + ((i * 104729) % 300) / 100 + (hash(i) % 1000) / 4000), 2), 2)
                AS total,
            20 + 5 * sin(i / 5000) + (hash(i + 1) % 100) / 100 AS temperature,
            CASE WHEN i % 50000 = 7 THEN 'USD' ELSE ['EUR', 'CHF'][1 + i % 2] END AS currency,
            'C' || lpad((hash(i + 2) % 100000)::VARCHAR, 5, '0') AS customer FROM range({rows}) r(i)) TO '{path}'""")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        wall, cpu = time.perf_counter(), time.process_time()
        with search(con, f"read_parquet('{path}')", []) as done:
            groups = done.found.groups
        now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{rows:,} rows x 10: {time.perf_counter() - wall:.1f} s ({time.process_time() - cpu:.1f} s of CPU), "
              f"{now:.0f} MB at most ({before:.0f} MB before), {len(groups)} groups")  # fmt: skip
        for group in groups[:6]:
            print("   ", group.kind, group.columns, group.cells, group.cause)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--kind", choices=plant.KINDS)
    parser.add_argument("--clean", type=Path)
    parser.add_argument("--most", type=int, default=1_000)
    parser.add_argument("--speed", type=int)
    wanted = parser.parse_args()
    if wanted.seeds:
        planted(wanted.seeds, wanted.kind)
    if wanted.clean:
        clean(wanted.clean, wanted.most)
    if wanted.speed:
        speed(wanted.speed)


if __name__ == "__main__":
    main()
