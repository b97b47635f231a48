"""GitHub's token endpoint, whose errors have status 200, and what ends how much: one token, or all a person gave the app."""

from __future__ import annotations

import pytest

from connectors import github, github_oauth
from core.connector import Connector
from core.errors import ProviderError, RevocationUnsupported, TokenRejected, ValetkeyError
from core.oauth import TokenSet, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import wire
from tests.connectors.fakes import github as fake
from tests.connectors.fakes.fake import Token
from tests.connectors.github_cases import CLIENT
from tests.connectors.github_oauth_cases import CLIENT as OAUTH_CLIENT


@pytest.fixture
def provider() -> fake.GitHub:
    return fake.populated()


# ---- the client at github.com --------------------------------------------------------------------------------


async def redeemed(
    provider: fake.GitHub, connector: Connector = github.github, user: str = fake.ADA
) -> TokenSet:
    client = CLIENT if connector is github.github else OAUTH_CLIENT
    scopes = fake.APP_SCOPES if connector is github.github else (fake.REPO, fake.PUBLIC)
    provider.codes["the-code"] = Token(user, frozenset(scopes))
    return await redeem(
        wire.in_memory(provider.fake), connector, client, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )  # fmt: skip


async def test_an_apps_tokens_last_eight_hours_and_both_are_dead_once_refreshed(
    provider: fake.GitHub,
) -> None:
    first = await redeemed(provider)
    assert first.expires_at == 8 * 3600 * 1000 and first.scopes is None
    second = await refresh(wire.in_memory(provider.fake), github.github, CLIENT, first, now_ms=0)
    assert second.refresh_token != first.refresh_token
    assert first.access_token.reveal() not in provider.fake.tokens
    with pytest.raises(TokenRejected):
        await refresh(wire.in_memory(provider.fake), github.github, CLIENT, first, now_ms=0)


async def test_an_oauth_apps_token_has_no_end_and_its_scopes_come_with_commas() -> None:
    first = await redeemed(fake.of_oauth_app(), github_oauth.github_oauth)
    assert (first.expires_at, first.refresh_token) == (None, None)
    assert first.scopes == (fake.PUBLIC, fake.REPO)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("bad_verification_code", TokenRejected),
        ("incorrect_client_credentials", ProviderError),
        ("redirect_uri_mismatch", ProviderError),
        ("unverified_user_email", ProviderError),
    ],
)
async def test_an_error_with_status_200_is_an_error(
    provider: fake.GitHub, error: str, raised: type[ProviderError]
) -> None:
    body = {"error": error, "error_description": "words of GitHub's"}
    provider.fake.fail(200, body, path="/login/oauth/access_token")
    with pytest.raises(raised) as refused:
        await redeemed(provider)
    assert isinstance(refused.value, TokenRejected) is (raised is TokenRejected)
    assert refused.value.fields["error"] == error and "words" not in str(refused.value)


async def test_a_used_refresh_token_said_with_200_is_dead(provider: fake.GitHub) -> None:
    dead = TokenSet(Secret("x"), Secret("used"))
    with pytest.raises(TokenRejected):
        await refresh(wire.in_memory(provider.fake), github.github, CLIENT, dead, now_ms=0)


# ---- the end -------------------------------------------------------------------------------------------------


async def end(provider: fake.GitHub, tokens: TokenSet, *, alone: bool) -> None:
    await revoke(wire.in_memory(provider.fake), github.github, CLIENT, tokens, alone=alone)


async def test_the_last_grant_ends_the_whole_authorization(provider: fake.GitHub) -> None:
    first = await redeemed(provider)
    await redeemed(provider)
    await end(provider, first, alone=True)
    assert provider.ended == ["grant"]
    assert provider.fake.tokens == {} and provider.refresh_tokens == {}


async def test_one_grant_of_several_ends_its_own_token_only(provider: fake.GitHub) -> None:
    first, second = await redeemed(provider), await redeemed(provider)
    await end(provider, first, alone=False)
    assert provider.ended == ["token"]
    assert first.access_token.reveal() not in provider.fake.tokens
    assert second.access_token.reveal() in provider.fake.tokens


@pytest.mark.parametrize(("alone", "what"), [(True, "grant"), (False, "token")])
async def test_a_token_that_ran_out_is_refreshed_to_be_ended(
    provider: fake.GitHub, alone: bool, what: str
) -> None:
    """Else its refresh token would live on for half a year."""
    first = await redeemed(provider)
    provider.fake.tokens[first.access_token.reveal()].expired = True
    await end(provider, first, alone=alone)
    assert provider.ended == [what, what]
    assert not [token for token in provider.fake.tokens if token.startswith("wide-")]
    assert first.refresh_token and first.refresh_token.reveal() not in provider.refresh_tokens


async def test_what_is_dead_already_counts_as_ended(provider: fake.GitHub) -> None:
    await end(provider, TokenSet(Secret("gone")), alone=False)
    assert provider.ended == ["token"]


async def test_a_used_refresh_token_is_no_proof_of_an_end(provider: fake.GitHub) -> None:
    """An attempt of ours may have refreshed it, and lost what it got: then that lives on, and nothing else is claimed."""
    with pytest.raises(RevocationUnsupported):
        await end(provider, TokenSet(Secret("gone"), Secret("used")), alone=True)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_an_end_that_github_did_not_confirm_is_tried_again(provider: fake.GitHub, status: int) -> None:
    first = await redeemed(provider)
    provider.fake.fail(status, {"message": "words of GitHub's"}, path="/grant")
    with pytest.raises(ProviderError if status != 429 else ValetkeyError) as refused:
        await end(provider, first, alone=True)
    assert "words" not in str(refused.value)
    await end(provider, first, alone=True)
    assert provider.fake.tokens == {}


async def test_a_refresh_that_failed_on_the_way_is_no_end(provider: fake.GitHub) -> None:
    first = await redeemed(provider)
    provider.fake.tokens[first.access_token.reveal()].expired = True
    for status, body in ((503, ""), (200, {"error": "incorrect_client_credentials"}), (200, "half")):
        provider.fake.fail(status, body, path="/login/oauth/access_token")
        with pytest.raises(ProviderError):
            await end(provider, first, alone=True)
