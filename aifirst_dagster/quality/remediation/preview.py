"""What choices would do: cells before and after, rows set aside, and the quality score by the same rules."""

from __future__ import annotations

from collections.abc import Sequence

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies import Search
from aifirst_dagster.quality.anomalies.table import TABLE
from aifirst_dagster.quality.remediation.compile import Compiled, compiled
from aifirst_dagster.quality.remediation.model import Change, Choice, Effect, Preview, ScoreEffect
from aifirst_dagster.quality.rules import Rule

#: Changed cells that a preview shows for each group.
SHOWN = 10
_AFTER = "__remedy_after"


def preview(
    search: Search,
    relation: str,
    choices: Sequence[Choice],
    rules: Sequence[Rule] = (),
    judged_by: str = "",
    shown: int = SHOWN,
) -> Preview:
    """What `choices` would do to `relation`.

    Args:
        search: The open search of `relation`.
        relation: A FROM expression.
        choices: One for each group.
        rules: What the score is judged by; they must come from elsewhere than these rows.
        judged_by: Where the rules come from, for people.
        shown: Changes shown for each group.
    """
    with compiled(search, relation, choices) as done:
        return described(search, relation, choices, done, rules, judged_by, shown)


def described(
    search: Search,
    relation: str,
    choices: Sequence[Choice],
    done: Compiled,
    rules: Sequence[Rule] = (),
    judged_by: str = "",
    shown: int = SHOWN,
) -> Preview:
    """As `preview`, of choices that are compiled already."""
    effects = [_effect(search, choice, done, shown) for choice in choices]
    rows = search.table.rows
    aside = search.table.ask(f"SELECT count(*) FROM {done.rows_aside}")[0][0]
    live = [rule for rule in rules if rule.live]
    effect = _scored(search, relation, done, live, judged_by) if live else ScoreEffect(judged_by=judged_by)
    return Preview(rows_before=rows, rows_after=rows - aside, effects=effects, score=effect)


def _effect(search: Search, choice: Choice, done: Compiled, shown: int) -> Effect:
    table, grp = search.table, literal(choice.group)
    group = search.group(choice.group)
    cells, rows = table.ask(f"SELECT count(*), count(DISTINCT row) FROM {done.cells} WHERE grp = {grp}")[0]
    aside = table.ask(f"SELECT count(*) FROM {done.rows_aside} WHERE grp = {grp}")[0][0]
    named = {field.at: field.name for field in table.fields}
    changes = [
        Change(row=row, source=source, source_line=line, column=named[at], before=before, after=after)
        for row, source, line, at, before, after in table.ask(
            f"SELECT c.row, t.__source, t.__line, c.field, c.before, c.after FROM {done.cells} c JOIN {TABLE} t "
            f"ON c.row = t.__row WHERE c.grp = {grp} ORDER BY c.row, c.field LIMIT {shown}"
        )
    ]
    changes += [
        Change(row=row, source=source, source_line=line, after=reason)
        for row, source, line, reason in table.ask(
            f"SELECT a.row, t.__source, t.__line, a.reason FROM {done.rows_aside} a JOIN {TABLE} t ON a.row = t.__row "
            f"WHERE a.grp = {grp} ORDER BY a.row LIMIT {shown}"
        )
    ]
    return Effect(
        group=choice.group, action=choice.action, columns=group.columns if group else [], cells=cells,
        rows=rows + aside, quarantined=aside, changes=changes,
        why=group.remediation.why if group and group.remediation.action == choice.action else "",
    )  # fmt: skip


def _scored(search: Search, relation: str, done: Compiled, rules: list[Rule], judged_by: str) -> ScoreEffect:
    """The score of the table as it is and as it would be."""
    from aifirst_dagster.quality.engines.duckdb import evaluate
    from aifirst_dagster.quality.score import by_dimension

    con = search.table.con
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_AFTER} AS {done.kept}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW {_AFTER}_was AS SELECT * FROM {relation}")
    try:
        was = by_dimension(evaluate(con, f"{_AFTER}_was", rules, examples=0))
        now = by_dimension(evaluate(con, _AFTER, rules, examples=0))
    finally:
        con.execute(f"DROP VIEW IF EXISTS {_AFTER}_was")
        con.execute(f"DROP TABLE IF EXISTS {_AFTER}")
    dimensions = {
        name: [_round(was.dimensions[name]), _round(now.dimensions[name])]
        for name in was.dimensions
        if was.dimensions[name] is not None or now.dimensions[name] is not None
    }
    return ScoreEffect(before=_round(was.overall), after=_round(now.overall), dimensions=dimensions, rules=len(rules),
                       judged_by=judged_by)  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
