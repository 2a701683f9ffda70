"""Rows that break a rule of severity error go to quarantine, unless a person released them; the others pass on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets import parquet, quarantine
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.steps.releases import quarantine_releases

if TYPE_CHECKING:
    from aifirst_dagster.quality.results import RuleResult
    from aifirst_dagster.steps.run import StepRun


@dataclass(frozen=True)
class Split:
    """What became of the rows.

    Attributes:
        released: How many of those that passed a person let pass.
        rules: Ids of the rules whose breaking rows were all set aside, or let pass by a person.
    """

    passed: int
    set_aside: int
    released: int = 0
    rules: frozenset[str] = frozenset()


def split(
    step: StepRun,
    relation: str,
    columns: list[str],
    broken: Sequence[RuleResult],
    others: Callable[[str], str] | None = None,
) -> Split:
    """Write the rows that pass to the step's data and the others to its quarantine.

    Args:
        relation: The input, with hidden columns.
        columns: Its user columns.
        broken: Rules that some rows break.
        others: Finds other datasets that rules name.
    """
    conditions = _conditions(step, relation, broken, others)
    if not conditions:
        for version in step.input.versions:
            for number, part in enumerate(version.parts):
                step.writer.link(part, f"{version.manifest.version}-{number}")
        return Split(step.input.rows, 0)
    mark = ident(_unused(columns))
    reasons = ", ".join(f"CASE WHEN {condition} THEN {literal(reason)} END" for _, reason, condition in conditions)
    step.con.execute(
        f"CREATE OR REPLACE VIEW _judged AS SELECT *, "
        f"list_filter([{reasons}], lambda _reason_: _reason_ IS NOT NULL) AS {mark} FROM {relation}"
    )
    aside = _aside(step, columns, mark)
    kept = f"SELECT * EXCLUDE ({mark}) FROM _judged WHERE len({mark}) = 0"
    released = quarantine_releases(step)
    if released:
        listed = ", ".join(map(literal, released))
        step.con.execute(f"CREATE OR REPLACE VIEW _set_aside AS SELECT * FROM ({aside}) WHERE id NOT IN ({listed})")
        identity = f"({SOURCE}, {LINE})"
        kept += (
            f" UNION ALL SELECT * EXCLUDE ({mark}) FROM _judged WHERE len({mark}) > 0 AND {identity} IN "
            f"(SELECT {identity} FROM ({aside}) WHERE id IN ({listed}))"
        )
        aside = "SELECT * FROM _set_aside"
    rows = parquet.write(step.con, kept, step.writer.data_path())
    left = quarantine.write(step.con, aside, step.writer.quarantine)
    rules = frozenset(rule for rule, *_ in conditions)
    return Split(rows, left, rows - _sound(step, mark), rules)


def _sound(step: StepRun, mark: str) -> int:
    """How many rows keep every rule."""
    return int(step.con.execute(f"SELECT count(*) FROM _judged WHERE len({mark}) = 0").fetchall()[0][0])


def _conditions(
    step: StepRun, relation: str, broken: Sequence[RuleResult], others: Callable[[str], str] | None
) -> list[tuple[str, str, str]]:
    """Id, reason and SQL condition of each rule that single rows can break."""
    from aifirst_dagster.quality.engines.duckdb import violations

    found = []
    for rule in broken:
        condition = violations(rule, step.con, relation, others)
        if condition is not None:
            found.append((rule.id, f"{rule.id}: {rule.rationale}" if rule.rationale else rule.id, condition))
    return found


def _unused(columns: list[str]) -> str:
    """A name that no column has, for the list of a row's broken rules."""
    taken, name = {column.lower() for column in columns}, "_broken"
    while name in taken:
        name = f"_{name}"
    return name


def _aside(step: StepRun, columns: list[str], mark: str) -> str:
    """The rows that break a rule, in quarantine's shape."""
    step.con.execute(
        f"CREATE OR REPLACE VIEW _failing AS SELECT {', '.join(map(ident, columns))}, {SOURCE}, {LINE}, {mark} "
        f"FROM _judged WHERE len({mark}) > 0"
    )
    return quarantine.select("_failing", columns, f"array_to_string({mark}, '; ')")
