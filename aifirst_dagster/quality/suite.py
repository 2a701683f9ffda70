"""Rule sets as Great Expectations suites, in the JSON form that its 1.x stores, and back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.quality.expectations.vocabulary import OWN, problem
from aifirst_dagster.quality.rules import Rule, RuleSet

GX_VERSION = "1.24.1"
_SEVERITY = {"error": "critical", "warn": "warning"}
_FROM_SEVERITY = {"critical": "error", "warning": "warn", "info": "warn"}
#: Arguments that say how Great Expectations is to run and report, not what is expected.
_SETTINGS = ("result_format", "catch_exceptions", "include_config", "batch_id", "meta")


def suite(name: str, rules: Iterable[Rule]) -> dict[str, Any]:
    """The suite `name`: rationale, provenance and our id travel as notes and meta. Ids are stable from run to run.

    Types of our own are not in it, for Great Expectations could not load it.
    """
    return {
        "name": name,
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"aifirst-suite:{name}")),
        "expectations": [_expectation(name, rule) for rule in rules if rule.heard and rule.type not in OWN],
        "meta": {"great_expectations_version": GX_VERSION},
        "notes": None,
    }


def _expectation(name: str, rule: Rule) -> dict[str, Any]:
    return {
        "type": rule.type,
        "kwargs": dict(rule.kwargs),
        "severity": _SEVERITY[rule.severity],
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"aifirst-rule:{name}:{rule.id}")),
        "notes": rule.rationale or None,
        "meta": {"aifirst_id": rule.id, "provenance": rule.provenance},
    }


def is_suite(tree: Any) -> bool:
    """Whether a JSON document is a Great Expectations suite."""
    return isinstance(tree, dict) and isinstance(tree.get("expectations"), list)


def from_suite(tree: dict[str, Any], file: str | None = None, skip: bool = False) -> tuple[RuleSet, list[str]]:
    """(the rules of a suite, what was left out and why).

    Args:
        tree: The suite as JSON has it: Great Expectations 1.x, or 0.x with `expectation_type`.
        file: Named in errors.
        skip: Whether what we do not know is left out; else it is an error.

    Raises:
        ConfigError: Names the first expectation that is not in the vocabulary.
    """
    rules, left_out = [], []
    for place, entry in enumerate(tree["expectations"]):
        try:
            rules.append(_rule(entry, f"expectation {place + 1}", file))
        except ConfigError as fault:
            if not skip:
                raise
            left_out.append(str(fault.message))
    return RuleSet(rules=rules), left_out


def _rule(entry: Any, where: str, file: str | None) -> Rule:
    type_ = entry.get("type") or entry.get("expectation_type") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(type_, str):
        raise ConfigError(f"{where} has no type.", file=file, hint="Is this a suite of Great Expectations?")
    kwargs = {key: value for key, value in (entry.get("kwargs") or {}).items() if key not in _SETTINGS}
    if wrong := problem(type_, kwargs):
        raise ConfigError(f"{where}: {wrong[0]}", file=file, hint=wrong[1])
    meta = entry.get("meta") or {}
    notes = entry.get("notes") or ""
    return Rule(
        id=str(meta.get("aifirst_id") or ""),
        type=type_,
        kwargs=kwargs,
        severity=_FROM_SEVERITY.get(str(entry.get("severity") or "critical"), "error"),  # type: ignore[arg-type]
        rationale=" ".join(map(str, notes)) if isinstance(notes, list) else str(notes),
        provenance=str(meta.get("provenance") or "great_expectations"),
    )
