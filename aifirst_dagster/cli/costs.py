"""`aifirst costs`: what was spent on models, by pipeline, step and model, by day, or as asked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option

if TYPE_CHECKING:
    from aifirst_dagster.project import Project

_AGO = re.compile(r"(\d+)\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}
#: As `state.spend.WAYS`, which is not imported for a `--help`.
_WAYS = ("day", "pipeline", "step", "task", "model", "provider", "resource", "run_id", "backfill", "status")
_COUNTS = ("failures", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")


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


class Ways(click.ParamType):
    """What to add up by: names with commas between."""

    name = "columns"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The names, each once."""
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
        for name in names or ("",):
            if name not in _WAYS:
                self.fail(f"{name!r} is none of {', '.join(_WAYS)}.", param, ctx)
        return names


@click.command("costs")
@click.option("--since", type=Since(), help="Only calls since then: 2026-11-01, 12h, 7d, 2w.")
@click.option(
    "--by",
    "ways",
    type=Ways(),
    default="pipeline,step,model",
    show_default=True,
    help=f"What to add up by, with commas between: {', '.join(_WAYS)}.",
)
@json_option
def command(since: datetime | None, ways: tuple[str, ...], as_json: bool) -> None:
    """Show what was spent on models, from the project's ledger."""
    emit(_collect(since, ways), as_json, _show)


def _collect(since: datetime | None, ways: tuple[str, ...]) -> dict[str, Any]:
    import aifirst_dagster.state as state_package
    from aifirst_dagster.project import Project
    from aifirst_dagster.state.spend import spend

    project = Project.find()
    state = state_package.open(project)
    state.ledger.give_up_lost()
    rows = spend(state, ways, since)  # type: ignore[arg-type]
    return {
        "cost_usd": _dollars(sum(row["cost_usd"] for row in rows)),
        "by": [
            {
                **{way: row[way] for way in ways},
                "calls": row["calls"],
                "cost_usd": _dollars(row["cost_usd"]),
                **{name: row[name] for name in _COUNTS},
                "batched_usd": _dollars(row["batched_usd"]),
            }
            for row in rows
        ],
        "since": since.isoformat() if since else None,
        # Calls in flight, and calls that broke off: perhaps billed, and never more than this.
        "unsettled": {
            "calls": sum(row["open_calls"] for row in rows),
            "at_most_usd": _dollars(sum(row["open_usd"] for row in rows)),
        },
        "saved": _saved(spend(state, ["model"], since), project),
    }


def _saved(models: list[dict[str, Any]], project: Project) -> dict[str, float]:
    """What the same calls would have cost more without prompt cache and batches, at today's prices.

    Models that the catalogue no longer knows are left out. What was written to the cache and never read costs money:
    the sum may be negative.
    """
    from aifirst_dagster.llm import catalogue

    known = catalogue.load(project).models
    cached = 0.0
    for row in models:
        model = known.get(row["model"])
        rates = model.rates() if model else None
        if rates:
            read, written = row["cached_input_tokens"], row["cache_write_tokens"]
            cached += read * (rates.input - rates.cache_read) - written * (rates.cache_write_5m - rates.input)
    batched = 0.0
    for row in models:
        model = known.get(row["model"])
        if model and model.batch:
            batched += row["batched_usd"] / model.batch - row["batched_usd"]
    return {"prompt_cache_usd": _dollars(cached / 1e6), "batches_usd": _dollars(batched)}


def _show(answer: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    if not answer["by"]:
        console.print("No model was called" + (f" since {answer['since']}." if answer["since"] else "."))
        return
    table = Table(box=box.SIMPLE)
    ways = [name for name in answer["by"][0] if name in _WAYS]
    for title in ways:
        table.add_column(title)
    for title in ("calls", "input", "cached", "output", "USD"):
        table.add_column(title, justify="right")
    for row in answer["by"]:
        tokens = [f"{row[name]:,}" for name in ("input_tokens", "cached_input_tokens", "output_tokens")]
        names = [str(row[way]) if row[way] is not None else "-" for way in ways]
        table.add_row(*names, str(row["calls"]), *tokens, f"{row['cost_usd']:.4f}")
    console.print(table)
    console.print(f"Total: ${answer['cost_usd']:.4f}")
    saved = answer["saved"]
    for words, usd in (("the prompt cache", saved["prompt_cache_usd"]), ("message batches", saved["batches_usd"])):
        if abs(usd) >= 0.00005:
            console.print(f"{'Saved' if usd > 0 else 'Lost'} by {words}, at today's prices: ${abs(usd):.4f}")
    if answer["unsettled"]["calls"]:
        unsettled = answer["unsettled"]
        console.print(
            f"{unsettled['calls']} calls ended unknown or are in flight: ${unsettled['at_most_usd']:.4f} at most."
        )


def _dollars(amount: float) -> float:
    return round(float(amount), 8)
