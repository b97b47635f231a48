"""The walker reads forms as a browser does."""

from __future__ import annotations

import httpx

from tests.harness.walker import Page, Walker

PAGE = """<main data-code="user_mismatch"><form method="post" action="/connect/cs_1/approve">
<input type="hidden" name="csrf_token" value="t"><input type="hidden" name="tools" value="a.must">
<input type="checkbox" name="tools" value="a.on" checked><input type="checkbox" name="tools" value="a.off">
<select name="duration"><option value="chat">C<option value="30d" selected>M</select>
<button name="b">Go</button></form>
<form method="post" action="/connect/cs_1/deny"></form></main>
<script type="application/json" id="valetkey-message" data-target-origin="https://a.example">
{"session": "cs_1"}</script>"""


def page() -> Page:
    return Page(
        httpx.Response(200, text=PAGE, request=httpx.Request("GET", "http://127.0.0.1:1/connect/cs_1?x=1"))
    )


def test_a_form_holds_what_a_browser_would_send() -> None:
    form = page().form("/approve")
    assert form.action == "http://127.0.0.1:1/connect/cs_1/approve"
    sent = [("csrf_token", "t"), ("tools", "a.must"), ("tools", "a.on"), ("duration", "30d")]
    assert form.fields == sent
    assert form.boxes == {"tools": ["a.on", "a.off"]}
    assert form.choices == {"duration": ["chat", "30d"]}
    assert form.with_values({"tools": ["a.off"], "csrf_token": None}) == [
        ("duration", "30d"),
        ("tools", "a.off"),
    ]


def test_the_finishing_message_and_the_problem_code_are_read() -> None:
    assert page().code == "user_mismatch"
    assert page().message == {"session": "cs_1"}
    assert page().message_origin == "https://a.example"


def test_a_page_without_referrer_sends_no_origin_on_a_post() -> None:
    with Walker() as walker:
        shown = page()
        shown.response.headers["referrer-policy"] = "no-referrer"
        walker.page = shown
        assert walker._post_headers("http://127.0.0.1:1/x")["Origin"] == "null"
        walker.page = page()
        assert walker._post_headers("http://127.0.0.1:1/x")["Origin"] == "http://127.0.0.1:1"
