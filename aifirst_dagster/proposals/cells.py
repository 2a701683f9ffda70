"""A text as one cell of a Markdown table."""

from __future__ import annotations


def cell(text: str, length: int = 80) -> str:
    """`text` on one line, cut, with nothing in it that could end the cell or become a link or a tag."""
    plain = " ".join(text.split()).replace("|", "\\|").replace("`", "'").replace("<", "&lt;").replace("[", "\\[")
    return plain if len(plain) <= length else f"{plain[: length - 3]}..."
