"""Yes and no in several languages."""

from __future__ import annotations

from collections.abc import Iterable

from aifirst_dagster.repair.categories import is_slip
from aifirst_dagster.repair.expressions import Context, Stages, in_list

TRUE = frozenset("true t yes y 1 on ja j oui o si sí s sim x wahr vrai verdadero vero verdadeiro tak ✓ ✔ 1.0".split())  # noqa: SIM905
FALSE = frozenset("false f no n 0 off nein non nee não nao falsch faux falso nie ✗ ✘ 0.0".split())  # noqa: SIM905


def parse_booleans(context: Context) -> Stages:
    """Each word by the list that it stands in."""
    yes, no = (in_list(context.text, context.params.get(side, [])) for side in ("true", "false"))
    return [(context.stage("flag"), f"CASE WHEN {yes} THEN TRUE WHEN {no} THEN FALSE END")]


def words(texts: Iterable[str]) -> dict[str, list[str]]:
    """Which of `texts` mean yes and which mean no; plain ones are always among them.

    A longer word that is one slip of the keyboard away from one of the plain words alone means the same (`yxs`).
    """
    plain = {text.strip().lower() for text in texts}
    found = {"true": {"true", "yes", "1", *(plain & TRUE)}, "false": {"false", "no", "0", *(plain & FALSE)}}
    for word in sorted(plain - TRUE - FALSE):
        near = {side for side, known in (("true", ("yes", "true")), ("false", ("false",)))
                for each in known if len(word) >= 3 and is_slip(word, each, 1)}  # fmt: skip
        if len(near) == 1:
            found[near.pop()].add(word)
    return {side: sorted(known) for side, known in found.items()}
