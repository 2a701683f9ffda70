"""No model at all: every request is answered with `NoModelError`, the sign for the deterministic engine to serve."""

from __future__ import annotations

from aifirst_dagster.llm.catalogue import Model
from aifirst_dagster.llm.failures import NoModelError
from aifirst_dagster.llm.providers.base import ModelFacts, Prepared, ProviderType
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import Answer, LLMRequest


class OfflineProvider:
    """Nothing is sent anywhere."""

    def __init__(self, spec: LLMResourceSpec) -> None:
        self._name = spec.name

    @property
    def available(self) -> bool:
        """Never: there is no model to ask."""
        return False

    def require(self) -> None:
        """Refuse."""
        raise no_model()

    def prepare(self, request: LLMRequest, model: Model) -> Prepared:
        """Refuse."""
        raise no_model()

    async def send(self, prepared: Prepared) -> Answer:
        """Refuse."""
        raise no_model()

    async def count(self, prepared: Prepared) -> int | None:
        """Nobody counts."""
        return None

    async def models(self) -> list[ModelFacts]:
        """None."""
        return []

    async def aclose(self) -> None:
        """Nothing is open."""


def no_model() -> NoModelError:
    """The signal, worded."""
    return NoModelError(
        "No model is configured; the deterministic engine serves.",
        hint="Set AIFIRST_LLM=claude and ANTHROPIC_API_KEY, or name a resource of resources/llm/.",
    )


PROVIDER = ProviderType(name="offline", connect=OfflineProvider)
