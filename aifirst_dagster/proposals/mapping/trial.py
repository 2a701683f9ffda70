"""A proposed mapping on trial: its fields over repaired rows, a model's expressions in the sandbox."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.sandbox import SandboxError, run_select
from aifirst_dagster.datasets.select_only import RefusedQueryError
from aifirst_dagster.datasets.session import RAW, ident, literal
from aifirst_dagster.inference import tokens
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.mapping import compile
from aifirst_dagster.proposals.mapping.answer import MappedField, MappingDesign
from aifirst_dagster.proposals.mapping.expressions import problem
from aifirst_dagster.proposals.mapping.proposal import MappingProposal, ProposedField, Respelling
from aifirst_dagster.proposals.mapping.target import TargetField
from aifirst_dagster.proposals.masking import told
from aifirst_dagster.proposals.verdict import Claim, Verdict
from aifirst_dagster.repair import compile as repair
from aifirst_dagster.repair.expressions import in_list
from aifirst_dagster.repair.plan import RepairPlan

if TYPE_CHECKING:
    import duckdb

#: Rows that a mapping is tried on, and the share of their values that a cast or an expression has to read.
ROWS, ENOUGH = 100_000, 0.9
#: The share of a field's values that have to be among those that the target allows, where it lists them.
KNOWN = 0.5
#: Rows that an accepted mapping is watched by at each run.
WATCHED = 20_000
_number = itertools.count(1)


@contextmanager
def repaired(con: duckdb.DuckDBPyConnection, relation: str, plan: RepairPlan, rows: int = ROWS) -> Iterator[str]:
    """A temporary table of repaired rows (the first ones, duplicates included)."""
    number = next(_number)
    head, table = f"aifirst_trial_{number}_in", f"aifirst_trial_{number}"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {head} AS SELECT * FROM {ident(relation)} LIMIT {rows}")
    plain = plan.model_copy(update={"deduplicate": False})
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {repair.select(plain, head)}")
    try:
        yield table
    finally:
        con.execute(f"DROP TABLE {table}")
        con.execute(f"DROP VIEW {head}")


def shares(con: duckdb.DuckDBPyConnection, relation: str, design: MappingDesign) -> dict[str, float]:
    """The share of the first rows' cells with text that come out with a value, column by column."""
    fields = [field for field in design.fields if not field.expression]
    columns = {column.name: column for column in (design.columns if not fields else design.plan.columns)}
    with repaired(con, relation, design.plan, WATCHED) as table:
        source = f"({compile.outer(design.plan, fields, table)})" if fields else table
        asked = {field.name: columns[field.sources[0]] for field in fields if field.sources} if fields else columns
        wanted = ["count(*)"]
        for name, column in asked.items():
            text = f"{RAW}[{literal(name)}]"
            unread = f"{ident(name)} IS NULL AND {text} IS NOT NULL AND NOT {_no_value(text, column)}"
            wanted.append(f"count({ident(name)}), count(*) FILTER ({unread})")
        (_, *counts), *_ = con.execute(f"SELECT {', '.join(wanted)} FROM {source}").fetchall()
    pairs = zip(asked, counts[::2], counts[1::2], strict=True)
    return {name: read / (read + unread) for name, read, unread in pairs if read + unread}


def judge(
    con: duckdb.DuckDBPyConnection, relation: str, proposal: MappingProposal, plan: RepairPlan,
    target: Sequence[TargetField] | None, *, samples: bool = True,
) -> Verdict:  # fmt: skip
    """Every claim of a mapping proposal, on repaired rows; `samples` says whether values may stand in the evidence."""
    wanted = {field.name: field for field in target or []}
    known = {column.name for column in plan.columns}
    claims: list[Claim] = []
    sound: list[ProposedField] = []
    seen: set[str] = set()
    for field in proposal.fields:
        wrong = _unusable(field, wanted, known, seen)
        seen.add(field.name)
        if wrong:
            claims.append(Claim(subject=field.name, what="field", state="failed", evidence=wrong))
        else:
            sound.append(field)
    for name in wanted:
        if name not in seen:
            claims.append(Claim(subject=name, what="field", state="failed", evidence="The proposal leaves it out."))
    with repaired(con, relation, plan) as table:
        claims += _tried(con, table, sound, plan, wanted, samples)
        for said in proposal.repairs:
            claims += _repair_claims(con, table, said.column, said.respellings, said.null_tokens, known)
    return Verdict(claims=claims)


def _unusable(field: ProposedField, wanted: dict[str, TargetField], known: set[str], seen: set[str]) -> str:
    """What is wrong with a field before any row is looked at; "" where nothing is."""
    if wanted and field.name not in wanted:
        return "The target has no such field."
    if field.name in seen:
        return "It is there twice."
    if not field.name.strip() or field.name.startswith("_"):
        return "A name is needed that does not start with an underscore."
    if unknown := [source for source in field.sources if source not in known]:
        return f"There is no source column {unknown[0]!r}."
    if field.expression.strip():
        wrong = problem(field.expression, field.sources)
        return f"The expression is not allowed: {wrong}." if wrong else ""
    return "Several sources need an expression." if len(field.sources) > 1 else ""


def _tried(
    con: duckdb.DuckDBPyConnection, table: str, fields: list[ProposedField], plan: RepairPlan,
    wanted: dict[str, TargetField], samples: bool,
) -> list[Claim]:  # fmt: skip
    """The share of rows with a source value that come out with a value, field by field."""
    columns = {column.name: column for column in plan.columns}
    queries = {}
    for field in fields:
        type_ = wanted[field.name].type if field.name in wanted else field.type
        form = wanted[field.name].format if field.name in wanted else "default"
        mapped = MappedField(
            name=field.name, type=type_, format=form, sources=field.sources, expression=field.expression.strip() or None
        )
        made, _ = compile.value(mapped, columns)
        full = " AND ".join(f"{ident(source)} IS NOT NULL" for source in field.sources) or "FALSE"
        allowed = wanted[field.name].values if field.name in wanted else []
        known = in_list(f"CAST({made} AS VARCHAR)", allowed) if allowed else "TRUE"
        queries[field.name] = (
            f"count(*) FILTER ({full}), count({made}) FILTER ({full}), count({made}) FILTER (({full}) AND {known})",
            type_,
            bool(mapped.expression),
        )
    claims = []
    with tempfile.TemporaryDirectory(prefix="aifirst-trial-") as folder:
        given = Path(folder, "input.parquet")
        if any(written for *_, written in queries.values()):
            con.execute(f"COPY (SELECT * EXCLUDE ({RAW}) FROM {table}) TO {literal(given)} (FORMAT parquet)")
        for name, (query, type_, written) in queries.items():
            claim = Claim(subject=name, what="field", value=type_)
            try:
                held, read, known_values = _counted(con, table, query, given if written else None)
            except SandboxError as error:
                # What an expression failed on stands in DuckDB's words.
                claim.state, claim.evidence = "failed", told(error.message, samples)
            except RefusedQueryError as error:
                claim.state, claim.evidence = "failed", error.message
            else:
                _weigh(claim, held, read, known_values)
            claims.append(claim)
    return claims


def _counted(con: duckdb.DuckDBPyConnection, table: str, query: str, given: Path | None) -> tuple[int, int, int]:
    """(rows with source values, those that come out with a value, those that come out with one that is allowed)."""
    if given is None:
        return con.execute(f"SELECT {query} FROM {table}").fetchall()[0]
    out = given.with_name("counts.parquet")
    run_select(f"SELECT {query} FROM {compile.INPUT}", {compile.INPUT: given}, out, memory_mb=512, timeout_s=60)
    return con.execute(f"FROM read_parquet({literal(out)})").fetchall()[0]


def _weigh(claim: Claim, full: int, read: int, known: int) -> None:
    if not full:
        claim.evidence = "No source values to try it on."
    elif read and known / read < KNOWN:
        claim.state = "failed"
        claim.evidence = f"Only {known / read:.1%} of its values are among those that the target allows."
    elif read / full >= ENOUGH:
        claim.state, claim.evidence = "tested", f"{read / full:.1%} of {full} rows with a source value come out."
    else:
        claim.state = "failed"
        claim.evidence = f"Only {read / full:.1%} of {full} rows with a source value come out as {claim.value}."


def _repair_claims(
    con: duckdb.DuckDBPyConnection,
    table: str,
    column: str,
    respellings: Sequence[Respelling],
    null_tokens: Sequence[str],
    known: set[str],
) -> list[Claim]:
    """Respellings and tokens: both spellings occur and are alike (corroborated), or occur at least (not used)."""
    if column not in known:
        return [Claim(subject=column, what="repair", state="failed", evidence="There is no such column.")]
    texts = {pair.before for pair in respellings} | {pair.after for pair in respellings} | set(null_tokens)
    if not texts:
        return []
    listed = ", ".join(literal(text) for text in sorted(texts))
    cell = f"{ident(column)}::VARCHAR"
    found = dict(con.execute(f"SELECT {cell}, count(*) FROM {table} WHERE {cell} IN ({listed}) GROUP BY 1").fetchall())
    claims = []
    for pair in respellings:
        claim = Claim(subject=column, what="repair", value=pair.before)
        missing = [text for text in (pair.before, pair.after) if text not in found]
        if missing:
            claim.state, claim.evidence = "failed", f"{missing[0]!r} does not occur."
        elif alike(pair.before, pair.after):
            claim.state, claim.evidence = "corroborated", f"{found[pair.before]} cells, spelled like {pair.after!r}."
        else:
            claim.evidence = f"Whether it means {pair.after!r} the data cannot tell: not changed."
        claims.append(claim)
    for token in null_tokens:
        claim = Claim(subject=column, what="repair", value=token, evidence=f"{found.get(token, 0)} cells")
        if found.get(token) and tokens.is_token(token):
            claim.state = "corroborated"
        claims.append(claim)
    return claims


def alike(one: str, two: str) -> bool:
    """Whether two spellings can be one word: equal letters, one the initials of the other, or hardly different."""
    left, right = ("".join(sign for sign in text.casefold() if sign.isalnum()) for text in (one, two))
    if not left or not right:
        return False
    initials = ["".join(word[0] for word in text.casefold().split()) for text in (one, two)]
    return (
        left == right
        or left == initials[1]
        or right == initials[0]
        or SequenceMatcher(None, left, right).ratio() >= 0.8
    )


def _no_value(text_sql: str, column: Column) -> str:
    """SQL: whether the file's text says in words that there is no value."""
    return in_list(text_sql, {"", *column.null_tokens, *tokens.CERTAIN, *tokens.LIKELY})
