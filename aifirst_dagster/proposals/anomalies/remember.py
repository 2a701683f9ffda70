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


def as_action(group: Group, choice: Choice) -> dict[str, Any] | None:
    """The repair action that does on any data what `choice` does on this; None where no repair can."""
    if len(group.columns) != 1:
        return None
    action: dict[str, Any] = {"column": group.columns[0], "reason": f"anomaly {group.id}: {group.cause}"}
    if choice.action == "map_values" and choice.params.get("mapping"):
        name = "fix_encoding" if group.kind == "encoding" else "unify_categories"
        return {**action, "action": name, "params": {"mapping": choice.params["mapping"]}}
    if choice.action == "set_null" and group.kind == "default" and group.evidence.get("value") is not None:
        return {**action, "action": "null_tokens", "params": {"tokens": [str(group.evidence["value"]).lower()]}}
    normal = group.evidence.get("normal")
    if choice.action in ("quarantine", "set_null") and group.kind == "outlier" and isinstance(normal, dict):
        numbers = [float(value) for value, _ in group.evidence.get("values", [])]
        above = [x for x in numbers if x > normal["p95"]]
        below = [x for x in numbers if x < normal["p05"]]
        if len(numbers) < group.cells and len(numbers) < 5:
            return None
        bounds: dict[str, Any] = {"how": "quarantine" if choice.action == "quarantine" else "null"}
        # Halfway between what is usual and the nearest that is not.
        if above:
            bounds["high"] = (normal["p95"] + min(above)) / 2
        if below:
            bounds["low"] = (normal["p05"] + max(below)) / 2
        return {**action, "action": "treat_outliers", "params": bounds}
    return None


def remember(folder: Path, group: Group, choice: Choice) -> dict[str, Any]:
    """Add the remedy to the newest design of the step's repair plan, and pin that; returns the action.

    Raises:
        ConfigError: The step has no repair plan, or no repair does what this remedy does.
        StorageError: The project is read-only.
    """
    path = folder / FILE
    action = as_action(group, choice)
    if action is None:
        raise ConfigError(
            f"What {choice.action} does about {group.id} cannot be remembered: no repair does it on rows to come.",
            hint="Put it into a `sql` or `python` step, or have the source mended.",
        )
    with one_at_a_time(folder):
        variants = parse(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else []
        if not variants or "repair" not in variants[0].body:
            raise ConfigError(
                "This step has no repair plan to remember it in.",
                hint="Repairs belong to `llm_transform` steps: remedy the dataset of the one above.",
            )
        newest, *rest = variants
        repair = dict(newest.body["repair"])
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
