"""What may not stand in a recording of a provider: how it is taken out, and how it is found where it was not.

A recording is read by everybody who reads the repository. Secrets are taken out by the name of the member that holds them,
whatever the value; what is left is looked through for anything that has the look of one. Whose data it was is the matter of
`core/pseudonyms.py`.

Limits: a secret in a member of an innocent name and with the look of an ordinary word is not recognised.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

SECRET_MEMBERS = (
    "access_token", "refresh_token", "id_token", "client_secret", "client_assertion", "code", "code_verifier", "token",
    "signed_access_token", "auth_token", "session_token", "api_token", "accessToken", "refreshToken", "idToken", "authToken",
    "apiToken", "clientSecret", "codeVerifier", "password", "client_password", "api_key", "apiKey", "X-Amz-Signature",
)  # fmt: skip
KEPT_HEADERS = frozenset(
    {
        "accept", "content-type", "retry-after", "content-length", "www-authenticate",
        "link", "x-accepted-github-permissions", "x-accepted-oauth-scopes", "x-oauth-scopes",  # pages; what was not allowed
    }
)  # fmt: skip
_NAMES = "|".join(SECRET_MEMBERS)
# `"code": "INVALID_TOKEN"` is what some providers call an error: no authorization code is capitals and `_` only
_ERROR = r'"code"\s*:\s*"[A-Z]+(?:_[A-Z]+)*"'
_JSON_MEMBER = re.compile(rf'(?!{_ERROR})("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"')
# up to a quote: the form may be a link within JSON
_FORM_MEMBER = re.compile(rf"(^|[?&])({_NAMES})=[^&\s\"']*")

_SUSPECTS = "|".join((*SECRET_MEMBERS, "secret", "session"))
PATTERNS = {
    "authorization header": re.compile(r"(?i)\b(authorization|proxy-authorization|cookie|set-cookie|x-api-key)['\"]?\s*:"),
    "bearer or basic": re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    "json member": re.compile(rf'(?i)(?!(?-i:{_ERROR}))"({_SUSPECTS})"\s*:\s*"(?!\*\*\*")[^"]+"'),
    "form member": re.compile(rf"(?i)(?:^|[?&\s])({_SUSPECTS})=(?!\*\*\*)[^&\s\"']+"),
    # an OAuth state is long; the state of an issue is "open" or "in progress"
    "oauth state": re.compile(r"""(?i)(?:"state"\s*:\s*"|(?:^|[?&\s])state=)(?!\*\*\*)[^&\s"']{12,}"""),
    "jwt": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "valetkey key": re.compile(r"\bvk[awp]_[0-9A-Za-z]{10,}"),
    "provider's key": re.compile(
        r"\b(gh[oprsu]_|github_pat_|glpat-|pat-[a-z]{2}\d-|sk-|xox[abprs]-|lin_|ATATT|ATOA|AKIA)[A-Za-z0-9]{6,}"
    ),
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "password in an address": re.compile(r"://[^/\s:@]+:[^/\s@]+@"),
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9_+-]{24,}")
_SENTENCE = re.compile(r"(?:[0-9A-F]{2})?(?:\+?(?:[A-Za-z]+|[0-9-]+))(?:\+(?:[A-Za-z]+|[0-9-]+))+\+?\Z")


def without_secrets(text: str) -> str:
    """A body or an address with the value of every member that could be a credential replaced."""
    return _FORM_MEMBER.sub(r"\1\2=***", _JSON_MEMBER.sub(r'\1"***"', text))


def strings(node: Any) -> Iterator[str]:
    """Every text of a decoded cassette, whole: YAML folds long ones over lines."""
    if isinstance(node, (bytes, str)):
        yield node.decode("utf-8", "replace") if isinstance(node, bytes) else node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield f"{key}:"
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def findings(text: str) -> list[str]:
    """What in the text has the look of a secret, by kind; never the thing itself."""
    found = [name for name, pattern in PATTERNS.items() if pattern.search(text)]
    return found + [
        "random letters" for word in _WORD.findall(text) if _looks_random(word) and readable(word) is None
    ]


def readable(word: str) -> Any:
    """The JSON that a text in base64 holds, as cursors do, when it holds nothing like a secret; else None."""
    try:
        told = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode()
        tree = json.loads(told)
    except ValueError:
        return None
    return tree if isinstance(tree, dict | list) and findings(told) == [] else None


def _looks_random(word: str) -> bool:
    """Capitals, small letters and digits mixed, with the entropy of base64: no name, path or UUID is like that, and a
    query with `+` for its blanks is not either."""
    if _SENTENCE.match(word):
        return False
    kinds = (re.search("[A-Z]", word), re.search("[a-z]", word), re.search("[0-9]", word))
    counts = Counter(word).values()
    entropy = -sum(count / len(word) * math.log2(count / len(word)) for count in counts)
    return all(kinds) and entropy > 3.9
