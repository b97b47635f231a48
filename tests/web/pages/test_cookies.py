"""What the cookies that bind a browser look like, on https and on this machine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from core.secret import Secret
from web.pages import cookies

ABROAD: Any = SimpleNamespace(public_url="https://keys.acme.example")
HERE: Any = SimpleNamespace(public_url="http://127.0.0.1:8000")


def test_on_https_a_cookie_is_this_hosts_alone() -> None:
    cookie = cookies.write(ABROAD, cookies.connect("cs_01jdd8m4"), Secret("value"), 60)
    assert cookie.key == "__Host-vk-cs-01jdd8m4"
    assert (cookie.secure, cookie.httponly, cookie.samesite, cookie.path) == (True, True, "lax", "/")
    assert cookie.domain is None


def test_on_http_the_name_promises_nothing_it_cannot_keep() -> None:
    cookie = cookies.write(HERE, "me", Secret("value"), 60)
    assert cookie.key == "vk-me" and not cookie.secure and cookie.httponly


def test_each_connect_session_has_a_cookie_of_its_own() -> None:
    assert cookies.connect("cs_a") != cookies.connect("cs_b")


def test_forgetting_ends_the_same_cookie_at_once() -> None:
    gone = cookies.forget(ABROAD, "me")
    assert (gone.key, gone.max_age, gone.secure) == ("__Host-vk-me", 0, True)


def test_an_endless_cookie_is_none() -> None:
    def read(value: str) -> Secret | None:
        request: Any = SimpleNamespace(cookies={"vk-me": value})
        return cookies.read(HERE, request, "me")

    assert read("x" * 43) == Secret("x" * 43)
    assert read("x" * 5000) is None and read("") is None
