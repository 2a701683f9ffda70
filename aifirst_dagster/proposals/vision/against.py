"""What a picture's reading is compared with: a dataset where there is one, the page's own text where it has some."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aifirst_dagster.datasets.session import ident, literal
from aifirst_dagster.inference.schema import Column

if TYPE_CHECKING:
    import duckdb

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER", "FLOAT", "DOUBLE", "DECIMAL")
_DECIMALS = re.compile(r"[.](\d+)\D*$")


@dataclass(frozen=True)
class Against:
    """The data that a picture is compared with.

    Attributes:
        con: The session that knows the relation.
        relation: Any table or view.
        columns: What is known of its columns, under the names that it has for them.
    """

    con: duckdb.DuckDBPyConnection
    relation: str
    columns: Sequence[Column]

    def types(self) -> dict[str, str]:
        """Column -> its DuckDB type, of those columns that the relation has."""
        names = {column.name for column in self.columns}
        described = self.con.execute(f"DESCRIBE SELECT * FROM {ident(self.relation)}").fetchall()
        return {row[0]: row[1] for row in described if row[0] in names}


def is_number(type_: str) -> bool:
    """Whether values of a DuckDB type are numbers."""
    return type_.upper().startswith(_NUMBERS)


def is_moment(type_: str) -> bool:
    """Whether values of a DuckDB type are dates or timestamps."""
    return type_.upper().startswith(("DATE", "TIMESTAMP"))


def folded(text_sql: str) -> str:
    """SQL: a text without regard to case and to the number of its blanks."""
    return f"lower(trim(regexp_replace({text_sql}, '\\s+', ' ', 'g')))"


def same(text: str) -> str:
    """A Python text as `folded` makes it."""
    return " ".join(text.split()).lower()


def number(text: str) -> tuple[float, float] | None:
    """(value, how far the true one may be from it) of a printed number; None where it is none.

    A number in brackets is negative, as in accounts; per cent signs, currency and thousands marks are dropped.
    """
    plain = text.strip()
    negative = plain.startswith(("(", "-", "\u2212")) and any(sign.isdigit() for sign in plain)
    digits = re.sub(r"[^0-9.]", "", plain.replace(",", ""))
    try:
        value = float(digits)
    except ValueError:
        return None
    if sum(sign.isalpha() for sign in plain) > 4:
        return None
    found = _DECIMALS.search(plain)
    return (-value if negative else value), 0.5 * 10 ** -(len(found[1]) if found else 0) * 1.001


def listed(texts: Sequence[str]) -> str:
    """SQL: the texts of an IN list."""
    return ", ".join(literal(text) for text in texts) or "NULL"


def printed(text: str, page: str) -> bool:
    """Whether a page's own text holds `text`, as a whole word or number."""
    plain = same(text)
    return bool(plain) and re.search(rf"(?<![\w.,]){re.escape(plain)}(?![\w]|[.,]\d)", same(page)) is not None
