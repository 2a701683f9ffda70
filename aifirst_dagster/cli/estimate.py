"""`aifirst estimate`: what a pipeline's run would spend on models."""

from __future__ import annotations

from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option
from aifirst_dagster.cli.show_prompts import show as show_them
from aifirst_dagster.cli.show_prompts import show_prompts_option


@click.command("estimate")
@click.argument("pipeline")
@click.option("--provider", metavar="NAME", help="An LLM resource in place of the pipeline's: claude, offline, ...")
@show_prompts_option
@json_option
def command(pipeline: str, provider: str | None, show_prompts: bool, as_json: bool) -> None:
    """Say what a run of PIPELINE (a file, or a name) would spend on models.

    The steps that lead to a model's work are done aside, so that the prompts are real; no model is asked and nothing
    is kept. A design that is accepted and current costs nothing.
    """
    from aifirst_dagster.pipelines.estimate import estimate
    from aifirst_dagster.pipelines.load import find, load
    from aifirst_dagster.project import Project

    path = find(pipeline, Project.find().pipelines)
    spec = load(path)
    if show_prompts:
        emit(prompts_of(pipeline, provider), as_json, show_them)
        return
    emit(estimate(spec, Project.find(path.parent), provider).to_dict(), as_json, _show)


def prompts_of(pipeline: str, provider: str | None) -> dict[str, Any]:
    """What `--show-prompts` prints of a pipeline."""
    from aifirst_dagster.cli.show_prompts import answer
    from aifirst_dagster.pipelines.estimate import prompts
    from aifirst_dagster.pipelines.load import find, load
    from aifirst_dagster.project import Project

    path = find(pipeline, Project.find().pipelines)
    found = prompts(load(path), Project.find(path.parent), provider)
    return answer(found.previews, found.provider, found.budget_usd, found.notes)


def _show(answer: dict[str, Any]) -> None:
    """A line a step, the sum, and what it rests on."""
    for step in answer["steps"]:
        calls = f"{step['calls']} to {step['most_calls']} calls" if step["calls"] else "no call"
        tokens = f", {step['input_tokens']:,} tokens in, {step['output_tokens']:,} out" if step["calls"] else ""
        click.echo(f"{step['name']}: {calls}{tokens}, {_dollars(step['cost_usd'])}")
    click.echo(f"{answer['provider']}: {_dollars(answer['cost_usd'])} a run")
    click.echo(answer["basis"])


def _dollars(cost: list[float]) -> str:
    low, high = cost
    return f"${low:.4f}" if low == high else f"${low:.4f} to ${high:.4f}"
