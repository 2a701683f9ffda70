"""The mapping task: evidence, the engine's own mapping, the test of each claim on repaired rows, and the merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aifirst_dagster.errors import DesignError
from aifirst_dagster.inference.matching.facts import Facts
from aifirst_dagster.inference.matching.match import Matching
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

#: Targets of more fields than this are shown to a model in part: those that some column may be.
WIDE = 60
#: Candidates kept for each column.
NEAREST = 6


class MappingTask:
    """Bound to one typed relation with the hidden columns.

    Where the target is a table, `facts` are what its rows say; `repair` False maps the columns as they are.
    """

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
        facts: Sequence[Facts] | None = None,
        repair: bool = True,
        least: float = match.ENOUGH,
        candidates: int = 0,
    ) -> None:
        self._facts, self._repair, self._least = facts, repair, least
        self._nearest = max(candidates, NEAREST)
        self._matching: Matching | None = None
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
        target = [field.model_dump(exclude_defaults=True) for field in self._asked] if self._target else None
        if self.matching is not None:
            near = _candidates(self.matching)
            described = [one | {"nearest_fields": near.get(one["column"], [])} for one in described]
        return {
            "instructions": self._instructions or "(nothing in particular)",
            "target": target,
            "columns": described,
            "repairs": repairs,
        }

    @property
    def expected_tokens(self) -> int:
        """See `Task.expected_tokens`."""
        return 90 * max(len(self._columns), len(self._asked))

    @contextmanager
    def material(self) -> Iterator[Material]:
        """The repaired rows that the evidence is taken from."""
        plan = self.deterministic().plan
        with trial.repaired(self._con, self._relation, plan) as relation:
            yield Material(self._con, relation, plan.columns, "name", samples=self._samples)

    def deterministic(self) -> MappingDesign:
        """The repairs that the data asks for; with a target, fields matched by name, meaning and type."""
        if self._engine is None:
            plan = self._plan()
            if not self._target:
                self._engine = _designed(plan, [])
            else:
                facts = self._facts or [field.facts() for field in self._target]
                with trial.repaired(self._con, self._relation, plan) as relation:
                    self._matching = match.matched(self._con, relation, plan.columns, facts, self._least, self._nearest)
                self._engine = _designed(plan, match.fields(self._matching, self._target))
        return self._engine

    @property
    def matching(self) -> Matching | None:
        """What the engine found, leftovers and candidates included; None where there is no target."""
        self.deterministic()
        return self._matching

    def _plan(self) -> RepairPlan:
        from aifirst_dagster.repair import plan as repair

        if not self._repair:
            return RepairPlan(columns=self._columns, deduplicate=False)
        plan = repair.propose(self._con, self._relation, self._columns)
        return plan.model_copy(update=_switched(plan, self._options))

    @property
    def _asked(self) -> list[TargetField]:
        """The fields that a model is asked about: all, or of a wide target those that some column may be."""
        if not self._target or len(self._target) <= WIDE or self.matching is None:
            return self._target or []
        near = {name for names in _candidates(self.matching).values() for name in names}
        near |= {one.target for one in self.matching.found}
        return [field for field in self._target if field.name in near]

    def judge(self, proposal: MappingProposal, baseline: MappingDesign) -> Verdict:
        """Each field's sources, expression and type on the repaired rows; each respelling by whether it occurs."""
        plan = baseline.plan
        return trial.judge(self._con, self._relation, proposal, plan, self._asked, samples=self._samples)

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


def _candidates(matching: Matching) -> dict[str, list[str]]:
    """Source column -> the target fields that it may be, the likeliest first."""
    near = {name: [target for target, _ in found] for name, found in matching.unmatched_source.items()}
    for one in matching.found:
        names = [target for target, _ in one.candidates] or [one.target]
        for source in one.sources:
            near.setdefault(source, names)
    return near


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
