"""What every page carries, and what no text can do to one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from core.errors import Missing
from web.pages import assets
from web.pages.render import TEMPLATES, environment, page, render, security_headers

PAGES = sorted(path for path in TEMPLATES.rglob("*.html"))


def test_markup_in_a_value_is_text() -> None:
    shown = environment.from_string("<p>{{ view }}</p>").render(view="<script>alert(1)</script>", now_ms=0)
    assert "<script>" not in shown


def test_a_value_loses_what_cannot_be_seen_whoever_wrote_it() -> None:
    assert environment.from_string("{{ view }}").render(view="a\u202eb") == "ab"


def test_json_in_a_page_cannot_end_its_element() -> None:
    shown = environment.from_string("{{ view|tojson }}").render(view={"a": "</script><b>"})
    assert "<" not in shown


def test_a_name_that_is_not_there_is_a_fault_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        environment.from_string("{{ view.nothing }}").render(view=object())


def test_a_template_that_names_a_missing_file_fails_at_once() -> None:
    with pytest.raises(Missing):
        environment.from_string("{{ static('nothing.css') }}").render()


def test_the_policy_allows_no_inline_script_and_no_frame() -> None:
    policy = security_headers()["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "form-action 'self';" in policy


def test_a_form_may_end_up_only_where_the_page_says() -> None:
    assert "form-action 'self' https:;" in security_headers(["https:"])["Content-Security-Policy"]


def test_every_page_carries_every_header() -> None:
    answer = page("fault.html", FAULT, now_ms=0)
    for name in ("Content-Security-Policy", "Cache-Control", "X-Content-Type-Options", "Referrer-Policy"):
        assert answer.headers[name] == security_headers()[name]
    assert (
        answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "no-referrer"
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_carries_inline_script_style_or_another_host(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
    assert not re.search(r"(src|href)=\"(https?:)?//", text)


def test_the_stylesheet_and_the_scripts_load_nothing_from_elsewhere() -> None:
    for name in ("valetkey.css", "page.js", "connect.js", "widget.js"):
        text = (assets.FOLDER / name).read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"url\(\s*[\"']?(https?:)?//|@import|https?://[a-z]", text), name


class FAULT:
    code, headline, lead, facts, advice, icon, kind = "x", "Headline", "Lead", (), None, "warn", ""
    link = link_text = request_id = message = None


def test_a_page_names_its_language_and_its_title() -> None:
    shown = render("fault.html", FAULT, now_ms=0)
    assert '<html lang="en">' in shown and "<title>Headline</title>" in shown
