"""Spending by day as a picture: stacked bars, an SVG of our own, small enough to stand in an asset's metadata."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape

_WIDTH, _HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 200, 34, 34
#: Of Okabe and Ito: told apart by people who see colours differently.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#999999")
_OTHERS = "others"


def bars(dollars: Mapping[tuple[str, str], float], until: date, days: int, title: str) -> str:
    """An SVG of the last `days` days.

    Args:
        dollars: US dollars by day (ISO) and what the bars are divided by (pipelines, say).
        until: The last day.
        days: How many.
        title: Stands above.
    """
    span = [(until - timedelta(days=back)).isoformat() for back in reversed(range(days))]
    names = _names(dollars)
    piles = {day: [sum(usd for (at, name), usd in dollars.items() if at == day and _as(name, names) == one)
                   for one in names] for day in span}  # fmt: skip
    top = _nice(max((sum(pile) for pile in piles.values()), default=0.0))
    parts = [_grid(top), *_piles(piles, top), *_dates(span), *_legend(names)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
        f'<text x="{_LEFT}" y="20" font-size="14" fill="#222">{escape(title)}</text>{"".join(parts)}</svg>'
    )


def small(dollars: Mapping[tuple[str, str], float], until: date, days: int) -> str:
    """The days' sums alone, as an SVG of few bytes: Dagster's UI shows Markdown of less than 1,000 signs at once, and
    a link to what is longer."""
    sums = [0.0] * days
    for (day, _), usd in dollars.items():
        back = (until - date.fromisoformat(day)).days
        if 0 <= back < days:
            sums[days - 1 - back] += usd
    top = max(sums) or 1.0
    path = "".join(f"M{at * 12} 60v-{usd / top * 60:.0f}h9V60" for at, usd in enumerate(sums) if usd > 0)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="360" height="60"><path fill="#0072B2" d="{path}"/></svg>'


def picture(svg: str, alt: str) -> str:
    """The SVG as Markdown: an image whose address holds all of it, which Dagster's UI shows."""
    text = "".join(char for char in alt if char not in "[]\\\n")
    return f"![{text}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _names(dollars: Mapping[tuple[str, str], float]) -> list[str]:
    totals: dict[str, float] = {}
    for (_, name), usd in dollars.items():
        totals[name] = totals.get(name, 0.0) + usd
    dear = sorted(totals, key=lambda name: -totals[name])
    return dear if len(dear) <= len(_COLOURS) else [*dear[: len(_COLOURS) - 1], _OTHERS]


def _as(name: str, names: Sequence[str]) -> str:
    return name if name in names else _OTHERS


def _nice(most: float) -> float:
    """A round number that is no less: 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return 0.01
    step = 1e-6
    while True:
        for factor in (1, 2, 5):
            if factor * step >= most:
                return factor * step
        step *= 10


def _y(usd: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - usd / top * (_HEIGHT - _TOP - _BOTTOM)


def _grid(top: float) -> str:
    lines = []
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(top * part, top)
        lines.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555">${top * part:.4g}</text>')
    return "".join(lines)


def _piles(piles: Mapping[str, Sequence[float]], top: float) -> list[str]:
    wide = (_WIDTH - _LEFT - _RIGHT) / max(1, len(piles))
    found = []
    for at, (day, pile) in enumerate(piles.items()):
        below = 0.0
        for colour, usd in zip(_COLOURS, pile, strict=False):
            if usd > 0:
                y, foot = _y(below + usd, top), _y(below, top)
                found.append(
                    f'<rect x="{_LEFT + at * wide + wide * 0.1:.1f}" y="{y:.2f}" width="{wide * 0.8:.1f}" '
                    f'height="{max(0.5, foot - y):.2f}" fill="{colour}"><title>{day}: ${usd:.4f}</title></rect>'
                )
            below += usd
    return found


def _dates(span: Sequence[str]) -> list[str]:
    wide = (_WIDTH - _LEFT - _RIGHT) / max(1, len(span))
    every = max(1, len(span) // 6)
    return [
        f'<text x="{_LEFT + (at + 0.5) * wide:.1f}" y="{_HEIGHT - 12}" text-anchor="middle" fill="#555">'
        f"{day[5:]}</text>"
        for at, day in enumerate(span)
        if at % every == 0
    ]


def _legend(names: Sequence[str]) -> list[str]:
    x = _WIDTH - _RIGHT + 16
    return [
        f'<rect x="{x}" y="{_TOP + at * 20}" width="12" height="12" fill="{colour}"/>'
        f'<text x="{x + 18}" y="{_TOP + at * 20 + 10}" fill="#222">{escape(name[:24])}</text>'
        for at, (name, colour) in enumerate(zip(names, _COLOURS, strict=False))
    ]
