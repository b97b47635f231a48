"""A browser without script: cookies, redirects and forms, for tests that walk the pages as a person would.

It keeps what a browser's protection rests on: `Origin` on a POST (`null` from a page with `Referrer-Policy:
no-referrer`,
as the Fetch standard says), `Sec-Fetch-*`, and cookies per host. Redirects are followed on this machine only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from bs4 import BeautifulSoup
from bs4.element import Tag


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass
class Form:
    """`fields` are what the browser would send as the page stands: `(name, value)` in order, ticked boxes
    only.
    """

    action: str
    method: str
    fields: list[tuple[str, str]]
    boxes: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def with_values(self, changes: dict[str, str | list[str] | None]) -> list[tuple[str, str]]:
        kept = [(name, value) for name, value in self.fields if name not in changes]
        for name, value in changes.items():
            values = [] if value is None else [value] if isinstance(value, str) else value
            kept += [(name, one) for one in values]
        return kept


def _field_values(control: Tag) -> list[str]:
    if control.name == "select":
        options = control.select("option")
        chosen = [option for option in options if option.has_attr("selected")] or options[:1]
        return [str(option.get("value", option.text)) for option in chosen]
    if control.name == "textarea":
        return [control.text]
    if control.get("type") in ("checkbox", "radio") and not control.has_attr("checked"):
        return []
    return [str(control.get("value", "on" if control.get("type") in ("checkbox", "radio") else ""))]


def _read_form(page_url: str, tag: Tag) -> Form:
    form = Form(
        urljoin(page_url, str(tag.get("action") or page_url)), str(tag.get("method", "get")).lower(), []
    )
    for control in tag.select("input[name], select[name], textarea[name]"):
        name, kind = str(control["name"]), str(control.get("type", ""))
        if kind in ("submit", "button", "image") or control.has_attr("disabled"):
            continue
        form.fields += [(name, value) for value in _field_values(control)]
        if kind in ("checkbox", "radio"):
            form.boxes.setdefault(name, []).append(str(control.get("value", "on")))
        if control.name == "select":
            form.choices[name] = [
                str(option.get("value", option.text)) for option in control.select("option")
            ]
    return form


class Page:
    """One answer, as the person sees it. `left_to` is the address outside this machine where the browser was
    sent, if any.
    """

    def __init__(self, response: httpx.Response, left_to: str | None = None) -> None:
        self.response = response
        self.status = response.status_code
        self.url = str(response.url)
        self.text = response.text
        self.left_to = left_to
        self.soup = BeautifulSoup(response.text, "html.parser")
        self.forms = [_read_form(self.url, tag) for tag in self.soup.select("form")]

    @property
    def code(self) -> str | None:
        """The problem code of an error page."""
        main = self.soup.select_one("main[data-code]")
        return str(main["data-code"]) if main else None

    @property
    def words(self) -> str:
        return " ".join(self.soup.get_text(" ").split())

    @property
    def query(self) -> dict[str, str]:
        """The query of where the browser ended."""
        return {
            name: values[0] for name, values in parse_qs(urlsplit(self.left_to or self.url).query).items()
        }

    @property
    def message(self) -> dict[str, Any]:
        """What the finishing page posts to its opener: `{type, session, code}`."""
        return json.loads(self._message_tag().text)

    @property
    def message_origin(self) -> str:
        return str(self._message_tag()["data-target-origin"])

    def form(self, action: str) -> Form:
        """The one form whose action's path ends with `action`."""
        found = [form for form in self.forms if urlsplit(form.action).path.endswith(action)]
        assert len(found) == 1, (
            f"{len(found)} forms to {action!r} on {self.url} ({self.status}):\n{self.words[:800]}"
        )
        return found[0]

    def _message_tag(self) -> Tag:
        tag = self.soup.select_one("#valetkey-message")
        assert tag is not None, (
            f"no message for the opener on {self.url} ({self.status}, {self.code}):\n{self.words[:800]}"
        )
        return tag


class Walker:
    """One person's browser. `page` is what is shown now. Use as a context manager, or call `close()`."""

    def __init__(self, **headers: str) -> None:
        agent = {
            "User-Agent": "Mozilla/5.0 (walker)",
            "Accept": "text/html",
            "Accept-Language": "en",
            **headers,
        }
        self.http = httpx.Client(headers=agent, timeout=30, trust_env=False, follow_redirects=False)
        self.page: Page | None = None

    def __enter__(self) -> Walker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def open(self, url: str, **headers: str) -> Page:
        """As typed into the address bar, or a link followed from elsewhere."""
        fetch = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        return self._follow(self.http.build_request("GET", url, headers={**fetch, **headers}))

    def submit(self, form: str | Form, *, follow: bool = True, **changes: str | list[str] | None) -> Page:
        """Send a form of the page shown; `changes` replace fields (list: several values; None: left out)."""
        assert self.page is not None, "no page is open"
        target = self.page.form(form) if isinstance(form, str) else form
        fields = target.with_values(changes)
        if target.method == "get":
            return self.open(str(httpx.URL(target.action, params=fields)))
        content = str(httpx.QueryParams(fields))
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self._post_headers(target.action)}
        request = self.http.build_request("POST", target.action, content=content, headers=headers)
        return self._follow(request) if follow else self._show(Page(self.http.send(request)))

    def _post_headers(self, action: str) -> dict[str, str]:
        assert self.page is not None
        hidden = "no-referrer" in self.page.response.headers.get("referrer-policy", "")
        here = _origin(self.page.url)
        site = "same-origin" if _origin(action) == here else "same-site"
        fetch = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        return {"Origin": "null" if hidden else here, **fetch}

    def _follow(self, request: httpx.Request) -> Page:
        response = self.http.send(request)
        for _ in range(10):
            if not response.has_redirect_location:
                return self._show(Page(response))
            target = urljoin(str(response.url), response.headers["location"])
            if urlsplit(target).hostname not in ("127.0.0.1", "localhost"):
                return self._show(Page(response, left_to=target))
            fetch = {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            }
            response = self.http.get(target, headers=fetch)
        raise AssertionError(f"more than 10 redirects, the last to {response.headers['location']}")

    def _show(self, page: Page) -> Page:
        self.page = page
        return page
