"""How a pipeline's degradation is judged: the model of `monitoring:`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from aifirst_dagster.observe.age import HINT, age

Kind = Literal["score", "checks", "cost", "duration", "quarantine", "freshness", "drift", "run"]


def _age(value: str) -> str:
    try:
        age(value)
    except ValueError as error:
        raise PydanticCustomError("aifirst", "{text}", {"text": str(error), "hint": HINT}) from None
    return value


Age = Annotated[str, AfterValidator(_age)]


class Monitoring(BaseModel):
    """What counts as degraded, judged against the dataset's own history."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, description="false: no alert about this pipeline.")
    ignore: tuple[Kind, ...] = Field((), description="Kinds that nobody wants to hear of.")
    history: int = Field(20, ge=3, le=200, description="How many earlier versions a new one is compared with.")
    least_history: int = Field(5, ge=3, le=200, description="With fewer earlier versions nothing is judged.")
    sensitivity: float = Field(
        4.0, gt=0, le=100, description="Degraded is what lies so many robust standard deviations from the median."
    )
    score_drop: float = Field(0.02, ge=0, le=1, description="The least fall of the quality score that counts.")
    quarantine_rise: float = Field(
        0.02, ge=0, le=1, description="The least rise that counts of the share of rows set aside or failed."
    )
    cost_rise: float = Field(0.10, ge=0, description="The least rise that counts of a version's cost, in US dollars.")
    duration_rise: float = Field(60.0, ge=0, description="The least rise that counts of a step's duration, in seconds.")
    factor: float = Field(1.5, ge=1, description="Cost and duration count from so many times the median.")
    freshness: Age | None = Field(
        None, description="How old the data may be, say 26h; default: the pipeline's schedule, once it is switched on."
    )
    grace: Age = Field("1h", description="How long after its scheduled time a run may end.")
    repeat: Age = Field("24h", description="How long an open incident stays unsaid while it is found again.")

    @property
    def least(self) -> int:
        """How many earlier versions there must be."""
        return min(self.least_history, self.history)

    @property
    def quiet(self) -> timedelta:
        """`repeat` as a length of time."""
        return age(self.repeat)

    def watches(self, kind: str) -> bool:
        """Whether people want to hear of a kind of trouble."""
        return self.enabled and kind not in self.ignore
