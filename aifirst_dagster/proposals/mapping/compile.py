"""A mapping as one SELECT: the repairs inside, around them the fields with their casts."""

from __future__ import annotations

from collections.abc import Sequence

from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.mapping.answer import MappedField
from aifirst_dagster.repair.compile import DUPLICATE_OF, REASONS, select
from aifirst_dagster.repair.expressions import physical as repaired_type
from aifirst_dagster.repair.plan import RepairPlan

#: The name of the relation that a design's SQL reads.
INPUT = "input"

_PHYSICAL = {
    "integer": "BIGINT", "year": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
    "datetime": "TIMESTAMP", "time": "TIME",
}  # fmt: skip

#: (held, asked for): a wider type of the same kind stays as it is, nothing is cut off.
_WIDER = {("HUGEINT", "BIGINT"), ("TIMESTAMPTZ", "TIMESTAMP"), ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP")}


def compiled(plan: RepairPlan, fields: Sequence[MappedField], relation: str = INPUT) -> str:
    """The whole transformation over `relation`."""
    inner = select(plan, relation)
    if not fields:
        return inner
    # Not indented: a line break may stand inside a quoted name or text.
    return f"WITH repaired AS (\n{inner}\n)\n{outer(plan, fields, 'repaired')}"


def outer(plan: RepairPlan, fields: Sequence[MappedField], relation: str) -> str:
    """The fields over `relation`, which holds the repaired rows.

    A cell that cannot be cast is a reason to set the row aside (or empty, as the plan says); `_raw` keeps its text.
    """
    columns = {column.name: column for column in plan.columns}
    values = [value(field, columns) for field in fields]
    lines = [f"{made} AS {ident(field.name)}" for field, (made, _) in zip(fields, values, strict=True)]
    failing = [
        (field, base, fails) for field, (base, fails) in zip(fields, _bases(fields, columns), strict=True) if fails
    ]
    lines += [
        SOURCE,
        LINE,
        f"{_raw(fields, failing)} AS {RAW}",
        f"{_reasons(plan, failing)} AS {REASONS}",
        DUPLICATE_OF,
    ]
    listed = ",\n    ".join(lines)
    return f"SELECT\n    {listed}\nFROM {relation}"


def value(field: MappedField, columns: dict[str, Column]) -> tuple[str, str]:
    """(SQL of the field's value, SQL of what it is cast from)."""
    target = physical(field.type)
    if not field.sources:
        return f"NULL::{target}", "NULL"
    if field.expression:
        base = f"({field.expression})"
        if field.type == "any":
            return base, base
        return (f"CAST({base} AS VARCHAR)" if target == "VARCHAR" else f"TRY_CAST({base} AS {target})"), base
    column = columns[field.sources[0]]
    base, held = ident(column.name), repaired_type(column)
    if (
        held == target
        or field.type == "any"
        or (target == "VARCHAR" and field.type != "string")
        or (held, target) in _WIDER
    ):
        return base, base
    if target == "VARCHAR":
        return f"CAST({base} AS VARCHAR)", base
    if target == "BIGINT" and held.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return f"CASE WHEN {base} = round({base}) THEN TRY_CAST({base} AS {target}) END", base
    if held == "VARCHAR":
        read = Column(
            name=field.name, source_name=column.name, type=field.type, format=field.format, physical_type=target
        )
        plain = casts.typed(read, base)
        if field.type == "integer":
            # The target says that these digits are a number, so zeros in front are no reason to refuse them.
            plain = f"coalesce({plain}, {casts.typed(read.model_copy(update={'number_style': 'padded'}), base)})"
        return plain, base
    return f"TRY_CAST({base} AS {target})", base


def physical(type_: str) -> str:
    """The DuckDB type of a field."""
    return _PHYSICAL.get(type_, "VARCHAR")


def _bases(fields: Sequence[MappedField], columns: dict[str, Column]) -> list[tuple[str, str]]:
    """(what is cast, when the cast fails; "" where it cannot) of each field."""
    found = []
    for field in fields:
        made, base = value(field, columns)
        can_fail = made != base and base != "NULL" and not made.startswith("CAST(")
        found.append((base, f"{base} IS NOT NULL AND {made} IS NULL" if can_fail else ""))
    return found


def _raw(fields: Sequence[MappedField], failing: list[tuple[MappedField, str, str]]) -> str:
    """The file's texts under the fields' names; a field of several sources has none of its own."""
    failed = {field.name: (base, fails) for field, base, fails in failing}
    entries = []
    for field in fields:
        texts = [f"{RAW}[{literal(field.sources[0])}]"] if len(field.sources) == 1 else []
        if field.name in failed:
            base, fails = failed[field.name]
            texts.append(f"CASE WHEN {fails} THEN CAST({base} AS VARCHAR) END")
        if texts:
            text = texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
            entries.append(f"{{'k': {literal(field.name)}, 'v': {text}}}")
    if not entries:
        return "NULL::MAP(VARCHAR, VARCHAR)"
    made = f"map_from_entries(list_filter([{', '.join(entries)}], lambda _e_: _e_.v IS NOT NULL))"
    either = " OR ".join([f"{RAW} IS NOT NULL", *(f"({fails})" for *_, fails in failing)])
    return f"CASE WHEN {either} THEN nullif({made}, MAP {{}}) END"


def _reasons(plan: RepairPlan, failing: list[tuple[MappedField, str, str]]) -> str:
    """Why a row is set aside: the repairs' reasons, then casts that failed."""
    if plan.on_unparseable == "null" or not failing:
        return REASONS
    said = ", ".join(f"CASE WHEN {fails} THEN {literal(reason(field))} END" for field, _, fails in failing)
    either = " OR ".join(f"({fails})" for *_, fails in failing)
    every = f"list_filter(list_concat(coalesce({REASONS}, []), [{said}]), lambda _r_: _r_ IS NOT NULL)"
    return f"CASE WHEN {either} THEN {every} ELSE {REASONS} END"


def reason(field: MappedField) -> str:
    """Why a row is set aside whose cell does not fit the field's type."""
    return f"{field.name}: cannot be read as {field.type}"
