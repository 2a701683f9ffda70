"""`aifirst assess`: what is wrong with a file, how much of it, and what to do about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.show_prompts import show as show_prompts_of
from aifirst_dagster.cli.show_prompts import show_prompts_option

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.cli.table import FileTable
    from aifirst_dagster.proposals.asking import Mode
    from aifirst_dagster.proposals.assessment import Findings


@click.command()
@click.argument("file")
@click.option("--rules", "rules_path", help="Rule set to judge it by. Default: learned from the file.")
@click.option("--base", help="An earlier file of the same kind: what drifted is assessed as well.")
@click.option("--mode", type=click.Choice(["standard", "extended_thinking"]), default="standard", show_default=True,
              help="extended_thinking lets the model think first.")  # fmt: skip
@provider_option
@show_prompts_option
@json_option
def command(
    file: str, rules_path: str | None, base: str | None, mode: Mode, provider: str, show_prompts: bool, as_json: bool
) -> None:
    """Assess FILE: issues with their counts, each tested on all rows, and what to do about them."""
    if show_prompts:
        emit(_prompts(file, rules_path, base, mode, provider), as_json, show_prompts_of)
        return
    emit(assess(file, rules_path, base, mode, provider), as_json, show)


def assess(
    file: str,
    rules_path: str | None = None,
    base: str | None = None,
    mode: Mode = "standard",
    provider: str = "offline",
) -> dict[str, Any]:
    """The answer of `aifirst assess`: `{file, rows, score, summary, issues, rejected, proposed_by, llm, seconds}`."""
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.proposals import assessment

    started = time.perf_counter()
    llm = None
    if provider != "offline":
        from aifirst_dagster.llm.resource import choose

        llm = choose(provider)
    with connect(most=BARE_FILE) as con:
        table, findings = _found(con, file, rules_path, base)
        outcome = assessment.assess(con, table.name, table.columns, findings, llm=llm, wish=_wish(mode))
    for text in outcome.notes:
        notice(text)
    return {
        "file": file,
        **outcome.answer.model_dump(mode="json"),
        "proposed_by": outcome.proposed_by,
        "llm": outcome.usage.model_dump(mode="json"),
        "seconds": round(time.perf_counter() - started, 3),
    }


def _prompts(file: str, rules_path: str | None, base: str | None, mode: Mode, provider: str) -> dict[str, Any]:
    from aifirst_dagster.cli.show_prompts import recorded
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.proposals import assessment

    with connect(most=BARE_FILE) as con:
        table, findings = _found(con, file, rules_path, base)

        def ask(llm: Any) -> None:
            assessment.assess(con, table.name, table.columns, findings, llm=llm, wish=_wish(mode))

        return recorded(provider, ask)


def _wish(mode: Mode) -> Any:
    from dataclasses import replace

    from aifirst_dagster.cli.asking import wish

    return replace(wish(), mode=mode if mode == "extended_thinking" else None)


def _found(
    con: duckdb.DuckDBPyConnection, file: str, rules_path: str | None, base: str | None
) -> tuple[FileTable, Findings]:
    """The file as a typed table, and all that is counted on it."""
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.proposals.assessment import gather
    from aifirst_dagster.quality.engines.duckdb import evaluate
    from aifirst_dagster.quality.generate import propose
    from aifirst_dagster.quality.rules import RuleSet

    drift = None
    if base is not None:
        from aifirst_dagster.quality.drift import baseline, compare

        was = load(con, base, "base")
        before = baseline(con, was.relation, was.columns)
    table = load(con, file)
    if base is not None:
        drift = compare(before, baseline(con, table.relation, table.columns, like=before))
    rules = list(RuleSet.load(rules_path)) if rules_path else propose(con, table.relation, table.columns)[0]
    results = evaluate(con, table.relation, rules)
    reasons = con.execute(f"SELECT reason, count(*) FROM {table.read.rejects} GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
    return table, gather(con, table.name, table.columns, results, drift, reasons)


def show(answer: dict[str, Any]) -> None:
    """The issues for people, most serious first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(answer["summary"]))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "column", "issue", "rows", "what to do", "state"):
        table.add_column(name, overflow="fold", justify="right" if name == "rows" else "left")
    colours = {"error": "red", "warn": "yellow", "info": "dim"}
    for issue in answer["issues"]:
        rows = "" if issue["rows_affected"] is None else f"{issue['rows_affected']:,}"
        todo = issue["action"].replace("_", " ") + (f": {issue['repair']}" if issue["repair"] else "")
        table.add_row(Text(issue["severity"], colours[issue["severity"]]), Text(issue["column"] or "(rows)"),
                      Text(f"{issue['kind']}: {issue['evidence']}"), rows, todo, issue["state"])  # fmt: skip
    if answer["issues"]:
        console.print(table)
    for one in answer["rejected"]:
        console.print(Text(f"contradicted by the data: {one['issue']} ({one['reason']})", style="dim"))
    score = "" if answer["score"] is None else f", score {answer['score']:.3f}"
    console.print(f"{answer['rows']:,} rows{score}, assessed by {answer['proposed_by']}", style="dim")
