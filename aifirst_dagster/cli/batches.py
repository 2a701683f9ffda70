"""`aifirst batches`: message batches as the ledger's database remembers them; and how to stop one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option

if TYPE_CHECKING:
    from aifirst_dagster.project import Project
    from aifirst_dagster.state.batches import Batch


@click.group("batches")
def command() -> None:
    """List message batches, or stop one."""


@command.command("list")
@click.option("--all", "all_", is_flag=True, help="Also those that are done with.")
@json_option
def list_(all_: bool, as_json: bool) -> None:
    """List the batches under way, newest first."""
    import aifirst_dagster.state as state
    from aifirst_dagster.project import Project

    known = state.open(Project.find()).batches
    found = [_described(batch, known.counts(batch.id)) for batch in known.all(only_under_way=not all_)]
    emit({"batches": found}, as_json, _show)


@command.command()
@click.argument("batch")
@json_option
def cancel(batch: str, as_json: bool) -> None:
    """Stop working on BATCH, named by its id or how it begins.

    What was answered by then is paid for, and fetched when the same is asked again; the rest is not.
    """
    from aifirst_dagster.llm.gateway.loop import run
    from aifirst_dagster.project import Project

    project = Project.find()
    found = _named(project, batch)
    run(_canceled(project, found))
    emit({"canceled": found.id, "provider_id": found.provider_id}, as_json, lambda told: click.echo(told["canceled"]))


def _named(project: Project, name: str) -> Batch:
    import aifirst_dagster.state as state
    from aifirst_dagster.errors import ConfigError

    under_way = state.open(project).batches.all(only_under_way=True)
    found = [batch for batch in under_way if batch.id.startswith(name)]
    if len(found) != 1:
        ids = ", ".join(batch.id for batch in found or under_way) or "none"
        what = f"{len(found)} batches under way begin with" if found else "No batch under way is called"
        raise ConfigError(f"{what} {name!r}.", hint=f"Under way: {ids}.")
    if found[0].provider_id is None:
        raise ConfigError(
            f"The batch {found[0].id} has not arrived at the provider, as far as is known.",
            hint="Ask the same again: it is looked for, and given up where it never arrived.",
        )
    return found[0]


async def _canceled(project: Project, batch: Batch) -> None:
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.llm.batches.wire import BatchProvider
    from aifirst_dagster.llm.providers.base import provider_type
    from aifirst_dagster.llm.resource import load_resources

    spec = load_resources(project).get(batch.resource)
    provider = provider_type(spec.provider).connect(spec) if spec else None
    if not isinstance(provider, BatchProvider):
        raise ConfigError(
            f"The batch was sent through the resource {batch.resource!r}, which has no message batches now.",
            hint=f"Put resources/llm/{batch.resource}.yaml back as it was.",
        )
    assert batch.provider_id is not None
    await provider.batches().cancel(batch.provider_id)


def _described(batch: Batch, calls: dict[str, int]) -> dict[str, Any]:
    kept = ("id", "provider_id", "resource", "provider", "state", "requests", "error")
    times = {name: getattr(batch, name) for name in ("created_at", "sent_at", "ended_at")}
    said = {name: moment.isoformat(timespec="seconds") if moment else None for name, moment in times.items()}
    return {**{name: getattr(batch, name) for name in kept}, **said, "calls": calls}


def _show(answer: dict[str, Any]) -> None:
    for batch in answer["batches"]:
        calls = ", ".join(f"{count} {status}" for status, count in sorted(batch["calls"].items()))
        click.echo(
            f"{batch['id']}  {batch['state']:<10} {batch['requests']:>6} requests ({calls or 'none sent'})  "
            f"{batch['resource']}  {batch['created_at']}"
        )
        if batch["error"]:
            click.echo(f"  {batch['error']}")
    if not answer["batches"]:
        click.echo("There is no such message batch.")
