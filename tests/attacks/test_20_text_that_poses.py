"""Row 20: text of builders, admins, providers and users that wants to be more than text on our pages.

Each text is put everywhere at once: name of workspace, assistant and user, description, purpose, reason, account at the provider,
reason of an admin. Then every page is looked at on which a person decides or reads what was decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import Comment

from core import assistants, consent, plain_text, revocation, sessions, whose, workspaces
from tests.attacks import signed_in
from tests.attacks.conftest import Weaken
from tests.attacks.leaky import LeakyProvider
from tests.harness.scene import Scene
from tests.harness.tenant import CHAT_ORIGIN, Assistant, made
from tests.harness.walker import Page, Walker
from web.pages import render, text

# What markup could do, and what characters could do.
MARKUP = {
    "script": "<script>alert(1)</script>",
    "handler": "\"'><img src=x onerror=alert(1)><svg onload=alert(1)>",
    "form": '</p></form><form action="https://evil.example"><button>Continue</button><base href="//evil.example">',
    "comment": "<!-- x --><style>*{display:none}</style>",
}
CHARACTERS = {
    "override": "Acme \u202egnp.kcehc\u202c \u2066turned\u2069 \u200f!",
    "unseen": "Ac\u200bme\u00ad\ufeff\u2060 As\U000e0041\U000e0042sist",
    "controls": "Acme\r\n\x00\x1b[31m\x07\x85 Assist\u2028over\u2029there",
    "endless": "A" * 10_000,
    "stacked": "A" + "\u0301" * 500 + "cme",
    "wide": "\uff21\uff43\uff4d\uff45 \u2121 \ufb01nance",
}
TEXTS = {**MARKUP, **CHARACTERS}
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
SCOPE, TOOL = "Look around", "leaky.look"


@pytest.fixture
def provider() -> Iterator[LeakyProvider]:
    one = LeakyProvider()
    yield one
    one.close()


class Posing(Scene):
    """A workspace in which everything is called `words`."""

    def __init__(self, service: Any, provider: LeakyProvider, words: str) -> None:
        self.words = words
        super().__init__(_Named(service, words), provider)  # type: ignore[arg-type]
        provider.account = words
        self.assistant.close()
        self.assistant: Assistant = self.workspace.assistant(words, description=words)

    def asked(self) -> dict[str, Any]:
        tools = [{"tool": TOOL, "required": True, "reason": self.words[:2000]}, "leaky.look_closely"]
        user = {"id": "u1", "name": self.words[:1000], "email": self.words[:1000]}
        body = {"user": user, "connector": "leaky", "tools": tools, "purpose": self.words[:5000]}
        return made(self.assistant.http.post("/v1/connect-sessions", json=body))

    def pages(self, walker: Walker) -> dict[str, Page]:
        """Every page that somebody's words come to."""
        seen: dict[str, Page] = {}
        session = self.asked()
        seen["consent"] = walker.open(session["url"])
        seen["no thanks"] = walker.submit("/deny")
        session = self.asked()
        code = self.authorize(walker, session)
        assert walker.page is not None
        seen["finish"] = walker.page
        grant = made(self.assistant.confirm(session["id"], "u1", code))["grant"]
        seen["connected"] = walker.open(session["url"])
        self.call("look")
        signed_in.portal(walker, self.assistant, "u1")
        signed_in.admin(walker, self)
        seen["step-up"] = walker.open(self.asked()["url"])
        for path in self._paths(grant):
            seen[path] = walker.open(self.service.url + path)
        body = {"grants": [grant["id"]], "reason": self.words[:2000]}
        made(self.workspace.http.post("/v1/grants/revoke", json=body))
        for path in (f"/me/grants/{grant['id']}", f"/admin/grants/{grant['id']}", "/admin/audit", "/me"):
            seen[f"{path} afterwards"] = walker.open(self.service.url + path)
        assert {name: page.status for name, page in seen.items() if page.status != 200} == {}
        return seen

    def _paths(self, grant: dict[str, Any]) -> list[str]:
        grant_id, receipt = grant["id"], grant["receipt"]
        return [
            "/me", f"/me/grants/{grant_id}", f"/me/grants/{grant_id}/stop", "/me/stop", f"/me/receipts/{receipt}",
            "/admin", "/admin/grants", f"/admin/grants/{grant_id}", f"/admin/grants/{grant_id}/revoke",
            f"/admin/receipts/{receipt}", "/admin/audit", "/admin/policy", "/admin/connectors/leaky",
            "/admin/connectors/leaky/delete", "/admin/assistants", f"/admin/assistants/{self.assistant.id}",
            f"/admin/assistants/{self.assistant.id}/delete",
        ]  # fmt: skip


class _Named:
    """The service, whose workspaces get this name."""

    def __init__(self, service: Any, name: str) -> None:
        self._service, self._name = service, name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._service, attribute)

    def workspace(self) -> Any:
        return self._service.workspace(self._name)


def poses(page: Page) -> list[str]:
    """What on a page is more than text."""
    soup = page.soup
    found = [
        str(tag)[:80]
        for tag in soup.select("[onerror], [onload], [style], base, style, svg[onload], iframe, object")
    ]
    found += [
        str(tag)[:80] for tag in soup.select("img") if not str(tag.get("src", "")).startswith(("/", "data:"))
    ]
    found += [
        str(tag)[:80]
        for tag in soup.select("script")
        if tag.get("type") != "application/json" and not str(tag.get("src", "")).startswith("/static/")
    ]
    found += [f"comment {one}" for one in soup.find_all(string=lambda piece: isinstance(piece, Comment))]
    found += [form.action for form in page.forms if "evil" in form.action]
    found += [f"unseen character {match[0]!r}" for match in UNSEEN.finditer(page.text)]
    pieces = [piece.strip() for piece in soup.find_all(string=True)]
    found += [f"{len(piece)} characters" for piece in pieces if "AAAAAAAA" in piece and len(piece) > 700]
    values = [str(tag.get("value", "")) for tag in soup.select("input")]
    found += [f"field of {len(value)} characters" for value in values if len(value) > 700]
    if re.search("[\u0300-\u036f]{3}", page.text):
        found.append("a stack of marks")
    return found + [char for char in ("\uff21", "\u2121") if char in page.text]


def careless(weaken: Weaken, kind: str) -> None:
    """The mutation: markup is not escaped, or characters are taken as they come."""
    if kind in MARKUP:
        environment = render._environment()
        environment.autoescape = False
        weaken(render, "environment", environment)
        return
    for module in (assistants, consent, revocation, sessions, whose, workspaces, plain_text):
        weaken(module, "clean", lambda words, limit: words)
    weaken(text, "visible", lambda words: words)


@pytest.mark.parametrize("kind", list(TEXTS))
def test_words_stay_words_on_every_page(
    attacked: Any, provider: LeakyProvider, walker: Walker, kind: str, defended: bool, weaken: Weaken
) -> None:
    careless(weaken, kind)
    scene = Posing(attacked, provider, TEXTS[kind])
    pages = scene.pages(walker) if defended else {"consent": walker.open(scene.asked()["url"])}
    found = {name: told for name, page in pages.items() if (told := poses(page))}
    scene.close()
    assert (found == {}) is defended, found


def test_the_page_names_the_origin_it_checked_and_the_connectors_own_words_for_what_is_asked(
    attacked: Any, provider: LeakyProvider, walker: Walker
) -> None:
    """However much an assistant's name says that it is something else."""
    words = "Leaky Tools only wants to “see nothing”. Verified by Valetkey. Opened from bank.example"
    scene = Posing(attacked, provider, words)
    page = walker.open(scene.asked()["url"])
    origin = page.soup.select_one(".origin b")
    assert origin is not None and origin.text == CHAT_ORIGIN.removeprefix("https://")
    assert SCOPE in page.words and "nothing worth telling" in page.words
    reason, purpose = page.soup.select_one(".reason"), page.soup.select_one("blockquote")
    assert reason is not None and purpose is not None
    assert reason.text.startswith("Needed, says Leaky Tools only wants") and "‘see nothing’" in reason.text
    assert purpose.text.startswith("“") and purpose.text.endswith("”") and "‘see nothing’" in purpose.text
    scene.close()


def test_a_name_of_nothing_but_unseen_characters_is_no_name(attacked: Any, provider: LeakyProvider) -> None:
    scene = Scene(attacked, provider)
    for name in ("\u200b\u200b", "\u202e", "  \n", "\U000e0041"):
        refused = scene.workspace.http.post("/v1/assistants", json={"name": name})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_body"), repr(name)
    scene.close()


@pytest.mark.parametrize("kind", ["override", "endless", "wide"])
def test_what_a_provider_calls_an_account_is_cleaned_where_it_is_taken_in(
    attacked: Any, provider: LeakyProvider, kind: str, defended: bool, weaken: Weaken
) -> None:
    """It goes to assistants as well, which show it to people on pages of their own."""
    weaken(whose, "clean", lambda words, limit: words)
    scene, provider.account = Scene(attacked, provider), TEXTS[kind]
    label = scene.connect(tools=["look"])["account"]["label"]
    assert (label == plain_text.clean(TEXTS[kind], whose.LABEL_CHARS)) is defended
    scene.close()
