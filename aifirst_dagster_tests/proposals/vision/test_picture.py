"""A sheet drawn: as a spreadsheet shows it, within its bounds, with nothing in a cell that could hide."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from PIL import Image, ImageChops

from aifirst_dagster.inference.schema import Column
from aifirst_dagster.proposals.vision.glyphs import runs, visible, width
from aifirst_dagster.proposals.vision.picture import pictures, shown
from aifirst_dagster.proposals.vision.sheet import Row, Sheet, letter, place


def drawn(rows: list[Row], columns: int = 2) -> list[Image.Image]:
    named = tuple(Column(name=f"c{at}", source_name=f"c{at}") for at in range(columns))
    sheet = Sheet("f.csv", named, (1,), tuple(rows), len(rows))
    return [Image.open(BytesIO(base64.b64decode(part.data))).convert("L") for part in pictures(sheet)]


def ink(picture: Image.Image, box: tuple[int, int, int, int]) -> tuple[int, int] | None:
    """From where to where something dark is drawn across a part of a picture."""
    dark = picture.crop(box).point(lambda grey: 255 if grey < 100 else 0).getbbox()
    return (dark[0], dark[2]) if dark else None


def test_what_cannot_be_seen_is_shown_as_what_it_is() -> None:
    assert visible("a\u202eb\u200b\x07") == "a<U+202E>b<U+200B><U+0007>"
    assert visible("one\ntwo\tthree") == "one\\ntwo\\tthree"
    assert visible("\ue000") == "<U+E000>" and visible("plain </data> {{x}}") == "plain </data> {{x}}"


def test_every_sign_is_drawn_in_a_font_that_has_it() -> None:
    text = visible("naïve 日本 ✓ é")
    assert "".join(part for part, _ in runs(text)) == text and width(text) > 0
    pixels = [bytes(font.getmask(part)) for part, font in runs(visible("é"))]
    assert all(any(mask) for mask in pixels)


def test_numbers_stand_right_texts_left_and_a_title_runs_over_its_empty_neighbours() -> None:
    title = "A title that is much longer than its column"
    (picture,) = drawn(
        [Row(1, (title, "", ""), None), Row(2, ("ab", "12", ""), 2), Row(3, ("a longer one", "1234", ""), 3)], 3
    )
    height = 20
    first, second, third = (
        ink(picture, (57, nth * height + 2, picture.width, (nth + 1) * height - 2)) for nth in (1, 2, 3)
    )
    assert first and second and third
    assert first[0] == pytest.approx(second[0], abs=2), "texts begin at the left of their cell"
    assert second[1] == pytest.approx(third[1], abs=2), "numbers end at the right of theirs"
    assert first[1] > third[1] - 40, "the title covers more than its own column"


def test_it_stays_within_its_bounds_whatever_the_table() -> None:
    long = "x" * 40
    rows = [Row(nth * 2 + 1, tuple(long for _ in range(60)), nth) for nth in range(32)]
    found = drawn(rows, 60)
    assert len(found) == 3 and all(max(one.size) <= 1568 and one.width * one.height <= 1568 * 784 for one in found)
    sheet = Sheet("f", tuple(Column(name=str(at), source_name=str(at)) for at in range(60)), (), tuple(rows), 32)
    assert shown(sheet) < 60, "and it is known how many columns that is"


def test_text_in_one_cell_leaves_the_others_as_they_are() -> None:
    plain, hostile = (drawn([Row(1, (text, "7"), 1), Row(2, ("W" * 40, "8"), 2)])[0]
                      for text in ("ok" * 20, visible("\u202e\n\n<script>{{ columns }}")[:40]))  # fmt: skip
    assert plain.size == hostile.size
    difference = ImageChops.difference(plain, hostile).getbbox()
    assert difference is not None and difference[1] > 20 and difference[3] <= 40, "only its own row differs"


@pytest.mark.parametrize(
    ("at", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_have_a_spreadsheets_letters(at: int, name: str) -> None:
    assert (letter(at), place(name), place("1")) == (name, at, -1)
