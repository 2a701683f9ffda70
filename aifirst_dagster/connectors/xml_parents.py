"""What identifies the element that a record of XML stands in: `order` -> `item` keeps the order's number."""

from __future__ import annotations

from collections import Counter
from typing import Any

Path_ = tuple[str, ...]
#: Fields of the element that are looked at.
_FIELDS = 20


class Parents:
    """The nearest element around the records that repeats: its attributes and texts, as far as they precede a record.

    Attributes:
        path: The element's path; None where there is none, and nothing is kept.
        number: How many of them were opened.
    """

    def __init__(self, record: Path_, several: set[Path_]) -> None:
        around = (record[:depth] for depth in range(len(record) - 1, 0, -1))
        self.path = next((path for path in around if path in several), None)
        self.number = 0
        self._held: dict[str, str] = {}
        self._used = False
        self._with_records = 0
        self._values: dict[str, set[int]] = {}
        self._repeated: set[str] = set()
        self._times: Counter[str] = Counter()

    def opened(self, way: list[str], element: Any) -> None:
        """An element begins."""
        if self.path is not None and len(way) == len(self.path) and tuple(way) == self.path:
            self.number += 1
            self._used = False
            self._held = {_local(name): value for name, value in list(element.attrib.items())[:_FIELDS]}

    def closed(self, way: list[str], element: Any) -> None:
        """An element ends."""
        if self.path is None or len(way) != len(self.path) + 1 or tuple(way[:-1]) != self.path:
            return
        if not len(element) and (text := (element.text or "").strip()) and len(self._held) < _FIELDS:
            self._held.setdefault(_local(way[-1]), text)

    def cells(self) -> dict[str, str]:
        """What a record gets of the element that it stands in."""
        if self.path is None:
            return {}
        if not self._used:
            self._used = True
            self._with_records += 1
            for name, value in self._held.items():
                self._times[name] += 1
                seen = self._values.setdefault(name, set())
                if hash(value) in seen:
                    self._repeated.add(name)
                elif name not in self._repeated:
                    seen.add(hash(value))
        return {f"parent.{name}": value for name, value in self._held.items()} | {"parent.record": str(self.number)}

    @property
    def names(self) -> set[str]:
        """All columns that records got so."""
        return {f"parent.{name}" for name in self._times} | ({"parent.record"} if self.path is not None else set())

    def kept(self) -> str | None:
        """The one of these columns that stays: a field that tells the elements apart, else their number."""
        if self.path is None or not self._with_records:
            return None
        able = [
            name
            for name, times in self._times.items()
            if times == self._with_records and name not in self._repeated and len(self._values[name]) == times
        ]
        able.sort(key=lambda name: not name.lower().endswith("id"))
        return f"parent.{able[0]}" if able else "parent.record"


def _local(name: str) -> str:
    return name.rpartition("}")[2]
