"""`aifirst check`: judge a file by rules, or by rules learned from it on the spot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option, provider_option
from aifirst_dagster.cli.show_prompts import show as show_them
from aifirst_dagster.cli.show_prompts import show_prompts_option
from aifirst_dagster.errors import ConfigError


@click.command()
@click.argument("file")
@click.option("--rules", "rules_path", help="Rule set: YAML or JSON {rules: [Rule]}. Default: learned from the file.")
@click.option("--engine", type=click.Choice(["duckdb", "great_expectations"]), default="duckdb", show_default=True)
@click.option("--examples", type=click.IntRange(min=0), default=20, show_default=True, help="Values listed; 0: all.")
@click.option("--with", "beside", multiple=True, metavar="NAME=FILE", help="Another dataset that rules name.")
@click.option("--data-docs", metavar="DIR", help="Write Great Expectations' Data Docs there.")
@click.option("--cells", is_flag=True, help="List single cells that look wrong, with a suggestion where there is one.")
@provider_option
@show_prompts_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    file: str,
    rules_path: str | None,
    engine: str,
    examples: int,
    beside: tuple[str, ...],
    data_docs: str | None,
    cells: bool,
    provider: str,
    show_prompts: bool,
    as_json: bool,
) -> None:
    """Check FILE against rules. Exit code 1 where it fails."""
    if show_prompts:
        from aifirst_dagster.cli.rules import prompts_of

        emit(prompts_of(file, "offline" if rules_path else provider), as_json, show_them)
        return
    answer = check(file, rules_path, engine, examples, cells, provider, beside=beside, data_docs=data_docs)
    emit(answer, as_json, show)
    if not answer["success"]:
        ctx.exit(1)


def check(
    file: str,
    rules_path: str | None,
    engine: str,
    examples: int,
    cells: bool,
    provider: str = "offline",
    *,
    beside: Sequence[str] = (),
    data_docs: str | None = None,
) -> dict[str, Any]:
    """The answer of `aifirst check`, in the shape of the command line's contract.

    `beside` are the other datasets that rules name, `NAME=FILE`; Data Docs are written to the folder `data_docs`.
    """
    from aifirst_dagster.cli.others import finder
    from aifirst_dagster.cli.rules import propose_rules
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.quality.rules import RuleSet
    from aifirst_dagster.quality.score import DIMENSIONS, by_dimension

    started = time.perf_counter()
    rules = list(RuleSet.load(rules_path)) if rules_path else None
    if rules_path and not rules:
        raise ConfigError(
            "The rule file holds no rules.", file=rules_path, hint="Write some with: aifirst rules FILE -o R.yaml"
        )
    with connect(most=BARE_FILE) as con:
        table = load(con, file, infer=rules is None or cells)
        learned, asked = rules is None, {}
        if rules is None:
            proposed = propose_rules(con, table, provider, portable=engine != "duckdb")
            rules = proposed.accepted
            if proposed.usage:
                asked = {"proposed_by": proposed.proposed_by, "llm": proposed.usage}
        if engine == "duckdb":
            from aifirst_dagster.quality.engines import duckdb as judge

            results = judge.evaluate(con, table.relation, rules, examples, finder(con, beside, rules_path))
        else:
            from aifirst_dagster.quality.engines import great_expectations as other

            results = other.evaluate_relation(con, table.relation, rules, examples)
        scored = None if learned else by_dimension(results)
        answer: dict[str, Any] = {
            "file": file,
            "rows": table.rows,
            "success": all(result.success is True for result in results if result.counts),
            "score": round(1.0 if scored.overall is None else scored.overall, 6) if scored else None,
            "dimensions": scored.rounded if scored else dict.fromkeys(DIMENSIONS),
            "self_learned": learned,
            "engine": engine,
            "rules": [_record(result) for result in results],
        }
        if data_docs:
            from aifirst_dagster.quality.engines.data_docs import build

            page, missing = build(con, table.relation, rules, data_docs, Path(file).stem or "data")
            answer["data_docs"] = {"page": str(page), "left_out": [result.id for result in missing]}
        if cells:
            from aifirst_dagster.quality.cells import find

            # What the engine learned from these rows it knows without rules; a model brings rules of its own.
            given = [rule for rule in rules if not learned or rule.provenance != "offline"]
            cells_found = find(con, table.text, table.columns, given, table.relation)
            answer["cells"] = [cell.model_dump() for cell in cells_found]
    return {**answer, **asked, "seconds": round(time.perf_counter() - started, 3)}


def _record(result: Any) -> dict[str, Any]:
    record: dict[str, Any] = {**result.model_dump(mode="python"), "dimension": result.dimension}
    if record["error"] is None:
        del record["error"]
    return record


def show(answer: dict[str, Any]) -> None:
    """The answer for people: failures first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(title=None, box=None, pad_edge=False)
    for name in ("", "rule", "failed", "of", "examples"):
        table.add_column(name, overflow="fold")
    marks = {True: ("ok", "green"), False: ("FAIL", "red"), None: ("?", "yellow")}
    for rule in sorted(answer["rules"], key=lambda rule: rule["success"] is True):
        word, colour = marks[rule["success"]]
        if rule["status"] != "active":
            word, colour = rule["status"], "dim"
        elif rule["success"] is False and rule["severity"] == "warn":
            word, colour = "warn", "yellow"
        shown = rule.get("error") or ", ".join(str(value) for value in rule["unexpected_list"][:3])
        if not shown and rule["observed_value"] is not None and rule["success"] is not True:
            shown = f"is {rule['observed_value']}"
        failed = "" if rule["unexpected_count"] is None else str(rule["unexpected_count"])
        table.add_row(Text(word, colour), Text(rule["id"]), failed, str(rule["evaluated"]), Text(shown[:120]))
    console.print(table)
    by = ", ".join(f"{name} {value:.3f}" for name, value in answer["dimensions"].items() if value is not None)
    score = "" if answer["score"] is None else f", score {answer['score']:.3f}{f' ({by})' if by else ''}"
    source = " (rules learned from the file itself)" if answer["self_learned"] else ""
    verdict = "all rules hold" if answer["success"] else "not all rules hold"
    if "data_docs" in answer:
        console.print(Text(f"Data Docs: {answer['data_docs']['page']}"))
    console.print(Text(f"{answer['rows']} rows, {len(answer['rules'])} rules: {verdict}{score}{source}"))
    for cell in answer.get("cells", [])[:20]:
        advice = "" if cell["suggestion"] is None else f" -> {cell['suggestion']!r}"
        console.print(
            Text(f"  line {cell['source_line']}, {cell['column']}: {cell['value']!r}{advice}  {cell['reason']}")
        )
    if len(answer.get("cells", [])) > 20:
        console.print(f"  ... and {len(answer['cells']) - 20} more cells; --json lists all.")
