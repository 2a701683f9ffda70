"""How well a description of columns reads all rows: one scan, whatever the number of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.schema import Column, Evidence

if TYPE_CHECKING:
    import duckdb


def count(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> list[Column]:
    """The columns exactly as described, with the evidence of all rows (and nothing decided anew)."""
    checked = []
    # Wide tables in slices: one SELECT of a thousand regular expressions is slow to plan.
    for start in range(0, len(columns), 100):
        part = columns[start : start + 100]
        wanted = ["count(*)"]
        for column in part:
            source = ident(column.source_name)
            full = f"{source} IS NOT NULL" + ("" if column.native else f" AND {_blank(column, source)}")
            read = f"{casts.parsed(column, source)} IS NOT NULL"
            wanted += [
                f"count(*) FILTER ({full} AND {read})",
                f"count(*) FILTER ({full} AND NOT ({read}))",
                "NULL" if column.native else f"min(left({source}, 200), 50) FILTER ({full} AND NOT ({read}))",
            ]
        (rows, *found), *_ = con.execute(f"SELECT {', '.join(wanted)} FROM {ident(relation)}").fetchall()
        for at, column in enumerate(part):
            parsed, failed, examples = found[3 * at : 3 * at + 3]
            evidence = Evidence(
                parsed=parsed,
                failed=failed,
                nulls=rows - parsed - failed,
                examples_failed=list(dict.fromkeys(examples or []))[:5],
            )
            checked.append(column.model_copy(update={"evidence": evidence, "nullable": parsed + failed < rows}))
    return checked


def share(column: Column) -> float:
    """The share of non-empty cells that the description reads; 1 where there are none."""
    cells = column.evidence.parsed + column.evidence.failed
    return column.evidence.parsed / cells if cells else 1.0


def _blank(column: Column, source: str) -> str:
    tokens = ", ".join(literal(token) for token in ["", *column.null_tokens])
    return f"{source} NOT IN ({tokens}) AND trim({source}) <> ''"
