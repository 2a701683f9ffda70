"""Tables in random dialects with random damage, and what must hold of each: read or refused in words, no text lost."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from hypothesis import strategies as st

from aifirst_dagster.connectors import ReadOptions, read
from aifirst_dagster.datasets.session import connect, ident
from aifirst_dagster.errors import AifirstError
from aifirst_dagster.inference.file import infer_relation

#: Each cell holds one of its own; what a file holds of them must come out somewhere.
_MARK = re.compile(r"zq\d{5}")
_DELIMITERS = [",", ";", "\t", "|", ":", " ", ", ", "||", "\t\t", "^", "~", "\x01", "§", "@", "::"]
_KINDS = {
    "text": lambda mark, n: f"word {mark}",
    "quotes": lambda mark, n: f'said "{mark}", then left',
    "lines": lambda mark, n: f"{mark}\nmore of it",
    "code": lambda mark, n: f"{mark}-{n}",
    "foreign": lambda mark, n: f"Łódź é {mark}",
}
_NOTES = ["", "zq80001 a note", "# zq80003 remark", '"', "key: zq80004"]
_SIGNS = [b'"', b"'", b",", b";", b"\n", b"\r", b"\0", b"\\", b"\xff", b"\xc3", b" ", b"\t", b"#", b"{", b"\x1a"]
_ENDS = re.compile(r"\r\n|\n|\r")
_SEEDS = [
    b"a,b,c\n1,2,3\n4,5,6\n", b'id;"name"\r\n1;"x ""y"" z"\r\n2;"a\r\nb"\r\n', "a,b\n1,2".encode("utf-16"),
    b"# note\nx\ty\n1\t2\n", b"name   qty\nabc      1\nde      22\n", b'{"a": 1}\n{"a": 2}\n', b"[[1, 2], [3, 4]]", b"",
    b"\n\n\n", b'"', b"a\rb\rc\r", b"PK\x03\x04", b"<table><tr><td>1</td></tr></table>", b"a,a,,\n1,2,3,4\n",
    b"\xef\xbb\xbfx\n1\n",
]  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A table, written in some dialect, with notes around it, and damaged in some places."""
    width, rows = draw(st.integers(1, 7)), draw(st.integers(0, 30))
    kinds = draw(st.lists(st.sampled_from(["number", "date", *_KINDS]), min_size=width, max_size=width))
    delimiter, quote = draw(st.sampled_from(_DELIMITERS)), draw(st.sampled_from(['"', "'", "", "`"]))
    escape = draw(st.sampled_from(["double", "\\"]))
    end, always = draw(st.sampled_from(["\n", "\r\n", "\r"])), draw(st.booleans())

    def cell(text: str) -> str:
        if not quote:
            return text.replace("\n", " ")
        if not always and not any(sign in text for sign in (delimiter, quote, "\n")):
            return text
        return quote + text.replace(quote, quote * 2 if escape == "double" else "\\" + quote) + quote

    def value(kind: str, number: int) -> str:
        mark = f"zq{number:05d}"
        if kind in _KINDS:
            return str(_KINDS[kind](mark, number))
        return str(number * 7) if kind == "number" else f"2020-{1 + number % 12:02d}-{1 + number % 28:02d}"

    lines = [delimiter.join(cell(f"name zq9{at:04d}") for at in range(width))] * draw(st.integers(0, 2))
    lines += [
        delimiter.join(cell(value(kind, at + width * row)) for at, kind in enumerate(kinds)) for row in range(rows)
    ]
    for _ in range(draw(st.integers(0, 3))):
        note = draw(
            st.sampled_from(
                [
                    "",
                    "zq80001 a note",
                    f"Total{delimiter}zq80002",
                    "# zq80003 remark",
                    delimiter * 3,
                    '"',
                    "key: zq80004",
                ]
            )
        )
        lines.insert(draw(st.integers(0, len(lines))), note)
    if draw(st.booleans()) and lines:
        lines += ["", *(f"zq7{at:04d}{delimiter}{at}" for at in range(draw(st.integers(1, 6))))]
    text = end.join(lines) + (end if draw(st.booleans()) else "")
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-32", "cp1250"]))
    return draw(damaged(text.encode(encoding, "replace")))


@st.composite
def damaged(draw: st.DrawFn, content: bytes | None = None) -> bytes:
    """Bytes with pieces cut out, doubled, or replaced."""
    found = bytearray(draw(st.sampled_from(_SEEDS)) if content is None else content)
    for _ in range(draw(st.integers(0 if content is not None else 1, 4))):
        at = draw(st.integers(0, len(found)))
        match draw(st.sampled_from(["put", "put", "cut", "double", "set"])):
            case "put":
                sign = draw(st.sampled_from(_SIGNS))
                found[at:at] = sign * draw(st.integers(1, 3))
            case "cut":
                del found[at : at + draw(st.integers(1, 9))]
            case "double":
                found[at:at] = found[max(0, at - draw(st.integers(1, 200))) : at]
            case _:
                found[at : at + 1] = bytes([draw(st.integers(0, 255))])
    return bytes(found)


def _lines(text: str) -> list[str]:
    """The lines that a reader counts: a carriage return among line feeds, alone and rare, ends none."""
    pairs, feeds = text.count("\r\n"), text.count("\n")
    returns = text.count("\r") - pairs
    return text.split("\n") if feeds and returns <= 0.1 * feeds else _ENDS.split(text)


def check(content: bytes, folder: Path, name: str = "data.csv") -> str:
    """Read `content`; "refused", or "read" once it is sure that nothing of it was lost unsaid.

    Raises:
        AssertionError: Something was.
    """
    path = folder / name
    path.write_bytes(content)
    with connect() as con:
        try:
            table = read(con, [path], options=ReadOptions(accept_unsure=True))
        except AifirstError as error:
            assert error.message
            return "refused"
        held = [*table.columns, "_source_line"]
        rows = con.execute(f"SELECT {', '.join(map(ident, held))} FROM {table.relation}").fetchall()
        rejects = con.execute(f'SELECT _source_line, "text" FROM {table.rejects}').fetchall()
        assert len(rows) + len(rejects) == table.records, "rows and rejects are not the records"
        assert len(rejects) == table.rejected
        infer_relation(con, table.relation, table.columns, table.native)
    if table.dialect is None or table.format not in ("csv", "fixed"):
        return "read"
    text = content.decode(table.dialect.encoding, "replace").replace("\0", "")
    said = "\n".join(table.notices)
    found = Counter(mark for row in rows for cell in row[:-1] if cell for mark in _MARK.findall(cell.replace("\0", "")))
    found.update(mark for _, line in rejects for mark in _MARK.findall(line.replace("\0", "").replace("\\x00", "")))
    found.update(_MARK.findall("\n".join(table.source_names).replace("\0", "")))
    missing = Counter(_MARK.findall(text)) - found
    lines = _lines(text)
    above = lines[: table.dialect.skip_rows + table.dialect.header_rows + 1]
    if "above the table" in said:
        missing -= Counter(_MARK.findall("\n".join(above[: table.dialect.skip_rows])))
    missing -= Counter(mark for mark in _MARK.findall("\n".join(above[table.dialect.skip_rows :])) if mark in found)
    if "remarks" in said:
        remarks = (line for line in lines if line.lstrip().startswith("#"))
        missing -= Counter(mark for line in remarks for mark in _MARK.findall(line))
    assert not missing, f"lost unsaid: {sorted(missing)[:5]}; said: {said!r}"
    return "read"
