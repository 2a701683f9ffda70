"""XML: the element that repeats is the record; attributes and nested elements become columns. Nothing is fetched or
expanded on the document's behalf."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aifirst_dagster.connectors.base import Connector, Part, ReadOptions
from aifirst_dagster.connectors.names import unique_names
from aifirst_dagster.connectors.source import Scratch, Source
from aifirst_dagster.connectors.xml_parents import Parents
from aifirst_dagster.datasets.session import LINE, SOURCE, ident, literal
from aifirst_dagster.errors import ConfigError, InputError

if TYPE_CHECKING:
    import duckdb

#: Elements that are looked at to find the record.
_SAMPLE = 200_000
#: The record holds at least this share of all values.
_MOST = 0.5
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "remove_comments": True}
Path_ = tuple[str, ...]


@dataclass
class _Shape:
    """What the beginning of a document is like.

    Attributes:
        counts: Elements at each path.
        values: Texts and attributes at and below each path.
        inner: Paths of elements that hold elements.
        several: Paths that stand more than once in their parent.
    """

    counts: Counter[Path_] = field(default_factory=Counter)
    values: Counter[Path_] = field(default_factory=Counter)
    inner: set[Path_] = field(default_factory=set)
    several: set[Path_] = field(default_factory=set)


def read_xml(con: duckdb.DuckDBPyConnection, source: Source, options: ReadOptions, scratch: Scratch) -> Part:
    """Read the records of an XML document; `#name` or `#path/to/name` chooses which elements they are.

    Raises:
        InputError: It is no well-formed XML; says where.
        ConfigError: There is no such element.
    """
    from lxml import etree

    try:
        shape = _shape(source.path)
        record, notices = _record(shape, source.sheet or options.sheet, source)
        rows = scratch.new(".jsonl")
        names, count = _copy(source.path, record, shape, rows)
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"Not well-formed XML: {error.msg}.", hint="Mend it, or fetch it again.", file=source.given,
            line=error.lineno or None,
        ) from error  # fmt: skip
    if not names:
        return Part(f"SELECT {literal(source.given)}::VARCHAR AS {SOURCE}, 0::BIGINT AS {LINE} WHERE false", [], [], 0)
    columns = unique_names(list(names))
    spec = ", ".join([f"'c{at}': 'VARCHAR'" for at in names.values()] + ["'line': 'BIGINT'"])
    size = max(rows.stat().st_size + 64, 1 << 20)
    cells = [f"c{at} AS {ident(column)}" for at, column in zip(names.values(), columns, strict=True)]
    scan = (
        f"read_json({literal(rows)}, format = 'newline_delimited', columns = {{{spec}}}, "
        f"maximum_object_size = {min(size, 2**31)})"
    )
    query = f"SELECT {', '.join(cells)}, {literal(source.given)}::VARCHAR AS {SOURCE}, line AS {LINE} FROM {scan}"
    return Part(query, columns, list(names), count, notices=notices)


def _shape(path: Path) -> _Shape:
    """Look at the beginning."""
    from lxml import etree

    shape = _Shape()
    way: list[str] = []
    children: list[Counter[str]] = []
    seen = 0
    for event, element in etree.iterparse(path, events=("start", "end"), **_SAFE):
        if event == "start":
            tag = element.tag
            if children:
                children[-1][tag] += 1
                shape.inner.add(tuple(way))
            way.append(tag)
            children.append(Counter())
            shape.counts[tuple(way)] += 1
            seen += 1
            continue
        held = len(element.attrib) + (not len(element) and bool((element.text or "").strip()))
        place = tuple(way)
        if held:
            for depth in range(1, len(place) + 1):
                shape.values[place[:depth]] += held
        shape.several.update((*place, tag) for tag, count in children.pop().items() if count > 1)
        way.pop()
        if len(way) > 1:
            _forget(element)
        if seen >= _SAMPLE:
            for depth in range(1, len(way) + 1):  # elements still open: their children so far
                shape.several.update((*way[:depth], tag) for tag, n in children[depth - 1].items() if n > 1)
            break
    return shape


def _record(shape: _Shape, wanted: str | None, source: Source) -> tuple[Path_, list[str]]:
    """The path of the elements that are records, and what to say of others."""
    if wanted is not None:
        steps = tuple(step for step in wanted.split("/") if step)
        found = [path for path in shape.counts if tuple(map(_local, path[-len(steps) :])) == steps]
        if not found:
            listed = ", ".join(dict.fromkeys(_local(path[-1]) for path in shape.counts if path in shape.inner))
            raise ConfigError(f"There is no element {wanted!r}.", hint=f"Elements: {listed[:300]}.", file=source.given)
        return max(found, key=lambda path: shape.counts[path]), []
    root = next(iter(shape.counts))
    total = max(shape.values[root], 1)
    repeated = [
        path
        for path in shape.several
        if shape.values[path] >= _MOST * total or (shape.values[path] == shape.values[root] == 0)
    ]
    if repeated:
        best = min(repeated, key=lambda path: (len(path), -shape.values[path]))
        others = [
            f"{_local(path[-1])} ({shape.counts[path]})"
            for path in sorted(shape.several, key=lambda path: -shape.counts[path])
            if path != best and path[: len(best)] != best and path in shape.inner
        ]
        said = f"The rows are the elements <{_local(best[-1])}>."
        if others:
            said += f" Others repeat too: {', '.join(others[:5])}; to read one: {source.given}#{others[0].split()[0]}"
        return best, [said] if others else []
    # A document of one record: the deepest element that holds all values.
    best = root
    while True:
        inner = [path for path in shape.inner if path[:-1] == best and shape.values[path] == shape.values[root]]
        if len(inner) != 1:
            return best, []
        best = inner[0]


def _copy(path: Path, record: Path_, shape: _Shape, target: Path) -> tuple[dict[str, int], int]:
    """Write each record as a line of JSON; returns the columns' names with their places, and the number of records."""
    from lxml import etree

    names: dict[str, int] = {}
    count, parents = 0, Parents(record, shape.several)
    several = {one[len(record) :] for one in shape.several if one[: len(record)] == record}
    with target.open("w", encoding="utf-8") as out:
        way: list[str] = []
        for event, element in etree.iterparse(path, events=("start", "end"), **_SAFE):
            if event == "start":
                way.append(element.tag)
                parents.opened(way, element)
                continue
            parents.closed(way, element)
            if len(way) == len(record) and tuple(way) == record:
                count += 1
                cells: dict[str, Any] = {}
                for name, value in [*parents.cells().items(), *_values(element, "", (), several)]:
                    at = names.setdefault(name, len(names))
                    cells[f"c{at}"] = value
                cells["line"] = count
                out.write(json.dumps(cells, ensure_ascii=False) + "\n")
            way.pop()
            if len(way) < len(record):
                _forget(element)
    left_out = parents.names - {parents.kept()}
    return {name: at for name, at in names.items() if name not in left_out}, count


def _values(element: Any, prefix: str, place: Path_, several: set[Path_]) -> Iterator[tuple[str, str]]:
    """A record's columns: attributes, then elements; what stands more than once as a JSON list."""
    taken: set[str] = set()
    for name, value in element.attrib.items():
        taken.add(_local(name))
        yield prefix + _local(name), value
    groups: dict[str, list[Any]] = {}
    for child in element:
        if isinstance(child.tag, str):
            groups.setdefault(child.tag, []).append(child)
    if not groups or _is_mixed(element):
        text = _text(element)
        if text or not prefix:
            own = prefix.removesuffix(".") or "value"
            if text:
                yield own, text
        return
    for tag, children in groups.items():
        local = _local(tag)
        name = f"{children[0].prefix}:{local}" if local in taken and children[0].prefix else local
        name = f"{name}.value" if name in taken else name
        taken.add(name)
        inner = (*place, tag)
        if len(children) > 1 or inner in several:
            yield prefix + name, json.dumps([_tree(child) for child in children], ensure_ascii=False)
        else:
            yield from _values(children[0], f"{prefix}{name}.", inner, several)


def _tree(element: Any) -> Any:
    """An element of a list: its text, or an object of its columns."""
    held = dict(_values(element, "", (), set()))
    return held.get("value") if not held or list(held) == ["value"] else held


def _text(element: Any) -> str:
    """An element's text; of one with text and elements in a row, what stands in it, marks included."""
    from lxml import etree

    if not len(element):
        return (element.text or "").strip()
    parts = [element.text or ""]
    parts += [etree.tostring(child, encoding="unicode", with_tail=True) for child in element]
    return "".join(parts).strip()


def _is_mixed(element: Any) -> bool:
    """Whether text stands between its elements: then it is a text with marks, no record."""
    if (element.text or "").strip():
        return True
    return any((child.tail or "").strip() for child in element)


def _local(tag: Any) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else "&"


def _forget(element: Any) -> None:
    """Free an element that was read, and what stands before it."""
    element.clear(keep_tail=True)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


CONNECTOR = Connector("xml", read_xml)
