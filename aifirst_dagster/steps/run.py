"""What a step's run is given, what it gives back, and how that becomes a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import HIDDEN, connect
from aifirst_dagster.datasets.store import Dataset, Manifest, Version, VersionWriter
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.llm.client import LLM
    from aifirst_dagster.llm.types import Usage
    from aifirst_dagster.project import Project
    from aifirst_dagster.proposals.asking import Samples, Wish
    from aifirst_dagster.proposals.designs import DesignStore
    from aifirst_dagster.state.database import State
    from aifirst_dagster.steps.base import StepConfig


@dataclass(frozen=True)
class Partition:
    """The part of the data that a run is about: a time window, or one file.

    Attributes:
        start: First moment of a time window; None for a file partition.
        end: First moment after it.
        column: Column of the time window, where rows are chosen by value.
        file: Path of the file, relative to the project's root.
    """

    key: str
    start: datetime | None = None
    end: datetime | None = None
    column: str | None = None
    file: str | None = None


@dataclass
class StepRun:
    """Everything that a step may use.

    Attributes:
        pipeline: The pipeline's slug.
        step: The step's key.
        config: The step type's configuration, `{env: NAME}` resolved.
        inputs: Pinned datasets by step key, in the order of `needs`.
        writer: Where the new version is written.
        previous: The version that is current until this one is published.
        llm: The model resource to ask; its `offline` form where no model was chosen.
        designs: Designs of this step.
        state: Opens the state database; called only where it is needed.
        override: A file to read instead of a connector's own.
        log: Tells people what is going on.
        samples: Whether a model may see values of the data.
        scratch: Only the step's design counts, what it writes is thrown away.
    """

    project: Project
    pipeline: str
    step: str
    config: StepConfig
    inputs: Mapping[str, Dataset]
    writer: VersionWriter
    previous: Version | None
    llm: LLM
    designs: DesignStore
    state: Callable[[], State]
    run_id: str = ""
    partition: Partition | None = None
    override: Path | None = None
    log: Callable[[str], None] = lambda text: None
    samples: Samples = "masked"
    scratch: bool = False

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB session for this run."""
        return connect()

    @property
    def input(self) -> Dataset:
        """The input that is worked on: the only one, or the first where the others are only compared with.

        Raises:
            ValueError: There is none.
        """
        for dataset in self.inputs.values():
            return dataset
        raise ValueError("There is no input.")

    def wish(self, config: Any, *, instructions: str | None = None, prompt: str | None = None) -> Wish:
        """How a model is asked for this step: its own settings, the pipeline's and the project's templates.

        Args:
            config: The step type's configuration with `model`, `mode` and `tools`.
            instructions: What the model should mind.
            prompt: The template's name.
        """
        from aifirst_dagster.proposals.asking import Wish

        return Wish(
            model=config.model,
            mode=config.mode,
            instructions=instructions,
            prompt=prompt,
            prompts=self.project.resources / "prompts",
            tools=config.tools,
            samples=self.samples,
            run_id=self.run_id,
        )

    def input_columns(self) -> list[Column]:
        """The only input's columns."""
        return [Column.model_validate(column) for column in self.input.columns]


@dataclass
class StepResult:
    """What a step did.

    Attributes:
        rows_in: Rows consumed, counted while reading.
        rows_out: Rows written to the version's data.
        quarantined: Rows set aside in the version's quarantine file.
        failed: Rows that could not be worked on at all (none of them is in the data).
        merged: Rows that are duplicates of a row that was kept.
        columns: The columns of the data.
        skipped: Why there was nothing to do; the version then holds no rows.
        gate: This step's own verdict for outputs, see `Manifest.gate`.
        design_current: Whether the design used is accepted and fits the data; None where the step has no design.
        details: Small facts for people: actions, files, target.
    """

    rows_in: int = 0
    rows_out: int = 0
    quarantined: int = 0
    failed: int = 0
    merged: int = 0
    columns: list[Column] = field(default_factory=list)
    usage: Usage | None = None
    skipped: str | None = None
    gate: dict[str, Any] = field(default_factory=dict)
    design_current: bool | None = None
    design_hash: str = ""
    notes: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)


def manifest(step: StepRun, result: StepResult, row_contract: str, code_version: str, content_hash: str) -> Manifest:
    """The manifest of the version that `step` wrote."""
    details = {
        **result.details,
        "notes": result.notes,
        "skipped": result.skipped,
        "design_current": result.design_current,
        "llm": result.usage.model_dump(mode="json") if result.usage else None,
    }
    return Manifest(
        pipeline=step.pipeline,
        step=step.step,
        partition=step.partition.key if step.partition else None,
        version=step.writer.version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        run_id=step.run_id,
        rows_in=result.rows_in,
        rows_out=result.rows_out,
        quarantined=result.quarantined,
        failed=result.failed,
        merged=result.merged,
        row_contract=row_contract,
        columns=[column.model_dump(mode="json") for column in result.columns],
        content_hash=content_hash,
        design_hash=result.design_hash,
        code_version=code_version,
        inputs={key: [version.manifest.version for version in data.versions] for key, data in step.inputs.items()},
        gate=_gate(step.inputs, result.gate),
        details=details,
    )


def user_columns(names: list[str]) -> list[str]:
    """`names` without the hidden ones."""
    return [name for name in names if name not in HIDDEN]


def _gate(inputs: Mapping[str, Dataset], own: dict[str, Any]) -> dict[str, Any]:
    """The verdict that outputs below must respect: the worst of this step's own and those inherited."""
    rank = {"blocked": 2, "warned": 1, "passed": 0}
    inherited = [
        version.manifest.gate for data in inputs.values() for version in data.versions if version.manifest.gate
    ]
    gates = [gate for gate in (own, *inherited) if gate]
    return max(gates, key=lambda gate: rank[gate["status"]], default={})
