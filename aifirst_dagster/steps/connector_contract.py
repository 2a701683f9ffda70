"""A connector under a schema contract: its rows taken as the contract says, what does not keep it by its modes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets import quarantine
from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, literal
from aifirst_dagster.errors import ConfigError, ServiceError
from aifirst_dagster.inference import casts, infer
from aifirst_dagster.inference.contract import examine, fit, place, view
from aifirst_dagster.inference.contract.changes import Change
from aifirst_dagster.inference.contract.contract import Contract
from aifirst_dagster.inference.contract.modes import Mode, Modes
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import contracts

if TYPE_CHECKING:
    from aifirst_dagster.connectors.base import ReadTable
    from aifirst_dagster.proposals.outcome import Outcome
    from aifirst_dagster.steps.run import StepRun

Design = Callable[[str, list[str], dict[str, str]], "Outcome[list[Column]]"]
"""Relation, its columns and their native types -> what they are, from a design or proposed now."""


@dataclass(frozen=True)
class Settled:
    """How a connector's rows are typed and which are set aside.

    Attributes:
        relation: Read by `typed`; also where no contract is in force.
        columns: The dataset's columns.
        extra: Columns of the typed SELECT that are not the dataset's.
        contract: For the manifest; empty where no contract is in force.
        files: Each source that must be read again once the contract has changed.
    """

    relation: str
    columns: list[Column]
    outcome: Outcome[list[Column]]
    extra: list[Column] = field(default_factory=list)
    contract: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def rows(self, window: str) -> str:
        """SQL: the typed rows of the dataset."""
        names = {column.name for column in self.extra}
        if not names:
            typed = casts.select(self.columns, self.relation)
            return f"SELECT * FROM ({typed}) WHERE {window}" if window else typed
        kept = f"{view.WHY} IS NULL" if view.WHY in names else "TRUE"
        left_out = f"SELECT * EXCLUDE ({', '.join(sorted(names))})"
        if view.ORIGINAL in names:
            both = (
                f"CASE WHEN {view.ORIGINAL} IS NULL THEN {RAW} WHEN {RAW} IS NULL THEN {view.ORIGINAL} "
                f"ELSE map_concat({RAW}, {view.ORIGINAL}) END"
            )
            left_out += f" REPLACE ({both} AS {RAW})"
        return f"{left_out} FROM ({self._typed}) WHERE {kept}" + (f" AND {window}" if window else "")

    def aside(self, window: str) -> str:
        """SQL: the rows that the contract sets aside, in quarantine's shape; "" for none."""
        if all(column.name != view.WHY for column in self.extra):
            return ""
        return (
            f"SELECT {quarantine.row_id(view.VALUES)} AS id, {SOURCE}::VARCHAR AS {SOURCE}, {LINE}::BIGINT AS {LINE}, "
            f'NULL::BIGINT AS "row", {view.WHY} AS reason, {view.VALUES} AS "values" FROM ({self._typed}) '
            f"WHERE {view.WHY} IS NOT NULL" + (f" AND {window}" if window else "")
        )

    @property
    def _typed(self) -> str:
        return casts.select([*self.columns, *self.extra], self.relation)


def contract_of(step: StepRun, wanted: Mode | Modes | None) -> tuple[Contract | None, bool]:
    """The step's contract, if there is one yet, and whether one is in force: asked for, or pinned by a person."""
    contract = contracts.find(step.designs)
    return contract, wanted is not None or contract is not None


def again(step: StepRun, contract: Contract | None) -> list[str]:
    """Files that were not taken whole under an earlier version of the contract."""
    before = (step.previous.manifest.details.get("contract") or {}) if step.previous else {}
    if contract is None or not before or before.get("version") == contract.version:
        return []
    files = before.get("files") or []
    # A file of an archive is named behind the archive's own path, which is what the ledger of files knows.
    return list(dict.fromkeys([*files, *(file.partition("#")[0] for file in files)]))


def settle(
    step: StepRun, table: ReadTable, wanted: Mode | Modes | None, types: dict[str, Any], design: Design
) -> Settled:
    """Type the rows of `table`, under a contract where one is in force.

    Args:
        wanted: The configuration's `contract`.
        types: Its `types`: a person's word, as pins are.
        design: Describes columns.

    Raises:
        ContractError: The files do not keep a contract that is frozen.
        ConfigError: A pin and `types` contradict each other.
    """
    contract, in_force = contract_of(step, wanted)
    if not in_force:
        outcome = design(table.relation, table.columns, table.native)
        return Settled(table.relation, outcome.answer, outcome)
    modes = Modes.of(wanted)
    for _ in range(5):
        try:
            if contract is None:
                return _first(step, table, modes, design)
            _agree(contract, types, step)
            return _settle(step, table, contract, modes, types, design)
        except contracts.MovedError:  # another partition changed it: look at what it is now
            contract = contracts.find(step.designs)
    raise ServiceError("The schema contract keeps changing.", hint="Run the step again.")


def _first(step: StepRun, table: ReadTable, modes: Modes, design: Design) -> Settled:
    """No contract yet: it is what the files hold."""
    outcome = design(table.relation, table.columns, table.native)
    lacked = {name for layout in table.layouts for name in table.columns if name not in layout.columns}
    contract = Contract.of(outcome.answer, lacked, described=_worded(outcome))
    written = contracts.keep(step.designs, contract, None)
    told = _told(contract, modes, [], written, step)
    notes = [f"schema contract: version 1, {len(contract.fields)} columns" + ("" if written else "; not written")]
    return Settled(table.relation, outcome.answer, outcome, contract=told, notes=notes)


def _settle(
    step: StepRun, table: ReadTable, contract: Contract, modes: Modes, types: dict[str, Any], design: Design
) -> Settled:
    con = step.con
    fits = fit.by_position(con, table.relation, table.native, contract)
    placed = place.place(contract, table.layouts, fits)
    base = view.base(con, table.relation, table.native, contract, placed)
    admitted = _admitted(placed, base, modes)
    names = [name for name in base.names if name not in base.new or name in admitted]
    outcome = design(base.relation, names, {name: kind for name, kind in base.native.items() if name in names})
    left = [name for name in base.new if name not in admitted]
    native = {name: kind for name, kind in base.native.items() if name in left}
    others = infer.verify(con, base.relation, infer.propose(con, base.relation, left, native)) if left else []
    examined = examine.examine(
        examine.Case(
            con, contract, modes, placed, base, [*outcome.answer, *others],
            by_person=_by_person(contract, types, outcome), by_model=_worded(outcome),
            earlier=_earlier(step),
        )
    )  # fmt: skip
    if examined.frozen:
        examine.refuse(examined, contract, f"aifirst schema accept {step.pipeline} {step.step}")
    new, written = examined.contract, True
    if new.version != contract.version:
        written = contracts.keep(step.designs, new, contract, examined.changes)
    relation, columns = view.taken(con, base, examined.plan)
    count = len(examined.plan.columns)
    return Settled(
        relation,
        _as_stored(columns[:count], outcome.answer),
        outcome,
        columns[count:],
        _told(new, modes, examined.changes, written, step, contract),
        [f"schema contract: {change.words}: {change.done}" for change in examined.changes],
    )


def _admitted(placed: place.Placed, base: view.Base, modes: Modes) -> set[str]:
    """New columns that become columns of the dataset."""
    aside = set(placed.strangers) if modes.tables != "evolve" else set()
    return {
        name
        for name, (column, files) in zip(base.new, placed.new.items(), strict=True)
        if set(files) - aside and modes.column(name, column) == "evolve"
    }


def _as_stored(columns: list[Column], designed: list[Column]) -> list[Column]:
    """The columns with today's evidence, as far as the design counted it for the same reading."""
    seen = {column.source_name: column for column in designed}
    stored = []
    for column in columns:
        other = seen.get(column.source_name)
        if other is not None and casts.parsed(other, "x") == casts.parsed(column, "x"):
            counted = {name: getattr(other, name) for name in ("evidence", "nullable", "unique", "values")}
            column = column.model_copy(update=counted)
        elif other is not None:
            column = column.model_copy(update={"nullable": True})
        if other is not None and not column.description:
            column = column.model_copy(update={"description": other.description})
        stored.append(column)
    return stored


def _worded(outcome: Outcome[list[Column]]) -> bool:
    """Whether somebody else than our own engine described the columns."""
    return outcome.model is not None or outcome.status == "pinned"


def _by_person(contract: Contract, types: dict[str, Any], outcome: Outcome[list[Column]]) -> set[str]:
    """Columns that a person described in the design file, or typed in the pipeline."""
    if outcome.status == "pinned":
        return {column.source_name for column in outcome.answer}
    return {found.column.source_name for name in types if (found := contract.find(name)) is not None}


def _agree(contract: Contract, types: dict[str, Any], step: StepRun) -> None:
    for name, type_ in types.items():
        one = contract.find(name)
        if one is not None and one.pinned("type") and one.column.type != type_:
            raise ConfigError(
                f"`types` says {name!r} is {type_}, but {one.column.type} is pinned in the schema contract.",
                hint=f"Take one back: edit `types`, or `aifirst schema pin {step.pipeline} {name} type=`.",
                file=str(step.designs.folder / contracts.FILE),
            )


def _earlier(step: StepRun) -> str | None:
    """Rows of the version before, for what looks like a rename."""
    if step.previous is None or not step.previous.parts:
        return None
    parts = ", ".join(literal(str(part)) for part in step.previous.parts)
    return f"SELECT * FROM read_parquet([{parts}], union_by_name = true)"


def _told(
    contract: Contract,
    modes: Modes,
    changes: list[Change],
    written: bool,
    step: StepRun,
    before: Contract | None = None,
) -> dict[str, Any]:
    """The contract, for the manifest."""
    told = sorted({file for change in changes if change.kind not in ("order", "no_header") for file in change.files})
    return {
        "version": contract.version,
        "before": before.version if before else None,
        "mode": modes.words,
        "file": str(step.designs.folder / contracts.FILE),
        "written": written or step.designs.preview,
        "changes": [change.model_dump(mode="json") for change in changes],
        "files": told,
        "pins": {one.name: one.pins for one in contract.fields if one.pins},
    }
