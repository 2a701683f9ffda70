"""`aifirst profile`: every column of a file measured; `--html` writes a report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from aifirst_dagster.cli.ahead import Ahead
from aifirst_dagster.cli.output import emit, json_option, notice
from aifirst_dagster.cli.reading import accept_unsure_option, opened


@click.command("profile")
@click.argument("file")
@json_option
@click.option("--html", "html_out", metavar="OUT", help="Write a self-contained report to OUT.")
@accept_unsure_option
def command(file: str, as_json: bool, html_out: str | None, accept_unsure: bool) -> None:
    """Measure every column of FILE: counts, spread, shape, frequent values, patterns, correlations, repeated rows."""
    emit(_profile_file(file, html_out, accept_unsure), as_json, _show)


def _profile_file(file: str, html_out: str | None, accept_unsure: bool) -> dict[str, Any]:
    began = time.perf_counter()
    ahead = Ahead("aifirst_dagster.inference.file", "aifirst_dagster.inference.profile", types=True)
    with opened(file, accept_unsure=accept_unsure, ahead=ahead) as (con, table):
        from aifirst_dagster.inference.file import infer_relation
        from aifirst_dagster.inference.profile import profile

        for text in table.notices:
            notice(text)
        schema = infer_relation(con, table.relation, table.columns, table.native, ahead.columns(table))
        measured = profile(con, table.relation, schema.columns)
    if html_out:
        from aifirst_dagster.inference.report import html

        title = "standard input" if file == "-" else Path(file).name
        Path(html_out).write_text(html(measured, title), encoding="utf-8")
        notice(f"Report written to {html_out}")
    answer = measured.model_dump()
    return {
        "file": file,
        "rows": answer["rows"],
        "columns": answer["columns"],
        "correlations": answer["correlations"],
        "duplicates": answer["duplicates"],
        "seconds": round(time.perf_counter() - began, 3),
    }


def _show(answer: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    console.print(f"[bold]{escape(answer['file'])}[/]: {answer['rows']:,} rows, {answer['duplicates']:,} repeated")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("column", "type", "nulls", "distinct", "min", "median", "max", "shape / frequent"):
        right = heading in {"nulls", "distinct", "min", "median", "max"}
        table.add_column(
            heading, justify="right" if right else "left", overflow="ellipsis", no_wrap=heading != "column"
        )
    for column in answer["columns"]:
        frequent = ", ".join(str(each["value"])[:14] for each in column["top_values"][:3])
        table.add_row(
            *(escape(text) for text in (
                column["name"][:28], column["type"], f"{column['nulls']:,}", f"{column['distinct']:,}",
                _brief(column["min"]),
                _brief(column["quantiles"].get("0.5")), _brief(column["max"]),
                _bars(column["histogram"]) if column["histogram"] else frequent,
            ))
        )  # fmt: skip
    console.print(table)
    for pair in answer["correlations"][:5]:
        if abs(pair["value"]) >= 0.5:
            console.print(escape(f"{' and '.join(pair['columns'])}: correlation {pair['value']:+.2f}"))
    console.print(f"{answer['seconds']:.2f} s", style="dim")


def _brief(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)[:12].replace("\n", " ")


def _bars(histogram: list[dict[str, Any]]) -> str:
    most = max(each["count"] for each in histogram) or 1
    return "".join(" ▁▂▃▄▅▆▇█"[-(-8 * each["count"] // most)] for each in histogram)
