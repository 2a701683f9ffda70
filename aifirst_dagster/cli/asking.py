"""A model's word on the columns of a bare file: proposed by the provider that the user named, tested on the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aifirst_dagster.cli.output import notice

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.connectors import ReadTable
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.proposals import task
    from aifirst_dagster.proposals.asking import Wish


@dataclass(frozen=True)
class Asked:
    """Columns that stood the test on all rows, who proposed them, what it took, and each claim with its state."""

    columns: list[Column]
    proposed_by: str
    usage: dict[str, Any]
    claims: list[dict[str, str]] = field(default_factory=list)


def wish() -> Wish:
    """How a bare file is asked about: with the templates of the project that the working directory is in."""
    from aifirst_dagster.project import Project
    from aifirst_dagster.proposals.asking import Wish

    return Wish(prompts=Project.find().resources / "prompts")


def columns_of(con: duckdb.DuckDBPyConnection, table: ReadTable, llm: task.Asked, quiet: bool = False) -> Asked:
    """Ask `llm` what the columns of `table` are.

    A provider that cannot answer leaves the deterministic engine's columns, with a notice unless `quiet`.
    """
    from aifirst_dagster.proposals import schema

    outcome = schema.design(con, table.relation, table.columns, native=table.native, llm=llm, wish=wish())
    for text in [] if quiet else outcome.notes:
        notice(text)
    claims = [
        {"column": claim.subject, **claim.model_dump(include={"what", "value", "state", "evidence"})}
        for claim in outcome.verdict.claims
    ]
    return Asked(list(outcome.answer), outcome.proposed_by, outcome.usage.model_dump(mode="json"), claims)
