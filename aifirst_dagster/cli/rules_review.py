"""`aifirst rules review`: one rule after the other, with its reason and what it finds now; decisions kept at once."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option
from aifirst_dagster.cli.rules_books import books, by_option, history_of, present, step_argument, target_argument, who
from aifirst_dagster.errors import AifirstError

if TYPE_CHECKING:
    from aifirst_dagster.proposals.rules.book import Book
    from aifirst_dagster.quality.results import RuleResult
    from aifirst_dagster.quality.rules import Rule, Status

_KEYS = "[a]ccept  [r]eject  [m]ute  [e]dit  [s]kip  [b]ack  [q]uit"
_DECISIONS: dict[str, Status] = {"a": "active", "r": "rejected", "m": "muted"}


@dataclass
class Session:
    """What a review has come to."""

    by: str
    decided: list[dict[str, Any]] = field(default_factory=list)
    skipped: int = 0
    left: int = 0


@click.command()
@target_argument
@step_argument
@by_option
@click.option("--all", "everything", is_flag=True, help="Also rules that a person decided about.")
@click.option("--failing", is_flag=True, help="Only rules that fail on the present data.")
@click.option(
    "--data", type=click.Path(exists=True, dir_okay=False), help="Judge this file; default: the input's data."
)
@json_option
@click.pass_context
def review(
    ctx: click.Context,
    target: str | None,
    step: str | None,
    by: str | None,
    everything: bool,
    failing: bool,
    data: str | None,
    as_json: bool,
) -> None:
    """Decide about rules one by one: what each says, why, and the rows that break it now.

    Proposed rules come first, then those that fail. Every decision is written at once: stop whenever you like.
    """
    session, interrupted = Session(who(by)), False
    try:
        for book in books(target, step):
            if book.path.is_file() and not _book(book, session, everything, failing, data):
                break
    except EOFError:
        click.echo("", err=True)
    except (KeyboardInterrupt, click.Abort):
        interrupted = True
        click.echo("", err=True)
    emit(
        {"by": session.by, "decisions": session.decided, "skipped": session.skipped, "left": session.left},
        as_json,
        _summary,
    )
    if interrupted:
        ctx.exit(130)


def _book(book: Book, session: Session, everything: bool, failing: bool, data: str | None) -> bool:
    """Review one rule set; False where the reviewer wants to stop."""
    results, rows = _judged(book, data)
    queue = [rule for rule in book.rules() if everything or (rule.decision is None and rule.status != "rejected")]
    if failing:
        queue = [rule for rule in queue if rule.id in results and results[rule.id].success is False]
    queue.sort(key=lambda rule: (rule.status != "proposed", _fine(results.get(rule.id))))
    click.echo(f"{book.name}: {len(queue)} rules to review", err=True)
    place = 0
    while place < len(queue):
        rule = queue[place]
        _present(rule, results.get(rule.id), rows.get(rule.id, []), f"{place + 1}/{len(queue)}")
        key = _key()
        if key == "q":
            session.left += len(queue) - place
            return False
        if key == "b":
            place = max(0, place - 1)
            continue
        if key == "s":
            session.skipped += 1
        elif not _act(book, rule, key, session):
            continue
        place += 1
    return True


def _act(book: Book, rule: Rule, key: str, session: Session) -> bool:
    """Do what a key says; False where the rule is to be asked about again."""
    try:
        if key == "e":
            from aifirst_dagster.cli.rules_decide import arguments

            said = click.prompt("  KEY=VALUE ... (empty: back)", default="", show_default=False, err=True)
            if not said.strip():
                return False
            import shlex

            why = click.prompt("  why", default="", show_default=False, err=True)
            _, after = book.edit(rule.id, arguments(tuple(shlex.split(said))), session.by, why, None, history_of(book))
        elif key in _DECISIONS:
            why = click.prompt("  why", default="", show_default=False, err=True) if key != "a" else ""
            _, after = book.decide(rule.id, _DECISIONS[key], session.by, why, history_of(book))
        else:
            click.echo(f"  {_KEYS}", err=True)
            return False
    except (AifirstError, ValueError) as error:
        click.echo(f"  {error}", err=True)
        return False
    session.decided.append({"rule": rule.id, "before": rule.status, "status": after.status, "file": str(book.path)})
    click.echo(f"  {after.status}", err=True)
    return True


def _judged(book: Book, data: str | None) -> tuple[dict[str, RuleResult], dict[str, list[dict[str, Any]]]]:
    """What each rule finds on the present data, and the rows that break it; nothing where there is no data."""
    from aifirst_dagster.quality.engines.duckdb import evaluate
    from aifirst_dagster.quality.failing import failing_rows

    with present(book, data) as session:
        if session is None:
            return {}, {}
        con, relation = session
        # A rejected rule is looked at again as if it stood.
        asked = [rule.model_copy(update={"status": "active"}) for rule in book.rules()]
        results = evaluate(con, relation, asked, examples=5)
        return {result.id: result for result in results}, failing_rows(con, relation, results, 5)


def _fine(result: RuleResult | None) -> bool:
    return result is None or result.success is not False


def _key() -> str:
    """What the reviewer pressed; of input that is no terminal, the first letter of the next line."""
    click.echo(f"  {_KEYS} ", nl=False, err=True)
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        click.echo("", err=True)
        return line.strip()[:1].lower()
    char = click.getchar()
    click.echo(char if char.isprintable() else "", err=True)
    return "q" if char in ("\x04", "\x1b") else char.lower()


def _present(rule: Rule, result: RuleResult | None, rows: list[dict[str, Any]], where: str) -> None:
    """One rule for a person: what, why, how it fares now."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True)
    console.print(Text(f"\n{where}  {rule.id}", "bold"))
    limits = ", ".join(f"{key}={value}" for key, value in rule.kwargs.items())
    console.print(Text(f"  {rule.type}({limits})"))
    console.print(Text(f"  {rule.status}, {rule.severity}, {rule.dimension}, proposed by {rule.provenance}"))
    if rule.rationale:
        console.print(Text(f"  {rule.rationale}", "italic"))
    if rule.decision:
        said = rule.decision
        console.print(Text(f"  {said.status} by {said.by} {said.at[:10]}{': ' + said.why if said.why else ''}"))
    console.print(Text(f"  {_fares(result)}", "red" if not _fine(result) else "green"))
    if rows:
        table = Table(box=None, pad_edge=False)
        names = list(rows[0]["values"])
        for name in ("line", *names):
            table.add_column(Text(name), overflow="fold")
        for row in rows:
            cells = (row["values"][name] for name in names)
            table.add_row(str(row["source_line"]), *(Text("(empty)" if cell is None else str(cell)) for cell in cells))
        console.print(table)


def _fares(result: RuleResult | None) -> str:
    """How a rule fares on the present data, in words."""
    if result is None:
        return "There is no data yet to judge it on."
    if result.success is None:
        return f"It cannot be judged now: {result.error}"
    if result.unexpected_count is None:
        return f"It {'holds' if result.success else 'fails'}: the figure is {result.observed_value}."
    if not result.unexpected_count:
        return f"It holds for all {result.evaluated:,} values now."
    verb = "holds, with" if result.success else "fails:"
    return f"It {verb} {result.unexpected_count:,} of {result.evaluated:,} values against it."


def _summary(answer: dict[str, Any]) -> None:
    left = f", {answer['left']} left" if answer["left"] else ""
    click.echo(f"{len(answer['decisions'])} decided, {answer['skipped']} skipped{left}.")
