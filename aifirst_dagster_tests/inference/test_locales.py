"""Names of countries, languages and currencies in many languages."""

from typing import get_args

import pytest

from aifirst_dagster.inference.vocabularies import locales


@pytest.mark.parametrize("kind", get_args(locales.Kind))
def test_the_names_beside_the_module_are_those_that_babel_holds(kind):
    assert locales.file(kind).read_text(encoding="utf-8") == locales.written(kind)


@pytest.mark.parametrize(
    ("kind", "known", "unknown"),
    [
        (
            "territories",
            ["Österreich", "États-Unis", "the Netherlands", "日本", "Côte d’Ivoire"],
            ["Jürgen", "Wien", ""],
        ),
        ("languages", ["Deutsch", "français", "Türkçe"], ["Österreich", "x"]),
        ("currencies", ["US Dollar", "Schweizer Franken", "евро"], ["Dublin", "12"]),
    ],
)
def test_names_are_known_in_whatever_language_case_and_accents(kind, known, unknown):
    for text in known:
        assert locales.knows(kind, text), text
        assert locales.knows(kind, text.upper()), text
    for text in unknown:
        assert not locales.knows(kind, text), text
