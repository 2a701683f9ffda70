"""`aifirst drift`: compare a file with an earlier one of the same kind."""

from __future__ import annotations

import time
from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option, provider_option


@click.command()
@click.argument("base")
@click.argument("new")
@click.option("--level", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.01, show_default=True,
              help="Chance of any alarm where nothing changed.")  # fmt: skip
@click.option("--deliveries", is_flag=True,
              help="Time went on between the two files: later dates are none, older ones a finding.")  # fmt: skip
@provider_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, base: str, new: str, level: float, deliveries: bool, provider: str, as_json: bool
) -> None:
    """Compare NEW with BASE: schema, distributions, missing values, new categories, pairs of columns.

    Exit code 1 where it drifted.
    """
    answer = drift(base, new, level, deliveries)
    emit(answer, as_json, show)
    if answer["drifted"]:
        ctx.exit(1)


def drift(base: str, new: str, level: float = 0.01, deliveries: bool = False) -> dict[str, Any]:
    """The answer of `aifirst drift`, in the shape of the command line's contract."""
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.quality.drift import Thresholds, baseline, compare

    started = time.perf_counter()
    with connect(most=BARE_FILE) as con:
        was = load(con, base, "base")
        before = baseline(con, was.relation, was.columns)
        now = load(con, new, "new")
        after = baseline(con, now.relation, now.columns, like=before)
    report = compare(before, after, Thresholds(level=level), deliveries=deliveries)
    return {**report.to_dict(), "seconds": round(time.perf_counter() - started, 3)}


def show(answer: dict[str, Any]) -> None:
    """The comparison for people: the insight, then the columns that moved."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(answer["insight"]))
    table = Table(box=None, pad_edge=False)
    for name in ("", "column", "test", "statistic", "p", "missing", "what"):
        table.add_column(name, overflow="fold")
    for column in sorted(answer["columns"], key=lambda one: not one["drifted"]):
        mark = Text("drift", "red") if column["drifted"] else Text("ok", "green")
        figures = [f"{column[key]:.3g}" if column[key] is not None else "" for key in ("statistic", "p_value")]
        rates = " -> ".join(f"{rate:.1%}" for rate in column["null_rate"])
        table.add_row(mark, Text(column["name"]), column["test"], *figures, rates, Text("; ".join(column["reasons"])))
    console.print(table)
    for finding in answer["findings"]:
        if finding["kind"] in ("joint", "duplicates", "freshness", "volume"):
            console.print(Text(f"{finding['kind']}: {finding['text']}"))
