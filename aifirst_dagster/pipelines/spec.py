"""What a pipeline is: frozen models that are the single source of the file format, its JSON Schema and its reference.

For those who build on it (all of it without Dagster):

    spec = pipelines.load.load(path)         a valid PipelineSpec, or PipelineErrors with every problem
    spec.slug, spec.name                     folder / asset-group name; the name as written
    spec.steps, spec.step(key_or_name)       StepSpec in the order of the file
    spec.order                               step keys, inputs before what reads them
    spec.content_hash                        changes exactly when results may: not with comments, labels or format
    step.key, step.inputs                    asset key part; keys of the steps it reads (`needs` resolved)
    step.step_type, step.rows                its registered StepType
    step.config                              as written, `{env: NAME}` symbolic: safe for definitions and snapshots
    step.resolve()                           the validated Config model with the environment's values: at run time only
    step.code_hash                           for Dagster's code_version: type, type version and config
    step.place                               Place(file, line, column) of the step in its file
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.pipelines import cron, graph
from aifirst_dagster.pipelines.env import references, resolve_env
from aifirst_dagster.pipelines.monitoring import Monitoring
from aifirst_dagster.pipelines.problems import Place
from aifirst_dagster.pipelines.slugs import slug
from aifirst_dagster.steps.base import RowContract, StepConfig, StepType
from aifirst_dagster.steps.registry import step_types

DEFAULT_BUDGET = 0.50

_OWNER = re.compile(r"team:.+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
_TAG_KEY = re.compile(r"([A-Za-z0-9_.-]{1,63}/)?[A-Za-z0-9_.-]{1,63}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.-]{0,63}")


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A validation error that carries its own hint."""
    return PydanticCustomError("aifirst", "{text}", {"text": message, "hint": hint})


def _name(value: str) -> str:
    if not value.strip():
        raise wrong("a name may not be blank", "Say in a few words what it is for.")
    return value


def _owner(value: str | None) -> str | None:
    if value is not None and not _OWNER.fullmatch(value):
        raise wrong(f"{value!r} is no owner", "An e-mail address, or `team:` and the team's name.")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise wrong(f"{value!r} is no time zone", "A name of the tz database, say UTC or Europe/Berlin.") from None
    return value


Name = Annotated[str, Field(min_length=1, max_length=200)]
Timezone = Annotated[str, Field(description="A name of the tz database.")]


class _Model(BaseModel):
    """Strict, frozen base of the file's models."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Schedule(_Model):
    """When the pipeline runs by itself."""

    cron: str = Field(description="Cron expression of five fields, or an alias such as @daily.")
    timezone: Timezone = "UTC"

    _zone = field_validator("timezone")(_timezone)

    @field_validator("cron")
    @classmethod
    def _valid(cls, value: str) -> str:
        if said := cron.problem(value):
            raise wrong(said, cron.HINT)
        return value


class WindowPartitions(_Model):
    """One partition per day, week or month."""

    type: Literal["daily", "weekly", "monthly"] = Field(description="How long a window is.")
    start: date = Field(description="First day of the first window, say 2026-01-01.")
    timezone: Timezone = "UTC"
    column: str | None = Field(
        None,
        description="Date column that puts a row into its window; without it, %Y-%m-%d in the connector's path does.",
    )

    _zone = field_validator("timezone")(_timezone)


class FilePartitions(_Model):
    """One partition per file that lands."""

    type: Literal["per_file"] = Field(description="A partition for each file of the connector.")


class Drift(_Model):
    """How the pipeline watches for data that changes its nature."""

    threshold: float | None = Field(
        None, gt=0, le=1, description="How much a column may change, from 0 (nothing) to 1; default: each test's own."
    )
    false_alarms: float = Field(
        0.01,
        gt=0,
        lt=1,
        description="Chance of any alarm where nothing changed, in one comparison of a dataset, all columns together.",
    )
    on_drift: Literal["alert", "rematerialize", "redesign"] = Field(
        "alert",
        description="alert: warn only. rematerialize: also run again what is affected. redesign: the affected steps "
        "propose designs on the new data first, and take those that do better on rows held out.",
    )
    columns: tuple[str, ...] | None = Field(None, description="Watch these columns only; default: all.")
    ignore: tuple[str, ...] = Field((), description="Columns that may change freely, say timestamps.")
    explain: bool = Field(
        False,
        description="Let the pipeline's model explain a drift where it came in; its claims are tried on the data.",
    )


class Retry(_Model):
    """What happens before a failed step counts as failed. Bad data and wrong configuration are not tried again."""

    max_retries: int = Field(1, ge=0, le=20, description="How many more times to try.")
    delay: float = Field(10, ge=0, le=86_400, description="Seconds before the first retry.")
    backoff: Literal["none", "linear", "exponential"] = Field("none", description="How the delay grows.")


class StepSpec(_Model):
    """One step: reads the datasets it `needs`, makes one dataset."""

    name: Name = Field(description="What the step does, in words; unique in the pipeline.")
    type: str = Field(description="The step type.")
    config: dict[str, Any] = Field(default_factory=dict, description="The step type's own settings.")
    key: str = Field(
        default_factory=lambda data: slug(data["name"]),
        max_length=80,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_]*$",
        description="Stable name for assets, folders and SQL; default: made from the name. Set it before you rename.",
    )
    needs: tuple[str, ...] | None = Field(
        None,
        description="The steps whose results it reads, by name or key; default: the step before. [] for none.",
        json_schema_extra={"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    )
    description: str | None = Field(None, description="Shown in the UI.")
    owner: str | None = Field(None, description="E-mail or team:NAME; default: the pipeline's owner.")
    retry: Retry | None = Field(None, description="Try again where an outside service failed; default: no retry.")
    on_failure: Literal["stop", "skip"] = Field(
        "stop",
        description="stop: the run fails. skip: it is reported, what reads this step is left out, the rest goes on.",
    )

    _place: Place = PrivateAttr(default=Place("<python>"))
    _inputs: tuple[str, ...] = PrivateAttr(default=())

    _not_blank = field_validator("name")(_name)
    _owned = field_validator("owner")(_owner)

    @model_validator(mode="after")
    def _configured(self, info: ValidationInfo) -> StepSpec:
        """Settings that did not come through `load` are checked here; `load` has checked them with their places."""
        if (info.context or {}).get("checked"):
            return self
        from aifirst_dagster.pipelines.check import step_issues

        for issue in step_issues(self.type, self.config):
            raise wrong(f"{issue.path[-1] if issue.path else 'config'}: {issue.message}", issue.hint)
        return self

    @property
    def inputs(self) -> tuple[str, ...]:
        """Keys of the steps whose results it reads, in the order of `needs`."""
        return self._inputs

    @property
    def place(self) -> Place:
        """Where the step stands in its file."""
        return self._place

    @property
    def step_type(self) -> StepType:
        """The registered step type."""
        return step_types()[self.type]

    @property
    def rows(self) -> RowContract:
        """What becomes of input rows."""
        return self.step_type.rows

    @property
    def code_hash(self) -> str:
        """Hash of what the step does: type, type version and config; comments, names and labels do not count."""
        return _digest({"type": self.type, "version": self.step_type.version, "config": self.config})

    @property
    def env_names(self) -> tuple[str, ...]:
        """The environment variables that `config` refers to."""
        return tuple(dict.fromkeys(ref.name for ref in references(self.config)))

    def resolve(self, environ: Mapping[str, str] | None = None) -> StepConfig:
        """The step's validated configuration with the environment's values in place.

        Raises:
            ConfigError: A variable is not set, or its text is not what the setting takes. Values are never shown.
        """
        environ = os.environ if environ is None else environ
        place = f"{self.name}: config"
        try:
            return self.step_type.config.model_validate(resolve_env(self.config, environ, place))
        except ValidationError as error:
            raise _unfit(self, error, place) from None
        except ConfigError as error:
            error.file, error.line, error.column = self.place.file, self.place.line, self.place.column
            raise


class PipelineSpec(_Model):
    """A pipeline: named steps that turn files into a dataset, and when and under which limits they run."""

    name: Name = Field(description="What the pipeline is for; unique in the project.")
    version: str = Field(
        "1.0",
        description="Your own label; shown and recorded. What decides recomputation is the content.",
        json_schema_extra={"type": ["string", "number"]},
    )
    description: str | None = Field(None, description="Shown in the UI.")
    owner: str | None = Field(None, description="E-mail or team:NAME, of all its assets.")
    schedule: Schedule | None = Field(None, description="Cron expression, or {cron, timezone}.")
    partitions: Annotated[WindowPartitions | FilePartitions, Field(discriminator="type")] | None = Field(
        None, description="Opt-in: one partition per day, week, month, or file."
    )
    drift: Drift | None = Field(None, description="Watch for drift against the baseline; {} for the defaults.")
    monitoring: Monitoring = Field(
        default_factory=Monitoring, description="When people are alerted; {} for the defaults, which hold without it."
    )
    budget: float = Field(
        DEFAULT_BUDGET,
        ge=0,
        allow_inf_nan=False,
        description="Most US dollars that one run may spend on models; 0: no model call at all.",
    )
    backfill_budget: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Most US dollars that all runs of one backfill may spend together; default: the LLM resource's, 5.",
    )
    llm: str | None = Field(None, description="A file of resources/llm/, by name; default: AIFIRST_LLM, else offline.")
    samples: Literal["masked", "none"] = Field(
        "masked",
        description="Values of the data in what models see. masked: those that identify people keep their shape only. "
        "none: no value at all, only counts, types and lengths.",
    )
    tags: dict[str, str] = Field(default_factory=dict, description="Labels of all its assets.")
    designs: Literal["auto", "frozen"] = Field(
        "auto", description="auto: propose designs where the input changed. frozen: use accepted designs only."
    )
    steps: tuple[StepSpec, ...] = Field(min_length=1, description="The steps, in the order of their work.")

    _place: Place = PrivateAttr(default=Place("<python>"))
    _order: tuple[str, ...] = PrivateAttr(default=())

    _not_blank = field_validator("name")(_name)
    _owned = field_validator("owner")(_owner)

    @field_validator("tags")
    @classmethod
    def _labels(cls, tags: dict[str, str]) -> dict[str, str]:
        for key, value in tags.items():
            if not _TAG_KEY.fullmatch(key) or not _TAG_VALUE.fullmatch(value):
                raise wrong(
                    f"the tag {key!r}: {value!r} cannot be shown in Dagster",
                    "Letters, digits, `_`, `-`, `.`; at most 63.",
                )
        return tags

    @model_validator(mode="after")
    def _connected(self, info: ValidationInfo) -> PipelineSpec:
        found = graph.connect([_node(step) for step in self.steps])
        if found.issues and not (info.context or {}).get("checked"):
            raise wrong(found.issues[0].message, found.issues[0].hint)
        for step in self.steps:
            step._inputs = found.inputs[step.key]
        self._order = found.order
        return self

    @property
    def slug(self) -> str:
        """Its name for asset groups, folders and SQL."""
        return slug(self.name)

    @property
    def place(self) -> Place:
        """The file it was read from."""
        return self._place

    @property
    def order(self) -> tuple[str, ...]:
        """Step keys, each after all that it reads."""
        return self._order

    @cached_property
    def content_hash(self) -> str:
        """Hash of what decides the results: each step's work and inputs. Labels, owners, schedules do not count."""
        return _digest([[step.key, list(step.inputs), step.code_hash] for step in self.steps])

    def step(self, name: str) -> StepSpec:
        """A step by its key or name.

        Raises:
            ConfigError: There is no such step; the hint lists those there are.
        """
        for step in self.steps:
            if name in (step.key, step.name):
                return step
        from difflib import get_close_matches

        labels = [label for step in self.steps for label in (step.key, step.name)]
        near = get_close_matches(name, labels, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Steps: {', '.join(step.key for step in self.steps)}."
        raise ConfigError(f"the pipeline {self.name!r} has no step {name!r}", hint=hint, file=self.place.file)


def _node(step: StepSpec) -> graph.Node:
    """What the graph has to know of a step."""
    known = step_types().get(step.type)
    return graph.Node(step.name, step.key, step.needs, known.inputs if known else None, type=step.type)


def _digest(value: Any) -> str:
    """16 hex digits that stand for plain data, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()[:16]


def _unfit(step: StepSpec, error: ValidationError, place: str) -> ConfigError:
    """An environment value that a setting does not take; the value itself may be a secret and is not shown."""
    refs = {ref.path: ref.name for ref in references(step.config)}
    for detail in error.errors(include_input=False, include_url=False):
        for path, name in refs.items():
            if detail["loc"][: len(path)] == path:
                setting = ".".join(str(part) for part in (place, *path))
                return ConfigError(
                    f"the environment variable {name} does not fit `{setting}`: {detail['msg'].lower()}",
                    hint=f"Change {name}.", file=step.place.file, line=step.place.line, column=step.place.column,
                )  # fmt: skip
    first = error.errors(include_input=False, include_url=False)[0]
    setting = ".".join(str(part) for part in (place, *first["loc"]))
    return ConfigError(f"`{setting}`: {first['msg']}", file=step.place.file, line=step.place.line)
