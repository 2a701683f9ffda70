"""`rules.design`: the rule set of a step: given by a person as it stands, or from its design, or newly proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals import asking
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.fingerprint import digest
from aifirst_dagster.proposals.outcome import Outcome
from aifirst_dagster.proposals.rules.task import Approve, RulesDesign, RulesTask
from aifirst_dagster.proposals.runner import run
from aifirst_dagster.quality.known import Known
from aifirst_dagster.quality.rules import Rule, RuleSet

if TYPE_CHECKING:
    import duckdb

    from aifirst_dagster.proposals.task import Asked

AUTO = "auto_generate"


def design(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    *,
    rules: str | list[dict[str, Any]] = AUTO,
    root: Path | None = None,
    store: DesignStore | None = None,
    llm: Asked | None = None,
    wish: Wish = Wish(),
    rows: str = "",
    approve: Approve = "auto",
    known: Known | None = None,
) -> Outcome[RulesDesign]:
    """The rules to judge `relation` by.

    Args:
        con: The session that knows `relation`.
        relation: Typed; the hidden columns are not judged.
        columns: What is known of its columns.
        rules: `auto_generate`, a rule-set file, or rules inline: these are used as they stand, and no model is asked.
        root: What a relative file starts from.
        store: The step's designs; None: kept nowhere.
        llm: Whom to ask; None: nobody.
        wish: How it is asked.
        rows: Hash of the rows of `relation`, kept with rules that are learned from them.
        approve: Whether new rules are in force at once, or wait for a person.
        known: Earlier versions, and other datasets that rules may refer to.

    Raises:
        ConfigError: A rule, the file or the prompt is wrong.
    """
    if rules != AUTO:
        return _given(rules, root)
    instructions = wish.instructions or ""
    task = RulesTask(con, relation, columns, instructions, samples=wish.shows(llm), approve=approve, known=known)
    inputs = {column.name: column.physical_type for column in columns}
    config: dict[str, Any] = {"instructions": instructions}
    if known is not None and known.others:
        config["others"] = [other.name for other in known.others]
    ask = asking.ask(inputs, config, wish, task=task.name, output=task.proposal, llm=llm, store=store)
    return run(task, replace(ask, rows=rows), store)


def propose_for_file(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], llm: Asked, wish: Wish = Wish()
) -> tuple[list[Rule], list[tuple[Rule, str]], str]:
    """Rules of a bare file with the help of `llm`: (accepted, rejected with reasons, by whom)."""
    outcome = design(con, relation, columns, llm=llm, wish=wish)
    rejected = [
        (Rule.model_validate(rule), why)
        for rule, why in outcome.answer.rejected
        if isinstance(rule.get("kwargs"), dict)
    ]
    return list(outcome.answer.rules), rejected, outcome.proposed_by


def _given(rules: str | list[dict[str, Any]], root: Path | None) -> Outcome[RulesDesign]:
    """A person's rules, unchanged."""
    from aifirst_dagster.llm.types import Usage

    file = None
    if isinstance(rules, str):
        file = (root or Path()) / rules
        found = RuleSet.load(file)
    else:
        try:
            found = RuleSet(rules=[Rule.model_validate(rule) for rule in rules])
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(f"A rule is wrong: {first['msg'].removeprefix('Value error, ')}.",
                              hint="A rule is {type, kwargs, severity}.") from None  # fmt: skip
    fingerprint = digest([rule.model_dump(mode="json") for rule in found])
    return Outcome(RulesDesign(found), file, fingerprint, fingerprint, "pinned", "person", None, True, Usage.none())
