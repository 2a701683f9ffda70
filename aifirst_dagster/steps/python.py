"""`python`: columns made by a Python function, the user's own or the model's, run in a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from aifirst_dagster.errors import ConfigError, QualityError
from aifirst_dagster.inference.schema import Column, FieldType
from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.derived import merged, store
from aifirst_dagster.steps.run import StepResult, StepRun

if TYPE_CHECKING:
    from aifirst_dagster.proposals.code import CodeDesign

RELATION = "input"


class Config(StepConfig):
    """The function: given, in a file, or described for a model to write."""

    code: str | None = Field(
        None,
        description="Python that defines `def transform(row)`: takes a row as a dict, returns a dict of `output`. It "
        "runs in a sandbox without files, network or packages.",
    )
    file: str | None = Field(None, description="A file with the code, relative to the project.")
    instructions: str | None = Field(None, description="What the function should do, for the model to write it.")
    inputs: list[str] | None = Field(None, description="Columns that the function reads; default: all.")
    output: dict[str, FieldType] = Field(
        default_factory=dict, description="Columns that it makes, with their types; the model may choose them."
    )
    on_error: Literal["quarantine", "null", "fail"] = Field(
        "quarantine", description="A row that the function fails on: set aside, kept without the columns, or the end."
    )
    memory_mb: int = Field(256, ge=16, le=8192, description="Memory of the sandbox.")
    timeout: float = Field(900, gt=0, description="Seconds for all rows.")
    model: str | None = Field(None, description="Model to ask; default: the LLM resource's.")
    mode: Literal["standard", "extended_thinking"] | None = Field(
        None, description="Whether the model thinks first; default: as the prompt says."
    )
    tools: bool = Field(False, description="Let the model look into the data by itself before it writes.")
    prompt_template: str | None = Field(
        None, description="Prompt by name, from resources/prompts/ or the shipped ones."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Config:
        given = [name for name in ("code", "file", "instructions") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of `code`, `file` and `instructions`")
        if self.instructions is None and not self.output:
            raise ValueError("`output` is needed: the columns that the function makes, with their types")
        if hidden := [name for name in self.output if name.startswith("_")]:
            raise ValueError(f"an output column does not start with an underscore: {hidden[0]!r}")
        return self


def run(step: StepRun) -> StepResult:
    """Run the function over the input, and set aside the rows that it fails on.

    Raises:
        ConfigError: The code cannot be run.
        DesignError: The model gave no function that works.
        QualityError: A row failed, and the step should fail then.
    """
    from aifirst_dagster.datasets.python_sandbox import PythonLimits
    from aifirst_dagster.proposals import code
    from aifirst_dagster.proposals.fingerprint import digest

    config = step.config
    assert isinstance(config, Config)
    step.input.create_view(step.con, RELATION)
    columns = step.input_columns()
    outcome = None
    if config.instructions is not None:
        outputs = [code.Output(name=name, type=kind) for name, kind in config.output.items()]
        outcome = code.design(
            step.con, RELATION, columns, outputs=outputs or None, store=step.designs, llm=step.llm,
            wish=step.wish(config, instructions=config.instructions, prompt=config.prompt_template),
        )  # fmt: skip
        design = outcome.answer
    else:
        design = _given(step, config, columns)
    limits = PythonLimits(config.memory_mb, min(20.0, config.timeout), config.timeout)
    done = code.apply(step.con, RELATION, design, limits)
    if done.failed and config.on_error == "fail":
        reason, count = done.problems[0]
        raise QualityError(
            f"The function fails on {done.failed} of {done.rows} rows; on {count} of them: {reason}.",
            hint="Mend it, or let such rows be set aside (on_error: quarantine).",
        )
    rows, aside = store(step, done, config.on_error)
    made = [output.column for output in design.outputs]
    return StepResult(
        rows_in=step.input.rows,
        rows_out=rows,
        quarantined=aside,
        columns=merged(columns, made),
        usage=outcome.usage if outcome else None,
        design_current=outcome.current if outcome else None,
        design_hash=outcome.content if outcome else digest(design.code),
        notes=outcome.notes if outcome else [],
        details={
            "code": design.code,
            "explanation": design.explanation,
            "problems": [{"reason": reason, "rows": count} for reason, count in done.problems],
            **({"design": outcome.summary()} if outcome else {}),
        },
    )


def _given(step: StepRun, config: Config, columns: list[Column]) -> CodeDesign:
    """The user's own function."""
    from aifirst_dagster.proposals.code import CodeDesign, Output

    source = config.code
    if source is None:
        path = step.project.resolve(config.file or "")
        try:
            source = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(f"Cannot read the code: {reason}.", file=str(path)) from error
    inputs = config.inputs if config.inputs is not None else [column.name for column in columns]
    return CodeDesign(source, inputs, [Output(name=name, type=kind) for name, kind in config.output.items()])


STEP = StepType(
    "python", Config, run, rows="one_to_one", kinds=frozenset({"python", "ai"}), uses_llm=True,
    summary="Makes columns by a Python function, run in a sandbox; a model may write it.",
)  # fmt: skip
