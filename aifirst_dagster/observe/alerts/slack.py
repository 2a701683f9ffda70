"""A message as Slack's Block Kit has it; text from data cannot mention, link or break out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aifirst_dagster.observe.alerts.message import Message

#: Slack's own limits: characters of a header and of a section, blocks of a message.
_HEADER, _SECTION, _BLOCKS = 150, 2_900, 45
_ICON = {
    "opened": ":rotating_light:", "updated": ":repeat:", "resolved": ":white_check_mark:", "digest": ":bar_chart:",
    "test": ":wave:",
}  # fmt: skip


def escape(text: str) -> str:
    """`text` so that Slack shows it as it is: no mention, no link, no entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(message: Message) -> dict[str, Any]:
    """The payload of an incoming webhook."""
    icon = ":warning:" if (message.event, message.mark) == ("opened", "warning") else _ICON[message.event]
    head = f"{icon} {message.title}"
    found: list[dict[str, Any]] = [
        # Plain text knows no mentions; it is shown as it is.
        {"type": "header", "text": {"type": "plain_text", "text": _cut(head, _HEADER), "emoji": True}}
    ]
    for heading, lines in message.sections:
        for text in _pieces(f"*{heading}*" if heading else "", lines):
            found.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    foot = " · ".join(escape(part) for part in _foot(message))
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(foot, _SECTION)}]}
    return {"text": _cut(escape(message.title), _SECTION), "blocks": [*found[:_BLOCKS], context]}


def _pieces(heading: str, lines: list[str]) -> Iterator[str]:
    """Sections below Slack's limit; a line that is too long by itself is cut before it is escaped."""
    at_hand = heading
    for line in lines:
        shown = escape(line)
        while len(shown) > _SECTION - 10:
            line = line[: len(line) * 3 // 4]
            shown = escape(line + "…")
        shown = f"• {shown}" if heading else shown
        if at_hand and len(at_hand) + len(shown) + 1 > _SECTION:
            yield at_hand
            at_hand = ""
        at_hand = f"{at_hand}\n{shown}" if at_hand else shown
    if at_hand.strip():
        yield at_hand


def _foot(message: Message) -> list[str]:
    context = message.alert.get("context") or {}
    named = [f"{name} {context[name]}" for name in ("pipeline", "step", "partition", "run_id") if context.get(name)]
    return [*named, message.alert.get("key", ""), message.id, message.at]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
