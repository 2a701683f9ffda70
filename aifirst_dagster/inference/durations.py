"""How spans of time are written: ISO 8601, hours past midnight, words with units; told in Python, read in SQL."""

from __future__ import annotations

import re

from aifirst_dagster.datasets.session import literal

_UNIT = r"(?:years?|yrs?|months?|weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|s)"
#: ISO 8601: P3DT4H, P2W; at least one part.
_ISO = r"[-+]?P(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:[.,]\d+)?S)?)?"
#: Units in a row (1h 30m).
_WORDS = rf"(?:\d+(?:\.\d+)?\s*{_UNIT}\.?(?:,?\s*(?:and\s+)?|$)){{1,5}}"
_CLOCK = r"-?(?:\d+\s+days?,?\s+)?\d{1,4}:[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?"
_READ = {name: re.compile(pattern, re.IGNORECASE | re.ASCII) for name, pattern in
         (("iso", _ISO), ("words", _WORDS), ("clock", _CLOCK))}  # fmt: skip
_SPELLED = (("years", r"(?:years?|yrs?)"), ("months", r"months?"), ("weeks", r"(?:weeks?|w)"), ("days", r"(?:days?|d)"),
            ("hours", r"(?:hours?|hrs?|h)"), ("minutes", r"(?:minutes?|mins?|m)"),
            ("seconds", r"(?:seconds?|secs?|s)"))  # fmt: skip


def style_of(text: str) -> str | None:
    """`iso`, `words` (1h 30m) or `clock` (36:15:00); None where `text` is no span of time."""
    text = text.strip()
    if len(text) > 60 or text.upper().lstrip("+-") in {"P", "PT"} or text.upper().endswith("T"):
        return None
    return next((name for name, pattern in _READ.items() if pattern.fullmatch(text)), None)


def past_midnight(text: str) -> bool:
    """Whether a clock's text can only be a span: 24 hours and more, or days beside it."""
    found = re.match(r"-?(\d+ +days?)?,? *(\d+):", text.strip())
    return bool(found and (found[1] or int(found[2]) > 23 or text.strip().startswith("-")))


def parse_sql(text_sql: str) -> str:
    """SQL: VARCHAR -> INTERVAL for spans in any of the styles; NULL for the rest."""
    text = f"trim({text_sql})"
    plain = f"replace(ltrim(upper({text}), 'P+-'), ',', '.')"
    day, clock = f"split_part({plain}, 'T', 1)", f"split_part({plain}, 'T', 2)"
    for letter, unit in (("Y", "years"), ("M", "months"), ("W", "weeks"), ("D", "days")):
        day = f"replace({day}, '{letter}', ' {unit} ')" if letter != "D" else f"regexp_replace({day}, 'D$', ' days ')"
    for letter, unit in (("H", "hours"), ("M", "minutes")):
        clock = f"replace({clock}, '{letter}', ' {unit} ')"
    clock = f"regexp_replace({clock}, 'S$', ' seconds')"
    iso = f"TRY_CAST({day} || ' ' || {clock} AS INTERVAL)"
    words = f"lower(regexp_replace({text}, ',|\\band\\b|\\.(\\s|$)', ' ', 'g'))"
    for unit, spellings in _SPELLED:
        words = f"regexp_replace({words}, '(\\d)\\s*{spellings}(\\s|\\d|$)', '\\1 {unit} \\2')"
    test = {name: literal("(?i)" + pattern.pattern) for name, pattern in _READ.items()}
    minus = f"CASE WHEN {text}[1] = '-' THEN -1 ELSE 1 END"
    return (
        f"CASE WHEN {text} IN ('P', 'PT', '') THEN NULL "
        f"WHEN regexp_full_match({text}, {test['iso']}) THEN {iso} * {minus} "
        f"WHEN regexp_full_match({text}, {test['clock']}) THEN TRY_CAST({text} AS INTERVAL) "
        f"WHEN regexp_full_match({text}, {test['words']}) THEN TRY_CAST({words} AS INTERVAL) END"
    )
