"""Places in URLs: `{instance_url}/v3` filled from a registration's config and kept token fields, and path segments.

Nothing that is filled in may change where a URL leads: a whole origin only at the start, elsewhere one plain label or
segment. Source: WHATWG URL and RFC 3986 section 3.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from core.connector.results import ToolError
from core.errors import InvalidConfig

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z", re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,254}\Z", re.ASCII)
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(?P<port>[0-9]{1,5}))?\Z",
    re.ASCII,
)
_ODD = re.compile(r"[\s\\\x00-\x1f\x7f]")
_HEAD = re.compile(r"[^/?#]*//[^/?#]*")
_SUSPECT = re.compile(r"[%\\.\x00-\x1f\x7f]")
_PORTS = {"http": "80", "https": "443"}


@functools.lru_cache(maxsize=1_000)
def places(template: str) -> tuple[str, ...]:
    """The names a template needs, each once."""
    return tuple(dict.fromkeys(_PLACE.findall(template)))


def fill(template: str, fields: Mapping[str, str]) -> str:
    """The URL with every place filled. Raises InvalidConfig when a value is missing or would lead elsewhere."""
    return _filled(template, tuple(fields.get(name, "") for name in places(template)))


@functools.lru_cache(maxsize=4_000)
def _filled(template: str, values: tuple[str, ...]) -> str:
    fields = dict(zip(places(template), values, strict=True))
    return _PLACE.sub(lambda match: _filling(template, match, fields), template)


def _filling(template: str, match: re.Match[str], fields: Mapping[str, str]) -> str:
    name = match[1]
    if not fields.get(name):
        raise InvalidConfig(
            f"`{name}` is not set: put it into the registration's config", field=f"config.{name}"
        )
    value = fields[name]
    if match.start() == 0:
        return _base(name, value)
    in_host = "/" not in template[: match.start()].partition("://")[2]
    if not (_LABEL if in_host else _SEGMENT).match(value):
        raise InvalidConfig(
            f"`{name}` has characters that cannot stand in a URL there", field=f"config.{name}"
        )
    return value


def _base(name: str, value: str) -> str:
    """A filled-in beginning of a URL: an origin, perhaps with a path, nothing else."""
    parts = urlsplit(value)
    if (
        not origin(value)
        or parts.query
        or parts.fragment
        or "?" in value
        or "#" in value
        or unsafe_path(parts.path)
    ):
        raise InvalidConfig(
            f"`{name}` is not a plain address like https://acme.example", field=f"config.{name}"
        )
    return value.rstrip("/")


def origin(url: str) -> str | None:
    """`https://host` or `https://host:8443`, lower case, no default port; None when `url` names no plain one.

    Userinfo, backslashes, blanks, control and non-ASCII characters make it None: parsers disagree about those.
    """
    if not url.isascii() or _ODD.search(url):
        return None
    head = _HEAD.match(url)
    return _origin(head[0].lower()) if head else None


@functools.lru_cache(maxsize=4_000)
def _origin(head: str) -> str | None:
    match = _ORIGIN.match(head)
    if match is None or int(match["port"] or 0) > 65535:
        return None
    port = match["port"] and str(int(match["port"]))
    shown = "" if port in (None, _PORTS[match["scheme"]]) else f":{port}"
    return f"{match['scheme']}://{match['host']}{shown}"


@functools.lru_cache(maxsize=1_000)
def origin_template(template: str) -> str:
    """The part of a template that decides the origin: all before the path."""
    match = re.match(r"(?:\{[a-z][a-z0-9_]*\}|https?://[^/?#]*)", template)
    return match[0] if match else template


def field_matches(pattern: str, value: str) -> bool:
    """Whether a field of a token answer may be kept, by the connector's pattern for it.

    `https://*.acme.example`: an origin whose host ends there on a label boundary (`*` is one or more labels), of that
    scheme and port, without userinfo, path, query or fragment. Without `*`: that origin exactly. A pattern that is no
    URL: `*` is any run of letters, digits and `._~-`, everything else is itself.
    """
    if "://" not in pattern:
        plain = ".+".join(re.escape(part) for part in pattern.split("*"))
        return bool(re.fullmatch(plain, value)) and bool(re.fullmatch(r"[A-Za-z0-9._~-]{1,255}", value))
    found, stem = origin(value), pattern.replace("://*.", "://", 1).rstrip("/")
    wanted = origin(stem)
    if (
        found is None
        or wanted is None
        or urlsplit(value).path not in ("", "/")
        or "?" in value
        or "#" in value
    ):
        return False
    if stem == pattern.rstrip("/"):
        return found == wanted
    scheme, _, suffix = wanted.partition("://")
    return (
        found.startswith(f"{scheme}://")
        and found.endswith(f".{suffix}")
        and _has_label(found, scheme, suffix)
    )


def _has_label(found: str, scheme: str, suffix: str) -> bool:
    labels = found.removeprefix(f"{scheme}://").removesuffix(f".{suffix}").split(".")
    return all(_LABEL.match(label) for label in labels)


def seg(value: Any) -> str:
    """One path segment out of an argument, so that `../` and `?` stay what they are: text.

    Raises ToolError on what no quoting makes safe: empty, `.`, `..`, control characters, lone surrogates.
    """
    text = str(value)
    try:
        segment = quote(text, safe="")
    except UnicodeEncodeError:
        raise ToolError("An id holds characters that are no text") from None
    if not text or unsafe_path(segment):
        raise ToolError("An id may not be empty, and not hold `..`, backslashes or control characters")
    return segment


def path(template: str, **values: Any) -> str:
    """`path("/contacts/{id}/notes", id=id)`: each value becomes exactly one segment or part of one."""
    return template.format_map({name: seg(value) for name, value in values.items()})


def unsafe_path(text: str) -> bool:
    """Whether a path holds a step upwards (in any encoding), a backslash, or a control character."""
    if not _SUSPECT.search(text):
        return False
    decoded = unquote(unquote(text))
    if "\\" in decoded or any(ord(char) < 32 or ord(char) == 127 for char in decoded):
        return True
    return any(step in (".", "..") for step in re.split(r"[/;?]", decoded))


def needed(templates: Iterable[str]) -> tuple[str, ...]:
    """Every name the templates need, each once."""
    return tuple(dict.fromkeys(name for template in templates for name in places(template)))
