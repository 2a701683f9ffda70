"""`aifirst lint`: check pipeline files; write the schema that editors complete and check them with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option


@click.command("lint")
@click.argument("pipelines", nargs=-1, metavar="[PIPELINE]...")
@click.option(
    "--schema", "schema_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the JSON Schema here."
)
@json_option
@click.pass_context
def command(ctx: click.Context, pipelines: tuple[str, ...], schema_path: Path | None, as_json: bool) -> None:
    """Check pipelines: files, folders, or names; default: all of resources/pipelines/.

    Reports every error of every file with its place, and warnings for what looks unintended. Exits with 2 where a
    pipeline is wrong. With --schema and no PIPELINE only the schema is written, for a line
    `# yaml-language-server: $schema=./pipeline.schema.json` on top of a pipeline.
    """
    from aifirst_dagster.pipelines.lint import Report, lint

    written = {}
    if schema_path is not None:
        from aifirst_dagster.pipelines.json_schema import write

        write(schema_path)
        written = {"schema": str(schema_path)}
    report = Report((), (), ()) if schema_path is not None and not pipelines else lint(pipelines)
    emit({**report.to_dict(), **written}, as_json, _show)
    if not report.valid:
        ctx.exit(2)


def _show(answer: dict[str, Any]) -> None:
    """The report for people: one line a problem, its hint below."""
    for kind in ("errors", "warnings"):
        color = "red" if kind == "errors" else "yellow"
        for problem in answer[kind]:
            where = f"{problem['file']}:{problem['line']}:{problem['column']}"
            click.echo(f"{where}: {click.style(kind[:-1], fg=color)}: {problem['message']}")
            if problem["hint"]:
                click.echo(f"  {problem['hint']}")
    if "schema" in answer:
        click.echo(f"wrote {answer['schema']}")
    if answer["files"]:
        numbers = [_counted(len(answer[kind]), kind[:-1]) for kind in ("errors", "warnings")]
        click.echo(f"{_counted(len(answer['files']), 'file')}: {', '.join(numbers)}")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
