"""Every wrong kind of YAML is reported where it is wrong, with what to do, and never by a traceback."""

from __future__ import annotations

import pytest

from aifirst_dagster.pipelines.load import Broken, Loaded, load, load_file, load_folder, load_text
from aifirst_dagster.pipelines.problems import PipelineErrors
from aifirst_dagster_tests.pipelines.scenarios import BROKEN, FULL, HEAD, SEED, Case


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.id)
def test_a_wrong_file_is_reported_at_its_place_with_a_hint(case: Case):
    broken = load_text(case.text, "p.yaml", environ={})
    assert isinstance(broken, Broken)
    first = broken.problems[0]
    assert case.message in first.message
    assert (first.file, first.line, first.column) == ("p.yaml", case.line, case.column)
    assert case.hint in first.hint
    assert len(broken.problems) == case.found, "\n".join(map(str, broken.problems))


def test_all_problems_of_a_file_are_reported_at_once_in_its_order():
    text = (
        "nme: A\nbudget: lots\nschedule: 99 * * * *\nsteps:\n"
        "  - {name: L, type: conector, config: {anything: 1}}\n"
        "  - {name: M, type: connector, config: {typ: csv, header: 1}, owner: me}\n"
        "  - {name: S, type: sql, needs: [M, X], config: {load: fll, query: q}}\n"
        "  - {name: S, type: output, config: {format: parket}}\n"
    )
    broken = load_text(text, "p.yaml")
    assert isinstance(broken, Broken)
    places = [(problem.line, problem.message.split(" ")[0]) for problem in broken.problems]
    assert [line for line, _ in places] == sorted(line for line, _ in places)
    words = "\n".join(problem.message for problem in broken.problems)
    for expected in (
        "`name` is missing", "`nme`", "`budget`", "99 is no minute", "'conector'", "`typ`", "`header`", "'X'", "'fll'",
        "'me' is no owner", "two steps are named 'S'", "'parket'",
    ):  # fmt: skip
        assert expected in words
    assert len(broken.problems) == 12


def test_every_prefix_of_a_good_file_loads_or_is_reported(tmp_path):
    for end in range(0, len(FULL), 7):
        found = load_text(FULL[:end], tmp_path / "p.yaml", environ={})
        assert isinstance(found, Loaded) or found.problems


def test_a_value_of_any_kind_anywhere_is_a_problem_or_fine_but_never_a_crash():
    kinds = (
        "~",
        "true",
        "5",
        "-1.5",
        "x",
        "''",
        "[]",
        "[1, [x]]",
        "{}",
        "{a: {b: [1]}}",
        "{env: X}",
        "{env: 5}",
        "&a b",
        "!!str 5",
    )
    lines = FULL.splitlines()
    for index, line in enumerate(lines):
        head, colon, _ = line.partition(": ")
        if not colon:
            continue
        for kind in kinds:
            found = load_text("\n".join([*lines[:index], f"{head}: {kind}", *lines[index + 1 :]]), "p.yaml", environ={})
            assert isinstance(found, Loaded) or all(problem.line >= 1 for problem in found.problems)


def test_one_error_carries_them_all():
    broken = load_text(HEAD + "budget: x\nowner: y\n", "p.yaml")
    assert isinstance(broken, Broken)
    error = broken.error
    assert isinstance(error, PipelineErrors)
    assert error.where == "p.yaml:4:9"
    assert "1 more" in error.hint
    assert [problem["line"] for problem in error.to_dict()["problems"]] == [4, 5]


def test_files_that_cannot_be_read_are_reported(tmp_path):
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: A\nowner: J\xfcrgen\n".encode("latin-1"))
    (problem,) = load_file(latin).problems
    assert (problem.line, problem.column) == (2, 9)
    assert "not UTF-8: byte 0xfc" in problem.message
    (missing,) = load_file(tmp_path / "no.yaml").problems
    assert missing.message == "there is no such file"
    (folder,) = load_file(tmp_path).problems
    assert "folder" in folder.message
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(bytes(range(256)))
    assert isinstance(load_file(binary), Broken)


def test_a_broken_file_leaves_the_others_standing(tmp_path):
    (tmp_path / "a.yaml").write_text(SEED)
    (tmp_path / "b.yaml").write_text("name: Broken One\nsteps: 5\n")
    (tmp_path / "c.yml").write_text(FULL)
    (tmp_path / "d.yaml").write_text(":\n: :")
    (tmp_path / ".hidden.yaml").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    found = load_folder(tmp_path)
    assert [type(item).__name__ for item in found] == ["Loaded", "Broken", "Loaded", "Broken"]
    assert [item.slug for item in found] == ["customer_data_enrichment", "broken_one", "orders", "d"]
    assert load_folder(tmp_path / "nowhere") == []


def test_two_files_with_one_name_do_not_share_assets(tmp_path):
    (tmp_path / "a.yaml").write_text(SEED)
    (tmp_path / "b.yaml").write_text(SEED.replace("Customer Data Enrichment", "customer-data enrichment"))
    first, second = load_folder(tmp_path)
    assert isinstance(first, Loaded)
    assert isinstance(second, Broken)
    assert "a.yaml" in second.problems[0].message
    assert (second.problems[0].line, second.problems[0].column) == (1, 7)


def test_load_raises_with_the_first_place(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("name: A\nsteps: {}\n")
    with pytest.raises(PipelineErrors) as caught:
        load(path)
    assert caught.value.where == f"{path}:2:8"
