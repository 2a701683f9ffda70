"""Repair plans: what will be done to which column and why, as a file that a person may edit and pin."""

from __future__ import annotations

from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.inference.schema import Column
from aifirst_dagster.repair.actions import ACTIONS

if TYPE_CHECKING:
    import duckdb


class Action(BaseModel):
    """One repair or finding. `column` is the column's name after the repair, None for what concerns whole rows.

    `rows_affected` counts cells (or rows) at the time of the proposal; above 150,000 rows it is estimated from a
    sample. `examples` are pairs of text before and after.
    """

    model_config = ConfigDict(extra="forbid")

    column: str | None = None
    action: str
    params: dict[str, Any] = Field(default_factory=dict)
    reason: str = ""
    rows_affected: int = 0
    reversible: bool = False
    examples: list[list[str | None]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _known(self) -> Action:
        if self.action not in ACTIONS:
            raise ValueError(_did_you_mean("action", self.action, list(ACTIONS)))
        known = ACTIONS[self.action].params
        for name in self.params:
            if name not in known:
                raise ValueError(_did_you_mean(f"parameter of {self.action}", name, list(known)))
        return self

    @property
    def kind(self) -> str:
        """text, parse, companion, value, rows or finding."""
        return ACTIONS[self.action].kind


class RepairPlan(BaseModel):
    """All repairs of a dataset. `columns` are as they will be; an action's place among those of its column counts."""

    model_config = ConfigDict(extra="forbid")

    columns: list[Column]
    actions: list[Action] = Field(default_factory=list)
    on_unparseable: Literal["quarantine", "null"] = "quarantine"
    deduplicate: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> RepairPlan:
        names = [column.name for column in self.columns]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"two columns are named {repeated[0]!r}")
        for action in self.actions:
            if action.column is not None and action.column not in names:
                raise ValueError(_did_you_mean("column", action.column, names))
        for name, action in self.companions.items():
            if name not in names and action.kind == "value":
                # A person who writes such an action need not describe its column, too.
                self.columns.append(Column(name=name, source_name=name, type="boolean", physical_type="BOOLEAN"))
        return self

    def of(self, column: str | None) -> list[Action]:
        """The actions on one column (None: on whole rows), in order."""
        return [action for action in self.actions if action.column == column]

    def input_name(self, column: str) -> str:
        """What the column is called in the relation that the plan is applied to."""
        for action in self.of(column):
            if action.action == "rename_column" and not action.params.get("at_reading"):
                return str(action.params["from"])
        return column

    @property
    def companions(self) -> dict[str, Action]:
        """Column that a repair writes additionally -> the action that writes it."""
        return {str(a.params["into"]): a for a in self.actions if a.params.get("into")}

    def dump(self) -> str:
        """The plan as YAML."""
        from ruamel.yaml import YAML

        out, yaml = StringIO(), YAML()
        yaml.default_flow_style, yaml.width, yaml.allow_unicode = False, 118, True
        plain = self.model_dump(mode="json", exclude_defaults=True)
        plain.setdefault("actions", [])
        yaml.dump(
            {"on_unparseable": self.on_unparseable, "deduplicate": self.deduplicate,
             "actions": plain["actions"], "columns": plain["columns"]}, out
        )  # fmt: skip
        return out.getvalue()

    def save(self, path: Path) -> None:
        """Write the plan, atomically."""
        from aifirst_dagster.repair.export import write_text

        write_text(path, self.dump())

    @classmethod
    def parse(cls, text: str, file: str | None = None) -> RepairPlan:
        """Read a plan from YAML.

        Raises:
            ConfigError: The text is no YAML, or an unknown key, action, parameter or column stands in it.
        """
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            data = YAML(typ="safe").load(text)
        except YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = {"line": mark.line + 1, "column": mark.column + 1} if mark else {}
            raise ConfigError(
                "The repair plan is not valid YAML.", hint="Mend it there.", file=file, **place
            ) from error
        if not isinstance(data, dict):
            raise ConfigError("A repair plan is a mapping with `columns` and `actions`.", file=file,
                              hint="`aifirst clean FILE --save-plan PLAN.yaml` writes one to start from.")  # fmt: skip
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            # A key that is unknown tells more than the one that is missing for it.
            first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
            where = ".".join(str(part) for part in first["loc"])
            message, hint = first["msg"].removeprefix("Value error, "), ""
            if first["type"] == "extra_forbidden":
                owners: dict[str, type[BaseModel]] = {"actions": Action, "columns": Column}
                owner = owners.get(str(first["loc"][0]), cls)
                hint = _did_you_mean("key", str(first["loc"][-1]), list(owner.model_fields))
                message = "unknown key"
            raise ConfigError(f"The repair plan is wrong at {where or 'its top'}: {message}.", hint=hint,
                              file=file) from error  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> RepairPlan:
        """Read a plan from a YAML file; raises as `parse`."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The repair plan cannot be read: {error}.", file=str(path),
                              hint="Name a file that `--save-plan` wrote.") from error  # fmt: skip
        return cls.parse(text, file=str(path))


def propose(con: duckdb.DuckDBPyConnection, relation: str, columns: list[Column]) -> RepairPlan:
    """What the data itself says should be repaired.

    Args:
        con: The session that knows `relation`.
        relation: Losslessly typed: typed columns, VARCHAR where a column needs repair to be read, and the hidden
            columns `_source`, `_source_line`, `_raw` (a MAP with the text of the cells that did not parse, or NULL).
        columns: What inference says of the columns, under their source names or their present ones.
    """
    from aifirst_dagster.repair.propose import propose as run

    return run(con, relation, columns)


def _did_you_mean(kind: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "there are: " + ", ".join(known[:30])
    return f"unknown {kind} {name!r}; {hint}"
