"""`aifirst purge`: delete what is older than resources/retention.yaml says; pin what must stay."""

from __future__ import annotations

from typing import Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice


@click.group(invoke_without_command=True)
@click.option("--dry-run", is_flag=True, help="Only say what would go, and how much that is.")
@json_option
@click.pass_context
def command(ctx: click.Context, dry_run: bool, as_json: bool) -> int:
    """Delete old dataset versions, runs with their logs, and records, as resources/retention.yaml says.

    Never deleted: current versions, what they were made from, what may be being read, what is pinned.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    import aifirst_dagster.state as state_package
    from aifirst_dagster.orchestration.retention import purge, retention
    from aifirst_dagster.orchestration.storage import dagster_home, open_instance
    from aifirst_dagster.project import Project

    project = Project.find()
    wanted = retention(project)
    dagster_home(project)
    with open_instance() as instance:
        came = purge(project, state_package.open(project), wanted, instance, dry_run, tell=notice)
    emit(came.to_dict(), as_json, _show)
    return 3 if came.problems else 0


@command.command()
@click.argument("dataset")
@click.argument("version", required=False)
@click.option("--partition", help="Of a dataset with partitions.")
@click.option("--by", default=None, help="Who says so; default: the user's name.")
@click.option("--why", default="", help="Reason, kept with the pin.")
@json_option
def pin(dataset: str, version: str | None, partition: str | None, by: str | None, why: str, as_json: bool) -> None:
    """Keep a VERSION of DATASET (pipeline/step) for ever; without VERSION the current one."""
    import getpass

    from aifirst_dagster.orchestration.retention.pins import pin as pin_

    made = pin_(_store(), dataset, version, partition, by or getpass.getuser(), why)
    emit({"pin": made}, as_json, lambda _: click.echo(f"{made['version']} of {dataset} is pinned."))


@command.command()
@click.argument("dataset")
@click.argument("version")
@click.option("--partition", help="Of a dataset with partitions.")
@json_option
def unpin(dataset: str, version: str, partition: str | None, as_json: bool) -> None:
    """Let a pinned VERSION of DATASET (pipeline/step) go when its time comes."""
    from aifirst_dagster.orchestration.retention.pins import unpin as unpin_

    taken = unpin_(_store(), dataset, version, partition)
    emit({"pin": taken}, as_json, lambda _: click.echo(f"{version} of {dataset} is not pinned any more."))


@command.command()
@json_option
def pins(as_json: bool) -> None:
    """List pinned versions."""
    from aifirst_dagster.orchestration.retention.pins import pins as pins_

    emit({"pins": pins_(_store())}, as_json, _pinned)


def _store() -> Any:
    from aifirst_dagster.datasets.store import DatasetStore
    from aifirst_dagster.project import Project

    return DatasetStore(Project.find().datasets)


def _show(answer: dict[str, Any]) -> None:
    verb = "would go" if answer["dry_run"] else "went"
    for one in answer["gone"]:
        click.echo(f"{one['count']:>8} {one['what']}: {size(one['bytes'])} (setting `{one['setting']}`)")
    if answer["gone"]:
        click.echo(f"{size(answer['bytes'])} {verb}.")
    elif not answer["problems"]:
        click.echo("Nothing is old enough to go.")
    for problem in answer["problems"]:
        click.echo(f"not done: {problem}", err=True)


def _pinned(answer: dict[str, Any]) -> None:
    for one in answer["pins"]:
        place = f"{one['dataset']}[{one['partition']}]" if one["partition"] else one["dataset"]
        click.echo(f"{place} {one['version']} by {one['by']} at {one['at']}{': ' + one['why'] if one['why'] else ''}")
    if not answer["pins"]:
        click.echo("Nothing is pinned.")


def size(count: int) -> str:
    """Bytes for people."""
    figure = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if figure < 1_000:
            return f"{figure:.0f} {unit}" if unit == "B" else f"{figure:.1f} {unit}"
        figure /= 1_000
    return f"{figure:.1f} TB"
