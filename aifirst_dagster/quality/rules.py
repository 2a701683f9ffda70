"""A rule and a set of rules: Great Expectations' vocabulary with severity, rationale and a stable identity."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from aifirst_dagster.quality.dimensions import Dimension, dimension
from aifirst_dagster.quality.expectations.vocabulary import problem

Severity = Literal["error", "warn"]
Status = Literal["proposed", "active", "muted", "rejected"]

#: Arguments that say what a rule is about; limits, sets, patterns and `mostly` may change: it is still the same.
IDENTITY = ("column", "column_A", "column_B", "column_list")
#: Arguments that tell rules about the same columns apart, and are too long for a name.
_DISTINCT = (
    "if_condition", "then_condition", "other_table_name", "other_column_name", "other_column_list",
    "unexpected_rows_query", "base_query", "comparison_query",
)  # fmt: skip

#: Types whose rules a given id names better than any column.
_OF_NO_COLUMN = ("unexpected_rows_expectation", "expect_condition_to_imply_condition")


class Decision(BaseModel):
    """What a person decided about a rule: the status they gave it, who, when (ISO 8601, UTC) and why."""

    model_config = ConfigDict(extra="forbid")

    status: Status
    by: str = ""
    at: str = ""
    why: str = ""

    @field_validator("at", mode="before")
    @classmethod
    def _written(cls, at: Any) -> Any:
        """A moment that YAML read as one, as text again."""
        return at.isoformat() if isinstance(at, date) else at


class Rule(BaseModel):
    """One expectation. `type` and `kwargs` are as Great Expectations 1.24 spells them, and are checked against it.

    An empty `id` becomes the rule's stable identity. What each status means stands in docs/rules.md: an `active` rule
    counts, a `proposed` or `muted` one is evaluated and told of, a `rejected` one is kept on file and no more.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    type: str
    kwargs: dict[str, Any] = Field(default_factory=dict)
    severity: Severity = "warn"
    rationale: str = ""
    provenance: str = "user"
    status: Status = "active"
    decision: Decision | None = None

    @model_validator(mode="before")
    @classmethod
    def _decided(cls, said: Any) -> Any:
        """A decision alone gives the status, too."""
        if isinstance(said, dict) and "status" not in said and isinstance(said.get("decision"), dict):
            return {**said, "status": said["decision"].get("status", "active")}
        return said

    @model_validator(mode="after")
    def _in_the_vocabulary(self) -> Rule:
        if wrong := problem(self.type, self.kwargs):
            raise ValueError(f"{wrong[0]} {wrong[1]}".strip())
        if not self.id:
            self.id = stable_id(self.type, self.kwargs)
        return self

    @property
    def live(self) -> bool:
        """Whether the rule is to be evaluated."""
        return self.status != "rejected"

    @property
    def counts(self) -> bool:
        """Whether what it finds has consequences: a failed check, rows set aside, a lower score."""
        return self.status == "active"

    @property
    def heard(self) -> bool:
        """Whether what it finds is worth telling: nobody muted or rejected it."""
        return self.status in ("proposed", "active")

    @property
    def dimension(self) -> Dimension:
        """The dimension of quality that it is about."""
        return dimension(self.type)

    @property
    def columns(self) -> list[str]:
        """The columns that the rule reads, without those of a row condition."""
        named = [self.kwargs[key] for key in ("column", "column_A", "column_B") if key in self.kwargs]
        several = self.kwargs.get("column_list") if self.type != "expect_table_columns_to_match_ordered_list" else None
        return [*named, *(several or [])]


class RuleSet(BaseModel):
    """Rules with ids that are unique in the set, in order."""

    model_config = ConfigDict(extra="forbid")

    rules: list[Rule] = Field(default_factory=list)

    @model_validator(mode="after")
    def _unique_ids(self) -> RuleSet:
        self.rules = with_unique_ids(self.rules)
        return self

    def __iter__(self) -> Iterator[Rule]:  # type: ignore[override]
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    @classmethod
    def load(cls, path: str | Path) -> RuleSet:
        """Read a YAML or JSON file `{rules: [Rule]}`. Raises `ConfigError` with file:line for anything unknown."""
        from aifirst_dagster.quality.rulefile import load

        return load(path)

    def dump(self, path: str | Path) -> None:
        """Write the set to `path` (.json: JSON, else YAML), atomically; comments of an existing YAML file survive."""
        from aifirst_dagster.quality.rulewriter import dump

        dump(self, path)


def stable_id(type_: str, kwargs: dict[str, Any]) -> str:
    """Identity of a rule without its thresholds: `email.values_to_match_regex`, `table.row_count_to_be_between`."""
    about = {key: kwargs[key] for key in IDENTITY if kwargs.get(key) is not None}
    condition = kwargs.get("row_condition")
    apart = {key: kwargs[key] for key in _DISTINCT if kwargs.get(key) is not None}
    listed = type_.startswith("expect_table_")
    names = [] if listed else [n for value in about.values() for n in (value if isinstance(value, list) else [value])]
    text = f"{','.join(map(str, names)) or 'table'}.{short_type(type_)}"
    text += f".of-{_hash(json.dumps(apart, sort_keys=True, default=str))}" if apart else ""
    return f"{text}.where-{_hash(json.dumps(condition, sort_keys=True, default=str))}" if condition else text


def short_type(type_: str) -> str:
    """The type without the words that every type repeats: `values_to_match_regex`."""
    return re.sub(r"^expect_(table_|column_pair_|column_)?", "", type_)


def check_name(rule: Rule) -> str:
    """An asset check's name for a rule: `[A-Za-z0-9_]+`, readable, the same for as long as the rule's id is.

    A short hash is added where the columns' names do not fit, or where the id is not the rule's stable identity
    (a second rule of its type on the same column; a name that a person gave).
    """
    identity = stable_id(rule.type, rule.kwargs)
    queried = rule.type in _OF_NO_COLUMN and rule.id != identity
    columns = [str(name) for name in rule.columns] or [rule.id if queried else "table"]
    plain = [re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9_]+", "_", name)).strip("_")[:40] for name in columns]
    name = "__".join([*[part for part in plain if part][:3], short_type(rule.type)])
    faithful = (
        plain == columns and len(plain) <= 3 and rule.id == identity and not re.search(r"\.(where|of)-", identity)
    )
    return name if faithful else f"{name}_{_hash(rule.id)}"


def with_unique_ids(rules: Iterable[Rule]) -> list[Rule]:
    """The rules, the second and later ones of an equal id renamed `id-2`, `id-3`, ..."""
    seen: set[str] = set()
    kept = []
    for rule in rules:
        number, fresh = 1, rule.id
        while fresh in seen:
            number += 1
            fresh = f"{rule.id}-{number}"
        seen.add(fresh)
        kept.append(rule if fresh == rule.id else rule.model_copy(update={"id": fresh}))
    return kept


def told_apart(rules: Iterable[Rule], earlier: Iterable[Rule] = ()) -> list[Rule]:
    """Proposed rules, those of one identity told apart by what they say: `email.values_to_match_regex.by-1f0c2a`.

    Args:
        rules: In order; the first of an identity has it as its id, unless `earlier` says which has.
        earlier: Rules that stood before, the newest first: what says the same as one of them has its id, whatever
            number it bears, for a person's decision hangs on it.
    """
    known: dict[tuple[str, str], str] = {}
    for rule in filter(_id_is_ours, earlier):
        known.setdefault((stable_id(rule.type, rule.kwargs), _mark(rule)), rule.id)
    listed = list(rules)
    ids = [
        known.get((stable_id(rule.type, rule.kwargs), _mark(rule))) if _id_is_ours(rule) else rule.id for rule in listed
    ]
    taken = {id_ for id_ in ids if id_}
    for place, rule in enumerate(listed):
        if ids[place] is None:
            identity = stable_id(rule.type, rule.kwargs)
            ids[place] = f"{identity}.by-{_hash(_mark(rule))}" if identity in taken else identity
            taken.add(identity)
    pairs = zip(listed, ids, strict=True)
    return with_unique_ids(rule if rule.id == id_ else rule.model_copy(update={"id": id_}) for rule, id_ in pairs)


def _id_is_ours(rule: Rule) -> bool:
    """Whether nobody gave the rule a name of its own."""
    return bool(re.fullmatch(re.escape(stable_id(rule.type, rule.kwargs)) + r"(-\d+|\.by-\w{6})?", rule.id))


def _mark(rule: Rule) -> str:
    """What a rule says beside its columns: its texts and lists, and which limits it has, for these may move."""
    said = {key: value for key, value in rule.kwargs.items() if key not in (*IDENTITY, "mostly") and value is not None}
    still = {key: None if isinstance(value, int | float) else value for key, value in said.items()}
    return json.dumps(still, sort_keys=True, default=str)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
