"""Each step of a pipeline as an asset: lineage, kinds, owners, code version, place in the YAML, and its checks."""

import functools
from collections.abc import Generator, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import dagster as dg

from aifirst_dagster.datasets.store import Dataset
from aifirst_dagster.errors import AifirstError, ServiceError
from aifirst_dagster.inference.contract.changes import ContractError, markdown
from aifirst_dagster.llm.client import LLM
from aifirst_dagster.llm.resource import choose
from aifirst_dagster.observe.progress import tell
from aifirst_dagster.orchestration import checks as checking
from aifirst_dagster.orchestration import drift_report
from aifirst_dagster.orchestration import partitions as partitioning
from aifirst_dagster.orchestration import redesign as redesigning
from aifirst_dagster.orchestration.contract_report import under_contract
from aifirst_dagster.orchestration.execute import Done, Work, execute, published
from aifirst_dagster.orchestration.io_manager import ParquetDatasetIOManager, Produced
from aifirst_dagster.orchestration.keys import asset_key, op_name, rules_key
from aifirst_dagster.orchestration.metadata import materialisation, planned
from aifirst_dagster.orchestration.resources import LLM_ROUTER, OFFLINE, LLMResource
from aifirst_dagster.orchestration.rules import accepted_rules
from aifirst_dagster.orchestration.rulesets import observation
from aifirst_dagster.orchestration.watch import ACCEPT_TAG
from aifirst_dagster.pipelines.spec import PipelineSpec, StepSpec
from aifirst_dagster.project import Project

IO_MANAGER = "datasets"
OUTPUT = "result"
INPUT_TAG = "aifirst/input/"
REASON_TAG = "aifirst/reason"
#: Dagster's own tag on every run of a backfill.
BACKFILL_TAG = "dagster/backfill"

#: One of each for all ops: Dagster resolves their types as they are made.
_CHECK, _DATASET, _AFTER = dg.Out(dg.Nothing, is_required=False), dg.In(), dg.In(dg.Nothing)

Split = dg.PartitionsDefinition | None
"""A pipeline's partitions, or None."""


def step_asset(project: Project, pipeline: PipelineSpec, step: StepSpec, split: Split) -> dg.AssetsDefinition:
    """The asset of one step.

    Made from an op definition, as `@asset` makes it, without the decorator's look at a function's signature: half the
    time to load, which counts with hundreds of steps.
    """
    key = asset_key(pipeline.slug, step.key)
    asks = step.step_type.uses_llm or (pipeline.drift is not None and pipeline.drift.explain)
    llm = (pipeline.llm or LLM_ROUTER) if asks else None
    code_version = f"{step.code_hash}-{step.step_type.version}"

    fixed = checking.fixed(pipeline, step, under_contract(project, pipeline, step))
    checks = {spec.get_python_identifier(): spec for spec in _check_specs(key, fixed, split)}

    def compute(
        context: dg.AssetExecutionContext, inputs: Mapping[str, Dataset]
    ) -> Iterator[dg.Output[Produced] | dg.AssetCheckResult]:
        made = yield from _materialise(context, project, pipeline, step, inputs, llm)
        if made is not None:
            chosen = {selected.name for selected in context.selected_asset_check_keys}
            yield from _report(
                context, project, pipeline, step, [check for check in fixed if check.name in chosen], made
            )

    judged_by = [rules_key(pipeline.slug, step.key)] if step.type == "llm_validation" else []
    upstream = {name: asset_key(pipeline.slug, name) for name in step.inputs}
    op = dg.OpDefinition(
        compute,
        name=op_name(pipeline.slug, step.key),
        ins=dict.fromkeys(upstream, _DATASET),
        outs={
            OUTPUT: dg.Out(io_manager_key=IO_MANAGER, is_required=False, code_version=code_version),
            **dict.fromkeys(checks, _CHECK),
        },
        required_resource_keys={IO_MANAGER, *([llm] if llm else [])},
        tags={"aifirst/step_type": step.type},
        retry_policy=_retry_policy(step.retry.max_retries, step.retry.delay, step.retry.backoff)
        if step.retry
        else None,
        code_version=code_version,
    )
    owner = step.owner or pipeline.owner
    spec = dg.AssetSpec(
        key,
        deps=[*upstream.values(), *judged_by],
        description=step.description or f"{step.name}. {step.step_type.summary}",
        metadata={**planned(pipeline, step), "dagster/io_manager_key": IO_MANAGER},
        group_name=pipeline.slug,
        code_version=code_version,
        kinds=set(step.step_type.kinds),
        owners=[owner] if owner else None,
        tags=dict(pipeline.tags),
        partitions_def=split,
    )
    return dg.AssetsDefinition(
        keys_by_input_name=upstream,
        keys_by_output_name={OUTPUT: key},
        node_def=op,
        specs=[spec],
        check_specs_by_output_name=checks,
        backfill_policy=dg.BackfillPolicy.single_run() if split else None,
    )


def rule_checks(project: Project, pipeline: PipelineSpec, step: StepSpec, split: Split) -> dg.AssetChecksDefinition:
    """The checks of a validation's verdict; any subset may run, each reports what the stored version says."""
    key = asset_key(pipeline.slug, step.key)
    declared = {check.name: check for check in checking.judged(step, accepted_rules(project, pipeline, step))}
    specs = _check_specs(key, list(declared.values()), split)

    def compute(context: dg.AssetCheckExecutionContext, _: Mapping[str, Any]) -> Iterator[dg.AssetCheckResult]:
        chosen = [declared[selected.name] for selected in context.selected_asset_check_keys]
        yield from _report(context, project, pipeline, step, chosen, list(context.partition_keys) if split else [None])

    op = dg.OpDefinition(
        compute,
        name=f"{op_name(pipeline.slug, step.key)}__checks",
        ins={"asset": _AFTER},
        outs=dict.fromkeys((spec.get_python_identifier() for spec in specs), _CHECK),
        required_resource_keys={IO_MANAGER},
    )
    return dg.AssetChecksDefinition.create(
        keys_by_input_name={"asset": key},
        node_def=op,
        check_specs_by_output_name={spec.get_python_identifier(): spec for spec in specs},
        can_subset=True,
    )


def _check_specs(key: dg.AssetKey, checks: list[checking.Declared], split: Split) -> list[dg.AssetCheckSpec]:
    """Dagster's specs of declared checks."""
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=key,
            description=check.description,
            blocking=check.blocking,
            metadata=dict(check.metadata) or None,
            partitions_def=split,
        )
        for check in checks
    ]


def _materialise(
    context: dg.AssetExecutionContext,
    project: Project,
    pipeline: PipelineSpec,
    step: StepSpec,
    inputs: Mapping[str, Dataset],
    llm: str | None,
) -> Generator[dg.Output[Produced], None, list[str | None] | None]:
    """Execute the step for each partition of the run; yields nothing where there was nothing to do.

    Returns:
        The partitions made (one None where there are none); None where there was nothing to do.
    """
    manager: ParquetDatasetIOManager = getattr(context.resources, IO_MANAGER)
    keys: list[str | None] = (
        list(context.partition_keys) if context.has_partition_key_range or context.has_partition_key else [None]
    )
    override = context.run.tags.get(f"{INPUT_TAG}{step.key}")
    done: list[Done] = []
    try:
        model = _model(context, project, pipeline, llm)
        for key in keys:
            work = Work(
                project=project,
                pipeline=pipeline,
                step=step,
                store=manager.store(),
                inputs=inputs if key is None else {name: _only(data, key) for name, data in inputs.items()},
                llm=model,
                run_id=context.run_id,
                partition=partitioning.partition(pipeline, context.assets_def.partitions_def, key) if key else None,
                override=Path(override) if override else None,
                log=functools.partial(_log, context, step.key),
                accept_drift=ACCEPT_TAG in context.run.tags,
            )
            because = context.run.tags.get(redesigning.TAG)
            told = redesigning.redesign(work, because) if because and step.type in redesigning.DESIGNED else None
            done.append(execute(work))
            if told is not None:
                done[-1].writer.write_json(redesigning.REPORT, told.to_dict())
    except AifirstError as error:
        for made in done:
            made.writer.discard()
        if step.on_failure == "stop" or _tried_again(context, step, error):
            raise _failure(error) from error
        context.log.error(f"Failed, and skipped as the pipeline says: {error}")
        context.log_event(
            dg.AssetObservation(context.asset_key, description="Failed and skipped", metadata={"error": str(error)})
        )
        return None
    except BaseException:
        for made in done:
            made.writer.discard()
        raise
    if keys == [None] and done[0].skipped:
        done[0].writer.discard()
        context.log.warning(f"Skipped: {done[0].skipped}")
        context.log_event(
            dg.AssetObservation(context.asset_key, description="Skipped", metadata={"skipped": done[0].skipped})
        )
        return None
    for made in done:
        context.add_asset_metadata(
            materialisation(made, pipeline, step, context.run.tags.get(REASON_TAG))
            | drift_report.metadata(made.writer.folder),
            partition_key=made.manifest.partition,
        )
        for noted in drift_report.observations(context.asset_key, made.writer):
            context.log_event(noted)
    if step.type == "llm_validation":
        # Rules may have been made in this very run: what they say now is what the data was judged by.
        context.log_event(observation(project, pipeline, step))
        context.get_step_execution_context().wipe_input_asset_version_info(rules_key(pipeline.slug, step.key))
    context.set_data_version(context.asset_key, dg.DataVersion(_data_version(done)))
    yield dg.Output(Produced(tuple((made.writer, made.manifest) for made in done)))
    for made in done:
        published(project, manager.store(), made.manifest, context.log.warning)
    return keys


def _log(context: dg.AssetExecutionContext, step: str, text: str) -> None:
    """Into the run's log, and to whoever waits for it in this process."""
    context.log.info(text)
    tell(step, text)


def _report(
    context: dg.AssetCheckExecutionContext | dg.AssetExecutionContext,
    project: Project,
    pipeline: PipelineSpec,
    step: StepSpec,
    chosen: list[checking.Declared],
    keys: list[str | None],
) -> Iterator[dg.AssetCheckResult]:
    """One result for each chosen check; over several partitions, the worst of them, which names its partition."""
    store = getattr(context.resources, IO_MANAGER).store()
    of_rules = any(check.rule is not None for check in chosen)
    worst: dict[str, tuple[str | None, checking.Finding]] = {}
    for key in keys:
        version = store.current(pipeline.slug, step.key, key)
        if version is None:
            continue
        past = checking.history(project, version) if of_rules else []
        for check, finding in checking.findings(store, version, chosen, past):
            if check.name not in worst or (worst[check.name][1].passed and not finding.passed):
                worst[check.name] = (key, finding)
    for check in chosen:
        key, finding = worst.get(check.name, (None, _NOTHING))
        yield dg.AssetCheckResult(
            check_name=check.name,
            asset_key=asset_key(pipeline.slug, step.key),
            passed=finding.passed,
            severity=dg.AssetCheckSeverity.ERROR if finding.error else dg.AssetCheckSeverity.WARN,
            description=finding.description,
            metadata={**finding.metadata, **({"partition": key} if key else {})},
        )


_NOTHING = checking.Finding(False, False, "Not evaluated: the asset holds no data yet.")


def _data_version(done: list[Done]) -> str:
    """Content and design; of a range of partitions, for which Dagster takes one, a hash of all of them."""
    versions = [f"{one.manifest.content_hash}.{one.manifest.design_hash}" for one in done]
    return versions[0] if len(versions) == 1 else sha256(" ".join(versions).encode()).hexdigest()[:24]


def _model(context: dg.AssetExecutionContext, project: Project, pipeline: PipelineSpec, llm: str | None) -> LLM:
    """The model that the run's resources name; offline for steps that never ask one."""
    if llm is None:
        return choose(OFFLINE, project)
    resource: LLMResource = getattr(context.resources, llm)
    backfill = context.run.tags.get(BACKFILL_TAG)
    return resource.open(
        llm, project, pipeline.slug, context.run_id, pipeline.budget, backfill, pipeline.backfill_budget
    )


def _only(dataset: Dataset, key: str) -> Dataset:
    """The part of a dataset that is one partition."""
    return Dataset(dataset.step, tuple(version for version in dataset.versions if version.manifest.partition == key))


@lru_cache
def _retry_policy(max_retries: int, delay: float, backoff: str) -> dg.RetryPolicy:
    grows = {"linear": dg.Backoff.LINEAR, "exponential": dg.Backoff.EXPONENTIAL}.get(backoff)
    return dg.RetryPolicy(max_retries=max_retries, delay=delay, backoff=grows, jitter=dg.Jitter.PLUS_MINUS)


def _tried_again(context: dg.AssetExecutionContext, step: StepSpec, error: AifirstError) -> bool:
    """Whether Dagster will run a failed step once more."""
    return isinstance(error, ServiceError) and step.retry is not None and context.retry_number < step.retry.max_retries


def _failure(error: AifirstError) -> dg.Failure:
    """The error as Dagster shows it; only what an outside service did wrong is worth trying again."""
    told = error.to_dict()
    changes = told.pop("changes", None)
    metadata: dict[str, Any] = {name: str(value) for name, value in told.items() if value}
    if isinstance(error, ContractError):
        metadata["schema diff"] = dg.MetadataValue.md(markdown(error.changes))
        metadata["changes"] = dg.MetadataValue.json(changes)
    return dg.Failure(description=str(error), metadata=metadata, allow_retries=isinstance(error, ServiceError))
