"""What a model writes reads its inputs and nothing else, within limits; each attempt at more is a worded error."""

import hashlib
import os
import threading
import time
from pathlib import Path

import duckdb
import pytest

from aifirst_dagster.datasets.sandbox import SandboxError, run_select
from aifirst_dagster.datasets.select_only import RefusedQueryError


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "it's in.parquet"
    target = str(path).replace("'", "''")
    duckdb.sql(
        f"COPY (SELECT i AS id, 'name ' || i AS \"full name\" FROM range(1000) t(i)) TO '{target}' (FORMAT parquet)"
    )
    return path


def test_one_select_reads_its_inputs_and_writes_where_the_caller_said(rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "result.parquet"
    sql = 'WITH big AS (SELECT * FROM input WHERE id >= 990) SELECT id, upper("full name") AS n FROM big -- the end'

    count = run_select(sql, {"input": rows}, out)

    assert count == 10
    assert duckdb.sql(f"SELECT min(id), max(n) FROM '{out}'").fetchall() == [(990, "NAME 999")]


def test_a_query_may_end_with_a_semicolon_and_join_two_inputs(rows: Path, tmp_path: Path) -> None:
    sql = 'SELECT a.id FROM one a JOIN "t\'w o" b USING (id), (SELECT unnest([1, 2])) ORDER BY 1;'

    assert run_select(sql, {"one": rows, "t'w o": rows}, tmp_path / "o.parquet") == 2000


def test_a_query_that_is_larger_than_its_memory_spills_and_succeeds(rows: Path, tmp_path: Path) -> None:
    sql = "SELECT id, n, md5(n::VARCHAR || id) AS h FROM input, range(1500) t(n) ORDER BY h"

    assert run_select(sql, {"input": rows}, tmp_path / "o.parquet", memory_mb=120, timeout_s=60) == 1_500_000


REFUSED = {
    "copy over the input": "COPY (SELECT 1 AS id) TO '{rows}' (FORMAT parquet)",
    "copy to another file": "COPY (SELECT 1) TO '{folder}/x.csv'",
    "two statements": "SELECT 1; DROP TABLE input",
    "a closing bracket and a second statement": "SELECT 1) TO '{folder}/x.csv'; SELECT (1",
    "a closing bracket and another target": "SELECT 1) TO '{folder}/x.csv' --",
    "a system file": "SELECT * FROM read_csv('/etc/passwd')",
    "a system file by name": "SELECT * FROM '/etc/passwd.csv'",
    "a system file as text": "SELECT content FROM read_text('/etc/passwd')",
    "a system file in a subquery": "SELECT (SELECT content FROM read_text('/etc/passwd') LIMIT 1) FROM input",
    "a system file in a hidden CTE": "WITH input AS (FROM read_blob('/etc/passwd')) SELECT * FROM input",
    "the input by its path": "SELECT * FROM read_parquet('{rows}')",
    "a listing": "SELECT * FROM glob('/etc/*')",
    "attach": "ATTACH '{folder}/x.db'",
    "install": "INSTALL httpfs",
    "load": "LOAD json",
    "pragma": "PRAGMA database_list",
    "set": "SET memory_limit = '100GB'",
    "reset the lock": "RESET lock_configuration",
    "settings": "SELECT * FROM duckdb_settings()",
    "settings by name": "SELECT current_setting('allowed_paths')",
    "the catalogue": "SELECT * FROM information_schema.tables",
    "the catalogue by view": "SELECT * FROM duckdb_views",
    "an environment variable": "SELECT getenv('ANTHROPIC_API_KEY')",
    "SQL from a string": "SELECT * FROM query('SELECT 1')",
    "a table from a string": "SELECT * FROM query_table('input')",
    "insert": "INSERT INTO input SELECT * FROM input",
    "insert behind a CTE": "WITH x AS (SELECT 1) INSERT INTO input SELECT * FROM x",
    "update": "UPDATE input SET id = 0",
    "call": "CALL pragma_version()",
    "create": "CREATE TABLE t AS SELECT 1",
    "a macro": "CREATE MACRO f() AS 1",
    "describe": "DESCRIBE SELECT 1",
    "summarize": "SUMMARIZE input",
    "explain": "EXPLAIN ANALYZE SELECT 1",
    "prepare": "PREPARE p AS SELECT 1",
    "export": "EXPORT DATABASE '{folder}/all'",
    "a URL": "SELECT * FROM 'https://example.com/x.parquet'",
    "nothing": "",
    "no SQL": "Please run rm -rf /",
}


@pytest.mark.parametrize("attempt", REFUSED)
def test_whatever_is_not_one_select_over_the_inputs_is_refused(attempt: str, rows: Path, tmp_path: Path) -> None:
    before = hashlib.sha256(rows.read_bytes()).hexdigest()
    sql = REFUSED[attempt].format(rows=str(rows).replace("'", "''"), folder=tmp_path)

    with pytest.raises(RefusedQueryError) as error:
        run_select(sql, {"input": rows}, tmp_path / "out.parquet")

    assert error.value.message
    assert hashlib.sha256(rows.read_bytes()).hexdigest() == before
    assert [path.name for path in tmp_path.iterdir()] == [rows.name]


ENDLESS = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT sum(n) FROM r"
STOPPED = {
    "a memory bomb of repeat": ("SELECT length(repeat(repeat('x', 1000000), id + 4000)) FROM input", {"memory"}),
    "a memory bomb of lists": ("SELECT list(a.id) FROM input a, input b, range(1000)", {"memory"}),
    "endless recursion": (ENDLESS, {"time"}),
    "a cross join": (
        "SELECT count(*) FROM input a, input b, input c, input d WHERE a.id + b.id < c.id",
        {"time"},
    ),
    "a result without end": ("SELECT md5(i::VARCHAR) FROM range(100000000000) t(i)", {"disk", "time"}),
    "a wrong cast": ('SELECT "full name"::INTEGER FROM input', {"failed"}),
    "an unknown column": ("SELECT nosuch FROM input", {"failed"}),
    "an unknown function": ("SELECT nosuch(id) FROM input", {"failed"}),
}


@pytest.mark.parametrize("attempt", STOPPED)
def test_what_runs_too_long_or_too_large_is_stopped_within_its_limits(attempt: str, rows: Path, tmp_path: Path) -> None:
    sql, kinds = STOPPED[attempt]
    started = time.monotonic()

    with pytest.raises(SandboxError) as error:
        run_select(sql, {"input": rows}, tmp_path / "out.parquet", memory_mb=200, timeout_s=3, disk_mb=20)

    assert error.value.kind in kinds and error.value.hint
    assert time.monotonic() - started < 6
    assert [path.name for path in tmp_path.iterdir()] == [rows.name], "no half-written result is left"


def test_a_nested_bomb_of_brackets_is_refused_or_stopped(rows: Path, tmp_path: Path) -> None:
    sql = "SELECT " + "(" * 20_000 + "1" + ")" * 20_000

    with pytest.raises((RefusedQueryError, SandboxError)):
        run_select(sql, {"input": rows}, tmp_path / "out.parquet", timeout_s=5)


def test_the_child_knows_nothing_of_the_parents_environment(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-of-the-parent")
    seen: set[str] = set()

    def watch() -> None:
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    if b"sandbox_child" in (folder / "cmdline").read_bytes() and os.getpid() == _parent(folder):
                        seen.add((folder / "environ").read_bytes().decode(errors="replace"))
                except OSError:
                    continue
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with pytest.raises(SandboxError):
        run_select(ENDLESS, {"input": rows}, tmp_path / "out.parquet", timeout_s=2)
    watcher.join()
    told = [text for text in seen if "PYTHONPATH" in text]
    assert told and not any("secret-of-the-parent" in text for text in told)


def _parent(folder: Path) -> int:
    return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
