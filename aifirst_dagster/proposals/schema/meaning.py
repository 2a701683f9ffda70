"""A model's word on what a column means, on its unit and description: each claim with what the values say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident
from aifirst_dagster.inference.meanings import claims
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.schema.proposal import ProposedColumn
from aifirst_dagster.proposals.verdict import Claim

if TYPE_CHECKING:
    import duckdb

#: Meanings of the engine that say little: a claim that stands is better.
GENERIC = frozenset({"category", "code", "identifier", "free_text", "title", "flag", "product"})


def meaning_claims(
    con: duckdb.DuckDBPyConnection, relation: str, said: ProposedColumn, column: Column, samples: bool
) -> list[Claim]:
    """Description, meaning and unit of one column; the meaning tested on its different values, wherever they stand.

    Args:
        con: The session that knows `relation`.
        relation: The table as it was read.
        said: What the model says.
        column: What the engine says.
        samples: Whether values, masked, may be shown to the model as evidence.
    """
    found = [Claim(subject=said.column, what="description", value=said.description[:60])]
    if said.semantic_type.strip():
        found.append(_meaning(con, relation, said, column, samples))
    if said.unit:
        same = column.unit is not None and column.unit.lower() == said.unit.lower()
        state = "corroborated" if same else "untested"
        found.append(Claim(subject=said.column, what="unit", value=said.unit, state=state))
    return found


def adopted(column: Column, said: ProposedColumn, stands: bool, tested: bool) -> dict[str, object]:
    """The change to the engine's meaning: a claim that stands fills a gap, a tested one replaces a generic word."""
    word = said.semantic_type.strip()
    own = column.semantic_type
    if not word or not stands or (own is not None and not (tested and own in GENERIC)):
        return {}
    name = claims.canonical(word) or word
    if name == own:
        return {}
    how = "a model says so; the values bear it out" if tested else "a model says so; nothing else does"
    return {"semantic_type": name, "semantic_confidence": 0.9 if tested else None, "semantic_evidence": how}


def _meaning(
    con: duckdb.DuckDBPyConnection, relation: str, said: ProposedColumn, column: Column, samples: bool
) -> Claim:
    claim = Claim(subject=said.column, what="semantic_type", value=said.semantic_type)
    tried = claims.test(said.semantic_type, _texts(con, relation, column), [column.type, said.type])
    if tried is None:
        claim.evidence = "No test is known for this meaning."
        return claim
    if tried.holds is False:
        claim.state, claim.evidence = "failed", tried.evidence
        if samples and tried.failing:
            person = names_people(said.column, column.semantic_type)
            claim.evidence += f"; not these: {', '.join(repr(mask(text[:60], person)) for text in tried.failing)}"
    elif tried.holds:
        claim.state, claim.evidence = "tested", tried.evidence
    elif column.semantic_type == tried.name:
        claim.state, claim.evidence = "corroborated", "The engine says the same."
    else:
        claim.evidence = tried.evidence
    return claim


def _texts(con: duckdb.DuckDBPyConnection, relation: str, column: Column) -> list[str]:
    """Different texts of the column from everywhere in the table, without those that mean no value."""
    text = f"trim({ident(column.source_name)}::VARCHAR)"
    rows = con.execute(
        f"SELECT v FROM (SELECT DISTINCT {text} AS v FROM {ident(relation)}) WHERE v <> '' "
        f"ORDER BY hash(v) LIMIT {claims.VALUES + len(column.null_tokens)}"
    ).fetchall()
    return [value for (value,) in rows if value not in column.null_tokens][: claims.VALUES]
