"""The catalogue beside what providers list: what differs, what is gone, what is new; and the refresh."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.llm.catalogue import Catalogue, Model
from aifirst_dagster.llm.failures import LLMError

if TYPE_CHECKING:
    from aifirst_dagster.llm.providers.base import ModelFacts, Provider
    from aifirst_dagster.llm.resource import LLMResourceSpec

#: What Anthropic's endpoint calls the catalogue's capabilities; the others' say nothing of them.
_CAPABILITIES = {"vision": "image_input", "pdf": "pdf_input", "structured_output": "structured_outputs"}
_HEADER = "Models of this project, over the packaged catalogue. `aifirst models --write` fills in what providers say."


@dataclass(frozen=True)
class Difference:
    """A fact of a model that the provider states otherwise."""

    model: str
    field: str
    catalogue: Any
    provider: Any


@dataclass(frozen=True)
class Check:
    """What a provider says of its models.

    Attributes:
        resource: The resource that it was asked through.
        problem: Why it was not asked, or what it answered instead of a list.
        differences: Facts that it states otherwise.
        gone: Models of the catalogue that it does not list.
        unknown: Models that it lists and the catalogue does not have.
    """

    provider: str
    resource: str
    problem: str = ""
    differences: tuple[Difference, ...] = ()
    gone: tuple[str, ...] = ()
    unknown: tuple[ModelFacts, ...] = field(default=(), repr=False)

    @property
    def agrees(self) -> bool:
        """Whether what was said is what the catalogue has."""
        return not (self.differences or self.gone)


async def check(specs: list[LLMResourceSpec], catalogue: Catalogue) -> list[Check]:
    """Ask each provider that is configured, all at once. No call costs anything."""
    from aifirst_dagster.llm.providers.base import provider_type

    return list(
        await asyncio.gather(*(_asked(spec, provider_type(spec.provider).connect(spec), catalogue) for spec in specs))
    )


async def _asked(spec: LLMResourceSpec, provider: Provider, catalogue: Catalogue) -> Check:
    if not provider.available:
        return Check(spec.provider, spec.name, problem="not configured: its key is not set")
    try:
        listed = await provider.models()
    except LLMError as error:
        return Check(spec.provider, spec.name, problem=error.message)
    if not listed:
        return Check(spec.provider, spec.name, problem="it has no models endpoint")
    return compared(spec, listed, catalogue)


def compared(spec: LLMResourceSpec, listed: list[ModelFacts], catalogue: Catalogue) -> Check:
    """What a list of models means for the catalogue."""
    known = {name: model for name, model in catalogue.models.items() if model.provider == spec.provider}
    facts = {fact.id: fact for fact in listed}
    differences = [
        difference for name, model in known.items() if name in facts for difference in _differs(model, facts[name])
    ]
    today = date.today()
    gone = [
        name for name, model in known.items() if name not in facts and not (model.retires and model.retires <= today)
    ]
    unknown = [fact for name, fact in facts.items() if not catalogue.knows(name)]
    return Check(spec.provider, spec.name, "", tuple(differences), tuple(gone), tuple(unknown))


def _differs(model: Model, facts: ModelFacts) -> list[Difference]:
    stated = {"context": facts.context, "max_output": facts.max_output, "retires": facts.retires}
    said: dict[str, Any] = {name: value for name, value in stated.items() if value is not None}
    if facts.capabilities & set(_CAPABILITIES.values()):
        said |= {name: theirs in facts.capabilities for name, theirs in _CAPABILITIES.items()}
    return [
        Difference(model.name, name, getattr(model, name), value)
        for name, value in said.items()
        if getattr(model, name) != value
    ]


def refresh(path: Path, checks: list[Check], catalogue: Catalogue) -> list[str]:
    """Write what providers say into a project's `models.yaml`, comments kept; returns the names of changed entries.

    A model whose facts differ gets an entry of its own: the catalogue's, corrected. A new one is added without prices,
    hence refused until somebody enters them; new ones of which no limits are known are left out.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    yaml = YAML(typ="rt")
    yaml.width = 120
    document = yaml.load(path.read_text(encoding="utf-8")) if path.is_file() else None
    if document is None:
        document = CommentedMap()
        document.yaml_set_start_comment(_HEADER)
    models = document.setdefault("models", CommentedMap())
    changed: list[str] = []
    for found in checks:
        for difference in found.differences:
            entry = models.setdefault(difference.model, _entry(catalogue.models[difference.model]))
            entry[difference.field] = difference.provider
            changed.append(difference.model)
        for facts in found.unknown:
            if facts.context and facts.max_output and facts.id not in models:
                models[facts.id] = _fresh(found.provider, facts)
                changed.append(facts.id)
    if changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as out:
            yaml.dump(document, out)
    return list(dict.fromkeys(changed))


def _entry(model: Model) -> dict[str, Any]:
    """A model as it stands in a file."""
    written = model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"name"})
    # A date without quotes, as people write it.
    if model.retires:
        written["retires"] = model.retires
    for price, source in zip(written.get("prices", ()), model.prices, strict=False):
        if "from" in price:
            price["from"] = source.since
    return written


def _fresh(provider: str, facts: ModelFacts) -> dict[str, Any]:
    entry: dict[str, Any] = {"provider": provider, "context": facts.context, "max_output": facts.max_output}
    can = {name: True for name, theirs in _CAPABILITIES.items() if theirs in facts.capabilities}
    return {**entry, **can, **({"retires": facts.retires} if facts.retires else {}), "prices": []}
