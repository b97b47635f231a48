"""Return URLs and origins: what may be registered, and that later comparison is letter for letter."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.addresses import check_origin, check_return_url, host_of, origin_of
from core.assistants import where_to
from core.errors import InvalidConfig, InvalidReturnUrl
from core.model import Assistant

GOOD = "https://chat.acme.example/connected"


def assistant(*urls: str, origins: tuple[str, ...] = (), default: str | None = None) -> Assistant:
    return Assistant(
        "ast_1", "ws_1", "A", None, None, None, origins, urls, default, None, created_at=0, updated_at=0
    )


@pytest.mark.parametrize(
    "url",
    [
        GOOD,
        "https://chat.acme.example",
        "https://chat.acme.example:8443/a?b=c%20d",
        "https://[2001:db8::1]/x",
    ],
)
def test_what_may_be_registered_is_kept_as_it_is(url: str) -> None:
    assert check_return_url(url, field="f", development=False) == url


BAD = [
    "", "chat.acme.example", "//chat.acme.example", "http://chat.acme.example/", "ftp://chat.acme.example/",
    "javascript:alert(1)", "data:text/html,x", "https:///x", "https://", "https://user@chat.acme.example/",
    "https://user:pw@chat.acme.example/", "https://chat.acme.example/#x", "https://chat.acme.example/\\x",
    "https:\\\\chat.acme.example", "https://*.acme.example/", "https://chat.acme.example/ x", "https://chat.acme.example/\n",
    " https://chat.acme.example/", "https://chät.example/", "https://chat.acme.example:99999/", "https://[::1/",
    "https://chat.acme.example/" + "x" * 2_000, "custom.app://callback",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD)
@pytest.mark.parametrize("development", [True, False])
def test_what_may_not_be_registered(url: str, development: bool) -> None:
    for check in (check_return_url, check_origin):
        if url == "http://chat.acme.example/" and development:
            continue
        with pytest.raises(InvalidConfig) as refused:
            check(url, field="return_urls/0", development=development)
        assert refused.value.fields["field"] == "return_urls/0"


@pytest.mark.parametrize("url", ["http://localhost:3000/x", "http://127.0.0.1:3000/x", "http://[::1]:3000/x"])
def test_http_goes_to_this_machine_only_and_in_development_only(url: str) -> None:
    assert check_return_url(url, field="f", development=True) == url
    with pytest.raises(InvalidConfig):
        check_return_url(url, field="f", development=False)
    elsewhere = re.sub(r"localhost|127\.0\.0\.1|\[::1\]", "localhost.evil.example", url)
    with pytest.raises(InvalidConfig):
        check_return_url(elsewhere, field="f", development=True)


@pytest.mark.parametrize(
    "origin",
    [
        "https://chat.acme.example/", "https://chat.acme.example?x", "https://chat.acme.example?",
        "https://CHAT.acme.example", "https://chat.acme.example:443", "https://chat.acme.example/x",
    ],
)  # fmt: skip
def test_an_origin_is_written_as_browsers_send_it(origin: str) -> None:
    with pytest.raises(InvalidConfig):
        check_origin(origin, field="f", development=False)
    assert check_origin("https://chat.acme.example:8443", field="f", development=False)


HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z]{2,8}){1,2}", fullmatch=True)
PATHS = st.text("abcXYZ012/._~-%?=&", max_size=20).map(lambda path: "/" + path.replace("%", "%20"))


@given(HOSTS, PATHS, st.none() | st.integers(1, 65535))
def test_a_plain_https_address_may_be_registered_and_only_itself_is_accepted(
    host: str, path: str, port: int | None
) -> None:
    url = f"https://{host}{f':{port}' if port else ''}{path}"
    assert check_return_url(url, field="f", development=False) == url
    registered = assistant(url)
    assert where_to(registered, url, None) == (url, None)
    assert origin_of(url) == f"https://{host}{f':{port}' if port not in (None, 443) else ''}"
    assert host_of(url) == urlsplit(url).netloc
    for other in (
        url + "/", url + "?", url + "#", url + "%20", url.upper(), url.replace("https", "http"), url + "x", url[:-1],
        url.replace(host, f"{host}.evil.example"), url.replace(host, f"evil.example/{host}"), "//" + url[8:],
        url.replace("https://", "https://evil@"), url.replace("https://", "https:\\\\"), " " + url, url + "\x00",
    ):  # fmt: skip
        if other != url:
            with pytest.raises(InvalidReturnUrl):
                where_to(registered, other, None)


@given(st.text(max_size=60))
def test_nothing_that_was_not_registered_is_accepted(text: str) -> None:
    with pytest.raises(InvalidReturnUrl):
        where_to(assistant(GOOD, origins=("https://chat.acme.example",)), text, None)
    with pytest.raises(InvalidReturnUrl):
        where_to(assistant(GOOD, origins=("https://chat.acme.example",)), None, text)


def test_without_a_word_it_is_the_only_origin_else_the_default() -> None:
    one, two = "https://a.example", "https://b.example"
    assert where_to(assistant(GOOD, origins=(one,), default=GOOD), None, None) == (None, one)
    assert where_to(assistant(GOOD, origins=(one, two), default=GOOD), None, None) == (GOOD, None)
    for unclear in (assistant(GOOD, origins=(one, two)), assistant(GOOD), assistant()):
        with pytest.raises(InvalidReturnUrl):
            where_to(unclear, None, None)
    with pytest.raises(InvalidReturnUrl):
        where_to(assistant(GOOD, origins=(one,)), GOOD, one)
