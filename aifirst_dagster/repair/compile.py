"""A repair plan as one SELECT: deterministic, readable, of plain SQL, so that it can be reviewed, stored and pinned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aifirst_dagster.datasets.session import LINE, RAW, SOURCE, ident, literal
from aifirst_dagster.repair import duplicates, late, lookups, realign, similar
from aifirst_dagster.repair.file_texts import file_texts
from aifirst_dagster.repair.lanes import Lane, build
from aifirst_dagster.repair.plan import RepairPlan

EMPTY_ROW = "empty row"
REASONS, DUPLICATE_OF = "_reasons", "_duplicate_of"
UNREAD = ident("#unread")


@dataclass
class Compiled:
    """The SELECT of a plan, and what its parts are called.

    Attributes:
        sql: The whole statement; where traced, with a BOOLEAN column per action that changes cells.
        flags: Action's place in the plan -> that column.
        reasons: Each text that `_reasons` may hold -> the column it is about (None: the row).
        columns: The output's user columns, in order.
        key: The one of them that tells rows apart, if one does.
    """

    sql: str
    flags: dict[int, str] = field(default_factory=dict)
    reasons: dict[str, str | None] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    key: str | None = None


def select(plan: RepairPlan, relation: str) -> str:
    """The plan as one SELECT over `relation`.

    Gives the output columns, `_source`, `_source_line`, `_raw` (the file's text of each cell that now says something
    else), `_reasons` (NULL where the row passes) and `_duplicate_of` (the `_source_line` of the row that is kept).
    """
    return compiled(plan, relation).sql


def compiled(plan: RepairPlan, relation: str, traced: bool = False, types: Mapping[str, str] | None = None) -> Compiled:
    """As `select`, with the names of its parts.

    `traced` adds a column per action that says where it changed a cell, and leaves the search for duplicates to
    `duplicates.mark`: a table that is in memory is searched in a third of the time. With `types`, of `lookups.texts`,
    nothing is joined, and the rows come in the relation's order.
    """
    lanes = [
        build(plan, column, alone=types is not None and plan.input_name(column.name) not in types)
        for column in plan.columns if column.name not in plan.companions
    ]  # fmt: skip
    out = Compiled("", columns=[column.name for column in plan.columns], key=next(iter(_keys(plan)), None))
    if traced:
        _flagged(lanes)
    tables: list[tuple[str, str]] = []
    if realigning := realign.wanted(plan):
        tables, relation = realign.stages(realigning, relation)
    more, last = _stages(lanes, relation, types)
    tables += more
    last = late.stages(plan, lanes, tables, last)
    tables.append(("#judged", f"SELECT *,\n    {_unread(plan, lanes, out)} AS {UNREAD}\nFROM {last}"))
    last = ident("#judged")
    fields = [
        *_outputs(plan, lanes),
        SOURCE,
        LINE,
        f"{file_texts(lanes)} AS {RAW}",
        f"{_reasons(plan, lanes, out)} AS {REASONS}",
    ]
    if traced:
        for lane in lanes:
            for at, changed in lane.flags.items():
                out.flags[at] = f"#{at}"
                fields.append(f"coalesce({changed}, FALSE) AS {ident(f'#{at}')}")
        if realigning:
            at = plan.actions.index(realigning)
            out.flags[at] = f"#{at}"
            fields.append(f"{realign.REALIGNED} AS {ident(f'#{at}')}")
    head = _head(plan, lanes)
    same = similar.kept(plan, [lane.source for lane in lanes])
    if same:
        fields.append(f"CASE WHEN {REASONS} IS NULL THEN {same} END AS {similar.KEPT}")
        merging = [at for at, action in enumerate(plan.actions) if action.action == "merge_similar_rows"][:1]
        for at in merging if traced else []:
            out.flags[at] = f"#{at}"
            fields.append(f"{similar.KEPT} IS NOT NULL AS {ident(f'#{at}')}")
    if plan.deduplicate:
        # Over what comes out: within a SELECT a name means the column that goes in.
        fields.append(f"{duplicates.key(_telling(plan, lanes))} AS {duplicates.KEY}")
    if plan.deduplicate and not traced:
        tables.append((duplicates.REPAIRED, f"SELECT\n    {_lines(fields)}\nFROM {last}"))
        tables.extend(duplicates.tables(out.columns, ident(duplicates.REPAIRED)))
        body = duplicates.final(out.columns, [SOURCE, LINE, RAW, REASONS], similar.KEPT if same else "")
    else:
        twin = f"{similar.KEPT if same else 'NULL::BIGINT'} AS {DUPLICATE_OF}"
        body = f"SELECT\n    {_lines([*fields, twin])}\nFROM {last}"
    with_ = ",\n".join(f"{ident(name)} AS (\n{_indent(sql)}\n)" for name, sql in tables)
    out.sql = f"{head}\n" + (f"WITH\n{with_}\n" if tables else "") + body
    return out


def _flagged(lanes: list[Lane]) -> None:
    """What an action changed in a text is asked once for each text, where the text is read so."""
    for lane in lanes:
        if lane.shared:
            for at in lane.by_text:
                name = ident(f"#{lane.source} {at} changed")
                lane.stages.append((name, lane.flags[at]))
                lane.flags[at] = name


def _head(plan: RepairPlan, lanes: list[Lane]) -> str:
    """Comments: what is done to which column, and why."""
    lines = [
        f"-- Repairs {sum(bool(lane.flags) for lane in lanes)} of {len(plan.columns)} columns; the others pass through."
    ]
    for action in plan.actions:
        if action.kind != "finding":
            where = f"{action.column}: " if action.column is not None else ""
            lines.append("-- " + " ".join(f"{where}{action.action}: {action.reason}".split()))
    lines.append(f"-- A cell that cannot be read: {plan.on_unparseable}.")
    return "\n".join(lines)


def _stages(
    lanes: list[Lane], relation: str, types: Mapping[str, str] | None
) -> tuple[list[tuple[str, str]], str]:  # fmt: skip
    """Common table expressions of all lanes, and the name of the last one."""
    shared = [lane for lane in lanes if lane.shared]
    tables = lookups.stages(shared, relation, types) if types else _joined(shared, relation)
    current = ident(tables[-1][0]) if tables else relation
    level = 0
    while steps := [lane.stages[level] for lane in lanes if not lane.shared and level < len(lane.stages)]:
        level += 1
        added = _lines([f"{sql} AS {stage}" for stage, sql in steps])
        tables.append((f"#step {level}", f"SELECT *,\n    {added}\nFROM {current}"))
        current = ident(f"#step {level}")
    return tables, current


def _joined(lanes: list[Lane], relation: str) -> list[tuple[str, str]]:
    """Common table expressions: `#read` is the relation with what each lane makes of its column's texts."""
    tables: list[tuple[str, str]] = []
    joins = []
    for lane in lanes:
        text = f"CAST({ident(lane.source)} AS VARCHAR)"
        name = f"#{lane.source} texts"
        step = f"SELECT DISTINCT {text} AS {lane.original} FROM {relation} WHERE {ident(lane.source)} IS NOT NULL"
        tables.append((name, step))
        for number, (stage, sql) in enumerate(lane.stages, 1):
            before, name = name, f"#{lane.source} {number}"
            tables.append((name, f"SELECT *, {sql} AS {stage}\nFROM {ident(before)}"))
        joins.append(f"LEFT JOIN {ident(name)} ON {text} = {ident(name)}.{lane.original}")
    if joins:
        tables.append(("#read", "SELECT *\nFROM " + relation + "\n" + "\n".join(joins)))
    return tables


def _values(plan: RepairPlan, lanes: list[Lane]) -> list[str]:
    """SQL identifiers of what comes out, in the plan's order."""
    values = {lane.column.name: lane.value for lane in lanes}
    values |= {name: value for lane in lanes for name, value in lane.companions.items()}
    return [values[column.name] for column in plan.columns]


def _telling(plan: RepairPlan, lanes: list[Lane]) -> list[str]:
    """What rows are compared by first: a column in which hardly a value repeats, else all of them."""
    values = dict(zip((column.name for column in plan.columns), _values(plan, lanes), strict=True))
    return [values[name] for name in _keys(plan)[:1]] or list(values.values())


def _keys(plan: RepairPlan) -> list[str]:
    return [column.name for column in plan.columns if column.unique and not column.nullable]


def _outputs(plan: RepairPlan, lanes: list[Lane]) -> list[str]:
    """The user columns, in the plan's order."""
    names = [ident(column.name) for column in plan.columns]
    return [
        value if value == name else f"{value} AS {name}"
        for value, name in zip(_values(plan, lanes), names, strict=True)
    ]


def _unread(plan: RepairPlan, lanes: list[Lane], out: Compiled) -> str:
    """SQL: the list of a row's cells that could not be read, as reasons; NULL where there is none."""
    pairs = []
    if plan.on_unparseable == "quarantine":
        pairs = [(lane.failed, lane.reason, lane.typed) for lane in lanes if lane.failed]
        out.reasons |= {lane.reason: lane.column.name for lane in lanes if lane.failed}
    for lane in lanes:
        pairs += [(condition, reason, False) for condition, reason in lane.aside]
        out.reasons |= {reason: lane.column.name for _, reason in lane.aside}
    if not pairs:
        return "NULL::VARCHAR[]"
    # One cheap look for most rows: cells of typed columns can only have failed where `_raw` holds a text.
    some = [*([f"{RAW} IS NOT NULL"] if any(typed for *_, typed in pairs) else []),
            *(condition for condition, _, typed in pairs if not typed)]  # fmt: skip
    items = ",\n            ".join(
        f"CASE WHEN {condition} THEN {literal(reason)} END" for condition, reason, _ in pairs
    )
    listed = f"nullif(list_filter([\n            {items}\n        ], lambda _reason_: _reason_ IS NOT NULL), [])"
    return f"CASE WHEN {' OR '.join(some)} THEN {listed} END"


def _reasons(plan: RepairPlan, lanes: list[Lane], out: Compiled) -> str:
    """SQL: why a row is set aside, or NULL."""
    if not lanes or not any(action.action == "quarantine_empty_rows" for action in plan.actions):
        return UNREAD
    out.reasons[EMPTY_ROW] = None
    blank = " AND ".join(f"{lane.value} IS NULL" for lane in lanes)
    return f"CASE WHEN {UNREAD} IS NOT NULL THEN {UNREAD} WHEN {blank} THEN [{literal(EMPTY_ROW)}] END"


def _lines(fields: list[str]) -> str:
    return ",\n    ".join(fields)


def _indent(sql: str) -> str:
    """`sql` set in by four spaces; line breaks inside quoted names and texts stay as they are."""
    kept = r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*)|\n"""
    return "    " + re.sub(kept, lambda found: found[1] or "\n    ", sql)
