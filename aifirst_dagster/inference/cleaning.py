"""What a table needs before it can be trusted: found here, done by `repair` (whose action names these are)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference import garbled
from aifirst_dagster.inference.numbers import units_among
from aifirst_dagster.inference.schema import CleaningHint, Column
from aifirst_dagster.inference.units import CURRENCIES

if TYPE_CHECKING:
    import duckdb

#: Categories are compared for spelling where a column has at most this many.
MAX_CATEGORIES = 500
_PARSE = {"integer": "parse_numbers", "number": "parse_numbers", "year": "parse_numbers", "boolean": "parse_booleans",
          "duration": "parse_durations"}  # fmt: skip
#: Code points: space, tab, line feed, carriage return, no-break space.
_SPACE = "(32, 9, 10, 13, 160)"
_MOJIBAKE = "(Ã[\u0080-\u00bf¤-¿]|â€|Â[\u0080-\u00bf])"


def hints(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], share: float = 1.0
) -> list[CleaningHint]:
    """What cleaning the columns need, with the rows that it touches.

    Args:
        con: The session that `relation` lives in.
        relation: The source columns as text.
        columns: As verified; their evidence is of all rows.
        share: How many times more rows the table has than `relation`, where that is a sample: counts that are taken
            here are multiplied by it, and said to be estimates.
    """
    texts = [column for column in columns if not column.native]
    wanted = [part for column in texts for part in _counts(column)]
    if not wanted:
        return []
    row = ", ".join(ident(column.source_name) for column in columns)
    wanted.append(f"count(*) - count(DISTINCT hash({row}))")
    counts = con.execute(f"SELECT {', '.join(wanted)} FROM {ident(relation)}").fetchall()[0]
    found: list[CleaningHint] = []

    def add(column: Column | None, action: str, reason: str, rows: int, counted_here: bool = True) -> None:
        if counted_here and share > 1:
            rows, reason = round(rows * share), f"{reason} (an estimate from the first rows)"
        found.append(
            CleaningHint(column=column.name if column else None, action=action, reason=reason, rows_affected=rows)
        )

    for column in columns:
        if column.name != column.source_name:
            add(column, "rename_column", f"{column.source_name!r} is not a plain name", 0, False)
    for at, column in enumerate(texts):
        spaces, missing, garbled = (int(count or 0) for count in counts[3 * at : 3 * at + 3])
        variants = _minority(con, relation, column) if column.type == "string" else 0
        if garbled:
            add(column, "fix_encoding", "text was decoded with the wrong encoding", garbled)
        if spaces:
            add(column, "trim_whitespace", "white space around the text", spaces)
        if missing:
            tokens = ", ".join(repr(token) for token in column.null_tokens[:5])
            add(column, "null_tokens", f"{tokens}: means no value", missing)
        if variants:
            add(column, "unify_categories", "the same category is spelled in several ways", variants)
        found.extend(_to_parse(column))
    if counts[-1]:
        add(None, "merge_duplicates", "rows that are the same in every column", int(counts[-1]))
    return found


def _counts(column: Column) -> list[str]:
    """SQL aggregates: cells with outer space, with a null token, garbled."""
    text = ident(column.source_name)
    tokens = ", ".join(literal(token) for token in column.null_tokens)
    # `trim` with a set of its own takes seven times as long, and `AND` would trim every cell.
    space = f"count_if(CASE WHEN ord({text}) IN {_SPACE} OR ord({text}[-1]) IN {_SPACE} THEN trim({text}) <> '' END)"
    null = f"count_if({text} IN ({tokens}))" if tokens else "0"
    if column.type != "string":
        return [space, null, "0"]
    garbled = (
        f"count_if(CASE WHEN strlen({text}) > length({text}) THEN regexp_matches({text}, {literal(_MOJIBAKE)}) END)"
    )
    return [space, null, garbled]


def _minority(con: duckdb.DuckDBPyConnection, relation: str, column: Column) -> int:
    """Cells whose spelling is not the most frequent one among those that differ in case and space only."""
    folded: dict[str, set[str]] = {}
    for value in column.values or []:
        if isinstance(value, str):
            plain = " ".join(value.lower().replace("_", " ").replace("-", " ").split())
            folded.setdefault(plain, set()).add(value.strip())
    groups = {plain for plain, spellings in folded.items() if len(spellings) > 1}
    if not groups:
        return 0
    text = ident(column.source_name)
    counted: dict[str, list[int]] = {}
    for plain, cells in con.execute(
        f"SELECT lower(regexp_replace(trim(t), '[\\s_-]+', ' ', 'g')), n "
        f"FROM (SELECT {text} AS t, count(*) AS n FROM {ident(relation)} GROUP BY 1)"
    ).fetchall():
        if plain in groups:
            counted.setdefault(plain, []).append(cells)
    return sum(sum(cells) - max(cells) for cells in counted.values())


def _to_parse(column: Column) -> list[CleaningHint]:
    """What stands between the column's text and its type."""
    evidence = column.evidence
    hints = []

    def add(action: str, reason: str, rows: int) -> None:
        hints.append(CleaningHint(column=column.name, action=action, reason=reason, rows_affected=rows))

    if column.number_style and column.physical_type == "VARCHAR":
        units = units_among(column.units_seen)
        around = f", with {', '.join(units)} around them" if units else ""
        around += ", signs decoded wrongly" if garbled.among(column.units_seen) else ""
        add(
            "parse_numbers",
            f"numbers are written as text ({column.number_style.replace('_', ' ')}{around})",
            evidence.parsed,
        )
        if len(units) > 1 and column.unit is None:
            money = column.semantic_type == "money" or any(spelled in CURRENCIES for spelled in units)
            what = ("split_currency", "currencies") if money else ("convert_units", "units")
            add(what[0], f"amounts in several {what[1]}", evidence.parsed)
    if column.type in {"date", "datetime", "time"}:
        if len(column.formats_seen) > 1:
            add(
                "parse_dates",
                f"dates in {len(column.formats_seen)} styles: {', '.join(column.formats_seen)}",
                evidence.parsed,
            )
        elif column.physical_type == "VARCHAR":
            add("parse_dates", "day and month could be either way round", evidence.parsed)
    if column.type == "duration" and not column.native:
        add("parse_durations", "spans of time are written as text", evidence.parsed)
    if evidence.failed:
        action = _PARSE.get(
            column.type, "parse_dates" if column.type in {"date", "datetime", "time"} else "report_unreadable"
        )
        examples = ", ".join(repr(text[:40]) for text in evidence.examples_failed[:3])
        add(action, f"cells that are no {column.type}: {examples}", evidence.failed)
    return hints
