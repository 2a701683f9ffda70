"""A rule set as a Great Expectations suite, in the JSON form that its 1.x stores."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from aifirst_dagster.quality.rules import Rule

GX_VERSION = "1.24.1"
_SEVERITY = {"error": "critical", "warn": "warning"}


def suite(name: str, rules: Iterable[Rule]) -> dict[str, Any]:
    """The suite `name`: rationale, provenance and our id travel as notes and meta. Ids are stable from run to run."""
    return {
        "name": name,
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"aifirst-suite:{name}")),
        "expectations": [_expectation(name, rule) for rule in rules if rule.heard],
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
