"""A mapping: repairs, renames and casts in one SELECT; each row is kept, merged or set aside with a reason."""

from __future__ import annotations

import json

import pytest

from aifirst_dagster.datasets import select_only
from aifirst_dagster.datasets.sandbox import SandboxError
from aifirst_dagster.errors import ConfigError, DesignError
from aifirst_dagster.inference import casts
from aifirst_dagster.inference.matching.names import similarity
from aifirst_dagster.proposals import mapping
from aifirst_dagster.proposals.asking import Wish
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.mapping.expressions import problem
from aifirst_dagster.proposals.variants import Section, join_sections, parse_sections
from aifirst_dagster_tests.loopback.replies import Fail, Reply
from aifirst_dagster_tests.proposals.conftest import engine

TARGET = [
    {"name": "customer_number", "type": "integer"},
    {"name": "email"},
    {"name": "registered_on", "type": "date", "description": "First day."},
    {"name": "amount", "type": "number"},
    {"name": "vip", "type": "boolean"},
]


@pytest.fixture
def columns(con):
    return engine(con)


def rows(con, relation: str) -> list[dict]:
    cursor = con.execute(f"SELECT * FROM {relation} ORDER BY _source_line")
    names = [part[0] for part in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_without_a_target_the_repaired_columns_stay(con, columns, store) -> None:
    outcome = mapping.design(con, "typed", columns, store=store)
    result = mapping.apply(con, "typed", outcome.answer)

    assert outcome.status == "accepted" and not outcome.answer.sandboxed
    assert (result.rows_in, result.rows_out + result.quarantined + result.merged) == (300, 300)
    assert [column.name for column in outcome.answer.columns][:2] == ["cust_no", "e_mail"]
    select_only.check(outcome.answer.sql, ["input"])


def test_onto_a_target_columns_are_matched_renamed_and_cast(con, columns, store) -> None:
    outcome = mapping.design(con, "typed", columns, store=store, target=TARGET)
    result = mapping.apply(con, "typed", outcome.answer)
    first = rows(con, result.kept)[0]

    by_name = {field.name: field for field in outcome.answer.fields}
    assert (by_name["customer_number"].sources, by_name["email"].sources) == (["cust_no"], ["e_mail"])
    assert first["customer_number"] == 0 and str(first["registered_on"]) == "2023-01-01" and first["vip"] is None
    assert any("'vip'" in note and "stays empty" in note for note in outcome.notes)
    assert any("'note'" in note and "not in the output" in note for note in outcome.notes)
    assert outcome.answer.columns[2].description == "First day."
    select_only.check(outcome.answer.sql, ["input"])


def test_a_cell_that_does_not_fit_the_target_sets_its_row_aside_with_its_text(con, columns) -> None:
    con.execute("UPDATE typed SET cust_no = 'A-17' WHERE _source_line = 19")
    aside = mapping.apply(con, "typed", mapping.design(con, "typed", columns, target=TARGET).answer)
    empty = mapping.design(con, "typed", columns, target=TARGET, on_unparseable="null").answer

    (entry,) = con.execute(f'SELECT "row", reason, "column", "value", "values" FROM {aside.quarantine}').fetchall()
    assert entry[:4] == (17, "customer_number: cannot be read as integer", "customer_number", "A-17")
    assert json.loads(entry[4])["customer_number"] == "A-17"
    assert (aside.rows_in, aside.rows_out, aside.quarantined, aside.merged) == (300, 299, 1, 0)

    kept = mapping.apply(con, "typed", empty)
    row = rows(con, kept.kept)[17]
    assert kept.quarantined == 0 and row["customer_number"] is None and row["_raw"]["customer_number"] == "A-17"


def test_hostile_column_names_are_mapped(con) -> None:
    con.execute("""CREATE TABLE odd AS SELECT 1::BIGINT AS "a""; DROP TABLE typed; --", 'x' AS "new
line", 'f' AS _source, 2 AS _source_line, NULL::MAP(VARCHAR, VARCHAR) AS _raw""")
    from aifirst_dagster.inference.schema import Column

    odd = [
        Column(name='a"; DROP TABLE typed; --', source_name="a", type="integer", physical_type="BIGINT"),
        Column(name="new\nline", source_name="b"),
    ]
    target = [{"name": "x'y\"z", "title": 'a"; DROP TABLE typed; --', "type": "string"}, {"name": "new line"}]

    design = mapping.design(con, "odd", odd, target=target).answer
    result = mapping.apply(con, "odd", design)

    (row,) = rows(con, result.kept)
    assert row["x'y\"z"] == "1" and row["new line"] == "x"


def test_an_empty_table_is_mapped(con, columns) -> None:
    con.execute("CREATE TABLE nothing AS FROM typed LIMIT 0")

    result = mapping.apply(con, "nothing", mapping.design(con, "nothing", columns, target=TARGET).answer)

    assert (result.rows_in, result.rows_out) == (0, 0)


def test_a_persons_sql_runs_as_it_stands_in_the_sandbox(con, columns, store) -> None:
    mapping.design(con, "typed", columns, store=store, target=TARGET)
    path = store.folder / "transform.sql"
    path.write_text(path.read_text().replace('"e_mail" AS "email"', 'upper("e_mail") AS "email"'))

    outcome = mapping.design(con, "typed", columns, store=DesignStore(store.folder), target=TARGET)
    result = mapping.apply(con, "typed", outcome.answer)

    assert outcome.status == "pinned" and outcome.answer.sandboxed
    assert rows(con, result.kept)[1]["email"] == "PERSON.1@EXAMPLE.COM"
    assert result.rows_in == result.rows_out + result.quarantined + result.merged == 300


def test_sql_that_another_version_wrote_is_no_persons_edit(con, columns, store) -> None:
    mapping.design(con, "typed", columns, store=store, target=TARGET)
    path = store.folder / "transform.sql"
    (section,) = parse_sections(path.read_text())
    path.write_text(join_sections([Section.new(section.fingerprint, f"{section.sql}\n-- as it was written then")]))

    outcome = mapping.design(con, "typed", columns, store=DesignStore(store.folder), target=TARGET)

    assert outcome.reused and outcome.status != "pinned" and not outcome.answer.sandboxed


@pytest.mark.parametrize(
    ("replaced", "error"),
    [
        ("FROM repaired", DesignError),
        ("WHERE FALSE", Exception),
        ("nosuch", SandboxError),
    ],
)
def test_a_persons_sql_that_loses_rows_or_columns_is_a_clear_error(con, columns, store, replaced, error) -> None:
    mapping.design(con, "typed", columns, store=store, target=TARGET)
    path = store.folder / "transform.sql"
    text = path.read_text().rstrip()
    head = text.split("\n")[0]
    sql = {
        "FROM repaired": "SELECT 1 AS a FROM input",
        "WHERE FALSE": text.split("\n", 1)[1] + " WHERE FALSE",
        "nosuch": "SELECT nosuch FROM input",
    }[replaced]
    path.write_text(f"{head}\n{sql}\n")
    outcome = mapping.design(con, "typed", columns, store=DesignStore(store.folder), target=TARGET)

    with pytest.raises(error) as raised:
        mapping.apply(con, "typed", outcome.answer)
    assert raised.value.message and raised.value.hint


def test_a_damaged_target_is_named(con, columns, tmp_path) -> None:
    (tmp_path / "target.json").write_text('{"fields": [{"name": "a", "type": "integre"}]}')

    with pytest.raises(ConfigError, match="Field 1") as error:
        mapping.design(con, "typed", columns, target="target.json", root=tmp_path)
    assert error.value.file and error.value.file.endswith("target.json")
    with pytest.raises(ConfigError, match="two fields"):
        mapping.design(con, "typed", columns, target=[{"name": "a"}, {"name": "a"}])
    with pytest.raises(ConfigError, match="no prompt 'map_custmer_schema'") as error:
        mapping.design(con, "typed", columns, wish=Wish(prompt="map_custmer_schema"))
    assert "map_customer_schema" in error.value.hint


def test_names_are_compared_whatever_their_spelling() -> None:
    assert similarity("E-Mail", "email_address") > 0.7 and similarity("custNo", "customer_number") > 0.8
    assert similarity("DOB", "birth date") >= 0.6 and similarity("zip", "postal_code") >= 0.6
    assert similarity("price", "country") < 0.6 and similarity("id", "paid") < 0.6


ALLOWED = [
    "a || ' ' || b", "upper(trim(a))", "CASE WHEN a = 'x' THEN 1 ELSE 2 END", "try_strptime(a, '%d/%m/%Y')::DATE",
    "TRY_CAST(a AS INTEGER) / 100", "coalesce(nullif(a, ''), b)", "a IN ('x', 'y') AND b IS NOT NULL",
    "regexp_replace(a, '[^0-9]', '', 'g')",
    "extract(year FROM a)", "'-- no comment; really' || a",
]  # fmt: skip
REFUSED = [
    "(SELECT 1)", "a IN (SELECT 1)", "getenv('x')", "read_text('/etc/passwd')", "sum(a)", "row_number() OVER ()",
    "a -- x", "a; DROP TABLE x", "c", "t.a", "a FROM b", "a, b", "repeat(a, 100000)", "EXISTS(SELECT 1)", "unnest([1])",
    "*",
    "1) FROM (SELECT 1", "current_setting('x')", "a AS x", "COLUMNS('.*')", "$1", "upper((SELECT max(a) FROM input))",
    "",
    "list_transform([a], lambda x: x)", "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("expression", ALLOWED)
def test_scalar_expressions_of_known_functions_are_allowed(expression: str) -> None:
    assert problem(expression, ["a", "b"]) is None


@pytest.mark.parametrize("expression", REFUSED)
def test_whatever_else_a_model_writes_is_refused(expression: str) -> None:
    assert problem(expression, ["a", "b"])


def field(name: str, sources: list[str], expression: str = "", type_: str = "string") -> dict:
    return {"name": name, "sources": sources, "expression": expression, "type": type_, "description": f"The {name}.",
            "confidence": 0.9}  # fmt: skip


GOOD = [
    field("customer_number", ["cust_no"], type_="integer"),
    field("email", ["e_mail"], "lower(e_mail)"),
    field("registered_on", ["signed_up"], type_="date"),
    field("amount", ["spend"], type_="number"),
    field("vip", ["spend"], "spend > 900", type_="boolean"),
]


def answer(fields=GOOD, repairs=()) -> Reply:
    return Reply(json.dumps({"fields": list(fields), "repairs": list(repairs)}))


def test_a_models_mapping_with_an_expression_is_tested_pinned_and_run_in_the_sandbox(
    con, columns, store, claude, claude_server
) -> None:
    claude_server.then(answer())

    first = mapping.design(
        con, "typed", columns, store=store, llm=claude(), target=TARGET, wish=Wish(prompt="map_customer_schema")
    )
    second = mapping.design(
        con,
        "typed",
        columns,
        store=DesignStore(store.folder),
        llm=claude(),
        target=TARGET,
        wish=Wish(prompt="map_customer_schema"),
    )
    result = mapping.apply(con, "typed", second.answer)

    assert len(claude_server.received) == 1 and second.reused and second.answer.sandboxed
    assert first.verdict.failed == [] and {claim.state for claim in first.verdict.claims} == {"tested"}
    assert rows(con, result.kept)[1]["vip"] is False and rows(con, result.kept)[1]["email"] == "person.1@example.com"
    assert result.rows_in == result.rows_out + result.quarantined + result.merged


def test_a_wrong_field_loses_and_the_right_ones_stay(con, columns, store, claude, claude_server) -> None:
    wrong = [
        *GOOD[:3],
        field("amount", ["note"], type_="number"),
        field("vip", ["cust_no"], "read_text('/etc/passwd')"),
    ]
    claude_server.then(*[answer(wrong)] * 3)

    outcome = mapping.design(con, "typed", columns, store=store, llm=claude(), target=TARGET)

    by_name = {field.name: field for field in outcome.answer.fields}
    assert by_name["email"].expression == "lower(e_mail)"
    assert by_name["amount"].sources != ["note"] and by_name["vip"].expression is None
    assert outcome.proposed_by == "both" and {claim.subject for claim in outcome.verdict.failed} == {"amount", "vip"}
    assert "not among the functions allowed" in claude_server.received[1].text


def test_without_a_target_no_column_is_lost_unseen(con, columns, store, claude, claude_server) -> None:
    claude_server.then(answer([field("id", ["cust_no"]), field("mail", ["e_mail"])]))

    outcome = mapping.design(con, "typed", columns, store=store, llm=claude())

    assert [column.name for column in outcome.answer.columns] == ["id", "mail", "signed_up", "spend", "note"]
    assert mapping.apply(con, "typed", outcome.answer).rows_out == 300


def test_respellings_are_used_where_both_occur_and_are_alike(con, store, claude, claude_server) -> None:
    con.execute("""CREATE TABLE places AS SELECT CASE WHEN i % 7 = 0 THEN 'N.Y' WHEN i % 11 = 0 THEN 'Boston'
        ELSE 'New York' END AS city, i::BIGINT AS id, 'f' AS _source, i AS _source_line FROM range(200) r(i)""")
    from aifirst_dagster.inference import infer

    found = infer.verify(con, "places", infer.propose(con, "places", ["city", "id"], {"id": "BIGINT"}))
    con.execute(f"CREATE TABLE places_typed AS {casts.select(found, 'places')}")
    pairs = [{"before": "N.Y", "after": "New York"}, {"before": "Boston", "after": "New York"}]
    repair = {"column": "city", "respellings": pairs, "null_tokens": [], "reason": "one city"}
    claude_server.then(answer([field("city", ["city"]), field("id", ["id"], type_="integer")], [repair]))

    outcome = mapping.design(con, "places_typed", found, store=store, llm=claude())
    result = mapping.apply(con, "places_typed", outcome.answer)

    cities = {row["city"] for row in rows(con, result.kept)}
    assert cities == {"New York", "Boston"}, "what only the model says of two different words changes no data"


def test_overload_falls_back_to_the_engines_mapping(con, columns, store, claude, claude_server) -> None:
    claude_server.then(*[Fail(529, "overloaded_error")] * 4)

    outcome = mapping.design(con, "typed", columns, store=store, llm=claude(), target=TARGET)

    assert outcome.status == "provisional" and outcome.answer.fields[0].sources == ["cust_no"]
