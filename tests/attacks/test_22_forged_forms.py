"""Row 22: forms of another site, sent by a browser that is signed in with us.

Every form there is, read off the application's routes: with a foreign origin, without its token, with somebody else's, with
that of another page; and every address opened with what the form would send. Nothing may change by any of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from core.browsers import csrf_token
from core.secret import Secret
from tests.attacks import routes, signed_in
from tests.attacks.conftest import Weaken
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import made
from tests.harness.walker import Walker
from web.pages import cookies, forms

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "none"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
LOOKALIKE = (
    "{url}.evil.example",
    "{url}@evil.example",
    "{url}/",
    "http://localhost:{port}",
    "https://127.0.0.1:{port}",
)
FIELDS = {
    "tools": "northwind.find_deals",
    "duration": "30d",
    "reason": "because",
    "name": "Taken over",
    "remove": "northwind.find_deals",
    "until": "1h",
    "max_grant_days": "7",
    "client_id": "mine",
    "client_secret": "mine",
    "expires_in": "",
    "allowed_origins": "https://evil.example",
}


class Person:
    """A browser with an open consent page, signed in on the person's page and at the desk."""

    def __init__(self, stage: NorthwindStage, walker: Walker) -> None:
        self.stage, self.walker = stage, walker
        self.grant = stage.grant()
        self.session = stage.session("u1", [stage.other])
        walker.open(self.session["url"])
        signed_in.portal(walker, stage.assistant, "u1")
        signed_in.admin(walker, stage)
        walker.open(signed_in.admin_link(stage))  # the door's cookie, and a ticket that is good
        assert walker.page is not None
        self.ticket = walker.page.form("/admin/sign-in").fields[0][1]
        keys = made(stage.workspace.http.get(f"/v1/assistants/{stage.assistant.id}"))["keys"]
        self.ids = {
            "session_id": self.session["id"],
            "grant_id": self.grant["id"],
            "assistant_id": stage.assistant.id,
            "key_id": keys[0]["id"],
            "slug": "northwind",
            "receipt_id": self.grant["receipt"],
            "registration_id": stage.registration["id"],
        }

    def address(self, route: str) -> str:
        return self.stage.service.url + route.split()[1].format(**self.ids)

    def token(self, route: str) -> str:
        """What the form on our own page would hold in this browser."""
        path = route.split()[1]
        if path == "/admin/sign-in":
            return csrf_token(Secret(signed_in.cookie(self.walker, "admin-door")), "admin sign-in")
        if path.startswith("/connect/"):
            id = self.session["id"]
            return csrf_token(Secret(signed_in.cookie(self.walker, cookies.connect(id))), id)
        return signed_in.token(self.walker, path.split("/")[1])

    def send(self, route: str, token: str | None, **headers: str) -> httpx.Response:
        form = {**FIELDS, "grant": self.grant["id"], "ticket": self.ticket}
        form |= {"csrf_token": token} if token is not None else {}
        return self.walker.http.post(self.address(route), data=form, headers=headers)

    def state(self) -> dict[str, Any]:
        """What a form could change; who is signed in is a part of it."""
        http, stage = self.stage.workspace.http, self.stage
        kept = {
            path: made(http.get(path))
            for path in ("/v1/grants", "/v1/assistants", "/v1/connectors", "/v1/policy")
        }
        kept["keys"] = made(http.get(f"/v1/assistants/{stage.assistant.id}"))["keys"]
        kept["session"] = stage.assistant.session(self.session["id"])
        kept["signed in"] = [
            self.walker.http.get(stage.service.url + path).status_code for path in ("/me", "/admin")
        ]
        for key in kept["keys"]:
            del key["last_used_at"]
        return kept


@pytest.fixture
def person(northwind_stage: NorthwindStage, walker: Walker) -> Person:
    return Person(northwind_stage, walker)


@pytest.fixture
def posts(weak_service: Any) -> list[str]:
    """Every form there is."""
    found = [route for route in routes.page_routes(weak_service.house) if route.startswith("POST ")]
    assert len(found) > 15
    return found


def accepted(person: Person, posts: list[str], token: Any, **headers: str) -> list[str]:
    """The forms that were not refused as forged."""
    taken = []
    for route in posts:
        answer = person.send(route, token(route), **headers)
        if answer.status_code != 403 or not any(
            f'data-code="{code}"' in answer.text for code in ("forbidden", "csrf_failed")
        ):
            taken.append(f"{route}: {answer.status_code}")
    return taken


# ---- the request comes from elsewhere -----------------------------------------------------------------------


def test_a_form_of_another_origin_is_refused_even_with_a_good_token(person: Person, posts: list[str]) -> None:
    before = person.state()
    url, port = person.stage.service.url, person.stage.service.port
    lookalike = [{"Origin": one.format(url=url, port=port)} for one in LOOKALIKE]
    taken = [
        one for headers in FOREIGN + lookalike for one in accepted(person, posts, person.token, **headers)
    ]
    assert taken == []
    assert person.state() == before


def test_a_form_of_another_origin_would_stop_a_grant(person: Person, defended: bool, weaken: Weaken) -> None:
    weaken(forms, "check_origin", lambda house, request: None)
    route = "POST /me/grants/{grant_id}/stop"
    answer = person.send(route, person.token(route), Origin="https://evil.example")
    assert (answer.status_code == 403) is defended
    assert (person.stage.assistant.grant(person.grant["id"])["status"] == "active") is defended


# ---- the token is missing, or another's ---------------------------------------------------------------------


def test_a_form_without_a_token_of_this_very_page_and_browser_is_refused(
    person: Person, posts: list[str], northwind_stage: NorthwindStage
) -> None:
    before = person.state()
    with Walker() as other:
        mallory = Person(northwind_stage, other)
        known: dict[str, Any] = {
            "none": lambda route: None,
            "empty": lambda route: "",
            "made up": lambda route: "0" * 64,
            "of another browser": mallory.token,
            "of another page": lambda route: person.token(
                next(one for one in posts if area(one) != area(route))
            ),
            "the cookie itself": lambda route: signed_in.cookie(person.walker, "me"),
            "cut short": lambda route: person.token(route)[:-1],
        }
        taken = {name: found for name, token in known.items() if (found := accepted(person, posts, token))}
    assert taken == {}
    after = person.state()
    before.pop("/v1/grants"), after.pop("/v1/grants")  # Mallory has one more of her own
    assert after == before
    assert person.stage.assistant.grant(person.grant["id"])["status"] == "active"


def area(route: str) -> str:
    """Forms with the same purpose have the same token."""
    path = route.split()[1]
    return "door" if path == "/admin/sign-in" else path.split("/")[1]


@pytest.mark.parametrize("route", ["POST /me/grants/{grant_id}/stop", "POST /admin/grants/{grant_id}/revoke"])
def test_a_form_without_its_token_would_stop_a_grant(
    person: Person, route: str, defended: bool, weaken: Weaken
) -> None:
    weaken(forms, "check_csrf", lambda cookie, purpose, token: None)
    answer = person.send(route, None)
    assert (answer.status_code == 403) is defended
    assert (person.stage.assistant.grant(person.grant["id"])["status"] == "active") is defended


def test_nobody_is_signed_in_to_a_workspace_by_a_form_of_another_site(
    person: Person, northwind_stage: NorthwindStage, defended: bool, weaken: Weaken
) -> None:
    """Mallory has a good ticket of her own workspace, and wants the victim to work there."""
    weaken(forms, "check_csrf", lambda cookie, purpose, token: None)
    with Walker() as victim:
        address = f"{northwind_stage.service.url}/admin/sign-in"
        answer = victim.http.post(address, data={"ticket": person.ticket, "csrf_token": "x"})
        assert (answer.status_code == 403) is defended
        assert (victim.http.get(f"{northwind_stage.service.url}/admin").status_code == 401) is defended


# ---- without a form -----------------------------------------------------------------------------------------


def test_nothing_changes_by_opening_an_address(person: Person, weak_service: Any) -> None:
    """With everything in the address that the form would send, and with headers that ask for another method."""
    before = person.state()
    known = set(routes.page_routes(weak_service.house)) - routes.FILES
    override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
    wrong = []
    for route in sorted(known):
        if route.startswith("POST "):
            query = {
                **FIELDS,
                "grant": person.grant["id"],
                "csrf_token": person.token(route),
                "_method": "POST",
            }
            answer = person.walker.http.get(person.address(route), params=query, headers=override)
            has_page = route.replace("POST", "GET") in known
            wrong += [f"{route}: {answer.status_code}"] if not has_page and answer.status_code != 405 else []
            for method in ("PUT", "PATCH", "DELETE"):
                refused = person.walker.http.request(method, person.address(route), params=query)
                wrong += [f"{method} {route}"] if refused.status_code != 405 else []
    assert wrong == []
    assert person.state() == before


# ---- cookies ------------------------------------------------------------------------------------------------


def cookies_of(stage: NorthwindStage) -> Iterator[tuple[str, Any]]:
    """Every cookie we set, with its attributes as the browser gets them."""
    with httpx.Client(trust_env=False) as http:
        link = made(stage.assistant.http.post("/v1/portal-sessions", json={"user": "u1"}))["url"]
        door = signed_in.admin_link(stage)
        session = stage.session("u1", [stage.read])["url"]
        here = stage.service.url
        for url in (link, door, session):
            answer = http.get(here + httpx.URL(url).raw_path.decode())
            for header in answer.headers.get_list("set-cookie"):
                yield from SimpleCookie(header).items()
        kept = {cookie.name: str(cookie.value) for cookie in http.cookies.jar}
        prefix = "__Host-vk-" if any(name.startswith("__Host-") for name in kept) else "vk-"
        door_token = csrf_token(Secret(kept[f"{prefix}admin-door"]), "admin sign-in")
        form = {"ticket": httpx.URL(door).params["ticket"], "csrf_token": door_token}
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}
        for header in http.post(f"{here}/admin/sign-in", data=form, headers=sent).headers.get_list(
            "set-cookie"
        ):
            yield from SimpleCookie(header).items()


def test_every_cookie_stays_with_this_host_and_away_from_forms_of_other_sites(
    northwind_stage: NorthwindStage, defended: bool, weaken: Weaken
) -> None:
    def lax(house: Any, kind: str, value: Secret, max_age_s: int) -> Any:
        return cookies.Cookie(
            key=cookies.name(house, kind), value=value.reveal(), samesite="none", domain="127.0.0.1"
        )

    weaken(cookies, "write", lax)
    found = dict(cookies_of(northwind_stage))
    assert len(found) == 4
    held = [
        (one["samesite"].lower(), bool(one["httponly"]), one["path"], one["domain"]) == ("lax", True, "/", "")
        for one in found.values()
    ]
    assert all(held) is defended


def test_on_https_no_other_host_can_set_them(
    northwind_stage: NorthwindStage, weak_service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = NorthwindStage(weak_service, northwind_stage.provider)
    monkeypatch.setattr(weak_service.house, "public_url", "https://keys.acme.example")
    found = dict(cookies_of(stage))
    assert len(found) == 4
    for name, one in found.items():
        assert name.startswith("__Host-") and one["secure"] and one["path"] == "/" and not one["domain"], name
    stage.close()


def test_cookies_open_no_api_and_no_other_site_may_read_an_answer(person: Person) -> None:
    """What is not a form of ours needs a key in a header, which no other site can make a browser send."""
    http, url = person.walker.http, person.stage.service.url
    for path in ("/v1/grants", "/v1/policy", "/v1/audit/export", f"/v1/grants/{person.grant['id']}"):
        answer = http.get(url + path, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 401 and "access-control-allow-origin" not in answer.headers
    for path in ("/v1/grants", "/me", "/admin", "/me/data.json"):
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        answer = http.options(url + path, headers=asked)
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-origin" not in http.get(url + path, headers=asked).headers
    body = {"grants": [person.grant["id"]]}
    assert http.post(f"{url}/v1/grants/revoke", json=body).status_code == 401
