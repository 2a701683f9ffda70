"""Rules over time and across datasets: how recent, how many rows, no gaps, and references to other tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.relations import references
from aifirst_dagster.quality.between import as_held
from aifirst_dagster.quality.candidates import Candidate, as_day
from aifirst_dagster.quality.engines.plan import describe
from aifirst_dagster.quality.evidence import Facts, Parts
from aifirst_dagster.quality.known import Known
from aifirst_dagster.quality.rules import Rule

#: Versions that make a history; days that a column must have for its pace to be known.
HISTORY, DAYS = 5, 5


def of_volume(parts: Parts, known: Known | None) -> Iterator[Candidate]:
    """How many rows there should be: as in earlier versions, or about as many as now."""
    volumes = [rows for rows in (known.volumes if known else ()) if rows]
    if len(volumes) >= HISTORY:
        seen = [*volumes, parts.rows]
        low, high, usual = min(seen), max(seen), median(seen)
        # As far again beyond what was seen as that is from the middle, and a tenth at least.
        low = max(1, int(min(low - (usual - low), low * 0.9)))
        high = int(max(high + (high - usual), high * 1.1)) + 1
        why = (
            f"The last {len(seen)} deliveries had {min(seen):,} to {max(seen):,} rows: far fewer or more say that one "
            "is cut short or doubled."
        )
    elif parts.rows >= 10:
        low, high = parts.rows // 2, parts.rows * 2
        why = f"There were {parts.rows:,} rows: half or twice as many say that a delivery is cut short or doubled."
    else:
        return
    rule = _rule("expect_table_row_count_to_be_between", why, min_value=low, max_value=high)
    yield Candidate(rule, 3 if len(volumes) < HISTORY else 6, 1.0, over_all=True, kind="rows")


def of_time(con: Any, parts: Parts, facts: Sequence[Facts], now: datetime | None = None) -> Iterator[Candidate]:
    """How recent the newest row should be, by the column that is most up to date."""
    today = (now or datetime.now(UTC)).date()
    best: tuple[timedelta, Facts, float] | None = None
    for one in facts:
        if one.kind != "time" or one.count < 0.9 * parts.learned or one.distinct < DAYS:
            continue
        age = today - as_day(one.high)
        gap = _pace(con, parts, one.name)
        # Only what was up to date as it was learned can be late later; dates to come say nothing of it.
        fresh = gap is not None and timedelta(days=-1) <= age <= timedelta(days=3 * gap + 1)
        if fresh and gap is not None and (best is None or age < best[0]):
            best = age, one, gap
    if best is None:
        return
    age, one, gap = best
    days = max(2, round(max(4 * gap, 2 * age.days)))
    rule = _rule(
        "expect_column_max_to_be_recent",
        f"New rows came about every {_days(gap)}, the last on {as_day(one.high)}: none for {days} days says that a "
        "delivery is late.",
        column=one.name, max_age=f"{days} days",
    )  # fmt: skip
    yield Candidate(rule, 6, 1.0, over_all=True, kind="recent", columns=(one.name,))


def _pace(con: Any, parts: Parts, name: str) -> float | None:
    """Days from one day with rows to the next, as it usually is at most; None where there are too few."""
    rows = con.execute(
        f"SELECT DISTINCT {ident(name)}::DATE AS d FROM {parts.learn} WHERE {ident(name)} IS NOT NULL "
        "ORDER BY d DESC LIMIT 60"
    ).fetchall()
    days = [row[0] for row in rows if isinstance(row[0], date)]
    if len(days) < DAYS:
        return None
    gaps = sorted((later - earlier).days for later, earlier in pairwise(days))
    return float(gaps[int(0.9 * (len(gaps) - 1))])


def _days(gap: float) -> str:
    return "day" if gap <= 1 else f"{gap:g} days"


def of_gaps(parts: Parts, facts: Sequence[Facts]) -> Iterator[Candidate]:
    """Numbers and days that follow each other without a gap."""
    for one in facts:
        if one.count != parts.learned or one.distinct != one.count or one.count < 20:
            continue
        if one.kind == "number" and one.column.type == "integer":
            span, step, each = one.high - one.low + 1, None, "number"
        elif one.kind == "time" and one.column.type == "date":
            span, step, each = (as_day(one.high) - as_day(one.low)).days + 1, "1 day", "day"
        else:
            continue
        # The learned rows are some of all: without gaps, all of them span as many steps as there are rows.
        if not 0.9 * parts.rows <= span <= parts.rows:
            continue
        rule = _rule(
            "expect_column_values_to_have_no_gaps",
            f"Every {each} from {_shown(one.low)} to {_shown(one.high)} is there once: a gap says that rows are "
            "missing.",
            column=one.name, **({"step": step} if step else {}),
        )  # fmt: skip
        yield Candidate(rule, 6, 1.0, over_all=True, kind="gaps", columns=(one.name,))


def _shown(value: Any) -> str:
    return str(as_day(value)) if isinstance(value, date | datetime) else f"{value:,}"


def of_references(con: Any, parts: Parts, facts: Sequence[Facts], known: Known | None) -> Iterator[Candidate]:
    """Columns whose values are keys of another dataset."""
    if known is None or not facts:
        return
    con.execute(f"CREATE OR REPLACE TEMP TABLE __some AS SELECT * FROM {parts.learn}")
    try:
        here = [as_held(fact.column, fact.kind) for fact in facts]
        for other in known.others:
            con.execute(f"CREATE OR REPLACE TEMP VIEW __there AS SELECT * FROM {other.relation}")
            table = describe(con, "__there")
            there = [as_held(column, table.kind(column.name)) for column in other.columns if column.name in table.types]
            child = references.Table("", "__some", here)
            for found in references.find(con, child, references.Table(other.name, "__there", there)):
                name, key = found.columns
                rule = _rule(
                    "expect_column_values_to_be_in_other_table",
                    f"Every {name} should be a {key} of {other.name}: one that is not there points at nothing.",
                    column=name, other_table_name=other.name, other_column_name=key,
                )  # fmt: skip
                yield Candidate(
                    rule, 9, 0.95, exceptions=True, strict="error", kind="reference", columns=(name,),
                    learned=1 - found.error,
                )  # fmt: skip
    finally:
        con.execute("DROP VIEW IF EXISTS __there")
        con.execute("DROP TABLE IF EXISTS __some")


def _rule(type_: str, rationale: str, **kwargs: Any) -> Rule:
    return Rule(type=type_, kwargs=kwargs, rationale=rationale, severity="warn", provenance="offline")
