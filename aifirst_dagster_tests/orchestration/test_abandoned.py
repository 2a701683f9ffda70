"""Runs whose process was killed are told from those at work."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg

from aifirst_dagster.orchestration.abandoned import PROCESS_TAG, is_gone, mark_failed, this_process


def test_this_process_is_not_gone_and_one_that_ended_is() -> None:
    assert not is_gone(this_process())
    command = "from aifirst_dagster.orchestration.abandoned import this_process; print(this_process())"
    ended = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.strip()
    assert is_gone(ended)


def test_a_later_process_with_the_same_id_is_not_taken_for_it() -> None:
    host, world, number, start = this_process().split("|")
    assert is_gone("|".join([host, world, number, f"{start}0"]))


def test_a_process_of_another_machine_is_left_alone() -> None:
    _, world, number, _ = this_process().split("|")
    assert not is_gone("|".join(["another-host", world, number, "1"]))


def test_only_unfinished_runs_of_ended_processes_are_marked_failed() -> None:
    host, world, number, _ = this_process().split("|")
    ended = "|".join([host, world, number, "0"])
    with dg.DagsterInstance.ephemeral() as instance:
        started = dg.DagsterRunStatus.STARTED
        killed = instance.create_run_for_job(_job(), tags={PROCESS_TAG: ended}, status=started)
        working = instance.create_run_for_job(_job(), tags={PROCESS_TAG: this_process()}, status=started)
        from_ui = instance.create_run_for_job(_job(), status=started)
        assert mark_failed(instance) == [killed.run_id]
        assert instance.get_run_by_id(killed.run_id).status == dg.DagsterRunStatus.FAILURE
        for run in (working, from_ui):
            assert instance.get_run_by_id(run.run_id).status == started


def _job() -> dg.JobDefinition:
    @dg.op
    def nothing() -> None: ...

    return dg.GraphDefinition("job", node_defs=[nothing]).to_job()
