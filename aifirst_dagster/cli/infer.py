"""`aifirst infer`: what a file holds: dialect, types, keys, what needs cleaning."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.ahead import Ahead
from aifirst_dagster.cli.looking import document_seen, is_picture, required, table_seen, told
from aifirst_dagster.cli.looking import show as show_vision
from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.reading import accept_unsure_option, opened
from aifirst_dagster.cli.schema_file import schema_option, under_schema
from aifirst_dagster.cli.show_prompts import show, show_prompts_option
from aifirst_dagster.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.recorder import Recorder


@click.command("infer")
@click.argument("file")
@json_option
@accept_unsure_option
@provider_option
@show_prompts_option
@click.option("--with", "beside", multiple=True, metavar="OTHER", help="Look for references to and from OTHER; repeat.")
@schema_option
@click.option("--vision", is_flag=True, help="Have the provider's model look at a picture of FILE; it may be a chart.")
@click.option("--against", metavar="DATA", help="With --vision of a chart or scan: the data file to compare it with.")
def command(
    file: str,
    as_json: bool,
    accept_unsure: bool,
    provider: str,
    show_prompts: bool,
    beside: tuple[str, ...],
    vision: bool,
    against: str | None,
    schema_file: Path | None,
) -> None:
    """Say what FILE holds: its dialect, each column's type and meaning, keys, and what needs cleaning.

    FILE is CSV or any other delimited text, JSON, JSON Lines, Excel or Parquet, compressed or not; - is standard input.
    With --vision it may be an image or a PDF as well.
    """
    if against and not vision:
        raise ConfigError("--against says what a picture is compared with.", hint="Add --vision.")
    if show_prompts:
        emit(prompts_of([file], accept_unsure, provider, vision, against), as_json, show)
        return
    answer = infer_file(
        file,
        accept_unsure=accept_unsure,
        provider=provider,
        vision=vision,
        against=against,
        beside=beside,
        schema_file=schema_file,
    )
    emit(answer, as_json, _show)


def prompts_of(
    files: list[str], accept_unsure: bool, provider: str, vision: bool = False, against: str | None = None
) -> dict[str, Any]:
    """What `--show-prompts` prints where a model is asked about the columns of files, and to look at them."""
    from aifirst_dagster.cli.asking import columns_of
    from aifirst_dagster.cli.show_prompts import recorded
    from aifirst_dagster.connectors import ReadOptions, read
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.llm.recorder import NotAskedError

    def look(llm: Recorder) -> None:
        # The recorder's answer to a request is that nobody was asked.
        with suppress(NotAskedError):
            document_seen(files[0], against, llm)

    if vision and is_picture(files[0]):
        return recorded(provider, look)
    with connect(most=BARE_FILE) as con:
        table = read(con, files, options=ReadOptions(accept_unsure=accept_unsure))

        def ask(llm: Recorder) -> None:
            if not table.columns:
                return
            columns = columns_of(con, table, llm, quiet=True).columns
            with suppress(NotAskedError):
                if vision:
                    table_seen(con, table, columns, llm)

        return recorded(provider, ask)


def infer_file(
    file: str,
    *,
    accept_unsure: bool = False,
    provider: str = "offline",
    vision: bool = False,
    against: str | None = None,
    beside: Sequence[str] = (),
    schema_file: Path | None = None,
) -> dict[str, Any]:
    """What `aifirst infer` prints, as a dictionary; what the Table Schema `schema_file` says rules.

    The relationships hold references to and from the files `beside`, too.

    A provider's columns are verified on all rows as our own are; with `vision` its model looks at the table too, or at
    the chart or pages that FILE is, and what it sees is compared with the data (of the file `against`).
    """
    began = time.perf_counter()
    llm = _asked(provider, vision)
    if vision and llm is not None and is_picture(file):
        return _document(file, against, llm, began)
    ahead = Ahead("aifirst_dagster.inference.file", types=llm is None and schema_file is None)
    with opened(file, accept_unsure=accept_unsure, ahead=ahead) as (con, table):
        from aifirst_dagster.inference.file import infer_relation

        for text in table.notices:
            notice(text)
        asked = None
        if llm is not None and table.columns:
            from aifirst_dagster.cli.asking import columns_of

            asked = columns_of(con, table, llm)
        proposed = asked.columns if asked else ahead.columns(table)
        if schema_file is not None and table.columns:
            table, schema = under_schema(con, table, schema_file, proposed)
        else:
            schema = infer_relation(con, table.relation, table.columns, table.native, proposed=proposed)
        related = list(schema.relationships)
        if beside and table.columns:
            from aifirst_dagster.cli.references import between

            related = [*between(con, file, table.relation, schema.columns, beside, accept_unsure), *related]
        seen = told(table_seen(con, table, schema.columns, llm)) if vision and llm and table.columns else None
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
            "relationships": [relationship.model_dump() for relationship in related],
            "cleaning": [hint.model_dump() for hint in schema.cleaning],
            "proposed_by": asked.proposed_by if asked else "offline",
            "llm": llm.usage.model_dump(mode="json") if asked and llm else no_usage(),
            **({"claims": asked.claims} if asked else {}),
            **({"vision": seen} if vision else {}),
            "rejected": table.rejected,
            "notices": table.notices,
            "seconds": round(time.perf_counter() - began, 3),
        }


def _asked(provider: str, vision: bool) -> LLM | None:
    """Whom the user named; None: nobody."""
    if provider == "offline" and not vision:
        return None
    from aifirst_dagster.llm.resource import choose

    llm = choose(provider)
    if vision:
        required(llm)
    return llm


def _document(file: str, against: str | None, llm: LLM, began: float) -> dict[str, Any]:
    """What is printed of a chart, an image or a PDF: it is no table, so that all there is is what a model sees."""
    sight = document_seen(file, against, llm)
    return {
        "file": file,
        "format": "pdf" if file.lower().endswith(".pdf") else "image",
        "dialect": None,
        "rows": 0,
        "columns": [],
        "primary_key": [],
        "candidate_keys": [],
        "relationships": [],
        "cleaning": [],
        "proposed_by": sight.model,
        "llm": llm.usage.model_dump(mode="json"),
        "vision": {**told(sight), "reading": sight.reading},
        "rejected": 0,
        "notices": [],
        "seconds": round(time.perf_counter() - began, 3),
    }


def no_usage() -> dict[str, Any]:
    """`Usage` where no model was asked."""
    zeros = dict.fromkeys(["calls", "cache_hits", "input_tokens", "cached_input_tokens", "output_tokens"], 0)
    return {**zeros, "cost_usd": 0.0, "models": [], "retries": 0, "failures": 0}


def _arrow(relationship: dict[str, Any]) -> str:
    """The columns of a relationship: what follows stands last."""
    *left, right = relationship["columns"]
    table = relationship["table"]
    if relationship["kind"] == "referenced_by":
        return f"{table}: {', '.join(left)} -> {right}"
    return f"{', '.join(left)} -> {f'{table}: ' if table else ''}{right}"


def _show_claims(console: Console, claims: list[dict[str, str]]) -> None:
    """How many of a model's claims are in which state, and those that the data contradicts, in words."""
    from collections import Counter

    from rich.markup import escape

    if not claims:
        return
    states = Counter(claim["state"] for claim in claims)
    order = [state for state in ("tested", "corroborated", "untested", "failed") if states[state]]
    console.print(f"claims: {', '.join(f'{states[state]} {state}' for state in order)}")
    for claim in claims:
        if claim["state"] == "failed":
            text = f"not so: {claim['column']}: {claim['what']} = {claim['value']}: {claim['evidence']}"
            console.print(escape(text), style="red")


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
            escape(f"{_arrow(relationship)}: {relationship['kind'].replace('_', ' ')} ({relationship['evidence']})")
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
    if answer.get("vision"):
        show_vision(answer["vision"])
    _show_claims(console, answer.get("claims", []))
    by = "offline engine" if answer["proposed_by"] == "offline" else f"proposed by {answer['proposed_by']}"
    console.print(f"{answer['seconds']:.2f} s, {by}", style="dim")
