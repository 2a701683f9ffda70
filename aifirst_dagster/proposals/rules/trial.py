"""A model's rules tried on the data: in the vocabulary, able to fail, and kept by rows that it has not seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from aifirst_dagster.proposals.masking import mask, names_people, told
from aifirst_dagster.proposals.rules.probes import cannot_fail
from aifirst_dagster.proposals.rules.proposal import ProposedRule
from aifirst_dagster.proposals.verdict import Claim
from aifirst_dagster.quality.known import Known
from aifirst_dagster.quality.rules import Rule

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.quality.results import RuleResult


def tried(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    unseen: str,
    rules: Sequence[Rule],
    samples: bool,
    known: Known | None,
) -> list[Claim]:
    """A claim for each rule: whether it holds on `unseen` and rows of nonsense break it.

    Args:
        con: The session.
        relation: All rows, for their columns.
        unseen: A view of the rows that the model was not shown.
        rules: Ids are the claims' subjects.
        samples: Whether values may be told.
        known: Other datasets that rules may name.
    """
    from aifirst_dagster.quality.engines.duckdb import evaluate

    if not rules:
        return []
    others = known.find if known else None
    results = evaluate(con, unseen, rules, examples=5, others=others)
    empty = cannot_fail(con, relation, rules, others)
    claims = []
    for result in results:
        claim = Claim(subject=result.id, what="rule", value=json.dumps(result.kwargs, default=str)[:200])
        if result.error:
            claim.state = "failed"
            claim.evidence = f"It cannot be evaluated: {told(result.error, samples, result.columns)}"
        elif result.id in empty:
            claim.state, claim.evidence = "failed", "It cannot fail: rows of nonsense keep it too."
        elif not result.success:
            claim.state = "failed"
            claim.evidence = _broken(result, samples)
        else:
            claim.state, claim.evidence = "tested", f"It holds on {result.evaluated} values that were not shown."
        claims.append(claim)
    return claims


def parsed(said: ProposedRule) -> tuple[Rule | None, str]:
    """The rule that a model means, or what is wrong with it."""
    try:
        kwargs = json.loads(said.kwargs or "{}")
        if not isinstance(kwargs, dict):
            return None, "`kwargs` is no JSON object."
        rule = Rule(type=said.type, kwargs=kwargs, severity=said.severity, rationale=said.rationale, provenance="model")
    except json.JSONDecodeError as error:
        return None, f"`kwargs` is not JSON: {error.msg}."
    except ValidationError as error:
        return None, error.errors()[0]["msg"].removeprefix("Value error, ")
    return rule, ""


def _broken(result: RuleResult, samples: bool) -> str:
    """How far a rule is from holding, with masked examples where values may be shown."""
    if not samples:
        share = result.unexpected_percent
        return "It does not hold." if share is None else f"{share:.2f} % of the unseen values break it."
    person = any(names_people(column) for column in result.columns)
    shown = ", ".join(repr(mask(str(value)[:80], person)) for value in result.unexpected_list[:5])
    if result.unexpected_percent is None:
        return f"It does not hold: observed {result.observed_value!r}."
    some = f", for instance {shown}" if shown else ""
    return f"{result.unexpected_percent:.2f} % of the unseen values break it{some}."
