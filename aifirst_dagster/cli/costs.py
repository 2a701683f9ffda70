"""`aifirst costs`: what was spent on models, by pipeline, step and model."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option

_AGO = re.compile(r"(\d+)\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}


class Since(click.ParamType):
    """A moment: an ISO date or time (UTC unless it says otherwise), or so long ago: 12h, 7d, 2w."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            if ago := _AGO.fullmatch(value.strip()):
                return datetime.now(UTC) - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
            moment = datetime.fromisoformat(value.strip())
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no date (2026-11-01), time (2026-11-01T12:00) or age (12h, 7d, 2w).", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@click.command("costs")
@click.option("--since", type=Since(), help="Only calls since then: 2026-11-01, 12h, 7d, 2w.")
@json_option
def command(since: datetime | None, as_json: bool) -> None:
    """Show what was spent on models, from the project's ledger."""
    emit(_collect(since), as_json, _show)


def _collect(since: datetime | None) -> dict[str, Any]:
    import aifirst_dagster.state as state
    from aifirst_dagster.project import Project

    ledger = state.open(Project.find()).ledger
    ledger.give_up_lost()
    rows = ledger.costs(since)
    return {
        "cost_usd": _dollars(sum(row.cost_usd for row in rows)),
        "by": [
            {
                "pipeline": row.pipeline,
                "step": row.step,
                "model": row.model,
                "calls": row.calls,
                "cost_usd": _dollars(row.cost_usd),
                "failures": row.failures,
                "input_tokens": row.input_tokens,
                "output_tokens": row.output_tokens,
            }
            for row in rows
        ],
        "since": since.isoformat() if since else None,
        # Calls in flight, and calls that broke off: perhaps billed, and never more than this.
        "unsettled": {
            "calls": sum(row.open_calls for row in rows),
            "at_most_usd": _dollars(sum(row.open_usd for row in rows)),
        },
    }


def _show(answer: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    if not answer["by"]:
        console.print("No model was called" + (f" since {answer['since']}." if answer["since"] else "."))
        return
    table = Table(box=box.SIMPLE)
    for title, side in (
        ("pipeline", "left"),
        ("step", "left"),
        ("model", "left"),
        ("calls", "right"),
        ("USD", "right"),
    ):
        table.add_column(title, justify=side)  # type: ignore[arg-type]
    for row in answer["by"]:
        names = (row["pipeline"] or "-", row["step"] or "-", row["model"])
        table.add_row(*names, str(row["calls"]), f"{row['cost_usd']:.4f}")
    console.print(table)
    console.print(f"Total: ${answer['cost_usd']:.4f}")
    if answer["unsettled"]["calls"]:
        unsettled = answer["unsettled"]
        console.print(
            f"{unsettled['calls']} calls ended unknown or are in flight: ${unsettled['at_most_usd']:.4f} at most."
        )


def _dollars(amount: float) -> float:
    return round(float(amount), 8)
