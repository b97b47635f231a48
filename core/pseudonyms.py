"""Whose data a recording was: e-mail addresses, names and telephone numbers, each replaced by the same stand-in everywhere.

A name is what stands in a member that is called so (`name`, `displayName`, `owner_name`, `login` ...); a name of a person, or of
several words, is then replaced in every other text too. So a search for somebody stays a search for the one who was found.

Limits: a name that stands only in free text, and in no member of its own, is not recognised. A recording is to be read before
it is published.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from core.scrubbing import readable

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_OF_PEOPLE = frozenset({
    "firstname", "lastname", "givenname", "familyname", "middlename", "surname", "fullname", "displayname", "realname",
    "nickname", "nick", "username", "login", "screenname", "legalname", "contactname", "ownername", "authorname",
    "assigneename", "creatorname", "reportername", "customername",
})  # fmt: skip
_OF_THINGS = frozenset({
    "filename", "hostname", "typename", "fieldname", "propertyname", "rolename", "statusname", "stagename", "eventname",
    "classname", "tablename", "columnname", "objectname", "schemaname", "modulename", "tagname", "labelname", "timezonename",
})  # fmt: skip
_PHONES = ("phone", "phonenumber", "mobile", "mobilephone", "fax")
PHONE = "+1 555 0100"
SHORTEST = 4  # a shorter name would be found within words that are none


class Pseudonyms:
    """`learn` everything of a recording first, then replace: a name is used before the answer that shows it is one."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._everywhere: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    # ---- learning -------------------------------------------------------------------------------------------

    def learn(self, node: Any, key: str = "") -> None:
        """The names in a decoded JSON."""
        if isinstance(node, dict):
            for name, value in node.items():
                self.learn(value, name)
        elif isinstance(node, list):
            for value in node:
                self.learn(value, key)
        elif isinstance(node, str) and node.strip() and _is_name(key) and not _EMAIL.fullmatch(node):
            self._note(node, _plain(key))

    def _note(self, name: str, key: str) -> None:
        self._known.setdefault(name, f"Name {len(self._known) + 1}")
        words = name.split()
        if len(name) >= SHORTEST and (key in _OF_PEOPLE or len(words) > 1):
            self._everywhere.add(name)
        if key in _OF_PEOPLE and len(words) > 1:
            for word in words:
                if len(word) >= SHORTEST - 1 and word[0].isupper():
                    self._known.setdefault(word, self._known[name])
                    self._everywhere.add(word)
        self._pattern = None

    # ---- replacing ------------------------------------------------------------------------------------------

    def tree(self, node: Any, key: str = "") -> Any:
        """The same JSON, of nobody. Member names and everything that is no text stay."""
        if isinstance(node, dict):
            return {name: self.tree(value, name) for name, value in node.items()}
        if isinstance(node, list):
            return [self.tree(value, key) for value in node]
        if not isinstance(node, str):
            return node
        if _plain(key) in _PHONES and node:
            return PHONE
        if _is_name(key) and node in self._known:
            return self._known[node]
        return self.text(node)

    def text(self, text: str) -> str:
        """Addresses, and the names that are replaced everywhere; also within a cursor that is JSON in base64."""
        inside = readable(text) if len(text) >= 8 else None
        if inside is not None:
            told = self.tree(inside)
            return text if told == inside else _encoded(told)
        return self._names().sub(
            lambda found: self._known[found[0]], _EMAIL.sub(lambda found: self._address(found[0]), text)
        )

    def url(self, url: str) -> str:
        parts = urlsplit(url)
        path = "/".join(_same_or(quote, self.text, step) for step in parts.path.split("/"))
        return urlunsplit((parts.scheme, parts.netloc, path, self.form(parts.query), ""))

    def form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        told = [(name, str(self.tree(value, name))) for name, value in pairs]
        return text if told == pairs else urlencode(told)

    def _address(self, address: str) -> str:
        return self._known.setdefault(address, f"person{len(self._known) + 1}@example.com")

    def _names(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest_first = sorted(self._everywhere, key=len, reverse=True)
            found = "|".join(re.escape(name) for name in longest_first)
            self._pattern = re.compile(rf"(?<!\w)(?:{found})(?!\w)" if found else r"(?!)")
        return self._pattern


def _same_or(encode: Callable[..., str], change: Callable[[str], str], step: str) -> str:
    """A path step as it is, unless it names somebody."""
    plain = unquote(step)
    changed = change(plain)
    return step if changed == plain else encode(changed, safe="")


def _plain(key: str) -> str:
    return re.sub("[^a-z]", "", key.lower())


def _is_name(key: str) -> bool:
    plain = _plain(key)
    return plain in _OF_PEOPLE or (plain.endswith("name") and plain not in _OF_THINGS)


def _encoded(tree: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(tree, separators=(",", ":")).encode()).decode().rstrip("=")
