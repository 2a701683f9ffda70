"""The report of a run, for people: counts, repairs with examples, rules and verdicts, money, and where things lie."""

from __future__ import annotations

import os
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

SHOWN_REPAIRS = 12
SHOWN_RULES = 14
NOTE_WIDTH = 200
FILE_WIDTH = 118


def render(answer: dict[str, Any]) -> None:
    """Print the report on stdout."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = FILE_WIDTH
    verdict = "[green]succeeded[/]" if answer["success"] else "[red]failed[/]"
    console.print(f"\n[bold]{escape(answer['pipeline'])}[/] {verdict} in {answer['seconds']:.1f} s\n")
    _steps(console, answer)
    _repairs(console, answer)
    _rules(console, answer)
    _checks(console, answer)
    _notes(console, answer)
    _model(console, answer)
    _places(console, answer)


def _steps(console: Console, answer: dict[str, Any]) -> None:
    """Rows in and out of each step."""
    table = Table("Step", *(f"{name}" for name in ("Rows in", "Out", "Failed", "Quarantined", "Merged", "Seconds")))
    for column in table.columns[1:]:
        column.justify = "right"
    for step in answer["steps"]:
        if step["status"] != "done":
            table.add_row(escape(step["name"]), f"[yellow]{step['status']}[/]", *[""] * 5)
            continue
        counts = [f"{step[key]:,}" for key in ("rows_in", "rows_out", "failed", "quarantined", "merged")]
        table.add_row(escape(step["name"]), *counts, f"{step['seconds']:.2f}")
    console.print(table)


def _repairs(console: Console, answer: dict[str, Any]) -> None:
    """What was found and repaired, the largest first, with an example each."""
    actions = [action for step in answer["steps"] for action in step.get("actions") or [] if action.get("rows_changed")]
    if not actions:
        return
    actions.sort(key=lambda action: -action["rows_changed"])
    table = Table("Column", "Repair", "Cells", "Before → after", title="Found and repaired", title_justify="left")
    table.columns[2].justify = "right"
    for action in actions[:SHOWN_REPAIRS]:
        examples = [f"{_short(before)} → {_short(after)}" for before, after in action.get("examples", [])[:2]]
        table.add_row(
            escape(action["column"] or "(row)"), action["action"].replace("_", " "), f"{action['rows_changed']:,}",
            escape("   ".join(examples)),
        )  # fmt: skip
    console.print(table)
    if len(actions) > SHOWN_REPAIRS:
        console.print(f"  and {len(actions) - SHOWN_REPAIRS} more; --json lists all\n")


def _rules(console: Console, answer: dict[str, Any]) -> None:
    """Rules and their verdicts: failed ones first."""
    for step in answer["steps"]:
        rules = step.get("rules")
        if rules is None:
            continue
        counting = [rule for rule in rules if rule.get("status", "active") == "active"]
        held = sum(rule["success"] is True for rule in counting)
        score = "none" if step["quality_score"] is None else f"{step['quality_score']:.4f}"
        console.print(
            f"[bold]Quality[/] of {escape(step['name'])}: score {score} (threshold {step['threshold']}), "
            f"{held} of {len(counting)} rules hold"
        )
        table = Table("Rule", "Severity", "Verdict", "Unexpected", "Why", box=None, pad_edge=False)
        table.columns[3].justify = "right"
        free = console.width - 31 - 8
        for column, width in zip(table.columns, (free * 2 // 5, 8, 13, 10, free * 3 // 5), strict=True):
            column.no_wrap, column.overflow, column.width = True, "ellipsis", width
        for rule in sorted(rules, key=lambda rule: rule["success"] is True)[:SHOWN_RULES]:
            broken = "[yellow]set aside[/]" if rule.get("set_aside") else "[red]broken[/]"
            verdict = {True: "[green]holds[/]", False: broken}.get(rule["success"], "[yellow]not evaluated[/]")
            verdict = verdict if rule in counting else f"[dim]{rule['status']}[/]"
            found = "" if rule["unexpected_count"] is None else f"{rule['unexpected_count']:,}"
            table.add_row(escape(rule["id"]), rule["severity"], verdict, found, escape(_short(rule["rationale"], 80)))
        console.print(table)
        rest = len(rules) - SHOWN_RULES
        console.print(f"  and {rest} more; --json lists all\n" if rest > 0 else "")


def _checks(console: Console, answer: dict[str, Any]) -> None:
    """Checks beside the rules that failed, and the number of those that passed."""
    failed = [check for check in answer["checks"] if not check["passed"]]
    passed = len(answer["checks"]) - len(failed)
    console.print(f"[bold]Checks[/]: {passed} passed, {len(failed)} failed")
    for check in failed:
        colour = "red" if check["severity"] == "error" else "yellow"
        console.print(
            f"  [{colour}]{check['severity']}[/] {check['asset_key']} · {check['name']}: {escape(check['description'])}"
        )


def _notes(console: Console, answer: dict[str, Any]) -> None:
    """What steps want to be known, and what went wrong."""
    for step in answer["steps"]:
        for note in step["notes"]:
            console.print(f"  {escape(step['name'])}: {escape(_short(note, NOTE_WIDTH))}")
    for error in answer["errors"]:
        console.print(f"[red]error[/] in {escape(error['step'])}: {escape(error['message'])}")
        if error.get("hint") and error["hint"] not in error["message"]:
            console.print(f"  {escape(error['hint'])}")


def _model(console: Console, answer: dict[str, Any]) -> None:
    """Model calls and money."""
    llm = answer["llm"]
    console.print(f"[bold]Models[/]: {llm['calls']} calls, ${llm['cost_usd']:.4f} (provider: {answer['provider']})")
    if answer["provider"] == "offline":
        console.print(
            "  The deterministic engine did the work. To let Claude propose: export ANTHROPIC_API_KEY=... and "
            "AIFIRST_LLM=claude"
        )


def _places(console: Console, answer: dict[str, Any]) -> None:
    """Where the result is, what was set aside, and how to see it all."""
    for output in answer["outputs"]:
        console.print(f"[bold]Result[/]: {escape(output['location'])} ({output['rows']:,} rows, {output['format']})")
    aside = sum(step["quarantined"] for step in answer["steps"])
    if aside:
        console.print(f"[bold]Quarantine[/]: {aside} rows set aside with their reasons: aifirst quarantine list")
    console.print("[bold]Look[/]: make ui, then http://localhost:3000 (lineage, checks, quarantine, cost)\n")


def _short(value: Any, width: int = 34) -> str:
    """A value on one line; blanks at its ends, and doubled ones, are made visible."""
    if value is None:
        return "(empty)"
    text = str(value)
    if text != text.strip() or "  " in text or not text.isprintable():
        text = "".join(" " if char == " " else char if char.isprintable() else "␣" for char in text).replace(" ", "·")
    return text if len(text) <= width else text[: width - 1] + "…"
