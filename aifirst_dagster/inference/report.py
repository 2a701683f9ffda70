"""A profile as one self-contained HTML page: no script, no font, no picture from elsewhere; every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from aifirst_dagster.inference.profile import ColumnProfile, Profile

_STYLE = """
:root{--ink:#1b2733;--soft:#5d6b7a;--line:#e3e8ee;--card:#fff;--page:#f5f7fa;--accent:#4f6bed;--pale:#e8ecfd;
--warn:#c2571a}@media(prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#9aa7b5;--line:#2b3641;--card:#1a222b;
--page:#11171d;--accent:#8aa0ff;--pale:#263057;--warn:#f0a36b}}*{box-sizing:border-box}body{margin:0;
background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}main{max-width:1080px;margin:0 auto;
padding:32px 20px 64px}h1{font-size:26px;margin:0 0 4px;overflow-wrap:anywhere}h2{font-size:18px;margin:36px 0 12px}
.soft{color:var(--soft)}.tiles{display:grid;gap:12px;margin:24px 0;grid-template-columns:repeat(auto-fit,
minmax(150px,1fr))}.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:10px}.tile{
padding:14px 16px}.tile b{display:block;font-size:24px;font-variant-numeric:tabular-nums}.card{padding:18px 20px;
margin:0 0 14px;display:grid;grid-template-columns:minmax(200px,1fr) minmax(220px,1.1fr) minmax( 200px,1fr);
gap:24px}@media(max-width:760px){.card{grid-template-columns:1fr}}.card h3{margin:0 0 4px;font-size:16px;
overflow-wrap:anywhere}.badge{display:inline-block;background:var(--pale);color:var(--accent);border-radius:6px;
padding:1px 8px;font-size:12px;margin:0 4px 6px 0}.badge.warn{color:var(--warn);background:transparent;
border:1px solid var(--warn)}table{border-collapse:collapse;width:100%;font-size:13px;
font-variant-numeric:tabular-nums}td{padding:2px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere;
vertical-align:top}td:last-child{text-align:right;padding-left:10px}td.bar{background:linear-gradient(90deg,
var(--pale) var(--w),transparent var(--w))}code{font:12px ui-monospace,monospace;white-space:pre-wrap}svg{
width:100%;height:96px;display:block}rect{fill:var(--accent)}.axis{display:flex;justify-content:space-between;
font-size:12px;color:var(--soft)}.meter{height:6px;border-radius:3px;background:var(--line);margin:6px 0 10px;
overflow:hidden}.meter i{display:block;height:100%;background:var(--accent)}
"""


def html(profile: Profile, title: str) -> str:
    """The page for `profile`; `title` names the file. Safe to open whatever the data holds."""
    cells = profile.rows * len(profile.columns)
    nulls = sum(column.nulls for column in profile.columns)
    tiles = "".join(
        f"<div class=tile><span class=soft>{label}</span><b>{value}</b></div>"
        for label, value in (
            ("rows", f"{profile.rows:,}"),
            ("columns", f"{len(profile.columns):,}"),
            ("empty cells", _share(nulls, cells)),
            ("repeated rows", f"{profile.duplicates:,}"),
        )
    )
    cards = "".join(_card(column, profile.rows) for column in profile.columns)
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        '<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content="width=device-width">'
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}: profile</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1><div class=soft>Profile, {made}</div><div class=tiles>{tiles}</div>"
        f"<h2>Columns</h2>{cards}{_correlations(profile)}</main></body></html>\n"
    )


def _card(column: ColumnProfile, rows: int) -> str:
    badges = f"<span class=badge>{escape(column.type)}</span>"
    if column.semantic_type:
        badges += f"<span class=badge>{escape(column.semantic_type.replace('_', ' '))}</span>"
    if column.failed:
        badges += f'<span class="badge warn">{column.failed:,} cells do not parse</span>'
    about = "" if column.exact else "about "
    facts: list[tuple[str, str]] = [
        ("empty", f"{column.nulls:,} ({_share(column.nulls, rows)})"),
        ("distinct", f"{about}{column.distinct:,}"),
    ]
    facts += [
        (label, _text(value))
        for label, value in (
            ("min", column.min), ("median", column.quantiles.get("0.5")), ("mean", column.mean), ("max", column.max),
            ("std. deviation", column.stddev),
        )
        if value is not None
    ]  # fmt: skip
    if column.length:
        facts.append(("length", f"{column.length['min']} to {column.length['max']}"))
    filled = 1 - column.nulls / rows if rows else 0.0
    meter = f'<div class=meter title="filled"><i style="width:{filled:.1%}"></i></div>'
    return (
        f"<section class=card><div><h3>{escape(column.name)}</h3>{badges}{meter}{_table(facts)}</div>"
        f"<div>{_histogram(column)}{_patterns(column)}</div><div>{_top(column, rows)}</div></section>"
    )


def _histogram(column: ColumnProfile) -> str:
    bins = column.histogram
    if not bins:
        return ""
    most, width = max(bin_["count"] for bin_ in bins) or 1, 100 / len(bins)
    bars = []
    for at, bin_ in enumerate(bins):
        height = 40 * bin_["count"] / most
        label = f"{_text(bin_['low'])} to {_text(bin_['high'])}: {bin_['count']:,}"
        bars.append(
            f'<rect x="{at * width + 0.3:.2f}" y="{40 - height:.2f}" width="{max(width - 0.6, 0.4):.2f}" '
            f'height="{height:.2f}"><title>{escape(label)}</title></rect>'
        )
    return (
        f'<svg viewBox="0 0 100 40" preserveAspectRatio="none" role=img aria-label="distribution">{"".join(bars)}</svg>'
        f"<div class=axis><span>{escape(_text(column.min))}</span><span>{escape(_text(column.max))}</span></div>"
    )


def _patterns(column: ColumnProfile) -> str:
    if not column.patterns:
        return ""
    rows = [(f"<code>{escape(each['pattern'])}</code>", f"{each['count']:,}") for each in column.patterns[:5]]
    return "<span class=soft>patterns (A letter, 9 digit)</span>" + _table(rows, safe=True)


def _top(column: ColumnProfile, rows: int) -> str:
    if not column.top_values:
        return "<span class=soft>hardly any value repeats</span>"
    most = column.top_values[0]["count"]
    body = "".join(
        f'<tr><td class=bar style="--w:{100 * each["count"] / most:.0f}%">{escape(_text(each["value"]))}</td>'
        f"<td>{_share(each['count'], rows)}</td></tr>"
        for each in column.top_values
    )
    return f"<span class=soft>frequent values</span><table>{body}</table>"


def _correlations(profile: Profile) -> str:
    strong = [pair for pair in profile.correlations if abs(pair["value"]) >= 0.3][:15]
    if not strong:
        return ""
    rows = [(escape(" and ".join(pair["columns"])), f"{pair['value']:+.2f}") for pair in strong]
    return f'<h2>What goes together</h2><section class="card" style="display:block">{_table(rows, safe=True)}</section>'


def _table(rows: Sequence[tuple[str, str]], safe: bool = False) -> str:
    quote = str if safe else escape
    return (
        "<table>"
        + "".join(f"<tr><td>{quote(label)}</td><td>{quote(value)}</td></tr>" for label, value in rows)
        + "</table>"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0%"


def _text(value: Any) -> str:
    """A value as a short text; control characters made visible."""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e5 else f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.4g}"
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    text = "".join(character if character.isprintable() else "␣" for character in text)
    return text if len(text) <= 60 else text[:59] + "…"
