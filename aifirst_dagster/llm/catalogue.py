"""Models as data: names and aliases, prices with effective dates and prompt-length tiers, limits, capabilities."""

from __future__ import annotations

from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from aifirst_dagster.errors import ConfigError
from aifirst_dagster.llm.types import Effort, Tokens

if TYPE_CHECKING:
    from aifirst_dagster.project import Project

PACKAGED = Path(__file__).parent / "models.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rates(_Strict):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_read: float = Field(ge=0)
    cache_write_5m: float = Field(ge=0)
    cache_write_1h: float = Field(ge=0)


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
    retires: date | None = None
    replaced_by: str | None = None
    prices: tuple[Price, ...] = Field(min_length=1)


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
    own = project.resources / "llm" / "models.yaml" if project else None
    return _load(own if own and own.is_file() else None, own.stat().st_mtime_ns if own and own.is_file() else 0)


def resolve(name: str, project: Project | None = None, at: date | None = None) -> tuple[Model, str | None]:
    """`load(project).resolve(name, at)`."""
    return load(project).resolve(name, at)


def price(model: Model, tokens: Tokens, at: date | None = None) -> float:
    """US dollars for a request's tokens on a day (default: today)."""
    at = at or datetime.now(UTC).date()
    current = next((price for price in reversed(model.prices) if price.since <= at), model.prices[0])
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
