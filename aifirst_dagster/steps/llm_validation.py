"""`llm_validation`: generates the rule set, judges the input by it, passes good rows on and quarantines the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from aifirst_dagster.steps.base import StepConfig, StepType
from aifirst_dagster.steps.beside import known
from aifirst_dagster.steps.run import StepResult, StepRun
from aifirst_dagster.steps.split import split

if TYPE_CHECKING:
    from aifirst_dagster.inference.schema import Column
    from aifirst_dagster.proposals.assessment import Assessment
    from aifirst_dagster.proposals.outcome import Outcome
    from aifirst_dagster.quality.results import RuleResult


class Weights(StepConfig):
    """How much each dimension counts in the score."""

    completeness: float = Field(1, ge=0, description="Values and rows that are there.")
    validity: float = Field(1, ge=0, description="Values that are what they may be.")
    uniqueness: float = Field(1, ge=0, description="Things that are there once.")
    consistency: float = Field(1, ge=0, description="Columns and figures that agree with each other.")
    timeliness: float = Field(1, ge=0, description="Data that is as recent as it should be.")
    integrity: float = Field(1, ge=0, description="References that lead somewhere, tables that are built as agreed.")


class Config(StepConfig):
    """Which rules, and what follows from them."""

    rules: str | list[dict[str, Any]] = Field(
        "auto_generate", description="auto_generate, a rule-set file, or rules inline ({type, kwargs, severity})."
    )
    model: str | None = Field(None, description="Model to ask; default: the LLM resource's.")
    mode: Literal["standard", "extended_thinking"] | None = Field(
        None, description="extended_thinking lets the model think first; default: as the prompt says."
    )
    instructions: str | None = Field(None, description="What the model should mind, in your words.")
    tools: bool = Field(
        False,
        description="Let the model look into the data by itself (SQL, profiles, tests): up to 8 calls.",
    )
    weights: Weights | None = Field(
        None, description="Weight of each dimension of quality in the score; 1 where not given, 0 leaves it out."
    )
    approve: Literal["auto", "person"] = Field(
        "auto",
        description="Whether a new rule counts at once, or waits as proposed for a person (aifirst rules review).",
    )
    threshold: float = Field(0.95, ge=0, le=1, description="Least quality score.")
    on_fail: Literal["block", "warn"] = Field("block", description="What a score below the threshold does.")
    quarantine: bool = Field(True, description="Set aside rows that break a rule of severity error.")
    assess: bool = Field(
        False,
        description="Assess the input at each run, and keep that with the version; a model is asked each time.",
    )
    report: bool = Field(
        False,
        description="Write the quality report, an HTML page, beside each version; takes a second or two. "
        "Without, `aifirst report` makes it when it is asked for.",
    )
    anomalies: bool = Field(
        False,
        description="Look for anomalies among the rows that passed; a warning check reports them.",
    )


def run(step: StepRun) -> StepResult:
    """Design (or reuse) the rules, judge the input by them, split it, and leave a verdict beside the data."""
    from aifirst_dagster.proposals import rules as proposing
    from aifirst_dagster.quality.engines.duckdb import evaluate
    from aifirst_dagster.quality.failing import failing_rows
    from aifirst_dagster.quality.score import by_dimension

    config = step.config
    assert isinstance(config, Config)
    relation, columns = "_input", step.input_columns()
    step.input.create_view(step.con, relation)
    beside = known(step)
    outcome = proposing.design(
        step.con,
        relation,
        columns,
        rules=config.rules,
        root=step.project.root,
        store=step.designs,
        llm=step.llm,
        wish=step.wish(config, instructions=config.instructions),
        rows=_content(step),
        approve=config.approve,
        known=beside,
    )
    results = evaluate(step.con, relation, list(outcome.answer.rules), others=beside.find)
    weights = config.weights.model_dump() if config.weights else {}
    scored = by_dimension(results, weights=weights)
    reached = 1.0 if scored.overall is None else scored.overall
    # Rules that the data taught, judged on the very rows that taught them, say how usual those are, not how good.
    same = outcome.learned_on == _content(step)
    learned = [one.id for one in results if one.counts and one.provenance != "user"] if same else []
    broken = [one for one in results if one.counts and one.severity == "error" and one.unexpected_count]
    done = split(step, relation, [column.name for column in columns], broken if config.quarantine else [], beside.find)
    failing = failing_rows(step.con, relation, results, others=beside.find)
    verdict = {
        "rules": [
            {**_verdict(result, result.id in done.rules, result.id in learned), "failing": failing.get(result.id, [])}
            for result in results
        ],
        "rule_set": outcome.fingerprint,
        "score": round(reached, 6),
        "self_learned": bool(learned),
        "dimensions": scored.rounded,
        "weights": weights,
        "threshold": config.threshold,
        "on_fail": config.on_fail,
        "rows": done.passed + done.set_aside,
        "released": done.released,
        "inputs": [version.manifest.version for version in step.input.versions],
    }
    step.writer.write_json("verdict.json", verdict)
    anomalies = _anomalies(step, columns) if config.anomalies and not step.scratch else None
    assessed = _assessed(step, config, relation, columns, results) if config.assess and not step.scratch else None
    return StepResult(
        rows_in=step.input.rows,
        rows_out=done.passed,
        quarantined=done.set_aside,
        columns=columns,
        usage=outcome.usage + assessed.usage if assessed else outcome.usage,
        gate=_gate(step, reached, config),
        design_current=outcome.current,
        design_hash=outcome.content,
        notes=[*outcome.notes, *(assessed.notes if assessed else [])],
        details={
            **({"anomalies": anomalies} if anomalies else {}),
            **({"assessment": assessed.answer.model_dump(mode="json")} if assessed else {}),
            "design": outcome.summary(),
            "quality_score": round(reached, 6),
            "self_learned": bool(learned),
            "rejected_rules": len(outcome.answer.rejected),
            "compared_with": [other.name for other in beside.others],
        },
    )


def _content(step: StepRun) -> str:
    """Which rows the input holds, as a hash."""
    from aifirst_dagster.proposals.fingerprint import digest

    return digest(sorted(version.manifest.content_hash for version in step.input.versions))


def _verdict(result: RuleResult, set_aside: bool, self_learned: bool) -> dict[str, Any]:
    """A rule's verdict as it is kept."""
    said = {"dimension": result.dimension, "set_aside": set_aside, "self_learned": self_learned}
    return {**result.model_dump(mode="json"), **said}


def _anomalies(step: StepRun, columns: list[Column]) -> dict[str, Any] | None:
    """What does not fit among the rows that passed, but for what a person expects; kept beside the verdict."""
    from aifirst_dagster.datasets.session import literal
    from aifirst_dagster.proposals.anomalies.expected import apart
    from aifirst_dagster.quality.anomalies import find

    parts = sorted((step.writer.folder / "data").glob("*.parquet"))
    if not parts:
        return None
    relation = f"read_parquet([{', '.join(map(literal, parts))}])"
    found, held = apart(find(step.con, relation, columns), step.designs.folder)
    kept = {**found.compact(), "expected": len(held)}
    step.writer.write_json("anomalies.json", kept)
    return kept


def _assessed(
    step: StepRun, config: Config, relation: str, columns: list[Column], results: list[RuleResult]
) -> Outcome[Assessment]:
    """What is wrong with the input, as it came; kept beside the verdict."""
    from aifirst_dagster.proposals import assessment

    findings = assessment.gather(step.con, relation, columns, results)
    outcome = assessment.assess(
        step.con,
        relation,
        columns,
        findings,
        llm=step.llm,
        wish=step.wish(config, instructions=config.instructions),
        where=(step.pipeline, step.step),
    )
    kept = {**outcome.answer.model_dump(mode="json"), "proposed_by": outcome.proposed_by, "model": outcome.model}
    step.writer.write_json("assessment.json", kept)
    return outcome


def _gate(step: StepRun, reached: float, config: Config) -> dict[str, Any]:
    """What outputs below must respect."""
    if reached >= config.threshold:
        return {"status": "passed", "by": step.step}
    reason = f"its quality score {reached:.4f} is below the threshold {config.threshold}"
    return {"status": "blocked" if config.on_fail == "block" else "warned", "by": step.step, "reason": reason}


STEP = StepType(
    "llm_validation", Config, run, rows="filter", kinds=frozenset({"ai", "duckdb"}), uses_llm=True,
    inputs=(1, None), summary="Judges its first input by generated rules; bad rows go to quarantine.",
)  # fmt: skip
