"""What a run came to, as plain data: the answer of `aifirst run`, from its events and the versions it made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import DagsterEvent

from aifirst_dagster.datasets.store import DatasetStore, Version
from aifirst_dagster.llm.types import Usage
from aifirst_dagster.orchestration.keys import op_name
from aifirst_dagster.orchestration.runner import Ran
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec

#: `steps[].status` beside the counts that the contract names.
DONE, SKIPPED, FAILED, NOT_RUN = "done", "skipped", "failed", "not run"


def report(
    pipeline: PipelineSpec,
    ran: Ran,
    store: DatasetStore,
    partition: str | None,
    provider: str,
    calls: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The answer of `aifirst run`; beside the contract's fields, `steps[]` carry status, actions, rules and notes.

    Args:
        calls: The run's rows of the ledger: what steps spent that made no dataset.
    """
    answers = [_step(pipeline, step, ran, store, partition) for step in pipeline.steps]
    for spec, answer in zip(pipeline.steps, answers, strict=True):
        if answer["status"] != DONE:
            answer["llm"] = _spent([call for call in calls if call["step"] == spec.key]).model_dump(mode="json")
    asked = [answer for answer in answers if answer.pop("asked")]
    total = Usage.none()
    for step in asked:
        total += Usage.model_validate(step["llm"])
    scores = [step["quality_score"] for step in asked if step.get("quality_score") is not None]
    return {
        "pipeline": pipeline.name,
        "run_id": ran.run_id,
        "success": ran.success,
        "provider": provider,
        "steps": asked,
        "checks": [_check(event) for event in ran.events if event.event_type_value == "ASSET_CHECK_EVALUATION"],
        "outputs": [{"step": step["name"], **step["output"]} for step in asked if step.get("output")],
        "quality_score": scores[-1] if scores else None,
        "llm": total.model_dump(mode="json"),
        "steps_seconds": round(ran.step_seconds, 3),
        "errors": [error for step in asked if (error := step.get("error"))],
    }


def _step(
    pipeline: PipelineSpec, step: StepSpec, ran: Ran, store: DatasetStore, partition: str | None
) -> dict[str, Any]:
    """One step: its counts where this run made a version of it."""
    name = op_name(pipeline.slug, step.key)
    events = [event for event in ran.events if event.step_key == name]
    answer: dict[str, Any] = {
        "name": step.name, "asset_key": f"{pipeline.slug}/{step.key}", "rows_in": 0, "rows_out": 0, "failed": 0,
        "quarantined": 0, "merged": 0, "seconds": _seconds(events), "llm": Usage.none().model_dump(mode="json"),
        "status": _status(events), "asked": bool(events), "notes": [],
    }  # fmt: skip
    for event in events:
        if event.event_type_value == "ASSET_OBSERVATION":
            answer["notes"] = [
                str(value.value) for value in event.asset_observation_data.asset_observation.metadata.values()
            ]
        if event.event_type_value == "STEP_FAILURE":
            answer["error"] = _error(event, step)
    version = store.current(pipeline.slug, step.key, partition) if answer["status"] == DONE else None
    if version is not None and version.manifest.run_id == ran.run_id:
        answer |= _counts(version)
    return answer


def _counts(version: Version) -> dict[str, Any]:
    """What the version's manifest says."""
    made, details = version.manifest, version.manifest.details
    counts: dict[str, Any] = {
        "rows_in": made.rows_in,
        "rows_out": made.rows_out,
        "failed": made.failed,
        "quarantined": made.quarantined,
        "merged": made.merged,
        "notes": details.get("notes") or [],
        "dataset": str(version.folder),
        "quarantine_path": str(version.quarantine) if version.quarantine.is_file() else None,
    }
    if details.get("llm"):
        counts["llm"] = {key: details["llm"][key] for key in Usage.none().model_dump()}
    for key in ("actions", "output", "design", "contract"):
        if details.get(key):
            counts[key] = details[key]
    if verdict := version.read_json("verdict.json"):
        counts["quality_score"], counts["threshold"] = verdict["score"], verdict["threshold"]
        counts["rules"] = verdict["rules"]
        counts |= {name: verdict[name] for name in ("dimensions", "self_learned") if name in verdict}
    return counts


def _spent(calls: Sequence[Mapping[str, Any]]) -> Usage:
    """What ledger rows come to; a call of unknown cost counts with the most it can have cost."""
    costs = (call["reserved_usd"] if call["cost_usd"] is None else call["cost_usd"] for call in calls)
    return Usage(
        calls=len(calls),
        input_tokens=sum(call["input_tokens"] for call in calls),
        cached_input_tokens=sum(call["cached_input_tokens"] for call in calls),
        output_tokens=sum(call["output_tokens"] for call in calls),
        cost_usd=round(sum(costs), 10),
        models=tuple(dict.fromkeys(call["model"] for call in calls)),
        retries=sum(call["attempt"] > 1 for call in calls),
        failures=sum(call["status"] != "settled" for call in calls),
    )


def _status(events: Sequence[DagsterEvent]) -> str:
    """What became of a step, from its events."""
    kinds = {event.event_type_value for event in events}
    if "STEP_FAILURE" in kinds:
        return FAILED
    if "ASSET_MATERIALIZATION" in kinds:
        return DONE
    return SKIPPED if kinds & {"STEP_SKIPPED", "STEP_SUCCESS"} else NOT_RUN


def _seconds(events: Sequence[DagsterEvent]) -> float:
    """How long a step's own work took."""
    for event in events:
        if event.event_type_value == "STEP_SUCCESS":
            return round(event.step_success_data.duration_ms / 1000, 3)
    return 0.0


def _check(event: DagsterEvent) -> dict[str, Any]:
    """One check's result."""
    data = event.asset_check_evaluation_data
    return {
        "name": data.check_name,
        "asset_key": "/".join(data.asset_key.path),
        "passed": data.passed,
        "severity": data.severity.value.lower(),
        "blocking": bool(data.blocking),
        "description": data.description or "",
    }


def _error(event: DagsterEvent, step: StepSpec) -> dict[str, Any]:
    """What went wrong in a step: the worded failure where there is one."""
    data = event.step_failure_data
    failure = data.user_failure_data
    if failure is not None:
        shown = {key: str(value.value) for key, value in failure.metadata.items()}
        return {"step": step.name, "type": shown.get("type", "Failure"), "message": failure.description or "", **shown}
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    text = error.message.strip() if error else "the step failed"
    return {"step": step.name, "type": error.cls_name if error else "Error", "message": text, "hint": ""}
