"""Metadata is believed only from the issuer itself and only for hosts its connector names; it is fetched once an hour."""

from __future__ import annotations

from typing import Any

import pytest

from core.connector import PkceOff
from core.errors import ProviderError, TokenEndpointUnavailable
from core.http import Outbound
from core.oauth import discovery
from core.oauth.discovery import endpoints
from tests.core.oauth.provider import Provider


async def test_without_an_issuer_the_connector_is_believed(http: Outbound, provider: Provider) -> None:
    found = await endpoints(http, provider.connector(), {})
    assert (found.authorize_url, found.token_url) == (f"{provider.url}/authorize", f"{provider.url}/token")
    assert provider.metadata_asked == 0


async def test_with_an_issuer_its_metadata_is_used_and_kept(http: Outbound, provider: Provider) -> None:
    provider.metadata = provider.good_metadata()
    connector = provider.connector(issuer=provider.url)
    for _ in range(3):
        found = await endpoints(http, connector, {})
    assert (found.token_url, found.issuer) == (f"{provider.url}/moved/token", provider.url)
    assert provider.metadata_asked == 1


async def test_an_issuer_with_a_path_has_its_well_known_address_before_it(
    http: Outbound, provider: Provider
) -> None:
    provider.metadata = provider.good_metadata(issuer=f"{provider.url}/tenant")
    found = await endpoints(http, provider.connector(issuer=f"{provider.url}/tenant"), {})
    assert found.issuer == f"{provider.url}/tenant"


async def test_metadata_is_fetched_again_after_its_lifetime_and_an_old_copy_serves_an_outage(
    http: Outbound, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.metadata = provider.good_metadata()
    connector = provider.connector(issuer=provider.url)
    await endpoints(http, connector, {})
    monkeypatch.setattr(discovery, "LIFETIME_S", 0)
    provider.metadata = provider.good_metadata(token_endpoint=f"{provider.url}/newer")
    assert (await endpoints(http, connector, {})).token_url == f"{provider.url}/newer"
    provider.metadata = 503
    assert (await endpoints(http, connector, {})).token_url == f"{provider.url}/newer"


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "issuer with a slash": {"issuer": "{url}/"},
    "token endpoint elsewhere": {"token_endpoint": "https://evil.example/token"},
    "authorize elsewhere": {"authorization_endpoint": "https://evil.example/authorize"},
    "host in userinfo": {"token_endpoint": "{url}@evil.example/token"},
    "backslash": {"token_endpoint": "{url}\\@evil.example/token"},
    "fragment": {"authorization_endpoint": "{url}/authorize#x"},
    "script": {"authorization_endpoint": "javascript:alert(1)//{url}"},
    "no S256": {"code_challenge_methods_supported": ["plain"]},
    "not a text": {"token_endpoint": 7},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
async def test_metadata_that_leads_elsewhere_is_refused(
    http: Outbound, provider: Provider, change: dict[str, Any]
) -> None:
    filled = {
        name: value.format(url=provider.url) if isinstance(value, str) else value
        for name, value in change.items()
    }
    provider.metadata = provider.good_metadata(**filled)
    with pytest.raises(ProviderError) as caught:
        await endpoints(http, provider.connector(issuer=provider.url), {})
    assert not isinstance(caught.value, TokenEndpointUnavailable)


async def test_a_provider_without_pkce_may_say_so_when_its_connector_does(
    http: Outbound, provider: Provider
) -> None:
    provider.metadata = provider.good_metadata(code_challenge_methods_supported=["plain"])
    await endpoints(http, provider.connector(issuer=provider.url, pkce=PkceOff("not offered")), {})


@pytest.mark.parametrize(("status", "kind"), [(404, ProviderError), (500, TokenEndpointUnavailable)])
async def test_no_metadata_is_told_apart_from_an_outage(
    http: Outbound, provider: Provider, status: int, kind: type[ProviderError]
) -> None:
    provider.metadata = status
    with pytest.raises(ProviderError) as caught:
        await endpoints(http, provider.connector(issuer=provider.url), {})
    assert type(caught.value) is kind


async def test_a_host_that_does_not_listen_is_an_outage(http: Outbound, provider: Provider) -> None:
    connector = provider.connector(issuer=provider.url)
    await provider.stop()
    with pytest.raises(TokenEndpointUnavailable):
        await endpoints(http, connector, {})


async def test_an_address_inside_is_never_asked(provider: Provider) -> None:
    strict = Outbound()
    with pytest.raises(ProviderError, match="may not be asked"):
        await endpoints(strict, provider.connector(issuer=provider.url), {})
    await strict.close()
    assert provider.metadata_asked == 0
