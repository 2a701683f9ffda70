"""Remedies applied to a dataset: a new version that says what was done, by whom and why; and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aifirst_dagster.datasets import parquet, quarantine
from aifirst_dagster.datasets.session import literal
from aifirst_dagster.datasets.store import DatasetStore, Version, read_version
from aifirst_dagster.errors import InputError, QualityError
from aifirst_dagster.quality.anomalies import Search
from aifirst_dagster.quality.remediation.compile import compiled
from aifirst_dagster.quality.remediation.model import Choice, Preview
from aifirst_dagster.quality.remediation.preview import described
from aifirst_dagster.quality.rules import Rule

#: Files beside the data that still hold of a remedied version.
CARRIED = ("verdict.json", "drift.json", "assessment.json", "contract.json")
#: Entries of a mapping that the manifest keeps.
NOTED = 50


def remediation_of(version: Version) -> dict[str, Any] | None:
    """What a remedied version says of how it was made; None for any other."""
    found = version.manifest.details.get("remediation")
    return found if isinstance(found, dict) else None


def done_already(version: Version, choices: Sequence[Choice]) -> bool:
    """Whether this version, or those that it was made from by remedies, is the outcome of these very choices."""
    made = remediation_of(version)
    applied = {(one["group"], one["action"]) for one in made["changes"]} if made else set()
    return bool(choices) and all((choice.group, choice.action) in applied for choice in choices)


def apply(
    store: DatasetStore,
    version: Version,
    search: Search,
    relation: str,
    choices: Sequence[Choice],
    *,
    by: str,
    why: str,
    rules: Sequence[Rule] = (),
    judged_by: str = "",
) -> tuple[Version, Preview]:
    """Write a new version with the choices applied, and make it the current one.

    Args:
        store: Where the dataset is.
        version: The version that was searched.
        search: The open search of its rows.
        relation: The FROM expression that was searched.
        choices: What to do about which group.
        by: Who says so.
        why: Their reason.
        rules: As for `preview`.
        judged_by: As for `preview`.

    Raises:
        InputError: A newer version stands, or nothing would change.
        QualityError: The version is blocked: what stands below refuses it whatever is mended here.
        StorageError: The disk is full; nothing was published.
    """
    made = version.manifest
    _current(store, version)
    if made.gate.get("status") == "blocked":
        raise QualityError(
            f"The dataset {made.pipeline}/{made.step} is blocked by {made.gate.get('by', 'a check')}: "
            f"{made.gate.get('reason', 'its score is too low')}.",
            hint="Outputs refuse it whatever is mended here: mend the input of that check, and run the pipeline again.",
        )
    con = search.table.con
    writer = store.write(made.pipeline, made.step, made.partition)
    try:
        with compiled(search, relation, choices) as done:
            told = described(search, relation, choices, done, rules, judged_by)
            if not any(effect.cells or effect.quarantined for effect in told.effects):
                raise InputError("Nothing would change: these actions leave every cell as it is.",
                                 hint="Name another with --action: `aifirst anomalies` lists them.")  # fmt: skip
            kept = parquet.write(con, done.kept, writer.data_path())
            if told.rows_before != kept + sum(effect.quarantined for effect in told.effects):
                raise InputError("Rows would get lost: the dataset changed while it was read.", hint="Try again.")
            earlier = f"SELECT * FROM read_parquet({literal(version.quarantine)}) UNION ALL BY NAME "
            before = earlier if version.quarantine.is_file() else ""
            quarantine.write(con, f"{before}{done.aside}", writer.quarantine)
        for name in CARRIED:
            if (content := version.read_json(name)) is not None:
                writer.write_json(name, content)
        moved = told.rows_before - kept
        manifest = replace(
            made,
            version=writer.version,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            rows_out=kept,
            quarantined=made.quarantined + moved,
            content_hash=parquet.content_hash(con, f"read_parquet({literal(writer.data_path())})"),
            details={**made.details, "remediation": _noted(version, search, choices, told, by, why)},
        )
        _current(store, version)
        return writer.publish(manifest), told
    except BaseException:
        writer.discard()
        raise


def undo(store: DatasetStore, pipeline: str, step: str, partition: str | None = None) -> tuple[Version, bool]:
    """Make the version before the newest remedy current again; (version, whether it was not so already).

    Raises:
        InputError: There is no remedy to undo, a newer version stands, or the version before is gone.
        QualityError: The version before is blocked.
    """
    current = store.current(pipeline, step, partition)
    if current is None:
        raise InputError(f"The dataset {pipeline}/{step} has no data yet.", hint="Run the pipeline first.")
    made = remediation_of(current)
    if made is None:
        home = store.place(pipeline, step, partition)
        remedied = [
            one for one in _versions(home) if (remediation_of(one) or {}).get("from") == current.manifest.version
        ]
        if remedied:
            return current, False
        newer = f" (made {current.manifest.created} by the run {current.manifest.run_id or 'of a person'})"
        raise InputError(
            f"There is no remedy to undo: the current version {current.manifest.version}{newer} was made by "
            f"the step itself.",
            hint="A run replaces what was remedied before it; `aifirst anomalies PIPELINE STEP` shows what stands now.",
        )
    home = store.place(pipeline, step, partition)
    if not (home / made["from"] / "manifest.json").is_file():
        raise InputError(
            f"The version before, {made['from']}, was swept away.", hint="Run the step again to make it anew."
        )
    before = read_version(home / made["from"])
    if before.manifest.gate.get("status") == "blocked":
        raise QualityError(
            "The version before is blocked: outputs would refuse it.", hint="Keep this one, or run anew."
        )
    store.point(before)
    return before, True


def _versions(home: Any) -> list[Version]:
    return [read_version(folder) for folder in sorted(home.iterdir()) if (folder / "manifest.json").is_file()]


def _current(store: DatasetStore, version: Version) -> None:
    made = version.manifest
    current = store.current(made.pipeline, made.step, made.partition)
    if current is None or current.manifest.version != made.version:
        raise InputError(
            f"A newer version of {made.pipeline}/{made.step} stands: "
            f"{current.manifest.version if current else 'none'}, "
            f"not {made.version}.",
            hint="Look at its anomalies first: aifirst anomalies PIPELINE STEP.",
        )


def _noted(
    version: Version, search: Search, choices: Sequence[Choice], told: Preview, by: str, why: str
) -> dict[str, Any]:
    """What the manifest says of the remedy."""
    earlier = remediation_of(version)
    changes = []
    for choice, effect in zip(choices, told.effects, strict=True):
        group = search.group(choice.group)
        params = {
            name: dict(list(value.items())[:NOTED]) if isinstance(value, dict) else value
            for name, value in choice.params.items()
        }
        changes.append(
            {"group": choice.group, "action": choice.action, "params": params, "columns": effect.columns,
             "kind": group.kind if group else "", "cause": group.cause if group else "",
             "cells": effect.cells, "quarantined": effect.quarantined}
        )  # fmt: skip
    return {
        "from": version.manifest.version,
        "by": by,
        "why": why,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "changes": [*(earlier["changes"] if earlier else []), *changes],
        "score": told.score.model_dump(mode="json", include={"before", "after", "rules", "judged_by"}),
    }
