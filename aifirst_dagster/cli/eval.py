"""`aifirst eval`: how right each provider is on labelled tables, beside what it costs."""

from __future__ import annotations

import time
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice
from aifirst_dagster.cli.show_prompts import show as show_them
from aifirst_dagster.cli.show_prompts import show_prompts_option
from aifirst_dagster.evaluation.tables import KINDS, SHIPPED, Kind, Labelled, labelled

if TYPE_CHECKING:
    from aifirst_dagster.evaluation.compare import Score


@click.command("eval")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), default=SHIPPED,
              help="A folder with types/, errors/ or mapping/; default: small tables of our own.")  # fmt: skip
@click.option("--provider", "providers", multiple=True, metavar="NAME",
              help="offline, claude, or a file of resources/llm/; several are compared.")  # fmt: skip
@click.option("--only", "kinds", type=click.Choice(KINDS), multiple=True, help="Ask these questions only.")
@click.option("--cap", type=click.FloatRange(0, min_open=True), default=0.5, show_default=True, metavar="USD",
              help="Once a provider has cost this much, it is asked no more.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the comparison here, as Markdown.")
@show_prompts_option
@json_option
def command(
    data: Path, providers: tuple[str, ...], kinds: tuple[Kind, ...], cap: float, output: Path | None,
    show_prompts: bool, as_json: bool,
) -> None:  # fmt: skip
    """Ask each provider about labelled tables, and say how often it is right and what that costs.

    Three questions: which type each column has, which cells are wrong, which columns are which of a target's. The
    offline engine is asked as well, so that a model's figures stand beside what is had for nothing. A model's claims
    are tested on the data first, as everywhere: what is measured is what a user gets. Answers are cached: asking again
    costs nothing.
    """
    tables = labelled(data, kinds or KINDS)
    asked = list(dict.fromkeys(("offline", *providers)))
    if show_prompts:
        emit(prompts_of(tables, [name for name in asked if name != "offline"]), as_json, show_them)
        return
    answer = evaluate(tables, asked, cap)
    if output:
        from aifirst_dagster.repair.export import write_text

        write_text(output, _markdown(answer))
        notice(f"Written to {output}.")
    emit(answer, as_json, _show)


def evaluate(tables: list[Labelled], providers: list[str], cap_usd: float) -> dict[str, Any]:
    """What `aifirst eval` prints, as a dictionary."""
    from aifirst_dagster.evaluation.compare import compare

    began = time.perf_counter()
    found = compare(tables, providers, _answer, notice, cap_usd)
    return {
        "tables": len(tables),
        "providers": [_record(name, scores) for name, scores in found.items()],
        "seconds": round(time.perf_counter() - began, 2),
    }


def prompts_of(tables: list[Labelled], providers: list[str]) -> dict[str, Any]:
    """What `--show-prompts` prints: every first request to every provider."""
    from aifirst_dagster.cli import infer, map, rules

    asks = {
        "types": lambda table, name: infer.prompts_of([str(table.file)], True, name),
        "errors": lambda table, name: rules.prompts_of(str(table.file), name),
        "mapping": lambda table, name: map.prompts_of(str(table.file), str(table.other), name),
    }
    shown: list[dict[str, Any]] = []
    for name in providers:
        for table in tables:
            with redirect_stderr(StringIO()):
                shown.append(asks[table.kind](table, name))
    return {
        "provider": ", ".join(providers) or "offline",
        "sent": False,
        "prompts": [prompt for each in shown for prompt in each["prompts"]],
        "cost_usd": [round(sum(each["cost_usd"][end] for each in shown), 6) for end in (0, 1)],
        "budget_usd": max((each["budget_usd"] for each in shown), default=0.0),
        "notes": list(dict.fromkeys(note for each in shown for note in each["notes"])) or ["Nothing would be sent."],
    }


def _answer(table: Labelled, provider: str) -> dict[str, Any]:
    """The command's object for one question; its notices are not the reader's concern here."""
    from aifirst_dagster.cli.check import check
    from aifirst_dagster.cli.infer import infer_file
    from aifirst_dagster.cli.map import map_files

    with redirect_stderr(StringIO()):
        if table.kind == "types":
            return infer_file(str(table.file), accept_unsure=True, provider=provider)
        if table.kind == "errors":
            return check(str(table.file), None, "duckdb", 0, True, provider)
        return map_files(str(table.file), str(table.other), provider, least=0.0)


def _record(name: str, scores: list[Score]) -> dict[str, Any]:
    records = [score.record() for score in scores]
    cost = round(sum(record["llm"]["cost_usd"] for record in records), 6)
    return {"provider": name, "cost_usd": cost, "scores": records}


_HEADINGS = ("provider", "question", "n", "right", "95 %", "F1", "repairs", "calls", "cost", "seconds")


def _rows(answer: dict[str, Any]) -> list[tuple[str, ...]]:
    """The comparison, a line for each provider and question."""

    def share(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    return [
        (
            provider["provider"], score["kind"], str(score["n"]), share(score["share"]),
            "-".join(map(share, score["interval"] or ())), share(score.get("f1")), share(score.get("repairs_right")),
            f"{score['llm']['calls']:.0f}", f"${score['llm']['cost_usd']:.4f}", f"{score['seconds']:.1f}",
        )
        for provider in answer["providers"] for score in provider["scores"]
    ]  # fmt: skip


def _notes(answer: dict[str, Any]) -> list[str]:
    """What the figures do not say: questions that failed, and those that the offline engine answered for a model."""
    notes = []
    for provider in answer["providers"]:
        for score in provider["scores"]:
            notes += [f"{provider['provider']}, {score['kind']}: {problem}" for problem in score["problems"]]
            if score["fallbacks"]:
                times = f"{score['fallbacks']} of {score['tables']} questions in its place"
                notes.append(f"{provider['provider']}, {score['kind']}: the offline engine answered {times}")
    return notes


def _markdown(answer: dict[str, Any]) -> str:
    lines = ["| " + " | ".join(_HEADINGS) + " |", "|" + "---|" * len(_HEADINGS)]
    lines += ["| " + " | ".join(row) + " |" for row in _rows(answer)]
    return "\n".join([*lines, "", *(f"- {note}" for note in _notes(answer))]).rstrip() + "\n"


def _show(answer: dict[str, Any]) -> None:
    """The comparison as a table, what went wrong below it."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading in ("provider", "question") else "right")
    for row in _rows(answer):
        table.add_row(*row)
    console = Console()
    console.print(table)
    for note in _notes(answer):
        console.print(note, style="yellow", markup=False)
