"""LLM resources: each file of `resources/llm/` is one; `choose` opens the one that a caller should use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

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


class LLMResourceSpec(_Strict):
    """One file of `resources/llm/`, strict; its name is the file's."""

    name: str = Field(description="The resource's key in Dagster: the file's name.")
    provider: str = Field(description="claude, offline, router, or a provider that a package registers.")
    description: str = ""
    model: str | None = Field(default=None, description="A model's name or alias; default: the provider's.")
    effort: Effort | None = Field(default=None, description="How deep the model goes; default: the model's own.")
    max_output_tokens: int = Field(default=16_000, gt=0, description="Cap on each answer, thinking included.")
    budget_usd: float = Field(default=0.50, ge=0, description="The most one run may spend.")
    budget_pipeline_usd: float | None = Field(default=None, ge=0, description="The most one pipeline may ever spend.")
    budget_day_usd: float | None = Field(
        default=None, ge=0, description="The most a UTC day may cost, all runs together."
    )
    base_url: str | EnvRef | None = Field(
        default=None, description="Another endpoint; often {env: ANTHROPIC_BASE_URL}."
    )
    api_key: EnvRef | None = Field(default=None, description="The variable that holds the key; never the key itself.")
    timeout: float = Field(default=600.0, gt=0, description="Seconds to wait for the provider's next bytes.")
    deadline: float = Field(default=1_200.0, gt=0, description="Seconds that a call may take in all, retries included.")
    retry: RetryPolicy = RetryPolicy()
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
    routes = [Route(spec, provider_type(spec.provider).connect(spec)) for spec in specs]
    return LLM(name, routes, project=project, run_id=run_id, pipeline=pipeline, state=state)


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
