"""An OAuth 2.0 authorization server without a web framework: data in, data out, safe by default.

It follows RFC 6749 as tightened by RFC 9700, with RFC 7636 (S256 only, for every client), 7009, 7662, 8414,
8707, 9207 and 6750. There is no switch that makes it weaker. A web layer parses a request into `Request` or
`Parameters`, calls one function below, and sends what comes back. Limits: authorization code and refresh
token only (further grants through `AuthServer.grants`); opaque tokens; no dynamic registration, PAR or DPoP.

Reading order: errors, parameters, answers, model, redirects, scopes, store, memory, server, clients,
authorize, tokens, revocation, introspection, bearer, metadata.
"""

from core.authserver.answers import Answer, Redirect, Refusal
from core.authserver.authorize import AuthorizationRequest, approve, begin, deny
from core.authserver.bearer import BearerRefused, ScopeRefused, bearer
from core.authserver.errors import OAuthError
from core.authserver.introspection import introspection_endpoint
from core.authserver.memory import MemoryStore
from core.authserver.metadata import metadata
from core.authserver.model import Authorization, Client, Code, Held, Token
from core.authserver.parameters import Parameters, Request
from core.authserver.revocation import revocation_endpoint
from core.authserver.server import AuthServer, Endpoints
from core.authserver.store import Store
from core.authserver.tokens import token_endpoint

__all__ = [
    "Answer",
    "AuthServer",
    "Authorization",
    "AuthorizationRequest",
    "BearerRefused",
    "Client",
    "Code",
    "Endpoints",
    "Held",
    "MemoryStore",
    "OAuthError",
    "Parameters",
    "Redirect",
    "Refusal",
    "Request",
    "ScopeRefused",
    "Store",
    "Token",
    "approve",
    "bearer",
    "begin",
    "deny",
    "introspection_endpoint",
    "metadata",
    "revocation_endpoint",
    "token_endpoint",
]
