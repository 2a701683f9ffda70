"""What files hold against a contract: every difference, what each mode makes of it, and the contract as it would be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from aifirst_dagster.inference.contract import columns as columning
from aifirst_dagster.inference.contract import types as typing_
from aifirst_dagster.inference.contract.changes import Change, ContractError
from aifirst_dagster.inference.contract.contract import Contract, ContractField, field_of
from aifirst_dagster.inference.contract.modes import Modes
from aifirst_dagster.inference.contract.place import Placed
from aifirst_dagster.inference.contract.renames import Rename
from aifirst_dagster.inference.contract.view import Base, Plan
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb


@dataclass
class Examined:
    """The outcome of an examination.

    Attributes:
        changes: Every difference, the breaking ones first.
        contract: The contract as it would be: the same where nothing is allowed to change, or nothing did.
        plan: How the rows are taken.
        renames: New columns that look like missing ones.
    """

    changes: list[Change]
    contract: Contract
    plan: Plan
    renames: list[Rename] = field(default_factory=list)

    @property
    def frozen(self) -> list[Change]:
        """The changes that a frozen contract does not allow."""
        return [change for change in self.changes if change.mode == "freeze"]

    @property
    def breaking(self) -> bool:
        """Whether what reads the dataset must be looked at."""
        return any(change.breaking for change in self.changes)


@dataclass(frozen=True)
class Case:
    """What is examined.

    Attributes:
        placed: The files' columns in their places.
        base: The view of all rows.
        proposed: What inference (or a design) says of the base's columns, counted on its rows; has every new one.
        by_person: Names in the base of columns that a person described outside of the contract (in `proposed`).
        by_model: A model proposed: what it documents is taken where the contract says nothing better.
        earlier: SQL of typed rows loaded before, under the contract's names.
    """

    con: duckdb.DuckDBPyConnection
    contract: Contract
    modes: Modes
    placed: Placed
    base: Base
    proposed: Sequence[Column]
    by_person: Collection[str] = ()
    by_model: bool = False
    earlier: str | None = None


def examine(case: Case) -> Examined:
    """Compare, and decide by the modes."""
    contract, modes, placed = case.contract, case.modes, case.placed
    outside, changes = columning.strangers(placed, modes)
    fields = list(_described(contract, case))
    columns, more, renames = columning.differences(
        case.con, contract, modes, placed, case.base, case.proposed, case.earlier, outside
    )
    changes += more + columning.notes(placed)
    judged = typing_.judge(case.con, case.base, fields, modes, outside, {one.source_name: one for one in case.proposed})
    changes += judged.changes
    plan = Plan(
        columns=[one.column for one in judged.fields] + [one for one in columns.added],
        outside=outside,
        styles=judged.styles,
        void=judged.void,
        reasons=columns.reasons + judged.reasons,
        dropped=columns.dropped,
    )
    lacking = {change.column for change in more if change.kind == "missing_column" and change.mode == "evolve"}
    grown = [one.model_copy(update={"optional": True}) if one.name in lacking else one for one in judged.fields]
    # Rows loaded before lack a new column too, whichever files are read now.
    grown += [field_of(one, optional=True, described=case.by_model) for one in columns.added]
    new = contract.model_copy(update={"fields": grown})
    if new.model_dump(exclude={"fields": {"__all__": {"column": _COUNTED}}}) != contract.model_dump(
        exclude={"fields": {"__all__": {"column": _COUNTED}}}
    ):
        new = new.model_copy(update={"version": contract.version + 1})
    changes.sort(key=lambda change: (not change.breaking, change.kind in ("order", "no_header")))
    return Examined(changes, new, plan, renames)


#: Counted anew with every load: no part of the schema.
_COUNTED = {"evidence", "confidence", "nullable", "native", "unique", "values"}


def refuse(examined: Examined, contract: Contract, accept: str) -> NoReturn:
    """Raise what a frozen contract does not allow.

    Args:
        accept: The command that takes the files' schema.
    """
    frozen = examined.frozen
    first = frozen[0]
    lines = "".join(f"\n  - {change.words}" for change in frozen[:12])
    rest = f"\n  - and {len(frozen) - 12} more" if len(frozen) > 12 else ""
    raise ContractError(
        f"The files do not keep the schema contract (version {contract.version}, frozen):{lines}{rest}\n",
        frozen,
        hint=f"Mend the files; or take what they hold: `{accept}`; `aifirst schema diff` shows all of it.",
        file=first.files[0] if first.files else None,
    )


def _described(contract: Contract, case: Case) -> list[ContractField]:
    """The fields, with what a person said of them outside of the contract."""
    said = {one.source_name: one for one in case.proposed}
    described = []
    for one in contract.fields:
        other = said.get(one.column.source_name)
        if other is not None and other.source_name in case.by_person:
            one = adopted(one, other)
        elif other is not None and case.by_model and case.modes.column(*one.names) == "evolve":
            one = _documented(one, other)
        described.append(one)
    return described


def _documented(one: ContractField, other: Column) -> ContractField:
    """A field with a model's words, but for what is pinned."""
    update = {name: getattr(other, name) for name in ("description", "unit", "semantic_type")}
    taken = {name: value for name, value in update.items() if value and not one.pinned(name)}
    return one.model_copy(update={"column": one.column.model_copy(update=taken)})


def adopted(one: ContractField, other: Column) -> ContractField:
    """A field with another description of its column, but for what is pinned."""
    reading = {"type", "format", "physical_type", "number_style", "formats_seen", "units_seen", "null_tokens", "values"}
    if one.pinned("type") or one.pinned("format") or one.pinned("number_style"):
        reading = set()
    wanted = (reading | {"description", "unit", "semantic_type", "pattern"}) - set(one.pins)
    update = {name: getattr(other, name) for name in wanted}
    return one.model_copy(update={"column": one.column.model_copy(update=update)})
