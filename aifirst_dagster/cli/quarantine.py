"""`aifirst quarantine`: the way out for rows that were set aside: look at them, try again, or let them pass."""

from __future__ import annotations

from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option
from aifirst_dagster.errors import InputError

_pipeline = click.option("--pipeline", help="Only this pipeline (its slug).")
_step = click.option("--step", help="Only this step (its key).")


@click.group()
def command() -> None:
    """Rows that were set aside: list, show, retry, release."""


@command.command("list")
@_pipeline
@_step
@click.option("--limit", default=50, show_default=True, help="Most entries to show; 0: all.")
@json_option
def list_(pipeline: str | None, step: str | None, limit: int, as_json: bool) -> None:
    """List quarantined rows of the current datasets."""
    from aifirst_dagster.cli.quarantined import entries

    found = entries(pipeline, step)
    emit({"entries": found[:limit] if limit and not as_json else found, "total": len(found)}, as_json, _table)


@command.command()
@click.argument("ids", nargs=-1, required=True)
@json_option
def show(ids: tuple[str, ...], as_json: bool) -> None:
    """Show rows by IDS with all their values."""
    from aifirst_dagster.cli.quarantined import entries

    chosen = _chosen(entries(), ids)
    emit({"entries": chosen}, as_json, _details)


@command.command()
@click.argument("ids", nargs=-1)
@_pipeline
@_step
@json_option
def retry(ids: tuple[str, ...], pipeline: str | None, step: str | None, as_json: bool) -> int:
    """Run the steps of the rows again (after a source, a design or a rule was mended); says which rows passed."""
    from aifirst_dagster.cli.quarantined import entries, rerun

    chosen = _chosen(entries(pipeline, step), ids) if ids else entries(pipeline, step)
    runs, failed = rerun(chosen, "retry")
    left = {entry["id"] for entry in entries(pipeline, step)}
    still = [entry for entry in chosen if entry["id"] in left]
    answer = {"entries": still, "passed": [entry["id"] for entry in chosen if entry["id"] not in left], "runs": runs}
    emit(answer, as_json, lambda said: click.echo(f"{len(said['passed'])} rows passed, {len(said['entries'])} remain."))
    return failed


@command.command()
@click.argument("ids", nargs=-1, required=True)
@click.option("--by", default=None, help="Who says so; default: the user's name.")
@click.option("--why", default="", help="Reason, kept with the decision.")
@click.option("--no-run", is_flag=True, help="Record the decision only; the next run applies it.")
@json_option
def release(ids: tuple[str, ...], by: str | None, why: str, no_run: bool, as_json: bool) -> int:
    """Let rows pass as they are: recorded, then the steps run again with them."""
    import getpass

    from aifirst_dagster.cli.quarantined import entries, record_release, rerun

    chosen = _chosen(entries(), ids)
    record_release(chosen, by or getpass.getuser(), why)
    runs, failed = ([], 0) if no_run else rerun(chosen, "release")
    emit({"entries": chosen, "runs": runs}, as_json, lambda said: click.echo(f"{len(said['entries'])} rows released."))
    return failed


def _chosen(found: list[dict[str, Any]], ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """The entries of `ids`.

    Raises:
        InputError: There is no such entry.
    """
    known = {entry["id"]: entry for entry in found}
    for one in ids:
        if one not in known:
            raise InputError(f"There is no quarantined row {one!r}.", hint="`aifirst quarantine list` shows their ids.")
    return [known[one] for one in ids]


def _table(answer: dict[str, Any]) -> None:
    """Entries as a table."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("Id", "Pipeline", "Step", "Line", "Reason")
    for entry in answer["entries"]:
        place = f"{entry['source'].rpartition('/')[2]}:{entry['source_line']}"
        table.add_row(entry["id"], entry["pipeline"], entry["step"], escape(place), escape(entry["reason"]))
    Console().print(table)
    if answer["total"] > len(answer["entries"]):
        click.echo(f"{answer['total']} rows in all; --limit 0 shows them.")
    elif not answer["entries"]:
        click.echo("Nothing is in quarantine.")


def _details(answer: dict[str, Any]) -> None:
    """Entries with all their values."""
    for entry in answer["entries"]:
        click.echo(f"{entry['id']}  {entry['pipeline']}/{entry['step']}  {entry['source']}:{entry['source_line']}")
        click.echo(f"  {entry['reason']}")
        for name, value in entry["values"].items():
            click.echo(f"  {name}: {value}")
