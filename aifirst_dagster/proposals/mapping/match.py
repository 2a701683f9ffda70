"""The engine's own mapping: facts of both sides, matched by `inference.matching`, as fields of the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.matching.facts import Facts, gather
from aifirst_dagster.inference.matching.match import Matching, match
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.mapping.answer import MappedField
from aifirst_dagster.proposals.mapping.target import TargetField

if TYPE_CHECKING:
    import duckdb

#: What scores less fills no field of a pipeline's output: an empty field is better than a wrong one.
ENOUGH = 0.5


def matched(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], targets: Sequence[Facts],
    least: float = ENOUGH, candidates: int = 3,
) -> Matching:  # fmt: skip
    """Match `relation`, which holds each of `columns` under its `name`, with the target's columns."""
    return match(con, ident(relation), gather(con, ident(relation), columns), targets, least, candidates)


def fields(matching: Matching, targets: Sequence[TargetField]) -> list[MappedField]:
    """One field of the output for each of the target's, with what fills it."""
    filled = {one.target: one for one in matching.used}
    made = []
    for target in targets:
        one = filled.get(target.name)
        made.append(
            MappedField(
                name=target.name, type=target.type, format=target.format, sources=one.sources if one else [],
                expression=one.expression if one else None, description=target.description,
                confidence=one.confidence if one else 0.0, why=one.why if one else "no column fits",
            )
        )  # fmt: skip
    return made
