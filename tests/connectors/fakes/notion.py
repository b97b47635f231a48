"""A fake Notion: one workspace, two people, the pages and the one database that Ada chose, and a page she did not.

What an integration may do are capabilities, here the scopes of a token. Like Notion it answers 403
`restricted_resource` for a missing one and does not say which, 404 `object_not_found` for a page that was not
chosen, leaves out what may not be read (names of people, all but the id of a new page), and refuses members of a
body that it does not know.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of

READ, UPDATE, INSERT = "read_content", "update_content", "insert_content"
COMMENTS_READ, COMMENTS_INSERT, USER = "read_comments", "insert_comments", "read_user"
ALL_SCOPES = (READ, UPDATE, INSERT, COMMENTS_READ, COMMENTS_INSERT, USER)
CLIENT = ("the-client", "the-client-secret")
VERSION = "2025-09-03"


def uid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-00000000abcd"


ADA, BEN, BOT, WORKSPACE = uid(0xA), uid(0xB), uid(0xC), uid(0xD)
ROADMAP, MINUTES, SECRET, TASKS = uid(1), uid(2), uid(3), uid(9)
PEOPLE = {
    ADA: {"name": "Ada Byron", "person": {"email": "ada@acme.example"}},
    BEN: {"name": "Ben Okri", "person": {"email": "ben@acme.example"}},
}
_EDITED = "2026-11-{:02d}T09:00:00.000Z"
_MESSAGES = {
    400: ("validation_error", "body failed validation."),
    401: ("unauthorized", "API token is invalid."),
    403: ("restricted_resource", "Insufficient permissions for this endpoint."),
    404: (
        "object_not_found",
        "Could not find it. Make sure the relevant pages are shared with your integration.",
    ),
}


def _error(status: int) -> httpx.Response:
    code, message = _MESSAGES[status]
    told = {"object": "error", "status": status, "code": code, "message": message, "request_id": uid(0xFF)}
    return answer(status, told)


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    return _error({"missing_token": 401, "missing_scope": 403}.get(kind, 404))


def text(words: str) -> list[dict[str, Any]]:
    """Rich text with everything Notion sends beside the words."""
    plain = {"bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False}
    content = {"content": words, "link": None}
    annotations = plain | {"color": "default"}
    return [{"type": "text", "text": content, "annotations": annotations, "plain_text": words, "href": None}]


class Notion:
    def __init__(self) -> None:
        self.fake = Fake("api.notion.com", _refusal)
        self.pages: dict[str, dict[str, Any]] = {}
        self.children: dict[str, list[dict[str, Any]]] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.comments: list[dict[str, Any]] = []
        self.chosen: set[str] = set()
        self.clients = {CLIENT}
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self._next = 100
        self._routes()

    def _routes(self) -> None:
        add, id = self.fake.add, "(?P<id>[0-9a-f-]{32,36})"
        add("GET", "/v1/users/me", [[]], self._me)
        add("POST", "/v1/search", [[READ]], self._search)
        add("GET", f"/v1/pages/{id}", [[READ]], self._page)
        add("PATCH", f"/v1/pages/{id}", [[UPDATE]], self._change)
        add("POST", "/v1/pages", [[INSERT]], self._create)
        add("GET", f"/v1/blocks/{id}/children", [[READ]], self._blocks)
        add("GET", f"/v1/data_sources/{id}", [[READ]], self._source)
        add("POST", f"/v1/data_sources/{id}/query", [[READ]], self._query)
        add("GET", "/v1/comments", [[COMMENTS_READ]], self._comments)
        add("POST", "/v1/comments", [[COMMENTS_INSERT]], self._comment)
        add("POST", "/v1/oauth/token", None, self._token)
        add("POST", "/v1/oauth/revoke", None, self._revoke)

    # ---- state -------------------------------------------------------------------------------------------

    def put(
        self, id: str, title: str, *, parent: dict[str, Any] | None = None, day: int = 1, **properties: Any
    ) -> None:
        """A page that the person chose; `properties` as Notion writes them, with ids that need encoding."""
        named = {"id": "title", "type": "title", "title": text(title)}
        self.pages[id] = {
            "object": "page", "id": id, "created_time": _EDITED.format(1), "last_edited_time": _EDITED.format(day),
            "created_by": {"object": "user", "id": ADA}, "last_edited_by": {"object": "user", "id": BEN},
            "cover": None, "icon": {"type": "emoji", "emoji": "x"}, "parent": parent or {"type": "workspace", "workspace": True},
            "archived": False, "in_trash": False, "is_locked": False, "public_url": None,
            "url": f"https://www.notion.so/{id.replace('-', '')}",
            "properties": {"Name": named} | {name: {"id": prop_id(name), **one} for name, one in properties.items()},
        }  # fmt: skip
        self.chosen.add(id)

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _client(self, request: httpx.Request, *members: str) -> Mapping[str, Any] | None:
        """The body, if it comes from a client there is and holds these members and no others."""
        pairs = (base64.b64encode(":".join(one).encode()).decode() for one in self.clients)
        if request.headers.get("authorization") not in [f"Basic {pair}" for pair in pairs]:
            return None
        body = body_of(request)
        assert set(body) <= set(members), f"Notion refuses {set(body) - set(members)}"
        return body

    def _token(self, request: httpx.Request) -> httpx.Response:
        body = self._client(request, "grant_type", "code", "redirect_uri", "refresh_token")
        if body is None:
            return answer(401, {"error": "invalid_client"})
        kept, name = (
            (self.codes, "code")
            if body["grant_type"] == "authorization_code"
            else (self.refresh_tokens, "refresh_token")
        )
        granted = kept.pop(body[name], None)
        if granted is None:
            return answer(
                400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            )
        self._next += 1
        access, refresh = f"at-{self._next}", f"rt-{self._next}"
        self.fake.tokens[access] = self.refresh_tokens[refresh] = granted
        owner = {
            "type": "user",
            "user": {"object": "user", "id": granted.user, "type": "person", **PEOPLE[granted.user]},
        }
        return answer(200, {
            "access_token": access, "refresh_token": refresh, "token_type": "bearer", "bot_id": BOT,
            "workspace_id": WORKSPACE, "workspace_name": "Acme", "workspace_icon": None, "owner": owner,
            "duplicated_template_id": None, "request_id": uid(0xFF),
        })  # fmt: skip

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["notion-version"] == VERSION
        body = self._client(request, "token")
        if body is None:
            return answer(401, {"error": "invalid_client"})
        known = self.fake.tokens.pop(body["token"], None) or self.refresh_tokens.pop(body["token"], None)
        return answer(200, {"request_id": uid(0xFF)}) if known else answer(400, {"error": "invalid_grant"})

    # ---- answers -----------------------------------------------------------------------------------------

    def _me(self, request: httpx.Request, token: Token) -> httpx.Response:
        owner = {"type": "user", "user": self._user(token.user, token)}
        bot = {"owner": owner, "workspace_id": WORKSPACE, "workspace_name": "Acme"}
        return answer(
            200,
            {"object": "user", "id": BOT, "type": "bot", "name": "Valetkey", "avatar_url": None, "bot": bot},
        )

    def _user(self, id: str, token: Token) -> dict[str, Any]:
        bare = {"object": "user", "id": id}
        return bare | {"type": "person", "avatar_url": None, **PEOPLE[id]} if USER in token.scopes else bare

    def _search(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        if set(body) - {"query", "filter", "page_size", "start_cursor"}:
            return _error(400)
        wanted, words = body.get("filter", {}).get("value"), body.get("query", "").lower()
        things = [*self.pages.values(), *self.sources.values()]
        found = [
            one for one in things
            if one["id"] in self.chosen and wanted in (None, one["object"]) and words in _title(one).lower()
        ]  # fmt: skip
        found.sort(key=lambda one: one["last_edited_time"], reverse=True)
        return self._list([self._shown(one, token) for one in found], body)

    def _page(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        page = self._chosen(id)
        return answer(200, self._shown(page, token)) if page else _error(404)

    def _change(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        page, body = self._chosen(id), body_of(request)
        if page is None:
            return _error(404)
        (told,) = body["properties"].items()
        assert set(body) == {"properties"} and told[0] in page["properties"]
        kind, value = next(iter(told[1].items()))
        if kind == "status" and value["name"] not in ("Open", "Done"):
            return _error(400)
        page["properties"][told[0]] = {"id": prop_id(told[0]), "type": kind, kind: value}
        return answer(200, self._shown(page, token, request.url.params.get_list("filter_properties")))

    def _create(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        if set(body) - {"parent", "properties", "children"}:
            return _error(400)
        place = body["parent"][body["parent"]["type"]]
        if self._chosen(place) is None and place not in self.sources:
            return _error(404)
        self._next += 1
        id = uid(self._next)
        words = "".join(one["text"]["content"] for one in body["properties"]["title"]["title"])
        self.put(id, words, parent=body["parent"])
        self.children[id] = [
            _block(uid(self._next + 1), "paragraph", one["paragraph"]) for one in body.get("children", [])
        ]
        return answer(200, self.pages[id] if READ in token.scopes else {"object": "page", "id": id})

    def _blocks(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        if id not in self.children:
            return _error(404)
        return self._list(self.children[id], dict(request.url.params))

    def _source(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        return answer(200, self.sources[id]) if id in self.sources else _error(404)

    def _query(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        body = body_of(request)
        if id not in self.sources:
            return _error(404)
        if set(body) - {"filter", "sorts", "page_size", "start_cursor"}:
            return _error(400)
        found = [page for page in self.pages.values() if page["parent"].get("data_source_id") == id]
        kept = [page for page in found if _passes(page, body.get("filter", {"and": []}))]
        ids = request.url.params.get_list("filter_properties")
        return self._list([self._shown(page, token, ids) for page in kept], body)

    def _comments(self, request: httpx.Request, token: Token) -> httpx.Response:
        place = request.url.params["block_id"]
        if place not in self.chosen:
            return _error(404)
        found = [one for one in self.comments if one["parent"]["page_id"] == place]
        told = [one | {"created_by": self._user(one["created_by"]["id"], token)} for one in found]
        return self._list(told, dict(request.url.params))

    def _comment(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        if body["parent"]["page_id"] not in self.chosen:
            return _error(404)
        made = self.remark(body["parent"]["page_id"], BOT, "")
        made["rich_text"] = body["rich_text"]
        return answer(200, made if COMMENTS_READ in token.scopes else {"object": "comment", "id": made["id"]})

    def remark(self, page: str, person: str, words: str) -> dict[str, Any]:
        made = {
            "object": "comment", "id": uid(0x500 + len(self.comments)), "parent": {"type": "page_id", "page_id": page},
            "discussion_id": uid(0x600), "created_time": _EDITED.format(20), "last_edited_time": _EDITED.format(20),
            "created_by": {"object": "user", "id": person}, "rich_text": text(words), "attachments": None,
        }  # fmt: skip
        self.comments.append(made)
        return made

    def _chosen(self, id: str) -> dict[str, Any] | None:
        return self.pages.get(id) if id in self.chosen else None

    def _shown(self, thing: dict[str, Any], token: Token, ids: Sequence[str] = ()) -> dict[str, Any]:
        """A page with the properties that were asked for, by id, and people as far as the token may see them."""
        if thing["object"] != "page":
            return thing
        kept = {
            name: self._people(one, token)
            for name, one in thing["properties"].items()
            if not ids or quote(one["id"], safe="") in {quote(id, safe="") for id in map(_encoded, ids)}
        }
        return thing | {"properties": kept}

    def _people(self, prop: dict[str, Any], token: Token) -> dict[str, Any]:
        if prop.get("type") != "people":
            return prop
        return prop | {"people": [self._user(one["id"], token) for one in prop["people"]]}

    def _list(self, found: list[dict[str, Any]], asked: Mapping[str, Any]) -> httpx.Response:
        start = int(asked.get("start_cursor", "cursor-0").removeprefix("cursor-"))
        page = found[start : start + int(asked.get("page_size", 100))]
        more = start + len(page) < len(found)
        cursor = f"cursor-{start + len(page)}" if more else None
        told = {
            "object": "list",
            "results": page,
            "has_more": more,
            "next_cursor": cursor,
            "request_id": uid(0xFF),
        }
        return answer(200, told)


def prop_id(name: str) -> str:
    """As Notion's: short, and percent-encoded where it has to be."""
    return quote(f"{name[:2].lower()}:\\", safe="")


def _encoded(id: str) -> str:
    """An id of the query, as it stands in a page."""
    return id if id == "title" else quote(id, safe="")


def _title(thing: dict[str, Any]) -> str:
    told = thing["title"] if thing["object"] == "data_source" else thing["properties"]["Name"]["title"]
    return "".join(one["plain_text"] for one in told)


def _passes(page: dict[str, Any], condition: dict[str, Any]) -> bool:
    if "and" in condition:
        return all(_passes(page, one) for one in condition["and"])
    name = condition["property"]
    if name == "title":
        return str(condition["title"]["contains"]).lower() in _title(page).lower()
    wanted = condition["people"]["contains"]
    return any(one["id"] == wanted for one in page["properties"].get(name, {}).get("people", []))


def _block(id: str, kind: str, content: dict[str, Any], inside: bool = False) -> dict[str, Any]:
    return {
        "object": "block", "id": id, "type": kind, "has_children": inside, kind: content, "in_trash": False,
        "created_time": _EDITED.format(1), "last_edited_time": _EDITED.format(2),
        "created_by": {"object": "user", "id": ADA}, "last_edited_by": {"object": "user", "id": ADA},
    }  # fmt: skip


def line(id: int, kind: str, words: str, inside: bool = False, **more: Any) -> dict[str, Any]:
    return _block(uid(id), kind, {"rich_text": text(words), "color": "default", **more}, inside)


def _column(name: str, kind: str, *options: str) -> dict[str, Any]:
    told = {"options": [{"id": one, "name": one, "color": "blue"} for one in options]} if options else {}
    return {"id": "title" if kind == "title" else prop_id(name), "name": name, "type": kind, kind: told}


def people(*ids: str) -> dict[str, Any]:
    return {"type": "people", "people": [{"object": "user", "id": id} for id in ids]}


def choice(kind: str, name: str) -> dict[str, Any]:
    return {"type": kind, kind: {"id": name, "name": name, "color": "blue"}}


def populated() -> Notion:
    """Pages "Roadmap" and "Minutes", the database "Tasks" with an entry of Ada's and one of Ben's; "Secret plans",
    which nobody chose."""
    notion = Notion()
    entries = {"type": "data_source_id", "data_source_id": TASKS, "database_id": uid(8)}
    notion.put(ROADMAP, "Roadmap", day=10)
    notion.put(MINUTES, "Minutes", day=9)
    notion.put(SECRET, "Secret plans", day=11)
    notion.chosen.remove(SECRET)
    due = {"type": "date", "date": {"start": "2026-12-01", "end": None, "time_zone": None}}
    notion.put(
        uid(0x11), "Call Ada", parent=entries, day=8, Status=choice("status", "Open"), Due=due, Who=people(ADA),
        Size={"type": "number", "number": 3}, Ready={"type": "checkbox", "checkbox": False},
    )  # fmt: skip
    notion.put(
        uid(0x12), "Fix the loom", parent=entries, day=7, Status=choice("status", "Done"), Who=people(BEN),
        Due={"type": "date", "date": None}, Size={"type": "number", "number": None},
        Ready={"type": "checkbox", "checkbox": True},
    )  # fmt: skip
    columns = [
        _column("Name", "title"), _column("Status", "status", "Open", "Done"), _column("Due", "date"), _column("Who", "people"),
        _column("Size", "number"), _column("Ready", "checkbox"),
    ]  # fmt: skip
    notion.sources[TASKS] = {
        "object": "data_source", "id": TASKS, "title": text("Tasks"), "properties": {one["name"]: one for one in columns},
        "parent": {"type": "database_id", "database_id": uid(8)}, "url": "https://www.notion.so/tasks",
        "last_edited_time": _EDITED.format(6), "in_trash": False, "description": [],
    }  # fmt: skip
    notion.chosen.add(TASKS)
    notion.children[ROADMAP] = [
        line(0x21, "heading_1", "This year"),
        line(0x22, "to_do", "Ship the engine", checked=True),
        line(0x23, "paragraph", ""),
        line(0x24, "toggle", "Details", inside=True),
    ]
    notion.children[uid(0x24)] = [line(0x25, "paragraph", "Steam, mostly.")]
    notion.children[MINUTES] = []
    notion.remark(ROADMAP, BEN, "Is this still so?")
    notion.remark(ROADMAP, ADA, "Yes.")
    return notion
