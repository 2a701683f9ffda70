"""`aifirst run`: run a pipeline as a Dagster run and report what went in, what came out, and what was done about it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice
from aifirst_dagster.cli.show_prompts import show as show_them
from aifirst_dagster.cli.show_prompts import show_prompts_option


@click.command()
@click.argument("pipeline")
@click.option("--partition", help="Partition to make, where the pipeline has partitions.")
@click.option("--step", "steps", multiple=True, help="Run only this step (repeatable); key or name.")
@click.option(
    "--input", "inputs", multiple=True, metavar="STEP=PATH", help="Read PATH in place of a connector's files."
)
@click.option("--provider", help="LLM resource to use; default: the pipeline's, AIFIRST_LLM, else offline.")
@click.option("--accept-drift", is_flag=True, help="Make this run's data the new baseline for drift.")
@show_prompts_option
@json_option
def command(
    pipeline: str,
    partition: str | None,
    steps: tuple[str, ...],
    inputs: tuple[str, ...],
    provider: str | None,
    accept_drift: bool,
    show_prompts: bool,
    as_json: bool,
) -> int:
    """Run PIPELINE (a YAML file, or the name of one in resources/pipelines/)."""
    if show_prompts:
        from aifirst_dagster.cli.estimate import prompts_of

        emit(prompts_of(pipeline, provider), as_json, show_them)
        return 0
    began = time.perf_counter()
    from aifirst_dagster.cli import running

    answer = running.run(pipeline, partition, list(steps), _pairs(inputs), provider, _progress, accept_drift)
    answer["seconds"] = round(time.perf_counter() - began, 3)
    emit(answer, as_json, show)
    return running.exit_code(answer)


def show(answer: dict[str, Any]) -> None:
    """The report for people."""
    from aifirst_dagster.cli.run_report import render

    render(answer)


def _pairs(inputs: tuple[str, ...]) -> dict[str, str]:
    """`STEP=PATH` options as a mapping."""
    pairs = {}
    for one in inputs:
        step, equals, path = one.partition("=")
        if not equals or not step or not path:
            raise click.UsageError(f"--input takes STEP=PATH, not {one!r}.")
        if not Path(path).exists():
            raise click.UsageError(f"--input {step}: there is no file {path!r}.")
        pairs[step] = path
    return pairs


def _progress(text: str) -> None:
    """One line on stderr as a step ends."""
    notice(text)
    sys.stderr.flush()
