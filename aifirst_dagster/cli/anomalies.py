"""`aifirst anomalies`: rows and cells that do not fit, by likely cause, explained, and what to do about them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.show_prompts import show as show_prompts_of
from aifirst_dagster.cli.show_prompts import show_prompts_option

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.quality.anomalies import Anomalies, Search

#: Rows below which most finders have nothing to go by.
FEW = 30


@click.command()
@click.argument("target", metavar="FILE|PIPELINE")
@click.argument("step", required=False)
@click.option("--partition", help="The dataset's partition, where it has some.")
@click.option("--explain", is_flag=True, help="Let a model explain the groups (see --provider); its claims are tested.")
@click.option("--rows", "list_rows", is_flag=True, help="List every row and cell, not only examples.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the answer here, as JSON.")
@click.option("--all", "with_expected", is_flag=True, help="Tell groups that are marked as expected, too.")
@provider_option
@show_prompts_option
@json_option
def command(
    target: str, step: str | None, partition: str | None, explain: bool, list_rows: bool, output: Path | None,
    with_expected: bool, provider: str, show_prompts: bool, as_json: bool,
) -> None:  # fmt: skip
    """Find what does not fit in FILE, or in the dataset of a PIPELINE's STEP."""
    from aifirst_dagster.errors import ConfigError

    if explain and provider == "offline" and not show_prompts:
        notice("No --provider was named: the groups are explained by templates.")
    if provider != "offline" and not explain:
        raise ConfigError("A provider was named, but nothing to ask it.", hint="Add --explain.")
    if show_prompts:
        emit(_prompts(target, step, partition, provider), as_json, show_prompts_of)
        return
    answer = anomalies(target, step, partition, provider if explain else "offline", list_rows, with_expected)
    if output is not None:
        _write(output, answer)
        answer = {**answer, "output": str(output)}
    emit(answer, as_json, show)


def anomalies(
    target: str,
    step: str | None = None,
    partition: str | None = None,
    provider: str = "offline",
    list_rows: bool = False,
    with_expected: bool = False,
) -> dict[str, Any]:
    """The answer: `{file | pipeline, step, version, rows, rows_affected, cells, groups, expected, seconds}`."""
    began = time.perf_counter()
    llm = None
    if provider != "offline":
        from aifirst_dagster.llm.resource import choose

        llm = choose(provider)
    if step is None:
        from aifirst_dagster.cli.table import load
        from aifirst_dagster.datasets.session import BARE_FILE, connect
        from aifirst_dagster.quality.anomalies import search

        with connect(most=BARE_FILE) as con:
            table = load(con, target)
            with search(con, table.relation, table.columns) as done:
                answer = {"file": target, **_told(con, table.name, table.columns, done, llm, list_rows)}
    else:
        from aifirst_dagster.orchestration.anomalies import VIEW, searched
        from aifirst_dagster.proposals.anomalies.expected import apart

        one = dataset(target, step, partition)
        where = (one.pipeline.slug, one.step.key)
        with searched(one) as (con, done):
            if not with_expected:
                done.found, held = apart(done.found, one.designs)
            else:
                held = []
            told = _told(con, VIEW, one.columns, done, llm, list_rows, where)
        answer = {"pipeline": one.pipeline.name, "step": one.step.key, "partition": partition,
                  "version": one.version.manifest.version, **told, "expected": held}  # fmt: skip
    return {**answer, "seconds": round(time.perf_counter() - began, 3)}


def dataset(pipeline: str, step: str, partition: str | None) -> Any:
    """The current dataset of a pipeline's step; raises where there is none."""
    from aifirst_dagster.cli.running import project_of
    from aifirst_dagster.orchestration.anomalies import target
    from aifirst_dagster.pipelines.load import load

    project, path = project_of(pipeline)
    return target(project, load(path), step, partition)


def _told(
    con: duckdb.DuckDBPyConnection, name: str, columns: list[Column], done: Search, llm: Any, list_rows: bool,
    where: tuple[str | None, str | None] = (None, None),
) -> dict[str, Any]:  # fmt: skip
    found: Anomalies = done.found
    asked: dict[str, Any] = {}
    if llm is not None:
        from aifirst_dagster.cli.asking import wish
        from aifirst_dagster.proposals.anomalies import explain

        outcome = explain(con, name, columns, done, llm=llm, wish=wish(), where=where)
        for text in outcome.notes:
            notice(text)
        found = outcome.answer
        asked = {"explained_by": outcome.proposed_by, "llm": outcome.usage.model_dump(mode="json")}
    answer = {**found.model_dump(mode="json"), **asked}
    if list_rows:
        told = {group.id for group in found.groups}
        answer["cells_listed"] = [cell for cell in done.cells() if cell["group"] in told]
    return answer


def _prompts(target: str, step: str | None, partition: str | None, provider: str) -> dict[str, Any]:
    from aifirst_dagster.cli.asking import wish
    from aifirst_dagster.cli.show_prompts import recorded
    from aifirst_dagster.proposals.anomalies import explain

    if step is not None:
        from aifirst_dagster.orchestration.anomalies import VIEW, searched

        one = dataset(target, step, partition)
        with searched(one) as (con, done):
            return recorded(
                provider, lambda llm: explain(con, VIEW, one.columns, done, llm=cast("LLM", llm), wish=wish())
            )
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.quality.anomalies import search

    with connect(most=BARE_FILE) as con:
        table = load(con, target)
        with search(con, table.relation, table.columns) as done:
            return recorded(
                provider, lambda llm: explain(con, table.name, table.columns, done, llm=cast("LLM", llm), wish=wish())
            )


def _write(path: Path, answer: dict[str, Any]) -> None:
    import json

    from aifirst_dagster.cli.output import SCHEMA_VERSION, _plain
    from aifirst_dagster.repair.export import write_text

    text = json.dumps({"schema_version": SCHEMA_VERSION, **answer}, ensure_ascii=False, indent=1, default=_plain)
    write_text(path, text + "\n")


def show(answer: dict[str, Any]) -> None:
    """The groups for people, the most unlikely first."""
    from rich.console import Console
    from rich.text import Text

    from aifirst_dagster.quality.report.words import plural

    console = Console(highlight=False)
    for group in answer["groups"]:
        head = Text(f"{group['score']:.2f}  ", style="dim")
        head.append(", ".join(group["columns"]) or "(rows)", style="bold")
        head.append(f"  {group['cause']}", style="yellow")
        head.append(f"  {group['id']}", style="dim")
        console.print(head)
        console.print(Text(f"      {group['explanation']}"))
        for one in group["examples"][:3]:
            place = f"line {one['source_line']}" if one["source_line"] else f"row {one['row']}"
            meant = f" -> {one['expected']}" if one["expected"] is not None else ""
            value = "" if one["column"] is None else f"  {one['column']}: {one['value']}{meant}"
            console.print(Text(f"      {place}{value}", style="dim"))
        todo = group["remediation"]
        also = f" (or {', '.join(todo['also'])})" if todo["also"] else ""
        console.print(Text(f"      to do: {todo['action']}{also}. {todo['why']}"))
    for cell in answer.get("cells_listed", []):
        place = cell["source_line"] if cell["source_line"] is not None else cell["row"]
        console.print(Text(f"{place}\t{cell['column'] or ''}\t{cell['value'] or ''}\t{cell['group']}"))
    for text in answer["skipped"]:
        notice(f"Not searched: {text}")
    held = f", {len(answer['expected'])} more are expected" if answer.get("expected") else ""
    rows, groups = answer["rows"], len(answer["groups"])
    if not rows:
        said = "There are no rows to look at."
    elif not groups:
        said = f"Nothing was found that does not fit, in {plural(rows, 'row')}{held}."
    else:
        said = f"{plural(rows, 'row')}, {answer['rows_affected']:,} of them in {plural(groups, 'group')}{held}"
    if 0 < rows < FEW:
        said += f" With fewer than {FEW} there is little to tell what is usual."
    console.print(Text(said))
