"""The code task: evidence, the trial of a proposed function on rows, and what of it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aifirst_dagster.datasets.python_sandbox import PythonLimits
from aifirst_dagster.datasets.session import ident
from aifirst_dagster.errors import AifirstError, DesignError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import samples
from aifirst_dagster.proposals.code.answer import CodeDesign
from aifirst_dagster.proposals.code.apply import apply
from aifirst_dagster.proposals.code.proposal import CodeProposal
from aifirst_dagster.proposals.masking import told
from aifirst_dagster.proposals.tools.material import Material
from aifirst_dagster.proposals.verdict import Claim, Verdict
from aifirst_dagster.repair.derive import Output

if TYPE_CHECKING:
    import duckdb

#: A function is tried on so many rows, and must come to an end on this share of them.
TRIED, ENOUGH = 2_000, 0.95
_TRIAL = PythonLimits(memory_mb=256, batch_seconds=5, total_seconds=30)


class CodeTask:
    """Bound to one typed relation with the hidden columns; `outputs` are the columns asked for, if any."""

    name = "code"
    file = "code.yaml"
    sql_file: str | None = None
    proposal = CodeProposal

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Sequence[Column],
        outputs: list[Output] | None,
        instructions: str,
        *,
        samples: bool = True,
    ) -> None:
        self._con, self._relation, self._columns = con, relation, list(columns)
        self._outputs, self._instructions, self._samples = outputs, instructions, samples

    def evidence(self) -> dict[str, Any]:
        """What it is for, what it should make, and the columns with masked values."""
        return {
            "instructions": self._instructions,
            "outputs": [output.model_dump() for output in self._outputs] if self._outputs else None,
            "columns": samples.describe(self._con, self._relation, self._columns, "name", samples=self._samples),
        }

    @property
    def expected_tokens(self) -> int:
        """See `Task.expected_tokens`."""
        return 800

    @contextmanager
    def material(self) -> Iterator[Material]:
        """The step's input."""
        yield Material(self._con, self._relation, self._columns, "name", samples=self._samples)

    def deterministic(self) -> CodeDesign:
        """None: no engine writes code. What is missing is said by whoever needs it."""
        return CodeDesign("", [], self._outputs or [])

    def judge(self, proposal: CodeProposal, baseline: CodeDesign) -> Verdict:
        """The columns it names, then the function on rows from everywhere in the table."""
        known = {column.name for column in self._columns}
        claims = [
            Claim(subject=name, what="input", state="failed", evidence="There is no such column.")
            for name in proposal.inputs
            if name not in known
        ]
        names = [output.name for output in proposal.outputs]
        if wrong := self._wrong_outputs(names):
            claims.append(Claim(subject="outputs", what="output", state="failed", evidence=wrong))
        if not claims:
            claims.append(self._tried(_design(proposal)))
        return Verdict(claims=claims)

    def merge(self, proposal: CodeProposal, verdict: Verdict, baseline: CodeDesign, by: str) -> CodeDesign:
        """The function if it stood the trial; half a function is none."""
        return baseline if verdict.failed else self._wanted(_design(proposal))

    def measure(self, answer: CodeDesign) -> tuple[CodeDesign, dict[str, float]]:
        """The share of rows that come to an end, on today's data."""
        if not answer.code:
            return answer, {}
        with self._sample() as relation:
            done = apply(self._con, relation, answer, _TRIAL)
        return answer, {"rows": 1 - done.failed / done.rows} if done.rows else {}

    def dump(self, answer: CodeDesign) -> tuple[dict[str, Any], str | None]:
        """The function with what it reads and makes."""
        outputs = [output.model_dump(mode="json", exclude_defaults=True) for output in answer.outputs]
        body = {"explanation": answer.explanation, "inputs": answer.inputs, "outputs": outputs, "code": answer.code}
        return body, None

    def load(self, body: dict[str, Any], sql: str | None) -> CodeDesign:
        """The function from its file."""
        try:
            outputs = [Output.model_validate(output) for output in body["outputs"]]
            return CodeDesign(str(body["code"]), [str(n) for n in body["inputs"]], outputs, body.get("explanation", ""))
        except (KeyError, TypeError, ValidationError) as error:
            raise DesignError(
                f"code.yaml: {str(error).splitlines()[0]}", hint="It has explanation, inputs, outputs and code."
            ) from None

    def _wrong_outputs(self, names: list[str]) -> str:
        if not names or len(set(names)) < len(names) or any(not n.strip() or n.startswith("_") for n in names):
            return "Output columns need names of their own that do not start with an underscore."
        asked = [output.name for output in self._outputs or []]
        return f"The columns asked for are {asked}." if asked and set(asked) != set(names) else ""

    def _tried(self, design: CodeDesign) -> Claim:
        claim = Claim(subject="transform", what="code", value="runs")
        try:
            with self._sample() as relation:
                done = apply(self._con, relation, self._wanted(design), _TRIAL)
        except AifirstError as error:
            claim.state, claim.evidence = "failed", told(error.message, self._samples)
            return claim
        if not done.rows:
            claim.evidence = "No rows to try it on."
            return claim
        share = 1 - done.failed / done.rows
        claim.state = "tested" if share >= ENOUGH else "failed"
        why = "; ".join(
            f"{count} rows: {told(_mentioned(reason), self._samples)}" for reason, count in done.problems[:5]
        )
        claim.evidence = f"{share:.1%} of {done.rows} rows come to an end. {why}".rstrip()
        return claim

    def _wanted(self, design: CodeDesign) -> CodeDesign:
        """The design with the types of the columns that were asked for."""
        if not self._outputs:
            return design
        return CodeDesign(design.code, design.inputs, self._outputs, design.explanation)

    @contextmanager
    def _sample(self) -> Iterator[str]:
        """Rows from everywhere in the table, the same each time."""
        table = "aifirst_code_sample"
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM {ident(self._relation)} "
            f"ORDER BY hash(_source_line, _source) LIMIT {TRIED}"
        ).fetchall()
        try:
            yield table
        finally:
            self._con.execute(f"DROP TABLE {table}")


def _design(proposal: CodeProposal) -> CodeDesign:
    outputs = [Output(name=o.name, type=o.type, description=o.description) for o in proposal.outputs if o.name]
    return CodeDesign(proposal.code, list(dict.fromkeys(proposal.inputs)), outputs, proposal.explanation)


def _mentioned(reason: str) -> str:
    """A reason with the value that it ends in as a quoted text, so that it is masked."""
    head, mark, value = reason.rpartition(": not a ")
    kind, colon, text = value.partition(": ")
    return f"{head}{mark}{kind}{colon}'{text}'" if mark and colon else reason
