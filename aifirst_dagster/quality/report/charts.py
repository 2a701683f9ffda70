"""The plots of a report, drawn by matplotlib as SVG that takes its colours and its font from the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aifirst_dagster.quality.report.content import Point

#: A colour in the plot -> the page's own, which is another one in the dark.
_COLOURS = {
    "ink": "#010203", "soft": "#010204", "line": "#010205", "accent": "#010206", "good": "#010207", "warn": "#010208",
    "bad": "#010209", "pale": "#01020a", "second": "#01020b",
}  # fmt: skip
#: Versions that a trend shows, and bars of categories whose names fit.
POINTS, NAME = 30, 12


def trend(points: Sequence[Point], threshold: float | None) -> str:
    """Score by version above, rows and quarantined rows below; "" for a single version."""
    shown = list(points)[-POINTS:]
    if len(shown) < 2:
        return ""
    scored = any(point.score is not None for point in shown)
    with _figure(7.6, 3.6 if scored else 1.9) as (figure, drawn):
        axes = figure.subplots(
            2 if scored else 1, 1, sharex=True, squeeze=False, height_ratios=[2, 1] if scored else [1]
        )
        at = list(range(len(shown)))
        if scored:
            _scores(axes[0][0], at, shown, threshold)
        _rows(axes[-1][0], at, shown)
        every = max(1, -(-len(shown) // 8))
        ticks = [place for place in at if (len(shown) - 1 - place) % every == 0]
        days = {point.label[:10] for point in shown}
        part = slice(11, 16) if len(days) == 1 else slice(5, 10)
        axes[-1][0].set_xticks(ticks, [shown[place].label[part] for place in ticks])
        figure.align_ylabels()
    return drawn[0]


def shifts(found: Sequence[Mapping[str, Any]]) -> str:
    """Small plots of columns that drifted: the baseline as an outline, this version as bars."""
    if not found:
        return ""
    rows = -(-len(found) // 2)
    with _figure(7.6, 1.9 * rows) as (figure, drawn):
        axes = [axis for line in figure.subplots(rows, 2, squeeze=False) for axis in line]
        for axis, one in zip(axes, found, strict=False):
            _shift(axis, one)
        for axis in axes[len(found) :]:
            axis.set_axis_off()
    return drawn[0]


def _scores(axis: Axes, at: list[int], points: Sequence[Point], threshold: float | None) -> None:
    figures = [point.score if point.score is not None else float("nan") for point in points]
    for name in dict.fromkeys(name for point in points for name in point.dimensions):
        line = [point.dimensions.get(name, float("nan")) for point in points]
        axis.plot(at, line, color=_COLOURS["second"], linewidth=1.1, alpha=0.7, zorder=1)
    axis.plot(at, figures, color=_COLOURS["accent"], linewidth=2.2, marker="o", markersize=5, zorder=3)
    known = [value for value in figures if value == value]
    low = min([*known, *(value for point in points for value in point.dimensions.values())])
    if threshold is not None:
        low = min(low, threshold)
        axis.axhline(threshold, color=_COLOURS["bad"], linewidth=1, linestyle=(0, (4, 3)), zorder=2)
        axis.annotate("threshold", (1, threshold), xycoords=("axes fraction", "data"), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=9, color=_COLOURS["bad"])  # fmt: skip
    room = max(1 - low, 0.01)
    axis.set_ylim(max(0.0, low - 0.15 * room), 1 + 0.12 * room)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}" if room < 0.05 else f"{value:.0%}")
    axis.set_ylabel("score")
    _plain(axis)


def _rows(axis: Axes, at: list[int], points: Sequence[Point]) -> None:
    rows, aside = [point.rows for point in points], [point.quarantined for point in points]
    wide = 0.62 if len(at) > 3 else 0.34
    axis.bar(at, rows, color=_COLOURS["pale"], width=wide, zorder=2)
    axis.bar(at, aside, bottom=rows, color=_COLOURS["warn"], width=wide, zorder=2)
    axis.set_xlim(-0.6, len(at) - 0.4)
    axis.yaxis.set_major_formatter(lambda value, _: _brief(value))
    axis.locator_params(axis="y", nbins=3)
    axis.set_ylabel("rows")
    _plain(axis)


def _shift(axis: Axes, one: Mapping[str, Any]) -> None:
    labels, before, after = one["labels"], one["before"], one["after"]
    axis.set_title(_cut(one["name"], 40), loc="left", fontsize=10, color=_COLOURS["ink"], fontweight="bold", pad=6)
    if one["kind"] == "category":
        at = range(len(labels))
        axis.bar([place + 0.2 for place in at], after, 0.38, color=_COLOURS["accent"], zorder=2)
        axis.bar([place - 0.2 for place in at], before, 0.38, color=_COLOURS["second"], zorder=2)
        axis.set_xticks(list(at), [_cut(label, NAME if len(labels) < 5 else 7) for label in labels])
    else:
        axis.stairs(after, labels, fill=True, color=_COLOURS["accent"], alpha=0.85, zorder=2)
        axis.stairs(before, labels, color=_COLOURS["ink"], linewidth=1.5, zorder=3)
        axis.locator_params(axis="x", nbins=5)
        if one["kind"] == "time":
            axis.xaxis.set_major_formatter(lambda value, _: _date(value))
        else:
            axis.xaxis.set_major_formatter(lambda value, _: _brief(value))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axis.locator_params(axis="y", nbins=3)
    _plain(axis)


def _plain(axis: Axes) -> None:
    """No box, a faint grid, small words."""
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(_COLOURS["line"])
    axis.grid(axis="y", color=_COLOURS["line"], linewidth=0.7, zorder=0)
    axis.set_axisbelow(True)
    axis.tick_params(colors=_COLOURS["soft"], labelsize=9, length=0)
    axis.yaxis.label.set(color=_COLOURS["soft"], fontsize=9)


@contextmanager
def _figure(width: float, height: float) -> Iterator[tuple[Figure, list[str]]]:
    """A figure, and where its SVG stands once it is drawn."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    drawn: list[str] = []
    # Texts of the data are no formulas: a lone $ must not be read as one.
    settings: dict[Any, Any] = {
        "svg.fonttype": "none", "svg.hashsalt": f"{width}x{height}", "font.family": "sans-serif",
        "text.parse_math": False,
    }  # fmt: skip
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)
        yield figure, drawn
        for axis in figure.axes:
            axis.patch.set_alpha(0)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn.append(_inline(written.getvalue()))


def _inline(svg: str) -> str:
    """An SVG document as part of a page: no addresses, no names that another plot has, the page's colours and font."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"| version="1\.1"', "", svg).replace("xlink:href", "href")
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = re.sub(r' width="[\d.]+pt" height="[\d.]+pt"', ' aria-hidden="true" focusable="false"', svg, count=1)
    svg = re.sub(r"font-family: [^;\"]+", "font-family: inherit", svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1", svg)
    svg = re.sub(r"font: (\w+ [\d.]+px) [^;\"]+", r"font-size: \1", svg)
    for name, colour in _COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return re.sub(r"\n\s*", "\n", svg)


def _date(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m}"
    except (OverflowError, ValueError, OSError):
        return ""


def _brief(value: float) -> str:
    """A number in few signs."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (1e3 if unit == 'k' else limit):,.3g}{unit}"
    return f"{value:,.4g}"


def _cut(text: str, most: int) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
