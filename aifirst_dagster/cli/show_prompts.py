"""`--show-prompts`: exactly what would be sent to a model and what it would cost, without sending and without a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aifirst_dagster.llm.preview import Preview
    from aifirst_dagster.llm.recorder import Recorder

show_prompts_option = click.option(
    "--show-prompts",
    is_flag=True,
    help="Show what a model would be sent, and its cost; send and change nothing.",
)

FEEDBACK_NOTE = (
    "What the data contradicts goes back to the model, in up to two more requests; the costs are those of the requests "
    "shown."
)


def recorded(provider: str, ask: Callable[[Recorder], Any]) -> dict[str, Any]:
    """What `ask` would send to the LLM resource `provider`: the answer of `--show-prompts` of a bare file's command.

    Raises:
        ConfigError: There is no such resource.
    """
    from aifirst_dagster.llm.recorder import Recorder
    from aifirst_dagster.llm.resource import choose

    recorder = Recorder(choose(provider))
    if recorder.asked is not None:
        ask(recorder)
    settings = recorder.settings
    return answer(recorder.previews, provider, settings.budget_usd if settings else 0.0)


def answer(previews: Sequence[Preview], provider: str, budget_usd: float, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON object: `prompts`, `cost_usd` as [likely, most], the cap, and what is not in it."""
    likely = round(sum(preview.likely_usd for preview in previews), 6)
    most = round(sum(preview.most_usd for preview in previews), 6)
    return {
        "provider": provider,
        "sent": False,
        "prompts": [preview.to_dict() for preview in previews],
        "cost_usd": [likely, most],
        "budget_usd": budget_usd,
        "notes": [*notes, *([FEEDBACK_NOTE] if previews else ["Nothing would be sent."])],
    }


def show(answer: dict[str, Any]) -> None:
    """The prompts for people, each request whole."""
    import json

    for number, prompt in enumerate(answer["prompts"], 1):
        of = " / ".join(part for part in (prompt["step"], prompt["task"]) if part)
        likely, most = prompt["cost_usd"]
        click.secho(f"Request {number}: {of}", bold=True)
        click.echo(
            f"{prompt['provider']} {prompt['model']}, thinking {prompt['thinking']}, "
            f"effort {prompt['effort'] or 'as the model has it'}, at most {prompt['max_tokens']:,} tokens out; about "
            f"{prompt['input_tokens']:,} in and {prompt['output_tokens']:,} out: ${likely:.4f}, at most ${most:.4f}"
        )
        for text in prompt["notices"]:
            click.echo(f"note: {text}")
        _part("system", prompt["system"])
        for message in prompt["messages"]:
            for shown in message.get("media", ()):
                about = ", ".join(f"{name} {value}" for name, value in shown.items() if value)
                _part(message["role"], f"[{about}; --json has it whole, in `body`]")
            _part(message["role"], message["text"])
        if prompt["schema"]:
            _part("answer's schema", json.dumps(prompt["schema"], ensure_ascii=False, indent=1))
        for tool in prompt["tools"]:
            arguments = json.dumps(tool["arguments"], ensure_ascii=False)
            _part(f"tool {tool['name']}", f"{tool['description']}\narguments: {arguments}")
        click.echo()
    for text in answer["notes"]:
        click.echo(text)
    likely, most = answer["cost_usd"]
    click.echo(
        f"Nothing was sent. {len(answer['prompts'])} requests, about ${likely:.4f}, at most ${most:.4f}; "
        f"the cap of a run is ${answer['budget_usd']:.2f}."
    )


def _part(title: str, text: str) -> None:
    click.secho(f"--- {title} ---", dim=True)
    click.echo(text)
