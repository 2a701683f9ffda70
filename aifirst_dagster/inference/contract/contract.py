"""What a schema contract holds: its fields, the names that files use for them, and what a person pinned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import Field

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.names import key
from aifirst_dagster.inference.schema import Column, Record

#: What a person can pin, beside `constraints`: an attribute of `Column`.
PINNABLE = ("name", "type", "format", "null_tokens", "description", "unit", "semantic_type", "number_style")
#: Constraints of Table Schema that are tested on each cell (`unique` among all of them).
CONSTRAINTS = ("required", "unique", "minimum", "maximum", "minLength", "maxLength", "pattern", "enum")


class ContractField(Record):
    """One column of the dataset.

    Attributes:
        column: What it is; its `source_name` is the name that the reader's relation is to have.
        source_names: Names that files use for it, the first one's own first.
        pins: What a person set: attributes of the column, or `constraints`.
        constraints: Table Schema's, tested on every cell.
        optional: Some file of those that made the contract lacks it.
        ways: Other ways in which files may write it: formats of dates, styles of numbers; each file is read in its own.
        undecided: No file had a value yet, so that its type says nothing.
        extra: Properties of the Table Schema field that mean nothing here; kept.
    """

    column: Column
    source_names: list[str] = Field(default_factory=list)
    pins: list[str] = Field(default_factory=list)
    constraints: dict[str, Any] = Field(default_factory=dict)
    optional: bool = False
    ways: list[str] = Field(default_factory=list)
    undecided: bool = False
    extra: dict[str, Any] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """The column's name in the dataset."""
        return self.column.name

    @property
    def names(self) -> list[str]:
        """Every name it answers to."""
        return list(dict.fromkeys([*self.source_names, self.column.source_name, self.column.name]))

    def pinned(self, what: str) -> bool:
        """Whether a person set it."""
        return what in self.pins


class Contract(Record):
    """The schema of one dataset.

    Attributes:
        version: Counts its changes, from 1.
        primary_key: Names of fields.
        extra: Properties of the Table Schema that mean nothing here; kept.
    """

    fields: list[ContractField]
    version: int = 1
    primary_key: list[str] = Field(default_factory=list)
    extra: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, columns: Sequence[Column], optional: Collection[str] = (), *, described: bool = False) -> Contract:
        """The first contract of a dataset: what its columns are.

        Args:
            optional: Source names of columns that some file lacks.
            described: Keep the descriptions: a model or a person wrote them (ours count the data, which changes).
        """
        return cls(fields=[field_of(one, one.source_name in optional, described=described) for one in columns])

    @property
    def columns(self) -> list[Column]:
        """The columns, in order."""
        return [field.column for field in self.fields]

    def find(self, name: str) -> ContractField | None:
        """The field called `name` in the dataset or in files: exactly, else spelling aside."""
        for field in self.fields:
            if name == field.name:
                return field
        for field in self.fields:
            if name in field.names:
                return field
        plain = key(name)
        found = [field for field in self.fields if plain in {key(one) for one in field.names}]
        return found[0] if len(found) == 1 else None

    def field(self, name: str) -> ContractField:
        """As `find`.

        Raises:
            ConfigError: There is no such field.
        """
        if (found := self.find(name)) is None:
            known = ", ".join(one.name for one in self.fields)
            raise ConfigError(f"The schema has no column {name!r}.", hint=f"Columns: {known}.")
        return found

    def replaced(self, old: ContractField, new: ContractField) -> Contract:
        """The contract with one field in place of another."""
        return self.model_copy(update={"fields": [new if field is old else field for field in self.fields]})


def field_of(column: Column, optional: bool = False, *, described: bool = False) -> ContractField:
    """A field as it is found; see `Contract.of`."""
    seen = column.evidence.parsed + column.evidence.failed
    undecided = not seen and not column.native
    column = column if described else column.model_copy(update={"description": ""})
    return ContractField(column=column, source_names=[column.source_name], optional=optional, undecided=undecided)
