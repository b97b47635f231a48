"""A connector's setup page (docs/connectors/<slug>.md, or the one beside a connector from elsewhere) for its form.

The same text as in the repository, rendered here: an admin of a closed network reads it without one. It is shown below what
the form knows better, so the first part, about the tools, is left out.
Markdown as in CommonMark, with tables (markdown-it-py). HTML in it is shown as text, pictures and links to other files of the
repository are left out, and only http and https are linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from core import evidence
from core.connector import Connector
from web.pages.text import visible

MAX_BYTES = 200_000
STEPS = "What to click"
_LEFT_OUT = ("What an assistant can be allowed to do",)
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


class Chapter(msgspec.Struct, frozen=True):
    """One second-level heading of the page and what stands below it."""

    title: str
    body: Markup


def guide(connector: Connector) -> tuple[Chapter, ...]:
    """The chapters, in the page's order; none where there is no page, or none that can be read."""
    page = evidence.home(connector).page
    try:
        return _chapters(page, page.stat().st_mtime_ns) if page else ()
    except (OSError, UnicodeDecodeError):
        return ()


@lru_cache(maxsize=100)
def _chapters(page: Path, _changed: int) -> tuple[Chapter, ...]:
    """Made once for each version of the file: rendering takes some milliseconds."""
    text = page.read_bytes()[:MAX_BYTES].decode()
    tokens = _markdown.parse(visible(text))
    begins = [
        place for place, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"
    ]
    found = []
    for begin, end in zip(begins, [*begins[1:], len(tokens)], strict=True):
        title = tokens[begin + 1].content
        if title not in _LEFT_OUT:
            found.append(Chapter(title, _rendered(tokens[begin + 3 : end])))
    return tuple(found)


def _rendered(tokens: Sequence[Token]) -> Markup:
    for token in tokens:
        _keep_links_outside(token.children or [])
    # Escaped by the renderer: HTML is off.
    return Markup(_markdown.renderer.render(list(_fitting(tokens)), _markdown.options, {}))  # noqa: S704


_ROLES = {
    "table": "table",
    "thead": "rowgroup",
    "tbody": "rowgroup",
    "tr": "row",
    "th": "columnheader",
    "td": "cell",
}


def _fitting(tokens: Sequence[Token]) -> Iterator[Token]:
    """Tables that turn into lists where there is no room, as all of ours do: each cell carries its column's name."""
    labels: list[str] = []
    column = 0
    for place, token in enumerate(tokens):
        if token.type == "table_open":
            labels = []
            token.attrs["class"] = "table table--fit"
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            labels.append(tokens[place + 1].content)
            token.attrs["scope"] = "col"
        elif token.type == "td_open":
            token.attrs["data-label"] = labels[column]
            column += 1
        if token.nesting == 1 and token.tag in _ROLES:
            token.attrs["role"] = _ROLES[token.tag]
        if token.type == "td_close":
            yield Token("span_close", "span", -1)
        yield token
        if token.type == "td_open":
            yield Token("span_open", "span", 1)


def _keep_links_outside(inline: list[Token]) -> None:
    """Links to other files of the repository lead nowhere from here: their words stay."""
    outside = False
    for token in inline:
        if token.type == "link_open":
            outside = str(token.attrs.get("href", "")).startswith(("https://", "http://"))
            token.attrs["rel"] = "noreferrer"
        if token.type in ("link_open", "link_close") and not outside:
            token.type, token.tag, token.content, token.nesting = "text", "", "", 0
