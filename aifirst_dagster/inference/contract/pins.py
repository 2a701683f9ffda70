"""A person's word on a column: set or taken back, and named as such, so that nothing overrules it."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Any, get_args

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.contract import constraints
from aifirst_dagster.inference.contract.contract import CONSTRAINTS, PINNABLE, Contract, ContractField
from aifirst_dagster.inference.contract.retype import retyped
from aifirst_dagster.inference.numbers import STYLES
from aifirst_dagster.inference.schema import FieldType

KEYS = (*PINNABLE, "source", *CONSTRAINTS)


def pin(contract: Contract, column: str, said: dict[str, str]) -> Contract:
    """The contract, one version on, with what a person says of a column; an empty text takes a pin back.

    Args:
        column: Its name in the dataset or in files.
        said: Key -> text: an attribute, a constraint, or `source` (a further name that files use for it).

    Raises:
        ConfigError: There is no such column, key or value.
    """
    one = contract.field(column)
    for key, text in said.items():
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            raise ConfigError(
                f"There is nothing called {key!r} to pin.",
                hint=f"Did you mean {near[0]!r}?" if near else f"Keys: {', '.join(KEYS)}.",
            )
        new = _source(contract, one, text) if key == "source" else _set(contract, one, key, text)
        contract, one = contract.replaced(one, new), new
    return contract.model_copy(update={"version": contract.version + 1})


def _source(contract: Contract, one: ContractField, name: str) -> ContractField:
    """A field that answers to one more name."""
    if not name:
        return one.model_copy(update={"source_names": [one.column.source_name]})
    holder = contract.find(name)
    if holder is not None and holder.name != one.name:
        raise ConfigError(f"{name!r} is the column {holder.name!r} already.", hint="Pin another name.")
    return one.model_copy(update={"source_names": list(dict.fromkeys([*one.source_names, name]))})


def _set(contract: Contract, one: ContractField, key: str, text: str) -> ContractField:
    if key in CONSTRAINTS:
        return _constrained(one, key, text)
    pins = [pin for pin in one.pins if pin != key]
    if not text:
        return one.model_copy(update={"pins": pins})
    column = one.column
    if key == "type":
        if text not in get_args(FieldType):
            near = get_close_matches(text, get_args(FieldType), n=1)
            raise ConfigError(
                f"There is no type {text!r}.",
                hint=f"Did you mean {near[0]!r}?" if near else f"Types: {', '.join(get_args(FieldType))}.",
            )
        digits = column.type == "string" and text in ("integer", "year")
        column = retyped(column, text, column.format if text == column.type else "default")
        # Digits that were text may begin with zeros, which a plain cast of whole numbers refuses.
        column = column.model_copy(update={"number_style": "padded", "native": False}) if digits else column
    elif key == "format":
        column = retyped(column.model_copy(update={"formats_seen": []}), column.type, text)
    elif key == "null_tokens":
        column = column.model_copy(update={"null_tokens": [token for token in _list(text) if token]})
    elif key == "number_style":
        if text not in STYLES:
            styles = ", ".join(f"{name} ({style.example})" for name, style in STYLES.items())
            raise ConfigError(f"There is no number style {text!r}.", hint=f"Styles: {styles}.")
        column = column.model_copy(update={"number_style": text, "physical_type": "VARCHAR"})
    elif key == "name":
        taken = contract.find(text)
        if taken is not None and taken.name != one.name:
            raise ConfigError(f"There is a column {text!r} already.", hint="Choose another name.")
        column = column.model_copy(update={"name": text})
    else:
        column = column.model_copy(update={key: text})
    return one.model_copy(update={"column": column, "pins": [*pins, key], "undecided": False})


def _constrained(one: ContractField, key: str, text: str) -> ContractField:
    rules = {name: value for name, value in one.constraints.items() if name != key}
    if text:
        rules[key] = _value(key, text)
        constraints.check(rules, one.name)
    pins = [pin for pin in one.pins if pin != "constraints"] + (["constraints"] if rules else [])
    return one.model_copy(update={"constraints": rules, "pins": pins})


def _value(key: str, text: str) -> Any:
    """A constraint's value from its text."""
    if key == "enum":
        return _list(text)
    if key == "pattern":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _list(text: str) -> list[str]:
    """A JSON list, or texts with commas between."""
    if text.lstrip().startswith("["):
        try:
            return [str(one) for one in json.loads(text)]
        except ValueError as error:
            raise ConfigError(f"This is no JSON list: {error}.", hint='Write it as ["NA", "-"], or as NA,-.') from None
    return [one.strip() for one in text.split(",")]
