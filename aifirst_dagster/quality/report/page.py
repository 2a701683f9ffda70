"""A report as one HTML page that needs nothing beside itself: no script, no font, no picture from elsewhere."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.quality.report.content import Content

if TYPE_CHECKING:
    from jinja2 import Template

_FOLDER = Path(__file__).parent
#: What a text from the data may take, in signs.
TEXT = 120
_LEVELS = ((0.995, "l5"), (0.98, "l4"), (0.95, "l3"), (0.85, "l2"))


def html(content: Content, made: datetime | None = None) -> str:
    """The page. Safe to open whatever the data holds: Jinja escapes every text, and a policy forbids scripts.

    Args:
        content: The report.
        made: When; default: now.
    """
    from aifirst_dagster.quality.report import charts

    text = _template().render(
        report=content,
        style=(_FOLDER / "style.css").read_text(encoding="utf-8"),
        trend=charts.trend(content.trend, content.threshold),
        shifts=charts.shifts(content.shifts),
        made=f"{made or datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "text": text,
        "figure": figure,
        "percent": percent,
        "count": count,
        "level": level,
        "dollars": dollars,
    }
    return environment.get_template("page.html")


def text(value: Any, most: int = TEXT) -> str:
    """A value of the data in one line: cut, and without signs that would hide or turn what stands around them."""
    if value is None:
        return "(empty)"
    plain = "".join(_visible(char) for char in str(value)[: most + 1])
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _visible(char: str) -> str:
    if char in "\n\r\t":
        return " "
    return "\ufffd" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") else char


def figure(value: Any) -> str:
    """A number, date or text of a profile, short."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text(value, 28)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share; never rounded to all or nothing where it is not."""
    if value is None:
        return "–"
    if value in (0, 1):
        return f"{value:.0%}"
    shown = f"{value:.{digits}%}"
    if value < 1 and shown == f"{1:.{digits}%}":
        return f"> {1 - 10 ** -(digits + 2):.{digits}%}"
    if value > 0 and shown == f"{0:.{digits}%}":
        return f"< {10 ** -(digits + 2):.{digits}%}"
    return shown


def count(value: int | None) -> str:
    """A count with its thousands apart."""
    return "" if value is None else f"{value:,}"


def dollars(value: float) -> str:
    """A sum of US dollars."""
    return f"${value:,.2f}" if value >= 1 or not value else f"${value:.4f}"


def level(value: float | None) -> str:
    """How good a score is, as a class of the page's style."""
    if value is None:
        return "l0"
    return next((name for least, name in _LEVELS if value >= least), "l1")
