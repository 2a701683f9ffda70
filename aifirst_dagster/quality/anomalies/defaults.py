"""Values that stand for none: 999 among ages, 1900-01-01 among birthdays, a lone zero that recurs."""

from __future__ import annotations

from collections.abc import Sequence

from aifirst_dagster.datasets.session import literal
from aifirst_dagster.quality.anomalies.flags import add
from aifirst_dagster.quality.anomalies.table import TABLE, Field, Table

#: Moments that systems write where they have none.
MOMENTS = (
    "0001-01-01", "1582-10-15", "1600-01-01", "1601-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31",
    "1900-01-01", "1901-01-01", "1904-01-01", "1970-01-01", "1980-01-01", "2000-01-01", "2099-12-31", "2999-12-31",
    "9999-12-31", "9999-01-01",
)  # fmt: skip
#: Numbers that people write where they have none.
NUMBERS = (
    -1, -9, -99, -999, -9999, -99999, 0, 99, 999, 9999, 99999, 999999, 9999999, 99999999, 999999999, 123456, 1234567,
    12345678, 123456789, 2147483647, -2147483648,
)  # fmt: skip
#: Texts that mean a value is missing, but for letters and blanks.
WORDS = (
    "test", "testtest", "dummy", "unknown", "unbekannt", "inconnu", "desconocido", "na", "none", "null", "nil", "tbd",
    "todo", "xxx", "xxxx", "placeholder", "default", "undefined", "notavailable", "notapplicable", "notset", "foo",
    "asdf", "changeme", "lorem", "novalue", "missing", "nan",
)  # fmt: skip
#: Texts of this share are the column's own; so are numbers of which more than this share is the one.
OWN, SHARE = 0.3, 0.3
#: A recurring number is a default where it lies so many spreads apart from the rest.
APART = 1.0


def find(table: Table) -> None:
    """Flag default values of all columns."""
    for field in table.of("moment"):
        if field.distinct >= 5:
            _moments(table, field)
    for field in table.of("number"):
        if field.distinct >= 8 and field.filled >= 30:
            _numbers(table, field)
    for field in table.of("text"):
        if field.distinct >= 8 and field.filled >= 30:
            _words(table, field)


def _flag(table: Table, field: Field, values: Sequence[tuple[object, int]], where: str) -> None:
    for value, count in values:
        shown = literal(f"value={value}")
        # As unlikely as so many of one value where the others of the column are spread.
        surprise = min(40.0, 6 + 2 * count**0.5)
        add(table, field, "default",
            f"SELECT __row, {field.text} AS value, NULL AS expected, {surprise!r} AS surprise, {shown} AS cause "
            f"FROM {TABLE} WHERE {where.format(value=literal(value))}")  # fmt: skip


def _moments(table: Table, field: Field) -> None:
    """Known dates that lie outside of the others, or are far more frequent than any."""
    listed = ", ".join(f"DATE {literal(one)}" for one in MOMENTS)
    day = f"({field.value})::DATE"
    found = table.ask(f"""WITH d AS (SELECT {day} AS d, count(*) AS n FROM {TABLE}
            WHERE {field.sql} IS NOT NULL GROUP BY 1),
        o AS (SELECT quantile_cont(d::TIMESTAMP, [0.01, 0.99]) AS q, max(n) AS most, min(d) AS first, max(d) AS last,
            count(*) AS days FROM d WHERE d NOT IN ({listed}))
        SELECT d.d, n, d < o.first OR d > o.last, o.most, date_diff('day', o.first, o.last),
            least(abs(date_diff('day', d.d, o.first)), abs(date_diff('day', d.d, o.last))), o.days
        FROM d, o WHERE d.d IN ({listed}) AND o.days >= 5 ORDER BY n DESC""")  # fmt: skip
    some = [
        (day, n) for day, n, outside, most, span, away, days in found
        if n <= SHARE * field.filled
        and ((outside and away > max(400, 0.15 * (span or 0))) or (n >= 5 and n > 4 * most and days >= 30))
    ]  # fmt: skip
    _flag(table, field, some, f"{day} = DATE {{value}}")


def _numbers(table: Table, field: Field) -> None:
    """Known numbers that recur, though no other number does so, and lie apart from the rest; or lie far apart."""
    listed = ", ".join(map(str, NUMBERS))
    found = table.ask(f"""WITH d AS (SELECT {field.value} AS v, count(*) AS n FROM {TABLE}
            WHERE {field.value} IS NOT NULL GROUP BY 1),
        o AS (SELECT min(v) AS low, max(v) AS high, quantile_cont(v, [0.05, 0.95]) AS q, max(n) AS most,
            bool_or(v < 0) AS signed FROM d WHERE v NOT IN ({listed}))
        SELECT v, n, o.low, o.high, o.q, o.most, o.signed FROM d, o
        WHERE v IN ({listed}) ORDER BY n DESC""")  # fmt: skip
    some = []
    for value, n, low, high, q, most, signed in found:
        if low is None or n > SHARE * field.filled:
            continue
        span = max(q[1] - q[0], 1e-12)
        away = max(low - value, value - high, 0)
        nines = abs(value) >= 99 and set(f"{abs(value):.0f}") == {"9"}
        recurs = n >= 3 and n > 2 * most
        # A zero below numbers that are far from it, a minus one where nothing is negative, nines above everything.
        if (
            (away > APART * span and (recurs or n >= 3 or (nines and away > 2 * span)))
            or (recurs and nines and away > 0)
            or (value < 0 and not signed and away > 0 and n >= 2 and value != -1 and nines)
        ):
            some.append((int(value), n))
    _flag(table, field, some, f"{field.value} = {{value}}".replace("{value}", "({value})::DOUBLE"))


def _words(table: Table, field: Field) -> None:
    listed = ", ".join(map(literal, WORDS))
    plain = "regexp_replace(lower(v), '[^a-z]', '', 'g')"
    found = table.ask(
        f"SELECT v, n FROM {table.counted(field)} WHERE NOT regexp_matches(v, '[0-9]') AND {plain} IN ({listed}) "
        "ORDER BY n DESC LIMIT 20"
    )
    some = [(value, n) for value, n in found if n <= OWN * field.filled]
    # A word that many rows have beside few others is a category like any other.
    few = field.distinct <= 30
    _flag(
        table, field, [(v, n) for v, n in some if not (few and n > 0.01 * field.filled)], f"{field.value} = {{value}}"
    )
