"""The mapping task: evidence, the engine's own mapping, the test of each claim on repaired rows, and the merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import DesignError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import samples
from aifirst_dagster.proposals.mapping import compile, match, trial
from aifirst_dagster.proposals.mapping.answer import MappedField, MappingDesign
from aifirst_dagster.proposals.mapping.proposal import MappingProposal, ProposedField
from aifirst_dagster.proposals.mapping.target import TargetField
from aifirst_dagster.proposals.tools.material import Material
from aifirst_dagster.proposals.verdict import Verdict
from aifirst_dagster.repair.plan import Action, RepairPlan

if TYPE_CHECKING:
    import duckdb


class MappingTask:
    """Bound to one typed relation with the hidden columns."""

    name = "mapping"
    file = "mapping.yaml"
    sql_file: str | None = "transform.sql"
    proposal = MappingProposal

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Sequence[Column],
        target: list[TargetField] | None,
        *,
        instructions: str = "",
        deduplicate: bool = True,
        on_unparseable: str = "quarantine",
        samples: bool = True,
    ) -> None:
        self._con, self._relation, self._columns, self._target = con, relation, list(columns), target
        self._instructions, self._samples = instructions, samples
        self._options = {"deduplicate": deduplicate, "on_unparseable": on_unparseable}
        self._engine: MappingDesign | None = None

    def evidence(self) -> dict[str, Any]:
        """Instructions, target, the columns with masked values, and the repairs that are planned already."""
        plan = self.deterministic().plan
        with trial.repaired(self._con, self._relation, plan) as relation:
            described = samples.describe(self._con, relation, plan.columns, "name", samples=self._samples)
        repairs = [
            {"column": action.column, "action": action.action} | ({"reason": action.reason} if self._samples else {})
            for action in plan.actions
            if action.kind != "finding"
        ]
        target = [field.model_dump(exclude_defaults=True) for field in self._target] if self._target else None
        return {
            "instructions": self._instructions or "(nothing in particular)",
            "target": target,
            "columns": described,
            "repairs": repairs,
        }

    @property
    def expected_tokens(self) -> int:
        """See `Task.expected_tokens`."""
        return 90 * max(len(self._columns), len(self._target or ()))

    @contextmanager
    def material(self) -> Iterator[Material]:
        """The repaired rows that the evidence is taken from."""
        plan = self.deterministic().plan
        with trial.repaired(self._con, self._relation, plan) as relation:
            yield Material(self._con, relation, plan.columns, "name", samples=self._samples)

    def deterministic(self) -> MappingDesign:
        """The repairs that the data asks for; with a target, fields matched by name, meaning and type."""
        if self._engine is None:
            from aifirst_dagster.repair import plan as repair

            plan = repair.propose(self._con, self._relation, self._columns)
            plan = plan.model_copy(update=_switched(plan, self._options))
            self._engine = _designed(plan, self._matched(plan.columns) if self._target else [])
        return self._engine

    def judge(self, proposal: MappingProposal, baseline: MappingDesign) -> Verdict:
        """Each field's sources, expression and type on the repaired rows; each respelling by whether it occurs."""
        plan = baseline.plan
        return trial.judge(self._con, self._relation, proposal, plan, self._target, samples=self._samples)

    def merge(self, proposal: MappingProposal, verdict: Verdict, baseline: MappingDesign, by: str) -> MappingDesign:
        """The model's fields and repairs that stand; the engine's for the others. No source column is lost unseen."""
        lost = {claim.subject for claim in verdict.failed if claim.what != "repair"}
        plan = _with_repairs(baseline.plan, proposal, verdict)
        said = {field.name: field for field in reversed(proposal.fields) if field.name not in lost}
        if self._target:
            engine = {field.name: field for field in baseline.fields}
            fields = [_field(said[t.name], t, by) if t.name in said else engine[t.name] for t in self._target]
            return _designed(plan, fields)
        fields = [_field(field, None, by) for field in proposal.fields if said.get(field.name) is field]
        used = {source for field in fields for source in field.sources}
        names = {field.name for field in fields}
        fields += [_as_is(column, names) for column in plan.columns if column.name not in used]
        plain = [field.sources for field in fields] == [[column.name] for column in plan.columns]
        same = plain and all(field.name == field.sources[0] and not field.expression for field in fields)
        types = {column.name: column.type for column in plan.columns}
        if same and all(field.type == types[field.name] for field in fields):
            plan = _described(plan, {field.name: field.description for field in fields})
            return _designed(plan, [])
        return _designed(plan, fields)

    def measure(self, answer: MappingDesign) -> tuple[MappingDesign, dict[str, float]]:
        """The share of each column's texts that the mapping reads, on the first rows."""
        if answer.edited:
            return answer, {}
        return answer, trial.shares(self._con, self._relation, answer)

    def dump(self, answer: MappingDesign) -> tuple[dict[str, Any], str | None]:
        """Fields and repair plan; the SQL goes beside them."""
        plan = answer.plan.model_dump(mode="json", exclude_defaults=True)
        for column in plan.get("columns", []):
            column.pop("evidence", None)
        body = {
            "fields": [field.model_dump(mode="json", exclude_defaults=True) for field in answer.fields],
            "unmatched": answer.unmatched,
            "repair": {"on_unparseable": answer.plan.on_unparseable, "deduplicate": answer.plan.deduplicate, **plan},
        }
        return {key: value for key, value in body.items() if value != []}, answer.sql

    def load(self, body: dict[str, Any], sql: str | None) -> MappingDesign:
        """The mapping from its files. SQL that differs from what the mapping compiles to is a person's."""
        try:
            plan = RepairPlan.model_validate(body["repair"])
            fields = [MappedField.model_validate(field) for field in body.get("fields", [])]
            design = _designed(plan, fields)
        except (KeyError, TypeError, ValueError) as error:
            raise DesignError(
                f"mapping.yaml: {str(error).splitlines()[0]}", hint="Mend it, or delete the file."
            ) from None
        if sql is None or sql.strip() == design.sql.strip():
            return design
        return replace(design, sql=sql, edited=True)

    def _matched(self, columns: Sequence[Column]) -> list[MappedField]:
        assert self._target is not None
        found = match.match(columns, self._target)
        fields = []
        for target in self._target:
            source, confidence = found.get(target.name, ("", 0.0))
            fields.append(
                MappedField(
                    name=target.name, type=target.type, format=target.format, sources=[source] if source else [],
                    description=target.description, confidence=confidence,
                    why="by name, meaning and type" if source else "no column fits",
                )
            )  # fmt: skip
        return fields


def _designed(plan: RepairPlan, fields: list[MappedField]) -> MappingDesign:
    return MappingDesign(plan, fields, compile.compiled(plan, fields))


def _switched(plan: RepairPlan, options: dict[str, Any]) -> dict[str, Any]:
    """The step's options, with the actions that they leave without effect gone."""
    if options["deduplicate"]:
        return options
    return {**options, "actions": [action for action in plan.actions if action.action != "merge_duplicates"]}


def _field(said: ProposedField, target: TargetField | None, by: str) -> MappedField:
    return MappedField(
        name=said.name, type=target.type if target else said.type, format=target.format if target else "default",
        sources=said.sources, expression=said.expression.strip() or None,
        description=said.description.strip() or (target.description if target else ""),
        confidence=round(min(max(said.confidence, 0.0), 1.0), 3), why=f"proposed by {by}, tested on the data",
    )  # fmt: skip


def _as_is(column: Column, taken: set[str]) -> MappedField:
    """A source column that the model left out, under a name that is still free."""
    name = column.name
    while name in taken:
        name += "_"
    taken.add(name)
    return MappedField(name=name, type=column.type, sources=[column.name], why="kept: the proposal did not use it")


def _with_repairs(plan: RepairPlan, proposal: MappingProposal, verdict: Verdict) -> RepairPlan:
    """The plan with the respellings and null tokens that stand, where it has none of its own."""
    backed = {
        (c.subject, c.value) for c in verdict.claims if c.what == "repair" and c.state in ("tested", "corroborated")
    }
    added = []
    for said in proposal.repairs:
        pairs = {pair.before: pair.after for pair in said.respellings if (said.column, pair.before) in backed}
        tokens = [token for token in said.null_tokens if (said.column, token) in backed]
        own = {action.action for action in plan.of(said.column)}
        if tokens and "null_tokens" not in own:
            added.append(
                Action(column=said.column, action="null_tokens", params={"tokens": tokens}, reason=said.reason)
            )
        if pairs and "unify_categories" not in own:
            added.append(
                Action(column=said.column, action="unify_categories", params={"mapping": pairs}, reason=said.reason)
            )
    return plan.model_copy(update={"actions": [*plan.actions, *added]}) if added else plan


def _described(plan: RepairPlan, descriptions: dict[str, str]) -> RepairPlan:
    columns = [c.model_copy(update={"description": descriptions.get(c.name) or c.description}) for c in plan.columns]
    return plan.model_copy(update={"columns": columns})
