"""How something ended, in one word of a known list: a label of a metric, an attribute of a span, a field of a log line.

A connector is somebody else's code and may raise errors with codes of its own making; those are `other`.
"""

from __future__ import annotations

import asyncio

from core.errors import RevocationUnsupported, TokenRejected, ValetkeyError

OK = "ok"
OTHER = "other"
CANCELLED = "cancelled"
OURS = ("core.", "web.")

# Told to nobody outside under these names: what is raised inside, where the difference matters to whoever runs the service.
INSIDE: dict[type[ValetkeyError], str] = {
    TokenRejected: "token_rejected",
    RevocationUnsupported: "unsupported",
}
_known = dict(INSIDE)


def outcome(error: BaseException | None) -> str:
    """`ok`, a problem code of docs/problems.md, one of INSIDE, `cancelled` (nobody waits any more), or `other`."""
    if error is None:
        return OK
    if not isinstance(error, ValetkeyError):
        return CANCELLED if isinstance(error, asyncio.CancelledError) else ValetkeyError.code
    return _known.get(type(error)) or _code(type(error))


def _code(kind: type[ValetkeyError]) -> str:
    """Of a class made elsewhere, what the nearest of ours is called, if that says more than that it is an error."""
    ours: type[ValetkeyError] = next(one for one in kind.__mro__ if one.__module__.startswith(OURS))
    if ours is not kind:
        return OTHER if ours is ValetkeyError else INSIDE.get(ours, ours.code)
    _known[kind] = kind.code
    return kind.code
