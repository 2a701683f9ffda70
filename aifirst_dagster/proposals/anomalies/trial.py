"""Explanations on trial: a count must be the count, an action change something, a factor mend, a rule part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.proposals.anomalies.proposal import ExplainedGroup
from aifirst_dagster.proposals.masking import told
from aifirst_dagster.proposals.rules.proposal import ProposedRule
from aifirst_dagster.proposals.rules.task import parsed
from aifirst_dagster.proposals.verdict import Claim
from aifirst_dagster.quality.anomalies import Group
from aifirst_dagster.quality.anomalies.group import FOUND
from aifirst_dagster.quality.anomalies.table import TABLE
from aifirst_dagster.quality.remediation.compile import compiled
from aifirst_dagster.quality.remediation.model import Choice

if TYPE_CHECKING:
    from aifirst_dagster.quality.anomalies import Search

#: So many of a group's numbers must come to lie among the others; its rows break the rule, others keep it.
MENDED, BREAK, KEEP = 0.8, 0.8, 0.98


class Trial:
    """Tries what is said of groups on the rows of one open search."""

    def __init__(self, search: Search, relation: str) -> None:
        self._search, self._relation = search, relation
        self._names = [field.name for field in search.table.fields]

    def claims(self, said: ExplainedGroup) -> list[Claim]:
        """What an entry claims, each with its state."""
        group = self._search.group(said.id)
        if group is None:
            return [
                Claim(subject=said.id, what="group", value=said.id, state="failed", evidence="There is no such group.")
            ]
        claims = [self._action(group, said)]
        if said.cells >= 0:
            claims.append(
                Claim(subject=said.id, what="cells", value=str(said.cells), evidence=f"{group.cells} were counted.",
                      state="tested" if said.cells == group.cells else "failed")
            )  # fmt: skip
        if said.rule_type.strip():
            claims.append(self._rule(group, said))
        return claims

    def choice(self, group: Group, said: ExplainedGroup) -> Choice | None:
        """What the entry wants to be done; None where that cannot be done about the group."""
        able = {group.remediation.action, *group.remediation.also, "keep"}
        if said.action == "scale" and said.factor > 0 and group.kind in ("scale", "outlier", "peers", "series"):
            return Choice(group=group.id, action="scale", params={"factor": said.factor})
        return Choice.of(group, said.action) if said.action in able and said.action != "scale" else None

    def _action(self, group: Group, said: ExplainedGroup) -> Claim:
        claim = Claim(subject=said.id, what="action", value=said.action, state="failed")
        choice = self.choice(group, said)
        if choice is None:
            able = dict.fromkeys([group.remediation.action, *group.remediation.also, "keep"])
            claim.evidence = f"It cannot be done about this group; there are: {', '.join(able)}."
            return claim
        if choice.action == "keep":
            claim.state, claim.evidence = "untested", "Nothing is changed, so nothing can be tried."
            return claim
        with compiled(self._search, self._relation, [choice]) as done:
            changed = self._search.table.ask(
                f"SELECT (SELECT count(*) FROM {done.cells} WHERE before IS DISTINCT FROM after) "
                f"+ (SELECT count(*) FROM {done.rows_aside})"
            )[0][0]
            if not changed:
                claim.evidence = "The action would change nothing."
            elif choice.action == "scale":
                self._mended(group, done.cells, float(choice.params["factor"]), claim)
            else:
                claim.state, claim.evidence = "tested", f"It changes {changed:,} cells or rows."
        return claim

    def _mended(self, group: Group, cells: str, factor: float, claim: Claim) -> None:
        """Whether the numbers, scaled, lie among the others of their column."""
        field = next(one for one in self._search.table.fields if one.name == group.columns[0])
        inside, all_ = self._search.table.ask(
            f"SELECT count(*) FILTER (TRY_CAST(after AS DOUBLE) BETWEEN q[1] AND q[2]), count(*) FROM {cells}, "
            f"(SELECT quantile_cont({field.value}, [0.005, 0.995]) AS q FROM {TABLE} WHERE __row NOT IN "
            f"(SELECT row FROM {FOUND} WHERE field = {field.at} AND row IS NOT NULL))"
        )[0]
        claim.value = f"scale by {factor:g}"
        claim.evidence = f"Multiplied by {factor:g}, {inside:,} of {all_:,} numbers lie among the others."
        claim.state = "tested" if inside >= MENDED * all_ else "failed"

    def _rule(self, group: Group, said: ExplainedGroup) -> Claim:
        """The rule that is to part the group's rows from all others."""
        from aifirst_dagster.quality.engines.duckdb import violations

        claim = Claim(subject=said.id, what="rule", value=f"{said.rule_type} {said.rule_kwargs}"[:200], state="failed")
        rule, wrong = parsed(ProposedRule(type=said.rule_type.strip(), kwargs=said.rule_kwargs.strip() or "{}",
                                          severity="warn", rationale=said.cause))  # fmt: skip
        if rule is None:
            claim.evidence = wrong
            return claim
        unknown = [name for name in rule.columns if name not in self._names]
        if unknown:
            claim.evidence = f"There is no column {unknown[0]!r}."
            return claim
        table = self._search.table
        numbered = f"(SELECT row_number() OVER () - 1 AS __row, * FROM {self._relation})"
        table.ask(f"CREATE OR REPLACE TEMP TABLE {_NUMBERED} AS SELECT * FROM {numbered}")
        try:
            broken = violations(rule, table.con, ident(_NUMBERED))
            if broken is None:
                claim.evidence = "The rule is about the table, not about rows."
                return claim
            own, rows, others, rest = table.ask(
                f"WITH g AS (SELECT DISTINCT row FROM {FOUND} WHERE grp = {literal(group.id)}), "
                f"r AS (SELECT coalesce({broken}, FALSE) AS broken, __row IN (SELECT row FROM g) AS own "
                f"FROM {_NUMBERED}) "
                "SELECT count(*) FILTER (own AND broken), count(*) FILTER (own), count(*) FILTER (NOT own "
                "AND NOT broken), "
                "count(*) FILTER (NOT own) FROM r"
            )[0]
        except Exception as error:  # noqa: BLE001 - whatever a model's rule makes the engine say is said back to it
            claim.evidence = f"The rule cannot be evaluated: {told(str(error), False, self._names)}"
            return claim
        finally:
            table.ask(f"DROP TABLE IF EXISTS {_NUMBERED}")
        claim.evidence = f"{own:,} of the group's {rows:,} rows break it, {others:,} of {rest:,} others keep it."
        claim.state = "tested" if own >= BREAK * rows and others >= KEEP * rest else "failed"
        return claim


_NUMBERED = "__anomaly_numbered"
