"""What a pipeline's run would spend on models: a range in dollars, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aifirst_dagster.pipelines.rehearsal import Rehearsed, asks, rehearse
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aifirst_dagster.llm.catalogue import Model
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.preview import Preview
    from aifirst_dagster.llm.resource import LLMResourceSpec

#: Calls for a design that the data bears out at once, and with both rounds of feedback.
FEWEST, MOST = 1, 3
#: Calls of a conversation with tools, at most (`proposals.tools.bench.BOUNDS`).
TURNS = 8
#: Tokens of output for each column of the result, by step type; of a round's feedback; of thinking, least and most.
OUTPUT_A_COLUMN = {"connector": 60, "llm_transform": 90, "llm_validation": 220}
FEEDBACK = 600
THINKING = (500, 6_000)
#: What is taken for granted of data that cannot be seen: columns, and tokens of prompt for each.
COLUMNS, PROMPT, PROMPT_A_COLUMN = 20, 2_500, 180


@dataclass(frozen=True)
class StepEstimate:
    """What one step would ask and spend; tokens are those of the fewest calls, dollars from fewest to most.

    `cached_calls` counts designs that are accepted and current, for which nothing is asked.
    """

    name: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_calls: int = 0
    cost_usd: tuple[float, float] = (0.0, 0.0)
    model: str | None = None
    most_calls: int = 0


@dataclass(frozen=True)
class Estimate:
    """What a run would spend; `basis` says in words what was measured and what was assumed."""

    steps: tuple[StepEstimate, ...]
    basis: str
    provider: str
    budget_usd: float

    @property
    def cost_usd(self) -> tuple[float, float]:
        """Dollars, from the fewest calls to the most; the budget caps what a run may spend."""
        low, high = (round(sum(step.cost_usd[end] for step in self.steps), 6) for end in (0, 1))
        return low, high

    def to_dict(self) -> dict[str, Any]:
        """The estimate as `aifirst estimate --json` prints it."""
        steps = [{**step.__dict__, "cost_usd": list(step.cost_usd)} for step in self.steps]
        return {
            "steps": steps,
            "cost_usd": list(self.cost_usd),
            "basis": self.basis,
            "provider": self.provider,
            "budget_usd": self.budget_usd,
        }


@dataclass(frozen=True)
class Prompts:
    """The requests that a run would begin with; `notes` say what is not among them, and why."""

    previews: tuple[Preview, ...]
    provider: str
    budget_usd: float
    notes: tuple[str, ...]


def estimate(
    spec: PipelineSpec,
    project: Project,
    provider: str | None = None,
    resources: Mapping[str, LLMResourceSpec] | None = None,
) -> Estimate:
    """Estimate one run of a pipeline on the data that is there now. No model is asked and nothing is written.

    Args:
        spec: The pipeline.
        project: Where its data, designs and LLM resources lie.
        provider: An LLM resource in place of the pipeline's.
        resources: As `llm.resource.choose` takes them.

    Raises:
        ConfigError: There is no such resource, or a step names a model that has no price.
    """
    from aifirst_dagster.llm.resource import choose

    llm = choose(provider or spec.llm, project, run_id="estimate", resources=resources)
    may = [step for step in spec.steps if asks(step)]
    if llm.asked is None or not may:
        why = (
            "no step asks a model"
            if not may
            else "the deterministic engine serves (offline; AIFIRST_LLM=claude or `llm: claude` would ask a model)"
        )
        return Estimate(
            tuple(StepEstimate(step.name) for step in may), f"{why}: no call, no cost.", "offline", spec.budget
        )
    found = rehearse(spec, project, llm)
    steps = tuple(_step(step, found[step.key], _model(step, llm, project)) for step in may)
    return Estimate(steps, _basis(spec, may, found, steps, llm), llm.name, spec.budget)


def prompts(
    spec: PipelineSpec,
    project: Project,
    provider: str | None = None,
    resources: Mapping[str, LLMResourceSpec] | None = None,
) -> Prompts:
    """What a run would send now, request by request. No model is asked, nothing is written, no key is needed.

    Raises:
        ConfigError: There is no such resource, or a step names a model that does not exist.
    """
    from aifirst_dagster.llm.resource import choose

    llm = choose(provider or spec.llm, project, run_id="estimate", resources=resources)
    may = [step for step in spec.steps if asks(step)]
    if llm.asked is None or not may:
        return Prompts((), "offline", spec.budget, ())
    found = rehearse(spec, project, llm)
    shown = tuple(preview for step in may for preview in found[step.key].prompts)
    notes = [f"{step.name}: not known ({found[step.key].why_not})." for step in may if found[step.key].why_not]
    if current := [step.name for step in may if not found[step.key].why_not and not found[step.key].prompts]:
        notes.append(f"Accepted and current, so nothing is asked: {', '.join(current)}.")
    if len({preview.metadata.step for preview in shown}) > 1:
        notes.append("Later steps see what earlier ones make: here, as the deterministic engine makes it.")
    return Prompts(shown, llm.name, spec.budget, tuple(notes))


def _model(step: StepSpec, llm: LLM, project: Project) -> Model:
    """The model that a step's calls would go to."""
    from aifirst_dagster.llm.catalogue import resolve

    named = step.config.get("model")
    return resolve(named if isinstance(named, str) else str(llm.asked), project)[0]


def _step(step: StepSpec, found: Rehearsed, model: Model) -> StepEstimate:
    """One step's figures, from its prompts or from what is usual."""
    if not found.why_not and not found.prompts:
        return StepEstimate(step.name, cached_calls=1, model=model.name)
    if found.requests:
        return _rows_step(step, found, model)
    thinks = step.config.get("mode") == "extended_thinking"
    prompts = [(one.input_tokens, one.thinking != "off") for one in found.prompts]
    prompts = prompts or [(PROMPT + COLUMNS * PROMPT_A_COLUMN, thinks)]
    written = OUTPUT_A_COLUMN.get(step.type, 100) * (found.columns or COLUMNS)
    # With tools in hand every round may be a conversation of several calls.
    most = MOST * (TURNS if step.config.get("tools") else 1)
    low = [_cost(model, tokens, written, FEWEST, THINKING[0] if thinking else 0) for tokens, thinking in prompts]
    high = [_cost(model, tokens, 2 * written, most, THINKING[1] if thinking else 0) for tokens, thinking in prompts]
    return StepEstimate(
        step.name,
        calls=FEWEST * len(prompts),
        input_tokens=sum(tokens for tokens, _ in prompts),
        output_tokens=sum(written + (THINKING[0] if thinking else 0) for _, thinking in prompts),
        cost_usd=(round(sum(low), 6), round(sum(high), 6)),
        model=model.name,
        most_calls=most * len(prompts),
    )


def _rows_step(step: StepSpec, found: Rehearsed, model: Model) -> StepEstimate:
    """A step that asks for each row: what its first rows would take, times the rows; high: each answer goes back once.

    Answers that are in the response cache cost nothing; that is not looked up.
    """
    from aifirst_dagster.llm.catalogue import price
    from aifirst_dagster.llm.types import Tokens

    if step.config.get("batch"):
        model = model.in_batches()
    rows, shown = found.requests, found.prompts
    read = sum(one.input_tokens for one in shown) / len(shown)
    written = sum(one.output_tokens for one in shown) / len(shown)
    one = price(model, Tokens(input=round(read), output=round(written)))
    return StepEstimate(
        step.name,
        calls=rows,
        input_tokens=round(read * rows),
        output_tokens=round(written * rows),
        cost_usd=(round(one * rows, 6), round(2 * one * rows, 6)),
        model=model.name,
        most_calls=2 * rows,
    )


def _cost(model: Model, prompt: int, written: int, calls: int, thinking: int) -> float:
    """Dollars of a conversation: each round sends all that was said before it."""
    from aifirst_dagster.llm.catalogue import price
    from aifirst_dagster.llm.types import Tokens

    return sum(
        price(model, Tokens(input=prompt + round_ * (written + FEEDBACK), output=written + thinking))
        for round_ in range(calls)
    )


def _basis(
    spec: PipelineSpec, may: list[StepSpec], found: dict[str, Rehearsed], steps: tuple[StepEstimate, ...], llm: LLM
) -> str:
    """What the figures rest on, in words."""
    said = [
        "Prompts are those that a run would send now, at 3 bytes a token; low: one call for each design; "
        "high: both rounds of feedback and twice the output. List prices, no prompt cache."
    ]
    if current := [step.name for step in steps if step.cached_calls]:
        said.append(f"Accepted and current, so nothing is asked: {', '.join(current)}.")
    for step in may:
        if why := found[step.key].why_not:
            said.append(f"{step.name}: assumed, with {COLUMNS} columns ({why.splitlines()[0].rstrip('.')}).")
    if not llm.available:
        said.append(f"{llm.name} has no key here: a run falls back to the deterministic engine until it has one.")
    said.append(f"A run stops asking at its budget of ${spec.budget:.2f}.")
    return " ".join(said)
