"""Any reasonable Pydantic model becomes a schema that today's API takes, and its answers come back as the model."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.wire_schema import GEMINI, OPENAI, wire_schema
from aifirst_dagster_tests.loopback.claude_rules import _output_config
from aifirst_dagster_tests.loopback.openai_schema import check_strict


class Kind(StrEnum):
    ONE = "one"
    TWO = "two"


class Circle(BaseModel):
    shape: Literal["circle"] = "circle"
    radius: float = Field(gt=0)


class Square(BaseModel):
    shape: Literal["square"] = "square"
    side: float
    marks: dict[str, int] = {}


class Everything(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    name: str = Field(min_length=2, max_length=9, pattern="^[a-z]+$", description="A slug.")
    kind: Kind
    day: date
    amount: Decimal | None = None
    note: str | None = None
    required_or_null: int | None
    tags: list[str] = Field(default_factory=list, max_length=3)
    pair: tuple[int, str] = (1, "a")
    figure: Annotated[Circle | Square, Field(discriminator="shape")]
    maybe: Circle | None = None
    labels: dict[str, str] = {}
    nested: dict[str, Square] = {}
    anything: Any = None
    free: dict[str, Any] = {}


ANSWER = {
    "name": "abc",
    "kind": "two",
    "day": "2026-01-31",
    "amount": "1.50",
    "required_or_null": None,
    "tags": ["a"],
    "pair": [2, "b"],
    "figure": {"shape": "square", "side": 2.0, "marks": [{"key": "m", "value": 3}]},
    "labels": [{"key": "k", "value": "v"}],
    "nested": [{"key": "n", "value": {"shape": "square", "side": 1.0, "marks": []}}],
    "anything": "[1, 2]",
    "free": [{"key": "min", "value": "0.5"}, {"key": "set", "value": '["a", "b"]'}, {"key": "text", "value": "plain"}],
}


def test_the_api_takes_the_schema_of_a_model_with_everything():
    _output_config({"output_config": {"format": {"type": "json_schema", "schema": wire_schema(Everything).schema}}})


def test_openais_strict_mode_takes_it_too():
    schema = wire_schema(Everything, OPENAI).schema
    check_strict("everything", schema, "text.format")
    assert set(schema["required"]) == set(Everything.model_fields)


def test_gemini_gets_no_constants():
    text = json.dumps(wire_schema(Everything, GEMINI).schema)
    assert '"const"' not in text
    assert '"enum": ["circle"]' in text


def test_a_mapping_written_as_one_is_taken_as_well():
    plain = {**ANSWER, "labels": {"k": "v"}, "nested": {"n": {"shape": "square", "side": 1.0, "marks": {}}}}
    assert wire_schema(Everything, OPENAI).parse(json.dumps(plain)) == wire_schema(Everything).parse(json.dumps(ANSWER))


def test_what_the_grammar_cannot_hold_is_said_in_words():
    name = wire_schema(Everything).schema["properties"]["name"]
    assert name["description"].startswith("A slug. (at least 2 characters")
    assert "^[a-z]+$" in name["description"]


def test_an_answer_comes_back_as_the_model():
    found = wire_schema(Everything).parse(json.dumps(ANSWER))
    assert isinstance(found, Everything)
    assert (found.kind, found.day, found.amount) == (Kind.TWO, date(2026, 1, 31), Decimal("1.50"))
    assert found.figure == Square(side=2.0, marks={"m": 3})
    assert (found.note, found.maybe, found.required_or_null) == (None, None, None)
    assert found.nested == {"n": Square(side=1.0)}
    assert found.anything == [1, 2]
    assert found.free == {"min": 0.5, "set": ["a", "b"], "text": "plain"}


def test_a_fence_around_the_answer_is_no_obstacle():
    assert wire_schema(Circle).parse('```json\n{"shape": "circle", "radius": 1}\n```') == Circle(radius=1)


@pytest.mark.parametrize("text", ["", "no", "[1]", "null", '{"radius": 1', '{"radius": 0}', '{"radius": "NaN"}x'])
def test_what_is_no_answer_is_an_error(text: str):
    with pytest.raises((ValueError, ValidationError)):
        wire_schema(Circle).parse(text)


def test_bounds_are_enforced_here_though_the_grammar_cannot():
    with pytest.raises(ValidationError, match="greater than 0"):
        wire_schema(Circle).parse('{"shape": "circle", "radius": -1}')


class Tree(BaseModel):
    children: list[Tree] = []


def test_a_recursive_model_is_refused_here():
    with pytest.raises(ConfigError, match="recursive"):
        wire_schema(Tree)


def test_many_optional_fields_stay_within_the_limits():
    fields: dict[str, Any] = {f"f{number}": (str | None, None) for number in range(40)}
    model = create_model("Wide", **fields)
    schema = wire_schema(model).schema
    _output_config({"output_config": {"format": {"type": "json_schema", "schema": schema}}})
    answer = {name: None for name in schema["required"]}
    assert wire_schema(model).parse(json.dumps(answer)) == model()


def test_too_many_unions_are_refused_here():
    fields: dict[str, Any] = {f"f{number}": (int | str, ...) for number in range(17)}
    with pytest.raises(ConfigError, match="17 union-typed"):
        wire_schema(create_model("Torn", **fields))


def test_a_tuple_of_maps_and_an_empty_map_round_trip():
    class Odd(BaseModel):
        rows: list[dict[str, float | None]]

    text = '{"rows": [[], [{"key": "a", "value": null}, {"key": "b", "value": 1}]]}'
    assert wire_schema(Odd).parse(text) == Odd(rows=[{}, {"a": None, "b": 1.0}])
