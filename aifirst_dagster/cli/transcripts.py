"""A conversation with tools, as people read it."""

from __future__ import annotations

import json
from typing import Any

import click


def show(answer: dict[str, Any]) -> None:
    """Turn by turn: what was asked, what was looked up, what came of it."""
    of = " / ".join(part for part in (answer["pipeline"], answer["step"], answer["task"]) if part)
    usage = answer["usage"]
    click.echo(
        f"{answer['id']} {answer['at']} {of}: {answer['ended']} after {answer['turns']} turns, "
        f"{answer['seconds']:.1f} s, ${usage['cost_usd']:.4f}"
    )
    _part("system", answer["system"])
    for message in answer["messages"]:
        for part in message["content"]:
            _part(*_told(message["role"], part))


def _told(role: str, part: dict[str, Any]) -> tuple[str, str]:
    match part["type"]:
        case "tool_call":
            return f"{role} calls {part['name']}", json.dumps(part["arguments"], ensure_ascii=False, indent=1)
        case "tool_result":
            texts = [inner.get("text") or f"({inner['type']})" for inner in part["content"]]
            return f"{part['name']} {'fails' if part['is_error'] else 'says'}", "\n".join(texts)
        case "provider":
            return f"{role} thinks", part["block"].get("thinking") or "(not shown)"
        case "text":
            return role, part["text"]
    return role, f"({part['type']})"


def _part(title: str, text: str) -> None:
    click.secho(f"--- {title} ---", dim=True)
    click.echo(text)
