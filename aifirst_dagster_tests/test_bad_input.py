"""Bad input is a clear message with its place, or quarantined rows: never a traceback, never a lost row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aifirst_dagster.errors import AifirstError, StorageError
from aifirst_dagster.pipelines.load import load
from aifirst_dagster_tests.scenario import ORDERS, Place, aifirst, aside, furnished, place, rows, step  # noqa: F401

HOSTILE = (
    '"a ""quoted""","b\'; DROP TABLE x; --","line\nbreak","select","{{x}}"," ","_source","<script>","${y}","日本"\n'
    + "".join(",".join(f"{row}{column}" for column in range(10)) + "\n" for row in range(1, 6))
)
WIDE = ",".join(f"col {n}" for n in range(300)) + "\n" + (",".join(str(n) for n in range(300)) + "\n") * 2

#: name -> (content, rows that are read, lines set aside)
READABLE = {
    "header only": ("a,b,c\n", 0, 0),
    "one column": ("x\n1\n2\n3\n", 3, 0),
    "one cell": ("x\n", 0, 0),
    "another encoding": ("name,n\nJosé,1\nZoë,2\n".encode("cp1252"), 2, 0),
    "two encodings": ("name,n\nJosé,1\n".encode("cp1252") + "Zoë,2\n".encode(), 2, 0),
    "UTF-16": ("name,n\nJosé,1\nZoë,2\n".encode("utf-16"), 2, 0),
    "ragged rows": ("a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n", 2, 2),
    "duplicate headers": ("id,id,ID,\n1,2,3,4\n5,6,7,8\n", 2, 0),
    "a 10 MB cell": (f'id,text\n1,"{"x" * 10_000_000}"\n2,b\n', 2, 0),
    "an all-null column": ("id,gone\n1,\n2,\n3,\n", 3, 0),
    "hostile names": (HOSTILE, 5, 0),
    "300 columns": (WIDE, 2, 0),
    "a NUL in a cell": (b"a,b\n1,x\x00y\n2,z\n", 2, 0),
    "a quote never closed": ('a,b\n1,x\n2,"never closed\n3,c\n4,d\n', None, None),
}
#: name -> (content, part of the message)
REFUSED = {
    "data.csv": (bytes(range(256)) * 40, "binary data"),
    "image.csv": (b"\x89PNG\r\n\x1a\n" + bytes(2000), "a PNG image"),
    "document.csv": (b"%PDF-1.7\n" + b"x" * 500, "a PDF document"),
    "wrong.csv": ("a,b\n1,ä\n".encode("utf-16")[:-1], "encoding utf-16"),
    "cut.parquet": (b"PAR1" + b"\x00" * 100, "Parquet file cannot be read"),
    "cut.csv.gz": (b"\x1f\x8b\x08\x00broken", "damaged or cut off"),
    "cut.json": ('[{"a": 1}, {"a": ', "the file is cut off"),
}
COMMANDS = ("infer", "clean", "convert", "check")


def arguments(command: str, path: Path, out: Path) -> list[str]:
    """A bare command on a file."""
    return {
        "infer": ["infer", str(path)],
        "check": ["check", str(path)],
        "clean": ["clean", str(path), "-o", str(out / "clean.csv")],
        "convert": ["convert", str(path), str(out / "converted.parquet")],
    }[command]


@pytest.mark.parametrize("name", READABLE)
def test_odd_files_are_read_and_every_line_is_accounted_for(aifirst, place, name):  # noqa: F811
    content, count, rejected = READABLE[name]
    path = place.write("in/data.csv", content)
    total = None if count is None else count + rejected
    for command in COMMANDS:
        said = aifirst(*arguments(command, path, place.root), "--json")
        assert said.code in ((0, 1) if command == "check" else (0,)), f"{command}: {said.text[:500]}"
        assert "Traceback" not in said.err
        answer = said.json
        if command in ("clean", "convert"):
            merged = sum(one.get("rows_changed", 0) for one in answer.get("actions", []) if "merge" in one["action"])
            assert answer["rows_in"] == answer["rows_out"] + answer["quarantined"] + merged
            assert total is None or answer["rows_in"] == total
    made = place.run(place.pipeline(step("raw", "connector", path="in/data.csv"), step("save", "output")), "raw")
    assert made.manifest.rows_in == len(rows(made)) + len(aside(made))
    assert count is None or (made.manifest.rows_out, made.manifest.quarantined) == (count, rejected)


@pytest.mark.parametrize("name", ["hostile names", "an all-null column", "duplicate headers", "one column"])
def test_odd_files_go_through_a_whole_pipeline(place, name):  # noqa: F811
    place.write("in/data.csv", READABLE[name][0])
    pipeline = place.pipeline(
        step("raw", "connector", path="in/data.csv"),
        step("clean", "llm_transform"),
        step("checked", "llm_validation", threshold=0.0),
        step("kept", "sql", query="SELECT * FROM checked"),
        step("save", "output", format="duckdb", path="out/w.duckdb"),
        step("file", "output", ["kept"], format="csv"),
    )
    place.run(pipeline)
    first = place.store.current("shop", "raw").manifest
    assert place.store.current("shop", "file").manifest.rows_out <= first.rows_in
    assert len(place.store.current("shop", "save").manifest.columns) == len(first.columns)


@pytest.mark.parametrize("content", ["", "\n \n\n"], ids=["empty", "blank lines"])
def test_an_empty_file_is_an_empty_table_or_a_skipped_step(aifirst, place, content):  # noqa: F811
    path = place.write("in/data.csv", content)
    for command in COMMANDS:
        said = aifirst(*arguments(command, path, place.root), "--json")
        assert said.code in (0, 1) and "Traceback" not in said.text, said.text
        assert said.json.get("rows", said.json.get("rows_in")) == 0
    done = place.execute(place.pipeline(step("raw", "connector", path="in/data.csv")), "raw")
    assert "data.csv" in done.skipped


@pytest.mark.parametrize("name", [*REFUSED, "missing.csv"])
def test_what_is_no_table_is_exit_2_with_its_place(aifirst, place, name):  # noqa: F811
    content, said_of_it = REFUSED.get(name, (None, "no such file"))
    path = place.root / "in" / name
    if content is not None:
        place.write(f"in/{name}", content)
    for command in COMMANDS:
        said = aifirst(*arguments(command, path, place.root), "--json")
        assert said.code == 2, f"{command}: {said.text[:500]}"
        error = said.json["error"]
        assert said_of_it in error["message"] and error["file"] == str(path)
        assert error["hint"] and "defect" not in error["hint"]
    with pytest.raises(AifirstError, match=said_of_it) as caught:
        place.run(place.pipeline(step("raw", "connector", path=f"in/{name}")))
    assert caught.value.file == str(path)
    plain = aifirst("infer", path)
    assert plain.err.startswith(f"error: {path}: ") and "Traceback" not in plain.err and not plain.out


def test_a_folder_is_no_file(aifirst, place):  # noqa: F811
    said = aifirst("infer", place.root, "--json")
    assert said.code == 2 and said.json["error"]["file"] == str(place.root)


def test_a_bad_file_in_a_run_is_exit_2_with_its_place(aifirst, place):  # noqa: F811
    place.write("in/data.csv", REFUSED["data.csv"][0])
    place.file(step("raw", "connector", path="in/*.csv"), step("save", "output"))
    said = aifirst("run", "shop", "--json")
    assert said.code == 2 and "Traceback" not in said.text
    (error,) = said.json["errors"]
    assert (error["type"], error["file"]) == ("InputError", str(place.root / "in/data.csv"))
    assert "error in raw" in aifirst("run", "shop").out


def test_a_folder_without_rights_is_worded(place):  # noqa: F811
    """In a child process as nobody: root may read everything."""
    if os.getuid() != 0:
        pytest.skip("needs root, to become somebody who has no rights")
    secret = place.write("secret/data.csv", ORDERS).parent
    secret.chmod(0o700)
    for folder in place.root.parents:
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from aifirst_dagster.connectors.base import read\nfrom aifirst_dagster.connectors.files import expand\n"
        "from aifirst_dagster.datasets.session import connect\nfrom aifirst_dagster.errors import InputError\n"
        "import aifirst_dagster.connectors.csv, aifirst_dagster.connectors.union, aifirst_dagster.connectors.formats\n"
        "import duckdb\nos.setgid(65534); os.setuid(65534)\n"
        "for work in (lambda: expand(sys.argv[1], Path('/')), lambda: expand(sys.argv[1] + '/*.csv', Path('/')),\n"
        "             lambda: read(connect(), [sys.argv[1] + '/data.csv'])):\n"
        "    try:\n        print('read', work())\n"
        "    except InputError as error:\n        print(error.message, error.file.startswith(sys.argv[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, secret], capture_output=True, text=True, cwd="/")
    assert done.stderr == "", done.stderr
    assert done.stdout.splitlines() == [
        "The folder may not be read. True", "The folder may not be read. True", "The file may not be read. True"
    ]  # fmt: skip


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def big(place: Place) -> Path:  # noqa: F811
    """A table that needs more than a megabyte in any format."""
    body = "".join(f"{number},{hash((number, 1)):x}{hash((number, 'x')):x}\n" for number in range(120_000))
    return place.write("in/data.csv", f"id,noise\n{body}")


@pytest.mark.parametrize("command", ["clean", "convert"])
def test_a_full_disk_is_exit_2_and_leaves_what_was_there(aifirst, place, small_disk, command):  # noqa: F811
    path = big(place)
    for name in ("clean.csv", "converted.parquet"):
        (small_disk / name).write_text("what was there")
    said = aifirst(*arguments(command, path, small_disk), "--json")
    assert said.code == 2, said.text
    assert "Cannot write" in said.json["error"]["message"] and str(small_disk) in said.json["error"]["file"]
    assert {file.name: file.read_text() for file in small_disk.iterdir()} == dict.fromkeys(
        ("clean.csv", "converted.parquet"), "what was there"
    )


@pytest.mark.parametrize("form", ["parquet", "csv", "duckdb"])
def test_an_output_on_a_full_disk_leaves_what_was_there(place, small_disk, form):  # noqa: F811
    place.write("in/data.csv", ORDERS)
    target = small_disk / f"out.{form}"
    save = step("save", "output", format=form, path=str(target))
    pipeline = place.pipeline(step("raw", "connector", path="in/data.csv"), save)
    place.run(pipeline)
    before = target.read_bytes()
    big(place)
    with pytest.raises(StorageError) as caught:
        place.run(pipeline)
    assert caught.value.file == str(target) and caught.value.hint
    assert [file.name for file in small_disk.iterdir()] == [target.name]
    if form != "duckdb":
        assert target.read_bytes() == before
    else:
        import duckdb

        with duckdb.connect(str(target), read_only=True) as con:
            assert con.execute("SELECT count(*) FROM shop").fetchone() == (3,)


def test_datasets_on_a_full_disk_leave_the_version_that_was_there(place, small_disk, monkeypatch):  # noqa: F811
    monkeypatch.setenv("AIFIRST_HOME", str(small_disk))
    place.write("in/data.csv", ORDERS)
    pipeline = place.pipeline(step("raw", "connector", path="in/data.csv"))
    first = place.run(pipeline)
    big(place)
    with pytest.raises(StorageError) as caught:
        place.run(pipeline)
    assert "Cannot write" in caught.value.message and "AIFIRST_HOME" in caught.value.hint
    assert place.store.current("shop", "raw").manifest.version == first.manifest.version
    assert len(rows(first)) == 3
    versions = [path for path in first.folder.parent.iterdir() if path.is_dir()]
    assert versions == [first.folder], "what could not be finished is gone"


def test_a_pipeline_file_of_every_wrong_kind_is_exit_2(aifirst, place):  # noqa: F811
    kinds = {
        "binary": b"\x00\x01\xff", "list": "- a\n", "text": "just a line\n", "tabs": "name: x\n\tsteps: []\n",
        "empty": "", "cut": "name: 'x\n", "no_steps": "name: x\n", "bomb": "a: &a [1]\nb: &b [*a,*a]\nname: x\n",
        "typo": "name: x\nsteps:\n  - {name: a, type: connector, confg: {}}\n",
    }  # fmt: skip
    for name, content in kinds.items():
        path = place.write(f"resources/pipelines/{name}.yaml", content)
        said = aifirst("run", path, "--json")
        assert said.code == 2, f"{name}: {said.text}"
        assert name in json.dumps(said.json["error"]) and "Traceback" not in said.text
        with pytest.raises(AifirstError):
            load(path)
