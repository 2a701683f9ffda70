"""Schemas and their diffs for people: tables that a terminal shows."""

from __future__ import annotations

from typing import Any

import click


def show_schemas(answer: dict[str, Any]) -> None:
    """Each schema as a table of its fields."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    for entry in answer["schemas"]:
        console.print(escape(_title(entry)), style="bold")
        if entry["schema"] is None:
            console.print("no schema contract yet: set `contract:` and run, or `aifirst schema accept`", style="yellow")
            continue
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("column", "type", "from", "pinned", "constraints", "about"):
            table.add_column(heading, overflow="fold", no_wrap=heading == "column")
        for field in entry["schema"]["fields"]:
            ours = field.get("aifirst", {})
            kind = field["type"] + (f" {field['format']}" if field.get("format") else "")
            rules = ", ".join(f"{name} {value}" for name, value in field.get("constraints", {}).items())
            table.add_row(
                *(escape(text) for text in (
                    field["name"], kind, ", ".join(ours.get("source_names", [])), ", ".join(ours.get("pins", [])),
                    rules, field.get("description", "")[:60],
                ))
            )  # fmt: skip
        console.print(table)
        for version in entry.get("history", []):
            at = version["at"].isoformat(timespec="minutes") if version["at"] else ""
            console.print(escape(f"version {version['version']}: {at}, by {version['by']}, {version['status']}"))
            for change in version["changes"]:
                console.print(escape(f"  {change}"), style="dim")


def show_diff(answer: dict[str, Any]) -> None:
    """Each change on a line, the breaking ones marked."""
    for entry in answer["diffs"]:
        click.echo(_title(entry))
        _changes(entry["changes"])
    if not answer["diffs"]:
        click.echo("No connector has a schema contract yet.")


def show_accepted(answer: dict[str, Any]) -> None:
    """What was taken, and what no schema can take."""
    for entry in answer["accepted"]:
        before = f", before: {entry['before']}" if entry["before"] and entry["before"] != entry["version"] else ""
        same = " (nothing changed)" if entry["before"] == entry["version"] else ""
        click.echo(f"{_name(entry)}: version {entry['version']}{before}{same}")
        _changes(entry["changes"], quiet=True)
        for text in entry["remaining"]:
            click.echo(f"  these cells still do not fit: {text}")


def _changes(changes: list[dict[str, Any]], quiet: bool = False) -> None:
    from aifirst_dagster.inference.contract.changes import Change

    for change in changes:
        click.echo(f"  {'!' if change['breaking'] else ' '} {Change.model_validate(change).words}")
    if not changes and not quiet:
        click.echo("    no difference")


def _title(entry: dict[str, Any]) -> str:
    version = f", version {entry['version']}" if entry.get("version") else ""
    mode = f" ({entry['mode']})" if entry.get("mode") else ""
    return f"{_name(entry)}{version}{mode}"


def _name(entry: dict[str, Any]) -> str:
    if entry.get("step"):
        return f"{entry['pipeline']}/{entry['step']}"
    return f"{entry['schema']} against {entry['file']}" if isinstance(entry.get("schema"), str) else str(entry["file"])
