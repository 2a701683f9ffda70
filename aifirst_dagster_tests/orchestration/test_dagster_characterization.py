"""Every behaviour of Dagster that we rely on and that its documentation does not promise, each pinned in one test.

When one of these fails after an upgrade, the named part of `orchestration/` has to be looked at.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.events import RunFailureReason
from dagster._core.execution.api import create_execution_plan, execute_run_iterator
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from aifirst_dagster.orchestration.launcher import Launcher

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")

UP, DOWN = dg.AssetKey(["p", "up"]), dg.AssetKey(["p", "down"])


def op_asset(
    key: dg.AssetKey,
    compute: Any,
    *,
    after: dg.AssetKey | None = None,
    checks: tuple[dg.AssetCheckSpec, ...] = (),
    split: dg.PartitionsDefinition | None = None,
) -> dg.AssetsDefinition:
    """An asset from an op definition, as `assets.step_asset` makes it."""
    named = {spec.get_python_identifier(): spec for spec in checks}
    op = dg.OpDefinition(
        compute,
        name="__".join(key.path),
        ins={"above": dg.In(dg.Nothing)} if after else {},
        outs={
            "result": dg.Out(is_required=False),
            **{name: dg.Out(dg.Nothing, is_required=False) for name in named},
        },
    )
    return dg.AssetsDefinition(
        keys_by_input_name={"above": after} if after else {},
        keys_by_output_name={"result": key},
        node_def=op,
        specs=[dg.AssetSpec(key, deps=[after] if after else [], partitions_def=split)],
        check_specs_by_output_name=named,
        backfill_policy=dg.BackfillPolicy.single_run() if split else None,
    )


def says(value: Any) -> Any:
    """A compute function without annotations that yields one output."""

    def compute(context, inputs):
        yield dg.Output(value)

    return compute


class Model(dg.ConfigurableResource):
    """A resource with two settings."""

    name: str = ""
    effort: str = "class default"


class Keep(dg.IOManager):
    """Remembers what was stored, with its partitions."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, list[str] | None]] = []

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        keys = sorted(context.asset_partition_keys) if context.has_asset_partitions else None
        self.stored.append((context.asset_key.path[-1], keys))

    def load_input(self, context: dg.InputContext) -> Any:
        return None


def execute(
    *definitions: Any, instance: dg.DagsterInstance, tags: dict[str, str] | None = None, keep: Keep | None = None
) -> list[dg.DagsterEvent]:
    """Run all assets and checks in this process, the way `runner.run_pipeline` does."""
    assets = [one for one in definitions if not isinstance(one, dg.AssetChecksDefinition)]
    checks = [one for one in definitions if isinstance(one, dg.AssetChecksDefinition)]
    found = dg.Definitions(
        assets=assets, asset_checks=checks, resources={"io_manager": keep or Keep()}, executor=dg.in_process_executor
    )
    job = found.resolve_implicit_global_asset_job_def()
    keys = frozenset(key for asset in assets for key in asset.keys)
    subset, tags = job.get_subset(asset_selection=keys), tags or {}
    wrapped = InMemoryJob(subset)
    plan = create_execution_plan(wrapped, instance_ref=None, tags=tags)
    run = instance.create_run_for_job(subset, execution_plan=plan, tags=tags, asset_selection=keys)
    return list(execute_run_iterator(wrapped, run, instance))


def kinds(events: list[dg.DagsterEvent], step: str) -> set[str]:
    """The types of a step's events."""
    return {event.event_type_value for event in events if event.step_key == step}


def evaluations(events: list[dg.DagsterEvent]) -> dict[str, dg.AssetCheckEvaluation]:
    """Check name -> result."""
    found = [event.asset_check_evaluation_data for event in events if "CHECK_EVALUATION" in event.event_type_value]
    return {one.check_name: one for one in found}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_a_run_of_an_asset_subset_executes_in_this_process_and_is_recorded(instance: dg.DagsterInstance) -> None:
    events = execute(op_asset(UP, says(1)), op_asset(DOWN, says(2), after=UP), instance=instance)
    assert events[-1].event_type_value == "PIPELINE_SUCCESS"
    (run,) = instance.get_runs()
    assert run.is_success
    assert run.asset_selection == {UP, DOWN}
    assert instance.get_latest_materialization_event(DOWN) is not None


def test_an_op_takes_a_generator_without_annotations_and_all_inputs_as_one_mapping(
    instance: dg.DagsterInstance,
) -> None:
    got: list[Any] = []

    def compute(context, inputs):
        got.append((type(context).__name__, isinstance(inputs, Mapping)))
        yield dg.Output(1)

    execute(op_asset(UP, compute), instance=instance)
    assert got == [("AssetExecutionContext", True)]


def test_an_optional_output_that_is_not_yielded_skips_what_is_below_and_the_run_succeeds(
    instance: dg.DagsterInstance,
) -> None:
    def nothing(context, inputs):
        yield from ()

    events = execute(op_asset(UP, nothing), op_asset(DOWN, says(2), after=UP), instance=instance)
    assert events[-1].event_type_value == "PIPELINE_SUCCESS"
    assert "STEP_SKIPPED" in kinds(events, "p__down")
    assert instance.get_latest_materialization_event(UP) is None


def checks_op(
    specs: list[dg.AssetCheckSpec], results: list[dg.AssetCheckResult], asked: list[Any]
) -> dg.AssetChecksDefinition:
    """Checks from an op definition, as `assets.rule_checks` makes them."""

    def compute(context, _):
        asked.append({key.name for key in context.selected_asset_check_keys})
        yield from results

    op = dg.OpDefinition(
        compute,
        name="p__up__checks",
        ins={"asset": dg.In(dg.Nothing)},
        outs={spec.get_python_identifier(): dg.Out(dg.Nothing, is_required=False) for spec in specs},
    )
    return dg.AssetChecksDefinition.create(
        keys_by_input_name={"asset": UP},
        node_def=op,
        check_specs_by_output_name={spec.get_python_identifier(): spec for spec in specs},
        can_subset=True,
    )


def test_checks_made_from_an_op_are_told_which_are_selected_and_each_is_reported(instance: dg.DagsterInstance) -> None:
    specs = [dg.AssetCheckSpec(name, asset=UP) for name in ("a", "b")]
    results = [dg.AssetCheckResult(check_name=name, asset_key=UP, passed=name == "a") for name in ("a", "b")]
    asked: list[set[str]] = []
    events = execute(op_asset(UP, says(1)), checks_op(specs, results, asked), instance=instance)
    assert asked == [{"a", "b"}]
    assert {name: one.passed for name, one in evaluations(events).items()} == {"a": True, "b": False}
    assert events[-1].event_type_value == "PIPELINE_SUCCESS", "a failed check that does not block"


def test_a_result_for_a_check_that_is_not_declared_fails_the_step(instance: dg.DagsterInstance) -> None:
    specs = [dg.AssetCheckSpec("a", asset=UP)]
    results = [dg.AssetCheckResult(check_name="newer_rule", asset_key=UP, passed=True)]
    events = execute(op_asset(UP, says(1)), checks_op(specs, results, []), instance=instance)
    assert "STEP_FAILURE" in kinds(events, "p__up__checks")


@pytest.mark.parametrize("own_op", [True, False])
@pytest.mark.parametrize(
    ("severity", "stops"), [(dg.AssetCheckSeverity.ERROR, True), (dg.AssetCheckSeverity.WARN, False)]
)
def test_a_blocking_check_that_fails_stops_what_is_below_by_its_severity(
    instance: dg.DagsterInstance, own_op: bool, severity: dg.AssetCheckSeverity, stops: bool
) -> None:
    spec = dg.AssetCheckSpec("gate", asset=UP, blocking=True)
    result = dg.AssetCheckResult(check_name="gate", asset_key=UP, passed=False, severity=severity)

    def with_check(context, inputs):
        yield dg.Output(1)
        yield result

    up = op_asset(UP, with_check, checks=(spec,)) if own_op else op_asset(UP, says(1))
    apart = () if own_op else (checks_op([spec], [result], []),)
    keep = Keep()
    events = execute(up, *apart, op_asset(DOWN, says(2), after=UP), instance=instance, keep=keep)
    assert evaluations(events)["gate"].blocking
    assert ("down", None) in keep.stored or stops
    assert ("down", None) not in keep.stored or not stops
    assert ("up", None) in keep.stored, "what was judged is stored"


def test_a_range_over_dynamic_partitions_is_one_run_in_the_order_in_which_they_were_added(
    instance: dg.DagsterInstance,
) -> None:
    split = dg.DynamicPartitionsDefinition(name="files")
    added = ["z.csv", "in/a b.csv", "m.csv"]
    instance.add_dynamic_partitions("files", added)
    assert list(instance.get_dynamic_partitions("files")) == added
    given: list[list[str]] = []

    def compute(context, inputs):
        given.append(list(context.partition_keys))
        for key in context.partition_keys:
            context.add_asset_metadata({"rows": len(key)}, partition_key=key)
        context.set_data_version(UP, dg.DataVersion("all"))
        yield dg.Output(1)
        yield dg.AssetCheckResult(check_name="whole", asset_key=UP, passed=False)

    spec = dg.AssetCheckSpec("whole", asset=UP, partitions_def=split)
    keep = Keep()
    tags = {ASSET_PARTITION_RANGE_START_TAG: "z.csv", ASSET_PARTITION_RANGE_END_TAG: "in/a b.csv"}
    execute(op_asset(UP, compute, checks=(spec,), split=split), instance=instance, tags=tags, keep=keep)
    assert given == [["z.csv", "in/a b.csv"]]
    assert keep.stored == [("up", ["in/a b.csv", "z.csv"])], "one output holds all partitions, in no order of its own"
    made = instance.fetch_materializations(UP, limit=10).records
    assert {one.partition_key: one.asset_materialization.metadata["rows"].value for one in made} == {
        "z.csv": 5,
        "in/a b.csv": 10,
    }
    versions = {one.asset_materialization.tags["dagster/data_version"] for one in made}
    assert versions == {"all"}, "one data version for the whole range: it must follow all of its content"


def test_one_partition_is_a_range_of_one(instance: dg.DagsterInstance) -> None:
    split = dg.StaticPartitionsDefinition(["a", "b"])
    given: list[list[str]] = []

    def compute(context, inputs):
        given.append(list(context.partition_keys))
        yield dg.Output(1)

    execute(op_asset(UP, compute, split=split), instance=instance, tags={"dagster/partition": "b"})
    assert given == [["b"]]


def interrupted_run(instance: dg.DagsterInstance, cancel: bool) -> list[dg.DagsterEvent]:
    """A run whose step meets Ctrl-C; with `cancel`, asked to cancel as soon as that is seen."""

    def compute(context, inputs):
        raise KeyboardInterrupt
        yield

    job = dg.Definitions(assets=[op_asset(UP, compute)], executor=dg.in_process_executor)
    whole = job.resolve_implicit_global_asset_job_def()
    run = instance.create_run_for_job(whole)
    events = []
    for event in execute_run_iterator(InMemoryJob(whole), run, instance):
        events.append(event)
        if cancel and event.is_step_failure:
            instance.report_run_canceling(run)
    return events


def test_an_interrupt_fails_the_step_as_such_and_ends_the_run_as_unexpected(instance: dg.DagsterInstance) -> None:
    events = interrupted_run(instance, cancel=False)
    (failure,) = [event for event in events if event.is_step_failure]
    assert failure.step_failure_data.error_source == ErrorSource.INTERRUPT
    assert events[-1].job_failure_data.failure_reason == RunFailureReason.UNEXPECTED_TERMINATION


def test_an_interrupted_run_that_is_being_cancelled_ends_cancelled(instance: dg.DagsterInstance) -> None:
    interrupted_run(instance, cancel=True)
    (run,) = instance.get_runs()
    assert run.status == dg.DagsterRunStatus.CANCELED


def test_an_override_of_one_setting_of_a_resource_sets_the_others_to_their_class_defaults() -> None:
    got: list[tuple[str, str]] = []

    def compute(context, inputs):
        got.append((context.resources.model.name, context.resources.model.effort))
        yield dg.Output(1)

    op = dg.OpDefinition(compute, name="uses", outs={"result": dg.Out()}, required_resource_keys={"model"})
    uses = dg.AssetsDefinition(keys_by_input_name={}, keys_by_output_name={"result": UP}, node_def=op)
    defs = dg.Definitions(assets=[uses], resources={"model": Model(name="a", effort="high")})
    job = defs.resolve_implicit_global_asset_job_def()
    job.execute_in_process()
    job.execute_in_process(run_config={"resources": {"model": {"config": {"name": "b"}}}})
    assert got == [("a", "high"), ("b", "class default")], "so empty means: as the file says (`resources.LLMResource`)"


def test_a_custom_storage_may_return_one_of_dagsters_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    settings = "storage:\n  custom:\n    module: aifirst_dagster.orchestration.storage\n    class: EnvironmentStorage\n"
    (tmp_path / "dagster.yaml").write_text(settings + f"    config: {{base_dir: {tmp_path}}}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        assert isinstance(made.run_storage, SqliteRunStorage)
        again = dg.DagsterInstance.from_ref(made.get_ref())
        assert isinstance(again.run_storage, SqliteRunStorage), "child processes build it from its reference"
        again.dispose()
    assert (tmp_path / "history" / "runs.db").is_file()


def test_dagsters_default_launcher_cannot_tell_whether_a_run_is_alive_and_ours_can(tmp_path: Path) -> None:
    assert not DefaultRunLauncher().supports_check_run_worker_health
    settings = "run_launcher:\n  module: aifirst_dagster.orchestration.launcher\n  class: Launcher\n"
    (tmp_path / "dagster.yaml").write_text(settings)
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        assert isinstance(made.run_launcher, Launcher)
        assert made.run_launcher.supports_check_run_worker_health


def test_definitions_load_without_a_warning_for_what_we_knowingly_use() -> None:
    from aifirst_dagster.orchestration.build import definitions
    from aifirst_dagster.project import Project

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        definitions(Project.find(Path(__file__)))
    ours = [one for one in caught if issubclass(one.category, (dg.BetaWarning, dg.PreviewWarning))]
    assert [str(one.message) for one in ours] == []
