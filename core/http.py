"""The one outbound HTTP client (being built)."""

from __future__ import annotations

from core.errors import ValetkeyError


class OutboundError(ValetkeyError):
    code = "provider_error"
    status = 502


class OutboundRefused(OutboundError):
    pass


class OutboundTimeout(OutboundError):
    code = "provider_timeout"
    status = 504


class OutboundTooLarge(OutboundError):
    pass


class OutboundFailed(OutboundError):
    pass


class Outbound:
    pass
