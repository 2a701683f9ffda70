"""`aifirst estimate`: what a pipeline's run would spend on models."""

from __future__ import annotations

from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option


@click.command("estimate")
@click.argument("pipeline")
@click.option("--provider", metavar="NAME", help="An LLM resource in place of the pipeline's: claude, offline, ...")
@json_option
def command(pipeline: str, provider: str | None, as_json: bool) -> None:
    """Say what a run of PIPELINE (a file, or a name) would spend on models.

    The steps that lead to a model's work are done aside, so that the prompts are real; no model is asked and nothing
    is kept. A design that is accepted and current costs nothing.
    """
    from aifirst_dagster.pipelines.estimate import estimate
    from aifirst_dagster.pipelines.load import find, load
    from aifirst_dagster.project import Project

    path = find(pipeline, Project.find().pipelines)
    spec = load(path)
    emit(estimate(spec, Project.find(path.parent), provider).to_dict(), as_json, _show)


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
