"""The errors an authorization server answers with; `code` is the wire value of `error`.

    OAuthError (a ValetkeyError)
    ├── InvalidRequest, InvalidGrant, UnauthorizedClient,
    │   UnsupportedGrantType, InvalidScope              RFC 6749 section 5.2
    ├── InvalidClient                                   RFC 6749 section 5.2, status 401
    ├── AccessDenied, UnsupportedResponseType           RFC 6749 section 4.1.2.1
    ├── RequestNotSupported, RequestUriNotSupported     RFC 9101 section 6: JAR is not offered
    └── InvalidTarget                                   RFC 8707 section 2

`detail` becomes `error_description`: it never holds a token, a code or a secret, and only characters RFC 6749
allows there.
"""

from __future__ import annotations

import re

from core.errors import ValetkeyError

_NOT_ALLOWED = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")


class OAuthError(ValetkeyError):
    code = "invalid_request"
    status = 400
    title = "The authorization server refused the request"

    @property
    def description(self) -> str:
        """`detail` in the character set of RFC 6749 appendix A.8, at most 300 characters."""
        return _NOT_ALLOWED.sub("'", self.detail)[:300]


class InvalidRequest(OAuthError):
    code = "invalid_request"


class InvalidClient(OAuthError):
    """Unknown client, wrong secret or wrong method: never said which."""

    code = "invalid_client"
    status = 401
    title = "Client authentication failed"


class InvalidGrant(OAuthError):
    code = "invalid_grant"
    title = "The code or token is not valid, was used before, has expired, or belongs to another client"


class UnauthorizedClient(OAuthError):
    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    code = "unsupported_grant_type"


class InvalidScope(OAuthError):
    code = "invalid_scope"


class InvalidTarget(OAuthError):
    code = "invalid_target"


class AccessDenied(OAuthError):
    code = "access_denied"
    title = "The person said no"


class UnsupportedResponseType(OAuthError):
    code = "unsupported_response_type"


class RequestNotSupported(OAuthError):
    code = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    code = "request_uri_not_supported"
