"""Files compared with a contract without loading them: what `aifirst schema diff` and the drift sensor see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.inference import infer
from aifirst_dagster.inference.contract import fit, place, view
from aifirst_dagster.inference.contract.contract import Contract
from aifirst_dagster.inference.contract.examine import Case, Examined, examine
from aifirst_dagster.inference.contract.modes import Modes
from aifirst_dagster.inference.contract.place import Layout
from aifirst_dagster.inference.contract.view import Base

if TYPE_CHECKING:
    import duckdb


def look(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    native: Mapping[str, str],
    layouts: Sequence[Layout],
    contract: Contract,
    modes: Modes,
    earlier: str | None = None,
) -> tuple[Examined, Base]:
    """Examine what was read, with inference's word on new columns.

    Args:
        relation: As `connectors.read` gives it, with `native` and `layouts`.
        earlier: SQL of typed rows loaded before, for what looks like a rename.
    """
    placed = place.place(contract, layouts, fit.by_position(con, relation, native, contract))
    base = view.base(con, relation, native, contract, placed)
    kinds = {name: kind for name, kind in base.native.items() if name in base.new}
    new = infer.verify(con, base.relation, infer.propose(con, base.relation, base.new, kinds)) if base.new else []
    return examine(Case(con, contract, modes, placed, base, new, earlier=earlier)), base


def with_renames(contract: Contract, examined: Examined) -> Contract:
    """The contract where what looks like a rename is one: the field answers to the new name too."""
    for rename in examined.renames:
        one = contract.field(rename.old)
        names = list(dict.fromkeys([*one.source_names, rename.new]))
        contract = contract.replaced(one, one.model_copy(update={"source_names": names}))
    return contract
