"""What the server says of itself. Source: RFC 8414 section 2 and 3, RFC 9207 section 3. Served at
`metadata_path(issuer)`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from core.authserver.model import SECRET_METHODS
from core.authserver.server import AuthServer


def metadata(server: AuthServer) -> dict[str, Any]:
    endpoints = server.endpoints
    return {
        "issuer": server.issuer,
        "authorization_endpoint": endpoints.authorization,
        "token_endpoint": endpoints.token,
        "revocation_endpoint": endpoints.revocation,
        "introspection_endpoint": endpoints.introspection,
        "scopes_supported": list(server.scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", *server.grants],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*SECRET_METHODS, "none"],
        "revocation_endpoint_auth_methods_supported": [*SECRET_METHODS, "none"],
        "introspection_endpoint_auth_methods_supported": [*SECRET_METHODS],
        "authorization_response_iss_parameter_supported": True,
    }


def metadata_path(issuer: str) -> str:
    """`/.well-known/oauth-authorization-server`, followed by the issuer's own path when it has one (RFC 8414
    section 3.1).
    """
    return "/.well-known/oauth-authorization-server" + urlsplit(issuer).path
