"""`aifirst rules list|history|diff`: what stands in rule sets, how it came to be, what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option
from aifirst_dagster.cli.rules_books import books, history_of, step_argument, target_argument
from aifirst_dagster.errors import ConfigError

if TYPE_CHECKING:
    from aifirst_dagster.proposals.rules.book import Book


@click.command("list")
@target_argument
@step_argument
@click.option("--status", type=click.Choice(["proposed", "active", "muted", "rejected"]), help="Only these.")
@json_option
def list_(target: str | None, step: str | None, status: str | None, as_json: bool) -> None:
    """List the rules of a pipeline, a step, a rule file, or of the whole project, with who decided what."""
    sets = []
    for book in books(target, step):
        rules = [rule for rule in book.rules() if status in (None, rule.status)] if book.path.is_file() else []
        sets.append({**_place(book), "rules": [{**r.model_dump(mode="json"), "dimension": r.dimension} for r in rules]})
    emit({"rule_sets": sets}, as_json, _show_list)


@click.command()
@target_argument
@step_argument
@json_option
def history(target: str | None, step: str | None, as_json: bool) -> None:
    """Show every version of a rule set: when, by whom, why, and what changed."""
    from aifirst_dagster.proposals.rules.versions import versions

    sets = []
    for book in books(target, step):
        known = versions(book, history_of(book))
        sets.append({**_place(book), "versions": [version.record() for version in known]})
    emit({"rule_sets": sets}, as_json, _show_history)


@click.command()
@click.argument("target", metavar="PIPELINE|RULE_FILE")
@click.argument("other", metavar="[STEP|RULE_FILE]", required=False)
@click.option("--from", "older", type=click.IntRange(min=1), help="Version, as `history` numbers them.")
@click.option("--to", "newer", type=click.IntRange(min=1), help="Version; default: what stands now.")
@json_option
def diff(target: str, other: str | None, older: int | None, newer: int | None, as_json: bool) -> None:
    """Compare two versions of a rule set (the last two), or two rule files, rule by rule."""
    from aifirst_dagster.proposals.rules.versions import pick, versions
    from aifirst_dagster.quality.rulediff import compare
    from aifirst_dagster.quality.rules import RuleSet

    if other is not None and Path(target).is_file() and Path(other).is_file():
        changes = compare(list(RuleSet.load(target)), list(RuleSet.load(other)))
        named: dict[str, Any] = {"from": target, "to": other}
    else:
        found = books(target, other)
        if len(found) != 1:
            names = ", ".join(book.step or str(book.path) for book in found)
            raise ConfigError(f"{target!r} has {len(found)} rule sets.", hint=f"Name one: {names}.")
        first, second = pick(versions(found[0], history_of(found[0])), older, newer)
        changes = compare(first.rules, second.rules)
        named = {**_place(found[0]), "from": first.number, "to": second.number}
    emit({**named, "changes": [change.model_dump(mode="json") for change in changes]}, as_json, _show_diff)


def _place(book: Book) -> dict[str, Any]:
    return {"pipeline": book.pipeline, "step": book.step, "file": str(book.path)}


def _show_list(answer: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not answer["rule_sets"]:
        click.echo("There are no rule sets. A pipeline's llm_validation step makes one as it runs.")
    for one in answer["rule_sets"]:
        title = f"{one['pipeline']}/{one['step']}" if one["pipeline"] else one["file"]
        click.echo(f"{title}: {len(one['rules'])} rules" + ("" if one["rules"] else " (none yet)"))
        table = Table(box=None, pad_edge=False)
        for name in ("status", "severity", "rule", "decided", "why"):
            table.add_column(name, overflow="fold")
        for rule in one["rules"]:
            said = rule["decision"] or {}
            who = " ".join(part for part in (said.get("by"), (said.get("at") or "")[:10]) if part)
            why = said.get("why") or rule["rationale"]
            table.add_row(rule["status"], rule["severity"], Text(rule["id"]), Text(who), Text(why))
        Console().print(table)


def _show_history(answer: dict[str, Any]) -> None:
    for one in answer["rule_sets"]:
        click.echo(f"{one['pipeline']}/{one['step']}" if one["pipeline"] else one["file"])
        for version in one["versions"]:
            at = version["at"].strftime("%Y-%m-%d %H:%M") if version["at"] else "on disk"
            why = f": {version['why']}" if version["why"] else ""
            status = "" if version["status"] == "accepted" else f" ({version['status']})"
            click.echo(f"  {version['version']:>3}  {at}  {version['by']}{status}, {version['rules']} rules{why}")
            _changes(version["changes"], "       ")


def _show_diff(answer: dict[str, Any]) -> None:
    if not answer["changes"]:
        click.echo("No difference.")
    _changes(answer["changes"], "")


def _changes(changes: list[dict[str, Any]], indent: str) -> None:
    from aifirst_dagster.quality.rulediff import RuleChange

    signs = {"added": "+", "removed": "-", "changed": "~"}
    for change in changes[:40]:
        click.echo(f"{indent}{signs[change['change']]} {RuleChange.model_validate(change).words}")
    if len(changes) > 40:
        click.echo(f"{indent}... and {len(changes) - 40} more; --json lists all.")
