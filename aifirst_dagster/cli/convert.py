"""`aifirst convert`: a messy file, written clean-shaped in another format; lines that do not fit beside it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.reading import accept_unsure_option
from aifirst_dagster.cli.schema_file import schema_option

if TYPE_CHECKING:
    from aifirst_dagster.connectors.files import File


@click.command("convert")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option("--as-text", is_flag=True, help="Keep every cell's text, and the column names, as they stand.")
@schema_option
@accept_unsure_option
@json_option
@provider_option
def command(
    source: str, target: str, as_text: bool, schema_file: Path | None, accept_unsure: bool, as_json: bool, provider: str
) -> None:
    """Read IN and write its rows to OUT, in the format of OUT's suffix: csv, tsv, json, jsonl or parquet.

    IN is CSV or any other delimited text, JSON, JSON Lines or Parquet, compressed or not; - is standard input. Lines
    that do not fit go to OUT.quarantine.csv, with their place and the reason; with --schema, so do rows that do not
    fit it.
    """
    emit(convert_file(source, target, as_text=as_text, accept_unsure=accept_unsure, schema=schema_file), as_json, _show)


def convert_file(
    source: str, target: str, *, as_text: bool = False, accept_unsure: bool = False, schema: Path | None = None
) -> dict[str, Any]:
    """What `aifirst convert` prints, as a dictionary."""
    from aifirst_dagster.connectors import ReadOptions, read
    from aifirst_dagster.connectors.export import export, export_rejects, format_of
    from aifirst_dagster.datasets.session import BARE_FILE, connect

    began = time.perf_counter()
    out = Path(target)
    form = format_of(out)
    con = connect(most=BARE_FILE)
    try:
        table = read(con, _inputs(source), options=ReadOptions(accept_unsure=accept_unsure, tell=notice))
        for text in table.notices:
            notice(text)
        if schema is not None and table.columns:
            from aifirst_dagster.cli.convert_by_schema import convert

            written = convert(con, table, out, form, schema)
            return {
                "rows_in": table.records,
                **written,
                "dialect": table.dialect.model_dump() if table.dialect else None,
                "format": table.format,
                "output": target,
                "notices": table.notices,
                "seconds": round(time.perf_counter() - began, 3),
            }
        rows = export(con, table, out, form, as_text=as_text)
        aside = export_rejects(con, table, out.with_name(out.name + ".quarantine.csv"))
        if aside:
            notice(f"{table.rejected} lines do not fit; they are in {aside}, with their place and the reason.")
        return {
            "rows_in": table.records,
            "rows_out": rows,
            "quarantined": table.rejected,
            "quarantine_path": aside,
            "dialect": table.dialect.model_dump() if table.dialect else None,
            "format": table.format,
            "output": target,
            "notices": table.notices,
            "seconds": round(time.perf_counter() - began, 3),
        }
    finally:
        con.close()


def _inputs(source: str) -> list[str | File]:
    """The files that IN stands for: itself, or those of a folder or a glob."""
    from aifirst_dagster.connectors import expand
    from aifirst_dagster.errors import InputError

    book = source.rpartition("#")[0]  # a sheet of a workbook: book.xlsx#Prices
    if source == "-" or Path(source).is_file() or (book and Path(book).is_file()):
        return [source]
    found = expand(source, Path.cwd())
    if not found:
        raise InputError("No file matches.", hint="Check the folder and the pattern.", file=source)
    return list(found)


def _show(answer: dict[str, Any]) -> None:
    """One line for people."""
    aside = f", {answer['quarantined']:,} quarantined" if answer["quarantined"] else ""
    click.echo(f"{answer['output']}: {answer['rows_out']:,} rows{aside} in {answer['seconds']:.1f} s")
