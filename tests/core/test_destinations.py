"""Where Valetkey may connect to."""

from __future__ import annotations

import ipaddress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.destinations import address_fault, check_url, host_fault, url_fault
from core.errors import InvalidConfig

INSIDE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "224.0.1.1",
    "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001::1", "2001:db8::1", "3fff::1", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "ff0e::1", "100::1", "5f00::1",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert address_fault(address, development=False)


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_allowed(address: str) -> None:
    assert address_fault(address, development=False) is None


@pytest.mark.parametrize("address", INSIDE)
def test_development_opens_loopback_and_nothing_else(address: str) -> None:
    mapped = getattr(ip_address(address), "ipv4_mapped", None)
    loopback = ip_address(address).is_loopback or (mapped is not None and mapped.is_loopback)
    assert (address_fault(address, development=True) is None) == loopback


@given(st.ip_addresses(v=4))
def test_an_address_in_ipv6_clothes_is_judged_as_what_it_is(address: ipaddress.IPv4Address) -> None:
    bare = address_fault(str(address), development=False) is None
    assert (address_fault(f"::ffff:{address}", development=False) is None) == bare
    for disguise in (
        f"64:ff9b::{address}",
        f"::{address}",
        f"2002:{int(address) >> 16:x}:{int(address) & 0xFFFF:x}::",
    ):
        assert address_fault(disguise, development=False)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "0x7f.1", "0X7F.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
        "0", "0.0", "0x0", "127.0.0.0x1", "1.1.1.1.1", "0x08080808", "08.8.8.8", "256.1.1.1", "a.0x7f", "foo.1", "0x",
        "[::1]", "[::ffff:7f00:1]", "[fe80::1%25lo]", "localhost", "LOCALHOST", "localhost.", "a.localhost", "", "..", "a..b",
        "a b", "-a-.example!", "ex\u3002ample", "a" * 64 + ".example",
    ],
)  # fmt: skip
def test_a_host_that_is_this_machine_or_none_is_refused_in_every_spelling(host: str) -> None:
    assert host_fault(host, development=False)


@pytest.mark.parametrize(
    "host", ["acme.example", "a.b-c.example", "xn--bcher-kva.example", "8.8.8.8", "_dmarc.acme.example"]
)
def test_a_plain_host_is_allowed(host: str) -> None:
    assert host_fault(host, development=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.example", "ftp://acme.example", "javascript:alert(1)", "//acme.example", "acme.example", "https://", "",
        "https:///x", "https://user@acme.example", "https://u:p@acme.example", "https://@acme.example", "https://acme.example#x",
        "https://acme.example/#", "https://acme.example\\@evil.example", "https://acme.example:", "https://acme.example:0",
        "https://acme.example:99999", "https://acme.example:x", "https://ac me.example", "https://acme.example/\n",
        "https://acme.example\t", "https://b\u00fccher.example", "https://\uff11\uff12\uff17.0.0.1", "https://127.0.0.1",
        "https://[::1]/", "https://[::1", "https://2130706433/", "https://169.254.169.254/latest", "https://localhost",
        "https://" + "a" * 9000,
    ],
)  # fmt: skip
def test_a_url_that_leads_nowhere_good_is_invalid_config(url: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        check_url(url, development=False, field="config.instance_url")
    assert caught.value.fields["field"] == "config.instance_url"
    assert str(caught.value).startswith("config.instance_url: ")


def test_http_is_for_this_machine_in_development_only() -> None:
    for url in (
        "http://127.0.0.1:8001/x",
        "http://localhost:8001",
        "http://[::1]:8001",
        "http://nw.localhost:1",
    ):
        assert url_fault(url, development=True) is None
        assert url_fault(url, development=False)
    for url in (
        "http://acme.example",
        "http://10.0.0.1",
        "https://10.0.0.1",
        "http://8.8.8.8",
        "https://169.254.169.254",
    ):
        assert url_fault(url, development=True)


def test_a_good_url_comes_back_letter_for_letter() -> None:
    url = "https://Acme.example:8443/v3/?a=%2F&b="
    assert check_url(url, development=False) == url
