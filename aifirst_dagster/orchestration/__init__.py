"""The only importer of Dagster: pipelines as assets, checks, schedules and sensors."""

from typing import Any

__all__ = ["PipelineComponent"]


def __getattr__(name: str) -> Any:
    """The component, imported when it is asked for: it loads all of Dagster's definitions."""
    if name == "PipelineComponent":
        from aifirst_dagster.orchestration.component import PipelineComponent

        return PipelineComponent
    raise AttributeError(name)


def __dir__() -> list[str]:
    """For `dg list components`, which looks at the module's names."""
    return __all__
