"""From a step's configuration to what the runner needs: whom to ask, with which prompt, under which fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.proposals import prompts as templates
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.fingerprint import OFFLINE, Fingerprint
from aifirst_dagster.proposals.runner import Ask

if TYPE_CHECKING:
    from aifirst_dagster.llm.client import LLM


def ask(
    inputs: dict[str, str],
    config: dict[str, Any],
    *,
    llm: LLM | None,
    model: str | None,
    mode: str,
    prompt: str,
    prompts: Path | None,
    store: DesignStore | None,
    run: str | None,
) -> Ask:
    """How one design is asked for.

    Args:
        inputs: Input column -> DuckDB type.
        config: What shapes the answer.
        llm: Whom to ask; None: nobody.
        model: A model in place of the resource's.
        mode: `standard` or `extended_thinking`.
        prompt: The template's name.
        prompts: The project's own templates.
        store: The step's designs.
        run: The run's id.

    Raises:
        ConfigError: There is no such prompt, or it is damaged.
    """
    template = templates.load(prompt, prompts)
    asked = llm.asked if llm is not None else None
    thinks = mode == "extended_thinking"
    name = f"{model or asked}{' (thinking)' if thinks else ''}" if asked else OFFLINE
    return Ask(
        fingerprint=Fingerprint(inputs, template.hash, name, config),
        prompt=template,
        llm=llm if asked else None,
        model=model,
        thinking="adaptive" if thinks else "off",
        pipeline=store.folder.parent.name if store else None,
        step=store.folder.name if store else None,
        run=run,
    )
