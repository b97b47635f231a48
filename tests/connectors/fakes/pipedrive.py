"""A fake Pipedrive: one company with two users, its people, deals, stages, notes and activities.

Version 2 pages by cursor, version 1 by offset and with null for an empty list; every record has all the members the
real one sends. A user sees the whole company here, so that "mine" is the connector's work.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of

HOST, DOMAIN = "acme.pipedrive.com", "https://acme.pipedrive.com"
ADA, BEN = "7", "8"
COMPANY = 3
CLIENT = ("the-client", "the-client-secret")
USERS = {
    ADA: {"id": 7, "name": "Ada Byron", "email": "ada@acme.example"},
    BEN: {"id": 8, "name": "Ben Okri", "email": "ben@acme.example"},
}
BASE, SEARCH = "base", "search:read"
DEALS_READ, DEALS_FULL = "deals:read", "deals:full"
ACTIVITIES_READ, ACTIVITIES_FULL = "activities:read", "activities:full"
WRITING = (BASE, SEARCH, DEALS_FULL, ACTIVITIES_FULL)
READING = (BASE, SEARCH, DEALS_READ, ACTIVITIES_READ)
_CONTACTS = (["contacts:read"], ["contacts:full"])
_DEALS = ([DEALS_READ], [DEALS_FULL])
_ACTIVITIES = ([ACTIVITIES_READ], [ACTIVITIES_FULL])
_MADE = "2026-01-05T09:00:00Z"


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    told = {
        "missing_token": (401, "Invalid token: access token is invalid"),
        "missing_scope": (403, "Scope and URL mismatch"),
        "not_found": (404, "Not found"),
    }
    status, error = told[kind]
    return answer(status, {"success": False, "error": error, "errorCode": status})


def _bad(error: str) -> httpx.Response:
    return answer(400, {"success": False, "error": error, "code": "ERR_SCHEMA_VALIDATION_FAILED"})


class Pipedrive:
    def __init__(self) -> None:
        self.fake = Fake(HOST, _refusal)
        self.records: dict[str, dict[int, dict[str, Any]]] = {
            kind: {} for kind in ("persons", "deals", "stages", "activities", "notes")
        }
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self._next = 600
        self._routes()

    def _routes(self) -> None:
        add = self.fake.add
        add("GET", "/v1/users/me", [[BASE]], self._me)
        add("GET", "/api/v2/persons/search", [[SEARCH], *_CONTACTS], self._search_persons)
        add("GET", "/api/v2/deals/search", [[SEARCH], *_DEALS], self._search_deals)
        add("GET", "/api/v2/deals", _DEALS, self._deals)
        add("GET", "/api/v2/deals/(?P<id>[^/]+)", _DEALS, self._deal)
        add("PATCH", "/api/v2/deals/(?P<id>[^/]+)", [[DEALS_FULL]], self._change_deal)
        add("GET", "/api/v2/stages", _DEALS, self._stages)
        add("GET", "/v1/notes", [*_DEALS, *_CONTACTS], self._notes)
        add("POST", "/v1/notes", [[DEALS_FULL], ["contacts:full"]], self._add_note)
        add("GET", "/api/v2/activities", _ACTIVITIES, self._activities)
        add("POST", "/api/v2/activities", [[ACTIVITIES_FULL]], self._add_activity)
        add("POST", "/oauth/token", None, self._token)
        add("POST", "/oauth/revoke", None, self._revoke)

    # ---- state -------------------------------------------------------------------------------------------

    def put(self, kind: str, id: int, **members: Any) -> None:
        whole = {
            "persons": _person,
            "deals": _deal,
            "stages": _stage,
            "activities": _activity,
            "notes": _note,
        }
        self.records[kind][id] = whole[kind](id) | members

    def uninstall(self, user: str) -> None:
        """All OAuth data of a user's installation is gone."""
        for tokens in (self.fake.tokens, self.refresh_tokens):
            for value in [value for value, token in tokens.items() if token.user == user]:
                del tokens[value]

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _is_client(self, request: httpx.Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        return scheme == "Basic" and base64.b64decode(value).decode() == ":".join(CLIENT)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if not self._is_client(request) or "client_secret" in form:
            return answer(400, {"error": "invalid_client", "message": "Invalid client: client is invalid"})
        if form["grant_type"] == "authorization_code":
            granted, refresh = self.codes.pop(form["code"], None), f"rt-{self._id()}"
        else:
            refresh = form["refresh_token"]
            granted = self.refresh_tokens.get(refresh)
        if granted is None:
            return answer(400, {"error": "invalid_grant", "message": "Invalid grant: token is invalid"})
        access = f"at-{self._id()}"
        self.fake.tokens[access] = self.refresh_tokens[refresh] = granted
        return answer(200, {
            "access_token": access, "token_type": "Bearer", "refresh_token": refresh, "expires_in": 3599,
            "scope": ",".join(sorted(granted.scopes)), "api_domain": DOMAIN,
        })  # fmt: skip

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        """200 also for a token nobody knows; a refresh token takes the whole installation with it."""
        if not self._is_client(request):
            return answer(401, {"error": "invalid_client"})
        token = form_of(request)["token"]
        if token in self.refresh_tokens:
            self.uninstall(self.refresh_tokens[token].user)
        self.fake.tokens.pop(token, None)
        return answer(200)

    def _id(self) -> int:
        self._next += 1
        return self._next

    # ---- reading -----------------------------------------------------------------------------------------

    def _me(self, request: httpx.Request, token: Token) -> httpx.Response:
        company = {"company_id": COMPANY, "company_name": "Acme", "company_domain": "acme"}
        rest = {"default_currency": "EUR", "locale": "en_GB", "is_admin": 0, "phone": None}
        return _answer(USERS[token.user] | company | rest)

    def _search_persons(self, request: httpx.Request, token: Token) -> httpx.Response:
        def item(person: dict[str, Any]) -> dict[str, Any]:
            return {
                "id": person["id"], "type": "person", "name": person["name"],
                "phones": [one["value"] for one in person["phones"]],
                "emails": [one["value"] for one in person["emails"]],
                "primary_email": next((one["value"] for one in person["emails"]), None),
                "visible_to": 3, "owner": {"id": person["owner_id"]},
                "organization": person["organization"], "custom_fields": [], "notes": [],
            }  # fmt: skip

        fields = request.url.params.get("fields", "name,email,phone,notes,custom_fields").split(",")

        def text(person: dict[str, Any]) -> str:
            found = item(person)
            parts = {"name": [person["name"]], "email": found["emails"], "phone": found["phones"]}
            return " ".join(part for name in fields for part in parts.get(name, [person["secret"]]))

        return self._search(request, "persons", text, item)

    def _search_deals(self, request: httpx.Request, token: Token) -> httpx.Response:
        status = request.url.params.get("status")

        def item(deal: dict[str, Any]) -> dict[str, Any]:
            person = self.records["persons"].get(deal["person_id"])
            return {
                "id": deal["id"], "type": "deal", "title": deal["title"], "value": deal["value"],
                "currency": deal["currency"], "status": deal["status"], "visible_to": 3,
                "owner": {"id": deal["owner_id"]}, "stage": _named(self.records["stages"][deal["stage_id"]]),
                "person": _named(person), "organization": person["organization"] if person else None,
                "custom_fields": [], "notes": [], "is_archived": False,
            }  # fmt: skip

        def text(deal: dict[str, Any]) -> str:
            return str(deal["title"]) if status in (None, deal["status"]) else ""

        return self._search(request, "deals", text, item)

    def _search(self, request: httpx.Request, kind: str, text: Any, item: Any) -> httpx.Response:
        term = request.url.params.get("term", "")
        if len(term) < 2:
            return _bad("Search term must be at least 2 characters long")
        found = [one for one in self.records[kind].values() if term.lower() in text(one).lower()]
        page, more = _cut(request, found)
        hits = [{"result_score": 0.5, "item": item(one)} for one in page]
        return answer(200, {"success": True, "data": {"items": hits}, "additional_data": more})

    def _deals(self, request: httpx.Request, token: Token) -> httpx.Response:
        asked = request.url.params
        found = [
            deal
            for deal in self.records["deals"].values()
            if asked.get("owner_id") in (None, str(deal["owner_id"]))
            and asked.get("status") in (None, deal["status"])
        ]
        return _list(request, found)

    def _stages(self, request: httpx.Request, token: Token) -> httpx.Response:
        return _list(request, list(self.records["stages"].values()))

    def _activities(self, request: httpx.Request, token: Token) -> httpx.Response:
        asked = request.url.params
        if asked.get("done") not in (None, "true", "false"):
            return _bad("done must be a boolean")
        found = [
            one
            for one in self.records["activities"].values()
            if asked.get("owner_id") in (None, str(one["owner_id"]))
            and asked.get("done") in (None, str(one["done"]).lower())
        ]
        return _list(request, found)

    def _deal(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        deal = self.records["deals"].get(int(id))
        return _answer(deal) if deal else _refusal("not_found", ())

    def _notes(self, request: httpx.Request, token: Token) -> httpx.Response:
        asked = request.url.params
        start, limit = int(asked.get("start", 0)), int(asked.get("limit", 100))
        found = [
            note
            for note in self.records["notes"].values()
            if all(asked.get(name) in (None, str(note[name])) for name in ("deal_id", "person_id"))
        ]
        if asked.get("sort") == "add_time DESC":
            found.sort(key=lambda note: note["add_time"], reverse=True)
        page = found[start : start + limit]
        told: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": False}
        if start + len(page) < len(found):
            told |= {"more_items_in_collection": True, "next_start": start + limit}
        return answer(200, {"success": True, "data": page or None, "additional_data": {"pagination": told}})

    # ---- writing -----------------------------------------------------------------------------------------

    def _change_deal(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        deal, body = self.records["deals"].get(int(id)), body_of(request)
        if deal is None:
            return _refusal("not_found", ())
        if body.get("stage_id", 1) not in self.records["stages"]:
            return _bad("stage_id: not found")
        if body.get("status", "open") not in ("open", "won", "lost"):
            return _bad("status: unknown")
        deal |= body
        return _answer(deal)

    def _add_note(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        targets = {"deal_id": "deals", "person_id": "persons"}
        if not body.get("content") or not set(targets) & set(body):
            return _bad("content and one of deal_id, person_id are required")
        if any(body[name] not in self.records[kind] for name, kind in targets.items() if name in body):
            return _bad("there is no such deal or person")
        id = self._id()
        self.put("notes", id, **body, user=_user(USERS[token.user]), user_id=USERS[token.user]["id"])
        return answer(201, {"success": True, "data": self.records["notes"][id]})

    def _add_activity(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        if body.get("deal_id", 701) not in self.records["deals"]:
            return _bad("deal_id: not found")
        id = self._id()
        self.put("activities", id, **{"owner_id": USERS[token.user]["id"], **body})
        return answer(201, {"success": True, "data": self.records["activities"][id]})


def _answer(data: Any) -> httpx.Response:
    return answer(200, {"success": True, "data": data})


def _list(request: httpx.Request, found: list[dict[str, Any]]) -> httpx.Response:
    page, more = _cut(request, found)
    return answer(200, {"success": True, "data": page, "additional_data": more})


def _cut(request: httpx.Request, found: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """A page of version 2 and its `additional_data`. Raises on a cursor that is none of ours."""
    cursor, limit = request.url.params.get("cursor"), int(request.url.params.get("limit", 100))
    start = json.loads(base64.urlsafe_b64decode(cursor))["from"] if cursor else 0
    page = found[start : start + limit]
    following = start + len(page)
    return page, {"next_cursor": cursor_of(following) if following < len(found) else None}


def cursor_of(start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"from": start}).encode()).decode()


def _named(record: dict[str, Any] | None) -> dict[str, Any] | None:
    return {"id": record["id"], "name": record["name"], "address": None} if record else None


def _user(user: dict[str, Any]) -> dict[str, Any]:
    return {"email": user["email"], "icon_url": None, "is_you": True, "name": user["name"]}


# ---- whole records -------------------------------------------------------------------------------------------


def _person(id: int) -> dict[str, Any]:
    return {
        "id": id, "name": "", "owner_id": 7, "emails": [], "phones": [], "organization": None, "secret": "",
        "add_time": _MADE, "update_time": _MADE, "visible_to": 3, "label_ids": [], "custom_fields": {},
    }  # fmt: skip


def _deal(id: int) -> dict[str, Any]:
    times = ("archive_time", "close_time", "won_time", "lost_time", "stage_change_time")
    return {
        "id": id, "title": "", "creator_user_id": 7, "owner_id": 7, "value": 0, "person_id": None, "org_id": None,
        "stage_id": 1, "pipeline_id": 1, "currency": "EUR", "add_time": _MADE, "update_time": _MADE,
        "status": "open", "is_archived": False, "is_deleted": False, "probability": None, "lost_reason": None,
        "visible_to": 3, "local_won_date": None, "local_lost_date": None, "local_close_date": None,
        "expected_close_date": None, "label_ids": [], "origin": "ManuallyCreated", "origin_id": None,
        "channel": None, "channel_id": None, "source_lead_id": None, "acv": None, "arr": None, "mrr": None,
        **dict.fromkeys(times), "custom_fields": {f"{number:040x}": None for number in range(1, 7)},
    }  # fmt: skip


def _stage(id: int) -> dict[str, Any]:
    return {
        "id": id, "order_nr": id, "name": "", "is_deleted": False, "deal_probability": 100, "pipeline_id": 1,
        "is_deal_rot_enabled": False, "days_to_rotten": None, "add_time": _MADE, "update_time": None,
    }  # fmt: skip


def _activity(id: int) -> dict[str, Any]:
    return {
        "id": id, "subject": "", "type": "task", "owner_id": 7, "creator_user_id": 7, "is_deleted": False,
        "add_time": _MADE, "update_time": _MADE, "deal_id": None, "lead_id": None, "person_id": None,
        "org_id": None, "project_id": None, "due_date": None, "due_time": None, "duration": None, "busy": False,
        "done": False, "marked_as_done_time": None, "location": None, "participants": [],
        "conference_meeting_client": None, "public_description": None, "priority": None, "note": None,
    }  # fmt: skip


def _note(id: int) -> dict[str, Any]:
    return {
        "id": id, "active_flag": True, "add_time": "2026-11-24 08:00:00", "update_time": "2026-11-24 08:00:00",
        "content": "", "deal_id": None, "person_id": None, "org_id": None, "lead_id": None, "project_id": None,
        "last_update_user_id": None, "pinned_to_deal_flag": False, "pinned_to_person_flag": False,
        "user": _user(USERS[ADA]), "user_id": 7,
    }  # fmt: skip


def populated() -> Pipedrive:
    """Two people; three stages, one of them gone; Ada's three deals and Ben's one; notes and activities of both."""
    pipedrive = Pipedrive()
    put = pipedrive.put
    mail = {"label": "work", "primary": True}
    acme = {"id": 301, "name": "Acme", "address": None}
    put("persons", 501, name="Ada Lovelace", organization=acme, secret="likes looms",
        emails=[{"value": "lovelace@acme.example", **mail}], phones=[{"value": "+44 20 7946 0001", **mail}])  # fmt: skip
    put("persons", 502, name="Grace Hopper", emails=[{"value": "grace@navy.example", **mail}])
    put("stages", 1, name="Qualified")
    put("stages", 2, name="Offer made")
    put("stages", 3, name="Old stage", is_deleted=True)
    put("deals", 701, title="Engine order", value=1200, stage_id=2, person_id=501, org_id=301,
        expected_close_date="2026-12-01", probability=60)  # fmt: skip
    put("deals", 702, title="Loom order", value=99.5)
    put("deals", 703, title="Old engine", value=900, status="won", won_time=_MADE)
    put("deals", 710, title="Ben's engine", value=5000, owner_id=8)
    put("notes", 801, deal_id=701, content="<p>Wants <b>two</b> engines</p><ul><li>red</li><li>&lt;blue&gt;</li></ul>",
        add_time="2026-11-01 09:00:00")  # fmt: skip
    put("notes", 802, deal_id=701, content="Called.<br>No answer", add_time="2026-11-02 09:00:00",
        user=_user(USERS[BEN]), user_id=8)  # fmt: skip
    put("notes", 803, person_id=502, content="Sailor", add_time="2026-11-03 09:00:00")
    put("activities", 901, subject="Call Ada", type="call", due_date="2026-11-30", due_time="09:00",
        deal_id=701, person_id=501)  # fmt: skip
    put("activities", 902, subject="Send offer", due_date="2026-12-01")
    put("activities", 903, subject="Say hello", due_date="2026-11-02", done=True)
    put("activities", 910, subject="Ben's call", owner_id=8, due_date="2026-11-30")
    return pipedrive
