"""The event log with kept connections stores what Dagster's own does, where Dagster's own finds it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from aifirst_dagster.orchestration.sqlite_storage import KEPT, KeptConnectionsEventLogStorage

SETTINGS = "storage:\n  custom:\n    module: aifirst_dagster.orchestration.storage\n    class: EnvironmentStorage\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AIFIRST_POSTGRES_URL", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(SETTINGS)
    return tmp_path


@dg.asset
def rows(context):
    context.log.info("a word")
    context.add_output_metadata({"dagster/row_count": 3})


def kept(instance: dg.DagsterInstance) -> KeptConnectionsEventLogStorage:
    storage = instance.event_log_storage
    assert isinstance(storage, KeptConnectionsEventLogStorage)
    return storage


def test_events_lie_where_dagsters_own_storage_reads_them(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        run = dg.materialize([rows], instance=instance)
        written = [event.event_type for event in run.all_events if event.event_type_value != "LOGS"]
        folder = kept(instance)._base_dir
    plain = SqliteEventLogStorage(folder)
    read = [entry.dagster_event_type for entry in plain.get_logs_for_run(run.run_id) if entry.is_dagster_event]
    assert set(written) <= set(read)
    assert plain.all_asset_keys() == [rows.key]


def test_another_process_reads_events_while_the_connection_is_open(home: Path) -> None:
    ask = "import dagster as dg; i = dg.DagsterInstance.get(); print(len(i.all_logs(i.get_runs()[0].run_id)))"
    with dg.DagsterInstance.get() as instance:
        run = dg.materialize([rows], instance=instance)
        here = len(instance.all_logs(run.run_id))
        told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
        assert int(told.stdout.split()[-1]) == here


def test_threads_write_one_after_the_other_and_nothing_is_lost(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        done: list[str] = []

        def work() -> None:
            done.append(dg.materialize([rows], instance=instance).run_id)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 4
        counts = {len(instance.all_logs(run_id)) for run_id in done}
        assert len(counts) == 1
        assert instance.get_latest_materialization_event(rows.key) is not None


def test_connections_of_older_runs_are_let_go(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        storage = kept(instance)
        for number in range(KEPT + 3):
            with storage.run_connection(f"run-{number}"):
                pass
        assert len(storage._engines) == KEPT
        storage.dispose()
        assert not storage._engines


def test_a_wiped_log_starts_anew(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        dg.materialize([rows], instance=instance)
        instance.wipe()
        run = dg.materialize([rows], instance=instance)
        assert instance.all_logs(run.run_id)
