"""Northwind's API over real sockets: who sees what, paging, fields, filters, limits, writes."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from tests.web.demo.conftest import NOW_MS
from web.demo.northwind.crm import closing_days
from web.demo.northwind.records import OPEN_STAGES, Company, Contact, Deal, Project, Task
from web.demo.northwind.seed import seeded

ALL = "contacts.read contacts.write companies.read deals.read deals.write projects.read tasks.read tasks.write comments.write"


@pytest.fixture
async def ada(running):
    token = (await running.tokens(ALL))["access_token"]

    async def call(method: str, path: str, **kwargs):
        return await running.api(method, path, token, **kwargs)

    return call


async def every(call, path: str, **params) -> list[dict]:
    """All pages."""
    found, cursor = [], None
    while True:
        answer = (await call("GET", path, params={**params, **({"cursor": cursor} if cursor else {})})).json()
        found += answer["items"]
        cursor = answer["next"]
        if cursor is None:
            return found


def test_the_records_are_the_same_every_time_and_several_hundred():
    kinds = Counter(type(each).__name__ for each in seeded(NOW_MS))
    assert seeded(NOW_MS) == seeded(NOW_MS)
    assert (
        kinds["Company"] == 50
        and kinds["Contact"] == 160
        and kinds["Deal"] == 120
        and sum(kinds.values()) > 700
    )


def test_everybody_has_deals_that_close_this_week_whatever_the_day():
    for days in range(0, 400, 37):
        now_ms = NOW_MS + days * 86_400_000
        first, last = closing_days("this_week", date(1970, 1, 1) + timedelta(milliseconds=now_ms))
        deals = [each for each in seeded(now_ms) if isinstance(each, Deal) and each.stage in OPEN_STAGES]
        closing = Counter(each.owner_id for each in deals if first <= each.closes_on <= last)
        assert len(closing) == 3 and min(closing.values()) >= 2, closing


async def test_me_says_who_is_behind_the_token_whatever_its_scopes(running):
    tokens = await running.tokens("companies.read", "cleo@northwind.example")
    me = (await running.api("GET", "/me", tokens["access_token"])).json()
    assert (me["id"], me["email"], me["workspace"]) == (
        "us_cleo",
        "cleo@northwind.example",
        "Northwind Trading",
    )


async def test_a_person_sees_own_and_team_things_only(running, ada):
    cleo = (await running.tokens(ALL, "cleo@northwind.example"))["access_token"]
    deals = await every(ada, "/deals", limit=100)
    assert {each["owner_id"] for each in deals} == {"us_ada", "us_ben"}
    foreign = (await running.api("GET", "/deals", cleo, params={"owner": "me"})).json()["items"][0]["id"]
    for method, path in (
        ("GET", f"/deals/{foreign}"),
        ("GET", f"/deals/{foreign}/notes"),
        ("PATCH", f"/deals/{foreign}"),
    ):
        assert (await ada(method, path, json={"stage": "won"})).status_code == 404
    assert (await running.api("GET", f"/deals/{foreign}", cleo)).status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/contacts", Contact), ("/companies", Company), ("/projects", Project), ("/tasks", Task)],
)
async def test_paging_gives_each_record_once_in_order(running, ada, path, kind):
    found = await every(ada, path, limit=7, fields="id")
    person = running.northwind.book.people["us_ada"]
    assert Counter(each["id"] for each in found) == Counter(
        each.id for each in running.northwind.book.all(kind, person)
    )


async def test_a_record_added_between_two_pages_repeats_and_drops_nothing(ada):
    first = (await ada("GET", "/contacts", params={"limit": 20, "fields": "id,name"})).json()
    company = (await ada("GET", "/companies", params={"limit": 1})).json()["items"][0]["id"]
    await ada("POST", "/contacts", json={"name": "Aaa First", "email": "a@x.example", "company": company})
    second = (
        await ada("GET", "/contacts", params={"limit": 20, "fields": "id,name", "cursor": first["next"]})
    ).json()
    names = [each["name"] for each in first["items"] + second["items"]]
    assert names == sorted(names) and len({each["id"] for each in first["items"] + second["items"]}) == 40


@pytest.mark.parametrize("cursor", ["x", "AAAA", "eyJhIjoxfQ", "\u00e4", "W10"])
async def test_a_made_up_cursor_is_refused(ada, cursor):
    answer = await ada("GET", "/deals", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["field"]) == (400, "cursor")


async def test_a_cursor_of_another_search_is_refused(ada):
    cursor = (await ada("GET", "/deals", params={"limit": 2})).json()["next"]
    assert (await ada("GET", "/deals", params={"cursor": cursor, "owner": "me"})).status_code == 400
    assert (
        await ada("GET", "/deals", params={"cursor": cursor, "limit": 3, "fields": "id"})
    ).status_code == 200


async def test_only_the_fields_that_were_named_come_back(ada):
    answer = (await ada("GET", "/contacts", params={"fields": "id,name", "limit": 1})).json()
    assert answer["items"][0].keys() == {"id", "name"}
    whole = (await ada("GET", f"/contacts/{answer['items'][0]['id']}")).json()
    assert {"birthday", "mobile"} <= whole.keys()
    assert (await ada("GET", "/contacts", params={"fields": "id,shoe_size"})).json()["field"] == "fields"


async def test_filters_narrow_the_list(ada):
    mine = await every(ada, "/deals", owner="me", open="true", closing="this_week", limit=100)
    assert mine and {each["owner_id"] for each in mine} == {"us_ada"}
    assert all("2026-11-23" <= each["closes_on"] <= "2026-11-29" for each in mine)
    won = await every(ada, "/deals", stage="won,lost", limit=100)
    assert won and {each["stage"] for each in won} <= {"won", "lost"}
    company = mine[0]["company_name"]
    assert {each["company_name"] for each in await every(ada, "/contacts", company_name=company.upper())} <= {
        company
    }
    assert all(
        each["status"] == "open" for each in await every(ada, "/tasks", owner="me", status="open", limit=100)
    )
    assert (await every(ada, "/companies", q="robotics eindhoven"))[0]["name"] == "Finch Robotics"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"closing": "soon"}, "closing"),
    ],
)
async def test_a_wrong_parameter_is_named(ada, params, field):
    answer = await ada("GET", "/deals", params=params)
    assert (answer.status_code, answer.json()["error"], answer.json()["field"]) == (
        400,
        "invalid_field",
        field,
    )


async def test_an_unknown_parameter_is_refused(ada):
    assert (await ada("GET", "/deals", params={"colour": "red"})).status_code == 400


async def test_every_answer_has_a_number_and_errors_repeat_it(running, ada):
    answer = await ada("GET", "/deals/de_0")
    assert answer.status_code == 404 and answer.json()["request_id"] == answer.headers["x-request-id"]
    nowhere = await running.http.get(f"{running.base_url}/api/v1/nowhere")
    assert nowhere.json()["request_id"] == nowhere.headers["x-request-id"]


async def test_the_limit_is_told_kept_and_over_after_a_minute(running, ada):
    first = await ada("GET", "/me")
    assert first.headers["x-ratelimit-limit"] == "60" and first.headers["x-ratelimit-remaining"] == "59"
    statuses = [(await ada("GET", "/me")).status_code for _ in range(60)]
    assert statuses == [200] * 59 + [429]
    refused = await ada("GET", "/me")
    assert refused.json()["error"] == "rate_limited" and 1 <= int(refused.headers["retry-after"]) <= 60
    running.now_ms += int(refused.headers["retry-after"]) * 1000
    assert (await ada("GET", "/me")).status_code == 200


async def test_a_deal_moves(ada):
    deal = (await ada("GET", "/deals", params={"owner": "me", "open": "true"})).json()["items"][0]
    moved = await ada("PATCH", f"/deals/{deal['id']}", json={"stage": "won"})
    assert moved.status_code == 200 and (await ada("GET", f"/deals/{deal['id']}")).json()["stage"] == "won"


async def test_with_owner_me_a_colleagues_record_is_not_there(ada):
    deals = await every(ada, "/deals", limit=100)
    theirs = next(each["id"] for each in deals if each["owner_id"] == "us_ben")
    mine = next(each["id"] for each in deals if each["owner_id"] == "us_ada")
    for method, body in (("GET", None), ("PATCH", {"stage": "won"})):
        answer = await ada(method, f"/deals/{theirs}", params={"owner": "me"}, json=body)
        assert answer.status_code == 404, method
        assert (await ada(method, f"/deals/{mine}", params={"owner": "me"}, json=body)).status_code == 200
    assert (await ada("GET", f"/deals/{theirs}")).json() == next(
        each for each in deals if each["id"] == theirs
    )


@pytest.mark.parametrize("body", [{"stage": "sold"}, {"owner_id": "us_ben"}, {}, {"amount": -1}])
async def test_a_change_that_cannot_be_changes_nothing(ada, body):
    deal = (await ada("GET", "/deals", params={"owner": "me"})).json()["items"][0]
    assert (await ada("PATCH", f"/deals/{deal['id']}", json=body)).status_code == 400
    assert (await ada("GET", f"/deals/{deal['id']}")).json() == deal


async def test_a_task_is_added_commented_completed_and_removed(ada):
    project = (await ada("GET", "/projects")).json()["items"][0]
    new = {"project": project["id"], "title": "Write the invitation", "due_on": "2026-12-01"}
    task = (await ada("POST", "/tasks", json=new)).json()
    assert (task["status"], task["owner_id"], task["project_title"]) == ("open", "us_ada", project["title"])
    path = f"/tasks/{task['id']}"
    comment = (await ada("POST", f"{path}/comments", json={"text": "Who writes it?"})).json()
    assert (await ada("GET", f"{path}/comments")).json()["items"] == [comment]
    done = (await ada("PATCH", path, json={"status": "done"})).json()
    assert done["completed_at"] == NOW_MS
    after = (await ada("GET", f"/projects/{project['id']}")).json()
    assert (after["open_tasks"], after["done_tasks"]) == (project["open_tasks"], project["done_tasks"] + 1)
    assert (await ada("DELETE", path)).status_code == 204
    assert (await ada("GET", path)).status_code == 404


async def test_a_day_that_is_none_is_refused(ada):
    project = (await ada("GET", "/projects")).json()["items"][0]["id"]
    for day in ("2026-02-30", "tomorrow"):
        answer = await ada("POST", "/tasks", json={"project": project, "title": "x", "due_on": day})
        assert (answer.status_code, answer.json()["field"]) == (400, "due_on")


async def test_a_post_with_the_same_key_is_done_once(ada):
    project = (await ada("GET", "/projects")).json()["items"][0]["id"]
    new, key = {"project": project, "title": "Once"}, {"Idempotency-Key": "k-1"}
    first = await ada("POST", "/tasks", json=new, headers=key)
    again = await ada("POST", "/tasks", json=new, headers=key)
    assert first.json() == again.json() and again.headers["idempotent-replayed"] == "true"
    other = await ada("POST", "/tasks", json={**new, "title": "Twice"}, headers=key)
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")
    assert len(await every(ada, "/tasks", q="Once")) == 1


async def test_each_scope_opens_its_own_door_only(running):
    doors = {
        "contacts.read": ("GET", "/contacts"),
        "companies.read": ("GET", "/companies"),
        "deals.read": ("GET", "/deals"),
        "deals.write": ("PATCH", "/deals/de_0"),
        "projects.read": ("GET", "/projects"),
        "tasks.read": ("GET", "/tasks"),
        "tasks.write": ("DELETE", "/tasks/ta_0"),
    }
    for scope in ("contacts.read", "deals.write", "tasks.write"):
        token = (await running.tokens(scope))["access_token"]
        for needed, (method, path) in doors.items():
            answer = await running.api(method, path, token)
            assert (answer.status_code == 403) == (needed != scope), (scope, needed, answer.text)
