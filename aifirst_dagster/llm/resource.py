"""LLM resources: each file of `resources/llm/` is one; `choose` opens the one that a caller should use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.types import Effort
from aifirst_dagster.project import Project

if TYPE_CHECKING:
    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.state.database import State

CHOICE = "AIFIRST_LLM"
ROUTER = "router"
PACKAGED = Path(__file__).parent / "defaults"
_NOT_RESOURCES = {"models"}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EnvRef(_Strict):
    """A value from the environment: `{env: NAME}` or `{env: NAME, default: text}`."""

    env: str
    default: str | None = None

    def read(self) -> str | None:
        """The variable's text, else the default; an empty variable counts as not set."""
        return os.environ.get(self.env) or self.default


class RetryPolicy(_Strict):
    """How a failed request is repeated.

    Attributes:
        attempts: Requests at most, the first included.
        base_seconds: First wait; each further one doubles, with jitter.
        longest_seconds: Longest wait of our own.
        longest_retry_after: A provider that asks for a longer wait than this is given up at once.
    """

    attempts: int = Field(default=4, ge=1, le=10)
    base_seconds: float = Field(default=0.5, ge=0)
    longest_seconds: float = Field(default=8.0, ge=0)
    longest_retry_after: float = Field(default=60.0, ge=0)


class CachePolicy(_Strict):
    """Whether known answers are used again; `cache: off` and `cache: on` say it in a word.

    Attributes:
        enabled: Look answers up, and keep them.
        days: How old an answer may be.
        megabytes: Size of the embedded store; the oldest answers go first. Redis has its own `maxmemory`.
    """

    enabled: bool = True
    days: float = Field(default=30.0, gt=0)
    megabytes: float = Field(default=256.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _in_a_word(cls, value: Any) -> Any:
        words = {"on": True, "off": False, True: True, False: False}
        return {"enabled": words[value]} if isinstance(value, str | bool) and value in words else value


class LimitsPolicy(_Strict):
    """The most to send in a minute; None: what the provider's answers say of the account's limits, alone."""

    requests_per_minute: int | None = Field(default=None, gt=0)
    input_tokens_per_minute: int | None = Field(default=None, gt=0)
    output_tokens_per_minute: int | None = Field(default=None, gt=0)


class BreakerPolicy(_Strict):
    """When a provider that is down is no longer asked.

    Attributes:
        failures: Calls in a row that failed as unavailable, each after its retries.
        cool_down: Seconds until one call tries again.
    """

    failures: int = Field(default=5, ge=1)
    cool_down: float = Field(default=30.0, ge=0)


class LLMResourceSpec(_Strict):
    """One file of `resources/llm/`, strict; its name is the file's."""

    name: str = Field(description="The resource's key in Dagster: the file's name.")
    provider: str = Field(
        description="claude, openai, gemini, local, offline, router, or a provider that a package registers."
    )
    description: str = ""
    model: str | None = Field(default=None, description="A model's name or alias; default: the provider's.")
    effort: Effort | None = Field(default=None, description="How deep the model goes; default: the model's own.")
    max_output_tokens: int = Field(default=16_000, gt=0, description="Cap on each answer, thinking included.")
    budget_usd: float = Field(default=0.50, ge=0, description="The most one run may spend.")
    budget_call_usd: float | None = Field(
        default=None, ge=0, description="The most one call may cost, its retries and feedback rounds included."
    )
    budget_backfill_usd: float = Field(
        default=5.0, ge=0, description="The most that all runs of one backfill may spend together."
    )
    budget_pipeline_usd: float | None = Field(default=None, ge=0, description="The most one pipeline may ever spend.")
    budget_day_usd: float | None = Field(
        default=None, ge=0, description="The most a UTC day may cost, all runs together."
    )
    base_url: str | EnvRef | None = Field(
        default=None, description="Another endpoint; often {env: ANTHROPIC_BASE_URL}."
    )
    client: Literal["api", "bedrock", "vertex"] = Field(
        default="api", description="claude only: Anthropic's own API, or the SDK's client for a cloud."
    )
    model_id: str | None = Field(
        default=None, description="claude only: what the cloud calls the model, where that is another name."
    )
    structured_output: Literal["auto", "schema", "prompt"] = Field(
        default="auto", description="local only: whether the server takes JSON schemas, or the prompt asks for them."
    )
    api_key: EnvRef | None = Field(default=None, description="The variable that holds the key; never the key itself.")
    timeout: float = Field(default=600.0, gt=0, description="Seconds to wait for the provider's next bytes.")
    deadline: float = Field(default=1_200.0, gt=0, description="Seconds that a call may take in all, retries included.")
    retry: RetryPolicy = RetryPolicy()
    samples: Literal["masked", "none"] = Field(
        default="masked",
        description="Values of the data in prompts and tools: masked where they identify people, or none at all.",
    )
    cache: CachePolicy = Field(default=CachePolicy(), description="Known answers: on, off, or {days, megabytes}.")
    limits: LimitsPolicy = LimitsPolicy()
    breaker: BreakerPolicy = BreakerPolicy()
    feedback_rounds: Annotated[int, Field(ge=0, le=3)] = Field(
        default=2, description="How often an answer that does not validate goes back with its errors."
    )
    chain: tuple[str | EnvRef, ...] = Field(default=(), description="router only: resources to try, in order.")


def load_resources(project: Project | None = None) -> dict[str, LLMResourceSpec]:
    """Every LLM resource by name: the packaged ones, with the project's `resources/llm/*.yaml` over them.

    Raises:
        ConfigError: A file is wrong, with its place.
    """
    from aifirst_dagster.llm.yaml import load_strict

    folders = [PACKAGED, *([project.resources / "llm"] if project else [])]
    files = {
        path.stem: path
        for folder in folders
        for path in sorted(folder.glob("*.yaml"))
        if path.stem not in _NOT_RESOURCES
    }
    return {name: load_strict(path, LLMResourceSpec, name=name) for name, path in files.items()}


def choose(
    name: str | None = None,
    project: Project | None = None,
    *,
    run_id: str | None = None,
    pipeline: str | None = None,
    budget_usd: float | None = None,
    backfill: str | None = None,
    backfill_usd: float | None = None,
    resources: Mapping[str, LLMResourceSpec] | None = None,
    state: State | None = None,
) -> LLM:
    """The LLM to use: `name` of a resource; None means what `AIFIRST_LLM` names, else the router `llm` (offline).

    A key in the environment changes nothing by itself: only a name does.

    Args:
        name: A resource (`claude`, `offline`, `llm`, or a file of `resources/llm/`).
        project: Where resources and state lie; default: the project found from the working directory.
        run_id: What the budget's cap counts over; default: one fresh id for this LLM.
        pipeline: Stands in the ledger where a request does not say so itself.
        budget_usd: A cap in place of the resource's (a pipeline's `budget`).
        backfill: The backfill that the run belongs to.
        backfill_usd: Its cap, in place of the resource's (a pipeline's `backfill_budget`).
        resources: Specs in place of `load_resources(project)` (overrides from Dagster's launchpad).
        state: Where the ledger lies; default: `state.open(project)` at the first call. `offline` never opens it.

    Raises:
        ConfigError: There is no such resource or provider.
    """
    from aifirst_dagster.llm.client import LLM, Route
    from aifirst_dagster.llm.providers.base import provider_type

    project = project or Project.find()
    known = resources if resources is not None else load_resources(project)
    name = name or os.environ.get(CHOICE) or "llm"
    specs = _routes(name, known, ())
    if budget_usd is not None:
        specs = [spec.model_copy(update={"budget_usd": budget_usd}) for spec in specs]
    if backfill_usd is not None:
        specs = [spec.model_copy(update={"budget_backfill_usd": backfill_usd}) for spec in specs]
    routes = [Route(spec, provider_type(spec.provider).connect(spec)) for spec in specs]
    return LLM(name, routes, project=project, run_id=run_id, pipeline=pipeline, backfill=backfill, state=state)


def _routes(name: str, known: Mapping[str, LLMResourceSpec], above: tuple[str, ...]) -> list[LLMResourceSpec]:
    """The resources behind `name`, routers followed."""
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise ConfigError(
            f"No LLM resource is called {name!r}.",
            hint=(f"Did you mean {near[0]!r}? " if near else "") + f"Known: {', '.join(sorted(known))}.",
        )
    spec = known[name]
    if spec.provider != ROUTER:
        return [spec]
    inner = [link if isinstance(link, str) else link.read() for link in spec.chain]
    path = (*above, name)
    # AIFIRST_LLM=llm points the router at itself: that asks for nothing else than its default.
    names = [link for link in inner if link and link not in path] or ["offline"]
    return [route for link in names for route in _routes(link, known, path)]
