"""LLM resources in Dagster: one for each file of `resources/llm/`, seen in the UI and overridable in the launchpad."""

from __future__ import annotations

from typing import Any

import dagster as dg
from pydantic import Field

from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.resource import LLMResourceSpec, choose, load_resources
from aifirst_dagster.project import Project

#: The router: which resource it leads to is `AIFIRST_LLM`'s to say, offline by default.
LLM_ROUTER = "llm"
#: Resource used by steps that never ask a model.
OFFLINE = "offline"


class LLMResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A model provider, its key the name of its file: what is left empty is as `resources/llm/<key>.yaml` says.

    Nothing is required, so that the launchpad can override one setting alone. API keys come from the environment.
    """

    provider: str = Field(
        "", description="claude, openai, gemini, local, offline, router, or another registered provider."
    )
    model: str = Field("", description="Model name or alias.")
    effort: str = Field("", description="low, medium, high, xhigh or max.")
    max_output_tokens: int = Field(0, description="Cap on each answer; 0: as the file says.")
    budget_usd: float = Field(
        -1.0, description="The most one run may spend; negative: as the pipeline or the file says."
    )
    timeout: float = Field(0.0, description="Seconds to wait for the provider's next bytes; 0: as the file says.")

    @classmethod
    def of(cls, spec: LLMResourceSpec) -> LLMResource:
        """The resource of a file, showing what the file says."""
        return cls(
            provider=spec.provider,
            model=spec.model or "",
            effort=spec.effort or "",
            max_output_tokens=spec.max_output_tokens,
            budget_usd=-1.0,
            timeout=spec.timeout,
        )

    def open(
        self,
        key: str,
        project: Project,
        pipeline: str,
        run_id: str,
        budget_usd: float,
        backfill: str | None = None,
        backfill_usd: float | None = None,
    ) -> LLM:
        """The LLM for one run of a pipeline, with what the launchpad overrides.

        Args:
            key: The resource's key.
            budget_usd: The pipeline's own cap; the launchpad's beats it.
            backfill: The backfill that the run belongs to.
            backfill_usd: The pipeline's own cap for each of its backfills.
        """
        known = load_resources(project)
        given: dict[str, Any] = {
            "provider": self.provider,
            "model": self.model,
            "effort": self.effort,
            "max_output_tokens": self.max_output_tokens,
            "timeout": self.timeout,
        }
        known[key] = known[key].model_copy(update={key: value for key, value in given.items() if value})
        cap = budget_usd if self.budget_usd < 0 else self.budget_usd
        return choose(
            key, project, run_id=run_id, pipeline=pipeline, budget_usd=cap, backfill=backfill,
            backfill_usd=backfill_usd, resources=known,
        )  # fmt: skip


def llm_resources(project: Project) -> dict[str, LLMResource]:
    """Every LLM resource by its key."""
    return {name: LLMResource.of(spec) for name, spec in load_resources(project).items()}
