"""`aifirst prompts`: the templates that models are asked with, the project's own and the shipped ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option

if TYPE_CHECKING:
    from aifirst_dagster.proposals.prompts import Prompt


@click.group()
def command() -> None:
    """Prompt templates: list, show, render, diff; and transcripts of what a model did with tools."""


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List every template; exits with 2 where one of the project's own is wrong."""
    from aifirst_dagster.proposals.prompts import names

    folder = _folder()
    found = [_entry(name, folder) for name in names(folder)]
    emit({"prompts": found, "folder": str(folder)}, as_json, _table)
    if any(entry["error"] for entry in found):
        ctx.exit(2)


@command.command("show")
@click.argument("name")
@json_option
def show_(name: str, as_json: bool) -> None:
    """Show the template NAME, and the schema that answers to it fill in."""
    from aifirst_dagster.llm.wire_schema import wire_schema
    from aifirst_dagster.proposals.prompts import FENCE_RULE, load
    from aifirst_dagster.proposals.prompts.outputs import outputs

    prompt = load(name, _folder())
    model = outputs().get(prompt.output or "")
    schema = wire_schema(model[1]).schema if model else None
    parts = {"system": prompt.system, "fence_rule": FENCE_RULE, "user": prompt.user, "schema": schema}
    emit({**_facts(prompt), **parts}, as_json, _whole)


@command.command()
@click.argument("name")
@click.argument("file")
@click.option("--target", help="Target schema, for templates that map onto one: a Table Schema file or a data file.")
@click.option("--instructions", help="What the model should mind, as a pipeline would say it.")
@click.option("--provider", default="claude", show_default=True, help="The LLM resource that it is rendered for.")
@click.option("--samples", type=click.Choice(["masked", "none"]), default="masked", show_default=True)
@click.option("--tools", is_flag=True, help="As it is sent where the model may look into the data.")
@json_option
def render(
    name: str,
    file: str,
    target: str | None,
    instructions: str | None,
    provider: str,
    samples: str,
    tools: bool,
    as_json: bool,
) -> None:
    """Show the template NAME with the evidence of FILE, as a model would be sent it. Nothing is sent."""
    from aifirst_dagster.cli.rendering import rendered
    from aifirst_dagster.cli.show_prompts import show

    wishes = {"samples": samples, "tools": tools, "instructions": instructions}
    emit(rendered(name, file, _folder(), provider, wishes, target), as_json, show)


@command.command()
@click.argument("name", required=False)
@json_option
def diff(name: str | None, as_json: bool) -> None:
    """Compare the project's own templates with the shipped ones of the same name."""
    from aifirst_dagster.proposals.prompts import names

    folder = _folder()
    chosen = [name] if name else [one for one in names(folder) if _both(one, folder)]
    emit({"diffs": [{"name": one, **_diff(one, folder)} for one in chosen]}, as_json, _diffs)


@command.command()
@click.argument("ident", metavar="[ID]", required=False)
@click.option("--limit", default=20, show_default=True, help="Most transcripts to list.")
@json_option
def transcript(ident: str | None, limit: int, as_json: bool) -> None:
    """List conversations that models held with tools, or show the one called ID whole."""
    from aifirst_dagster import state
    from aifirst_dagster.errors import InputError
    from aifirst_dagster.project import Project

    kept = state.open(Project.find()).transcripts
    if ident is None:
        emit({"transcripts": kept.list(limit)}, as_json, _transcripts)
        return
    found = kept.get(ident)
    if found is None:
        raise InputError(f"There is no transcript {ident!r}.", hint="`aifirst prompts transcript` lists them.")
    from aifirst_dagster.cli.transcripts import show

    emit(found, as_json, show)


def _folder() -> Path:
    from aifirst_dagster.project import Project

    return Project.find().resources / "prompts"


def _facts(prompt: Prompt) -> dict[str, Any]:
    return {
        **prompt.provenance,
        "output": prompt.output,
        "inputs": list(prompt.inputs),
        "hints": prompt.hints.model_dump(exclude_none=True),
        "file": prompt.file,
    }


def _entry(name: str, folder: Path) -> dict[str, Any]:
    """One line of the list; a template that is wrong says why."""
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.proposals.prompts import load, shipped_file

    overrides = _both(name, folder)
    try:
        return {**_facts(load(name, folder)), "overrides": overrides, "error": None}
    except ConfigError as error:
        source = "project" if not shipped_file(name) or overrides else "shipped"
        return {"name": name, "source": source, "overrides": overrides, "file": error.file, "error": str(error)}


def _both(name: str, folder: Path) -> bool:
    from aifirst_dagster.proposals.prompts import own_file, shipped_file

    return own_file(name, folder) is not None and shipped_file(name) is not None


def _diff(name: str, folder: Path) -> dict[str, Any]:
    """The shipped template against the project's own, line by line; "" where they are the same or one is missing."""
    import difflib

    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.proposals.prompts import load, own_file, shipped_file

    own, shipped = own_file(name, folder), shipped_file(name)
    if own is None and shipped is None:
        load(name, folder)
    if own is None or shipped is None:
        missing = "the project has none of its own" if own is None else "none is shipped under this name"
        return {"status": missing, "diff": ""}
    try:
        before, after = (path.read_text(encoding="utf-8").splitlines() for path in (shipped, own))
    except UnicodeDecodeError:
        raise ConfigError("The prompt is not UTF-8 text.", file=str(own)) from None
    lines = list(difflib.unified_diff(before, after, f"shipped/{name}.md", f"resources/prompts/{name}.md", lineterm=""))
    return {"status": "changed" if lines else "same", "diff": "\n".join(lines)}


def _table(answer: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("prompt", "version", "hash", "answers with", "source"):
        table.add_column(name, overflow="fold")
    for entry in answer["prompts"]:
        if entry["error"]:
            table.add_row(Text(entry["name"]), Text("wrong", "red"), "", Text(entry["error"]), entry["source"])
            continue
        source = "project, in place of the shipped one" if entry["overrides"] else entry["source"]
        table.add_row(Text(entry["name"]), Text(entry["version"]), entry["hash"], entry["output"] or "", source)
    Console().print(table)


def _whole(answer: dict[str, Any]) -> None:
    import json

    hints = ", ".join(f"{name} {value}" for name, value in answer["hints"].items()) or "none"
    click.echo(f"{answer['name']} version {answer['version']} ({answer['hash']}), {answer['source']}: {answer['file']}")
    click.echo(f"variables: {', '.join(answer['inputs'])}; hints: {hints}; answers: {answer['output'] or 'as asked'}")
    for title, text in (
        ("system", f"{answer['system']}\n\n{answer['fence_rule']}"),
        ("user", answer["user"]),
        ("answer's schema", json.dumps(answer["schema"], indent=1) if answer["schema"] else ""),
    ):
        if text:
            click.secho(f"--- {title} ---", dim=True)
            click.echo(text)


def _diffs(answer: dict[str, Any]) -> None:
    for entry in answer["diffs"]:
        click.echo(f"{entry['name']}: {entry['status']}")
        if entry["diff"]:
            click.echo(entry["diff"])
    if not answer["diffs"]:
        click.echo("The project has no template in place of a shipped one.")


def _transcripts(answer: dict[str, Any]) -> None:
    for entry in answer["transcripts"]:
        of = " / ".join(part for part in (entry["pipeline"], entry["step"], entry["task"]) if part)
        click.echo(f"{entry['id']}  {entry['at']}  {of}: {entry['ended']}, {entry['turns']} turns")
    if not answer["transcripts"]:
        click.echo("No model has used tools yet.")
