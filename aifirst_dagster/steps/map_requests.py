"""One request for each different row of an `llm_map` step, and what its answer becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from aifirst_dagster.datasets.python_sandbox import Made
from aifirst_dagster.inference.schema import FieldType
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.prompts import fence
from aifirst_dagster.proposals.prompts.fencing import FENCE_RULE

if TYPE_CHECKING:
    from aifirst_dagster.llm.types import CallContext, Effort, LLMRequest, Thinking

_TYPES: dict[FieldType, Any] = {"integer": int, "year": int, "number": float, "boolean": bool}
_SYSTEM = (
    "You fill in columns of a table, one row at a time. You are given one row and return the columns asked for. Take "
    "everything from the row and from what the task says; where the row does not tell, return null and never guess. "
    "Dates are written YYYY-MM-DD, moments YYYY-MM-DD HH:MM:SS."
)


class Wanted(BaseModel):
    """A column that the model fills in."""

    model_config = ConfigDict(extra="forbid")

    type: FieldType = Field("string", description="Table Schema type.")
    description: str = Field("", description="What it should hold, for the model and the catalogue.")
    values: list[str] | None = Field(None, description="The only texts that it may hold.", min_length=1)
    verbatim: bool = Field(False, description="Must stand in the row word for word; else the row is set aside.")


def answer_model(wanted: Mapping[str, Wanted]) -> type[BaseModel]:
    """The Pydantic model of an answer: every column, or null."""
    fields: dict[str, Any] = {}
    for at, column in enumerate(wanted.values()):
        kind = Literal[tuple(column.values)] if column.values else _TYPES.get(column.type, str)  # type: ignore[valid-type]
        fields[f"c{at}"] = (kind | None, Field(description=_told(list(wanted)[at], column)))
    return create_model("Row", __config__=ConfigDict(extra="forbid"), **fields)


def _told(name: str, column: Wanted) -> str:
    exact = " Word for word as it stands in the row." if column.verbatim else ""
    return f"{name}: {column.type}. {column.description}{exact}".strip()


def request(
    row: Mapping[str, Any], prompt: str, answer: type[BaseModel], who: CallContext, *, masked: bool,
    model: str | None, thinking: Thinking, effort: Effort | None, max_tokens: int,
) -> LLMRequest:  # fmt: skip
    """What is asked of one row. The part before the row is the same for all, and marked so.

    Args:
        row: Its input columns.
        prompt: The task, in the words of the pipeline's owner.
        answer: From `answer_model`.
        who: For the ledger.
        masked: Whether values that could identify people lose what they say.
        model, thinking, effort, max_tokens: As `LLMRequest` takes them.
    """
    from aifirst_dagster.llm.types import LLMRequest, Message, TextPart

    shown = shield(row) if masked else dict(row)
    return LLMRequest(
        messages=(Message(role="user", content=(TextPart(text=fence("row", shown)),)),),
        system=f"{_SYSTEM}\n\nThe task:\n{prompt}\n\n{FENCE_RULE}",
        cache_system=True,
        output=answer,
        max_tokens=max_tokens,
        thinking=thinking,
        effort=effort,
        model=model,
        expected_tokens=15 * len(answer.model_fields),
        metadata=who,
    )


def shield(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with values that could identify people made anonymous, as in all evidence."""
    return {name: mask(value, names_people(name)) if isinstance(value, str) else value for name, value in row.items()}


def made(answer: BaseModel, row: Mapping[str, Any], wanted: Mapping[str, Wanted], masked: bool) -> Made:
    """The columns of an answer, unless one that should stand in the row does not."""
    values = {name: getattr(answer, f"c{at}") for at, name in enumerate(wanted)}
    seen = _squeezed(" ".join(str(value) for value in (shield(row) if masked else row).values() if value is not None))
    for name, column in wanted.items():
        if column.verbatim and values[name] is not None and _squeezed(str(values[name])) not in seen:
            return Made(problem=f"{name}: {str(values[name])[:80]!r} does not stand in the row")
    return Made(values)


def _squeezed(text: str) -> str:
    return " ".join(text.split()).casefold()
