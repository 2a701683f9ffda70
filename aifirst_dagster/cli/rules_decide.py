"""`aifirst rules accept|reject|mute|unmute|edit`: decisions about rules without a dialogue, each kept at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option
from aifirst_dagster.cli.rules_books import books, by_option, history_of, holding, in_option, who, why_option
from aifirst_dagster.errors import ConfigError

if TYPE_CHECKING:
    from aifirst_dagster.proposals.rules.book import Book
    from aifirst_dagster.quality.rules import Rule, Status

_rules = click.argument("rules", metavar="RULE...", nargs=-1, required=True)


def _decision(name: str, status: Status, only: Status | None, help_: str) -> click.Command:
    """The command `name`: gives rules (those that are `only`, if it says so) a status."""

    @click.command(name, help=help_)
    @_rules
    @in_option
    @by_option
    @why_option
    @json_option
    def decide(rules: tuple[str, ...], where: str | None, by: str | None, why: str, as_json: bool) -> None:
        _decide(rules, status, where, by, why, as_json, only)

    return decide


accept = _decision("accept", "active", None, "Put rules in force: they count from the next run on.")
reject = _decision(
    "reject", "rejected", None, "Turn rules down: they are no longer evaluated, and never proposed again."
)
mute = _decision(
    "mute", "muted", None, "Silence rules: they are evaluated and shown as muted, and neither fail nor count."
)
unmute = _decision("unmute", "active", "muted", "Let muted rules count again.")


@click.command()
@click.argument("rule")
@click.argument("said", metavar="KEY=VALUE...", nargs=-1)
@click.option("--severity", type=click.Choice(["error", "warn"]), help="How serious it is where it breaks.")
@in_option
@by_option
@why_option
@json_option
def edit(
    rule: str, said: tuple[str, ...], severity: str | None, where: str | None, by: str | None, why: str, as_json: bool
) -> None:
    """Change a rule's limits (KEY= takes one away): it is in force with them, and no proposal changes them back.

    VALUE is JSON where it reads as such, else text: max_value=200, mostly=0.98, value_set='["a", "b"]'.
    """
    if not said and severity is None:
        raise ConfigError("There is nothing to change.", hint=f"For example: aifirst rules edit {rule} max_value=200.")
    book, found = holding(rule, books(where))
    before, after = book.edit(found.id, arguments(said), who(by), why, severity, history_of(book))  # type: ignore[arg-type]
    _tell([(book, before, after)], as_json)


def arguments(said: tuple[str, ...]) -> dict[str, Any]:
    """`KEY=VALUE` as a rule's arguments; None for one that is taken away."""
    found: dict[str, Any] = {}
    for one in said:
        key, sign, text = one.partition("=")
        if not sign or not key:
            raise ConfigError(f"{one!r} is no KEY=VALUE.", hint="For example: max_value=200.")
        try:
            found[key] = json.loads(text) if text else None
        except ValueError:
            found[key] = text
    return found


def _decide(
    rules: tuple[str, ...],
    status: Status,
    where: str | None,
    by: str | None,
    why: str,
    as_json: bool,
    only: Status | None,
) -> None:
    several = books(where)
    chosen = [holding(rule, several) for rule in rules]
    if wrong := next((rule.id for _, rule in chosen if only and rule.status != only), None):
        raise ConfigError(f"The rule {wrong!r} is not {only}.", hint="See: aifirst rules list.")
    done = [(book, *book.decide(rule.id, status, who(by), why, history_of(book))) for book, rule in chosen]
    _tell(done, as_json)


def _tell(done: list[tuple[Book, Rule, Rule]], as_json: bool) -> None:
    """What was decided."""
    entries = [
        {
            "pipeline": book.pipeline,
            "step": book.step,
            "file": str(book.path),
            "before": before.status,
            "rule": {**after.model_dump(mode="json"), "dimension": after.dimension},
        }
        for book, before, after in done
    ]
    emit({"decisions": entries}, as_json, _show)


def _show(answer: dict[str, Any]) -> None:
    for entry in answer["decisions"]:
        rule = entry["rule"]
        click.echo(f"{rule['id']}: {entry['before']} -> {rule['status']}  ({entry['file']})")
