"""What was planted in the customer files is what the deterministic engine finds: no less, and nothing besides."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aifirst_dagster import connectors
from aifirst_dagster.datasets import session
from aifirst_dagster.inference import casts, infer
from aifirst_dagster.quality import generate
from aifirst_dagster.quality.engines import duckdb as engine
from aifirst_dagster.repair import plan as plans
from aifirst_dagster.repair import run as repair

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "samples" / "customers"
PLANTED = json.loads((FOLDER / "planted.json").read_text(encoding="utf-8"))["planted"]


@dataclass
class Cleaned:
    con: Any
    table: connectors.ReadTable
    repaired: repair.Repaired
    results: list[Any]

    def changed(self, action: str, column: str | None = None) -> int:
        found = [one for one in self.repaired.actions if one.action == action and column in (None, one.column)]
        return sum(one.rows_changed for one in found)

    def cells(self, relation: str, columns: str) -> set[tuple[Any, ...]]:
        return set(
            self.con.execute(f"SELECT parse_filename(_source), _source_line, {columns} FROM {relation}").fetchall()
        )

    def breaks(self, column: str) -> list[Any]:
        of_column = [one for one in self.results if one.kwargs.get("column") == column]
        return [value for one in of_column for value in one.unexpected_list if value is not None]


@pytest.fixture(scope="module")
def cleaned() -> Iterator[Cleaned]:
    con = session.connect()
    found = [path for pattern in ("*.csv", "*.txt") for path in connectors.expand(pattern, FOLDER)]
    # As a pipeline names them: which rows a rule is learned on depends on a row's place, name of the file included.
    root = FOLDER.parents[2]
    files = [path.relative_to(root) for path in found]
    with contextlib.chdir(root):
        table = connectors.read(con, files, "csv")
    columns = infer.verify(con, table.relation, infer.propose(con, table.relation, table.columns, table.native))
    con.execute(f"CREATE TABLE raw AS {casts.select(columns, table.relation)}")
    plan = plans.propose(con, "raw", columns)
    repaired = repair.apply(con, "raw", plan)
    rules, _ = generate.propose(con, repaired.kept, plan.columns)
    yield Cleaned(con, table, repaired, engine.evaluate(con, repaired.kept, rules, examples=0))
    con.close()


def planted(*problems: str, column: str | None = None) -> list[dict[str, Any]]:
    return [one for one in PLANTED if one["problem"] in problems and column in (None, one.get("column"))]


def places(entries: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(one["file"], one["line"]) for one in entries}


def test_lines_that_are_no_records_are_set_aside_and_no_others(cleaned: Cleaned) -> None:
    aside = {(name, line) for name, line, _ in cleaned.cells(cleaned.table.rejects, "reason")}
    assert aside == places(planted("repeated_header", "too_many_fields", "truncated_line"))
    assert cleaned.table.records == 480 + len(aside)


def test_cells_that_cannot_be_read_quarantine_their_rows_and_no_others(cleaned: Cleaned) -> None:
    aside = cleaned.cells(cleaned.repaired.quarantine, '"column", "value"')
    wanted = planted("impossible_date", "unparseable_number")
    assert aside == {(one["file"], one["line"], one["column"], one["value"]) for one in wanted}


def test_duplicate_rows_are_merged_and_no_others(cleaned: Cleaned) -> None:
    merged = {(name, line) for name, line, _ in cleaned.cells(cleaned.repaired.duplicates, "1")}
    assert merged == places(planted("duplicate_row"))


def test_every_category_is_spelled_one_way_and_each_change_counted(cleaned: Cleaned) -> None:
    for column in ("status", "country"):
        assert cleaned.changed("unify_categories", column) == len(planted("inconsistent_case", column=column))
        spelled = cleaned.con.execute(f"SELECT DISTINCT {column} FROM {cleaned.repaired.kept}").fetchall()
        assert len({value.lower() for (value,) in spelled if value}) == len([value for (value,) in spelled if value])


def test_stray_whitespace_and_wrongly_decoded_text_are_repaired(cleaned: Cleaned) -> None:
    assert cleaned.changed("trim_whitespace") == len(planted("stray_whitespace", "doubled_whitespace"))
    assert cleaned.changed("fix_encoding") == len(planted("mojibake"))


def test_dates_of_four_styles_all_become_dates(cleaned: Cleaned) -> None:
    types = dict(
        cleaned.con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {cleaned.repaired.kept})").fetchall()
    )
    assert types["signup_date"] == types["birth_date"] == "DATE"
    missing = cleaned.con.execute(f"SELECT count(*) FROM {cleaned.repaired.kept} WHERE signup_date IS NULL").fetchall()
    assert missing == [(0,)]


def test_texts_that_stand_for_no_value_are_empty_or_flagged(cleaned: Cleaned) -> None:
    for column in ("phone", "city", "birth_date", "height", "lifetime_value"):
        kept = {(name, line): value for name, line, value in cleaned.cells(cleaned.repaired.kept, column)}
        for one in planted("null_token", column=column):
            left = kept[one["file"], one["line"]]
            assert left is None or left in cleaned.breaks(column), one


def test_wrong_e_mail_addresses_and_far_off_values_break_a_rule(cleaned: Cleaned) -> None:
    assert sorted(cleaned.breaks("email")) == sorted(one["value"] for one in planted("invalid_email"))
    assert cleaned.breaks("age") == [999 for _ in planted("age_outlier")]
    assert set(cleaned.breaks("lifetime_value")) == {-45.0, 9_999_999.99}


def test_every_amount_keeps_its_currency(cleaned: Cleaned) -> None:
    currency = "lifetime_value_currency"
    kept = cleaned.con.execute(f"SELECT DISTINCT {currency} FROM {cleaned.repaired.kept} WHERE {currency} IS NOT NULL")
    assert {value for (value,) in kept.fetchall()} == {"USD", "EUR", "GBP", "CAD"}


def test_hostile_text_passes_through_as_the_text_that_it_is(cleaned: Cleaned) -> None:
    for column in ("notes", "first_name", "last_name"):
        kept = {value for _, _, value in cleaned.cells(cleaned.repaired.kept, column)}
        for one in planted("prompt_injection", "formula_injection", "sql_injection", column=column):
            assert one["value"] in kept
