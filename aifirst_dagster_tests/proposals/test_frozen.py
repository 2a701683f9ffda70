"""Frozen designs: the project is only read, what would be proposed waits in the state database, and the run says so."""

from pathlib import Path

import duckdb
import pytest

import aifirst_dagster.state as state
from aifirst_dagster.datasets.session import connect
from aifirst_dagster.errors import DesignError
from aifirst_dagster.project import Project
from aifirst_dagster.proposals import schema
from aifirst_dagster.proposals.accept import accept
from aifirst_dagster.proposals.designs import DesignStore


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = connect()
    con.execute("CREATE TABLE t AS SELECT i::VARCHAR AS id, '2024-01-0' || (i % 9 + 1) AS day FROM range(50) r(i)")
    con.execute("CREATE TABLE wider AS SELECT *, 'x' || id AS code FROM t")
    return con


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("AIFIRST_HOME", str(tmp_path / "home"))
    (tmp_path / "workspace.yaml").touch()
    return Project(tmp_path)


def test_without_an_accepted_design_a_frozen_step_fails_and_its_proposal_can_be_accepted(con, project) -> None:
    history = state.open(project).designs
    folder = project.designs / "customers" / "load"

    with pytest.raises(DesignError, match="designs are frozen") as error:
        schema.design(con, "t", ["id", "day"], store=DesignStore(folder, True, history))
    assert "aifirst design --accept" in error.value.hint and not folder.exists()

    assert accept(project.designs, "customers", history) == [folder / "schema.yaml"]
    outcome = schema.design(con, "t", ["id", "day"], store=DesignStore(folder, True, history))

    assert outcome.reused and outcome.current and [column.type for column in outcome.answer] == ["integer", "date"]
    assert history.open_proposals("customers") == []


def test_a_changed_input_uses_the_accepted_design_and_says_that_it_is_not_current(con, project) -> None:
    history = state.open(project).designs
    folder = project.designs / "customers" / "load"
    schema.design(con, "t", ["id", "day"], store=DesignStore(folder, None, history))
    before = (folder / "schema.yaml").read_bytes()

    outcome = schema.design(con, "wider", ["id", "day", "code"], store=DesignStore(folder, True, history))

    assert not outcome.current and "frozen" in outcome.reasons[0] and "schema" in outcome.reasons[0]
    assert [column.name for column in outcome.answer] == ["id", "day", "code"]
    assert (folder / "schema.yaml").read_bytes() == before
    assert [record.file for record in history.open_proposals("customers")] == ["schema.yaml"]


def test_cells_that_no_longer_parse_make_a_design_out_of_date_without_any_proposal(con, project) -> None:
    folder = project.designs / "customers" / "load"
    schema.design(con, "t", ["id", "day"], store=DesignStore(folder))
    con.execute("UPDATE t SET day = '3rd of May' WHERE id::INTEGER % 5 = 0")

    outcome = schema.design(con, "t", ["id", "day"], store=DesignStore(folder))

    assert outcome.reused and not outcome.current
    assert "day" in outcome.reasons[0] and "100.0%" in outcome.reasons[0] and "80.0%" in outcome.reasons[0]
    assert outcome.answer[1].evidence.failed == 10 and outcome.answer[1].evidence.examples_failed == ["3rd of May"]


def test_a_persons_edit_of_a_type_is_used_as_it_stands(con, project) -> None:
    folder = project.designs / "customers" / "load"
    schema.design(con, "t", ["id", "day"], store=DesignStore(folder))
    path = folder / "schema.yaml"
    path.write_text(path.read_text().replace("type: integer\n  physical_type: BIGINT", "type: string"))

    outcome = schema.design(con, "t", ["id", "day"], store=DesignStore(folder))

    assert outcome.status == "pinned" and outcome.proposed_by == "person"
    assert (outcome.answer[0].type, outcome.answer[0].physical_type) == ("string", "VARCHAR")


def test_types_given_by_hand_are_kept_whatever_the_data_says(con, tmp_path: Path) -> None:
    outcome = schema.design(con, "t", ["id", "day"], types={"id": "string"})

    assert outcome.file is None and [column.type for column in outcome.answer] == ["string", "date"]
    assert outcome.answer[0].physical_type == "VARCHAR" and outcome.answer[0].evidence.parsed == 50


def test_an_edit_changes_what_a_result_depends_on(con, tmp_path: Path) -> None:
    store = DesignStore(tmp_path / "customers" / "load")
    before = schema.design(con, "t", ["id", "day"], store=store).content
    path = store.folder / "schema.yaml"
    assert schema.design(con, "t", ["id", "day"], store=store).content == before

    path.write_text(path.read_text().replace("- name: day", "- name: weekday"))

    assert schema.design(con, "t", ["id", "day"], store=store).content != before
