"""Patterns learned from values: `AB-1234` and `CD-77` become `^[A-Z]{2}-[0-9]{2,4}$`."""

from __future__ import annotations

import re
import string
from typing import Any

from aifirst_dagster.datasets.session import ident

_CLASSES = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}
_FROM = string.ascii_uppercase + string.ascii_lowercase + string.digits
_TO = "A" * 26 + "a" * 26 + "9" * 10

#: What values of a semantic type look like, where one pattern says it.
SEMANTIC = {
    "email": r"^[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,24}$",
    "url": r"^(?i:(https?|ftp)://|www\.)\S+$",
    "uuid": r"^\{?[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?$",
    "ip_address": r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:]{3,39})$",
    "mac_address": r"^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$",
    "iban": r"^[A-Z]{2}[0-9]{2}[A-Z0-9 ]{11,40}$",
    "ssn": r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$",
    "hash": r"^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$",
    "color": r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
    "phone": r"^\+?[0-9(][0-9\s().\-/]{5,24}((x|ext\.?) ?[0-9]{1,6})?$",
    "postal_code": r"^[0-9A-Za-z]{2,5}[ -]?[0-9A-Za-z]{0,5}$",
    "currency_code": r"^[A-Z]{3}$",
    "domain": r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$",
    "doi": r"^(?i:https?://(dx\.)?doi\.org/|doi: ?)?10\.[0-9]{4,9}/\S+$",
    "orcid": r"^(https?://orcid\.org/)?[0-9]{4}-?[0-9]{4}-?[0-9]{4}-?[0-9]{3}[0-9X]$",
    "isbn": r"^[0-9][0-9 -]{8,15}[0-9Xx]$",
    "issn": r"^[0-9]{4}-[0-9]{3}[0-9X]$",
    "bic": r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$",
    "isin": r"^[A-Z]{2}[A-Z0-9]{9}[0-9]$",
    "lei": r"^[A-Z0-9]{18}[0-9]{2}$",
    "vin": r"^[A-HJ-NPR-Z0-9]{17}$",
    "mime_type": r"^[a-z]+/[A-Za-z0-9.+_-]+(;.*)?$",
}


def shape_sql(value: str) -> str:
    """SQL of a text's shape: capital letters A, small ones a, digits 9, all else as it is."""
    return f"translate({value}, '{_FROM}', '{_TO}')"


def learn(con: Any, relation: str, column: str, rows: int = 5_000) -> tuple[str, float] | None:
    """A pattern that nearly all values of a text column share, with the share; None where there is none worth a rule.

    At most three skeletons (runs of a class count as one), lengths of runs as seen, one in ten beyond.
    """
    query = f"""SELECT {shape_sql(ident(column))} AS s, count(*) AS n
        FROM (FROM {relation} LIMIT {rows}) WHERE {ident(column)} IS NOT NULL AND length({ident(column)}) <= 60
        GROUP BY 1 ORDER BY 2 DESC LIMIT 400"""
    shapes: dict[str, int] = dict(con.execute(query).fetchall())
    total = sum(shapes.values())
    if total < 20:
        return None
    skeletons: dict[str, list[tuple[str, int]]] = {}
    for shape, count in shapes.items():
        skeletons.setdefault(re.sub(r"(A+|a+|9+)", lambda run: run[0][0], shape), []).append((shape, count))
    ranked = sorted(skeletons.items(), key=lambda item: -sum(count for _, count in item[1]))
    kept: list[list[tuple[str, int]]] = []
    covered = 0
    for skeleton, members in ranked[:3]:
        if covered / total >= 0.985:
            break
        if not _telling(skeleton, members):
            return None
        kept.append(members)
        covered += sum(count for _, count in members)
    if covered / total < 0.9 or not kept:
        return None
    alternatives = [_pattern([shape for shape, _ in members]) for members in kept]
    body = alternatives[0] if len(alternatives) == 1 else f"({'|'.join(alternatives)})"
    return f"^{body}$", covered / total


def _telling(skeleton: str, members: list[tuple[str, int]]) -> bool:
    """Whether a skeleton says more than "a word": it has digits beside something, or is a code of one length."""
    if len(skeleton) > 16:
        return False
    if "9" in skeleton and skeleton != "9":
        return True
    lengths = {len(shape) for shape, _ in members}
    return skeleton in ("9", "A") and len(lengths) == 1 and max(lengths) > 1


def _pattern(shapes: list[str]) -> str:
    """The regular expression of shapes that share a skeleton."""
    runs = [_runs(shape) for shape in shapes]
    parts = []
    for place, (key, _) in enumerate(runs[0]):
        lengths = [run[place][1] for run in runs]
        low, high = min(lengths), max(lengths)
        if key not in _CLASSES:
            parts.append(re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", key))
        elif low == high:
            parts.append(_CLASSES[key] + (f"{{{low}}}" if low > 1 else ""))
        else:
            parts.append(f"{_CLASSES[key]}{{{low},{high}}}")
    return "".join(parts)


def _runs(shape: str) -> list[tuple[str, int]]:
    """(class, length) of each run; other characters stand alone."""
    return [(run[0], len(run)) for run in re.findall(r"A+|a+|9+|.", shape, flags=re.DOTALL)]
