"""`aifirst models`: the models that can be named, with today's prices; and what providers say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aifirst_dagster.cli.output import emit, json_option, notice

if TYPE_CHECKING:
    from aifirst_dagster.llm.catalogue import Catalogue, Model
    from aifirst_dagster.llm.model_check import Check
    from aifirst_dagster.llm.resource import LLMResourceSpec
    from aifirst_dagster.project import Project

_CAN = ("vision", "pdf", "tools", "structured_output", "thinking", "prompt_cache")
_SHORT = {"structured_output": "schemas", "prompt_cache": "cache"}
_SHOWN_UNKNOWN = 20


@click.command("models")
@click.option("--provider", help="Only this provider's: claude, openai, gemini, local, ...")
@click.option("--check", "asks", is_flag=True, help="Compare with the providers whose keys are set; free of charge.")
@click.option("--write", "writes", is_flag=True, help="Check, and put what differs into resources/llm/models.yaml.")
@json_option
@click.pass_context
def command(ctx: click.Context, provider: str | None, asks: bool, writes: bool, as_json: bool) -> None:
    """List the models that can be named, with today's prices and what they can do.

    With --check, exits with 1 where a provider states something else than the catalogue, or no longer lists a model.
    """
    from aifirst_dagster.llm import catalogue
    from aifirst_dagster.project import Project

    project = Project.find()
    known = catalogue.load(project)
    answer: dict[str, Any] = {"models": [_described(model, known) for model in _of(known, provider)]}
    agree = True
    if asks or writes:
        checks = _checked(project, known, provider)
        agree = all(check.agrees for check in checks)
        answer["checks"] = [_as_json(check) for check in checks]
        if writes:
            from aifirst_dagster.llm.model_check import refresh

            path = project.resources / "llm" / "models.yaml"
            answer["written"] = refresh(path, checks, known)
            notice(f"{path}: {', '.join(answer['written']) or 'nothing to change'}")
    emit(answer, as_json, _show)
    if not agree and not writes:
        ctx.exit(1)


def _of(known: Catalogue, provider: str | None) -> list[Model]:
    from aifirst_dagster.errors import ConfigError
    from aifirst_dagster.llm.providers.base import provider_names

    if provider is not None and provider not in provider_names():
        raise ConfigError(f"No provider is called {provider!r}.", hint=f"Installed: {', '.join(provider_names())}.")
    return [model for model in known.models.values() if provider in (None, model.provider)]


def _checked(project: Project, known: Catalogue, provider: str | None) -> list[Check]:
    from aifirst_dagster.llm.gateway.loop import run
    from aifirst_dagster.llm.model_check import check
    from aifirst_dagster.llm.resource import load_resources

    # One resource for each provider and place that serves it: all of them see the same models.
    first: dict[tuple[str, str], LLMResourceSpec] = {}
    for spec in load_resources(project).values():
        if spec.provider not in ("router", "offline") and provider in (None, spec.provider):
            first.setdefault((spec.provider, spec.client), spec)
    return run(check(list(first.values()), known))


def _described(model: Model, known: Catalogue) -> dict[str, Any]:
    rates = model.rates()
    price = rates.model_dump(mode="json", by_alias=True, exclude={"since"}) if rates else None
    can = {
        "vision": model.vision,
        "pdf": model.pdf,
        "tools": model.tools,
        "structured_output": model.structured_output,
        "thinking": bool(model.thinking),
        "prompt_cache": model.cache_minimum is not None,
    }
    return {
        "name": model.name,
        "provider": model.provider,
        "aliases": [name for name, alias in known.aliases.items() if alias.model == model.name],
        "context": model.context,
        "max_output": model.max_output,
        "capabilities": [name for name in _CAN if can[name]],
        "effort": list(model.effort),
        "usd_per_million_tokens": price,
        "retires": model.retires,
        "replaced_by": model.replaced_by,
    }


def _as_json(check: Check) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "provider": check.provider,
        "resource": check.resource,
        "problem": check.problem,
        "differences": [asdict(difference) for difference in check.differences],
        "gone": list(check.gone),
        "unknown": [facts.id for facts in check.unknown],
    }


def _show(answer: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (("model", "left"), ("provider", "left"), ("in", "right"), ("out", "right")):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("context", justify="right", no_wrap=True)
    table.add_column("can")
    for model in answer["models"]:
        price = model["usd_per_million_tokens"]
        rates = [f"{price['input']:g}", f"{price['output']:g}"] if price else ["?", "?"]
        gone = f", until {model['retires']}" if model["retires"] else ""
        table.add_row(
            model["name"],
            model["provider"],
            *rates,
            _short(model["context"]),
            ", ".join(_SHORT.get(name, name) for name in model["capabilities"]) + gone,
        )
    Console(soft_wrap=False).print(table)
    aliases = [f"{alias} = {model['name']}" for model in answer["models"] for alias in model["aliases"]]
    if aliases:
        click.echo(f"\nOther names: {', '.join(aliases)}.")
    click.echo("Prices: US dollars per million tokens, today. `local` serves any model name, at no cost.")
    for check in answer.get("checks", ()):
        _show_check(check)


def _show_check(check: dict[str, Any]) -> None:
    click.echo(f"\n{check['provider']} (resource {check['resource']}):", nl=not check["problem"])
    if check["problem"]:
        click.echo(f" {check['problem']}")
        return
    for found in check["differences"]:
        click.echo(
            f"  {found['model']}: {found['field']} is {found['provider']}, the catalogue says {found['catalogue']}"
        )
    for name in check["gone"]:
        click.echo(f"  {name}: no longer listed")
    unknown = check["unknown"]
    if unknown:
        more = f" and {len(unknown) - _SHOWN_UNKNOWN} more" if len(unknown) > _SHOWN_UNKNOWN else ""
        click.echo(f"  not in the catalogue: {', '.join(unknown[:_SHOWN_UNKNOWN])}{more}")
    if not (check["differences"] or check["gone"]):
        click.echo("  as in the catalogue")


def _short(tokens: int) -> str:
    return f"{tokens / 1_000_000:.3g}M" if tokens >= 1_000_000 else f"{tokens // 1000}K"
