"""The task: what changed as evidence, each claim tried, and the templates' words without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.drift.proposal import DriftProposal
from aifirst_dagster.proposals.drift.trial import Trial
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.tools.material import Material
from aifirst_dagster.proposals.verdict import Verdict
from aifirst_dagster.quality.drift import Baseline, DriftReport, Explanation, words
from aifirst_dagster.quality.drift.sketch import POINTS, ColumnSketch

if TYPE_CHECKING:
    import duckdb

#: Findings and columns that a model is shown, values shown of a column.
MOST, VALUES = 40, 12
_VIEW = "aifirst_drifted"


class DriftTask:
    """Bound to one comparison."""

    name = "drift"
    file = "drift.yaml"
    sql_file: str | None = None
    proposal = DriftProposal

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Sequence[Column],
        base: Baseline,
        new: Baseline,
        report: DriftReport,
        trial: Trial,
        instructions: str = "",
        *,
        samples: bool = True,
    ) -> None:
        self._con, self._relation, self._columns = con, relation, list(columns)
        self._base, self._new, self._report, self._trial = base, new, report, trial
        self._instructions, self._samples = instructions, samples

    def evidence(self) -> dict[str, Any]:
        """Instructions, and what changed: values masked, or left out where they may not be shown."""
        report = self._report
        return {
            "instructions": self._instructions or "(nothing in particular)",
            "table": {"rows": list(report.rows), "compared with": report.baseline.text or report.baseline.kind,
                      "schema changes": [change.model_dump(by_alias=True) for change in report.schema_changes[:MOST]]},
            "columns": [self._shown(column.name) for column in report.columns if column.drifted][:MOST],
            "findings": [
                {"kind": one.kind, "columns": one.columns, "test": one.test, "effect": one.effect,
                 **({"text": mask(one.text, any(map(names_people, one.columns)))} if self._samples else {})}
                for one in report.findings[:MOST]
            ],
            "causes": [
                {"column": one.column, "rows": one.rows, "of": one.of, "explains": one.columns,
                 **({"values": [mask(value, names_people(one.column)) for value in one.values[:VALUES]]}
                    if self._samples else {})}
                for one in report.causes
            ],
        }  # fmt: skip

    @property
    def expected_tokens(self) -> int:
        """See `Task.expected_tokens`."""
        return 400

    @contextmanager
    def material(self) -> Iterator[Material]:
        """The new rows."""
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW {_VIEW} AS SELECT * FROM {self._relation}")
        try:
            yield Material(self._con, _VIEW, self._columns, "name", samples=self._samples)
        finally:
            self._con.execute(f"DROP VIEW IF EXISTS {_VIEW}")

    def deterministic(self) -> DriftReport:
        """The report as the templates word it."""
        return self._report

    def judge(self, proposal: DriftProposal, baseline: DriftReport) -> Verdict:
        """Each claim tried on the sketches or on the rows."""
        return Verdict(claims=[self._trial.claim(said) for said in proposal.claims])

    def merge(self, proposal: DriftProposal, verdict: Verdict, baseline: DriftReport, by: str) -> DriftReport:
        """The model's words before the templates', unless a claim is refuted; what was measured stays."""
        text = proposal.explanation.strip()
        if verdict.failed or not text:
            return baseline
        told = Explanation(
            cause=proposal.cause.strip(),
            text=text,
            by=by,
            state="tested" if verdict.claims else "untested",
            evidence=[f"{claim.subject}: {claim.evidence}" for claim in verdict.claims],
            todo=[one.strip() for one in proposal.todo if one.strip()][:3],
        )
        explained = baseline.model_copy(update={"explanation": told})
        return explained.model_copy(update={"insight": words.insight(explained)})

    def measure(self, answer: DriftReport) -> tuple[DriftReport, dict[str, float]]:
        """Nothing: it was measured on today's data."""
        return answer, {}

    def dump(self, answer: DriftReport) -> tuple[dict[str, Any], str | None]:
        """The report as plain data."""
        return answer.to_dict(), None

    def load(self, body: dict[str, Any], sql: str | None) -> DriftReport:
        """The report from plain data."""
        return DriftReport.model_validate(body)

    def _shown(self, name: str) -> dict[str, Any]:
        """A column before and now, without what may identify people."""
        was, now = self._base.column(name), self._new.column(name)
        return {"column": name, "before": self._of(was), "now": self._of(now)}

    def _of(self, sketch: ColumnSketch | None) -> dict[str, Any]:
        if sketch is None:
            return {}
        shown: dict[str, Any] = {"type": sketch.type, "values": sketch.count, "missing": sketch.nulls}
        if not self._samples:
            return shown
        if sketch.kind in ("number", "time") and sketch.points:
            inner = [point for point in POINTS if 0.05 <= point <= 0.95]
            values = {f"{point:g}": sketch.points[POINTS.index(point)] for point in inner}
            shown["quantiles"] = {at: words.moment(x) if sketch.kind == "time" else float(f"{x:.6g}")
                                  for at, x in values.items()}  # fmt: skip
        elif sketch.tally is not None:
            person = sketch.kind != "text" and names_people(sketch.name)
            counts = dict(zip(sketch.tally.names, sketch.tally.counts, strict=True)) | sketch.tally.fresh
            top = sorted(counts, key=lambda value: -counts[value])[:VALUES]
            shown["shapes" if sketch.kind == "text" else "counts"] = {mask(v, person): counts[v] for v in top}
        return shown
