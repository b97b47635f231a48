"""The two stages: Northwind, whose inside is in reach, and npm oidc-provider, which is asked over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.flows.stage import Place, Stage, Token
from tests.harness.northwind import RunningNorthwind
from tests.harness.oidc import OidcProvider
from tests.harness.scene import CLIENT_SECRET
from tests.harness.service import Service
from tests.harness.sites import NorthwindOfSites
from tests.harness.tenant import made
from tests.harness.walker import Walker


class OidcStage(Stage):
    read, sibling, other, write = "find_items", "get_item", "who_am_i", "add_item"
    read_scope, other_scope, write_scope = "items.read", "profile.read", "items.write"
    provider: OidcProvider
    paths = {"token": "/token", "revocation": "/token/revocation", "api": "/api/items"}

    def __init__(self, service: Service, provider: OidcProvider) -> None:
        super().__init__(service, provider)
        self._begin = len(provider.requests())

    def live(self) -> list[Token]:
        kinds = {"AccessToken": "access", "RefreshToken": "refresh"}
        return [
            Token(kinds[one["kind"]], one["account"], tuple(one["scopes"]))  # type: ignore[arg-type]
            for one in self.provider.tokens(alive=True)
            if one["client"].startswith(self.client) and one["kind"] in kinds
        ]

    def asked(self, place: Place) -> list[int]:
        requests = self.provider.requests()[self._begin :]
        return [one["status"] for one in requests if one["path"] == self.paths[place]]

    def trouble(
        self,
        place: Place,
        status: int | None = None,
        *,
        times: int | None = None,
        before_s: float = 0.0,
        after_s: float = 0.0,
    ) -> None:
        fields = {
            "status": status,
            "times": times,
            "delay_ms": round(before_s * 1000),
            "late_ms": round(after_s * 1000),
        }
        said = {name: value for name, value in fields.items() if value}
        self.provider.switch(self.paths[place], **said)

    def calm(self) -> None:
        for path in (*self.paths.values(), "/api/profile", "/api/me", "/api/huge", "/auth"):
            self.provider.switch(path)

    def gives_more(self, scope: str) -> None:
        self.provider.switch("/token", add_scope=scope)

    def reject_access_tokens(self) -> None:
        self.provider.expire(self.client)

    def connect_more(self, slug: str, *tools: str, user: str = "u1", login: str = "ada") -> dict[str, Any]:
        """Register one of the connectors of tests/flows/more_connectors, which live at this provider too; a grant of it."""
        client = f"{self.client}-{slug}"
        registration = self.workspace.register(slug, client, CLIENT_SECRET)
        self.provider.add_client(client, registration["redirect_uri"], CLIENT_SECRET)
        session = self.assistant.new_session(user, slug, [f"{slug}.{tool}" for tool in tools])
        with Walker() as person:
            code = self.authorize(person, session, login)
        return made(self.assistant.confirm(session["id"], user, code))["grant"]

    def forget(self) -> None:
        for account in {token.account for token in self.live()}:
            self.provider.forget(account)


class NorthwindStage(Stage):
    read, sibling, other, write = "find_deals", "get_deal", "find_contacts", "add_task"
    read_scope, other_scope, write_scope = "deals.read", "contacts.read", "tasks.write"
    provider: RunningNorthwind

    def __init__(self, service: Service, provider: RunningNorthwind) -> None:
        super().__init__(service, provider)
        self._begin = len(provider.inside.seen)

    def live(self) -> list[Token]:
        return [
            Token(one.token.kind, one.authorization.subject.removeprefix("us_"), one.token.scopes)
            for one in self.provider.live()
            if one.authorization.client_id == self.client
        ]

    def asked(self, place: Place) -> list[int]:
        seen = list(self.provider.inside.seen)[self._begin :]
        paths = {"token": "/oauth/token", "revocation": "/oauth/revoke", "api": "/api/v1/deals"}
        return [one.status for one in seen if one.path == paths[place]]

    def trouble(
        self,
        place: Place,
        status: int | None = None,
        *,
        times: int | None = None,
        before_s: float = 0.0,
        after_s: float = 0.0,
    ) -> None:
        faults = self.provider.inside.faults
        if status is not None:
            faults.fail(place, status, times=times)
        faults.slow(place, before_s=before_s, after_s=after_s)

    def calm(self) -> None:
        self.provider.inside.faults.clear()

    def gives_more(self, scope: str) -> None:
        self.provider.inside.faults.extra_scopes = (scope,)

    def gives_only(self, *scopes: str) -> None:
        """Northwind itself changes what this client's authorizations are good for."""
        kept = self.provider.inside.store.all_authorizations
        for one in list(kept.values()):
            if one.client_id == self.client:
                kept[one.id] = msgspec.structs.replace(one, scopes=scopes)

    def reject_access_tokens(self) -> None:
        inside = self.provider.inside
        for held in self.provider.live("access"):
            if held.authorization.client_id == self.client:
                dead = msgspec.structs.replace(held.token, revoked_at=inside.now_ms())
                inside.store.all_tokens[held.token.token_hash] = dead

    def forget(self) -> None:
        inside = self.provider.inside
        for held in self.provider.live():
            if held.authorization.client_id == self.client:
                ended = msgspec.structs.replace(held.authorization, ended_at=inside.now_ms())
                inside.store.all_authorizations[ended.id] = ended


class SitesStage(NorthwindStage):
    """Northwind, whose sign-in covers two companies' accounts."""

    read, other = "find_deals", "find_contacts"

    def __init__(self, service: Service, provider: RunningNorthwind) -> None:
        super().__init__(service, NorthwindOfSites(provider))  # type: ignore[arg-type]

    def asked_to_choose(self, walker: Walker, session: dict[str, Any], user: str = "u1") -> dict[str, Any]:
        """From the connect link to the confirm that is answered with the choice; that answer."""
        answer = self.assistant.confirm(session["id"], user, self.authorize(walker, session))
        assert (answer.status_code, answer.json()["code"]) == (409, "account_required"), answer.text
        told: dict[str, Any] = answer.json()
        return told


STAGES: dict[str, type[Stage]] = {"northwind": NorthwindStage, "oidcp": OidcStage}
