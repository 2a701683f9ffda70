"""`aifirst rules`: propose rules for a file, tested on rows that they were not learned from; decide about rules."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice, provider_option
from aifirst_dagster.cli.rules_convert import convert
from aifirst_dagster.cli.rules_decide import accept, edit, mute, reject, unmute
from aifirst_dagster.cli.rules_review import review
from aifirst_dagster.cli.rules_show import diff, history, list_
from aifirst_dagster.cli.show_prompts import show as show_them
from aifirst_dagster.cli.show_prompts import show_prompts_option
from aifirst_dagster.errors import StorageError

if TYPE_CHECKING:
    from aifirst_dagster.cli.table import FileTable
    from aifirst_dagster.quality.rules import Rule


@dataclass
class Proposed:
    """Rules for a table: those that hold, those that do not with the reason, and who proposed them."""

    accepted: list[Rule]
    rejected: list[tuple[Rule, str]] = field(default_factory=list)
    proposed_by: str = "offline"
    usage: dict[str, Any] = field(default_factory=dict)


class FileOrCommand(click.Group):
    """A group whose first word may be a file: rules are then proposed for it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; what begins with no command's name is about a file (`./list` for one of a command's name)."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["propose", *args]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Both forms."""
        return ["FILE | COMMAND [OPTIONS] ..."]


@click.group(cls=FileOrCommand)
def command() -> None:
    """Propose quality rules for a FILE, or review, decide about and compare those of pipelines and rule files.

    `aifirst rules FILE` is short for `aifirst rules propose FILE`. Every decision is kept with who, when and why.
    """


@command.command()
@click.argument("file")
@click.option("-o", "--output", help="Write the rules here (YAML, or JSON by suffix).")
@click.option("--format", "form", type=click.Choice(["aifirst", "gx"]), default="aifirst", show_default=True)
@provider_option
@show_prompts_option
@json_option
def propose(file: str, output: str | None, form: str, provider: str, show_prompts: bool, as_json: bool) -> None:
    """Propose quality rules for FILE; --format gx gives a Great Expectations suite."""
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.quality.rules import RuleSet
    from aifirst_dagster.quality.suite import suite

    if show_prompts:
        emit(prompts_of(file, provider), as_json, show_them)
        return
    started = time.perf_counter()
    with connect(most=BARE_FILE) as con:
        proposed = propose_rules(con, load(con, file), provider, portable=form == "gx")
    answer: dict[str, Any] = {
        "file": file,
        "rules": [rule.model_dump() for rule in proposed.accepted],
        "proposed_by": proposed.proposed_by,
        "rejected": [{"rule": rule.model_dump(), "reason": reason} for rule, reason in proposed.rejected],
        **({"llm": proposed.usage} if proposed.usage else {}),
    }
    if form == "gx":
        answer["suite"] = suite(Path(file).stem, proposed.accepted)
    if output:
        if form == "gx":
            _write(output, json.dumps(answer["suite"], indent=2, ensure_ascii=False, default=str) + "\n")
        else:
            RuleSet(rules=proposed.accepted).dump(output)
        answer["output"] = output
    answer["seconds"] = round(time.perf_counter() - started, 3)
    emit(answer, as_json, show)


for one in (review, list_, accept, reject, mute, unmute, edit, history, diff, convert):
    command.add_command(one)


def prompts_of(file: str, provider: str) -> dict[str, Any]:
    """What `--show-prompts` prints where a model is asked for rules of a file."""
    from aifirst_dagster.cli.asking import wish
    from aifirst_dagster.cli.show_prompts import recorded
    from aifirst_dagster.cli.table import load
    from aifirst_dagster.datasets.session import BARE_FILE, connect
    from aifirst_dagster.proposals.rules import propose_for_file

    with connect(most=BARE_FILE) as con:
        table = load(con, file)
        return recorded(provider, lambda llm: propose_for_file(con, table.name, table.columns, llm, wish()))


def propose_rules(con: Any, table: FileTable, provider: str = "offline", portable: bool = False) -> Proposed:
    """Rules for a table: from the model behind `provider` where one is named, tested on the data; else learned from it.

    The deterministic engine's answer stands where a model has none. `proposals.rules` is what asks a model.
    `portable`: only such as Great Expectations knows.
    """
    found = _proposed(con, table, provider)
    if portable:
        from aifirst_dagster.quality.expectations.vocabulary import OWN

        why = "Great Expectations has no such type: it is judged by the engine duckdb only."
        found.rejected += [(rule, why) for rule in found.accepted if rule.type in OWN]
        found.accepted = [rule for rule in found.accepted if rule.type not in OWN]
    return found


def _proposed(con: Any, table: FileTable, provider: str) -> Proposed:
    """As `propose_rules`, of any type."""
    from aifirst_dagster.quality import generate

    if provider != "offline":
        from aifirst_dagster.cli.asking import wish
        from aifirst_dagster.llm.resource import choose
        from aifirst_dagster.proposals.rules import propose_for_file  # the seam: a model's rules, tested on the data

        llm = choose(provider)
        accepted, rejected, by = propose_for_file(con, table.name, table.columns, llm, wish())
        return Proposed(accepted, rejected, by, llm.usage.model_dump(mode="json"))
    accepted, rejected = generate.propose(con, table.relation, table.columns)
    return Proposed(accepted, rejected)


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"Cannot write: {error.strerror}.", file=path) from None


def show(answer: dict[str, Any]) -> None:
    """The rules for people: what, why, how serious."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if "suite" in answer and "output" not in answer:
        click.echo(json.dumps(answer["suite"], indent=2, ensure_ascii=False, default=str))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("severity", "rule", "why"):
        table.add_column(name, overflow="fold")
    for rule in answer["rules"]:
        table.add_row(rule["severity"], Text(rule["id"]), Text(rule["rationale"]))
    Console().print(table)
    notice(f"{len(answer['rules'])} rules, {len(answer['rejected'])} candidates rejected by the data.")
    if "output" in answer:
        notice(f"Written to {answer['output']}.")
