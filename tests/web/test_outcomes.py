"""An outcome is a word of a known list, whatever a connector raises."""

from __future__ import annotations

import asyncio

from core.errors import ProviderError, RateLimited, RevocationUnsupported, TokenRejected, ValetkeyError
from web.outcomes import outcome


def test_known_errors_are_called_by_their_code() -> None:
    assert outcome(None) == "ok"
    assert outcome(RateLimited("x")) == "rate_limited"
    assert outcome(asyncio.CancelledError()) == "cancelled"
    assert outcome(ValueError("x")) == outcome(ValetkeyError()) == "internal_error"


def test_what_is_raised_inside_has_a_name_of_its_own() -> None:
    assert outcome(TokenRejected("x")) == "token_rejected"
    assert outcome(RevocationUnsupported("x")) == "unsupported"
    kept = type("Own", (TokenRejected,), {"code": "user-1"})
    assert outcome(kept()) == "token_rejected"


def test_what_a_connector_makes_up_is_no_word_of_ours() -> None:
    made_up = [type("Own", (ValetkeyError,), {"code": f"user-{n}"}) for n in range(3)]
    assert {outcome(one()) for one in made_up} == {"other"}
    kept = type("Own", (ProviderError,), {"code": "user-1"})
    assert outcome(kept()) == "provider_error"
    own = RateLimited("x")
    own.code = "user-1"  # type: ignore[misc]
    assert outcome(own) == "rate_limited"
