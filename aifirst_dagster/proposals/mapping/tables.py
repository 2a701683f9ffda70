"""`mapping.tables`: one file's columns onto another file's, or onto a Table Schema: what `aifirst map` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference import infer
from aifirst_dagster.inference.matching.assign import LEAST
from aifirst_dagster.inference.matching.facts import Facts, gather
from aifirst_dagster.inference.matching.match import Matching
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.fingerprint import OFFLINE
from aifirst_dagster.proposals.mapping import match
from aifirst_dagster.proposals.mapping import target as targets
from aifirst_dagster.proposals.mapping.answer import MappingDesign
from aifirst_dagster.proposals.mapping.target import TargetField
from aifirst_dagster.proposals.mapping.task import MappingTask
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.runner import run
from aifirst_dagster.repair.plan import RepairPlan

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable
    from aifirst_dagster.proposals.task import Asked

#: Values of a target column that its type is told from.
TOLD_BY = 100


@dataclass(frozen=True)
class Target:
    """What a source is mapped onto: fields, and what is known of their values."""

    fields: list[TargetField]
    facts: list[Facts]


def is_schema(path: str) -> bool:
    """Whether a file is a Table Schema rather than data: JSON or YAML with `fields: [...]`."""
    suffix = Path(path).suffix.lower()
    if suffix in (".yaml", ".yml"):
        return True
    if suffix != ".json":
        return False
    try:
        targets.load(path)
    except ConfigError:
        return False
    return True


def of_schema(path: str) -> Target:
    """The fields of a Table Schema.

    Raises:
        ConfigError: It is none.
    """
    fields = targets.load(path) or []
    return Target(fields, [field.facts() for field in fields])


def of_table(con: duckdb.DuckDBPyConnection, table: ReadTable) -> Target:
    """The columns of a data file, typed by a few of their values: a wide target is read in a second."""
    plain = [
        Column(
            name=name, source_name=name, type=infer.field_type(table.native[name]) if name in table.native else "any",
            native=name in table.native,
        )
        for name in table.columns
    ]  # fmt: skip
    facts = gather(con, ident(table.relation), plain)
    typed = _typed(con, [one for one in facts if one.values and not one.column.native])
    for one, written in zip(facts, table.source_names, strict=True):
        one.column = typed.get(one.name, one.column)
        one.title = written if written.strip() and written != one.name else ""
    fields = [TargetField(name=one.name, type=one.column.type, format=one.column.format) for one in facts]
    return Target(fields, facts)


def _typed(con: duckdb.DuckDBPyConnection, facts: Sequence[Facts]) -> dict[str, Column]:
    """What inference says of columns, from a table that holds a few values of each side by side."""
    if not facts:
        return {}
    listed = ", ".join(f"unnest($v{at}::VARCHAR[]) AS {ident(one.name)}" for at, one in enumerate(facts))
    values = {f"v{at}": list(one.values)[:TOLD_BY] for at, one in enumerate(facts)}
    con.execute(f"CREATE OR REPLACE TEMP TABLE aifirst_target_values AS SELECT {listed}", values)
    try:
        found = infer.propose(con, "aifirst_target_values", [one.name for one in facts], {})
    finally:
        con.execute("DROP TABLE aifirst_target_values")
    return {column.source_name: column.model_copy(update={"name": column.source_name}) for column in found}


def map_onto(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], target: Target, least: float = LEAST,
    candidates: int = 3, llm: Asked | None = None, wish: Wish = Wish(),
) -> tuple[Outcome[MappingDesign], Matching]:  # fmt: skip
    """Map `relation` onto `target`, with the help of a model where there is one.

    Args:
        con: The session.
        relation: The source's rows, typed, with the hidden columns (`statement.readable`).
        columns: Its columns.
        target: What onto.
        least: What scores less is no match.
        candidates: Nearest columns to tell for each.
        llm: Whom to ask; None: nobody.
        wish: How it is asked.

    Returns:
        What came out, and what the engine found by itself, leftovers and candidates included.
    """
    if not target.fields or not columns:
        return _nothing(columns, target)
    task = MappingTask(
        con, relation, columns, target.fields, samples=wish.shows(llm), facts=target.facts, repair=False, least=least,
        candidates=candidates,
    )  # fmt: skip
    inputs = {column.name: f"{column.physical_type} {column.type}" for column in columns}
    config = {"target": [field.said() for field in target.fields]}
    ask = asking.ask(inputs, config, wish, task=task.name, output=task.proposal, llm=llm, store=None)
    outcome = run(task, ask, None)
    matching = task.matching
    assert matching is not None
    return outcome, matching


def _nothing(columns: Sequence[Column], target: Target) -> tuple[Outcome[MappingDesign], Matching]:
    """What becomes of a side without columns."""
    from aifirst_dagster.llm.types import Usage

    found = Matching([], {one.name: [] for one in columns}, {one.name: [] for one in target.fields})
    plan = RepairPlan(columns=list(columns), deduplicate=False)
    design = MappingDesign(plan, match.fields(found, target.fields), "")
    return Outcome(design, None, "", "", "accepted", OFFLINE, None, False, Usage.none()), found
