"""`aifirst design`: propose a pipeline's designs on its real input, and show what would change."""

from __future__ import annotations

from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice
from aifirst_dagster.cli.show_prompts import show as show_them
from aifirst_dagster.cli.show_prompts import show_prompts_option


@click.command()
@click.argument("pipeline")
@click.option("--write", is_flag=True, help="Keep the designs in the project (default: show only).")
@click.option("--accept", is_flag=True, help="Take over proposals that were made where designs are frozen.")
@click.option("--provider", help="LLM resource to ask; default: the pipeline's, AIFIRST_LLM, else offline.")
@show_prompts_option
@json_option
def command(pipeline: str, write: bool, accept: bool, provider: str | None, show_prompts: bool, as_json: bool) -> None:
    """Propose PIPELINE's designs (schemas, mappings, rules) without running it."""
    from aifirst_dagster.cli.running import project_of
    from aifirst_dagster.orchestration import designing
    from aifirst_dagster.pipelines.load import load

    if show_prompts:
        from aifirst_dagster.cli.estimate import prompts_of

        emit(prompts_of(pipeline, provider), as_json, show_them)
        return
    project, path = project_of(pipeline)
    spec = load(path)
    if accept:
        from aifirst_dagster.llm.types import Usage

        answer = {"designs": designing.accept(project, spec), "llm": Usage.none().model_dump(mode="json")}
    else:
        notice(f"Designing {spec.name} ...")
        answer = designing.preview(project, spec, provider=provider, write=write, tell=notice)
    emit({**answer, "written": write or accept}, as_json, _show)


def _show(answer: dict[str, Any]) -> None:
    """Each file's status, and its diff."""
    for design in answer["designs"]:
        click.echo(f"{design['status']:>11}  {design['step']}/{design['file']}")
        if design["diff"]:
            click.echo("\n".join(f"    {line}" for line in design["diff"].splitlines()))
    if not answer["designs"]:
        click.echo("Nothing to design.")
    elif not answer["written"] and any(design["status"] != "same" for design in answer["designs"]):
        click.echo("\nNothing was written; --write keeps these designs, and so does a run.")
    click.echo(f"Models: {answer['llm']['calls']} calls, ${answer['llm']['cost_usd']:.4f}")
