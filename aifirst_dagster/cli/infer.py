"""`aifirst infer`: what a file holds: dialect, types, keys, what needs cleaning."""

from __future__ import annotations

import time
from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.reading import accept_unsure_option, opened
from aifirst_dagster.cli.show_prompts import show, show_prompts_option


@click.command("infer")
@click.argument("file")
@json_option
@accept_unsure_option
@provider_option
@show_prompts_option
def command(file: str, as_json: bool, accept_unsure: bool, provider: str, show_prompts: bool) -> None:
    """Say what FILE holds: its dialect, each column's type and meaning, keys, and what needs cleaning.

    FILE is CSV or any other delimited text, JSON, JSON Lines, Excel or Parquet, compressed or not; - is standard input.
    """
    if show_prompts:
        emit(prompts_of([file], accept_unsure, provider), as_json, show)
        return
    emit(infer_file(file, accept_unsure=accept_unsure, provider=provider), as_json, _show)


def prompts_of(files: list[str], accept_unsure: bool, provider: str) -> dict[str, Any]:
    """What `--show-prompts` prints where a model is asked about the columns of files."""
    from aifirst_dagster.cli.asking import columns_of
    from aifirst_dagster.cli.show_prompts import recorded
    from aifirst_dagster.connectors import ReadOptions, read
    from aifirst_dagster.datasets.session import connect

    with connect() as con:
        table = read(con, files, options=ReadOptions(accept_unsure=accept_unsure))
        return recorded(provider, lambda llm: columns_of(con, table, llm, quiet=True) if table.columns else None)


def infer_file(file: str, *, accept_unsure: bool = False, provider: str = "offline") -> dict[str, Any]:
    """What `aifirst infer` prints, as a dictionary.

    A provider's columns are verified on all rows as our own are.
    """
    from aifirst_dagster.inference.file import infer_relation

    began = time.perf_counter()
    with opened(file, accept_unsure=accept_unsure) as (con, table):
        for text in table.notices:
            notice(text)
        asked = None
        if provider != "offline" and table.columns:
            from aifirst_dagster.cli.asking import columns_of
            from aifirst_dagster.llm.resource import choose

            asked = columns_of(con, table, choose(provider))
        proposed = asked.columns if asked else None
        schema = infer_relation(con, table.relation, table.columns, table.native, proposed=proposed)
        return {
            "file": file,
            "format": table.format,
            "dialect": table.dialect.model_dump() if table.dialect else None,
            "rows": schema.rows,
            "columns": [
                {**column.model_dump(), "source_name": given}
                for column, given in zip(schema.columns, table.source_names, strict=True)
            ],
            "primary_key": schema.primary_key,
            "candidate_keys": schema.candidate_keys,
            "relationships": [relationship.model_dump() for relationship in schema.relationships],
            "cleaning": [hint.model_dump() for hint in schema.cleaning],
            "proposed_by": asked.proposed_by if asked else "offline",
            "llm": asked.usage if asked else no_usage(),
            "rejected": table.rejected,
            "notices": table.notices,
            "seconds": round(time.perf_counter() - began, 3),
        }


def no_usage() -> dict[str, Any]:
    """`Usage` where no model was asked."""
    zeros = dict.fromkeys(["calls", "cache_hits", "input_tokens", "cached_input_tokens", "output_tokens"], 0)
    return {**zeros, "cost_usd": 0.0, "models": [], "retries": 0, "failures": 0}


def _about(column: dict[str, Any]) -> str:
    """What the table's other cells do not say of a column, briefly."""
    parts = column["description"].rstrip(".").split("; ")[1:]
    return "; ".join(parts)[:90]


def _show(answer: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    dialect = answer["dialect"]
    how = f", {dialect['encoding']}, delimiter {dialect['delimiter']!r}" if dialect else ""
    rejected = f", {answer['rejected']:,} lines rejected" if answer["rejected"] else ""
    console.print(
        f"[bold]{escape(answer['file'])}[/]: {answer['format']}{escape(how)}; {answer['rows']:,} rows{rejected}"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("column", "type", "meaning", "nulls", "failed", "sure", "about"):
        right = heading in {"nulls", "failed", "sure"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "about", overflow="fold")
    for column in answer["columns"]:
        evidence = column["evidence"]
        kind = column["type"] + (f" {column['format']}" if column["format"] != "default" else "")
        table.add_row(
            *(escape(text) for text in (
                column["name"][:28], kind[:22], column["semantic_type"] or "",
                f"{evidence['nulls']:,}", f"{evidence['failed']:,}",
                f"{column['confidence']:.2f}", _about(column),
            ))
        )  # fmt: skip
    console.print(table)
    if answer["primary_key"]:
        console.print(f"primary key: {escape(', '.join(answer['primary_key']))}")
    for relationship in answer["relationships"][:8]:
        console.print(
            escape(f"{' -> '.join(relationship['columns'])}: {relationship['kind']} ({relationship['evidence']})")
        )
    renamed = [hint["column"] for hint in answer["cleaning"] if hint["action"] == "rename_column"]
    if renamed:
        console.print(escape(f"plain names for {len(renamed)} columns: {', '.join(renamed[:8])}"), style="yellow")
    for hint in answer["cleaning"]:
        if hint["action"] == "rename_column":
            continue
        rows = f", {hint['rows_affected']:,} rows" if hint["rows_affected"] else ""
        console.print(
            escape(f"clean {hint['column'] or 'table'}: {hint['action']}: {hint['reason']}{rows}"), style="yellow"
        )
    console.print(f"{answer['seconds']:.2f} s, offline engine", style="dim")
