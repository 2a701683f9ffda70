"""The schema task: evidence, the engine's answer, the test of each claim on all rows, and the merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.errors import DesignError
from aifirst_dagster.inference import infer, tokens
from aifirst_dagster.inference.contract.retype import PHYSICAL, retyped
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import samples
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.schema import measure
from aifirst_dagster.proposals.schema.meaning import adopted, meaning_claims
from aifirst_dagster.proposals.schema.proposal import ProposedColumn, SchemaProposal
from aifirst_dagster.proposals.tools.material import Material
from aifirst_dagster.proposals.verdict import Claim, Verdict

if TYPE_CHECKING:
    import duckdb

#: A type reads at least this share of a column's cells, and at most this much less than the engine's own type.
ENOUGH, SLACK = 0.9, 0.005


class SchemaTask:
    """Bound to one relation. `given` are types that the pipeline sets by hand: they are not up for discussion."""

    name = "schema"
    file = "schema.yaml"
    sql_file: str | None = None
    proposal = SchemaProposal

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Sequence[str],
        native: Mapping[str, str],
        given: Mapping[str, str],
        instructions: str,
        *,
        samples: bool = True,
    ) -> None:
        self._con, self._relation, self._samples = con, relation, samples
        self._columns, self._native, self._given = list(columns), dict(native), dict(given)
        self._instructions = instructions
        self._engine: list[Column] = []
        self._measured: dict[str, Column] = {}

    def evidence(self) -> dict[str, Any]:
        """The owner's instructions, and each column's profile with masked values."""
        return {
            "instructions": self._instructions or "(nothing in particular)",
            "columns": samples.describe(self._con, self._relation, self.deterministic(), samples=self._samples),
        }

    @property
    def expected_tokens(self) -> int:
        """See `Task.expected_tokens`."""
        return 60 * len(self._columns)

    @contextmanager
    def material(self) -> Iterator[Material]:
        """The source as it was read."""
        yield Material(self._con, self._relation, self.deterministic(), "source_name", samples=self._samples)

    def deterministic(self) -> list[Column]:
        """What inference says, tested on all rows; types given by hand in place of inferred ones."""
        if not self._engine and self._columns:
            proposed = infer.propose(self._con, self._relation, self._columns, self._native)
            self._engine = self._override(infer.verify(self._con, self._relation, proposed))
            self._measured = {column.source_name: column for column in self._engine}
        return self._engine

    def judge(self, proposal: SchemaProposal, baseline: Sequence[Column]) -> Verdict:
        """Each type and format on all rows; null tokens by whether they occur; meanings by their different values."""
        known = {column.source_name: column for column in baseline}
        claims, candidates = [], []
        for said in proposal.columns:
            column = known.get(said.column)
            if column is None:
                claims.append(
                    Claim(subject=said.column, what="column", state="failed", evidence="There is no such column.")
                )
            elif column.native or said.column in self._given:
                claims.append(Claim(subject=said.column, what="type", value=said.type, evidence="Given; not proposed."))
            else:
                candidates.append((said, column, retyped(column, said.type, said.format)))
        read = measure.count(self._con, self._relation, [candidate for *_, candidate in candidates])
        for (said, column, _), tried in zip(candidates, read, strict=True):
            claims.append(type_claim(said, column, tried, self._samples))
            claims += self._token_claims(said, tried)
        for said in proposal.columns:
            if column := known.get(said.column):
                claims += meaning_claims(self._con, self._relation, said, column, self._samples)
        return Verdict(claims=claims)

    def merge(self, proposal: SchemaProposal, verdict: Verdict, baseline: Sequence[Column], by: str) -> list[Column]:
        """The engine's columns with every claim of the model that stands."""
        said = {column.column: column for column in reversed(proposal.columns)}
        stands = {(claim.subject, claim.what, claim.value) for claim in verdict.claims if claim.state != "failed"}
        sure = ("tested", "corroborated")
        backed = {(claim.subject, claim.what, claim.value) for claim in verdict.claims if claim.state in sure}
        merged = []
        for column in baseline:
            proposed = said.get(column.source_name)
            merged.append(column if proposed is None else self._adopt(column, proposed, stands, backed))
        return merged

    def measure(self, answer: Sequence[Column]) -> tuple[list[Column], dict[str, float]]:
        """The columns with today's evidence; the share of cells that each reads. Nothing is decided anew."""
        stale = [column for column in answer if self._measured.get(column.source_name) is not column]
        fresh = {column.source_name: column for column in measure.count(self._con, self._relation, stale)}
        columns = [fresh.get(column.source_name, column) for column in answer]
        self._measured = {column.source_name: column for column in columns}
        return columns, {column.source_name: measure.share(column) for column in columns}

    def dump(self, answer: Sequence[Column]) -> tuple[dict[str, Any], str | None]:
        """Columns without what is counted anew at each run."""
        drop = {"evidence", "semantic_confidence", "semantic_evidence"}
        plain = [column.model_dump(mode="json", exclude_defaults=True, exclude=drop) for column in answer]
        for entry, column in zip(plain, answer, strict=True):
            entry.setdefault("type", column.type)
        return {"columns": plain}, None

    def load(self, body: dict[str, Any], sql: str | None) -> list[Column]:
        """Columns from a design file. Columns that it does not know are described by inference."""
        try:
            columns = [Column.model_validate(_completed(entry)) for entry in body["columns"]]
        except (KeyError, TypeError, ValueError) as error:
            raise DesignError(
                f"schema.yaml: {_first(error)}",
                hint="Mend it, or delete the file: it is designed anew at the next run.",
            ) from None
        known = {column.source_name: column for column in columns}
        new = [name for name in self._columns if name not in known]
        if new:
            native = {name: type_ for name, type_ in self._native.items() if name in new}
            proposed = infer.propose(self._con, self._relation, new, native)
            known |= {column.source_name: column for column in infer.verify(self._con, self._relation, proposed)}
        return [known[name] for name in self._columns]

    def _override(self, columns: Sequence[Column]) -> list[Column]:
        """Types by hand; `columns` may be named as in the source or by their standard names."""
        given = [
            retyped(column, type_, column.format if column.type == type_ else "default")
            if (type_ := self._given.get(column.source_name, self._given.get(column.name)))
            else column
            for column in columns
        ]
        changed = [new for new, old in zip(given, columns, strict=True) if new is not old]
        counted = {column.source_name: column for column in measure.count(self._con, self._relation, changed)}
        return [counted.get(column.source_name, column) for column in given]

    def _token_claims(self, said: ProposedColumn, column: Column) -> list[Claim]:
        """Null tokens: one that occurs and is no value of the type is tested; in text a known spelling corroborates."""
        fresh = [token for token in said.null_tokens if token.strip() and token not in column.null_tokens]
        if not fresh:
            return []
        source = ident(column.source_name)
        counts = ", ".join(f"count(*) FILTER ({source} = {literal(token)})" for token in fresh)
        found = self._con.execute(f"SELECT {counts} FROM {ident(self._relation)}").fetchall()[0]
        claims = []
        for token, cells in zip(fresh, found, strict=True):
            claim = Claim(subject=said.column, what="null_token", value=token, evidence=f"{cells} cells")
            readable = column.type == "string"
            if cells and (token.lower() in {e.lower() for e in column.evidence.examples_failed} or not readable):
                claim.state = "tested"
            elif cells and tokens.is_token(token):
                claim.state = "corroborated"
            claims.append(claim)
        return claims

    def _adopt(
        self, column: Column, said: ProposedColumn, stands: set[tuple[str, str, str]], backed: set[tuple[str, str, str]]
    ) -> Column:
        """One column with the claims that stand."""
        subject = said.column
        if not column.native and subject not in self._given and (subject, "type", said.type) in stands:
            column = retyped(column, said.type, said.format)
        confirmed = [token for token in said.null_tokens if (subject, "null_token", token) in backed]
        if new := [token for token in confirmed if token not in column.null_tokens]:
            column = column.model_copy(update={"null_tokens": [*column.null_tokens, *new]})
        meaning = {
            "description": said.description.strip() or column.description,
            "unit": column.unit or said.unit.strip() or None,
        }
        changed: dict[str, object] = {key: value for key, value in meaning.items() if value != getattr(column, key)}
        claim = subject, "semantic_type", said.semantic_type
        changed |= adopted(column, said, claim in stands, claim in backed)
        return column.model_copy(update=changed) if changed else column


def type_claim(said: ProposedColumn, column: Column, tried: Column, samples: bool) -> Claim:
    """Whether all rows bear the type out, in comparison with the engine's."""
    claim = Claim(subject=said.column, what="type", value=said.type)
    share, engine = measure.share(tried), measure.share(column)
    cells = tried.evidence.parsed + tried.evidence.failed
    style = f" with format {said.format}" if said.format != "default" else ""
    if not cells:
        claim.evidence = "The column is empty."
    elif said.type == "string":
        _text_claim(claim, column, engine)
    elif share >= ENOUGH and share >= engine - SLACK:
        claim.state, claim.evidence = "tested", f"{share:.1%} of {cells} cells parse"
    else:
        person = names_people(said.column, column.semantic_type)
        examples = ", ".join(repr(mask(text[:60], person)) for text in tried.evidence.examples_failed[:5])
        claim.state = "failed"
        claim.evidence = f"Only {share:.1%} of {cells} cells parse as {said.type}{style}"
        claim.evidence += f"; these do not: {examples}" if samples else "."
    return claim


def _text_claim(claim: Claim, column: Column, engine: float) -> None:
    """Text loses nothing, so it stands for whole numbers that may be labels; for what reads as more it does not."""
    if column.type in ("string", "any"):
        claim.state, claim.evidence = "corroborated", "The engine says the same."
    elif column.type in ("integer", "year") or engine < ENOUGH:
        claim.evidence = "Digits may be a label; as text nothing is lost."
    else:
        claim.state = "failed"
        claim.evidence = f"{engine:.1%} of the cells read as {column.type}; text would lose that."


def _completed(entry: dict[str, Any]) -> dict[str, Any]:
    """A person may leave out what is plain: the standard name, the physical type."""
    completed = {"source_name": entry.get("name"), **entry}
    if "physical_type" not in entry and not entry.get("number_style") and not entry.get("formats_seen"):
        completed["physical_type"] = PHYSICAL.get(entry.get("type", "string"), "VARCHAR")  # type: ignore[arg-type]
    return completed


def _first(error: Exception) -> str:
    errors = getattr(error, "errors", None)
    if not errors:
        return str(error)
    first = errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
