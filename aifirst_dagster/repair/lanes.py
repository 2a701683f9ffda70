"""One column's way from the text of the file to its repaired value, as SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aifirst_dagster.datasets.session import RAW, ident, literal
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair import booleans, companions, dates, durations, nulls, numbers, text
from aifirst_dagster.repair.expressions import Context, Stages, in_list, physical
from aifirst_dagster.repair.plan import Action, RepairPlan

_HANDLERS: dict[str, Callable[[Context], Stages]] = {
    "fix_encoding": text.fix_encoding,
    "clean_characters": text.clean_characters,
    "replace_look_alikes": text.unify_categories,
    "trim_whitespace": text.trim_whitespace,
    "null_tokens": nulls.null_tokens,
    "unify_categories": text.unify_categories,
    "parse_booleans": booleans.parse_booleans,
    "parse_numbers": numbers.reading,
    "convert_units": numbers.reading,
    "parse_dates": dates.reading,
    "parse_durations": durations.reading,
    "split_currency": companions.reading,
    "split_unit": companions.reading,
}
#: Repairs that are dear and whose columns repeat themselves: run once for each distinct text.
_SHARED = frozenset(
    {"parse_dates", "parse_durations", "unify_categories", "convert_units", "fix_encoding", "replace_look_alikes"}
)
_NOUNS = {"boolean": "neither yes nor no", "integer": "not a whole number", "number": "not a number",
          "date": "not a date", "datetime": "not a date and time", "time": "not a time",
          "year": "not a year"}  # fmt: skip


@dataclass
class Lane:
    """One column: identifiers and expressions, as SQL.

    Attributes:
        source: The column's name in the relation.
        original: Identifier of the text that goes in.
        value: Identifier of what comes out.
        stages: What is computed on the way, each from those before.
        flags: Action's place in the plan -> whether it changed the cell.
        differs: Whether the value says something else than the original text; "" where it never does.
        failed: Whether a text is there that could not be read; "" where all are taken as they are.
        typed: The relation holds the column typed; only cells that did not parse are looked at.
        shared: The stages run on the distinct texts of the column.
        by_text: The flags that the text alone decides.
        aside: (condition, reason) for which its row is set aside, beside `failed`.
    """

    column: Column
    source: str
    original: str
    value: str
    stages: Stages = field(default_factory=list)
    flags: dict[int, str] = field(default_factory=dict)
    companions: dict[str, str] = field(default_factory=dict)
    differs: str = ""
    failed: str = ""
    typed: bool = False
    shared: bool = False
    by_text: list[int] = field(default_factory=list)
    aside: list[tuple[str, str]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """Why a row is set aside whose cell could not be read."""
        return f"{self.column.name}: {_NOUNS.get(self.column.type, 'not a ' + self.column.type)}"


def build(plan: RepairPlan, column: Column, alone: bool = False) -> Lane:
    """The lane of `column` with all its repairs; `alone`: each row's text is read for itself."""
    source = plan.input_name(column.name)
    actions = [(plan.actions.index(action), action) for action in plan.of(column.name) if action.action in _HANDLERS]
    parses = [action for _, action in actions if action.kind == "parse"]
    typed = physical(column) != "VARCHAR" and (not parses or bool(parses[0].params.get("failed_only")))
    lane = Lane(column, source, ident(f"#{source} text"), ident(source), typed=typed)
    if typed:
        _typed(lane, actions, parses)
    elif actions:
        _textual(lane, actions, bool(parses), alone)
    return lane


def _typed(lane: Lane, actions: list[tuple[int, Action]], parses: list[Action]) -> None:
    """A column that has its type already: the text of a cell that did not parse is in `_raw`."""
    native, kept = lane.value, f"{RAW}[{literal(lane.source)}]"
    unread = f"{RAW} IS NOT NULL AND {native} IS NULL AND {kept} IS NOT NULL"
    tokens = list(lane.column.null_tokens)
    for at, action in actions:
        if action.action == "null_tokens":
            tokens += action.params.get("tokens", [])
            lane.flags[at] = _gone(lane, action)
    lane.failed = f"{unread} AND NOT {nulls.no_value(kept, tokens)}"
    if not parses:
        return
    lane.stages.append((lane.original, f"CASE WHEN {lane.failed} THEN {kept} END"))
    read = lane.original
    for at, action in actions:
        if action.kind in ("parse", "companion"):
            stages = _HANDLERS[action.action](
                Context(lane.column, action.params, lane.original, f"#{lane.source} {at}")
            )
            lane.stages.extend(stages)
            lane.flags[at] = f"{stages[-1][0]} IS NOT NULL"
            if action.kind == "companion":
                lane.companions[str(action.params["into"])] = stages[-1][0]
            else:
                read = stages[-1][0]
    lane.value = ident(f"#{lane.source} value")
    lane.stages.append((lane.value, f"coalesce({native}, {read})"))
    lane.failed = f"{lane.original} IS NOT NULL AND {read} IS NULL"


def _textual(lane: Lane, actions: list[tuple[int, Action]], parsed: bool, alone: bool) -> None:
    """A column of text: each repair takes what the one before gave."""
    for at, action in actions:
        if action.action == "null_tokens" and action.params.get("at_reading"):
            lane.flags[at] = _gone(lane, action)
    actions = [(at, action) for at, action in actions if at not in lane.flags]
    if not actions:
        return
    source = ident(lane.source)
    lane.shared = not alone and any(action.action in _SHARED for _, action in actions)
    if not lane.shared:
        lane.stages.append((lane.original, f"CAST({source} AS VARCHAR)"))
    current = lane.original
    tokens = list(lane.column.null_tokens)
    lane.by_text = [at for at, _ in actions]
    for at, action in actions:
        stages = _HANDLERS[action.action](Context(lane.column, action.params, current, f"#{lane.source} {at}"))
        lane.stages.extend(stages)
        value = stages[-1][0]
        if action.kind == "companion":
            lane.companions[str(action.params["into"])] = value
            lane.flags[at] = f"{value} IS NOT NULL"
            continue
        if action.kind == "parse":
            plain = f"TRY_CAST({current} AS {physical(lane.column)})"
            lane.flags[at] = f"{value} IS NOT NULL AND {plain} IS DISTINCT FROM {value}"
            lane.failed = ident(f"#{lane.source} unread")
            unread = f"{value} IS NULL AND {current} IS NOT NULL AND NOT {nulls.no_value(current, tokens)}"
            lane.stages.append((lane.failed, f"coalesce({unread}, FALSE)"))
        else:
            lane.flags[at] = f"{value} IS DISTINCT FROM {current}"
        current = value
    lane.value = current
    differs = f"{lane.original} IS DISTINCT FROM {lane.value}"
    if parsed:
        plain = f"TRY_CAST({lane.original} AS {physical(lane.column)})"
        differs = f"{lane.original} IS NOT NULL AND ({lane.value} IS NULL OR {plain} IS DISTINCT FROM {lane.value})"
    # A stage, since several places ask for it; where texts are read once, an empty cell has no text to ask.
    name = ident(f"#{lane.source} differs")
    lane.stages.append((name, differs))
    lane.differs = f"coalesce({name}, FALSE)" if lane.shared else name


def _gone(lane: Lane, action: Action) -> str:
    """SQL: whether the cell held a token that became empty when the file was read."""
    kept = f"{RAW}[{literal(lane.source)}]"
    # CASE, for a plain AND would look the text up in the map of each row.
    empty, said = f"{RAW} IS NOT NULL AND {ident(lane.source)} IS NULL", in_list(kept, action.params.get("tokens", []))
    return f"CASE WHEN {empty} THEN {said} END"


def text_after(column: Column, actions: list[Action]) -> str:
    """SQL: the column `text` as the text repairs among `actions` leave it, as one scalar expression."""
    current = "text"
    for action in actions:
        if action.kind == "text":
            # One stage each, so that the expression can stand where a name would.
            ((_, current),) = _HANDLERS[action.action](Context(column, action.params, current))
    return current
