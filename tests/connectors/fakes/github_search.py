"""A reader of GitHub's search language that knows no more than the connector may write; anything else is a syntax error.

Grammar: terms with single spaces between them; a term is `"word"` (no quote, backslash or control character inside) or
`name:value` with one of the known names and a value of letters, digits and `@ _ . / -`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TERM = re.compile(
    r'"(?P<word>[^"\\\x00-\x1f\x7f]+)"|(?P<name>[a-z-]+):(?P<value>[A-Za-z0-9@][A-Za-z0-9@_./-]*)'
)
KNOWN = {"repo", "user", "is", "state", "assignee", "author", "review-requested"}


class SearchError(ValueError):
    """The text is no search that this reader knows."""


@dataclass(frozen=True)
class Search:
    words: tuple[str, ...]
    qualifiers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        return dict(self.qualifiers).get(name)


def parse(query: str) -> Search:
    """Words and qualifiers. Raises SearchError."""
    words, qualifiers = [], []
    position = 0
    while position < len(query):
        match = _TERM.match(query, position)
        if match is None or (match["name"] and match["name"] not in KNOWN):
            raise SearchError(f"not readable at {position}: {query[position:]!r}")
        if match["word"]:
            words.append(match["word"])
        else:
            qualifiers.append((match["name"], match["value"]))
        position = match.end()
        if position < len(query):
            if query[position] != " ":
                raise SearchError(f"no space at {position}")
            position += 1
    if len(dict(qualifiers)) != len(qualifiers):
        raise SearchError("a qualifier stands twice")
    return Search(tuple(words), tuple(qualifiers))
