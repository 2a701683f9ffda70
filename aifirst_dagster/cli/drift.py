"""`aifirst drift`: compare a file with an earlier one of the same kind."""

from __future__ import annotations

import time
from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.show_prompts import recorded, show_prompts_option
from aifirst_dagster.cli.show_prompts import show as show_prompts_of


@click.command()
@click.argument("base")
@click.argument("new")
@click.option("--level", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.01, show_default=True,
              help="Chance of any alarm where nothing changed.")  # fmt: skip
@click.option("--deliveries", is_flag=True,
              help="Time went on between the two files: later dates are none, older ones a finding.")  # fmt: skip
@click.option("--explain", is_flag=True, help="Let a model explain it (see --provider); its claims are tried.")
@provider_option
@show_prompts_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, base: str, new: str, level: float, deliveries: bool, explain: bool, provider: str,
    show_prompts: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compare NEW with BASE: schema, distributions, missing values, new categories, pairs of columns.

    Exit code 1 where it drifted.
    """
    if show_prompts:
        shown = recorded(provider, lambda llm: drift(base, new, level, deliveries, llm, quiet=True))
        emit(shown, as_json, show_prompts_of)
        return
    answer = drift(base, new, level, deliveries, _asked(explain, provider))
    emit(answer, as_json, show)
    if answer["drifted"]:
        ctx.exit(1)


def _asked(explain: bool, provider: str) -> Any:
    """Whom to ask: nobody unless an explanation is wanted."""
    if not explain:
        return None
    if provider == "offline":
        notice("No --provider was named: the drift is explained by templates.")
    from aifirst_dagster.llm.resource import choose

    return choose(provider)


def drift(
    base: str, new: str, level: float = 0.01, deliveries: bool = False, llm: Any = None, quiet: bool = False
) -> dict[str, Any]:
    """The answer of `aifirst drift`, in the shape of the command line's contract."""
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.quality.drift import DriftReport, Thresholds, baseline, compare, traced

    started, limits = time.perf_counter(), Thresholds(level=level)
    with connect(most=BARE_FILE) as con:
        was = load(con, base, "base")
        before = baseline(con, was.relation, was.columns)
        now = load(con, new, "new")

        def compared(relation: str) -> DriftReport:
            rows = baseline(con, relation, now.columns, like=before)
            return compare(before, rows, limits, deliveries=deliveries)

        after = baseline(con, now.relation, now.columns, like=before)
        report = traced(con, now.relation, compare(before, after, limits, deliveries=deliveries), compared)
        asked: dict[str, Any] = {}
        if llm is not None:
            from aifirst_dagster.cli.asking import wish
            from aifirst_dagster.proposals.drift import explain

            said = explain(con, now.relation, now.columns, (before, after), report, compared, llm=llm, wish=wish())
            for text in [] if quiet else said.notes:
                notice(text)
            report, asked = said.answer, {"llm": said.usage.model_dump(mode="json")}
    return {**report.to_dict(), **asked, "seconds": round(time.perf_counter() - started, 3)}


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
