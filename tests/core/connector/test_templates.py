"""Places in URLs, patterns of token fields, and path segments out of arguments."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import httpx
import pytest
import yarl
from hypothesis import example, given
from hypothesis import strategies as st

from core.connector import ToolError, field_matches, seg
from core.connector.templates import fill, origin, path, places, unsafe_path
from core.errors import InvalidConfig

PATTERN = "https://*.acme.example"
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
NASTY = st.text(alphabet=st.sampled_from("/\\.%2eEfF?#@:;&= \t\n\x00aé‥"), max_size=12)


@given(st.lists(LABEL, min_size=1, max_size=3))
def test_a_subdomain_of_the_pattern_matches(labels: list[str]) -> None:
    assert field_matches(PATTERN, f"https://{'.'.join(labels)}.acme.example")


@given(st.text(max_size=30))
@example("https://acme.example")
@example("https://evilacme.example")
@example("https://x.acme.example.evil.example")
@example("https://evil.example/.acme.example")
@example("https://evil.example?.acme.example")
@example("https://evil.example#.acme.example")
@example("https://evil.example\\.acme.example")
@example("https://x@y.acme.example")
@example("https://x.acme.example:8443")
@example("https://x.acme.example/path")
@example("https://x.acme.example?")
@example("http://x.acme.example")
@example("https://.acme.example")
@example("https://-.acme.example")
@example("https://a..acme.example")
@example("https://x.acme.example\n")
@example(" https://x.acme.example")
@example("https://*.acme.example")
@example("https://x.acme.example.")
@example("https://é.acme.example")
def test_nothing_else_does(value: str) -> None:
    assert not field_matches(PATTERN, value)


@given(NASTY, NASTY)
def test_whatever_matches_leads_to_that_host_for_every_parser(before: str, after: str) -> None:
    value = f"https://{before}.acme.example{after}"
    if field_matches(PATTERN, value):
        for host in (urlsplit(value).hostname, httpx.URL(value).host, yarl.URL(value).host):
            assert str(host).endswith(".acme.example")
        assert httpx.URL(value).userinfo == b"" and urlsplit(value).path in ("", "/")


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("https://api.acme.example", "https://api.acme.example", True),
        ("https://api.acme.example", "https://api.acme.example/", True),
        ("https://api.acme.example", "https://API.acme.example:443", True),
        ("https://api.acme.example", "https://api.acme.example:444", False),
        ("https://api.acme.example", "https://x.api.acme.example", False),
        ("https://*.acme.example:8443", "https://x.acme.example:8443", True),
        ("https://*.acme.example:8443", "https://x.acme.example", False),
        ("https://api.*.example", "https://api.acme.example", False),
        ("*", "0a1b-2c", True),
        ("*", "a/b", False),
        ("*", "", False),
        ("*", "a\n", False),
        ("eu-*", "eu-1", True),
        ("eu-*", "us-1", False),
        ("eu-*", "eu-", False),
    ],
)
def test_patterns_mean_what_they_say(pattern: str, value: str, fits: bool) -> None:
    assert field_matches(pattern, value) is fits


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Acme.Example/x?y#z", "https://acme.example"),
        ("https://acme.example:443/", "https://acme.example"),
        ("https://acme.example:0443", "https://acme.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://[::1]:8443/x", "https://[::1]:8443"),
        ("https://u@acme.example", None),
        ("https://acme.example\\@x", None),
        ("https://acme.example:99999", None),
        ("ftp://acme.example", None),
        ("//acme.example", None),
        ("acme.example", None),
        ("https://", None),
        ("", None),
    ],
)
def test_the_origin_of_a_url_or_none(url: str, expected: str | None) -> None:
    assert origin(url) == expected


@given(NASTY, NASTY, NASTY)
def test_an_origin_is_the_one_every_parser_sees(user: str, host: str, tail: str) -> None:
    url = f"https://{user}{host}acme.example{tail}"
    found = origin(url)
    if found is not None:
        seen = httpx.URL(url)
        shown = f"https://{seen.netloc.decode()}" if seen.port != 443 else f"https://{seen.host}"
        assert found == shown.lower()


@given(NASTY | st.text(max_size=20))
def test_a_segment_is_one_segment_for_every_parser_and_reads_back(value: str) -> None:
    try:
        segment = seg(value)
    except ToolError:
        return
    url = f"https://acme.example/v3/contacts/{segment}/notes"
    for raw in (httpx.URL(url).raw_path.decode(), yarl.URL(url).raw_path_qs):
        assert raw.startswith("/v3/contacts/") and raw.endswith("/notes")
        assert raw.count("/") == 4 and "?" not in raw
    assert unquote(segment) == value


@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "../x", "a/../b", "a\\b", "a\nb", "\x00", "%2e%2e", "%2E.", "\ud800", "..;x", "a/.."],
)
def test_what_no_quoting_makes_safe_is_a_mistake_of_the_user(value: str) -> None:
    with pytest.raises(ToolError):
        seg(value)


def test_a_path_takes_its_values_by_name() -> None:
    assert path("/a/{one}/b/{two}", one="x/y", two=7) == "/a/x%2Fy/b/7"
    with pytest.raises(KeyError):
        path("/a/{one}")


@given(NASTY)
def test_a_step_upwards_is_found_however_it_is_written(middle: str) -> None:
    for dots in ("..", "%2e%2e", ".%2E", "%252e%252e", "..%2f", "..;x"):
        assert unsafe_path(f"/{dots}/{middle}")


def test_places_are_filled() -> None:
    fields = {"instance_url": "https://x.acme.example/", "site": "s-1", "tenant": "ada"}
    assert fill("{instance_url}/v3/{site}", fields) == "https://x.acme.example/v3/s-1"
    assert fill("https://{tenant}.acme.example/v3", fields) == "https://ada.acme.example/v3"
    assert places("{instance_url}/v3/{site}/{site}") == ("instance_url", "site")


@given(st.text(max_size=20) | NASTY)
def test_a_filled_label_never_changes_where_the_url_leads(value: str) -> None:
    try:
        url = fill("https://{tenant}.acme.example/v3/{tenant}", {"tenant": value})
    except InvalidConfig as refused:
        assert refused.fields["field"] == "config.tenant"
        return
    for parsed in (httpx.URL(url), yarl.URL(url)):
        assert parsed.host == f"{value.lower()}.acme.example"
        assert parsed.path == f"/v3/{value}"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "https://a.example?x",
        "https://a.example#x",
        "https://u@a.example",
        "https://a.example/..",
        "ftp://a.example",
        "https://a b",
    ],
)
def test_a_filled_beginning_is_a_plain_address(value: str) -> None:
    with pytest.raises(InvalidConfig):
        fill("{instance_url}/v3", {"instance_url": value})
