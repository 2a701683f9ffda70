"""The rules task: evidence from one half of the rows, the test on the other, and the merge with learned rules."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from aifirst_dagster.datasets.session import HIDDEN, LINE, ident
from aifirst_dagster.errors import AifirstError, DesignError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import samples
from aifirst_dagster.proposals.masking import mask, names_people
from aifirst_dagster.proposals.rules import carry
from aifirst_dagster.proposals.rules.carry import Persons
from aifirst_dagster.proposals.rules.proposal import ProposedRule, RulesProposal
from aifirst_dagster.proposals.rules.trial import parsed, tried
from aifirst_dagster.proposals.tools.material import Material
from aifirst_dagster.proposals.verdict import Claim, Verdict
from aifirst_dagster.quality.known import Known
from aifirst_dagster.quality.rules import Rule, RuleSet, Status, told_apart

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.proposals.variants import Variant

Approve = Literal["auto", "person"]
"""Whether a rule that the data bears out is in force at once, or waits as `proposed` for a person."""

#: With fewer rows than this, half of them prove nothing: all are used for both.
ENOUGH_ROWS = 200
_REJECTED_KEPT = 50
_number = itertools.count(1)


@dataclass(frozen=True)
class RulesDesign:
    """The rules to judge by, and those that the data did not bear out, with the reason."""

    rules: RuleSet
    rejected: list[tuple[dict[str, Any], str]] = field(default_factory=list)


class RulesTask:
    """Bound to one typed relation."""

    name = "rules"
    file = "rules.yaml"
    sql_file: str | None = None
    proposal = RulesProposal

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relation: str,
        columns: Sequence[Column],
        instructions: str = "",
        *,
        samples: bool = True,
        approve: Approve = "auto",
        known: Known | None = None,
    ) -> None:
        self._con, self._relation, self._columns = con, relation, list(columns)
        self._instructions, self._samples = instructions, samples
        self._status: Status = "active" if approve == "auto" else "proposed"
        self._known, self._persons = known, Persons()
        self._engine: RulesDesign | None = None
        self._parsed: dict[int, Rule] = {}

    def evidence(self) -> dict[str, Any]:
        """Instructions, the columns with masked values from one half of the rows, and the rules learned already."""
        with self._half(0) as seen:
            columns = samples.describe(self._con, seen, self._columns, "name", samples=self._samples)
        learned = [
            {"type": r.type, "kwargs": self._masked(r), "severity": r.severity} for r in self.deterministic().rules
        ]
        return {
            "instructions": self._instructions or "(nothing in particular)",
            "columns": columns,
            "rules": learned,
            "tables": self._known.told() if self._known else "(none)",
            "rejected": self._turned_down() or "(none)",
        }

    @property
    def expected_tokens(self) -> int:
        """See `Task.expected_tokens`."""
        return 220 * len(self._columns)

    @contextmanager
    def material(self) -> Iterator[Material]:
        """The half of the rows that the evidence is taken from: what is tested later stays unseen."""
        with self._half(0) as seen:
            yield Material(self._con, seen, self._columns, "name", samples=self._samples)

    def deterministic(self) -> RulesDesign:
        """Rules learned on one part of the rows and confirmed on another."""
        if self._engine is None:
            from aifirst_dagster.quality.generate import propose

            accepted, rejected = propose(self._con, self._relation, self._columns, self._known)
            active = [rule.model_copy(update={"status": self._status}) for rule in accepted]
            turned_down = [(plain(rule), reason) for rule, reason in rejected]
            self._engine = RulesDesign(RuleSet(rules=active), turned_down)
        return self._engine

    def judge(self, proposal: RulesProposal, baseline: RulesDesign) -> Verdict:
        """Each rule: in the vocabulary, able to fail, and kept by rows that the model has not seen."""
        claims, self._parsed = [], {}
        for number, said in enumerate(proposal.rules):
            rule, wrong = parsed(said)
            if rule is None:
                claims.append(Claim(subject=_subject(number, said), what="rule", state="failed", evidence=wrong))
            else:
                self._parsed[number] = rule
        rules = [rule.model_copy(update={"id": _subject(n, proposal.rules[n])}) for n, rule in self._parsed.items()]
        with self._half(1) as unseen:
            return Verdict(claims=claims + tried(self._con, self._relation, unseen, rules, self._samples, self._known))

    def merge(self, proposal: RulesProposal, verdict: Verdict, baseline: RulesDesign, by: str) -> RulesDesign:
        """The model's rules that stand, and every learned one that they do not better."""
        states = {claim.subject: claim for claim in verdict.claims}
        kept: list[Rule] = []
        rejected = list(baseline.rejected)
        for number, said in enumerate(proposal.rules):
            claim = states[_subject(number, said)]
            rule, _ = parsed(said)
            if rule is not None and claim.state == "tested":
                kept.append(rule.model_copy(update={"provenance": by, "status": self._status}))
            else:
                rejected.append(
                    ({"type": said.type, "kwargs": said.kwargs, "rationale": said.rationale}, claim.evidence)
                )
        better = {rule.id for rule in kept}
        rules = told_apart([*(rule for rule in baseline.rules if rule.id not in better), *kept])
        return RulesDesign(RuleSet(rules=rules), rejected)

    def measure(self, answer: RulesDesign) -> tuple[RulesDesign, dict[str, float]]:
        """Nothing: how far rules hold is what the step itself judges."""
        return answer, {}

    def dump(self, answer: RulesDesign) -> tuple[dict[str, Any], str | None]:
        """Rules as a rule-set file has them, and the first of those rejected."""
        body: dict[str, Any] = {"rules": [plain(rule) for rule in answer.rules]}
        if answer.rejected:
            body["rejected"] = [{"rule": rule, "reason": reason} for rule, reason in answer.rejected[:_REJECTED_KEPT]]
        return body, None

    def load(self, body: dict[str, Any], sql: str | None) -> RulesDesign:
        """The rules from a design file, strictly."""
        try:
            rules = RuleSet(rules=[Rule.model_validate(rule) for rule in body.get("rules") or []])
        except (ValidationError, TypeError, AifirstError) as error:
            detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise DesignError(f"rules.yaml: {detail.removeprefix('Value error, ')}", hint="Mend it there.") from None
        return RulesDesign(rules, [(entry["rule"], entry["reason"]) for entry in body.get("rejected") or []])

    def recall(self, earlier: Sequence[Variant]) -> None:
        """See `Carrying.recall`."""
        self._persons = carry.of(earlier)

    def carried(self, answer: RulesDesign) -> RulesDesign:
        """See `Carrying.carried`."""
        return RulesDesign(carry.merged(answer.rules, self._persons), answer.rejected)

    def recorded(self, answer: RulesDesign) -> dict[str, Any]:
        """See `Carrying.recorded`."""
        return carry.evidence(answer.rules, self._persons)

    def laid_over(self, fresh: Variant, earlier: str) -> str:
        """See `Carrying.laid_over`."""
        return carry.laid_over(fresh, earlier)

    def _turned_down(self) -> list[dict[str, Any]]:
        """Rules that a person rejected, so that a model does not propose them again."""
        return [
            {"type": rule.type, "kwargs": self._masked(rule), "why": rule.decision.why if rule.decision else ""}
            for rule in self._persons.rules.values()
            if rule.status == "rejected"
        ]

    def _masked(self, rule: Rule) -> dict[str, Any]:
        """A learned rule's arguments without the values of columns that could identify people."""
        if not self._samples:
            # Bounds, sets and patterns were learned from cells.
            return {name: value for name, value in rule.kwargs.items() if name in _NAMING}
        person = any(names_people(column) for column in rule.columns)
        return json.loads(
            json.dumps(
                {k: [mask(str(i), person) if isinstance(i, str) else i for i in v] if k == "value_set" else v
                 for k, v in rule.kwargs.items()}, default=str,
            )
        )  # fmt: skip

    @contextmanager
    def _half(self, which: int) -> Iterator[str]:
        """A view of one half of the rows (all, where there are few): the model sees 0, its rules are tested on 1."""
        # Tools look at a half while the evidence is gathered from the same one.
        view = f"aifirst_half_{which}_{next(_number)}"
        names = [row[0] for row in self._con.execute(f"DESCRIBE SELECT * FROM {ident(self._relation)}").fetchall()]
        (rows,) = self._con.execute(f"SELECT count(*) FROM {ident(self._relation)}").fetchall()[0]
        user = ", ".join(ident(name) for name in names if name not in HIDDEN)
        # Without line numbers the halves go by the rows' content, which is as independent of order.
        key = f"hash({LINE})" if LINE in names else f"hash({user})"
        some = f"WHERE {key} % 2 = {which}" if rows >= ENOUGH_ROWS else ""
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {ident(self._relation)} {some}")
        try:
            yield view
        finally:
            self._con.execute(f"DROP VIEW {view}")


_NAMING = {"column", "column_A", "column_B", "column_list", "mostly"}


def _subject(number: int, said: ProposedRule) -> str:
    return f"{number + 1}. {said.type}"


def plain(rule: Any) -> dict[str, Any]:
    """A rule as designs have it."""
    if not isinstance(rule, Rule):
        return dict(rule)
    said = rule.model_dump(mode="json")
    return {name: value for name, value in said.items() if name != "decision" or value}
