"""How steps hang together: unique keys, `needs` by name or key, no cycles, and as many inputs as the step type takes.

Works on whatever could be read of each step, so that one wrong step does not hide what is wrong with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from aifirst_dagster.pipelines.slugs import slug

Path = tuple["str | int", ...]


@dataclass(frozen=True)
class Node:
    """What the graph has to know of a step; None where it could not be read."""

    name: str | None
    key: str | None
    needs: tuple[str, ...] | None
    inputs: tuple[int, int | None] | None
    needs_is_text: bool = False
    type: str = ""


@dataclass(frozen=True)
class Issue:
    """Something wrong at a path of the pipeline's data."""

    path: Path
    message: str
    hint: str = ""
    on_key: bool = False


@dataclass
class Graph:
    """The steps' inputs by key, an order in which they can run, and what is wrong."""

    inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    issues: list[Issue] = field(default_factory=list)


def key_of(node: Node) -> str | None:
    """A step's key: its own, or the slug of its name."""
    return node.key or (slug(node.name) if node.name else None)


def connect(nodes: Sequence[Node]) -> Graph:
    """Resolve every `needs` to keys and find what is wrong; issues are in the order of the steps."""
    graph = Graph()
    keys = [key_of(node) or f"?{index}" for index, node in enumerate(nodes)]
    _duplicates(nodes, keys, graph)
    previous: str | None = None
    for index, (node, key) in enumerate(zip(nodes, keys, strict=True)):
        if node.needs is None:
            source = node.inputs is not None and node.inputs[1] == 0
            graph.inputs.setdefault(key, (previous,) if previous and not source else ())
        else:
            graph.inputs.setdefault(key, _resolve(index, node, nodes, keys, graph))
        _count(index, node, graph.inputs[key], graph)
        previous = key
    _sort(keys, nodes, graph)
    return graph


def _duplicates(nodes: Sequence[Node], keys: Sequence[str], graph: Graph) -> None:
    """Names and keys that stand twice; keys are compared as case-blind file systems do."""
    seen: dict[str, int] = {}
    for index, (node, key) in enumerate(zip(nodes, keys, strict=True)):
        first = seen.setdefault(key.casefold(), index)
        if first == index:
            continue
        field_name = "key" if node.key else "name"
        other = nodes[first]
        if node.name and node.name == other.name and not node.key:
            message = f"two steps are named {node.name!r} (steps {first + 1} and {index + 1})"
        else:
            message = f"the steps {other.name!r} and {node.name!r} have the same key `{key}`"
        graph.issues.append(
            Issue(("steps", index, field_name), message, "Give one of them another name or a `key` of its own.")
        )


def _resolve(index: int, node: Node, nodes: Sequence[Node], keys: Sequence[str], graph: Graph) -> tuple[str, ...]:
    """The keys of the steps that a step names in `needs`."""
    names: dict[str, list[int]] = {}
    for position, (other, key) in enumerate(zip(nodes, keys, strict=True)):
        for label in {key, other.name} - {None}:
            names.setdefault(str(label), []).append(position)
    found: list[str] = []
    for position, wanted in enumerate(node.needs or ()):
        path: Path = ("steps", index, "needs") if node.needs_is_text else ("steps", index, "needs", position)
        matches = names.get(wanted, [])
        if len({keys[match] for match in matches}) > 1:
            ways = " and ".join(f"step {match + 1} (key `{keys[match]}`)" for match in matches)
            graph.issues.append(
                Issue(path, f"`needs` {wanted!r} may mean {ways}", "Use a key that only one of them has.")
            )
        elif not matches:
            labels = [name for name in names if not name.startswith("?")]
            near = get_close_matches(wanted, labels, n=1) or get_close_matches(slug(wanted), labels, n=1)
            others = ", ".join(other.name for other in nodes if other.name and other is not node)
            hint = f"Did you mean {near[0]!r}?" if near else f"Steps: {others or 'there is no other'}."
            graph.issues.append(Issue(path, f"`needs` names {wanted!r}, which is no step of this pipeline", hint))
        elif keys[matches[0]] in found:
            graph.issues.append(Issue(path, f"`needs` names {wanted!r} twice", "Name each input once."))
        else:
            found.append(keys[matches[0]])
    return tuple(found)


def _count(index: int, node: Node, inputs: tuple[str, ...], graph: Graph) -> None:
    """Whether a step has as many inputs as its type takes. Names that are no step count: they were meant as inputs."""
    if node.inputs is None:
        return
    least, most = node.inputs
    given = len(node.needs) if node.needs is not None else len(inputs)
    if given < least:
        what = "an input" if least == 1 else f"at least {least} inputs"
        hint = "Put it after the step that it reads, or name that step in `needs`."
        graph.issues.append(
            Issue(("steps", index, "needs"), f"a step of type {node.type} needs {what}, this has {given}", hint)
        )
    elif most is not None and given > most:
        what = "no input" if most == 0 else "one input" if most == 1 else f"at most {most} inputs"
        hint = "Remove `needs`." if most == 0 else "Join the inputs with a step of type sql first."
        graph.issues.append(
            Issue(("steps", index, "needs"), f"a step of type {node.type} takes {what}, this has {given}", hint)
        )


def _sort(keys: Sequence[str], nodes: Sequence[Node], graph: Graph) -> None:
    """Order the steps so that inputs come first (the file's order where free); a cycle is named as it runs."""
    labels = {key: node.name or key for key, node in zip(keys, nodes, strict=True)}
    waiting = {key: {need for need in needs if need in graph.inputs} for key, needs in graph.inputs.items()}
    order: list[str] = []
    done: set[str] = set()
    while ready := [key for key in waiting if key not in done and waiting[key] <= done]:
        order += ready
        done.update(ready)
    graph.order = tuple(order)
    rest = {key: waiting[key] - done for key in waiting if key not in done}
    while rest:
        walk, at = list[str](), next(iter(rest))
        while at not in walk:
            walk.append(at)
            at = next(need for need in graph.inputs[at] if need in rest)
        # `walk` goes from a step to what it needs: reversed, it runs with the data.
        cycle = walk[walk.index(at) :][::-1]
        start = min(range(len(cycle)), key=lambda position: keys.index(cycle[position]))
        cycle = cycle[start:] + cycle[:start]
        path = " -> ".join(labels[key] for key in (*cycle, cycle[0]))
        hint = "A step cannot need its own result: change one of these `needs`."
        graph.issues.append(Issue(("steps", keys.index(cycle[0]), "needs"), f"the steps run in a circle: {path}", hint))
        gone = set(cycle)
        while gone:
            rest = {key: needs for key, needs in rest.items() if key not in gone}
            gone = {key for key, needs in rest.items() if not needs & rest.keys()}


def plain(value: Any) -> tuple[str, ...] | None:
    """`needs` as written (text or a list of text) as a tuple; None where absent or of another kind."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None
