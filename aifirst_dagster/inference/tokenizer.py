"""One delimited record to its cells, under a given dialect; lenient where quotes stand wrong, and saying so."""

from __future__ import annotations

import csv
import re
from typing import Literal

Status = Literal["ok", "open", "odd"]
"""ok: as it should be; open: a quoted cell does not end here, the record may go on in the next line; odd: quotes stand
inside a quoted cell, undoubled."""


class Tokenizer:
    """Splits records of one dialect.

    Args:
        delimiter: One or more characters; "" where the file has one column.
        quotechar: One character, or None where nothing is quoted.
        escapechar: One character that takes the meaning from the next, or None. A doubled quote always stands for one.
    """

    def __init__(self, delimiter: str, quotechar: str | None, escapechar: str | None = None) -> None:
        self.delimiter, self.quotechar, self.escapechar = delimiter, quotechar, escapechar
        d = re.escape(delimiter)
        end = f"(?={d}|\\Z)" if delimiter else "\\Z"
        escape = re.escape(escapechar) if escapechar and escapechar != quotechar else ""
        if len(delimiter) == 1:
            plain = f"[^{d}{escape}]*(?:{escape}.[^{d}{escape}]*)*{escape}?" if escape else f"[^{d}]*"
        else:
            plain = f"(?:(?!{d}).)*" if delimiter else ".*"
        self._plain = re.compile(plain, re.DOTALL)
        blank = "[ \\t]*" if delimiter and not delimiter.isspace() else ""
        self._escaped = re.compile(f"{escape}(.)", re.DOTALL) if escape else None
        self._tidy: re.Pattern[str] | None = None
        self._searched: tuple[str, int] = ("", -1)
        if quotechar is None:
            return
        q = re.escape(quotechar)
        ordinary = f"[^{q}{escape}]*"
        special = f"(?:{q}{q}|{escape}.)" if escape else f"{q}{q}"
        self._opening = re.compile(f"{blank}{q}", re.DOTALL)
        self._quoted = re.compile(f"{blank}{q}({ordinary}(?:{special}{ordinary})*){q}{blank}{end}", re.DOTALL)
        self._begun = re.compile(f"{blank}{q}{ordinary}(?:{special}{ordinary})*", re.DOTALL)
        self._loose = re.compile(f"{blank}{q}(.*?){q}{blank}{end}", re.DOTALL)
        self._closing = re.compile(f"{q}{blank}{end}")
        if len(delimiter) == 1 and not escape:
            cell = f"(?:{q}[^{q}]*(?:{q}{q}[^{q}]*)*{q}|(?!{blank}{q})[^{d}\\r\\n]*)"
            self._tidy = re.compile(f"{cell}(?:{d}{cell})*")

    def split(self, record: str) -> tuple[list[str], Status]:
        """The cells of `record` (without its line end), and whether its quotes are in order."""
        quoted = self.quotechar is not None and self.quotechar in record
        if not quoted and not (self.escapechar and self.escapechar in record):
            return (record.split(self.delimiter) if self.delimiter else [record]), "ok"
        if self._tidy and self._tidy.fullmatch(record):
            try:
                # What is beyond doubt is read twice as fast by Python's own reader.
                return next(csv.reader((record,), delimiter=self.delimiter, quotechar=self.quotechar)), "ok"
            except csv.Error:  # a cell too long for it
                pass
        return self._walk(record)

    def may_close(self, line: str) -> bool:
        """Whether a quoted cell that began in an earlier line may end in this one."""
        return self.quotechar is not None and self.quotechar in line and self._closing.search(line) is not None

    def _walk(self, record: str) -> tuple[list[str], Status]:
        cells: list[str] = []
        status: Status = "ok"
        position, size, step = 0, len(record), len(self.delimiter)
        while True:
            match, cell, state = self._cell(record, position)
            status = state if status == "ok" or state == "open" else status
            cells.append(cell)
            position = match
            if position >= size or not step:
                return cells, status
            position += step

    def _cell(self, record: str, position: int) -> tuple[int, str, Status]:
        """Where the cell at `position` ends, its text, and what its quotes say."""
        if self.quotechar and (opening := self._opening.match(record, position)):
            if match := self._quoted.match(record, position):
                return match.end(), self._unescaped(match.group(1)), "ok"
            # With no single quote after the opening one the cell is open; any other is a quote that was not doubled.
            begun = self._begun.match(record, position)
            closes = begun is not None and begun.end() < len(record)
            closes = closes and self._last_closing(record) >= opening.end()
            if closes and (match := self._loose.match(record, position)):
                return match.end(), self._unescaped(match.group(1)), "odd"
            match = self._plain.match(record, position)
            return match.end() if match else len(record), match.group() if match else "", "open"
        match = self._plain.match(record, position)
        text = match.group() if match else ""
        if self._escaped and self.escapechar and self.escapechar in text:
            text = self._escaped.sub(r"\1", text)
        return match.end() if match else len(record), text, "ok"

    def _last_closing(self, record: str) -> int:
        """Where the record's last quote that may close a cell stands, or -1: behind it none is looked for.

        Else a line of many stray quotes would be searched to its end for each of them.
        """
        if self._searched[0] != record:
            self._searched = (record, max((match.start() for match in self._closing.finditer(record)), default=-1))
        return self._searched[1]

    def _unescaped(self, text: str) -> str:
        q = self.quotechar or ""
        if self._escaped and self.escapechar and self.escapechar in text:
            text = self._escaped.sub(r"\1", text.replace(q + q, (self.escapechar or "") + q))
            return text
        return text.replace(q + q, q) if q in text else text
