"""The page of semantic types says what the registry holds."""

from aifirst_dagster.inference.meanings import registry, table


def test_the_page_is_the_registry_as_it_stands():
    assert table.PAGE.read_text(encoding="utf-8") == table.page(), (
        "run: python -m aifirst_dagster.inference.meanings.table"
    )


def test_every_name_listed_belongs_to_a_type_and_every_type_can_be_told():
    assert {key.rstrip("?") for key in registry.column_names()} <= set(registry.titles())
    assert len(registry.titles()) >= 40
    for meaning in registry.MEANINGS:
        assert meaning.looks or meaning.called, meaning.name
        assert not meaning.called or meaning.called in registry.column_names(), meaning.name
