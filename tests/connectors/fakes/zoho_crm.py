"""A fake Zoho CRM in the data centre of the EU: one organisation with two people, their contacts, accounts, deals and
tasks, and the accounts server beside it with its limits on tokens.

It takes `Zoho-oauthtoken` only, reads COQL with a strict reader of its own (`coql.py`), answers 204 where there is nothing
and 401 OAUTH_SCOPE_MISMATCH where a scope is missing. A code is worth something at the accounts server of its own data
centre only. Everybody sees everything, so "mine" is what the connector makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from tests.connectors.fakes.coql import CoqlError, Query, holds, parse
from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of

HOST, ACCOUNTS = "www.zohoapis.eu", "accounts.zoho.eu"
ADA, BEN = "410000000000000001", "410000000000000002"
CLIENT = ("1000.the-client", "the-client-secret")
USERS = {ADA: ("ada@acme.example", "Ada Byron"), BEN: ("ben@acme.example", "Ben Okri")}
USERS_READ, COQL = "ZohoCRM.users.READ", "ZohoCRM.coql.READ"
CONTACTS_READ, ACCOUNTS_READ = "ZohoCRM.modules.contacts.READ", "ZohoCRM.modules.accounts.READ"
DEALS_READ, DEALS_UPDATE = "ZohoCRM.modules.deals.READ", "ZohoCRM.modules.deals.UPDATE"
TASKS_READ, TASKS_CREATE = "ZohoCRM.modules.tasks.READ", "ZohoCRM.modules.tasks.CREATE"
NOTES_CREATE = "ZohoCRM.modules.notes.CREATE"
ALL_SCOPES = (
    USERS_READ, COQL, CONTACTS_READ, ACCOUNTS_READ, DEALS_READ, DEALS_UPDATE, TASKS_READ, TASKS_CREATE, NOTES_CREATE,
)  # fmt: skip
MAX_REFRESH_TOKENS, MAX_ACCESS_TOKENS = 20, 10
STAGES = ("Qualification", "Proposal", "Closed Won")
_WRITABLE = {
    "Tasks": {"Subject", "Due_Date", "Owner", "Description", "Priority", "Who_Id"},
    "Notes": {"Parent_Id", "Note_Title", "Note_Content"},
    "Deals": {"Stage", "Amount", "Closing_Date"},
}
_LOOKUPS = {"Account_Name": "Accounts"}


def error(status: int, code: str, message: str, **details: Any) -> httpx.Response:
    return answer(status, {"code": code, "details": details, "message": message, "status": "error"})


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    if kind == "missing_token":
        return error(401, "INVALID_TOKEN", "invalid oauth token")
    if kind == "missing_scope":
        return error(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
    return error(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")


class _Zoho(Fake):
    def _token(self, request: httpx.Request) -> Token | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        return self.tokens.get(value) if scheme == "Zoho-oauthtoken" else None


class ZohoCrm:
    """`api_domain`: what the token answers name. `minted`: access tokens by refresh token, in the last ten minutes."""

    def __init__(self) -> None:
        self.fake = _Zoho(HOST, _refusal)
        self.records: dict[str, dict[str, dict[str, Any]]] = {
            kind: {} for kind in ("Contacts", "Accounts", "Deals", "Tasks", "Notes")
        }
        self.queries: list[Query] = []
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self.minted: dict[str, int] = {}
        self.api_domain = f"https://{HOST}"
        self._next = 600
        self._routes()

    def _routes(self) -> None:
        add, crm = self.fake.add, "/crm/v8"
        add("POST", "/oauth/v2/token", None, self._token)
        add("POST", "/oauth/v2/token/revoke", None, self._revoke)
        add("GET", f"{crm}/users", [[USERS_READ]], self._users)
        add("POST", f"{crm}/coql", [[COQL]], self._coql)
        add("GET", f"{crm}/(?P<kind>Deals)/(?P<id>[^/]+)", [[DEALS_READ]], self._get)
        add("PUT", f"{crm}/(?P<kind>Deals)/(?P<id>[^/]+)", [[DEALS_UPDATE]], self._put)
        add("POST", f"{crm}/(?P<kind>Tasks)", [[TASKS_CREATE]], self._create)
        add("POST", f"{crm}/(?P<kind>Notes)", [[NOTES_CREATE]], self._create)

    # ---- state -------------------------------------------------------------------------------------------

    def put(self, kind: str, id: str, **fields: Any) -> str:
        self.records[kind][id] = {"id": id, **fields}
        return id

    # ---- the accounts server -----------------------------------------------------------------------------

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return answer(200, {"error": "invalid_client"})
        if request.url.host != ACCOUNTS:
            return answer(200, {"error": "invalid_code"})
        if form["grant_type"] == "authorization_code":
            granted = self.codes.pop(form["code"], None)
            refresh = self._new_refresh_token(granted) if granted else ""
        else:
            refresh = form["refresh_token"]
            granted = self.refresh_tokens.get(refresh)
        if granted is None:
            return answer(200, {"error": "invalid_code"})
        return self._access_token(form, granted, refresh)

    def _new_refresh_token(self, granted: Token) -> str:
        """One more for this person; the 21st ends the oldest."""
        self._next += 1
        mine = [one for one, held in self.refresh_tokens.items() if held.user == granted.user]
        for old in mine[: max(0, len(mine) + 1 - MAX_REFRESH_TOKENS)]:
            del self.refresh_tokens[old]
        refresh = f"1000.rt-{self._next}"
        self.refresh_tokens[refresh] = granted
        return refresh

    def _access_token(self, form: dict[str, str], granted: Token, refresh: str) -> httpx.Response:
        self.minted[refresh] = self.minted.get(refresh, 0) + 1
        if self.minted[refresh] > MAX_ACCESS_TOKENS:
            return answer(400, {
                "error": "Access Denied", "status": "failure",
                "error_description": "You have made too many requests continuously. Please try again after some time.",
            })  # fmt: skip
        self._next += 1
        access = f"1000.at-{self._next}"
        self.fake.tokens[access] = Token(granted.user, granted.scopes)
        first = {} if "refresh_token" in form else {"refresh_token": refresh}
        return answer(200, {
            "access_token": access, **first, "scope": " ".join(sorted(granted.scopes)), "api_domain": self.api_domain,
            "token_type": "Bearer", "expires_in": 3600,
        })  # fmt: skip

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        token = request.url.params["token"]
        ended = self.refresh_tokens.pop(token, None) or self.fake.tokens.pop(token, None)
        if ended is None:
            return answer(400, {"error": "invalid_code"})
        for one in [one for one, held in self.fake.tokens.items() if held.user == ended.user]:
            del self.fake.tokens[one]
        return answer(200, {"status": "success"})

    # ---- answers -----------------------------------------------------------------------------------------

    def _users(self, request: httpx.Request, token: Token) -> httpx.Response:
        assert request.url.params.get("type") == "CurrentUser", "this fake knows the present user only"
        email, name = USERS[token.user]
        user = {
            "id": token.user, "email": email, "full_name": name, "zuid": "20001", "status": "active", "locale": "en_GB",
            "role": {"name": "CEO", "id": "410000000000000091"}, "profile": {"name": "Standard", "id": "4100000000000092"},
        }  # fmt: skip
        return answer(
            200, {"users": [user], "info": {"per_page": 200, "count": 1, "page": 1, "more_records": False}}
        )

    def _coql(self, request: httpx.Request, token: Token) -> httpx.Response:
        try:
            query = parse(body_of(request)["select_query"])
        except CoqlError as fault:
            return error(400, "SYNTAX_ERROR", str(fault))
        if f"ZohoCRM.modules.{query.module.lower()}.READ" not in token.scopes:
            return _refusal("missing_scope", ())
        self.queries.append(query)
        rows = list(self.records[query.module].values())
        found = [row for row in rows if holds(query.where, lambda name, row=row: self._value(row, name))]
        found.sort(key=lambda row: (row.get(query.order) is None, str(row.get(query.order))))
        page = found[query.offset : query.offset + query.limit]
        if not page:
            return answer(204)
        more = query.offset + len(page) < len(found)
        data = [{**{name: self._value(row, name) for name in query.fields}, "id": row["id"]} for row in page]
        return answer(200, {"data": data, "info": {"count": len(data), "more_records": more}})

    def _value(self, row: dict[str, Any], name: str) -> Any:
        """A field, or one of the record a lookup leads to. Of a lookup its id, as in a condition."""
        head, _, tail = name.partition(".")
        value = row.get(head)
        if not tail:
            return value["id"] if isinstance(value, dict) else value
        return self.records[_LOOKUPS[head]].get(value["id"], {}).get(tail) if value else None

    def _get(self, request: httpx.Request, token: Token, kind: str, id: str) -> httpx.Response:
        row = self.records[kind].get(id)
        if row is None:
            return answer(204)
        names = request.url.params["fields"].split(",")
        return answer(200, {"data": [{"id": id, **{name: row.get(name) for name in names}}]})

    def _put(self, request: httpx.Request, token: Token, kind: str, id: str) -> httpx.Response:
        (fields,) = body_of(request)["data"]
        row = self.records[kind].get(id)
        if row is None:
            return _failed(400, "INVALID_DATA", "the id given seems to be invalid", id=id)
        if unknown := set(fields) - _WRITABLE[kind]:
            return _failed(400, "INVALID_DATA", "invalid data", api_name=sorted(unknown)[0])
        if fields.get("Stage", STAGES[0]) not in STAGES:
            return _failed(
                202, "MAPPING_MISMATCH", "the stage is not mapped to the pipeline", api_name="Stage"
            )
        row |= fields
        return _done(200, "record updated", id)

    def _create(self, request: httpx.Request, token: Token, kind: str) -> httpx.Response:
        (fields,) = body_of(request)["data"]
        if unknown := set(fields) - _WRITABLE[kind]:
            return _failed(400, "INVALID_DATA", "invalid data", api_name=sorted(unknown)[0])
        about = fields.get("Who_Id") or fields.get("Parent_Id")
        if about and about["id"] not in self.records["Contacts"]:
            return _failed(202, "INVALID_DATA", "the id given seems to be invalid", api_name="id")
        self._next += 1
        id = self.put(kind, f"4100000000000{self._next:05d}", **fields)
        return _done(201, "record added", id)


def _done(status: int, message: str, id: str) -> httpx.Response:
    times = {"Modified_Time": "2026-11-24T09:00:00+00:00", "Created_Time": "2026-01-05T09:00:00+00:00"}
    outcome = {"code": "SUCCESS", "details": {"id": id, **times}, "message": message, "status": "success"}
    return answer(status, {"data": [outcome]})


def _failed(status: int, code: str, message: str, **details: Any) -> httpx.Response:
    outcome = {"code": code, "details": details, "message": message, "status": "error"}
    return answer(status, {"data": [outcome]})


def populated() -> ZohoCrm:
    """Two accounts, three contacts, Ada's three deals and Ben's one, Ada's two tasks and Ben's one."""
    fake = ZohoCrm()
    put = fake.put
    acme, navy = {"id": "410000000000000301"}, {"id": "410000000000000302"}
    put(
        "Accounts",
        acme["id"],
        Account_Name="Acme",
        Website="acme.example",
        Billing_City="London",
        Annual_Revenue=1,
    )
    put("Accounts", navy["id"], Account_Name="Navy", Website="navy.example", Billing_City=None)
    put(
        "Contacts", "410000000000000501", Full_Name="Ada Byron", Email="ada@acme.example", Phone="+44 20 7946 0001",
        Title="Analyst", Account_Name=acme, Salary="secret-salary",
    )  # fmt: skip
    put(
        "Contacts",
        "410000000000000502",
        Full_Name="Grace Hopper",
        Email="grace@navy.example",
        Account_Name=navy,
    )
    put(
        "Contacts",
        "410000000000000503",
        Full_Name="Miles O'Brien",
        Email="ob@navy.example",
        Account_Name=None,
    )
    deal = {"Stage": "Proposal", "Probability": 60, "Owner": _owner(ADA), "Account_Name": acme}
    more = {"Next_Step": "Call on Monday", "Description": "Two engines"}
    put(
        "Deals", "410000000000000701", **deal, **more, Deal_Name="Engine order", Amount=1200.5,
        Closing_Date="2026-12-01",
    )  # fmt: skip
    put("Deals", "410000000000000702", **deal, Deal_Name="Loom order", Amount=None, Closing_Date="2026-12-20")
    won = {"Stage": "Closed Won", "Probability": 100}
    put(
        "Deals",
        "410000000000000703",
        **deal | won,
        Deal_Name="Old engine",
        Amount=900,
        Closing_Date="2026-01-10",
    )
    put(
        "Deals", "410000000000000710", **deal | {"Owner": _owner(BEN)}, Deal_Name="Ben's engine", Amount=5000,
        Closing_Date="2026-12-02",
    )  # fmt: skip
    task = {"Status": "Not Started", "Priority": "High", "Owner": _owner(ADA)}
    put("Tasks", "410000000000000801", **task, Subject="Call Ada", Due_Date="2026-11-30")
    put(
        "Tasks",
        "410000000000000802",
        **task | {"Status": "Completed"},
        Subject="Send offer",
        Due_Date="2026-11-20",
    )
    put(
        "Tasks",
        "410000000000000803",
        **task | {"Owner": _owner(BEN)},
        Subject="Ben's task",
        Due_Date="2026-11-30",
    )
    return fake


def _owner(user: str) -> dict[str, str]:
    email, name = USERS[user]
    return {"id": user, "name": name, "email": email}
