"""A fake Salesforce: one organisation with two people, their contacts, accounts, opportunities, tasks and notes.

It reads SOQL with a strict reader of its own (`soql.py`), so a text that broke out of its quotes would be a 400 or
find the wrong records. It gives out its answers in batches (`batch`), never says how long a token lives, and answers
a token without the scope `api` with 401, as Salesforce does. Sharing is open, as in many organisations: everybody sees
everything, so "mine" is what the connector makes of it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of
from tests.connectors.fakes.soql import Condition, Query, SoqlError, likes, parse

HOST = "acme.my.salesforce.com"
INSTANCE = f"https://{HOST}"
ORGANISATION = "00D000000000001AAA"
ADA, BEN = "005000000000001AAA", "005000000000002AAA"
CLIENT = ("the-client", "the-client-secret")
USERS = {ADA: ("ada@acme.example", "Ada Byron"), BEN: ("ben@acme.example", "Ben Okri")}
API, REFRESH, ID = "api", "refresh_token", "id"
ALL_SCOPES = (API, REFRESH, ID)
DATA = "/services/data/v60.0"
PREFIXES = {"Account": "001", "Contact": "003", "Opportunity": "006", "Task": "00T", "Note": "002"}
STAGES = (
    ("Prospecting", "Prospecting", False, True), ("Proposal", "Proposal/Price Quote", False, True),
    ("Old stage", "Old stage", False, False), ("Closed Won", "Closed Won", True, True),
)  # fmt: skip
_WRITABLE = {
    "Task": {"Subject", "ActivityDate", "WhoId", "WhatId"},
    "Note": {"ParentId", "Title", "Body"},
    "Opportunity": {"StageName", "Amount", "CloseDate"},
}
_REQUIRED = {"Task": set(), "Note": {"ParentId", "Title"}}


def _error(status: int, code: str, message: str) -> httpx.Response:
    return answer(status, [{"message": message, "errorCode": code}])


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    if kind == "missing_token":
        return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if kind == "missing_scope":
        return _error(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
    return _error(404, "NOT_FOUND", "The requested resource does not exist")


def id_of(kind: str, number: int) -> str:
    return f"{PREFIXES[kind]}{number:012d}AAA"


class Salesforce:
    """`batch`: how many records one answer holds. `rotates`: whether the app gives a new refresh token each time."""

    def __init__(self) -> None:
        self.fake = Fake(HOST, _refusal)
        self.records: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in PREFIXES}
        self.queries: list[Query] = []
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self.instance_url, self.batch, self.rotates = INSTANCE, 2000, False
        self._cursors: dict[str, list[dict[str, Any]]] = {}
        self._next, self._batches = 600, 0
        self._routes()

    def _routes(self) -> None:
        add, objects = self.fake.add, f"{DATA}/sobjects"
        add("POST", "/services/oauth2/token", None, self._token)
        add("POST", "/services/oauth2/revoke", None, self._revoke)
        add("GET", "/services/oauth2/userinfo", [[ID]], self._userinfo)
        add("GET", f"{DATA}/query", [[API]], self._query)
        add("GET", f"{DATA}/query/(?P<locator>[^/]+)", [[API]], self._more)
        add("GET", f"{objects}/(?P<kind>Opportunity)/(?P<id>[^/]+)", [[API]], self._get)
        add("PATCH", f"{objects}/(?P<kind>Opportunity)/(?P<id>[^/]+)", [[API]], self._patch)
        add("POST", f"{objects}/(?P<kind>Task|Note)", [[API]], self._create)

    # ---- state -------------------------------------------------------------------------------------------

    def put(self, kind: str, number: int, **fields: Any) -> str:
        id = id_of(kind, number)
        self.records[kind][id] = {"Id": id, **fields}
        return id

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return answer(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        if form["grant_type"] == "authorization_code":
            granted = self.codes.pop(form["code"], None)
        else:
            granted = self.refresh_tokens.get(form["refresh_token"])
        if granted is None:
            return answer(
                400, {"error": "invalid_grant", "error_description": "expired access/refresh token"}
            )
        self._next += 1
        access = f"00D!at-{self._next}"
        self.fake.tokens[access] = Token(granted.user, granted.scopes)
        return answer(
            200, {"access_token": access, **self._refresh_token(form, granted), **self._about(granted)}
        )

    def _refresh_token(self, form: dict[str, str], granted: Token) -> dict[str, str]:
        old = form.get("refresh_token")
        if old and not self.rotates:
            return {}
        if old:
            del self.refresh_tokens[old]
        new = f"5Aep-{self._next}"
        self.refresh_tokens[new] = granted
        return {"refresh_token": new}

    def _about(self, granted: Token) -> dict[str, str]:
        """What a token answer says beside the tokens; no `expires_in`."""
        return {
            "signature": base64.b64encode(b"sign").decode(), "scope": " ".join(sorted(granted.scopes)),
            "instance_url": self.instance_url, "token_type": "Bearer", "issued_at": "1790000000000",
            "id": f"https://login.salesforce.com/id/{ORGANISATION}/{granted.user}",
        }  # fmt: skip

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        token = form_of(request)["token"]
        if token not in self.refresh_tokens and token not in self.fake.tokens:
            return answer(400, {"error": "invalid_token", "error_description": "invalid token"})
        ended = self.refresh_tokens.pop(token, None) or self.fake.tokens[token]
        gone = [one for one, held in self.fake.tokens.items() if held.user == ended.user]
        for one in gone:
            del self.fake.tokens[one]
        return answer(200)

    def _userinfo(self, request: httpx.Request, token: Token) -> httpx.Response:
        username, name = USERS[token.user]
        return answer(200, {
            "sub": f"https://login.salesforce.com/id/{ORGANISATION}/{token.user}", "user_id": token.user,
            "organization_id": ORGANISATION, "preferred_username": username, "name": name, "zoneinfo": "Europe/London",
            "user_type": "STANDARD", "language": "en_US", "active": True,
        })  # fmt: skip

    # ---- queries -----------------------------------------------------------------------------------------

    def _query(self, request: httpx.Request, token: Token) -> httpx.Response:
        try:
            query = parse(request.url.params["q"])
        except SoqlError as error:
            return _error(400, "MALFORMED_QUERY", str(error))
        if query.offset > 2000:
            return _error(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        self.queries.append(query)
        found = [row for row in self._rows(query.kind) if self._fits(row, query)]
        found.sort(key=lambda row: self._sorted_by(row, query.order))
        page = found[query.offset : query.offset + query.limit]
        return self._batch([self._shown(query, row) for row in page], len(page))

    def _rows(self, kind: str) -> list[dict[str, Any]]:
        if kind == "OpportunityStage":
            return [
                {
                    "Id": str(order),
                    "ApiName": api,
                    "MasterLabel": label,
                    "IsActive": active,
                    "SortOrder": order,
                }
                for order, (api, label, _, active) in enumerate(STAGES)
            ]
        return list(self.records[kind].values())

    def _fits(self, row: dict[str, Any], query: Query) -> bool:
        return all(any(self._holds(row, one) for one in ways) for ways in query.where)

    def _holds(self, row: dict[str, Any], condition: Condition) -> bool:
        have, want = self._value(row, condition.field), condition.value
        if condition.operator == "LIKE":
            assert isinstance(want, tuple)
            return have is not None and likes(want, str(have))
        text = str(have).lower() if isinstance(have, bool) else have
        match condition.operator:
            case "=":
                return bool(text == want)
            case ">=":
                return have is not None and str(have) >= str(want)
            case "<=":
                return have is not None and str(have) <= str(want)
            case other:
                raise AssertionError(f"this fake does not know the operator {other}")

    def _value(self, row: dict[str, Any], field: str) -> Any:
        """A field, or one of the record a lookup leads to: `Account.Name` through `AccountId`."""
        head, _, tail = field.partition(".")
        if not tail:
            return row.get(head)
        other = self._record(row.get(f"{head}Id"))
        return other.get(tail) if other else None

    def _record(self, id: str | None) -> dict[str, Any] | None:
        return next((rows[id] for rows in self.records.values() if id in rows), None) if id else None

    def _sorted_by(self, row: dict[str, Any], order: str) -> tuple[Any, ...]:
        names = [one.split()[0] for one in order.split(",")]
        values = [row.get(name) for name in names]
        return tuple((value is None, value if isinstance(value, int) else str(value)) for value in values)

    def _shown(self, query: Query, row: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = {"attributes": _attributes(query.kind, row["Id"])}
        for field in query.fields:
            head, _, tail = field.partition(".")
            if not tail:
                shown[head] = row.get(head)
                continue
            other, id = self._value(row, field), row.get(f"{head}Id")
            shown[head] = {"attributes": _attributes(head, id or ""), tail: other} if other else None
        return shown

    def _batch(self, rows: list[dict[str, Any]], total: int) -> httpx.Response:
        body: dict[str, Any] = {
            "totalSize": total,
            "done": len(rows) <= self.batch,
            "records": rows[: self.batch],
        }
        if not body["done"]:
            self._batches += 1
            locator = f"01g000000000001AAA-{self._batches * self.batch}"
            self._cursors[locator] = rows[self.batch :]
            body["nextRecordsUrl"] = f"{DATA}/query/{locator}"
        return answer(200, body)

    def _more(self, request: httpx.Request, token: Token, locator: str) -> httpx.Response:
        if locator not in self._cursors:
            return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        rows = self._cursors.pop(locator)
        return self._batch(rows, len(rows))

    # ---- records -----------------------------------------------------------------------------------------

    def _get(self, request: httpx.Request, token: Token, kind: str, id: str) -> httpx.Response:
        row = self.records[kind].get(id)
        if row is None:
            return _refusal("not_found", ())
        names = [name for name in request.url.params.get("fields", "").split(",") if name] or list(row)
        return answer(200, {
            "attributes": _attributes(kind, id), **{name: row.get(name) for name in names}, "Id": id,
        })  # fmt: skip

    def _patch(self, request: httpx.Request, token: Token, kind: str, id: str) -> httpx.Response:
        row, fields = self.records[kind].get(id), body_of(request)
        if row is None:
            return _refusal("not_found", ())
        if unknown := set(fields) - _WRITABLE[kind]:
            return _error(400, "INVALID_FIELD", f"No such column {sorted(unknown)}")
        if fields.get("Amount") == 13:
            return _error(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Thirteen is not allowed here")
        row |= fields
        return answer(204)

    def _create(self, request: httpx.Request, token: Token, kind: str) -> httpx.Response:
        fields = body_of(request)
        if unknown := set(fields) - _WRITABLE[kind]:
            return _error(400, "INVALID_FIELD", f"No such column {sorted(unknown)}")
        if missing := _REQUIRED[kind] - set(fields):
            return _error(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: {sorted(missing)}")
        linked = [fields[name] for name in ("WhoId", "WhatId", "ParentId") if name in fields]
        if not all(self._record(id) for id in linked):
            return _error(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        self._next += 1
        id = self.put(kind, self._next, OwnerId=token.user, **fields)
        return answer(201, {"id": id, "success": True, "errors": []})


def _attributes(kind: str, id: str) -> dict[str, str]:
    return {"type": kind, "url": f"{DATA}/sobjects/{kind}/{id}"}


def populated() -> Salesforce:
    """Two accounts, three contacts, Ada's three opportunities and Ben's one, Ada's three tasks and Ben's one."""
    fake = Salesforce()
    put = fake.put
    acme = put("Account", 1, Name="Acme", Website="acme.example", BillingCity="London", AnnualRevenue=1e6)
    navy = put("Account", 2, Name="Navy", Website="navy.example", BillingCity=None)
    ada = put(
        "Contact", 1, Name="Ada Byron", Email="ada@acme.example", Phone="+44 20 7946 0001", Title="Analyst",
        AccountId=acme, Salary__c="secret-salary",
    )  # fmt: skip
    put("Contact", 2, Name="Grace Hopper", Email="grace@navy.example", Title="Admiral", AccountId=navy)
    put("Contact", 3, Name="O'Brien 100%_x", Email="ob@navy.example", AccountId=None)
    deal = {"StageName": "Proposal", "IsClosed": False, "OwnerId": ADA, "AccountId": acme}
    more = {"Probability": 60.0, "NextStep": "Call on Monday", "Description": "Two engines"}
    first = put("Opportunity", 1, **deal, **more, Name="Engine order", Amount=1200.5, CloseDate="2026-12-01")
    put("Opportunity", 2, **deal, Name="Loom order", Amount=None, CloseDate="2026-12-20")
    won = {"StageName": "Closed Won", "IsClosed": True}
    put("Opportunity", 3, **deal | won, Name="Old engine", Amount=900.0, CloseDate="2026-01-10")
    put("Opportunity", 4, **deal | {"OwnerId": BEN}, Name="Ben's engine", Amount=5e3, CloseDate="2026-12-02")
    task = {"OwnerId": ADA, "Priority": "High", "Status": "Not Started", "IsClosed": False}
    put("Task", 1, **task, Subject="Call Ada", ActivityDate="2026-11-30", WhoId=ada, WhatId=first)
    put("Task", 2, **task, Subject="Think", ActivityDate=None)
    done = {"Status": "Completed", "IsClosed": True}
    put("Task", 3, **task | done, Subject="Send offer", ActivityDate="2026-11-20")
    put("Task", 4, **task | {"OwnerId": BEN}, Subject="Ben's task", ActivityDate="2026-11-30")
    return fake
