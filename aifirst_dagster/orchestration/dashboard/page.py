"""The dashboard as one HTML page that needs nothing beside itself, in the reports' own style."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aifirst_dagster.orchestration.dashboard.chart import lines, spark
from aifirst_dagster.orchestration.dashboard.facts import DAYS, Dataset, Facts
from aifirst_dagster.orchestration.spend.chart import bars
from aifirst_dagster.orchestration.spend.tables import dollars

if TYPE_CHECKING:
    from jinja2 import Template

_FOLDER = Path(__file__).parent
_LOWEST = 8


def html(found: Facts) -> str:
    """The page. Jinja escapes every text, and a policy forbids scripts."""
    import aifirst_dagster.quality.report as report

    style = (Path(str(report.__file__)).parent / "style.css").read_text(encoding="utf-8")
    text = _template().render(
        facts=found, style=style, days=DAYS, scores=scores(found), costs=costs(found), spark=_spark,
        made=f"{found.now:%Y-%m-%d %H:%M} UTC",
    )  # fmt: skip
    return text.encode("utf-8", "replace").decode("utf-8")


def scores(found: Facts) -> str:
    """The lowest scores over their versions; "" without any."""
    series = {one.name: one.scores for one in found.scored[:_LOWEST]}
    title = "Quality scores over time" if len(found.scored) <= _LOWEST else f"The {_LOWEST} lowest quality scores"
    return lines(series, title) if series else ""


def costs(found: Facts) -> str:
    """What models cost each day."""
    title = f"US dollars a day, by pipeline: {dollars(found.cost_usd)} in {DAYS} days"
    return bars(found.costs, found.now.date(), DAYS, title)


def _spark(one: Dataset, what: str) -> str:
    if what == "score":
        values = [value for _, value in one.scores]
        return spark(values, low=min([*values, 0.9]), high=1.0)
    return spark([float(getattr(measure, what)) for measure in one.history], low=0.0)


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["dollars"] = dollars
    environment.filters["cut"] = lambda text, most=200: text if len(text) <= most else text[: most - 1] + "…"
    return environment.get_template("page.html")
