"""Designs on disk: found by fingerprint, a person's word first, written whole by one writer at a time."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aifirst_dagster.errors import DesignError
from aifirst_dagster.proposals.designs import KEEP, DesignStore
from aifirst_dagster.proposals.diff import diffs
from aifirst_dagster.proposals.fingerprint import Fingerprint
from aifirst_dagster.proposals.variants import Variant

COLUMNS = {"id": "BIGINT", "joined on": "VARCHAR"}
FILE = "schema.yaml"


def fingerprint(model: str = "claude-sonnet-4", columns: dict[str, str] | None = None, **config: object) -> Fingerprint:
    return Fingerprint(columns or COLUMNS, prompt="p1", model=model, config=config)


def variant(print_: Fingerprint, body: dict | None = None, status: str = "accepted", **extra: object) -> Variant:
    body = body or {"columns": [{"name": "id", "type": "integer"}]}
    return Variant.new(print_, body, proposed_by="claude-sonnet-5-5", model="claude-sonnet-5-5", status=status, **extra)


@pytest.fixture
def store(tmp_path: Path) -> DesignStore:
    return DesignStore(tmp_path / "designs" / "customers" / "load")


def test_what_was_put_is_found_by_its_fingerprint_and_by_no_other(store: DesignStore) -> None:
    store.put(FILE, variant(fingerprint()))

    found = store.find(FILE, fingerprint())

    assert found and found.why == "exact" and found.variant.body["columns"][0]["name"] == "id"
    assert store.find(FILE, fingerprint(model="claude-opus-5-5")) is None
    assert store.find(FILE, fingerprint(columns={"id": "VARCHAR", "joined on": "VARCHAR"})) is None
    assert store.find(FILE, fingerprint(instructions="mind the dates")) is None


def test_hostile_texts_come_back_as_they_went_in_and_do_not_look_edited(store: DesignStore) -> None:
    body = {
        "columns": [
            "no",
            "2020-01-01",
            "---",
            "a\n---\nb",
            "12:30:00",
            "x\ty\u0085z\x07",
            "- {a: b}",
            "null",
            "",
            "日本",
            " lead",
        ],
        "text": "日本\n line two\n",
        "numbers": [1, 2.5, True, None],
    }
    store.put(FILE, variant(fingerprint(), body))

    found = store.find(FILE, fingerprint())

    assert found and found.variant.body == body and not found.variant.edited


def test_a_changed_schema_adds_a_variant_and_both_are_found(store: DesignStore) -> None:
    wider = {**COLUMNS, "city": "VARCHAR"}
    store.put(FILE, variant(fingerprint(), {"columns": ["narrow"]}))
    store.put(FILE, variant(fingerprint(columns=wider), {"columns": ["wide"]}))

    assert store.find(FILE, fingerprint()).variant.body == {"columns": ["narrow"]}
    assert store.find(FILE, fingerprint(columns=wider)).variant.body == {"columns": ["wide"]}
    assert [one.body["columns"] for one in store.variants(FILE)] == [["wide"], ["narrow"]]


def test_old_variants_go_but_a_persons_stays(store: DesignStore) -> None:
    store.put(FILE, variant(fingerprint(columns={"c": "VARCHAR"}), {"columns": ["mine"]}))
    path = store.folder / FILE
    path.write_text(path.read_text().replace("- mine", "- mine, edited  # because"), encoding="utf-8")

    for number in range(KEEP + 3):
        store.put(FILE, variant(fingerprint(columns={f"c{number}": "VARCHAR"})))

    assert len(store.variants(FILE)) == KEEP + 1
    assert "- mine, edited  # because" in path.read_text(), "bytes of an untouched variant, comments too, stay"


def test_an_edit_beats_any_proposal_for_the_same_input(store: DesignStore) -> None:
    store.put(FILE, variant(fingerprint()))
    path = store.folder / FILE
    path.write_text(path.read_text().replace("type: integer", "type: string"), encoding="utf-8")

    found = store.find(FILE, fingerprint(model="another-model", instructions="new"))
    store.put(FILE, variant(fingerprint()))

    assert found and found.why == "kept" and found.variant.body["columns"][0]["type"] == "string"
    assert store.find(FILE, fingerprint()).variant.body["columns"][0]["type"] == "string"


def test_a_pin_beats_any_proposal_also_where_the_input_gains_a_column(store: DesignStore) -> None:
    store.put(FILE, variant(fingerprint()))
    path = store.folder / FILE
    path.write_text(path.read_text().replace("pinned: false", "pinned: true"), encoding="utf-8")

    found = store.find(FILE, fingerprint(columns={**COLUMNS, "new": "VARCHAR"}))

    assert found and found.why == "kept" and found.stale == ["schema"]
    assert store.find(FILE, fingerprint(columns={"id": "BIGINT"})) is None, "it cannot run where a column is gone"


def test_an_edit_of_the_sql_keeps_the_design_and_its_text(store: DesignStore) -> None:
    store.put("mapping.yaml", variant(fingerprint()), {"transform.sql": "SELECT 1 AS a"})
    path = store.folder / "transform.sql"
    path.write_text(path.read_text().replace("SELECT 1", "SELECT 2"), encoding="utf-8")

    found = store.find("mapping.yaml", fingerprint(model="another-model"), "transform.sql")
    store.put("mapping.yaml", variant(fingerprint(model="another-model")), {"transform.sql": "SELECT 3 AS a"})

    assert found and found.why == "kept"
    assert store.sql("transform.sql", found.variant).sql == "SELECT 2 AS a"
    assert store.find("mapping.yaml", fingerprint(model="third"), "transform.sql").variant == found.variant


def test_where_no_model_can_be_asked_any_models_accepted_design_serves(store: DesignStore) -> None:
    store.put(FILE, variant(fingerprint()))

    assert store.find(FILE, fingerprint(model="offline"), any_model=True) is not None
    assert store.find(FILE, fingerprint(model="offline")) is None
    assert store.find(FILE, fingerprint(model="offline", instructions="other"), any_model=True) is None


def test_a_frozen_store_writes_nothing_and_uses_the_newest_accepted_design(tmp_path: Path) -> None:
    folder = tmp_path / "customers" / "load"
    DesignStore(folder).put(FILE, variant(fingerprint()))
    before = (folder / FILE).read_bytes()
    frozen = DesignStore(folder, frozen=True)

    written = frozen.put(FILE, variant(fingerprint(model="newer"), {"columns": ["other"]}))

    assert not written and (folder / FILE).read_bytes() == before
    found = frozen.find(FILE, fingerprint(model="newer"))
    assert found and found.why == "frozen" and found.stale == ["model"]


def test_a_damaged_design_is_named_with_its_line(store: DesignStore) -> None:
    store.put(FILE, variant(fingerprint()))
    path = store.folder / FILE
    lines = path.read_text().splitlines()
    lines[4] = "  oops: [unclosed"
    path.write_text("\n".join(lines), encoding="utf-8")

    with pytest.raises(DesignError) as error:
        store.find(FILE, fingerprint())

    assert str(path) in error.value.where and error.value.line and error.value.line >= 5


def test_a_misspelt_key_of_a_design_is_an_error(store: DesignStore) -> None:
    store.put(FILE, variant(fingerprint()))
    path = store.folder / FILE
    path.write_text(path.read_text().replace("  status: accepted", "  statuss: accepted"), encoding="utf-8")

    with pytest.raises(DesignError, match="statuss"):
        store.variants(FILE)


def test_writing_the_same_design_again_gives_the_same_bytes(store: DesignStore) -> None:
    one = variant(fingerprint(), evidence={"shares": {"b": 1.0, "a": 0.5}})
    store.put(FILE, one)
    first = (store.folder / FILE).read_bytes()
    store.put(FILE, one)

    assert (store.folder / FILE).read_bytes() == first
    assert [path.name for path in store.folder.iterdir()] == [FILE], "no temporary and no lock file is left"


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "customers" / "load"

    def write(number: int) -> None:
        DesignStore(folder).put(FILE, variant(fingerprint(columns={f"c{number}": "VARCHAR"}), {"columns": [number]}))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(KEEP)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.body["columns"][0] for one in DesignStore(folder).variants(FILE)) == list(range(KEEP))


def test_a_turn_keeps_another_process_waiting_and_ends_with_its_holder(tmp_path: Path) -> None:
    folder = tmp_path / "customers" / "load"
    script = (
        "import os, sys; from pathlib import Path; from aifirst_dagster.proposals.designs import DesignStore\n"
        f"turn = DesignStore(Path({str(folder)!r})).turn(); turn.__enter__(); print('held', flush=True)\n"
        "sys.stdin.read(); os._exit(9)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    holder = subprocess.Popen([sys.executable, "-c", script], **pipes)
    assert holder.stdout.readline().strip() == "held"
    took: list[bool] = []

    def wait() -> None:
        with DesignStore(folder).turn():
            took.append(True)

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.3)
    assert not took
    holder.communicate("die")
    waiting.join(5)
    assert took


def test_a_preview_says_what_would_change_and_writes_nothing(store: DesignStore) -> None:
    store.put(FILE, variant(fingerprint()))
    preview = DesignStore(store.folder, preview=True)
    before = (store.folder / FILE).read_bytes()

    preview.put(FILE, variant(fingerprint(model="newer")))
    preview.put("rules.yaml", variant(fingerprint(), {"rules": []}))
    preview.put("repair.yaml", variant(fingerprint(), {"actions": []}, status="provisional"))
    told = diffs("load", preview.changes, ["mapping.yaml"])

    assert (store.folder / FILE).read_bytes() == before
    assert [(diff.file, diff.status) for diff in told] == [
        (FILE, "changed"), ("rules.yaml", "new"), ("repair.yaml", "provisional"), ("mapping.yaml", "same"),
    ]  # fmt: skip
    assert "+  fingerprint:" in told[0].diff and told[1].diff.startswith("--- /dev/null")
