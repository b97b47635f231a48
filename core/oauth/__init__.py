"""Valetkey as an OAuth 2.0 client of the providers: what it sends to them, and what it believes of their answers.

    registration   the workspace's own client at the provider
    token_set      what a token answer leaves: tokens, expiry, scopes, kept fields
    discovery      the endpoints, from the connector or from the provider's metadata
    authorize      where the browser is sent, and whose answer comes back
    client_auth    how the provider knows our client
    token_endpoint one request and the meaning of its answer
    answers        what a successful answer says, read with suspicion
    acceptance     believed whole, or given back
    redeem  refresh  narrow  revoke  introspect

Sources: RFC 6749, 6750, 7009, 7523, 7636, 7662, 8414, 8707, 9207, 9700. Nothing here reads or writes the store.
"""

from core.oauth.authorize import authorization_url, challenge, check_answer, new_verifier
from core.oauth.introspect import introspect
from core.oauth.narrow import narrowed, per_call
from core.oauth.redeem import redeem
from core.oauth.refresh import refresh
from core.oauth.registration import ClientRegistration
from core.oauth.revoke import revoke
from core.oauth.token_set import TokenSet

__all__ = [
    "ClientRegistration",
    "TokenSet",
    "authorization_url",
    "challenge",
    "check_answer",
    "introspect",
    "narrowed",
    "new_verifier",
    "per_call",
    "redeem",
    "refresh",
    "revoke",
]
