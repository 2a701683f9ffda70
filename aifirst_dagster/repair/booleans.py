"""Yes and no in several languages."""

from __future__ import annotations

from collections.abc import Iterable

from aifirst_dagster.repair.expressions import Context, Stages, in_list

TRUE = frozenset("true t yes y 1 on ja j oui o si sí s sim x wahr vrai verdadero vero verdadeiro tak ✓ ✔ 1.0".split())
FALSE = frozenset("false f no n 0 off nein non nee não nao falsch faux falso nie ✗ ✘ 0.0".split())


def parse_booleans(context: Context) -> Stages:
    """Each word by the list that it stands in."""
    yes, no = (in_list(context.text, context.params.get(side, [])) for side in ("true", "false"))
    return [(context.stage("flag"), f"CASE WHEN {yes} THEN TRUE WHEN {no} THEN FALSE END")]


def words(texts: Iterable[str]) -> dict[str, list[str]]:
    """Which of `texts` mean yes and which mean no; plain ones are always among them."""
    plain = {text.strip().lower() for text in texts}
    return {
        "true": sorted((plain & TRUE) | {"true", "yes", "1"}),
        "false": sorted((plain & FALSE) | {"false", "no", "0"}),
    }
