"""From what the data shows to a repair plan: deterministic, in few scans, nothing guessed where evidence conflicts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair import (
    booleans,
    duplicates,
    find_dates,
    find_missing,
    find_numbers,
    find_rows,
    find_text,
    realign,
    similar,
)
from aifirst_dagster.repair.actions import ACTIONS
from aifirst_dagster.repair.compile import compiled
from aifirst_dagster.repair.expressions import in_list, physical
from aifirst_dagster.repair.nulls import NO_VALUE
from aifirst_dagster.repair.plan import Action, RepairPlan
from aifirst_dagster.repair.run import examples
from aifirst_dagster.repair.survey import Survey, survey

if TYPE_CHECKING:
    import duckdb

#: A declared type that reads less than this share of a column's cells is not believed.
BELIEVED = 0.8
_number = itertools.count(1)
_DATES = ("date", "datetime")


def propose(con: duckdb.DuckDBPyConnection, relation: str, columns: list[Column]) -> RepairPlan:
    """See `plan.propose`."""
    dates = {name for column in columns if column.type in _DATES for name in (column.name, column.source_name)}
    with realign.aligned(con, relation, columns) as (realigning, righted), survey(con, righted, dates) as seen:
        plan = _measured(seen, _Proposal(seen, columns).plan())
        return plan.model_copy(update={"actions": [realigning, *plan.actions]}) if realigning else plan


class _Proposal:
    """Collects the actions of all columns."""

    def __init__(self, seen: Survey, columns: list[Column]) -> None:
        self.seen = seen
        self.columns: list[Column] = []
        self.actions: list[Action] = []
        self.companions: list[Column] = []
        self.given = [column for column in columns if column.name in seen.types or column.source_name in seen.types]
        self.taken = {column.name.lower() for column in self.given}
        self.day_first = self._day_first()

    def plan(self) -> RepairPlan:
        for column in self.given:
            self._column(column)
        merge, repeated, why = find_rows.duplicates(self.seen, next((c.name for c in self.given if c.unique), None))
        self.actions.append(Action(action="quarantine_empty_rows", reason="a row without any value says nothing"))
        if merge:
            self.actions.append(Action(action="merge_duplicates", rows_affected=repeated, reason=why or "none seen"))
        else:
            self.actions.append(Action(action="report_repeated_rows", rows_affected=repeated, reason=why))
        return RepairPlan(columns=self.columns, actions=self.actions, deduplicate=merge)

    def _source(self, column: Column) -> str:
        return column.name if column.name in self.seen.types else column.source_name

    def _day_first(self) -> bool | None:
        """What dates that are typed already, or whose column tells, say of the order of day and month."""
        orders: set[bool | None] = set()
        for column in self.given:
            if column.type not in _DATES:
                continue
            if self.seen.types[self._source(column)] != "VARCHAR":
                if column.format[:2] in ("%d", "%m") and "%b" not in column.format.lower():
                    orders.add(column.format.startswith("%d"))
            else:
                style, _ = find_dates.look(
                    self.seen, find_dates.of_column(self.seen, self._source(column)), column, None
                )
                orders.add(find_dates.order_of(style))
        orders.discard(None)
        return orders.pop() if len(orders) == 1 else None

    def _column(self, column: Column) -> None:
        source = self._source(column)
        if source != column.name or column.source_name != column.name:
            reading = {"at_reading": True} if source == column.name else {}
            old = column.source_name if reading else source
            self.actions.append(Action(column=column.name, action="rename_column", params={"from": old, **reading},
                                       reason="names in one style, without characters that need quoting"))  # fmt: skip
        if self.seen.types[source] == "VARCHAR":
            self._text(column, source)
        else:
            self._typed(column, source)

    def _text(self, column: Column, source: str) -> None:
        """A column whose cells are text in the relation."""
        column = column.model_copy(update={"physical_type": _target(column)})
        self._null_tokens(column, source)
        texts = self.seen.texts[source]
        if not texts.cells:
            return self._keep(column.model_copy(update={"physical_type": "VARCHAR"}))
        if column.type not in ("string", "object", "array", "any") or find_numbers.quantities(
            self.seen, column, source
        ):
            column = self._more_tokens(column, texts.table)
        if column.type in ("number", "integer", "year"):
            column = self._numbers(column, find_numbers.of_column(self.seen, source))
        elif column.type in _DATES:
            column = self._dates(column, find_dates.of_column(self.seen, source))
        elif column.type == "duration":
            column = self._duration(column)
        elif column.type == "time":
            formats = column.formats_seen or [column.format]
            self.actions.append(Action(column=column.name, action="parse_dates", params={"formats": formats},
                                       reason="times of day in several styles"))  # fmt: skip
        elif column.type in ("boolean", "string") and (words := find_text.as_boolean(self.seen, source)):
            column = column.model_copy(update={"type": "boolean", "physical_type": "BOOLEAN", "values": None,
                                               "format": "default", "semantic_type": None})  # fmt: skip
            yes, no = (", ".join(words[side]) for side in ("true", "false"))
            self.actions.append(Action(column=column.name, action="parse_booleans", params=words,
                                       reason=f"{yes} mean yes; {no} mean no"))  # fmt: skip
        elif column.type == "boolean":
            words = booleans.words(text for (text,) in self.seen.query(f"SELECT text FROM {texts.table} LIMIT 1000"))
            self.actions.append(
                Action(column=column.name, action="parse_booleans", params=words, reason="yes and no as words")
            )
        elif column.type == "string" and find_numbers.quantities(self.seen, column, source):
            as_number = column.model_copy(update={"type": "number", "physical_type": "DOUBLE", "values": None})
            column = self._numbers(as_number, find_numbers.of_column(self.seen, source))
        else:
            # Structured texts stay as they are written; their cells are not sentences to tidy.
            column = column.model_copy(update={"physical_type": "VARCHAR"})
            if column.type not in ("object", "array"):
                self.actions.extend(find_text.propose(self.seen, column, source))
        self._keep(column)

    def _keep(self, column: Column) -> None:
        """Appends a column, and the companions that its repairs write."""
        self.columns.extend([column, *self.companions])
        self.companions = []

    def _null_tokens(self, column: Column, source: str) -> None:
        """Tokens that became empty when the file was read: listed, since they are no longer there to be found."""
        unread = self.seen.unread.get(source, {})
        own = {token.strip().lower() for token in column.null_tokens}
        gone = {text: n for text, n in unread.items() if text.strip().lower() in own | NO_VALUE}
        if gone:
            shown = ", ".join(repr(text) for text in sorted(gone)[:5])
            tokens = sorted({text.strip().lower() for text in gone})
            self.actions.append(Action(column=column.name, action="null_tokens", rows_affected=sum(gone.values()),
                                       params={"tokens": tokens, "at_reading": True},
                                       reason=f"means no value: {shown}"))  # fmt: skip

    def _more_tokens(self, column: Column, table: str) -> Column:
        """Words for "no value" among texts that are to become numbers, dates or truth values."""
        words = self.seen.query(
            f"SELECT DISTINCT lower(trim(text)) FROM {table} WHERE {in_list('text', NO_VALUE)} ORDER BY 1"
        )
        tokens = [word for (word,) in words]
        if not tokens:
            return column
        shown = ", ".join(repr(token) for token in tokens[:5])
        self.actions.append(Action(column=column.name, action="null_tokens", params={"tokens": tokens},
                                   reason=f"means no value: {shown}"))  # fmt: skip
        return column.model_copy(update={"null_tokens": sorted({*column.null_tokens, *tokens})})

    def _typed(self, column: Column, source: str) -> None:
        """A column that has its type; cells that did not parse may still be read by what repairs know."""
        physical_type = self.seen.types[source]
        column = column.model_copy(update={"physical_type": physical_type})
        self._null_tokens(column, source)
        own = {token.strip().lower() for token in column.null_tokens}
        unread = self.seen.unread.get(source, {})
        tokens = sorted(
            {text.strip() for text in unread if text.strip().lower() in NO_VALUE and text.strip().lower() not in own}
        )
        if tokens:
            column = column.model_copy(update={"null_tokens": [*column.null_tokens, *tokens]})
        rest = {text: n for text, n in unread.items() if text.strip().lower() not in own | NO_VALUE}
        if rest:
            texts = find_numbers.of_unread(self.seen, source)
            if column.type in ("number", "integer") or (column.type == "year" and self._noted(column, texts)):
                column = self._numbers(column, texts, failed_only=True)
            elif column.type in _DATES:
                column = self._dates(column, texts, failed_only=True)
            elif column.type == "boolean":
                words = booleans.words(rest)
                self.actions.append(Action(column=column.name, action="parse_booleans",
                                           params={**words, "failed_only": True},
                                           reason="yes and no in other words"))  # fmt: skip
        self._keep(column)

    def _numbers(self, column: Column, texts: str, failed_only: bool = False) -> Column:
        found = find_numbers.propose(self.seen, column, texts, self.taken, failed_only)
        if found.unit:
            column = column.model_copy(update={"unit": found.unit})
        if any(a.action == "convert_units" or a.params.get("scales") for a in found.actions) and not failed_only:
            column = column.model_copy(update={"type": "number", "physical_type": "DOUBLE"})
        self.actions.extend(found.actions)
        if found.companion is not None:
            self.companions.append(found.companion)
            self.taken.add(found.companion.name.lower())
        return column

    def _noted(self, column: Column, texts: str) -> bool:
        """Whether years are followed by footnote marks, and by nothing else: `1990s` is no year."""
        found = find_numbers.propose(self.seen, column, texts, self.taken, True).actions
        return len(found) == 1 and set(found[0].params) == {"decimal", "failed_only", "footnotes"}

    def _duration(self, column: Column) -> Column:
        """Seconds: DuckDB's intervals are no use to most who read its files, and cannot be averaged there."""
        self.actions.append(Action(column=column.name, action="parse_durations",
                                   reason="spans of time, counted in seconds"))  # fmt: skip
        return column.model_copy(update={"type": "number", "physical_type": "DOUBLE", "unit": "s"})

    def _dates(self, column: Column, texts: str, failed_only: bool = False) -> Column:
        style, params = find_dates.look(self.seen, texts, column, self.day_first)
        if not style.formats and not params.get("serial") and not params.get("epoch"):
            return column
        update: dict[str, Any] = {"format": "default"}
        if not failed_only:
            zoned = style.offsets or column.physical_type == "TIMESTAMPTZ"
            kind = "datetime" if style.clock or params.get("epoch") else "date"
            physical_type = "DATE" if kind == "date" else "TIMESTAMPTZ" if zoned else "TIMESTAMP"
            update |= {"type": kind, "physical_type": physical_type}
        if not style.sure:
            update["confidence"] = min(column.confidence, 0.5)
        self.actions.append(find_dates.propose(column, style, params, failed_only))
        return column.model_copy(update=update)


def _target(column: Column) -> str:
    return physical(column)


def _measured(seen: Survey, plan: RepairPlan) -> RepairPlan:
    """The plan with counts and examples from the rows, findings on the repaired rows, and without what does nothing."""
    table = f"repair_trial_{next(_number)}"
    for _ in range(2):
        statement = compiled(plan, seen.sample, traced=True)
        seen.query(f"CREATE OR REPLACE TEMP TABLE {table} AS\n{statement.sql}")
        if plan.deduplicate:
            duplicates.mark(seen.con, table, statement.columns, statement.key)
        unreadable = _unreadable(seen, plan, table, statement.reasons)
        if not unreadable:
            break
        plan = _as_text(plan, unreadable)
    try:
        flags = ", ".join(f"count(*) FILTER ({ident(flag)})" for flag in statement.flags.values())
        counts = seen.query(f"SELECT {flags} FROM {table}")[0] if flags else ()
        changed = dict(zip(statement.flags, counts, strict=True))
        actions = []
        for at, action in enumerate(plan.actions):
            # Cheap detectors saw every row; only what they cannot count is taken from the sample.
            rows = action.rows_affected or changed.get(at, 0) * seen.every
            shown = action.examples or examples(seen.con, plan, at, table, changed)
            useless = action.kind in ("text", "parse") and action.params.get("failed_only") and not changed.get(at)
            if not (useless and seen.every == 1):
                actions.append(action.model_copy(update={"rows_affected": rows, "examples": shown}))
        plan = plan.model_copy(update={"actions": actions})
        found = [*find_rows.findings(seen, plan, table, seen.every)]
        if seen.every == 1:
            found += [*find_missing.findings(seen, plan, table), *similar.findings(seen, plan, table)]
        every = [a.model_copy(update={"reversible": ACTIONS[a.action].reversible}) for a in [*actions, *found]]
        return plan.model_copy(update={"actions": every})
    finally:
        seen.query(f"DROP TABLE IF EXISTS {table}")


def _unreadable(seen: Survey, plan: RepairPlan, table: str, reasons: dict[str, str | None]) -> dict[str, float]:
    """Text columns of which too few cells can be read as their type -> the share that can."""
    parsed = [a for a in plan.actions if a.kind == "parse" and a.column and not a.params.get("failed_only")]
    if not parsed:
        return {}
    names = [str(action.column) for action in parsed]
    why = {str(column): reason for reason, column in reasons.items()}
    counts = seen.query(
        "SELECT " + ", ".join(
            f"count({ident(name)}), count(*) FILTER (list_contains(_reasons, {literal(why[name])}))" for name in names
        ) + f" FROM {table}"
    )[0]  # fmt: skip
    found = {}
    for at, name in enumerate(names):
        read, failed = counts[2 * at], counts[2 * at + 1]
        # A cell set aside because it could be read in two ways is no sign of another type.
        unclear = parsed[at].params.get("unclear") or parsed[at].params.get("decimal") == "unclear"
        if read + failed and read / (read + failed) < (0.5 if unclear else BELIEVED):
            found[name] = read / (read + failed)
    return found


def _as_text(plan: RepairPlan, unreadable: dict[str, float]) -> RepairPlan:
    """The plan with these columns left as text, and a finding that says so."""
    companions = {name for name, action in plan.companions.items() if action.column in unreadable}
    columns, actions = [], []
    for column in plan.columns:
        if column.name in companions:
            continue
        if column.name in unreadable:
            actions.append(Action(column=column.name, action="report_unreadable",
                                  params={"type": column.type, "share": round(unreadable[column.name], 4)},
                                  reason=f"only {unreadable[column.name]:.0%} of the cells are a {column.type}",
                                  ))  # fmt: skip
            column = column.model_copy(update={"type": "string", "physical_type": "VARCHAR", "unit": None})
        columns.append(column)
    kept = [a for a in plan.actions if not (a.column in unreadable and a.kind in ("parse", "companion"))]
    return plan.model_copy(update={"columns": columns, "actions": [*kept, *actions]})
