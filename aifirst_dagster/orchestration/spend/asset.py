"""The asset `[aifirst, llm_spend]`: every call of the ledger as a Parquet dataset, with a chart of the last 30 days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from aifirst_dagster.datasets.store import Manifest, VersionWriter
from aifirst_dagster.orchestration.io_manager import ParquetDatasetIOManager, Produced
from aifirst_dagster.orchestration.keys import asset_key
from aifirst_dagster.orchestration.schedules import daily
from aifirst_dagster.orchestration.spend.chart import bars, picture, small
from aifirst_dagster.orchestration.spend.check import FACTOR, compare
from aifirst_dagster.orchestration.spend.tables import dollars, table
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.state.database import State

PIPELINE, STEP = "aifirst", "llm_spend"
KEY = asset_key(PIPELINE, STEP)
CHECK = "estimates_hold"
DAYS = 30
#: A while after midnight UTC, so that the day before is complete.
CRON = "15 0 * * *"
_DESCRIPTION = (
    "What was spent on models: one row for each request that was sent to a provider, from the ledger in the state "
    "database, without what was said in it. The chart shows the last 30 days."
)


def spend_asset(project: Project, io_manager: str) -> dg.AssetsDefinition:
    """The asset, and its check that estimates hold.

    Args:
        project: Whose ledger it is.
        io_manager: Key of the resource that publishes datasets.
    """

    @dg.asset(
        key=KEY,
        group_name=PIPELINE,
        description=_DESCRIPTION,
        kinds={"parquet"},
        io_manager_key=io_manager,
        required_resource_keys={io_manager},
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=KEY,
                description=f"Step by step over {DAYS} days, estimates are within {FACTOR:g} times of the bills, and "
                "no call cost more than was reserved for it.",
            )
        ],
        op_tags={"aifirst/step_type": STEP},
    )
    def llm_spend(context: dg.AssetExecutionContext) -> Iterator[Any]:
        import aifirst_dagster.state as state_package

        manager: ParquetDatasetIOManager = getattr(context.resources, io_manager)
        state = state_package.open(project)
        state.ledger.give_up_lost()
        writer = manager.store().write(PIPELINE, STEP)
        try:
            manifest = _written(state, writer, context.run_id)
        except BaseException:
            writer.discard()
            raise
        now = datetime.now(UTC)
        context.set_data_version(KEY, dg.DataVersion(manifest.content_hash))
        yield dg.Output(
            Produced(((writer, manifest),)),
            metadata={"dagster/row_count": manifest.rows_out, **_shown(state, now)},
        )
        found = compare(state, now - timedelta(days=DAYS))
        yield dg.AssetCheckResult(
            check_name=CHECK,
            asset_key=KEY,
            passed=found.passed,
            severity=dg.AssetCheckSeverity.ERROR if found.over else dg.AssetCheckSeverity.WARN,
            description=found.said,
            metadata={"estimates and bills": dg.MetadataValue.md(found.markdown()), "over reservation": found.over},
        )

    return llm_spend


def spend_schedule() -> dg.ScheduleDefinition:
    """Materialise it every day; declared STOPPED like all schedules, to be switched on in the UI."""
    return daily(PIPELINE, STEP, CRON, "Brings the spending on models up to date, and compares estimates with bills.")


def _written(state: "State", writer: VersionWriter, run_id: str) -> Manifest:
    """The ledger into a Parquet part."""
    import pyarrow as pa

    from aifirst_dagster.datasets import parquet
    from aifirst_dagster.datasets.session import connect
    from aifirst_dagster.state.spend import calls

    schema = pa.schema(_types())
    rows = pa.Table.from_batches(
        [pa.RecordBatch.from_pylist(some, schema=schema) for some in calls(state)], schema=schema
    )
    with connect() as con:
        con.register("ledger", rows)
        count = parquet.write(con, "SELECT * FROM ledger", writer.data_path())
        digest = parquet.content_hash(con, "ledger")
    return Manifest(
        pipeline=PIPELINE, step=STEP, partition=None, version=writer.version, created=datetime.now(UTC).isoformat(),
        run_id=run_id, rows_in=count, rows_out=count, row_contract="one_to_one", content_hash=digest,
    )  # fmt: skip


def _shown(state: "State", now: datetime) -> dict[str, Any]:
    """The chart, and the dearest steps, of the last days."""
    from aifirst_dagster.state.spend import spend

    since = (now - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    by_day = {(row["day"], row["pipeline"] or "bare files"): row["cost_usd"] + row["open_usd"]
              for row in spend(state, ["day", "pipeline"], since)}  # fmt: skip
    month = sum(by_day.values())
    title = f"US dollars a day, by pipeline: {dollars(month)} in {DAYS} days"
    steps = spend(state, ["pipeline", "step", "model"], since)[:20]
    lines = [[row["pipeline"] or "-", row["step"] or "-", row["model"], row["calls"], row["failures"],
              dollars(row["cost_usd"])] for row in steps]  # fmt: skip
    whole = next(iter(spend(state, (), since)), {"open_calls": 0, "open_usd": 0.0})
    return {
        "each day": dg.MetadataValue.md(picture(small(by_day, now.date(), DAYS), f"{DAYS} days")),
        "spending": dg.MetadataValue.md(picture(bars(by_day, now.date(), DAYS, title), title)),
        "dearest steps": dg.MetadataValue.md(
            table(["pipeline", "step", "model", "calls", "failures", "cost"], lines)
            if lines
            else "No model was called."
        ),
        f"cost of {DAYS} days (USD)": round(month, 6),
        "calls that may have been billed": whole["open_calls"],
        "at most (USD)": round(whole["open_usd"], 6),
    }


def _types() -> list[tuple[str, Any]]:
    import pyarrow as pa

    from aifirst_dagster.state.spend import CALL

    special = {
        **dict.fromkeys(("estimated_usd", "reserved_usd", "cost_usd"), pa.float64()),
        **dict.fromkeys(("started_at", "finished_at"), pa.timestamp("us", tz="UTC")),
        **dict.fromkeys(
            ("attempt", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"), pa.int64()
        ),
    }
    return [(name, special.get(name, pa.string())) for name in CALL]
