"""The page of all types is made from the code, and is current."""

from pathlib import Path

from aifirst_dagster.quality.expectations.meanings import MEANINGS
from aifirst_dagster.quality.expectations.vocabulary import VOCABULARY
from aifirst_dagster.quality.reference import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "expectations.md"


def test_every_type_is_explained_once():
    listed = [type_ for types in MEANINGS.values() for type_ in types]
    assert sorted(listed) == sorted(VOCABULARY)


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m aifirst_dagster.quality.reference"
