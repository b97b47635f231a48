"""What a refusal means: the token is dead, nothing is known, or an admin has to look. No text of the provider gets out."""

from __future__ import annotations

from typing import Any

import pytest

from core import oauth
from core.errors import ProviderError, TokenEndpointUnavailable, TokenRejected
from core.http import Outbound
from core.oauth import token_endpoint
from core.secret import Secret
from tests.core.oauth.provider import Provider, registration

CANARY = "canary-7f3a"


async def failure(http: Outbound, provider: Provider, **oauth_changes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await oauth.redeem(
            http,
            provider.connector(**oauth_changes),
            registration(),
            code=Secret("code-1"),
            verifier=Secret("v" * 43),
            now_ms=0,
        )
    shown = f"{caught.value} {caught.value.fields}"
    assert not any(secret in shown for secret in (CANARY, "code-1", "s3cret", "v" * 43))
    return caught.value


def refused(error: Any) -> dict[str, Any]:
    return {"error": error, "error_description": CANARY}


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, "invalid_grant", TokenRejected),
        (401, "invalid_grant", TokenRejected),
        (200, "bad_verification_code", TokenRejected),
        (400, "invalid_client", ProviderError),
        (401, "invalid_client", ProviderError),
        (403, "unauthorized_client", ProviderError),
        (400, "invalid_request", ProviderError),
        (400, "invalid_scope", ProviderError),
        (400, "temporarily_unavailable", TokenEndpointUnavailable),
        (429, "slow_down", TokenEndpointUnavailable),
        (500, "invalid_grant", TokenEndpointUnavailable),
        (503, "server_error", TokenEndpointUnavailable),
        (200, {"code": CANARY}, ProviderError),
        (200, CANARY * 50, ProviderError),
        (200, 7, ProviderError),
    ],
)
async def test_error_codes(http: Outbound, provider: Provider, status: int, error: Any, kind: type) -> None:
    provider.answer(refused(error), status, X_Acme_Request="r-1")
    found = await failure(http, provider)
    assert type(found) is kind
    assert found.fields["provider_status"] == status and found.fields["provider_request_id"] == "r-1"


async def test_a_token_beside_an_error_is_not_believed(http: Outbound, provider: Provider) -> None:
    provider.answer(refused("invalid_grant") | {"access_token": CANARY, "token_type": "Bearer"})
    assert type(await failure(http, provider)) is TokenRejected


@pytest.mark.parametrize(("status", "error"), [(401, "invalid_client"), (401, None)])
async def test_a_wrong_client_sends_the_admin_to_the_registration(
    http: Outbound, provider: Provider, status: int, error: str | None
) -> None:
    provider.answer(refused(error) if error else "<html>", status)
    assert "An admin has to check client id and secret" in str(await failure(http, provider))


@pytest.mark.parametrize(
    "body", ["", CANARY, f"<html>{CANARY}", "[]", "null", '"x"', "{}", b"\xff\xfe", "[" * 100_000]
)
async def test_an_answer_that_is_no_json_object_is_refused(
    http: Outbound, provider: Provider, body: Any
) -> None:
    provider.answer(body)
    assert type(await failure(http, provider)) is ProviderError


@pytest.mark.parametrize("status", [400, 403, 404, 405, 418])
async def test_any_other_refusal_is_an_error_of_the_provider(
    http: Outbound, provider: Provider, status: int
) -> None:
    provider.answer(CANARY, status)
    assert type(await failure(http, provider)) is ProviderError


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_passes_is_no_rejection(http: Outbound, provider: Provider, status: int) -> None:
    provider.answer(CANARY, status, Retry_After="17")
    found = await failure(http, provider)
    assert type(found) is TokenEndpointUnavailable and found.fields["retry_after"] == 17


async def test_a_huge_answer_is_cut_off(http: Outbound, provider: Provider) -> None:
    provider.answer("x" * (token_endpoint.MAX_BYTES + 1))
    assert type(await failure(http, provider)) is ProviderError


async def test_a_redirect_is_not_followed(http: Outbound, provider: Provider) -> None:
    provider.answer("", 307, Location=f"{provider.url}/elsewhere")
    await failure(http, provider)
    assert [asked.path for asked in provider.asked] == ["/token"]


async def test_a_slow_provider_is_given_up_and_not_asked_again(
    http: Outbound, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_endpoint, "TIMEOUT_S", 0.2)
    provider.delay_s = 1
    assert type(await failure(http, provider)) is TokenEndpointUnavailable
    assert len(provider.asked) == 1


async def test_a_provider_that_is_down_is_unavailable(http: Outbound, provider: Provider) -> None:
    await provider.stop()
    assert type(await failure(http, provider)) is TokenEndpointUnavailable


async def test_the_timeout_is_shorter_than_a_refresh_lease() -> None:
    assert token_endpoint.TIMEOUT_S <= 10


async def test_an_address_inside_gets_no_code(provider: Provider) -> None:
    strict = Outbound()
    await failure(strict, provider)
    await strict.close()
    assert not provider.asked
