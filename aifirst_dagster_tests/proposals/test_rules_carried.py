"""What a person made of rules survives: new proposals, other inputs, edits of the file, and decisions in between."""

from __future__ import annotations

import pytest

from aifirst_dagster import state
from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.project import Project
from aifirst_dagster.proposals import rules
from aifirst_dagster.proposals.designs import DesignStore
from aifirst_dagster.proposals.rules.book import Book, rules_of
from aifirst_dagster.proposals.rules.carry import taken_over
from aifirst_dagster.proposals.rules.versions import pick, versions
from aifirst_dagster.proposals.variants import parse

AGE, EMAIL = "age.values_to_be_between", "email.values_to_match_regex"


@pytest.fixture
def people(con):
    con.execute("""CREATE TABLE people AS SELECT i::BIGINT AS id, (20 + hash(i) % 500)::BIGINT AS age,
        'p' || i || '@example.com' AS email, 'f' AS _source, i + 2 AS _source_line FROM range(600) r(i)""")
    return columns(id="BIGINT", age="BIGINT", email="VARCHAR")


def columns(**physical: str) -> list[Column]:
    types = {"BIGINT": "integer", "VARCHAR": "string"}
    meanings = {"email": "email"}
    return [
        Column(name=n, source_name=n, type=types[p], physical_type=p, semantic_type=meanings.get(n))
        for n, p in physical.items()
    ]


def grown(con, people):
    """The same rows with one more column: another fingerprint, so rules are proposed anew."""
    con.execute("ALTER TABLE people ADD COLUMN points BIGINT")
    con.execute("UPDATE people SET points = _source_line % 300")
    return [*people, *columns(points="BIGINT")]


def by_id(outcome):
    return {rule.id: rule for rule in outcome.answer.rules}


def edit(store, before: str, after: str) -> None:
    path = store.folder / "rules.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def book(store) -> Book:
    return Book(store.folder / "rules.yaml", "customers", "step", designed=True)


def test_a_persons_threshold_and_comment_survive_a_new_proposal(con, people, store) -> None:
    rules.design(con, "people", people, store=store)
    edit(store, f"- id: {AGE}", f"# ages were checked by hand\n- id: {AGE}")
    edit(store, "min_value: 0", "min_value: 18 # adults")

    outcome = rules.design(con, "people", grown(con, people), store=store)

    assert not outcome.reused
    assert by_id(outcome)[AGE].kwargs["min_value"] == 18
    assert any(name.startswith("points.") for name in by_id(outcome)), "the new column has rules of its own"
    newest = (store.folder / "rules.yaml").read_text().split("\n---\n")[1]
    assert "# ages were checked by hand\n- id: " + AGE in newest and "18 # adults" in newest


def test_a_rejected_rule_does_not_come_back(con, people, store) -> None:
    rules.design(con, "people", people, store=store)
    book(store).decide(AGE, "rejected", "ann", "any age will do")

    con.execute("UPDATE people SET age = age * 3")
    outcome = rules.design(con, "people", grown(con, people), store=store)

    rule = by_id(outcome)[AGE]
    assert rule.status == "rejected" and not rule.live
    assert (rule.decision.by, rule.decision.why) == ("ann", "any age will do")


def test_a_rule_that_was_deleted_by_hand_does_not_come_back_either(con, people, store) -> None:
    rules.design(con, "people", people, store=store)
    path = store.folder / "rules.yaml"
    head, rest = path.read_text().split(f"- id: {AGE}\n", 1)
    path.write_text(head + rest[rest.index("- id: ") :])

    for _ in range(2):
        people = grown(con, people) if _ == 0 else people[:-1]
        outcome = rules.design(con, "people", people, store=DesignStore(store.folder))
        assert AGE not in {rule.id for rule in outcome.answer.rules if rule.live}


def test_a_rule_that_a_person_wrote_stays(con, people, store) -> None:
    rules.design(con, "people", people, store=store)
    own = (
        "rules:\n- id: ours\n  type: expect_column_values_to_not_be_in_set\n  kwargs: {column: age, value_set: [99]}\n"
    )
    edit(store, "rules:\n- id: table", own + "- id: table")
    assert "ours" in by_id(rules.design(con, "people", grown(con, people), store=store))


def test_a_pinned_rule_set_is_left_alone_altogether(con, people, store) -> None:
    rules.design(con, "people", people, store=store)
    edit(store, "pinned: false", "pinned: true")
    outcome = rules.design(con, "people", grown(con, people), store=store)
    assert outcome.reused and outcome.status == "pinned"
    assert not any(name.startswith("points.") for name in by_id(outcome))


def test_a_decision_is_no_edit_of_the_design_and_holds_for_every_input(con, people, store) -> None:
    rules.design(con, "people", people, store=store)
    wide = grown(con, people)
    rules.design(con, "people", wide, store=store)
    book(store).decide(EMAIL, "muted", "bob", "mail moves")
    for some in (people, wide):
        outcome = rules.design(con, "people", some, store=DesignStore(store.folder))
        assert outcome.reused and outcome.proposed_by == "offline"
        assert by_id(outcome)[EMAIL].status == "muted"


def test_under_approve_person_new_rules_wait_and_those_in_force_stay(con, people, store) -> None:
    rules.design(con, "people", people, store=store)
    outcome = rules.design(con, "people", grown(con, people), store=store, approve="person")
    statuses = {rule.id: rule.status for rule in outcome.answer.rules}
    assert statuses[AGE] == "active"
    assert {status for name, status in statuses.items() if name.startswith("points.")} == {"proposed"}


def test_versions_say_who_did_what(con, people, store, tmp_path) -> None:
    history = state.open(Project(tmp_path)).designs
    kept = DesignStore(store.folder, history=history)
    rules.design(con, "people", people, store=kept)
    book(store).decide(AGE, "muted", "ann", "for now", history)
    book(store).edit(EMAIL, {"mostly": 0.9}, "bob", history=history)
    edit(store, "severity: error", "severity: warn")

    known = versions(book(store), history)

    assert [version.by for version in known] == ["offline", "ann", "bob", "by hand"]
    assert [change.words for change in known[1].changes] == [f"{AGE}: status active -> muted"]
    assert [change.words for change in known[2].changes] == [f"{EMAIL}: mostly (none) -> 0.9"]
    older, newer = pick(known, 1, 3)
    assert {change.rule for change in newer.changes} == {EMAIL} and older.number == 1
    with pytest.raises(ConfigError, match="no version 9"):
        pick(known, 9, None)


def test_a_wrong_edit_changes_nothing_and_says_what_is_wrong(con, people, store) -> None:
    rules.design(con, "people", people, store=store)
    before = (store.folder / "rules.yaml").read_text()
    with pytest.raises(ConfigError, match="has no argument 'maxvalue'"):
        book(store).edit(AGE, {"maxvalue": 3}, "ann")
    with pytest.raises(ConfigError, match="has no rule") as raised:
        book(store).decide("age.values_to_be_betwen", "muted", "ann")
    assert AGE in raised.value.hint
    assert (store.folder / "rules.yaml").read_text() == before


def test_a_design_proposed_apart_takes_over_what_people_decided_and_what_is_said_of_all_rows(
    con, people, store, tmp_path
) -> None:
    rules.design(con, "people", people, store=store)
    book(store).decide(AGE, "rejected", "ann", "any age")
    con.execute("CREATE TABLE half AS SELECT * FROM people WHERE id % 2 = 0")
    apart = DesignStore(tmp_path / "apart" / "customers" / "step")
    rules.design(con, "half", people, store=apart)

    made = taken_over(apart.variants("rules.yaml")[0], store.variants("rules.yaml"), of_part=True)

    kept = {rule.id: rule for rule in rules_of(made, "rules.yaml")}
    volume = "table.row_count_to_be_between"
    assert kept[AGE].status == "rejected" and kept[AGE].decision.by == "ann"
    assert kept[volume].kwargs == {rule.id: rule for rule in book(store).rules()}[volume].kwargs
    assert not made.edited and parse(made.text, "rules.yaml")[0].body == made.body
