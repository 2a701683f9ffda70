"""The anomalies' part of a report: each group with what can be done about it, as the command that shows it first."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import RAW

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.inference.schema import Column

#: Rows that a file is searched in at most: more are searched in some of them, taken by chance.
ROWS = 200_000
#: What an action does, in a few words.
ACTIONS = {
    "scale": "multiply by one factor", "set_expected": "write what the rest of the row says",
    "map_values": "write the value that each stands for", "set_null": "empty the cells",
    "swap": "put both values back in their places", "quarantine": "set the rows aside",
    "keep": "nothing by itself: have a look",
}  # fmt: skip


def searched(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    rows: int,
    columns: Sequence[Column],
    target: Sequence[str],
    most: int = ROWS,
) -> dict[str, Any]:
    """What does not fit in a file.

    Args:
        con: The session.
        relation: A FROM expression: the file's rows, typed.
        rows: How many they are.
        columns: What is known of its columns.
        target: How `aifirst remediate` is told which file; empty: it cannot be.
        most: Rows that are searched.
    """
    from aifirst_dagster.quality.anomalies import find

    some = relation
    if rows > most:
        # Not a reservoir: rows must keep their order, for what stands together is told by it.
        share = 100 * most / rows
        some = f"(SELECT * FROM {relation} USING SAMPLE {share:.6f} PERCENT (bernoulli, 7))"
    found = find(con, some, [column for column in columns if column.name != RAW])
    return with_commands({**found.compact(), "sampled": found.rows if rows > most else None}, target)


def with_commands(found: Mapping[str, Any], target: Sequence[str]) -> dict[str, Any]:
    """The groups of an `anomalies.json`, each with what to do about it.

    A group of a version that was made before remedies were kept has no `todo`, and its command all the same.
    """
    groups = []
    for group in found.get("groups") or []:
        remedy = group.get("remediation") or {}
        command = shlex.join(["aifirst", "remediate", *target, "--group", group["id"]]) if target else None
        todo = ACTIONS.get(remedy.get("action", ""), "")
        groups.append({"examples": [], **group, "todo": todo, "why": remedy.get("why", ""), "command": command})
    return {"groups_in_all": len(groups), "sampled": None, "expected": 0, **found, "groups": groups}
