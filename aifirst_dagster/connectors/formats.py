"""Which format a file has: by its content first, by its suffix where the content leaves a choice."""

from __future__ import annotations

import json
import re
import zipfile

from aifirst_dagster.connectors.source import Source
from aifirst_dagster.errors import InputError

_SUFFIXES = {
    ".json": "json", ".geojson": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonlines": "jsonl",
    ".parquet": "parquet", ".pq": "parquet", ".xls": "excel",
    ".xml": "xml", ".html": "html", ".htm": "html", ".xhtml": "html",
}  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0"
_BINARY = {
    b"%PDF-": ("a PDF document", "PDF is not read yet: export its table as CSV."),
    b"\x89PNG": ("a PNG image", "Images are not read yet: transcribe the table to CSV."),
    b"\xff\xd8\xff": ("a JPEG image", "Images are not read yet: transcribe the table to CSV."),
    b"GIF8": ("a GIF image", "Images are not read yet: transcribe the table to CSV."),
    _OLE: ("an old Office document", "Save its table as CSV or xlsx."),
    b"ARROW1": ("an Arrow file", "Save it as Parquet."),
    b"FEA1": ("a Feather file", "Save it as Parquet."),
    b"ORC": ("an ORC file", "Save it as Parquet."),
    b"\x7fELF": ("a program", "Name a data file."),
    b"MZ\x90": ("a program", "Name a data file."),
    b"RIFF": ("audio or video", "Audio is not read yet."),
    b"ID3": ("an MP3 file", "Audio is not read yet."),
    b"7z\xbc\xaf": ("a 7z archive", "Unpack it first."),
    b"Rar!": ("a RAR archive", "Unpack it first."),
    b"\x80\x04\x95": ("a Python pickle", "Save it as Parquet: unpickling runs code that the file holds."),
}
_MAGIC = {b"PAR1": "parquet", b"SQLite format 3\x00": "sqlite", b"Obj\x01": "avro"}
_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def detect(source: Source) -> str:
    """The name of the connector that reads `source`.

    Raises:
        InputError: It is of a kind that is not read; says what it looks like, and what to do.
    """
    head = source.head()
    known = next((form for magic, form in _MAGIC.items() if head.startswith(magic)), None)
    if known:
        return known
    if _is_workbook(head, source):
        return "excel"
    if source.size:
        _refuse_binary(head, source)
    by_suffix = _SUFFIXES.get(source.suffix)
    text = _plain_start(head)
    if text.startswith("<") and (form := _marked_up(text, by_suffix)):
        return form
    if by_suffix in ("json", "jsonl"):
        looks = text.startswith(("[", "{")) or not text or _SCALAR.match(text)
        return _json_kind(text, by_suffix == "jsonl") or by_suffix if looks else "csv"
    if by_suffix == "parquet" or source.suffix not in (".csv", ".tsv", ".tab", ".psv", ".dat"):
        return _json_kind(text) or _text_kind(head, source)
    if _JSON_RECORD.match(text):
        return _json_kind(text) or "csv"
    return _text_kind(head, source)


def _text_kind(head: bytes, source: Source) -> str:
    """ "fixed" where columns stand at the same places in every line and nothing delimits them, else "csv"."""
    from aifirst_dagster.connectors.fixed import looks_fixed

    return "fixed" if source.suffix not in (".tsv", ".tab", ".psv") and looks_fixed(head) else "csv"


#: An element at the beginning of a line: more than a cell in angle brackets.
_ELEMENT = re.compile(r"""<[^\W\d][\w:.-]*(\s+[\w:.-]+\s*=\s*("[^"<]*"|'[^'<]*'))*\s*>\s*<[^\W\d]""")
_SCALAR = re.compile(r'^("|-?\d+(\.\d+)?\s*$|true\s*$|false\s*$|null\s*$)')
_JSON_RECORD = re.compile(r'^\s*[\[{]?\s*\{\s*"[^"\n]*"\s*:')


def _marked_up(text: str, by_suffix: str | None) -> str | None:
    """ "html" or "xml" where a text that begins with `<` is such a document, else None: it may be a table's cell."""
    start = text[:4096].lower()
    if re.match(r"<(!doctype\s+html|html|table|body|head)\b", start):
        return "html"
    if start.startswith(("<?xml", "<!doctype", "<!--")):
        return "html" if re.search(r"<html\b|<!doctype\s+html", start) or by_suffix == "html" else "xml"
    if by_suffix in ("xml", "html"):
        return by_suffix if re.match(r"<[^\W\d]", start) else None
    return "xml" if by_suffix is None and _ELEMENT.match(text) else None


def _json_kind(text: str, named_lines: bool = False) -> str | None:
    """ "json" or "jsonl" where a text begins as such, else None; one named as lines may have a bad second line."""
    if not _JSON_RECORD.match(text) and not re.match(r"\[\s*(\[|\{|-?\d|\")", text):
        return None
    first, _, rest = text.partition("\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return "json"
    return "jsonl" if rest.lstrip().startswith(("{", "[")) or (named_lines and rest.strip()) else "json"


def _plain_start(head: bytes) -> str:
    """The beginning as text, whatever its encoding, without white space before it."""
    return head.replace(b"\x00", b"").decode("utf-8", "replace").lstrip("\ufeff\ufffd \t\r\n")


def _refuse_binary(head: bytes, source: Source) -> None:
    """Raise where the first bytes are those of something else than text."""
    for magic, (what, hint) in _BINARY.items():
        if head.startswith(magic):
            raise InputError(f"This is {what}, not a table as text.", hint=hint, file=source.given)
    if head[8:12] == b"DUCK":
        raise InputError("This is a DuckDB database.", hint="Export the table as Parquet.", file=source.given)
    if head.startswith(b"PK\x03\x04"):
        what, hint = "an office document", "Save its table as CSV."
        raise InputError(f"This is {what}, not a table as text.", hint=hint, file=source.given)
    if not head.startswith(_TEXT_MARKS) and _is_binary(head):
        raise InputError(
            "This is binary data of an unknown kind, not a table as text.",
            hint="Name a CSV, JSON or Parquet file; if it is text, name its encoding.",
            file=source.given,
        )


def _is_workbook(head: bytes, source: Source) -> bool:
    """Whether it is a spreadsheet: xlsx, xlsm, xlsb, ods, or an old xls."""
    if head.startswith(_OLE):
        return source.suffix in (".xls", ".xlt", ".xla") or b"W\0o\0r\0k\0b\0o\0o\0k" in source.path.read_bytes()
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        names = zipfile.ZipFile(source.path).namelist()
    except (zipfile.BadZipFile, OSError):
        return source.suffix in (".xlsx", ".xlsm", ".xlsb", ".ods")
    sheets = b"application/vnd.oasis.opendocument.spreadsheet"
    return any(name.startswith("xl/") for name in names) or ("content.xml" in names and sheets in head[:200])


def _is_binary(head: bytes) -> bool:
    """Whether bytes are no text: many control characters, which are not those of UTF-16 or UTF-32."""
    if not head:
        return False
    zeros = [head[start::4].count(0) for start in range(4)]
    if sum(zeros) > len(head) * 0.2:  # UTF-16 and UTF-32 without a mark: zeros at regular places
        return not (max(zeros) > len(head) / 4 * 0.6 and min(zeros) < len(head) / 4 * 0.2)
    controls = sum(head.count(code) for code in range(32) if code not in (0, 7, 9, 10, 12, 13, 27, 28, 29, 30, 31, 1))
    return controls > len(head) * 0.05
