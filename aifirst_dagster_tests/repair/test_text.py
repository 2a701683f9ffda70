"""Blanks, invisible characters, wrong encodings."""

import pytest

from aifirst_dagster.repair import text
from aifirst_dagster_tests.repair.scene import Scene, typed


def texts(con, values):
    scene = Scene(
        con, {"id": typed("id", "integer", "BIGINT"), "t": "string"}, [[at, value] for at, value in enumerate(values)]
    )
    scene.repair()
    return scene


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  Ann ", "Ann"),
        ("Ann\u00a0", "Ann"),
        ("von  der\u00a0Heide", "von der Heide"),
        ("An\u200bn\ufeff", "Ann"),
        ("Zoe\u0301", "Zo\u00e9"),
        ("MÃ¼ller", "Müller"),
        ("MontrÃ©al", "Montréal"),
        ("donâ€™t", "don’t"),
        ("MÃƒÂ¼ller", "Müller"),
        ("voilÃ\u00a0", "voilà"),
        ("\t \n", None),
    ],
)
def test_text_is_tidied(con, before, after):
    scene = texts(con, [before, "other", "third"])
    assert scene.values("t") == [after, "other", "third"]
    assert con.execute(f"SELECT before, after FROM {scene.result.repairs}").fetchall() == [(before, after)]


@pytest.mark.parametrize(
    "value",
    [
        "Müller",
        "NÃO",
        "São Paulo",
        "É™",
        "日本語",
        "👩‍👩‍👧 family",
        "naïve café",
        "a 'quoted' \"value\"",
        "line\none",
        "=1+1",
    ],
)
def test_text_that_is_right_stays_as_it_is(con, value):
    scene = texts(con, [value, "other", "third"])
    assert scene.values("t")[0] == value
    assert con.execute(f"SELECT count(*) FROM {scene.result.repairs}").fetchall() == [(0,)]


def test_inner_space_of_prose_is_its_authors(con):
    prose = "the  right  kind of medicine, given at the right time, helps to prevent an infection"
    assert texts(con, [prose, prose + " more"]).values("t")[0] == prose


def test_formulas_are_reported_and_left_alone(con):
    scene = texts(con, ['=HYPERLINK("http://x")', "@SUM(A1)", "+49 170 1234", "-5", "plain"])
    assert scene.values("t")[0] == '=HYPERLINK("http://x")'
    (finding,) = [action for action in scene.plan.actions if action.action == "report_formula_cells"]
    assert finding.rows_affected == 2


def test_only_real_sequences_are_decoded():
    assert text.decoded(["Ã¼", "Ã™", "â€™"]) == {"Ã¼": "ü", "Ã™": "Ù", "â€™": "’"}
