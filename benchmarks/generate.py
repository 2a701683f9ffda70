"""A seeded CSV of nine mixed columns, about 100 MB for a million rows: written in seconds, kept for next time."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

#: Raised when the file would come out different, so that a kept one is not used.
VERSION = 1
ROWS = 1_000_000

FIRST = ("Ada", "Bo", "Carla", "Dmitri", "Eun-ji", "Femi", "Greta", "Hugo", "Inés", "Jürgen", "Lena", "Nora")
LAST = ("Abel", "Brandt", "Costa", "Duarte", "Engström", "Farrow", "Gupta", "Haugen", "Ivanova", "Jensen", "Keller")
COUNTRIES = ("Germany", "France", "Spain", "Italy", "Poland", "Sweden", "Portugal", "Austria", "Norway", "Finland")
COMMENTS = (
    "ok", "called, will call back", 'said "maybe", then "yes"', "invoice sent; paid", "prefers e-mail, not phone",
    "", "", "second address: see file, page 2", "VIP", "asked about terms, price and delivery",
)  # fmt: skip


def query(rows: int) -> str:
    """SELECT of `rows` rows: mostly tidy, a few in a hundred written the way people write."""

    def pick(values: tuple[str, ...], salt: int) -> str:
        listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        return f"([{listed}])[1 + {dice(salt, len(values))}]"

    def dice(salt: int, sides: int) -> str:
        return f"(hash(i * 16 + {salt}) % {sides})::INT"

    return f"""
        SELECT
          i + 1 AS "Order ID",
          'CUS-' || upper(substr(printf('%016x', hash(i % {rows} * 31 + 7)), 1, 10)) AS "Customer Code",
          first || ' ' || last AS "Name",
          lower(strip_accents(replace(first, '-', '') || '.' || last)) || {dice(3, 10_000)}
            || '@mail' || {dice(4, 9)} || '.example' AS "E-Mail",
          CASE WHEN {dice(5, 100)} < 4 THEN upper(country) WHEN {dice(5, 100)} < 6 THEN ' ' || country
               WHEN {dice(5, 100)} < 8 THEN 'N/A' ELSE country END AS "Country",
          CASE WHEN {dice(6, 100)} < 5 THEN strftime(day, '%d.%m.%Y')
               ELSE strftime(day, '%Y-%m-%d') END AS "Signup Date",
          CASE WHEN {dice(7, 100)} < 5 THEN '$' || format('{{:,.2f}}', amount)
               WHEN {dice(7, 100)} < 6 THEN NULL ELSE format('{{:.2f}}', amount) END AS "Amount",
          CASE WHEN {dice(8, 2)} = 0 THEN 'yes' ELSE 'no' END AS "Active",
          nullif(comment, '') AS "Comment"
        FROM (
          SELECT i, {pick(FIRST, 0)} AS first, {pick(LAST, 1)} AS last, {pick(COUNTRIES, 2)} AS country,
                 DATE '2018-01-01' + {dice(9, 2_900)} AS day, exp(2 + {dice(10, 60_000)} / 10_000.0) AS amount,
                 {pick(COMMENTS, 11)} AS comment
          FROM range({rows}) AS counted(i)
        )
    """


def generated(rows: int = ROWS, folder: Path | None = None) -> Path:
    """The file of `rows` rows; written when it is not there yet.

    Args:
        rows: How many.
        folder: Where it is kept; default: `aifirst-bench` in the machine's folder for temporary files.
    """
    folder = folder or Path(tempfile.gettempdir()) / "aifirst-bench"
    path = folder / f"orders_{rows}_v{VERSION}.csv"
    if not path.is_file():
        import duckdb

        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        duckdb.execute(f"COPY ({query(rows)}) TO '{partial}' (FORMAT csv, HEADER)")
        partial.replace(path)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    path = generated(parser.parse_args().rows)
    print(f"{path}: {path.stat().st_size / 1e6:.0f} MB")
