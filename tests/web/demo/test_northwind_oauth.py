"""Northwind's OAuth over real sockets; the rules themselves are tested in tests/core/authserver."""

from __future__ import annotations

import asyncio

import pytest

from tests.web.demo.person import authorize_url, hidden, offered, query_of
from web.demo.northwind import PASSWORD


async def test_a_person_signs_in_agrees_and_the_app_gets_tokens_that_work(running):
    tokens = await running.tokens("deals.read")
    answer = await running.api("GET", "/deals", tokens["access_token"])
    assert answer.status_code == 200 and answer.json()["items"]
    assert tokens["expires_in"] == 120 and tokens["scope"] == "deals.read"


async def test_the_metadata_leads_to_every_endpoint(running):
    about = (await running.http.get(f"{running.base_url}/.well-known/oauth-authorization-server")).json()
    assert about["issuer"] == running.base_url
    for name in ("token", "revocation", "introspection"):
        assert (await running.http.post(about[f"{name}_endpoint"])).status_code == 401


async def test_iss_and_state_stand_in_yes_no_and_error(running):
    person = running.person()
    url = authorize_url(running.base_url)
    answers = [
        await person.answer(url),
        await person.answer(url, decision="deny"),
        await person.answer(authorize_url(running.base_url, code_challenge_method="plain")),
    ]
    for answer in answers:
        assert answer.status_code == 303
        assert (query_of(answer)["iss"], query_of(answer)["state"]) == (running.base_url, "st-1")
    assert [query_of(answer).get("error") for answer in answers] == [None, "access_denied", "invalid_request"]
    await person.close()


async def test_what_the_person_unticks_is_not_granted(running):
    person = running.person()
    url = authorize_url(running.base_url, scope="deals.read deals.write")
    code = await person.code(url, scopes=["deals.read"])
    tokens = (await running.redeem(code)).json()
    assert tokens["scope"] == "deals.read"
    refused = await running.api("PATCH", "/deals/de_1", tokens["access_token"], json={"stage": "won"})
    assert refused.status_code == 403 and 'scope="deals.write"' in refused.headers["www-authenticate"]
    await person.close()


async def test_a_box_that_was_not_on_the_page_grants_nothing(running):
    person = running.person()
    code = await person.code(authorize_url(running.base_url), scopes=["deals.read", "tasks.write"])
    assert (await running.redeem(code)).json()["scope"] == "deals.read"
    await person.close()


async def test_nothing_ticked_is_asked_again(running):
    person = running.person()
    answer = await person.answer(authorize_url(running.base_url), scopes=[])
    assert answer.status_code == 422 and "at least one" in answer.text
    await person.close()


async def test_every_connection_is_agreed_to_again(running):
    person = running.person()
    await person.answer(authorize_url(running.base_url))
    again = await person.open(authorize_url(running.base_url))
    assert again.status_code == 200 and offered(again.text) == ["deals.read", "contacts.read"]
    await person.close()


@pytest.mark.parametrize(
    "change",
    [{"client_id": "nobody"}, {"redirect_uri": "http://127.0.0.1:9/callback/"}, {"redirect_uri": None}],
)
async def test_a_stranger_gets_a_page_and_no_redirect(running, change):
    page = await running.http.get(authorize_url(running.base_url, **change))
    assert page.status_code == 400 and 'data-code="invalid_request"' in page.text
    assert "location" not in page.headers


async def test_only_a_form_of_our_own_page_in_the_same_browser_counts(running):
    person, url = running.person(), authorize_url(running.base_url)
    page = await person.open(url)
    good = {**hidden(page.text), "decision": "allow", "scope": "deals.read"}
    good.pop("next")
    other = running.person()
    await other.open(url)
    tries = [
        await person.http.post(url, data={**good, "csrf_token": ""}),
        await person.http.post(url, data={**good, "csrf_token": "x" * 43}),
        await person.http.post(url, data=good, headers={"Origin": "http://evil.example"}),
        await person.http.post(url, data=good, headers={"Origin": "null"}),
        await other.http.post(url, data=good),
    ]
    assert [each.status_code for each in tries] == [403] * 5
    assert not running.northwind.store.all_authorizations
    assert (await person.http.post(url, data=good, headers={"Origin": running.base_url})).status_code == 303
    await person.close()
    await other.close()


async def test_the_session_gets_a_new_name_at_sign_in(running):
    person = running.person()
    page = await person.http.get(f"{running.base_url}/sign-in")
    before = person.http.cookies["northwind_session"]
    form = {**hidden(page.text), "email": "ben@northwind.example", "password": PASSWORD}
    answer = await person.http.post(f"{running.base_url}/sign-in", data=form)
    assert answer.status_code == 303 and person.http.cookies["northwind_session"] != before
    assert "HttpOnly" in answer.headers["set-cookie"] and "SameSite=lax" in answer.headers["set-cookie"]
    await person.close()


@pytest.mark.parametrize(
    "sent", [{"password": "wrong"}, {"email": "eve@northwind.example"}, {"password": ""}]
)
async def test_a_wrong_sign_in_is_told_on_the_page(running, sent):
    person = running.person()
    page = await person.http.get(f"{running.base_url}/sign-in")
    form = {**hidden(page.text), "email": "ada@northwind.example", "password": PASSWORD, **sent}
    answer = await person.http.post(f"{running.base_url}/sign-in", data=form)
    assert answer.status_code == 401 and 'role="alert"' in answer.text
    await person.close()


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "/%0aevil\n", "javascript:1"],
)
async def test_signing_in_never_leads_to_another_site(running, target):
    person = running.person()
    page = await person.http.get(f"{running.base_url}/sign-in", params={"next": target})
    assert hidden(page.text)["next"] == "/"
    form = {**hidden(page.text), "email": "ada@northwind.example", "password": PASSWORD, "next": target}
    answer = await person.http.post(f"{running.base_url}/sign-in", data=form)
    assert answer.headers["location"] == "/"
    await person.close()


async def test_the_apps_name_is_text_on_the_page(running):
    person = running.person()
    page = await person.open(authorize_url(running.base_url))
    assert "Acme &lt;b&gt;Assist&lt;/b&gt;" in page.text
    await person.close()


async def test_pages_are_not_kept_framed_or_scripted(running):
    for path in ("/", "/sign-in"):
        headers = (await running.http.get(running.base_url + path)).headers
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]


async def test_token_answers_are_not_kept(running):
    tokens = await running.tokens()
    answer = await running.refresh(tokens["refresh_token"])
    assert answer.headers["cache-control"] == "no-store" and answer.headers["pragma"] == "no-cache"


async def test_a_token_endpoint_call_that_is_no_form_is_refused(running):
    answer = await running.http.post(f"{running.base_url}/oauth/token", json={"grant_type": "refresh_token"})
    assert answer.status_code == 401


async def test_fifty_parallel_redemptions_over_sockets_buy_once(running):
    person = running.person()
    code = await person.code(authorize_url(running.base_url))
    answers = await asyncio.gather(*(running.redeem(code) for _ in range(50)))
    assert sorted(each.status_code for each in answers) == [200] + [400] * 49
    assert running.northwind.store.live(running.now_ms) == []
    await person.close()


async def test_an_access_token_dies_when_its_time_is_over(running):
    tokens = await running.tokens()
    running.now_ms += 120_000
    answer = await running.api("GET", "/me", tokens["access_token"])
    assert answer.status_code == 401 and 'error="invalid_token"' in answer.headers["www-authenticate"]
    fresh = (await running.refresh(tokens["refresh_token"])).json()
    assert (await running.api("GET", "/me", fresh["access_token"])).status_code == 200


async def test_revoking_ends_access_at_once(running):
    tokens = await running.tokens()
    assert (await running.post("/oauth/revoke", {"token": tokens["refresh_token"]})).status_code == 200
    assert (await running.api("GET", "/me", tokens["access_token"])).status_code == 401
    assert (await running.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_introspection_tells_the_app_about_its_own_token(running):
    tokens = await running.tokens("deals.read")
    about = (await running.post("/oauth/introspect", {"token": tokens["access_token"]})).json()
    assert (about["active"], about["sub"], about["scope"]) == (True, "us_ada", "deals.read")


async def test_a_person_sees_connected_apps_and_removes_one(running):
    tokens = await running.tokens()
    person = running.person()
    page = await person.open(f"{running.base_url}/settings/apps")
    assert "Acme &lt;b&gt;" in page.text and "read deals, read contacts" in page.text
    (mine,) = await running.northwind.store.authorizations("us_ada", running.now_ms)
    url = f"{running.base_url}/settings/apps/{mine.id}/remove"
    assert (await person.http.post(url)).status_code == 403
    stranger = running.person("ben@northwind.example")
    foreign = hidden((await stranger.open(f"{running.base_url}/settings/apps")).text)
    await stranger.http.post(url, data=foreign)
    assert (await running.api("GET", "/me", tokens["access_token"])).status_code == 200
    assert (await person.http.post(url, data=hidden(page.text))).status_code == 303
    assert (await running.api("GET", "/me", tokens["access_token"])).status_code == 401
    assert "No app is connected" in (await person.open(f"{running.base_url}/settings/apps")).text
    await person.close()
    await stranger.close()


# ---- what tests can switch on -------------------------------------------------------------------------------


async def test_the_token_endpoint_can_be_down_for_a_number_of_calls(running):
    tokens = await running.tokens()
    running.northwind.faults.fail("token", 503, times=2)
    statuses = [(await running.refresh(tokens["refresh_token"])).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert running.northwind.times("POST", "/oauth/token") == 4


async def test_the_api_can_be_slow_before_and_after_the_work(running):
    tokens = await running.tokens("tasks.write projects.read")
    project = (await running.api("GET", "/projects", tokens["access_token"])).json()["items"][0]["id"]
    running.northwind.faults.slow("api", after_s=5)
    new = {"project": project, "title": "Only once"}
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.5):
            await running.api("POST", "/tasks", tokens["access_token"], json=new)
    titles = [getattr(each, "title", "") for each in running.northwind.book.records.values()]
    assert titles.count("Only once") == 1


async def test_it_can_grant_more_than_was_asked(running):
    running.northwind.faults.extra_scopes = ("deals.write",)
    assert (await running.tokens("deals.read"))["scope"] == "deals.read deals.write"
    running.northwind.faults.clear()
    assert (await running.tokens("deals.read"))["scope"] == "deals.read"
