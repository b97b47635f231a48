"""Everybody on stage: a running service, a provider, a workspace that registered it, an assistant, and the way to a grant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import httpx

from tests.harness.service import Service
from tests.harness.tenant import Assistant, Workspace, made
from tests.harness.walker import Page, Walker

CLIENT_ID = "valetkey-tests"
CLIENT_SECRET = (
    "the-client-secret-of-the-tests"  # nobody may find it in a log, a page or in clear in the database
)


class Provider(Protocol):
    """What a scene needs of a provider; `OidcProvider` and `Northwind` have it."""

    slug: str
    config: dict[str, str]  # what a registration of it says besides id and secret

    def add_client(self, client_id: str, redirect_uri: str, client_secret: str | None = None) -> None: ...

    def consent(self, walker: Walker, login: str, *, scopes: list[str] | None = None) -> Page: ...

    def refuse(self, walker: Walker, login: str) -> Page: ...


class Scene:
    """`connect()` goes the whole way; the steps are there one by one for tests that leave it."""

    def __init__(self, service: Service, provider: Provider) -> None:
        self.service = service
        self.provider = provider
        self.workspace: Workspace = service.workspace()
        self.registration: dict[str, Any] = self.register(self.workspace)
        self.assistant: Assistant = self.workspace.assistant()

    def close(self) -> None:
        self.assistant.close()
        self.workspace.close()

    def register(self, workspace: Workspace, client_id: str = CLIENT_ID, **fields: Any) -> dict[str, Any]:
        """Register the provider in a workspace, and the workspace's redirect URI at the provider."""
        client = f"{client_id}-{workspace.id}"
        fields = {"config": self.provider.config, **fields} if self.provider.config else fields
        registration = workspace.register(self.provider.slug, client, CLIENT_SECRET, **fields)
        self.provider.add_client(client, registration["redirect_uri"], CLIENT_SECRET)
        return registration

    def tool(self, name: str) -> str:
        return f"{self.provider.slug}.{name}"

    def session(self, user: str, tools: Sequence[str], **fields: Any) -> dict[str, Any]:
        """A connect session of the assistant; `tools` without the provider's name."""
        return self.assistant.new_session(
            user, self.provider.slug, [self.tool(one) for one in tools], **fields
        )

    def approve(
        self, walker: Walker, url: str, *, tools: Sequence[str] | None = None, duration: str | None = None
    ) -> Page:
        """Open the consent page and agree: to all tools offered, or to those named. Ends on the provider's first page."""
        form = walker.open(url).form("/approve")
        offered = form.boxes.get("tools", [])
        required = [value for name, value in form.fields if name == "tools" and value not in offered]
        chosen = offered if tools is None else [self.tool(one) for one in tools if self.tool(one) in offered]
        changes: dict[str, str | list[str] | None] = {"tools": required + chosen}
        if duration is not None:
            changes["duration"] = duration
        return walker.submit(form, **changes)

    def authorize(
        self,
        walker: Walker,
        session: dict[str, Any],
        login: str = "ada",
        *,
        tools: Sequence[str] | None = None,
        scopes: list[str] | None = None,
        duration: str | None = None,
    ) -> str:
        """From the connect link to the completion code that the chat page receives. Nothing is confirmed yet."""
        self.approve(walker, session["url"], tools=tools, duration=duration)
        page = self.provider.consent(walker, login, scopes=scopes)
        if page.left_to:
            return page.query["code"]
        assert page.message["session"] == session["id"]
        return page.message["code"]

    def connect(
        self,
        user: str = "u1",
        login: str = "ada",
        tools: Sequence[str] = ("find_items",),
        *,
        walker: Walker | None = None,
        assistant: Assistant | None = None,
        scopes: list[str] | None = None,
        duration: str | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """The whole way: session, consent, provider, confirm. Returns the active grant."""
        asking = assistant or self.assistant
        names = [self.tool(one) for one in tools]
        session = asking.new_session(user, self.provider.slug, names, **fields)
        person = walker or Walker()
        try:
            code = self.authorize(person, session, login, scopes=scopes, duration=duration)
        finally:
            if walker is None:
                person.close()
        return made(asking.confirm(session["id"], user, code))["grant"]

    def call(
        self, tool: str, user: str = "u1", arguments: dict[str, Any] | None = None, **fields: Any
    ) -> httpx.Response:
        return self.assistant.call(self.tool(tool), user, arguments, **fields)
