"""The dashboard's plots: SVG of our own, as small as the spending's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

#: Of Okabe and Ito: told apart by people who see colours differently.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#999999", "#000000")
_WIDTH, _HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 230, 34, 34
Points = Sequence[tuple[datetime, float]]


def spark(values: Sequence[float], low: float | None = None, high: float | None = None) -> str:
    """A line of a hundred pixels, its last point marked; "" for fewer than two values."""
    if len(values) < 2:
        return ""
    least, most = min(values) if low is None else low, max(values) if high is None else high
    span = (most - least) or 1.0
    places = [
        (2 + 96 * at / (len(values) - 1), 3 + 20 * (1 - (min(most, max(least, value)) - least) / span))
        for at, value in enumerate(values)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    return (
        f'<svg class="sparkline" width="100" height="26" viewBox="0 0 100 26" role="img" '
        f'aria-label="{len(values)} versions, from {values[0]:.3g} to {values[-1]:.3g}">'
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="currentColor"/></svg>'
    )


def lines(series: Mapping[str, Points], title: str) -> str:
    """Scores over time: a line for each of up to eight datasets, by name and when."""
    shown = {name: points for name, points in list(series.items())[: len(_COLOURS)] if points}
    values = [value for points in shown.values() for _, value in points]
    moments = [at.timestamp() for points in shown.values() for at, _ in points]
    low = min([*values, 0.99])
    low = max(0.0, low - (1 - low) * 0.1)
    first, last = min(moments, default=0.0), max(moments, default=1.0)

    def place(at: datetime, value: float) -> tuple[float, float]:
        across = (at.timestamp() - first) / (last - first) if last > first else 0.5
        up = (value - low) / (1 - low)
        return (
            _LEFT + 8 + across * (_WIDTH - _LEFT - _RIGHT - 16),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )

    parts = [*_grid(low), *_ends(first, last)]
    for number, (name, points) in enumerate(shown.items()):
        parts += _line(number, name, [(*place(at, value), value, at) for at, value in points])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
        f'<text x="{_LEFT}" y="20" font-size="14" fill="#222">{escape(title)}</text>{"".join(parts)}</svg>'
    )


def _line(number: int, name: str, places: Sequence[tuple[float, float, float, datetime]]) -> list[str]:
    colour, y = _COLOURS[number], _TOP + number * 20
    x = _WIDTH - _RIGHT + 16
    path = " ".join(f"{left:.1f},{top:.1f}" for left, top, _, _ in places)
    dots = [
        f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}"><title>{escape(name)}, '
        f"{at:%Y-%m-%d %H:%M}: {value:.3f}</title></circle>"
        for left, top, value, at in places
    ]
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *dots,
        f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/>',
        f'<text x="{x + 18}" y="{y + 10}" fill="#222">{escape(_short(name))}</text>',
    ]


def _grid(low: float) -> list[str]:
    found = []
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM)
        found.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        value = low + part * (1 - low)
        found.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555">{value:.3g}</text>')
    return found


def _ends(first: float, last: float) -> list[str]:
    from datetime import UTC

    if last <= first:
        return []
    day = "%m-%d" if last - first > 172_800 else "%m-%d %H:%M"
    return [
        f'<text x="{x}" y="{_HEIGHT - 12}" text-anchor="{anchor}" fill="#555">'
        f"{datetime.fromtimestamp(moment, UTC):{day}}</text>"
        for x, anchor, moment in ((_LEFT, "start", first), (_WIDTH - _RIGHT, "end", last))
    ]


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:14]}…{name[-15:]}"
