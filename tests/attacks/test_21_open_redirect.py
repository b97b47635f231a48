"""Row 21: the browser, and with it the completion code, sent to somewhere else than a registered address.

Addresses are compared letter for letter, and only plain ones can be registered. No page of ours takes an address to go on to.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from core import addresses, assistants, connecting, tickets
from tests.attacks import routes, signed_in
from tests.attacks.conftest import Weaken
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import CHAT_ORIGIN, RETURN_URL, made
from tests.harness.walker import Walker
from web.pages.admin.visit import Visit

HOST = urlsplit(RETURN_URL).hostname or ""
ALMOST = [
    "",
    "/",
    "/connected",
    "//evil.example",
    "//evil.example/connected",
    "\\\\evil.example",
    "/\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://evil.example",
    f"https://{HOST}@evil.example/connected",
    f"https://{HOST}:443@evil.example/connected",
    f"https://evil.example\\@{HOST}/connected",
    f"https://evil.example#@{HOST}/connected",
    f"https://{HOST}.evil.example/connected",
    f"https://evil-{HOST}/connected",
    f"https://{HOST}%2eevil.example/connected",
    f"https://{HOST}%00.evil.example/connected",
    f"https://{HOST}。evil.example/connected",
    f"http://{HOST}/connected",
    f"https://{HOST}:444/connected",
    f"https://{HOST}:443/connected",
    f"https://{HOST.upper()}/connected",
    f"HTTPS://{HOST}/connected",
    f"https://{HOST}/connected/",
    f"https://{HOST}/Connected",
    f"https://{HOST}/connecte%64",
    f"https://{HOST}//connected",
    f"https://{HOST}/./connected",
    f"https://{HOST}/connected/../evil",
    f"https://{HOST}/connected%2f..%2fevil",
    f"{RETURN_URL}?next=//evil.example",
    f"{RETURN_URL}#x",
    f"{RETURN_URL}.evil.example",
    f" {RETURN_URL}",
    f"{RETURN_URL} ",
    f"{RETURN_URL}\n",
    f"\t{RETURN_URL}",
    f"{RETURN_URL}\r\nLocation: https://evil.example",
]
LEADS_AWAY = [
    "https://evil.example/connected",
    f"https://{HOST}@evil.example/connected",
    f"https://{HOST}.evil.example/connected",
]


# ---- named by an assistant ----------------------------------------------------------------------------------


def ask(northwind_stage: NorthwindStage, way: str, field: str, value: str) -> httpx.Response:
    """The three ways to name where the browser goes afterwards."""
    stage, http = northwind_stage, northwind_stage.assistant.http
    tool = stage.tool(stage.read)
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "session": (
            "/v1/connect-sessions",
            {"user": {"id": "u1"}, "connector": "northwind", "tools": [tool]},
        ),
        "call": ("/v1/tool-calls", {"tool": tool, "user": "u1", "arguments": {}}),
        "portal": ("/v1/portal-sessions", {"user": "u1"}),
    }
    path, body = bodies[way]
    return http.post(path, json={**body, field: value})


@pytest.mark.parametrize(
    ("way", "field"),
    [
        ("session", "return_url"),
        ("call", "return_url"),
        ("portal", "return_url"),
        ("session", "origin"),
        ("call", "origin"),
    ],
)
def test_only_the_very_letters_that_were_registered_are_taken(
    northwind_stage: NorthwindStage, way: str, field: str
) -> None:
    wrong = {}
    origins = [CHAT_ORIGIN + "/", CHAT_ORIGIN.upper(), CHAT_ORIGIN + ":443", "null", "*", HOST]
    for value in ALMOST if field == "return_url" else [*ALMOST, *origins]:
        answer = ask(northwind_stage, way, field, value)
        if (answer.status_code, answer.json()["code"]) != (422, "invalid_return_url"):
            wrong[value] = answer.text[:200]
    assert wrong == {}
    good = RETURN_URL if field == "return_url" else CHAT_ORIGIN
    assert (
        ask(northwind_stage, way, field, good).status_code
        == {"session": 201, "call": 403, "portal": 201}[way]
    )


@pytest.mark.parametrize("url", LEADS_AWAY)
def test_the_code_is_not_carried_to_an_address_that_only_looks_like_it(
    northwind_stage: NorthwindStage, walker: Walker, url: str, defended: bool, weaken: Weaken
) -> None:
    """The mutation: any address is as good as the registered one."""
    weaken(assistants, "where_to", lambda assistant, return_url, origin: (return_url, origin))
    weaken(connecting, "asking", whoever_it_was)
    stage = northwind_stage
    answer = ask(stage, "session", "return_url", url)
    assert (answer.status_code == 422) is defended
    if defended:
        return
    stage.approve(walker, answer.json()["url"])
    page = stage.provider.consent(walker, "ada")
    assert (
        urlsplit(page.left_to or "").hostname in ("evil.example", f"{HOST}.evil.example")
        and page.query["code"]
    )


def test_the_way_back_on_the_persons_page_is_the_registered_one(
    northwind_stage: NorthwindStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    weaken(tickets.assistants, "where_to", lambda assistant, return_url, origin: (return_url, origin))
    stage = northwind_stage
    answer = ask(stage, "portal", "return_url", LEADS_AWAY[1])
    assert (answer.status_code == 422) is defended
    if not defended:
        assert LEADS_AWAY[1] in links(walker.open(answer.json()["url"]))
    assert RETURN_URL in links(signed_in.portal(walker, stage.assistant, "u1", return_url=RETURN_URL))


def links(page: Any) -> list[str]:
    return [str(tag["href"]) for tag in page.soup.select("a[href]")]


async def whoever_it_was(house: Any, session: Any) -> Any:
    """The mutation: what was registered when the session was made is not looked at again."""
    return await assistants.get(house, session.workspace, session.assistant)


@pytest.mark.parametrize("moment", ["before the consent", "at the provider", "at no thanks"])
def test_an_address_that_is_not_registered_any_more_is_gone_to_no_more(
    northwind_stage: NorthwindStage, walker: Walker, moment: str, defended: bool, weaken: Weaken
) -> None:
    """The builder has lost the host; links that are out must not send people there."""
    weaken(connecting, "asking", whoever_it_was)
    stage = northwind_stage
    session = made(ask(stage, "session", "return_url", RETURN_URL))
    if moment == "at the provider":
        stage.approve(walker, session["url"])
    elif moment == "at no thanks":
        walker.open(session["url"])
    made(stage.workspace.http.patch(f"/v1/assistants/{stage.assistant.id}", json={"return_urls": []}))
    if moment == "before the consent":
        if defended:
            assert walker.open(session["url"]).code == "session_ended"
            return
        stage.approve(walker, session["url"])
    page = walker.submit("/deny") if moment == "at no thanks" else stage.provider.consent(walker, "ada")
    assert (page.left_to is None and page.code == "session_ended") is defended
    assert defended or (page.left_to or "").startswith(RETURN_URL)


# ---- registered by a builder --------------------------------------------------------------------------------


NOT_PLAIN = [
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example",
    "/connected",
    "https:///connected",
    "http://chat.acme.example/connected",
    "https://ada@chat.acme.example/connected",
    "https://chat.acme.example\\evil",
    "https://chat.acme.example/connected#top",
    "https://*.acme.example/connected",
    "https://chat.acme.example/a b",
    "https://chat.acme.example/\r\nSet-Cookie: a=b",
    "https://chat。acme.example/",
    "ftp://chat.acme.example/",
]


@pytest.mark.parametrize("field", ["return_urls", "allowed_origins", "logo_url", "homepage_url"])
def test_only_plain_addresses_can_be_registered(
    northwind_stage: NorthwindStage, field: str, defended: bool, weaken: Weaken
) -> None:
    for name in ("check_return_url", "check_origin"):
        weaken(addresses, name, lambda url, **_: url)
    weaken(assistants, "check_url", lambda url, **_: url)
    taken = []
    for url in [*NOT_PLAIN, *(["https://chat.acme.example/"] if field == "allowed_origins" else [])]:
        value = [url] if field.endswith("s") else url
        made_one = northwind_stage.workspace.http.post("/v1/assistants", json={"name": "X", field: value})
        id = northwind_stage.assistant.id
        changed = northwind_stage.workspace.http.patch(f"/v1/assistants/{id}", json={field: value})
        taken += [url for answer in (made_one, changed) if answer.is_success]
        assert not defended or made_one.json()["code"] == "invalid_config", url
    assert (taken == []) is defended


def test_the_default_is_one_of_the_registered(northwind_stage: NorthwindStage) -> None:
    for url in ("https://evil.example", f"{RETURN_URL}/", f"{RETURN_URL}#"):
        body = {"name": "X", "return_urls": [RETURN_URL], "default_return_url": url}
        refused = northwind_stage.workspace.http.post("/v1/assistants", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_config")


def test_a_logo_is_never_loaded_from_its_own_address(northwind_stage: NorthwindStage, walker: Walker) -> None:
    """Whoever looks is not led to another host, not even by a picture."""
    assistant = northwind_stage.workspace.assistant("Pictures", logo_url="https://logos.evil.example/x.svg")
    session = assistant.new_session(
        "u1", "northwind", [northwind_stage.tool(northwind_stage.read)], origin=CHAT_ORIGIN
    )
    page = walker.open(session["url"])
    assert "evil.example" not in page.text
    assert all(str(tag["src"]).startswith("/") for tag in page.soup.select("img[src]"))
    assistant.close()


# ---- our own pages ------------------------------------------------------------------------------------------


NAMES = (
    "next", "url", "to", "return_url", "returnUrl", "return_to", "redirect", "redirect_uri", "continue", "back", "origin", "done",
)  # fmt: skip


def test_no_page_goes_on_to_an_address_it_was_given(
    northwind_stage: NorthwindStage, weak_service: Any, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """In the query, in the form, in the headers a proxy would set. The mutation: one page repeats a word of its address."""
    weaken(Visit, "notice", property(lambda visit: visit.request.query_params.get("done", "")))
    stage = northwind_stage
    signed_in.portal(walker, stage.assistant, "u1")
    signed_in.admin(walker, stage)
    evil = dict.fromkeys(NAMES, "https://evil.example/x")
    headers = {
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
        "Referer": "https://evil.example",
    }
    ids = dict.fromkeys(
        ("grant_id", "receipt_id", "assistant_id", "registration_id", "key_id", "name", "path"), "x"
    )
    ids |= {"session_id": stage.session("u1", [stage.read])["id"], "slug": "northwind"}
    led = []
    for route in sorted(routes.page_routes(weak_service.house), key=lambda one: "sign-out" in one):
        method, path = route.split()
        form = (
            {**evil, "csrf_token": signed_in.token(walker, path.split("/")[1])} if method == "POST" else None
        )
        address = stage.service.url + path.format(**ids)
        answer = walker.http.request(method, address, params=evil, data=form, headers=headers)
        led += [route] if "evil.example" in answer.headers.get("location", "") + answer.text else []
    assert (led == []) is defended


PATHS = [
    "//evil.example",
    "//evil.example/%2e%2e",
    "/\\evil.example",
    "/%5cevil.example",
    "/me/",
    "//evil.example/me/",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_away(northwind_stage: NorthwindStage, path: str) -> None:
    with httpx.Client(trust_env=False) as http:
        request = http.build_request("GET", northwind_stage.service.url, headers={"Host": "evil.example"})
        request.url = request.url.copy_with(raw_path=path.encode())
        answer = http.send(request)
    assert "evil.example" not in answer.headers.get("location", "") and answer.status_code < 500


def test_our_addresses_are_those_of_the_settings_and_not_of_the_request(
    northwind_stage: NorthwindStage,
) -> None:
    """A link in an answer decides where a person gives consent."""
    stage = northwind_stage
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    body = {"user": {"id": "u1"}, "connector": "northwind", "tools": [stage.tool(stage.read)]}
    for path, sent in (("/v1/connect-sessions", body), ("/v1/portal-sessions", {"user": "u1"})):
        url = made(stage.assistant.http.post(path, json=sent, headers=headers))["url"]
        assert url.startswith(stage.service.url + "/")
