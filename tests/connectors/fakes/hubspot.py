"""A fake HubSpot: one account (portal) with two people, their contacts, companies, deals and tasks.

Like the real one it answers for the whole account, whoever the token belongs to: nothing here keeps one
person from the other's deals. That is the connector's work, and the tests look whether it does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of

ADA, BEN = "77", "78"
CLIENT = ("the-client", "the-client-secret")
OWNERS = {
    ADA: {
        "id": "9001",
        "userId": 77,
        "email": "ada@acme.example",
        "firstName": "Ada",
        "lastName": "Byron",
        "archived": False,
    },
    BEN: {
        "id": "9002",
        "userId": 78,
        "email": "ben@acme.example",
        "firstName": "Ben",
        "lastName": "Okri",
        "archived": False,
    },
}
CONTACTS_READ, CONTACTS_WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"
COMPANIES_READ, OWNERS_READ = "crm.objects.companies.read", "crm.objects.owners.read"
DEALS_READ, DEALS_WRITE = "crm.objects.deals.read", "crm.objects.deals.write"
ALL_SCOPES = (CONTACTS_READ, CONTACTS_WRITE, COMPANIES_READ, OWNERS_READ, DEALS_READ, DEALS_WRITE)
_MADE = "2026-01-05T09:00:00.000Z"
_CORRELATION = "11111111-2222-3333-4444-555555555555"
_SEARCHED = {
    "contacts": ("firstname", "lastname", "email", "phone", "company"),
    "companies": ("name", "domain", "phone"),
    "deals": ("dealname",),
    "tasks": ("hs_task_subject",),
}


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    body: dict[str, Any] = {"status": "error", "correlationId": _CORRELATION}
    if kind == "missing_token":
        body |= {
            "message": "The OAuth token used to make this call expired.",
            "category": "EXPIRED_AUTHENTICATION",
        }
        return answer(401, body)
    if kind == "missing_scope":
        body |= {
            "message": "This app hasn't been granted all required scopes.",
            "category": "MISSING_SCOPES",
            "context": {"missingScopes": list(scopes)},
        }
        return answer(403, body)
    return answer(404, body | {"message": "resource not found", "category": "OBJECT_NOT_FOUND"})


def _bad(message: str) -> httpx.Response:
    return answer(
        400,
        {
            "status": "error",
            "message": message,
            "correlationId": _CORRELATION,
            "category": "VALIDATION_ERROR",
        },
    )


class HubSpot:
    def __init__(self) -> None:
        self.fake = Fake("api.hubapi.com", _refusal)
        self.records: dict[str, dict[str, dict[str, Any]]] = {
            kind: {} for kind in ("contacts", "companies", "deals", "tasks", "notes")
        }
        self.associations: list[tuple[str, str, int]] = []
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self._next = 600
        self._routes()

    def _routes(self) -> None:
        add, objects = self.fake.add, "/crm/v3/objects"
        reads = {
            "contacts": CONTACTS_READ,
            "companies": COMPANIES_READ,
            "deals": DEALS_READ,
            "tasks": CONTACTS_READ,
        }
        for kind, scope in reads.items():
            add("POST", f"{objects}/(?P<kind>{kind})/search", [[scope]], self._search)
            add("GET", f"{objects}/(?P<kind>{kind})/(?P<id>[^/]+)", [[scope]], self._get)
        for kind in ("tasks", "notes"):
            add("POST", f"{objects}/(?P<kind>{kind})", [[CONTACTS_WRITE]], self._create)
        add("PATCH", f"{objects}/(?P<kind>deals)/(?P<id>[^/]+)", [[DEALS_WRITE]], self._patch)
        add("GET", "/crm/v3/owners/(?P<id>[^/]+)", [[OWNERS_READ]], self._owner)
        add("GET", "/crm/v3/pipelines/deals", [[DEALS_READ]], self._pipelines)
        add("POST", "/oauth/v3/token", None, self._token)
        add("POST", "/oauth/v3/token/introspect", None, self._introspect)
        add("POST", "/oauth/v3/token/revoke", None, self._revoke)

    # ---- state -------------------------------------------------------------------------------------------

    def put(self, kind: str, id: str, **properties: str | None) -> None:
        self.records[kind][id] = properties

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _client(self, request: httpx.Request) -> dict[str, str] | None:
        """The form, if it comes from the one client there is."""
        form = form_of(request)
        known = (form.pop("client_id", ""), form.pop("client_secret", "")) == CLIENT
        return form if known else None

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = self._client(request)
        if form is None:
            return answer(401, {"error": "invalid_client"})
        if form["grant_type"] == "authorization_code":
            granted = self.codes.pop(form["code"], None)
        else:
            granted = self.refresh_tokens.get(form["refresh_token"])
        if granted is None:
            return answer(400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"})
        self._next += 1
        access, refresh = f"at-{self._next}", f"rt-{granted.user}"
        self.fake.tokens[access] = self.refresh_tokens[refresh] = granted
        return answer(200, {
            "access_token": access, "refresh_token": refresh, "expires_in": 1800, "token_type": "bearer",
            "token_use": "access_token", "hub_id": 4242, "user_id": int(granted.user),
            "scopes": sorted(granted.scopes),
        })  # fmt: skip

    def _introspect(self, request: httpx.Request) -> httpx.Response:
        form = self._client(request)
        if form is None:
            return answer(401, {"error": "invalid_client"})
        held = self.fake.tokens.get(form["token"])
        if held is None or held.expired:
            return answer(200, {"active": False})
        owner = OWNERS[held.user]
        return answer(200, {
            "active": True, "token_use": "access_token", "hub_id": 4242, "hub_domain": "acme.example",
            "app_id": 9, "user": owner["email"], "user_id": owner["userId"], "client_id": CLIENT[0],
            "expires_in": 1700, "scopes": sorted(held.scopes),
        })  # fmt: skip

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        form = self._client(request)
        if form is None:
            return answer(401, {"error": "invalid_client"})
        self.refresh_tokens.pop(form["token"], None)
        return answer(200)

    # ---- answers -----------------------------------------------------------------------------------------

    def _search(self, request: httpx.Request, token: Token, kind: str) -> httpx.Response:
        body = body_of(request)
        if unknown := set(body) - {"query", "limit", "after", "properties", "filterGroups", "sorts"}:
            return _bad(f"unknown members {sorted(unknown)}")
        if not 1 <= body.get("limit", 10) <= 200:
            return _bad("limit must be between 1 and 200")
        found = [id for id, record in self.records[kind].items() if self._matches(kind, record, body)]
        start = int(body.get("after", 0))
        page = found[start : start + body.get("limit", 10)]
        results = [self._wire(kind, id, body.get("properties", [])) for id in page]
        result: dict[str, Any] = {"total": len(found), "results": results}
        if start + len(page) < len(found):
            result["paging"] = {"next": {"after": str(start + len(page))}}
        return answer(200, result)

    def _matches(self, kind: str, record: dict[str, Any], body: dict[str, Any]) -> bool:
        words = body.get("query", "").lower().split()
        text = " ".join(str(record.get(name) or "") for name in _SEARCHED[kind]).lower()
        groups = body.get("filterGroups") or [{"filters": []}]
        filtered = any(all(_passes(record, one) for one in group["filters"]) for group in groups)
        return filtered and all(word in text for word in words)

    def _get(self, request: httpx.Request, token: Token, kind: str, id: str) -> httpx.Response:
        if id not in self.records[kind]:
            return _refusal("not_found", ())
        return answer(200, self._wire(kind, id, request.url.params.get("properties", "").split(",")))

    def _create(self, request: httpx.Request, token: Token, kind: str) -> httpx.Response:
        body = body_of(request)
        properties = body["properties"]
        if "hs_timestamp" not in properties:
            return _bad("hs_timestamp is required")
        links = [
            (one["to"]["id"], one["types"][0]["associationTypeId"]) for one in body.get("associations", [])
        ]
        for contact, _ in links:
            if contact not in self.records["contacts"]:
                return _refusal("not_found", ())
        self._next += 1
        self.records[kind][str(self._next)] = dict(properties)
        self.associations += [(str(self._next), contact, type) for contact, type in links]
        return answer(201, self._wire(kind, str(self._next), list(properties)))

    def _patch(self, request: httpx.Request, token: Token, kind: str, id: str) -> httpx.Response:
        if id not in self.records[kind]:
            return _refusal("not_found", ())
        properties = body_of(request)["properties"]
        if properties.get("dealstage") == "no_such_stage":
            return _bad("no_such_stage was not one of the allowed options")
        self.records[kind][id] |= properties
        return answer(200, self._wire(kind, id, list(properties)))

    def _owner(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        if request.url.params.get("idProperty") != "userId":
            return _bad("this fake looks owners up by userId only")
        return answer(200, OWNERS[id]) if id in OWNERS else _refusal("not_found", ())

    def _pipelines(self, request: httpx.Request, token: Token) -> httpx.Response:
        stages = [
            {
                "id": "appointmentscheduled",
                "label": "Appointment scheduled",
                "displayOrder": 0,
                "metadata": {"isClosed": "false"},
            },
            {
                "id": "contractsent",
                "label": "Contract sent",
                "displayOrder": 1,
                "metadata": {"isClosed": "false"},
            },
            {"id": "closedwon", "label": "Closed won", "displayOrder": 2, "metadata": {"isClosed": "true"}},
        ]
        return answer(
            200,
            {"results": [{"id": "default", "label": "Sales pipeline", "displayOrder": 0, "stages": stages}]},
        )

    def _wire(self, kind: str, id: str, names: Sequence[str]) -> dict[str, Any]:
        record = self.records[kind][id]
        always = {"hs_object_id": id, "createdate": _MADE, "hs_lastmodifieddate": _MADE}
        properties = {name: record.get(name) for name in names if name} | always
        return {"id": id, "properties": properties, "createdAt": _MADE, "updatedAt": _MADE, "archived": False}


def _passes(record: dict[str, Any], condition: dict[str, Any]) -> bool:
    have, want = record.get(condition["propertyName"]), condition.get("value")
    match condition["operator"]:
        case "EQ":
            return have == want
        case "NEQ":
            return have != want
        case "GTE":
            return have is not None and _ms(have) >= _ms(want)
        case "LTE":
            return have is not None and _ms(have) <= _ms(want)
        case other:
            raise AssertionError(f"this fake does not know the operator {other}")


def _ms(value: Any) -> int:
    """Milliseconds of a number or of a date: HubSpot compares both."""
    if str(value).isdigit():
        return int(value)
    moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def populated() -> HubSpot:
    """Three contacts, two companies, Ada's three deals and Ben's one, Ada's two tasks and Ben's one."""
    hubspot = HubSpot()
    put = hubspot.put
    put(
        "contacts",
        "501",
        firstname="Ada",
        lastname="Byron",
        email="ada@acme.example",
        company="Acme",
        phone="+44 20 7946 0001",
        jobtitle="Analyst",
        salary="secret-salary",
    )
    put(
        "contacts",
        "502",
        firstname="Grace",
        lastname="Hopper",
        email="grace@navy.example",
        company="Navy",
        phone=None,
        jobtitle="Admiral",
    )
    put("contacts", "503", firstname=None, lastname=None, email="info@navy.example", company="Navy")
    put("companies", "301", name="Acme", domain="acme.example", city="London", annualrevenue="1")
    put("companies", "302", name="Navy", domain="navy.example", city=None)
    deal = {
        "dealstage": "contractsent",
        "hs_is_closed": "false",
        "hubspot_owner_id": "9001",
        "pipeline": "default",
    }
    put("deals", "701", **deal, dealname="Engine order", amount="1200", closedate="2026-12-01T00:00:00Z")
    put("deals", "702", **deal, dealname="Loom order", amount=None, closedate="2026-12-20T00:00:00Z")
    put(
        "deals",
        "703",
        **deal | {"dealstage": "closedwon", "hs_is_closed": "true"},
        dealname="Old engine",
        amount="900",
        closedate="2026-01-10T00:00:00Z",
    )
    put(
        "deals",
        "710",
        **deal | {"hubspot_owner_id": "9002"},
        dealname="Ben's engine",
        amount="5000",
        closedate="2026-12-02T00:00:00Z",
    )
    task = {"hubspot_owner_id": "9001", "hs_task_priority": "HIGH"}
    put(
        "tasks",
        "801",
        **task,
        hs_task_subject="Call Ada",
        hs_task_status="NOT_STARTED",
        hs_timestamp="2026-11-30T09:00:00Z",
    )
    put(
        "tasks",
        "802",
        **task,
        hs_task_subject="Send offer",
        hs_task_status="COMPLETED",
        hs_timestamp="2026-11-20T09:00:00Z",
    )
    put(
        "tasks",
        "803",
        **task | {"hubspot_owner_id": "9002"},
        hs_task_subject="Ben's task",
        hs_task_status="NOT_STARTED",
        hs_timestamp="2026-11-30T09:00:00Z",
    )
    return hubspot
