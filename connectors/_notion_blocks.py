"""Notion's rich text and blocks, as little of them as an assistant needs: plain text in, plain text out.

Text becomes paragraphs, nothing else: no links, mentions, buttons or embeds can be written through it. Reading
keeps the words and the kind of line (heading, list, to-do, quote), and drops colours, files and everything
unknown. A file's own address is left out on purpose: for an hour it opens the file to whoever holds it.

Source: developers.notion.com, "Block", "Rich text", "Request limits" (archived copies read on 2026-11-24): 2,000
characters in one text, 100 texts in one list, 100 blocks in one request. What Notion counts as a character is
not documented [U]; UTF-16 units are assumed, the smaller measure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LONGEST_TEXT = 2_000
MOST_BLOCKS = 100
_MARKS = {
    "heading_1": "# ", "heading_2": "## ", "heading_3": "### ", "heading_4": "#### ",
    "bulleted_list_item": "- ", "numbered_list_item": "1. ", "quote": "> ",
}  # fmt: skip
_LINKS = frozenset({"bookmark", "embed", "link_preview"})


def rich(text: str) -> list[dict[str, Any]]:
    """`text` as a rich text list, in pieces that are short enough."""
    return [{"type": "text", "text": {"content": piece}} for piece in _pieces(_sendable(text))]


def paragraphs(text: str) -> list[dict[str, Any]]:
    """The blocks of `text`: a blank line starts a new one. More than MOST_BLOCKS are the caller's to refuse."""
    lines = _sendable(text).replace("\r\n", "\n").replace("\r", "\n")
    parts = [part.strip("\n") for part in lines.split("\n\n")]
    return [{"type": "paragraph", "paragraph": {"rich_text": rich(part)}} for part in parts if part.strip()]


def plain(rich_text: Any) -> str:
    """The words of a rich text list; empty for anything that is none."""
    if not isinstance(rich_text, list):
        return ""
    return "".join(_words(one) for one in rich_text)


def line(block: Any) -> str:
    """What a block says itself, without what is inside it."""
    kind = str(block.get("type")) if isinstance(block, dict) else ""
    content = block.get(kind) if kind else None
    if not isinstance(content, dict):
        return ""
    if kind == "divider":
        return "---"
    if kind == "to_do":
        return f"[{'x' if content.get('checked') is True else ' '}] {plain(content.get('rich_text'))}"
    return _MARKS.get(kind, "") + _inner(kind, content)


def _inner(kind: str, content: dict[str, Any]) -> str:
    """The words of a block, wherever its kind keeps them."""
    if kind == "table_row":
        cells = content.get("cells")
        return " | ".join(plain(cell) for cell in cells) if isinstance(cells, list) else ""
    if kind in ("child_page", "child_database"):
        return _text(content.get("title"))
    if kind == "equation":
        return _text(content.get("expression"))
    if kind in _LINKS:
        return " ".join(filter(None, (plain(content.get("caption")), _text(content.get("url")))))
    return plain(content.get("rich_text")) or plain(content.get("caption")) or _text(content.get("name"))


def _words(piece: Any) -> str:
    if not isinstance(piece, dict):
        return ""
    told = piece.get("plain_text")
    if isinstance(told, str):
        return told
    text = piece.get("text")
    return _text(text.get("content")) if isinstance(text, dict) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _sendable(text: str) -> str:
    """Without what is no text (halves of surrogate pairs, NUL): Notion would refuse the whole request."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def _pieces(text: str) -> Iterator[str]:
    start, length = 0, 0
    for place, char in enumerate(text):
        width = 2 if ord(char) > 0xFFFF else 1
        if length + width > LONGEST_TEXT:
            yield text[start:place]
            start, length = place, 0
        length += width
    if text[start:]:
        yield text[start:]
