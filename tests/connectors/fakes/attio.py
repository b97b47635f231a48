"""A fake Attio: one workspace with two members, its people, companies, deals, tasks and notes.

Values come as arrays of versions, with those that are over; a token answers for the whole workspace, except in the
search when it is made as a member. A filter it does not know is a failed assertion, not an empty list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of

WORKSPACE = "aaaa0000-0000-4000-8000-000000000001"
ADA, BEN = "bbbb0000-0000-4000-8000-000000000001", "bbbb0000-0000-4000-8000-000000000002"
CLIENT = ("the-client", "the-client-secret")
MEMBERS = {
    ADA: {"first_name": "Ada", "last_name": "Byron", "email_address": "ada@acme.example"},
    BEN: {"first_name": "Ben", "last_name": "Okri", "email_address": "ben@acme.example"},
}
RECORDS, OBJECTS, USERS = "record_permission:read", "object_configuration:read", "user_management:read"
TASKS_READ, TASKS_WRITE, NOTES_WRITE = "task:read", "task:read-write", "note:read-write"
WRITING = (RECORDS, OBJECTS, USERS, TASKS_WRITE, NOTES_WRITE)
_FROM, _UNTIL = "2026-01-01T00:00:00.000000000Z", "2026-06-01T00:00:00.000000000Z"
_BY = {"type": "workspace-member", "id": ADA}
_TASKS = ([TASKS_READ, RECORDS, OBJECTS, USERS], [TASKS_WRITE, RECORDS, OBJECTS, USERS])


def person_id(number: int) -> str:
    return f"cccc0000-0000-4000-8000-{number:012d}"


def company_id(number: int) -> str:
    return f"dddd0000-0000-4000-8000-{number:012d}"


def deal_id(number: int) -> str:
    return f"eeee0000-0000-4000-8000-{number:012d}"


def task_id(number: int) -> str:
    return f"ffff0000-0000-4000-8000-{number:012d}"


def note_id(number: int) -> str:
    return f"99990000-0000-4000-8000-{number:012d}"


def _error(status: int, type: str, code: str, message: str) -> httpx.Response:
    return answer(status, {"status_code": status, "type": type, "code": code, "message": message})


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    if kind == "not_found":
        return _error(404, "invalid_request_error", "not_found", "Not found.")
    status, message = (401, "Invalid access token.") if kind == "missing_token" else (403, "Missing scope.")
    return _error(status, "auth_error", "unauthorized", message)


def _bad(message: str) -> httpx.Response:
    return _error(400, "invalid_request_error", "validation_type", message)


class Attio:
    def __init__(self) -> None:
        self.fake = Fake("api.attio.com", _refusal)
        self.records: dict[str, dict[str, dict[str, Any]]] = {"people": {}, "companies": {}, "deals": {}}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.hidden: set[str] = set()
        self.codes: dict[str, Token] = {}
        self.deals_are_on = True
        self._next = 600
        self._routes()

    def _routes(self) -> None:
        add, reads = self.fake.add, [[RECORDS, OBJECTS]]
        add("GET", "/v2/self", [[]], self._self)
        add("GET", "/v2/workspace_members/(?P<id>[^/]+)", [[USERS]], self._member)
        add("POST", "/v2/objects/records/search", reads, self._search)
        add("POST", "/v2/objects/(?P<kind>[^/]+)/records/query", reads, self._query)
        add("GET", "/v2/objects/(?P<kind>[^/]+)/records/(?P<id>[^/]+)", reads, self._get)
        add("GET", "/v2/tasks", _TASKS, self._tasks)
        add("GET", "/v2/tasks/(?P<id>[^/]+)", _TASKS, self._task)
        add("POST", "/v2/tasks", _TASKS[1:], self._add_task)
        add("PATCH", "/v2/tasks/(?P<id>[^/]+)", _TASKS[1:], self._change_task)
        add("POST", "/v2/notes", [[NOTES_WRITE, RECORDS, OBJECTS]], self._add_note)
        add("POST", "/oauth/token", None, self._token)
        add("POST", "/oauth/revoke", None, self._revoke)

    # ---- state -------------------------------------------------------------------------------------------

    def put(self, kind: str, id: str, **values: list[dict[str, Any]]) -> None:
        whole = _everywhere() | values
        self.records[kind][id] = {
            "id": {"workspace_id": WORKSPACE, "object_id": company_id(9), "record_id": id},
            "created_at": _FROM, "web_url": f"https://app.attio.com/acme/{kind}/{id}", "values": whole,
        }  # fmt: skip

    def put_task(
        self, id: str, text: str, assignee: str, *, due: str | None = None, done: bool = False
    ) -> None:
        self.tasks[id] = {
            "id": {"workspace_id": WORKSPACE, "task_id": id}, "content_plaintext": text, "deadline_at": due,
            "is_completed": done, "linked_records": [], "assignees": [_actor(assignee)],
            "created_by_actor": _BY, "created_at": _FROM,
        }  # fmt: skip

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return answer(401, {"error": "invalid_client"})
        if form["grant_type"] != "authorization_code":
            return answer(400, {"error": "unsupported_grant_type"})
        granted = self.codes.pop(form["code"], None)
        if granted is None:
            return answer(400, {"error": "invalid_grant"})
        self._next += 1
        self.fake.tokens[f"at-{self._next}"] = granted
        return answer(200, {"access_token": f"at-{self._next}", "token_type": "Bearer"})

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        """Takes the token as Bearer or in the form; whatever else stands in the header is read as a token, too."""
        told = request.headers.get("authorization", "").partition(" ")[2]
        token = form_of(request).get("token", told) if request.content else told
        if not token or (told and told != token):
            return answer(400, {"error": "invalid_request"})
        if self.fake.tokens.pop(token, None) is None:
            return answer(401, {"error": "invalid_token"})
        return answer(204)

    def _self(self, request: httpx.Request, token: Token) -> httpx.Response:
        return answer(200, {
            "active": True, "scope": " ".join(sorted(token.scopes)), "client_id": CLIENT[0], "token_type": "Bearer",
            "exp": None, "iat": 1790000000, "sub": WORKSPACE, "aud": CLIENT[0], "iss": "attio.com",
            "workspace_id": WORKSPACE, "workspace_name": "Acme", "workspace_slug": "acme",
            "workspace_logo_url": None, "authorized_by_workspace_member_id": token.user,
        })  # fmt: skip

    def _member(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        if id not in MEMBERS:
            return _refusal("not_found", ())
        key = {"workspace_id": WORKSPACE, "workspace_member_id": id}
        return answer(200, {"data": {"id": key, **MEMBERS[id], "avatar_url": None, "access_level": "member"}})

    # ---- records -----------------------------------------------------------------------------------------

    def _search(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        assert set(body) == {"query", "objects", "limit", "request_as"}, body
        assert body["request_as"]["type"] in ("workspace", "workspace-member")
        if not body["objects"] or body["limit"] > 25 or len(body["query"]) > 256:
            return _bad("the search cannot be made")
        hidden = self.hidden if body["request_as"].get("workspace_member_id") == ADA else set()
        found = [
            {"id": record["id"], "record_text": _shown(record), "record_image": None, "object_slug": kind}
            for kind in body["objects"]
            for id, record in self.records[kind].items()
            if body["query"].lower() in _haystack(record) and id not in hidden
        ]
        return answer(200, {"data": found[: body["limit"]]})

    def _query(self, request: httpx.Request, token: Token, kind: str) -> httpx.Response:
        if kind not in self.records or (kind == "deals" and not self.deals_are_on):
            return _refusal("not_found", ())
        body = body_of(request)
        assert set(body) <= {"filter", "sorts", "limit", "offset"}, body
        if not 1 <= body["limit"] <= 500:
            return _bad("limit")
        wanted = str(body.get("filter"))
        if "'stage': 'No such stage'" in wanted:
            return _bad("There is no such status.")
        found = [one for one in self.records[kind].values() if _fits(one["values"], body.get("filter", {}))]
        return answer(200, {"data": found[body["offset"] : body["offset"] + body["limit"]]})

    def _get(self, request: httpx.Request, token: Token, kind: str, id: str) -> httpx.Response:
        record = self.records.get(kind, {}).get(id)
        return answer(200, {"data": record}) if record else _refusal("not_found", ())

    # ---- tasks and notes ---------------------------------------------------------------------------------

    def _tasks(self, request: httpx.Request, token: Token) -> httpx.Response:
        asked = request.url.params
        offset, limit = int(asked.get("offset", 0)), int(asked.get("limit", 500))
        found = [
            task
            for task in self.tasks.values()
            if asked.get("assignee") in (None, *(one["referenced_actor_id"] for one in task["assignees"]))
            and asked.get("is_completed") in (None, str(task["is_completed"]).lower())
        ]
        return answer(200, {"data": found[offset : offset + limit]})

    def _task(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        return answer(200, {"data": self.tasks[id]}) if id in self.tasks else _refusal("not_found", ())

    def _add_task(self, request: httpx.Request, token: Token) -> httpx.Response:
        data = body_of(request)["data"]
        needed = {"content", "format", "deadline_at", "is_completed", "linked_records", "assignees"}
        if set(data) != needed or data["format"] != "plaintext":
            return _bad("the task is not whole")
        links = [(one["target_object"], one["target_record_id"]) for one in data["linked_records"]]
        if any(id not in self.records[kind] for kind, id in links):
            return _refusal("not_found", ())
        self._next += 1
        id = task_id(self._next)
        self.put_task(id, data["content"], "", due=data["deadline_at"], done=data["is_completed"])
        self.tasks[id] |= {
            "assignees": data["assignees"],
            "linked_records": [{"target_object_id": kind, "target_record_id": id} for kind, id in links],
        }
        return answer(200, {"data": self.tasks[id]})

    def _change_task(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        if id not in self.tasks:
            return _refusal("not_found", ())
        self.tasks[id] |= body_of(request)["data"]
        return answer(200, {"data": self.tasks[id]})

    def _add_note(self, request: httpx.Request, token: Token) -> httpx.Response:
        data = body_of(request)["data"]
        if set(data) != {"parent_object", "parent_record_id", "title", "format", "content"}:
            return _bad("the note is not whole")
        if data["parent_record_id"] not in self.records.get(data["parent_object"], {}):
            return _refusal("not_found", ())
        self._next += 1
        id = note_id(self._next)
        self.notes[id] = {**data, "id": {"workspace_id": WORKSPACE, "note_id": id}, "created_at": _FROM}
        return answer(200, {"data": self.notes[id]})


# ---- filters and values --------------------------------------------------------------------------------------


def _fits(values: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a record satisfies a filter; a condition it does not know is an error of the connector."""
    for name, condition in wanted.items():
        if name in ("$and", "$or"):
            if not (all if name == "$and" else any)(_fits(values, one) for one in condition):
                return False
        elif not any(
            _holds(version, condition) for version in values.get(name, []) if not version["active_until"]
        ):
            return False
    return True


def _holds(version: dict[str, Any], condition: Any) -> bool:
    if isinstance(condition, str):
        told = version.get("status", {}).get("title", version.get("value"))
        return bool(told == condition)
    ((member, way),) = condition.items()
    ((operator, value),) = way.items()
    assert operator in ("$eq", "$contains"), f"this fake does not know the operator {operator}"
    have = version.get(member)
    return have == value if operator == "$eq" else value.lower() in str(have).lower()


def _shown(record: dict[str, Any]) -> str:
    version = next(one for one in record["values"]["name"] if not one["active_until"])
    return str(version.get("full_name", version.get("value")))


def _haystack(record: dict[str, Any]) -> str:
    kept = (one for slug in ("name", "email_addresses", "domains") for one in record["values"].get(slug, []))
    return " ".join(str(one) for one in kept if not one["active_until"]).lower()


def version(type: str, *, over: bool = False, **members: Any) -> dict[str, Any]:
    """One version of a value; `over`: it holds no longer."""
    until = _UNTIL if over else None
    return {
        "active_from": _FROM,
        "active_until": until,
        "created_by_actor": _BY,
        **members,
        "attribute_type": type,
    }


def _actor(member: str) -> dict[str, Any]:
    return {"referenced_actor_type": "workspace-member", "referenced_actor_id": member}


def _everywhere() -> dict[str, list[dict[str, Any]]]:
    """What Attio fills in for every record, and a workspace's own attributes."""
    touched: dict[str, Any] = {"interacted_at": _FROM, "owner_actor": _BY, "interaction_type": "email"}
    return {
        "record_id": [version("text", value="x")], "created_at": [version("timestamp", value=_FROM)],
        "created_by": [version("actor-reference", **_actor(ADA))],
        "first_email_interaction": [version("interaction", **touched)],
        "last_email_interaction": [version("interaction", **touched)],
        "last_calendar_interaction": [version("interaction", **touched)],
        "strongest_connection_strength": [version("select", option=_option("Very strong"))],
        "strongest_connection_user": [version("actor-reference", **_actor(ADA))],
        "primary_location": [version("location", line_1="1 Street", locality="London", country_code="GB",
                                     latitude="51.5", longitude="-0.1")],
        "avatar_url": [version("text", value="https://images.example/avatar.png")],
        "secret": [version("text", value="4711")], "linkedin": [], "twitter": [],
    }  # fmt: skip


def _option(title: str) -> dict[str, Any]:
    key = {"workspace_id": WORKSPACE, "object_id": company_id(9), "attribute_id": company_id(8)}
    return {"id": {**key, "option_id": company_id(7)}, "title": title, "is_archived": False}


def name(full: str, *, over: bool = False) -> dict[str, Any]:
    first, _, last = full.partition(" ")
    return version("personal-name", over=over, first_name=first, last_name=last, full_name=full)


def email(address: str, *, over: bool = False) -> dict[str, Any]:
    local, _, domain = address.partition("@")
    parts = {"email_domain": domain, "email_root_domain": domain, "email_local_specifier": local}
    return version("email-address", over=over, original_email_address=address, email_address=address, **parts)


def deal_values(title: str, owner: str, stage: str, value: float | None) -> dict[str, list[dict[str, Any]]]:
    amount = [version("currency", currency_value=value, currency_code="EUR")] if value is not None else []
    return {
        "name": [version("text", value=title)], "owner": [version("actor-reference", **_actor(owner))],
        "stage": [
            version("status", over=True, status=_option("Lead")), version("status", status=_option(stage)),
        ],
        "value": amount,
        "associated_company": [version("record-reference", target_object="companies", target_record_id=company_id(1))],
        "associated_people": [version("record-reference", target_object="people", target_record_id=person_id(1))],
    }  # fmt: skip


def populated() -> Attio:
    """Three people, two companies, Ada's two deals and Ben's one, Ada's three tasks and Ben's one."""
    attio = Attio()
    company = [version("record-reference", target_object="companies", target_record_id=company_id(1))]
    phone = version(
        "phone-number", original_phone_number="+442079460001", country_code="GB", phone_number="+442079460001"
    )
    attio.put(
        "people", person_id(1), name=[name("Ada King", over=True), name("Ada Lovelace")],
        email_addresses=[email("king@old.example", over=True), email("lovelace@acme.example"), email("ada@home.example")],
        phone_numbers=[phone], job_title=[version("text", value="Analyst")], company=company,
        description=[version("text", value="Wrote the first program")],
    )  # fmt: skip
    attio.put(
        "people", person_id(2), name=[name("Grace Hopper")], email_addresses=[email("grace@navy.example")]
    )
    attio.put("people", person_id(3), name=[name("Mary Somerville")])
    domain = version("domain", domain="acme.example", root_domain="acme.example")
    attio.put("companies", company_id(1), name=[version("text", value="Acme")], domains=[domain])
    attio.put("companies", company_id(2), name=[version("text", value="Navy")])
    attio.put("deals", deal_id(1), **deal_values("Engine order", ADA, "In Progress", 1200))
    attio.put("deals", deal_id(2), **deal_values("Loom order", ADA, "Lead", None))
    attio.put("deals", deal_id(3), **deal_values("Ben's engine", BEN, "In Progress", 5000))
    attio.put_task(task_id(1), "Call Ada", ADA, due="2026-11-30T12:00:00.000000000Z")
    attio.put_task(task_id(2), "Send offer", ADA)
    attio.put_task(task_id(3), "Say hello", ADA, done=True)
    attio.put_task(task_id(4), "Ben's call", BEN)
    return attio
