"""Every error Valetkey answers with. One root, one wire code each; `str(e)` is safe to show to anybody.

    ValetkeyError
    ├── BadRequest                 invalid_request, invalid_arguments, invalid_config, invalid_return_url, invalid_cursor
    ├── Unauthenticated            invalid_credentials
    ├── Refused                    consent_required, reconnect_required, insufficient_scope, policy_denied,
    │                              grant_revoked, grant_expired, grant_suspended, invalid_code, user_mismatch, forbidden
    ├── Missing                    not_found, unknown_tool, unknown_connector
    ├── Conflict                   account_required, account_mismatch, idempotency_conflict, already_confirmed, conflict
    ├── Ended                      session_ended
    ├── TooMany                    rate_limited, provider_rate_limited
    ├── Upstream                   provider_error, provider_timeout, tool_failed
    │                              (TokenRejected, TokenEndpointUnavailable: what the token endpoint said)
    └── SettingsError, VaultError, KeyRingError, RevocationUnsupported     never reach the wire by themselves

`code` never changes: programs switch on it. `fields` are the extra members of the RFC 9457 problem document.
The translation to HTTP stands in `web/problems.py`; the texts for people are `title` (what happened) and
`detail` (this case, and what to do next).
"""

from __future__ import annotations

from typing import Any, ClassVar


class ValetkeyError(Exception):
    """Root of the tree. `detail` says what happened and what to do next; it never holds a secret or a provider's raw body."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong in Valetkey"

    def __init__(self, detail: str = "", **fields: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.fields = {name: value for name, value in fields.items() if value is not None}


# ---- bad requests -------------------------------------------------------------------------------------------


class BadRequest(ValetkeyError):
    """The request cannot be understood; nothing was changed. `errors: [{path, message}]` where a path is known."""

    code = "invalid_request"
    status = 400
    title = "The request is not valid"


class InvalidArguments(BadRequest):
    """The arguments of a tool do not fit its input schema. `errors: [{path, message}]`."""

    code = "invalid_arguments"
    status = 422
    title = "The arguments do not fit the tool's schema"


class InvalidBody(BadRequest):
    """A field of a request body has the wrong type, is missing, or is out of bounds."""

    code = "invalid_body"
    status = 422
    title = "A field of the request body is not valid"


class InvalidConfig(BadRequest):
    """A setting of a registration, assistant or policy is refused."""

    code = "invalid_config"
    status = 422
    title = "A setting is not allowed"


class InvalidReturnUrl(BadRequest):
    """The return URL or origin is not one the assistant registered, letter for letter."""

    code = "invalid_return_url"
    status = 422
    title = "The return URL or origin is not registered for this assistant"


class InvalidCursor(BadRequest):
    code = "invalid_cursor"
    status = 400
    title = "The cursor is not one this list gave out"


class BodyTooLarge(BadRequest):
    code = "body_too_large"
    status = 413
    title = "The request body is too large"


# ---- who are you --------------------------------------------------------------------------------------------


class Unauthenticated(ValetkeyError):
    """No credential, or one that is unknown, expired or revoked: never said which. Source: RFC 6750 section 3.1."""

    code = "invalid_credentials"
    status = 401
    title = "The credentials are missing or not valid"


# ---- you may not --------------------------------------------------------------------------------------------


class Refused(ValetkeyError):
    code = "forbidden"
    status = 403
    title = "This is not allowed"


class ConsentRequired(Refused):
    """No grant, or one too small. Fields: connector, tool, missing_tools, missing_scopes, connect{id, url, expires_at}."""

    code = "consent_required"
    title = "The user has not agreed to this yet"


class ReconnectRequired(Refused):
    """The provider no longer accepts the grant's credential. Fields: reason, connect."""

    code = "reconnect_required"
    title = "The connection to the provider has to be made again"


class InsufficientScope(Refused):
    code = "insufficient_scope"
    title = "The token does not cover this tool"


class PolicyDenied(Refused):
    """A rule of the workspace forbids it. Field: rule."""

    code = "policy_denied"
    title = "The workspace's policy does not allow this"


class GrantRevoked(Refused):
    code = "grant_revoked"
    title = "The grant was revoked"


class GrantExpired(Refused):
    code = "grant_expired"
    title = "The grant has expired"


class GrantSuspended(Refused):
    code = "grant_suspended"
    title = "The grant is suspended"


class InvalidCode(Refused):
    code = "invalid_code"
    title = "The completion code is not valid"


class UserMismatch(Refused):
    code = "user_mismatch"
    title = "The code arrived for another user; the session has been ended"


class BadCsrf(Refused):
    code = "csrf_failed"
    title = "The form is not one this page gave to this browser"


class WrongBrowser(Refused):
    """The connect page was continued in a browser other than the one that opened it."""

    code = "wrong_browser"
    title = "This page belongs to another browser window"


# ---- there is no such thing ---------------------------------------------------------------------------------


class Missing(ValetkeyError):
    code = "not_found"
    status = 404
    title = "There is no such thing here"


class UnknownTool(Missing):
    code = "unknown_tool"
    title = "There is no such tool"


class UnknownConnector(Missing):
    code = "unknown_connector"
    title = "There is no such connector"


# ---- conflicts ----------------------------------------------------------------------------------------------


class Conflict(ValetkeyError):
    code = "conflict"
    status = 409
    title = "The request conflicts with the present state"


class AccountRequired(Conflict):
    """Several accounts are connected and none was named. Field: accounts [{id, label}]."""

    code = "account_required"
    title = "Several accounts are connected: name one"


class ChoiceRequired(AccountRequired):
    """The sign-in covers several accounts: the person chooses one on our page. Fields: accounts [{id, label}], connect."""

    title = "Several accounts came with the sign-in: the person chooses one"


class AccountMismatch(Conflict):
    """The person signed in to another account than the one this session was made for."""

    code = "account_mismatch"
    title = "Another account was chosen at the provider"


class IdempotencyConflict(Conflict):
    code = "idempotency_conflict"
    title = "This idempotency key was used with other arguments"


class AlreadyConfirmed(Conflict):
    code = "already_confirmed"
    title = "This session was already confirmed"


class SessionEnded(ValetkeyError):
    code = "session_ended"
    status = 410
    title = "This connect session has ended"


# ---- too many -----------------------------------------------------------------------------------------------


class RateLimited(ValetkeyError):
    """Field: retry_after, whole seconds, also sent as the Retry-After header."""

    code = "rate_limited"
    status = 429
    title = "Too many requests"


class ProviderRateLimited(RateLimited):
    code = "provider_rate_limited"
    title = "The provider asks to slow down"


# ---- the provider -------------------------------------------------------------------------------------------


class ProviderError(ValetkeyError):
    """The provider refused or answered nonsense. Fields: provider_status, provider_request_id. Never its raw body."""

    code = "provider_error"
    status = 502
    title = "The provider answered with an error"


class ToolFailed(ProviderError):
    """A connector raised something it should not have; the trace is in our log under the call's id."""

    title = "The connector failed"


class ProviderTimeout(ValetkeyError):
    """Field: retryable: whether the same call can be repeated safely."""

    code = "provider_timeout"
    status = 504
    title = "The provider did not answer in time"


class NotReady(ValetkeyError):
    code = "not_ready"
    status = 503
    title = "The service is not ready"


class TokenRejected(ProviderError):
    """The code or refresh token is dead and will not come back (`invalid_grant`). Source: RFC 6749 section 5.2."""

    title = "The provider no longer accepts this authorization"


class TokenEndpointUnavailable(ProviderError):
    """5xx, 429, time-out, network: nothing is known about the token; try again later."""

    title = "The provider's token endpoint is not available at the moment"


# ---- inside the house ---------------------------------------------------------------------------------------


class RevocationUnsupported(ValetkeyError):
    """The provider has no way to end a token; the person is shown the provider's own page instead."""

    title = "The provider offers no revocation"


class SettingsError(ValetkeyError):
    """The service must not start like this. `faults`: every setting, what is wrong with it, the mend."""

    title = "The settings are not usable"


class VaultError(ValetkeyError):
    """A sealed value could not be opened, or not for this row. Fail closed; the text holds nothing secret."""

    title = "A sealed value cannot be opened"


class KeyRingError(VaultError):
    """The key ring file is missing, unsafe or damaged; `detail` says which and how to mend it."""

    title = "The key ring cannot be used"
