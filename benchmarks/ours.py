"""Our work without Dagster, as one process: load, inference, cleaning, rule generation, twenty checks, Parquet.

Prints one JSON object: seconds by stage, rows, and what the checks said.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

CHECKS = 20


class Stages:
    """Seconds by stage, in the order of the work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def done(self, stage: str) -> None:
        """Everything since the last call was `stage`."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 3)
        self._last = now


def main(source: str, folder: str) -> None:
    """Turn the CSV `source` into a checked dataset in `folder`."""
    stages = Stages()
    from aifirst_dagster import connectors
    from aifirst_dagster.datasets import parquet, session
    from aifirst_dagster.inference import casts, infer
    from aifirst_dagster.quality import generate, score
    from aifirst_dagster.quality.engines import duckdb as engine
    from aifirst_dagster.repair import plan as repairs
    from aifirst_dagster.repair import run as repair

    con = session.connect(runs=1)
    stages.done("import")
    table = connectors.read(con, [source])
    stages.done("read")
    columns = infer.propose(con, table.relation, table.columns, table.native)
    stages.done("propose types")
    columns = infer.verify(con, table.relation, columns)
    stages.done("verify types")
    raw = Path(folder) / "raw.parquet"
    parquet.write(con, casts.select(columns, table.relation), raw)
    con.execute(f"CREATE VIEW raw AS FROM read_parquet({session.literal(raw)})")
    stages.done("typed Parquet")
    plan = repairs.propose(con, "raw", columns)
    stages.done("propose repairs")
    repaired = repair.apply(con, "raw", plan)
    clean = Path(folder) / "clean.parquet"
    parquet.write(con, f"SELECT * FROM {repaired.kept}", clean)
    con.execute(f"CREATE VIEW clean AS FROM read_parquet({session.literal(clean)})")
    stages.done("repair")
    accepted, rejected = generate.propose(con, "clean", plan.columns)
    stages.done("propose rules")
    rules = accepted[:CHECKS]
    results = engine.evaluate(con, "clean", rules)
    stages.done("check")
    print(json.dumps({
        "seconds": stages.seconds, "rows": repaired.rows_out, "actions": len(plan.actions), "accepted": len(accepted),
        "rejected": len(rejected), "checks": len(results), "met": sum(bool(r.success) for r in results),
        "score": score.score(results),
    }))  # fmt: skip
    if len(results) < CHECKS:
        sys.exit(f"only {len(results)} of {CHECKS} checks were proposed")


if __name__ == "__main__":
    main(*sys.argv[1:3])
