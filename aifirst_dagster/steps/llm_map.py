"""`llm_map`: a model fills in columns row by row; each answer is checked, kept, and never bought twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.errors import AifirstError, ConfigError, QualityError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.derived import merged, store
from aifirst_dagster.steps.map_requests import Wanted, answer_model, made, request
from aifirst_dagster.steps.run import StepResult, StepRun

if TYPE_CHECKING:
    from aifirst_dagster.datasets.python_sandbox import Made
    from aifirst_dagster.llm.batches.task import Progress
    from aifirst_dagster.llm.failures import LLMError
    from aifirst_dagster.llm.types import LLMRequest, LLMResponse, Usage

RELATION = "input"
#: Rows between two words on how far it is.
CHUNK = 200
#: Rows asked for together where batches are used: as many as one holds.
_AT_ONCE = 100_000


class Config(StepConfig):
    """What the model is asked of each row, and what it fills in."""

    prompt: str = Field(min_length=1, description="The task, in your words: what to find in a row, and how.")
    inputs: list[str] | None = Field(None, min_length=1, description="Columns that the model sees; default: all.")
    output: dict[str, Wanted] = Field(
        min_length=1,
        max_length=16,
        description="Columns that it fills in: a type, or {type, description, values, ...}.",
    )
    model: str | None = Field(None, description="Model to ask; default: the LLM resource's.")
    mode: Literal["standard", "extended_thinking"] | None = Field(None, description="Whether the model thinks first.")
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = Field(None, description="How deep it goes.")
    max_tokens: int = Field(2_000, gt=0, description="Cap on one answer, thinking included.")
    concurrency: int = Field(16, ge=1, le=512, description="Rows asked for at a time.")
    batch: bool = Field(False, description="Ask for all rows as a message batch: half the price, within a day.")
    mask: bool = Field(True, description="Mask values that could identify people, as in all that a model sees.")
    on_error: Literal["quarantine", "null", "fail"] = Field(
        "quarantine", description="A row without a usable answer: set aside, kept without the columns, or the end."
    )
    max_failed: float = Field(0.05, ge=0, le=1, description="Share of rows without an answer that ends the step.")

    @field_validator("output", mode="before")
    @classmethod
    def _types(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: {"type": said} if isinstance(said, str) else said for name, said in value.items()}
        return value

    @model_validator(mode="after")
    def _sound(self) -> Config:
        if hidden := [name for name in self.output if name.startswith("_")]:
            raise ValueError(f"an output column does not start with an underscore: {hidden[0]!r}")
        return self


def run(step: StepRun) -> StepResult:
    """Ask for each different row, and store the rows with what came.

    Raises:
        ConfigError: No model is named, or rows must not be shown to one.
        LLMError: The budget is used up, the key is wrong, or too many rows had no answer; what was answered is kept.
    """
    from aifirst_dagster.proposals.fingerprint import digest
    from aifirst_dagster.repair.derive import Output, derive

    config = step.config
    assert isinstance(config, Config)
    if step.llm.asked is None:
        raise ConfigError(
            f"The step {step.step!r} asks a model about each row, and none is named.",
            hint="Set AIFIRST_LLM=claude (and its key), or `llm: claude` in the pipeline.",
        )
    settings = step.llm.settings
    if step.samples == "none" or (settings is not None and settings.samples == "none"):
        raise ConfigError(
            f"The step {step.step!r} shows rows to a model, and `samples: none` forbids that.",
            hint="Leave the step out, or allow masked values (samples: masked).",
        )
    step.input.create_view(step.con, RELATION)
    columns = step.input_columns()
    inputs = config.inputs if config.inputs is not None else [column.name for column in columns]
    rows = _Rows(step, config, different_rows(step, inputs))
    outputs = [Output(name=name, type=said.type, description=said.description) for name, said in config.output.items()]
    done = derive(step.con, RELATION, inputs, outputs, rows.ask, "model", _AT_ONCE if config.batch else 10 * CHUNK)
    if done.failed and config.on_error == "fail":
        reason, count = done.problems[0]
        raise QualityError(
            f"{done.failed} of {done.rows} rows have no usable answer; {count} of them: {reason}.",
            hint="What was answered is kept: the next run asks for the rest only.",
        )
    kept, aside = store(step, done, config.on_error)
    by = step.llm.model or step.llm.asked
    labelled = [_labelled(output.column, by) for output in outputs]
    return StepResult(
        rows_in=step.input.rows,
        rows_out=kept,
        quarantined=aside,
        columns=merged(columns, labelled),
        usage=rows.usage,
        design_hash=digest([config.prompt, [o.model_dump() for o in outputs], config.model or by, config.mask]),
        notes=rows.notes,
        details={
            "asked": rows.asked,
            "made_by": by,
            "problems": [{"reason": reason, "rows": count} for reason, count in done.problems],
        },
    )


def different_rows(step: StepRun, inputs: list[str] | None = None) -> int:
    """How many requests the step makes: one for each different row of its inputs."""
    import duckdb

    names = inputs if inputs is not None else step.config.inputs or [c.name for c in step.input_columns()]  # type: ignore[attr-defined]
    listed = ", ".join(map(ident, names))
    step.input.create_view(step.con, RELATION)
    try:
        found = step.con.execute(f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {RELATION})").fetchall()
    except duckdb.BinderException:
        return 0  # a column is not there: `derive` says so
    return int(found[0][0])


class _Rows:
    """Asks for rows and adds up what it took."""

    def __init__(self, step: StepRun, config: Config, total: int) -> None:
        from aifirst_dagster.llm.types import CallContext, Usage

        self._step, self._config, self._total = step, config, total
        self._answer = answer_model(config.output)
        self._who = CallContext(pipeline=step.pipeline, step=step.step, task="map", run_id=step.run_id or None)
        self.usage: Usage = Usage.none()
        self.notes: list[str] = []
        self.asked = self._failed = 0

    def ask(self, rows: list[dict[str, Any]]) -> list[Made]:
        """What the model makes of each row.

        Raises:
            LLMError: Going on makes no sense.
        """
        found: list[Made] = []
        size = len(rows) if self._config.batch else CHUNK
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            answers = self._answers([self._request(row) for row in part])
            found += [self._made(answer, row) for answer, row in zip(answers, part, strict=True)]
            self.asked += len(part)
            self._step.log(f"{self.asked:,} of {self._total:,} rows asked for, ${self.usage.cost_usd:.4f} so far.")
            self._give_up_if_hopeless(answers)
        return found

    def _answers(self, requests: list[LLMRequest]) -> list[LLMResponse | LLMError]:
        llm = self._step.llm
        if self._config.batch:
            answers = llm.batch(requests, tell=self._tell)
        else:
            answers = llm.map(requests, self._config.concurrency)
        for answer in answers:
            self.usage += answer.usage
        return answers

    def _tell(self, progress: Progress) -> None:
        state = "has ended" if progress.ended else f"is under way for {progress.seconds:.0f} s"
        self._step.log(f"The batch {progress.batch or '(not confirmed yet)'} of {progress.requests:,} rows {state}.")

    def _request(self, row: dict[str, Any]) -> LLMRequest:
        config = self._config
        return request(
            row, config.prompt, self._answer, self._who, masked=config.mask, model=config.model,
            thinking="adaptive" if config.mode == "extended_thinking" else "off", effort=config.effort,
            max_tokens=config.max_tokens,
        )  # fmt: skip

    def _made(self, answer: LLMResponse | LLMError, row: dict[str, Any]) -> Made:
        from aifirst_dagster.datasets.python_sandbox import Made

        if isinstance(answer, AifirstError):
            self._failed += 1
            return Made(problem=answer.message)
        self.notes += [notice for notice in answer.notices if notice not in self.notes]
        assert answer.parsed is not None
        return made(answer.parsed, row, self._config.output, self._config.mask)

    def _give_up_if_hopeless(self, answers: list[LLMResponse | LLMError]) -> None:
        """End the step where the rest would fail alike; what was answered is kept and costs nothing again."""
        from aifirst_dagster.llm.failures import AuthError, BudgetExceededError, LLMError, NoModelError, RejectedError

        failures = [answer for answer in answers if isinstance(answer, LLMError)]
        kinds = (BudgetExceededError, AuthError, NoModelError)
        alike = (*kinds, RejectedError) if len(failures) == len(answers) else kinds
        fatal = [one for one in failures if isinstance(one, alike)]
        error = fatal[0] if fatal else failures[-1] if failures else None
        share = self._failed / max(self.asked, 1)
        if error is not None and (fatal or share > self._config.max_failed):
            error.hint = (
                f"{self._failed:,} of {self.asked:,} rows asked for have no answer. What was answered is kept: the "
                f"next run asks for the rest only. {error.hint}"
            ).strip()
            error.usage = self.usage
            raise error


def _labelled(column: Column, by: str | None) -> Column:
    """The column, said to be a model's word."""
    label = f"Filled in by {by}, row by row; not tested."
    return column.model_copy(update={"description": f"{column.description} {label}".strip()})


STEP = StepType(
    "llm_map", Config, run, rows="one_to_one", kinds=frozenset({"ai"}), uses_llm=True,
    summary="Lets a model fill in columns row by row.",
)  # fmt: skip
