"""The asset `[aifirst, dashboard]`: one row a dataset, plots and tables in its metadata, and an HTML page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from aifirst_dagster.datasets.store import Manifest, VersionWriter
from aifirst_dagster.orchestration.dashboard.facts import DAYS, Facts, facts
from aifirst_dagster.orchestration.io_manager import ParquetDatasetIOManager, Produced
from aifirst_dagster.orchestration.keys import asset_key
from aifirst_dagster.orchestration.schedules import daily
from aifirst_dagster.orchestration.spend.chart import picture, small
from aifirst_dagster.orchestration.spend.tables import dollars, table
from aifirst_dagster.project import Project

PIPELINE, STEP = "aifirst", "dashboard"
KEY = asset_key(PIPELINE, STEP)
#: After the night's runs, and before people come.
CRON = "30 5 * * *"
PAGE = "dashboard.html"
_MOST = 100


def dashboard_asset(project: Project, io_manager: str) -> dg.AssetsDefinition:
    """The asset.

    Args:
        project: Whose datasets are shown.
        io_manager: Key of the resource that publishes datasets.
    """

    @dg.asset(
        key=KEY,
        group_name=PIPELINE,
        description="All datasets at a glance: scores, drift, freshness, cost and open alerts. The page is one file.",
        kinds={"parquet"},
        io_manager_key=io_manager,
        required_resource_keys={io_manager},
        op_tags={"aifirst/step_type": STEP},
    )
    def dashboard(context: dg.AssetExecutionContext) -> Iterator[Any]:
        import aifirst_dagster.state as state_package

        manager: ParquetDatasetIOManager = getattr(context.resources, io_manager)
        found = facts(state_package.open(project), datetime.now(UTC))
        writer = manager.store().write(PIPELINE, STEP)
        try:
            manifest = _written(found, writer, context.run_id)
            page = write_page(project, found, writer.folder / PAGE)
        except BaseException:
            writer.discard()
            raise
        context.set_data_version(KEY, dg.DataVersion(manifest.content_hash))
        yield dg.Output(
            Produced(((writer, manifest),)),
            metadata={"dagster/row_count": manifest.rows_out, "page": dg.MetadataValue.path(str(page)), **shown(found)},
        )

    return dashboard


def dashboard_schedule() -> dg.ScheduleDefinition:
    """Materialise it every morning; declared STOPPED like all schedules, to be switched on in the UI."""
    return daily(PIPELINE, STEP, CRON, "Brings the dashboard up to date.")


def write_page(project: Project, found: Facts, beside: Path) -> Path:
    """Write the page beside the data, and where it can always be found; returns the latter."""
    from aifirst_dagster.orchestration.dashboard.page import html
    from aifirst_dagster.pipelines.replace import replace_file

    text = html(found)
    beside.write_text(text, encoding="utf-8")
    replace_file(project.home / PAGE, text)
    return project.home / PAGE


def shown(found: Facts) -> dict[str, Any]:
    """The plots and tables in the asset's metadata."""
    from aifirst_dagster.orchestration.dashboard.page import costs, scores

    lines = [
        [one.name, "-" if one.newest.score is None else f"{one.newest.score:.3f}",
         {True: "drifted", False: "none", None: "-"}[one.newest.drifted], f"{one.newest.rows_out:,}",
         f"{one.aside:.1%}", f"{one.newest.seconds:.1f} s", dollars(one.cost_usd), one.age(found.now),
         len(one.alerts)]
        for one in found.ordered[:_MOST]
    ]  # fmt: skip
    heads = ["dataset", "score", "drift", "rows", "set aside", "duration", f"cost, {DAYS} days", "age", "open alerts"]
    alerts = [[one.severity, one.key, one.title, f"{one.opened_at:%Y-%m-%d %H:%M}", one.times]
              for one in found.incidents[:_MOST]]  # fmt: skip
    metadata: dict[str, Any] = {
        "datasets": dg.MetadataValue.md(table(heads, lines) if lines else "No dataset was made yet."),
        "alerts": dg.MetadataValue.md(
            table(["severity", "key", "what", "since", "found"], alerts) if alerts else "Nothing is open."
        ),
        "each day's cost": dg.MetadataValue.md(picture(small(found.costs, found.now.date(), DAYS), f"{DAYS} days")),
        "costs": dg.MetadataValue.md(picture(costs(found), "Cost of models")),
        "open alerts": len(found.incidents),
        "drifted datasets": found.drifted,
        f"cost of {DAYS} days (USD)": round(found.cost_usd, 6),
    }
    if plot := scores(found):
        metadata["scores"] = dg.MetadataValue.md(picture(plot, "Quality scores"))
        metadata["lowest score"] = found.scored[0].newest.score
    return metadata


def _written(found: Facts, writer: VersionWriter, run_id: str) -> Manifest:
    """A row for each dataset into a Parquet part."""
    import pyarrow as pa

    from aifirst_dagster.datasets import parquet
    from aifirst_dagster.datasets.session import connect

    rows = pa.Table.from_pylist([one.row() for one in found.datasets], schema=pa.schema(_types()))
    with connect() as con:
        con.register("datasets", rows)
        count = parquet.write(con, "SELECT * FROM datasets", writer.data_path())
        digest = parquet.content_hash(con, "datasets")
    return Manifest(
        pipeline=PIPELINE, step=STEP, partition=None, version=writer.version, created=found.now.isoformat(),
        run_id=run_id, rows_in=count, rows_out=count, row_contract="one_to_one", content_hash=digest,
    )  # fmt: skip


def _types() -> list[tuple[str, Any]]:
    import pyarrow as pa

    texts, counts = ("dataset", "partition", "version", "run_id"), ("rows_in", "rows_out", "quarantined", "failed")
    return [
        *((name, pa.string()) for name in texts), ("made_at", pa.timestamp("us", tz="UTC")),
        *((name, pa.int64()) for name in counts), ("score", pa.float64()), ("drifted", pa.bool_()),
        ("drift", pa.string()), ("rules", pa.int64()), ("rules_failed", pa.int64()), ("seconds", pa.float64()),
        ("cost_usd", pa.float64()), (f"cost_usd_{DAYS}_days", pa.float64()), ("open_alerts", pa.int64()),
    ]  # fmt: skip
