"""Remedies remembered: as actions of the step's repair plan, pinned, so that the next materialisation applies them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from aifirst_dagster.errors import ConfigError, StorageError
from aifirst_dagster.proposals.files import one_at_a_time, write_atomically
from aifirst_dagster.proposals.variants import dump, join, parse
from aifirst_dagster.quality.anomalies import Group
from aifirst_dagster.quality.remediation import Choice
from aifirst_dagster.repair.plan import RepairPlan

FILE = "mapping.yaml"


def as_action(group: Group, choice: Choice, physical: str) -> dict[str, Any] | None:
    """The repair action that does on rows to come what `choice` does on these; None where no repair can.

    Args:
        group: The group.
        choice: What is done about it.
        physical: The column's DuckDB type in the repair plan.
    """
    if len(group.columns) != 1:
        return None
    action: dict[str, Any] = {"column": group.columns[0], "reason": f"anomaly {group.id}: {group.cause}"}
    text = physical == "VARCHAR"
    if choice.action == "map_values" and choice.params.get("mapping") and text:
        name = "fix_encoding" if group.kind == "encoding" else "unify_categories"
        return {**action, "action": name, "params": {"mapping": choice.params["mapping"]}}
    if choice.action == "set_null" and group.kind == "default" and text:
        return {**action, "action": "null_tokens", "params": {"tokens": [str(group.evidence["value"]).lower()]}}
    normal = group.evidence.get("normal")
    if (
        choice.action in ("quarantine", "set_null")
        and group.kind in ("outlier", "default")
        and isinstance(normal, dict)
    ):
        bounds = _bounds(group, normal)
        how = "quarantine" if choice.action == "quarantine" else "null"
        return {**action, "action": "treat_outliers", "params": {**bounds, "how": how}} if bounds else None
    return None


def _bounds(group: Group, normal: dict[str, float]) -> dict[str, float]:
    """Halfway between what is usual and the nearest of the group; none where not all its values are at hand."""
    listed = group.evidence.get("values", [])
    if sum(count for _, count in listed) < group.cells:
        return {}
    numbers = [float(value) for value, _ in listed]
    above = [x for x in numbers if x > normal["p95"]]
    below = [x for x in numbers if x < normal["p05"]]
    found = {}
    if above:
        found["high"] = (normal["p95"] + min(above)) / 2
    if below:
        found["low"] = (normal["p05"] + max(below)) / 2
    return found


def remember(folder: Path, group: Group, choice: Choice) -> dict[str, Any]:
    """Add the remedy to the newest design of the step's repair plan, and pin that; returns the action.

    Raises:
        ConfigError: The step has no repair plan, or no repair does what this remedy does.
        StorageError: The project is read-only.
    """
    path = folder / FILE
    with one_at_a_time(folder):
        variants = parse(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else []
        if not variants or "repair" not in variants[0].body:
            raise ConfigError(
                "This step has no repair plan to remember it in.",
                hint="Repairs belong to `llm_transform` steps: remedy the dataset of the one above.",
            )
        newest, *rest = variants
        repair = dict(newest.body["repair"])
        types = {one["name"]: one.get("physical_type", "VARCHAR") for one in repair.get("columns", [])}
        action = as_action(group, choice, types.get(next(iter(group.columns), ""), ""))
        if action is None:
            raise ConfigError(
                f"What {choice.action} does about {group.id} cannot be remembered: no repair does it on rows to come.",
                hint="Put it into a `sql` or `python` step, or have the source mended.",
            )
        actions = [one for one in repair.get("actions", []) if one.get("reason") != action["reason"]]
        repair["actions"] = [*actions, action]
        body = {**newest.body, "repair": repair}
        # What cannot be a plan must not become one: the next run would fail on it.
        try:
            RepairPlan.model_validate(repair)
        except ValueError as error:
            raise ConfigError(f"It does not fit the step's repair plan: {str(error).splitlines()[-1].strip()}",
                              hint="The column may come from a later step.") from None  # fmt: skip
        meta = newest.meta.model_copy(update={"pinned": True})
        pinned = replace(newest, meta=meta, body=body)
        if not write_atomically(path, join([replace(pinned, text=dump(pinned)), *rest])):
            raise StorageError("The design could not be written: the project is read-only.", file=str(path))
    return action
