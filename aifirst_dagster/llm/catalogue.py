"""Models as data: names and aliases, prices with effective dates and prompt-length tiers, limits, capabilities."""

from __future__ import annotations

import stat
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.failures import RejectedError
from aifirst_dagster.llm.types import Effort, Tokens

if TYPE_CHECKING:
    from aifirst_dagster.project import Project

PACKAGED = Path(__file__).parent / "models.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rates(_Strict):
    """US dollars per million tokens. What is not said of the prompt cache is taken from above: reads cost what input
    costs, writes 1.25 times it (short) and 2.5 times it (long).

    Attributes:
        cache_write_5m: Writes kept for the provider's shorter time (Claude: 5 minutes, OpenAI: 30).
        cache_write_1h: Writes kept for its longer time (Claude: an hour, OpenAI: twelve).
    """

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_read: float = Field(ge=0)
    cache_write_5m: float = Field(ge=0)
    cache_write_1h: float = Field(ge=0)

    @model_validator(mode="before")
    @classmethod
    def _from_above(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("input"), int | float):
            return given
        fresh = given["input"]
        return {"cache_read": fresh, "cache_write_5m": fresh * 1.25, "cache_write_1h": fresh * 2.5, **given}


class Tier(Rates):
    """Rates of a request whose prompt is longer than `above` tokens."""

    above: int


class Price(Rates):
    """Rates from a day on."""

    since: date = Field(default=date.min, alias="from")
    tiers: tuple[Tier, ...] = ()


class Model(_Strict):
    """What a model costs, how much it takes, and what it can do.

    Attributes:
        name: Its id; in YAML, its key.
        context: Input and output tokens that fit together.
        max_output: Output tokens at most, thinking included.
        thinking: `thinking.type` values that it accepts; the first is its way to reason.
        effort: Effort levels that it knows; empty: it has no such setting.
        structured_output: Whether it can be held to a JSON schema.
        tools: Whether it can call tools.
        vision: Whether it takes images.
        pdf: Whether it takes PDF documents.
        cache_minimum: Tokens from which a prompt marked for caching is kept; None: marks mean nothing to it.
        batch: What a request within a message batch costs, as a part of every price; None: it takes no batches.
        prices: Newest last. A model without any is refused: what costs an unknown amount fits no cap.
        retires: The day from which calls fail, where announced.
        replaced_by: Who serves its name from that day on.
    """

    name: str = ""
    provider: str
    context: int = Field(gt=0)
    max_output: int = Field(gt=0)
    thinking: tuple[str, ...] = ()
    effort: tuple[Effort, ...] = ()
    structured_output: bool = True
    tools: bool = True
    vision: bool = False
    pdf: bool = False
    cache_minimum: int | None = None
    batch: float | None = Field(default=None, gt=0, le=1)
    retires: date | None = None
    replaced_by: str | None = None
    prices: tuple[Price, ...] = ()

    def rates(self, at: date | None = None) -> Price | None:
        """The price of a day (default: today), or None where none is known."""
        if len(self.prices) == 1:
            return self.prices[0]
        at = at or datetime.now(UTC).date()
        for price in reversed(self.prices):
            if price.since <= at:
                return price
        return self.prices[0] if self.prices else None

    def in_batches(self) -> Model:
        """The same model at the prices of message batches.

        Raises:
            RejectedError: It takes no batches.
        """
        factor = self.batch
        if factor is None:
            raise RejectedError(
                f"{self.name} takes no message batches.",
                hint="Name a model that does, ask one by one, or enter `batch:` for it in resources/llm/models.yaml.",
            )
        return self.model_copy(update={"prices": tuple(_cheaper(price, factor) for price in self.prices)})


def _cheaper(price: Price, factor: float) -> Price:
    def scaled(rates: Rates) -> dict[str, float]:
        return {name: getattr(rates, name) * factor for name in Rates.model_fields}

    tiers = tuple(tier.model_copy(update=scaled(tier)) for tier in price.tiers)
    return price.model_copy(update={**scaled(price), "tiers": tiers})


class Alias(_Strict):
    """Another name for a model; `retired` says since when the name's own model is gone."""

    model: str
    retired: date | None = None


class _File(_Strict):
    """`models.yaml`, the packaged one and a project's own."""

    models: dict[str, Model] = {}
    aliases: dict[str, Alias] = {}


class Catalogue(_Strict):
    """Models and aliases by name."""

    models: dict[str, Model]
    aliases: dict[str, Alias]

    def knows(self, name: str) -> bool:
        """Whether there is a model or an alias of that name."""
        return name in self.models or name in self.aliases

    def resolve(self, name: str, at: date | None = None) -> tuple[Model, str | None]:
        """The model that serves `name` on a day (default: today), and a notice where it is not the one named.

        Raises:
            ConfigError: There is no such model.
        """
        at = at or datetime.now(UTC).date()
        alias = self.aliases.get(name)
        model = self.models.get(alias.model if alias else name)
        if model is None:
            known = [*self.models, *self.aliases]
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise ConfigError(
                f"No model is called {name!r}.",
                hint=f"{hint}Known: {', '.join(self.models)}. Add others in resources/llm/models.yaml.",
            )
        if alias and alias.retired and alias.retired <= at:
            return model, f"{name} was retired on {alias.retired}; {model.name} is used instead."
        if model.retires and model.replaced_by and model.retires <= at:
            return self.models[
                model.replaced_by
            ], f"{name} was retired on {model.retires}; {model.replaced_by} is used."
        if model.retires:
            return model, f"{name} will be retired on {model.retires}; {model.replaced_by} replaces it."
        return model, f"{name} is served by {model.name}." if alias else None


def load(project: Project | None = None) -> Catalogue:
    """The packaged catalogue, with the project's `resources/llm/models.yaml` over it."""
    if project is not None:
        own = _own(project)
        try:
            found = own.stat()
        except OSError:
            pass
        else:
            if stat.S_ISREG(found.st_mode):
                return _load(own, found.st_mtime_ns)
    return _load(None, 0)


@lru_cache(maxsize=64)
def _own(project: Project) -> Path:
    """The project's file; its path is put together once, for it is looked for with each call."""
    return project.resources / "llm" / "models.yaml"


def resolve(name: str, project: Project | None = None, at: date | None = None) -> tuple[Model, str | None]:
    """`load(project).resolve(name, at)`."""
    return load(project).resolve(name, at)


def price(model: Model, tokens: Tokens, at: date | None = None) -> float:
    """US dollars for a request's tokens on a day (default: today).

    Raises:
        RejectedError: No price of the model is known.
    """
    current = model.rates(at)
    if current is None:
        raise RejectedError(
            f"The price of {model.name} is not known, so no cap on spending could hold.",
            hint="Enter it in resources/llm/models.yaml, in US dollars per million tokens: "
            f"models: {{{model.name}: {{provider: {model.provider}, context: {model.context}, "
            f"max_output: {model.max_output}, prices: [{{input: ..., output: ...}}]}}}}",
        )
    tiers = [tier for tier in current.tiers if tokens.prompt > tier.above]
    rates: Rates = max(tiers, key=lambda tier: tier.above) if tiers else current
    cost = (
        tokens.input * rates.input
        + tokens.output * rates.output
        + tokens.cache_read * rates.cache_read
        + tokens.cache_write_5m * rates.cache_write_5m
        + tokens.cache_write_1h * rates.cache_write_1h
    )
    return round(cost / 1_000_000, 10)


@lru_cache(maxsize=8)
def _load(own: Path | None, _changed: int) -> Catalogue:
    models, aliases = _read(PACKAGED)
    if own is not None:
        more_models, more_aliases = _read(own)
        models, aliases = models | more_models, aliases | more_aliases
    for name, alias in aliases.items():
        if alias.model not in models:
            raise ConfigError(f"The alias {name!r} points at {alias.model!r}, which is no model.", file=str(own))
    return Catalogue(models=models, aliases=aliases)


def _read(path: Path) -> tuple[dict[str, Model], dict[str, Alias]]:
    from aifirst_dagster.llm.yaml import load_strict

    document = load_strict(path, _File)
    models = {name: model.model_copy(update={"name": name}) for name, model in document.models.items()}
    return models, document.aliases
