"""Our work without Dagster, as one process: load, inference, cleaning, rule generation, twenty checks, Parquet.

Prints one JSON object: wall and processor seconds by stage, rows, and what the checks said.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.quality.rules import Rule

CHECKS = 20
NEXT = (
    "aifirst_dagster.inference.infer", "aifirst_dagster.repair.plan", "aifirst_dagster.repair.run",
    "aifirst_dagster.quality.generate", "aifirst_dagster.quality.score", "aifirst_dagster.quality.engines.duckdb",
)  # fmt: skip


class Stages:
    """Wall and processor seconds by stage, in the order of the work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor: dict[str, float] = {}
        self._last, self._spent = time.perf_counter(), time.process_time()

    def done(self, stage: str) -> None:
        """Everything since the last call was `stage`."""
        now, spent = time.perf_counter(), time.process_time()
        self.seconds[stage], self.processor[stage] = round(now - self._last, 3), round(spent - self._spent, 3)
        self._last, self._spent = now, spent


def padding(columns: Sequence[Column]) -> list[Rule]:
    """Plain rules to come to a fixed number of checks, whatever number is proposed."""
    from aifirst_dagster.quality.rules import Rule

    kind = "expect_column_values_to_not_be_null"
    return [
        Rule(type=kind, kwargs={"column": column.name, "mostly": 0.5}, id=f"half_full_{column.name}")
        for column in columns
    ]


def main(source: str, folder: str) -> None:
    """Turn the CSV `source` into a checked dataset in `folder`."""
    stages = Stages()
    from aifirst_dagster import connectors
    from aifirst_dagster.cli.ahead import Ahead
    from aifirst_dagster.datasets import parquet, session

    con = session.connect(runs=1)
    stages.done("import")
    # As commands do it: while DuckDB reads, the modules that come next are imported, and the first rows looked at.
    ahead = Ahead(*NEXT, types=True)
    table = connectors.read(con, [source], options=connectors.ReadOptions(meanwhile=ahead))
    from aifirst_dagster.inference import casts, infer
    from aifirst_dagster.quality import generate, score
    from aifirst_dagster.quality.engines import duckdb as engine
    from aifirst_dagster.repair import plan as repairs
    from aifirst_dagster.repair import run as repair

    stages.done("read")
    columns = ahead.columns(table) or infer.propose(con, table.relation, table.columns, table.native)
    stages.done("propose types")
    columns = infer.verify(con, table.relation, columns)
    stages.done("verify types")
    con.execute(f"CREATE TEMP TABLE raw AS {casts.select(columns, table.relation)}")
    stages.done("typed")
    plan = repairs.propose(con, "raw", columns)
    stages.done("propose repairs")
    repaired = repair.apply(con, "raw", plan)
    clean = Path(folder) / "clean.parquet"
    parquet.write(con, f"SELECT * FROM {repaired.kept}", clean)
    con.execute(f"CREATE VIEW clean AS FROM read_parquet({session.literal(clean)})")
    stages.done("repair")
    accepted, rejected = generate.propose(con, "clean", plan.columns)
    stages.done("propose rules")
    rules = [*accepted, *padding(plan.columns)][:CHECKS]
    results = engine.evaluate(con, "clean", rules)
    stages.done("check")
    print(json.dumps({
        "seconds": stages.seconds, "processor": stages.processor, "rows": repaired.rows_out,
        "actions": len(plan.actions), "accepted": len(accepted),
        "rejected": len(rejected), "checks": len(results), "met": sum(bool(r.success) for r in results),
        "score": score.score(results),
    }))  # fmt: skip
    if len(results) < CHECKS:
        sys.exit(f"only {len(results)} of {CHECKS} checks were proposed")


if __name__ == "__main__":
    main(*sys.argv[1:3])
    from aifirst_dagster.cli.leaving import leave

    leave(0)
