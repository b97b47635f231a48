"""Atlassian Document Format, as little of it as an assistant needs: plain text in, plain text out.

Jira's REST API v3 takes and gives rich text (descriptions, comments) only in this format. Text becomes
paragraphs and line breaks, nothing else: no links, mentions or macros can be written through it. Reading
keeps the words and the line structure and drops marks, media and everything unknown.

Source: developer.atlassian.com/cloud/jira/platform/apis/document/structure (archived copy read on
2026-11-24).
"""

from __future__ import annotations

from typing import Any

_BLOCKS = frozenset(
    {"paragraph", "heading", "codeBlock", "listItem", "tableRow", "taskItem", "decisionItem", "rule"}
)
_DEEPEST = 40


def document(text: str) -> dict[str, Any]:
    """The document of `text`: a blank line starts a paragraph, a line end is a hard break."""
    sendable = text.encode("utf-8", "ignore").decode().replace("\0", "")
    lines = sendable.replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = [part.strip("\n") for part in lines.split("\n\n")]
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in paragraphs if part.strip()]}


def plain(node: Any) -> str:
    """The words of a document; empty for None or anything that is no document. Deeper than 40 levels is
    left out."""
    pieces: list[str] = []
    _collect(node, pieces, 0)
    lines = [line.rstrip() for line in "".join(pieces).split("\n")]
    return "\n".join(lines).strip()


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for line in text.split("\n"):
        if content:
            content.append({"type": "hardBreak"})
        if line:
            content.append({"type": "text", "text": line})
    return {"type": "paragraph", "content": content}


def _collect(node: Any, pieces: list[str], depth: int) -> None:
    if not isinstance(node, dict) or depth > _DEEPEST:
        return
    kind = str(node.get("type"))
    if kind == "listItem":
        pieces.append("- ")
    pieces.append(_own_text(kind, node))
    children = node.get("content")
    for child in children if isinstance(children, list) else ():
        _collect(child, pieces, depth + 1)
    if kind in _BLOCKS and pieces and not pieces[-1].endswith("\n"):
        pieces.append("\n")


def _own_text(kind: str, node: dict[str, Any]) -> str:
    """What the node says itself: text, a line break, or the visible words of a mention, emoji, date or
    card."""
    if kind == "text":
        return str(node.get("text") or "")
    if kind == "hardBreak":
        return "\n"
    attrs = node.get("attrs")
    if kind in ("mention", "emoji", "status", "inlineCard") and isinstance(attrs, dict):
        return str(attrs.get("text") or attrs.get("shortName") or attrs.get("url") or "")
    return ""
