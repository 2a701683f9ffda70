"""A pipeline's schema contracts outside of a run: shown, compared with the files on disk, accepted, pinned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import connect, literal
from aifirst_dagster.datasets.store import DatasetStore
from aifirst_dagster.errors import ConfigError, InputError
from aifirst_dagster.inference import infer
from aifirst_dagster.inference.contract.contract import Contract
from aifirst_dagster.inference.contract.examine import Examined
from aifirst_dagster.inference.contract.look import look, with_renames
from aifirst_dagster.inference.contract.modes import Modes
from aifirst_dagster.inference.contract.pins import pin
from aifirst_dagster.orchestration.execute import open_state
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project
from aifirst_dagster.proposals import contracts
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.steps.connector_files import files_of

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors.base import ReadTable

BY_PERSON = "person"


def connectors_of(pipeline: PipelineSpec, step: str | None = None) -> list[StepSpec]:
    """The pipeline's connectors, or the one named.

    Raises:
        ConfigError: The step is no connector, or there is none.
    """
    found = [one for one in pipeline.steps if one.type == "connector"]
    if step is not None:
        chosen = pipeline.step(step)
        if chosen not in found:
            raise ConfigError(
                f"The step {step!r} is no connector: it has no schema contract.",
                hint=f"Connectors: {', '.join(one.key for one in found) or 'none'}.",
            )
        return [chosen]
    if not found:
        raise ConfigError(f"The pipeline {pipeline.name!r} has no connector.", hint="Schema contracts are theirs.")
    return found


def store_of(project: Project, pipeline: PipelineSpec, step: StepSpec, *, history: bool = True) -> DesignStore:
    """The step's designs, to be written whatever the pipeline says: a person asked."""
    record = open_state(project).designs if history else None
    return DesignStore(project.designs / pipeline.slug / step.key, False, record)


def contract_of(project: Project, pipeline: PipelineSpec, step: StepSpec) -> Contract | None:
    """The step's contract, if there is one."""
    return contracts.find(store_of(project, pipeline, step, history=False))


def modes_of(step: StepSpec) -> Modes:
    """The modes that the step's configuration asks for."""
    return Modes.of(step.resolve().contract)  # type: ignore[attr-defined]


def read(
    con: duckdb.DuckDBPyConnection, project: Project, pipeline: PipelineSpec, step: StepSpec, files: Sequence[Path] = ()
) -> ReadTable:
    """The files that the step would read now, or the ones given, read as its configuration says.

    Raises:
        InputError: There are none, or they hold no columns.
    """
    from aifirst_dagster import connectors

    config: Any = step.resolve()
    if config.type == "postgres":
        raise InputError(
            "A server's table is compared as the step runs.", hint="Run it: the check schema_contract says."
        )
    found = list(files) or files_of(project, pipeline.slug, _of_any_time(config.path))
    if not found:
        raise InputError(f"The step {step.key!r} finds no files.", hint="Put some where its `path` says.")
    options = connectors.ReadOptions(
        config.encoding, config.delimiter, config.header, True, config.table or config.sheet, query=config.query
    )
    table = connectors.read(con, found, config.type, options)
    if not table.columns:
        raise InputError("The files hold no columns.", hint="Look at them with `aifirst infer`.", file=str(found[0]))
    return table


def _of_any_time(path: str | list[str] | None) -> str | list[str] | None:
    """A connector's paths with whatever time stands where a partition's would."""
    if path is None:
        return None
    return [re.sub(r"%[A-Za-z]", "*", one) for one in ([path] if isinstance(path, str) else path)]


def compare(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    pipeline: PipelineSpec,
    step: StepSpec,
    contract: Contract,
    modes: Modes,
    table: ReadTable,
) -> Examined:
    """What the files hold against the contract."""
    examined, _ = look(
        con, table.relation, table.native, table.layouts, contract, modes, _earlier(project, pipeline, step)
    )
    return examined


def accept(
    project: Project, pipeline: PipelineSpec, step: StepSpec, *, renames: bool = False
) -> tuple[Contract, Contract | None, Examined | None]:
    """Take what the files hold as the contract; returns it, the one before, and what differed.

    Args:
        renames: What looks like a rename is one: the column answers to its new name too.
    """
    store = store_of(project, pipeline, step)
    before = contracts.find(store)
    with connect() as con:
        table = read(con, project, pipeline, step)
        if before is None:
            columns = infer.verify(con, table.relation, infer.propose(con, table.relation, table.columns, table.native))
            lacked = {name for layout in table.layouts for name in table.columns if name not in layout.columns}
            first = Contract.of(columns, lacked)
            _keep(store, first, None, None)
            return first, None, None
        examined = compare(con, project, pipeline, step, before, Modes(), table)
        if renames and examined.renames:
            named = with_renames(before, examined)
            told = examined
            examined = compare(con, project, pipeline, step, named, Modes(), table)
            examined.changes = told.changes
            examined.contract = examined.contract.model_copy(update={"version": before.version + 1})
        if examined.contract != before:
            _keep(store, examined.contract, before, examined)
        return examined.contract, before, examined


def pinned(project: Project, pipeline: PipelineSpec, step: StepSpec, column: str, said: dict[str, str]) -> Contract:
    """Set or take back what a person says of a column; a contract is made of the files where there is none yet."""
    store = store_of(project, pipeline, step)
    before = contracts.find(store)
    if before is None:
        before, _, _ = accept(project, pipeline, step)
    after = pin(before, column, said)
    _keep(store, after, before, None)
    return after


def _keep(store: DesignStore, after: Contract, before: Contract | None, examined: Examined | None) -> None:
    try:
        written = contracts.keep(store, after, before, examined.changes if examined else (), BY_PERSON)
    except contracts.MovedError:
        raise ConfigError("The contract was changed in between.", hint="Look at it, and try again.") from None
    if not written:
        raise ConfigError("The designs folder is read-only.", hint="Run this where it can be written.",
                          file=str(store.folder))  # fmt: skip


def _earlier(project: Project, pipeline: PipelineSpec, step: StepSpec) -> str | None:
    """Rows of the current version, of all its partitions."""
    store = DatasetStore(project.datasets)
    versions = [store.current(pipeline.slug, step.key, key) for key in
                [None, *store.partitions(pipeline.slug, step.key)]]  # fmt: skip
    parts = [part for version in versions if version for part in version.parts]
    if not parts:
        return None
    return f"SELECT * FROM read_parquet([{', '.join(literal(str(part)) for part in parts)}], union_by_name = true)"
