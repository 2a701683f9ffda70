"""The task: groups as evidence, each claim tested on their cells, and the templates' words without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import samples
from aifirst_dagster.proposals.anomalies.proposal import AnomaliesProposal, ExplainedGroup
from aifirst_dagster.proposals.anomalies.trial import Trial
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.tools.material import Material
from aifirst_dagster.proposals.verdict import Claim, Verdict
from aifirst_dagster.quality.anomalies import Anomalies, Group, Remedy

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.quality.anomalies import Search

#: Groups that a model is asked about, the most unlikely ones.
MOST = 25


class AnomaliesTask:
    """Bound to an open search of one relation."""

    name = "anomalies"
    file = "anomalies.yaml"
    sql_file: str | None = None
    proposal = AnomaliesProposal

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Sequence[Column],
        search: Search,
        instructions: str = "",
        *,
        samples: bool = True,
    ) -> None:
        self._con, self._relation, self._columns = con, relation, list(columns)
        self._search, self._instructions, self._samples = search, instructions, samples
        self._trial = Trial(search, relation)

    def evidence(self) -> dict[str, Any]:
        """Instructions, the columns with masked values, and the groups as counted."""
        return {
            "instructions": self._instructions or "(nothing in particular)",
            "columns": samples.describe(self._con, self._relation, self._columns, "name", samples=self._samples),
            "groups": [self._shown(group) for group in self._search.found.groups[:MOST]],
        }

    @property
    def expected_tokens(self) -> int:
        """See `Task.expected_tokens`."""
        return 100 + 160 * min(len(self._search.found.groups), MOST)

    @contextmanager
    def material(self) -> Iterator[Material]:
        """The table itself."""
        yield Material(self._con, self._relation, self._columns, "name", samples=self._samples)

    def deterministic(self) -> Anomalies:
        """The groups as the templates word them."""
        return self._search.found

    def judge(self, proposal: AnomaliesProposal, baseline: Anomalies) -> Verdict:
        """Each entry's action, count and rule tried on all rows."""
        return Verdict(claims=[claim for said in proposal.groups for claim in self._trial.claims(said)])

    def merge(self, proposal: AnomaliesProposal, verdict: Verdict, baseline: Anomalies, by: str) -> Anomalies:
        """The model's words where nothing contradicts them, its action where that stands; counts stay as counted."""
        said = {one.id: one for one in reversed(proposal.groups)}
        groups = [
            self._merged(group, said[group.id], [c for c in verdict.claims if c.subject == group.id], by)
            if group.id in said else group
            for group in baseline.groups
        ]  # fmt: skip
        return baseline.model_copy(update={"groups": groups})

    def measure(self, answer: Anomalies) -> tuple[Anomalies, dict[str, float]]:
        """Nothing: it was counted on today's data."""
        return answer, {}

    def dump(self, answer: Anomalies) -> tuple[dict[str, Any], str | None]:
        """The groups as plain data."""
        return answer.model_dump(mode="json"), None

    def load(self, body: dict[str, Any], sql: str | None) -> Anomalies:
        """The groups from plain data."""
        return Anomalies.model_validate(body)

    def _merged(self, group: Group, said: ExplainedGroup, claims: list[Claim], by: str) -> Group:
        states = {claim.what: claim.state for claim in claims}
        if "failed" in (states.get("cells"), states.get("rule")) or not said.explanation.strip():
            return group
        proved = "tested" in (states.get("rule"), states.get("action"))
        counted = "; ".join(claim.evidence for claim in claims if claim.state == "tested" and claim.what == "rule")
        update: dict[str, Any] = {
            "cause": said.cause.strip() or group.cause,
            "explanation": f"{said.explanation.strip()}{f' ({counted})' if counted else ''}",
            "explained_by": by,
            "state": "tested" if proved else "untested",
        }
        choice = self._trial.choice(group, said)
        if states.get("action") != "failed" and choice is not None and choice.action != group.remediation.action:
            old = group.remediation
            also = [name for name in dict.fromkeys([old.action, *old.also]) if name != choice.action]
            update["remediation"] = Remedy(action=choice.action, params=choice.params, why=said.cause, also=also)
        elif states.get("action") == "failed":
            # The words were about another remedy than the one that stands.
            return group
        return group.model_copy(update=update)

    def _shown(self, group: Group) -> dict[str, Any]:
        """A group without what may identify people or, where that is forbidden, any value."""
        person = any(names_people(name) for name in group.columns)
        shown: dict[str, Any] = {
            "id": group.id, "kind": group.kind, "columns": group.columns, "cells": group.cells, "rows": group.rows,
            "of_rows": self._search.found.rows, "score": group.score,
            "actions": list(dict.fromkeys([group.remediation.action, *group.remediation.also, "keep"])),
        }  # fmt: skip
        if self._samples:
            shown["found"] = mask(group.explanation, person)
            shown["examples"] = [
                {"source_line": one.source_line, "column": one.column,
                 "value": None if one.value is None else mask(one.value, person),
                 "expected": None if one.expected is None else mask(one.expected, person)}
                for one in group.examples
            ]  # fmt: skip
            normal = group.evidence.get("normal")
            if isinstance(normal, dict):
                shown["normal"] = normal
        if "factor" in group.evidence:
            shown["factor_found"] = group.evidence["factor"]
        return shown
