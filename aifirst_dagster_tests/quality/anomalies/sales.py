"""Orders as SQL: clean but for what a test plants in them."""

from __future__ import annotations

import duckdb

ROWS = 1_200
#: Prices of six products around their own level, totals that follow, four cities that settle two countries, 12 files.
CLEAN = f"""SELECT i + 1 AS id,
    (DATE '2024-01-01' + (i // 4)::INTEGER) AS sold,
    ['Bern', 'Basel', 'Paris', 'Lyon'][1 + (i * 7 + i // 5) % 4] AS city,
    ['CH', 'CH', 'FR', 'FR'][1 + (i * 7 + i // 5) % 4] AS country,
    'P' || ((i * 11 + i // 7) % 6) AS product,
    1 + (i * 13 + i // 3) % 9 AS qty,
    round([5.0, 9, 14, 22, 40, 70][1 + (i * 11 + i // 7) % 6] * (0.9 + (hash(i) % 1000) / 5000), 2) AS price,
    ['EUR', 'CHF', 'GBP'][(1 + hash(i + 5) % 3)::INTEGER] AS currency,
    'AB-' || lpad((1000 + (i * 37) % 9000)::VARCHAR, 4, '0') AS code,
    'sales_' || lpad((1 + i // 100)::VARCHAR, 2, '0') || '.csv' AS _source,
    2 + i % 100 AS _source_line
    FROM range({ROWS}) r(i)"""


def made(con: duckdb.DuckDBPyConnection, **planted: str) -> str:
    """The table `data` with columns replaced by SQL over the clean ones (`i` is the row); returns its name."""
    given = ", ".join(f"{sql} AS {column}" for column, sql in planted.items())
    con.execute(f"CREATE OR REPLACE TABLE clean AS SELECT *, round(qty * price, 2) AS total FROM ({CLEAN})")
    replace = f"REPLACE ({given})" if given else ""
    con.execute(f"CREATE OR REPLACE TABLE data AS SELECT * EXCLUDE (i) {replace} FROM "
                f"(SELECT *, id - 1 AS i FROM clean) ORDER BY id")  # fmt: skip
    return "data"
