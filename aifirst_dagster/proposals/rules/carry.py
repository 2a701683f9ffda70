"""What a person made of a rule set, carried into the next proposal: decisions, thresholds, own rules, removals.

A design records how each of its rules was written. A rule that differs from that now, or that carries a decision, is
a person's: a new proposal takes it over as it stands, found by its id, so that thresholds may differ. A recorded rule
that is gone was removed by hand: proposed again, it is kept as rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aifirst_dagster.errors import AifirstError
from aifirst_dagster.proposals.fingerprint import digest
from aifirst_dagster.proposals.variants import Variant, dump, parse
from aifirst_dagster.quality.rules import Decision, Rule, RuleSet, told_apart

#: Where a design's evidence says how its rules were written, and which a person removed.
WRITTEN, REMOVED = "rules", "removed"
#: Types whose limits part of the rows cannot teach.
_OF_ALL_ROWS = ("expect_table_row_count_to_be_between", "expect_column_values_to_have_no_gaps")
_BY_HAND = Decision(status="rejected", by="by hand", why="Removed from the file.")


@dataclass(frozen=True)
class Persons:
    """What people made of the rules of earlier designs.

    Attributes:
        rules: Rules by id, as a person left them.
        removed: Ids of rules that a person took out.
        standing: Status by id of all rules that stood last, whoever made them.
        earlier: All rules of these designs, the newest first.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    standing: dict[str, str] = field(default_factory=dict)
    earlier: list[Rule] = field(default_factory=list)


def of(variants: Sequence[Variant]) -> Persons:
    """What people made of rules, the newest design first to say."""
    found = Persons()
    said: set[str] = set()
    for variant in variants:
        rules = _rules(variant)
        found.earlier.extend(rules)
        written = variant.meta.evidence.get(WRITTEN)
        # A design of before rules were recorded: edited, every rule in it may be a person's.
        all_theirs = written is None and variant.kept
        for rule in rules:
            found.standing.setdefault(rule.id, rule.status)
            theirs = rule.decision is not None or all_theirs
            theirs = theirs or (written is not None and written.get(rule.id) != as_written(rule))
            if theirs and rule.id not in said:
                found.rules[rule.id] = rule
                said.add(rule.id)
        present = {rule.id for rule in rules}
        gone = [name for name in written or {} if name not in present]
        for name in [*gone, *variant.meta.evidence.get(REMOVED, [])]:
            if name not in said:
                found.removed.append(name)
                said.add(name)
        # What stands untouched in a newer design is not overruled by an older one.
        said |= present
    return found


def merged(proposed: RuleSet, persons: Persons) -> RuleSet:
    """The proposal, with a person's rules in place of its own of the same id and their others after it."""
    kept: list[Rule] = []
    for rule in told_apart(proposed, persons.earlier):
        if rule.id in persons.rules:
            kept.append(persons.rules[rule.id])
        elif rule.id in persons.removed:
            kept.append(rule.model_copy(update={"status": "rejected", "decision": _BY_HAND}))
        else:
            # What was in force stays in force, also where new rules wait for a person now.
            standing = persons.standing.get(rule.id)
            kept.append(rule.model_copy(update={"status": "active"}) if standing == "active" else rule)
    present = {rule.id for rule in kept}
    return RuleSet(rules=[*kept, *(rule for name, rule in persons.rules.items() if name not in present)])


def evidence(rules: RuleSet, persons: Persons) -> dict[str, Any]:
    """What a design records, so that a person's hand is known later: of their rules, nothing."""
    written = {rule.id: as_written(rule) for rule in rules if rule.id not in persons.rules}
    return {WRITTEN: written, **({REMOVED: persons.removed} if persons.removed else {})}


def taken_over(variant: Variant, earlier: Sequence[Variant], of_part: bool = False) -> Variant:
    """A design that was proposed apart, with what people made of rules in the meantime.

    Args:
        variant: The proposal.
        earlier: The designs that stand, the newest first.
        of_part: It was learned from part of the rows: what rules say of all rows is as it was.
    """
    persons = of(earlier)
    proposed = _rules(variant)
    if of_part:
        standing = [rule for rule in _rules(earlier[0]) if rule.type in _OF_ALL_ROWS] if earlier else []
        proposed = [*standing, *(rule for rule in proposed if rule.type not in _OF_ALL_ROWS)]
    rules = merged(RuleSet(rules=proposed), persons)
    listed = [
        {name: value for name, value in rule.model_dump(mode="json").items() if name != "decision" or value}
        for rule in rules
    ]
    body = {**variant.body, "rules": listed}
    notes = {**variant.meta.evidence, **evidence(rules, persons)}
    meta = variant.meta.model_copy(update={"content": digest(body), "evidence": notes})
    fresh = Variant(meta, body)
    fresh = replace(fresh, text=dump(fresh))
    return replace(fresh, text=laid_over(fresh, earlier[0].text)) if earlier else fresh


def as_written(rule: Rule) -> str:
    """A digest of all that a person may change in a rule."""
    return digest(rule.model_dump(mode="json", include={"type", "kwargs", "severity", "rationale", "status"}))


def laid_over(fresh: Variant, earlier: str) -> str:
    """The document of `fresh`, its rules laid over those of an earlier document so that a person's comments stay.

    Where the comments cannot be kept without changing what the document means, they go.
    """
    from ruamel.yaml.error import YAMLError

    from aifirst_dagster.quality.rulesplice import section, spliced

    rest = {key: value for key, value in fresh.body.items() if key != "rules"}
    head = dump(replace(fresh, body={}))
    try:
        rules = spliced(earlier, fresh.body["rules"])
        if rules is None:
            return fresh.text
        text = head + section(rules) + dump(replace(fresh, body=rest))[len(head) :]
        (again,) = parse(text, "rules.yaml")
    except (AifirstError, YAMLError, ValueError, KeyError):
        return fresh.text
    return text if again.meta == fresh.meta and again.body == fresh.body else fresh.text


def _rules(variant: Variant) -> list[Rule]:
    listed = variant.body.get("rules") or []
    return list(RuleSet(rules=[Rule.model_validate(rule) for rule in listed if isinstance(rule, dict)]))
