"""One call of the API: whose token it is, what it asked for, and the answer in Northwind's manner."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response

from core.authserver import bearer
from web.demo.northwind.book import page, pick
from web.demo.northwind.gate import northwind
from web.demo.northwind.problems import BadField, KeyReused, NoSuchRecord
from web.demo.northwind.provider import Northwind
from web.demo.northwind.records import Person, Record

Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Record)


class Visit(msgspec.Struct, frozen=True):
    """A request with a good token. `who` is one app acting for one person."""

    northwind: Northwind
    request: Request
    person: Person
    who: str

    def query(self, into: type[Q]) -> Q:
        """The query string as a struct. Raises BadField naming the first parameter that is unknown or
        wrong.
        """
        try:
            return msgspec.convert(dict(self.request.query_params), into, strict=False)
        except msgspec.ValidationError as error:
            raise BadField(str(error), field=_field(str(error))) from None

    async def body(self, into: type[Q]) -> Q:
        try:
            return msgspec.json.decode(await self.request.body(), type=into)
        except msgspec.DecodeError as error:
            raise BadField(str(error), field=_field(str(error))) from None

    def find(self, kind: type[R], record_id: str) -> R:
        """The record, if it is to be seen; with `?owner=me` only if it is also the person's own. Raises NoSuchRecord."""
        record = self.northwind.book.one(kind, record_id, self.person)
        if self.request.query_params.get("owner") == "me" and record.owner_id != self.person.id:
            raise NoSuchRecord(f"there is no {kind.__name__.lower()} {record_id[:40]!r} of your own")
        return record

    def page(self, rows: Iterable[R], key: Callable[[R], Any], asked: Any) -> dict[str, Any]:
        """The page that was asked for; `asked` has limit, cursor and fields besides its own filters."""
        filters = {name: value for name, value in msgspec.to_builtins(asked).items() if name not in _PAGING}
        found = page(rows, key, asked.limit, asked.cursor, repr((self.who, sorted(filters.items()))))
        return {"items": [pick(row, asked.fields) for row in found["items"]], "next": found["next"]}

    def one(self, record: Record) -> dict[str, Any]:
        return pick(record, self.request.query_params.get("fields"))

    async def once(self, make: Callable[[], dict[str, Any]]) -> Response[dict[str, Any]]:
        """Do a write, or with an Idempotency-Key that came before give the answer from then."""
        key = self.request.headers.get("idempotency-key")
        if not key:
            return Response(make(), status_code=201)
        digest = hashlib.sha256(self.request.url.path.encode() + await self.request.body()).digest()
        kept = self.northwind.replies.get((self.who, key))
        if kept is None:
            kept = self.northwind.replies[self.who, key] = (digest, 201, make())
            return Response(kept[2], status_code=kept[1])
        if kept[0] != digest:
            raise KeyReused("this Idempotency-Key was used for another request")
        return Response(kept[2], status_code=kept[1], headers={"Idempotent-Replayed": "true"})


_PAGING = ("limit", "cursor", "fields")


async def enter(request: Request, *scopes: str) -> Visit:
    """The visit, when the token is good, wide enough, and not used too often. Raises BearerRefused,
    ScopeRefused, TooFast.
    """
    own = northwind(request)
    header = request.headers.get("authorization")
    held = await bearer(own.server, header, resource=own.api_url, scopes=scopes)
    who = f"{held.authorization.client_id} {held.authorization.subject}"
    request.scope["state"]["headers"] = own.limits.count(who)
    return Visit(northwind=own, request=request, person=own.book.people[held.authorization.subject], who=who)


def _field(message: str) -> str:
    """The member msgspec's message is about."""
    inside = message.partition("`$.")[2] or message.partition("`")[2]
    return inside.partition("`")[0]
