"""From a step's configuration to what the runner needs: whom to ask, with which prompt, under which fingerprint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aifirst_dagster.proposals import prompts as templates
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.fingerprint import OFFLINE, Fingerprint
from aifirst_dagster.proposals.task import Ask, Asked

if TYPE_CHECKING:
    from aifirst_dagster.llm.resource import LLMResourceSpec
    from aifirst_dagster.llm.tools import Conversation
    from aifirst_dagster.llm.types import Effort, Thinking

Mode = Literal["standard", "extended_thinking"]
Samples = Literal["masked", "none"]


@dataclass(frozen=True)
class Wish:
    """How a step, a pipeline or a command wants a model to be asked.

    Attributes:
        model: A model in place of the resource's.
        mode: Whether it thinks first; None: as the prompt says.
        instructions: What it should mind.
        prompt: The template's name; None: the task's own.
        prompts: The project's own templates.
        tools: Whether the model may look into the data by itself, turn by turn.
        samples: Values of the data in prompts and tools: masked, or none. The resource may forbid them as well.
        run_id: For provenance and the ledger.
    """

    model: str | None = None
    mode: Mode | None = None
    instructions: str | None = None
    prompt: str | None = None
    prompts: Path | None = None
    tools: bool = False
    samples: Samples = "masked"
    run_id: str | None = None

    def shows(self, llm: Asked | None) -> bool:
        """Whether values of the data may be shown to `llm`; the stricter of pipeline and resource counts."""
        settings = llm.settings if llm is not None else None
        return self.samples != "none" and (settings is None or settings.samples != "none")


def ask(
    inputs: dict[str, str],
    config: dict[str, Any],
    wish: Wish,
    *,
    task: str,
    output: type[Any],
    llm: Asked | None,
    store: DesignStore | None,
) -> Ask:
    """How one design is asked for.

    Args:
        inputs: Input column -> DuckDB type.
        config: What shapes the answer.
        wish: What the caller wants.
        task: The prompt's name where `wish` has none.
        output: What answers fill in.
        llm: Whom to ask; None: nobody.
        store: The step's designs.

    Raises:
        ConfigError: There is no such prompt, it is damaged, or it is for another task.
    """
    template = templates.load(wish.prompt or task, wish.prompts)
    template.fits(output)
    asked = llm.asked if llm is not None else None
    settings = llm.settings if llm is not None else None
    thinking = _thinking(wish.mode, template.hints)
    name = f"{wish.model or asked}{' (thinking)' if thinking == 'adaptive' else ''}" if asked else OFFLINE
    shaping = {"tools": True} if wish.tools else {}
    if not wish.shows(llm):
        shaping["samples"] = False
    return Ask(
        fingerprint=Fingerprint(inputs, template.hash, name, {**config, **shaping} if asked else config),
        prompt=template,
        llm=llm if asked else None,
        model=wish.model,
        thinking=thinking,
        effort=_effort(settings, template.hints),
        max_tokens=template.hints.max_tokens,
        tools=wish.tools,
        keep=_keeper(llm) if asked and llm is not None else None,
        pipeline=store.folder.parent.name if store else None,
        step=store.folder.name if store else None,
        run=wish.run_id,
    )


def _thinking(mode: Mode | None, hints: templates.Hints) -> Thinking:
    if mode is not None:
        return "adaptive" if mode == "extended_thinking" else "off"
    return hints.thinking or "off"


def _effort(settings: LLMResourceSpec | None, hints: templates.Hints) -> Effort | None:
    """The hint, unless the resource says what it wants; its cap on tokens is the provider's to keep."""
    return None if settings is not None and settings.effort is not None else hints.effort


def _keeper(llm: Asked) -> Callable[[Conversation, dict[str, str | None]], str]:
    """Stores conversations in the state database that holds the ledger."""

    def keep(conversation: Conversation, where: dict[str, str | None]) -> str:
        return llm.state().transcripts.add(conversation.transcript(), **where)

    return keep
