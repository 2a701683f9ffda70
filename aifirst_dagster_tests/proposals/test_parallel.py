"""Parallel partitions of a step design once: who comes second waits, and finds what the first one bought."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from aifirst_dagster.proposals import schema
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.diff import diffs
from aifirst_dagster_tests.loopback.replies import Reply
from aifirst_dagster_tests.proposals.conftest import SOURCE_COLUMNS, schema_answer


def test_eight_partitions_make_one_call(con, store, claude, claude_server) -> None:
    claude_server.then(*[Reply(schema_answer(), delay=0.3)] * 8)
    llm = claude()

    def run(_: int):
        own = con.cursor()
        return schema.design(own, "customers", SOURCE_COLUMNS, store=DesignStore(store.folder), llm=llm)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(run, range(8)))

    assert len(claude_server.received) == 1
    assert sorted(outcome.reused for outcome in outcomes) == [False] + [True] * 7
    assert len({outcome.fingerprint for outcome in outcomes}) == 1


def test_a_preview_shows_the_design_as_a_diff_and_writes_nothing(con, store, claude, claude_server) -> None:
    claude_server.then(Reply(schema_answer()))
    preview = DesignStore(store.folder, preview=True)

    schema.design(con, "customers", SOURCE_COLUMNS, store=preview, llm=claude())
    (told,) = diffs("load", preview.changes, [])

    assert (told.step, told.file, told.status) == ("load", "schema.yaml", "new") and "+  unit: EUR" in told.diff
    assert not store.folder.exists()
