"""Which lines of a YAML text belong to one entry, so that it can be taken out or put in without touching the others."""

from __future__ import annotations

from dataclasses import dataclass

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode


@dataclass(frozen=True)
class Entry:
    """An entry of a block mapping or list.

    Attributes:
        lead: 0-based line where its own comments begin: those right above it.
        start: Its first line.
        end: The line after its last one; comments below belong to what follows.
        column: 0-based column of its dash or key.
    """

    lead: int
    start: int
    end: int
    column: int


def entries(node: Node | None, lines: list[str]) -> list[Entry] | None:
    """The entries of a mapping or list in block style; None where it is in flow style, or not one of them."""
    if not isinstance(node, CollectionNode) or node.flow_style:
        return None
    if isinstance(node, MappingNode):
        pairs = [(key, value) for key, value in node.value]
        columns = [key.start_mark.column for key, _ in pairs]
    else:
        pairs = [(value, value) for value in node.value]
        columns = [node.start_mark.column] * len(pairs)
    found: list[Entry] = []
    for (key, value), column in zip(pairs, columns, strict=True):
        start = _first_line(key, column, lines, isinstance(node, SequenceNode))
        end = max(_last_line(value, lines), start) + 1
        found.append(Entry(_lead(start, found[-1].end if found else 0, lines), start, end, column))
    return found


def _first_line(node: Node, column: int, lines: list[str], item: bool) -> int:
    """The line of a key, or of an item's dash (an item may begin below its dash)."""
    line = node.start_mark.line
    while item and line > 0 and not lines[line][column:].startswith("-"):
        line -= 1
    return line


def _last_line(node: Node, lines: list[str]) -> int:
    """The last line of a value: the end mark of a block lies behind the comments that follow it."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last, lines)
    end = node.end_mark
    line = end.line
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        line = end.line - 1 if end.column == 0 or end.line >= len(lines) else end.line
        while line > node.start_mark.line and not lines[line].strip():
            line -= 1
    return min(line, len(lines) - 1)


def _lead(start: int, after: int, lines: list[str]) -> int:
    """The first of the comment lines right above a line."""
    while start > after and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start
