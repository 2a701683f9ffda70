"""The report on a bare file: what its columns hold, and what rules say of it, given or learned on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.quality.engines.duckdb import evaluate
from aifirst_dagster.quality.report import unfit
from aifirst_dagster.quality.report.content import Content, Status
from aifirst_dagster.quality.report.judged import EXAMPLES, judged
from aifirst_dagster.quality.report.measured import measure
from aifirst_dagster.quality.report.words import listed, plural, verdict_of
from aifirst_dagster.quality.score import by_dimension

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.quality.rules import Rule

LEARNED = (
    "No rules were given: these were learned from the file itself. A score by them would only say how usual its rows "
    "are among themselves, so there is none."
)


def of_file(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    file: str,
    columns: Sequence[Column],
    rules: Sequence[Rule],
    *,
    learned: bool,
    rejected: int = 0,
    address: str | None = None,
    searched: int = unfit.ROWS,
) -> Content:
    """All that a report on a file says.

    Args:
        con: The session.
        relation: A FROM expression: the file's rows, typed.
        file: Its name, for people.
        columns: What is known of its columns.
        rules: What to judge it by.
        learned: Whether the rules come from the file itself: then there is no score.
        rejected: Lines that do not fit the file's columns.
        address: What a command calls it by; None: nothing can (standard input).
        searched: Rows that anomalies are looked for in, at most.
    """
    rows = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    results = evaluate(con, relation, list(rules), EXAMPLES * 3)
    content = Content(title=PurePath(file).name or file, rows=rows, rows_in=rows + rejected, self_learned=learned)
    content.facts = [("file", file)]
    judged(content, results)
    if learned:
        content.explained, content.heat = [], {}
    elif (overall := by_dimension(results).overall) is not None:
        content.score = round(overall, 6)
    target = [] if address is None else [address]
    content.anomalies = unfit.searched(con, relation, rows, columns, target, searched) if rows else None
    content.columns, content.sampled = measure(con, relation, rows, columns)
    content.notes = {column.name: column.description for column in columns if column.description}
    content.status, content.verdict, content.remarks = _verdict(content, learned)
    if rejected:
        content.remarks.append(f"{plural(rejected, 'line')} of the file did not fit its columns and are left out.")
    return content


def _verdict(content: Content, learned: bool) -> tuple[Status, str, list[str]]:
    if not learned:
        return verdict_of(content, {})
    failing = content.failing
    said = f"{plural(content.rows, 'row')} in {plural(len(content.columns), 'column')}"
    found = content.anomalies or {}
    odd = found.get("groups_in_all", 0)
    if odd:
        said += (
            f"; {plural(odd, 'group')} of values that do not fit the rest, in {plural(found['rows_affected'], 'row')}"
        )
    if not content.rules:
        return ("warn" if odd else "none"), f"{said}; too few rows to learn rules from.", []
    if not failing:
        if odd:
            return "warn", f"{said}.", [LEARNED]
        return "none", f"{said}; nothing stands out against the rest of the file.", [LEARNED]
    names = list(dict.fromkeys(name for rule in failing for name in rule["columns"]))
    where = f" in {listed(names[:3])}" if names else ""
    return "warn", f"{said}; some values stand out{where}.", [LEARNED]
