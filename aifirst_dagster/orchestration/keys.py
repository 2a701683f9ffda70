"""Asset keys: `[pipeline, step]`, both slugs, also below a prefix that another project gives its assets."""

from __future__ import annotations

import dagster as dg


def asset_key(pipeline: str, step: str) -> dg.AssetKey:
    """The asset of a step."""
    return dg.AssetKey([pipeline, step])


def rules_key(pipeline: str, step: str) -> dg.AssetKey:
    """The asset of the rule set that a validation judges by."""
    return dg.AssetKey([pipeline, step, "rules"])


def slugs_of(key: dg.AssetKey) -> tuple[str, str]:
    """Pipeline and step slugs of an asset."""
    pipeline, step = key.path[-2:]
    return pipeline, step


def op_name(pipeline: str, step: str) -> str:
    """The op of a step: unique in the code location, letters, digits and underscores."""
    return f"{pipeline}__{step}"
