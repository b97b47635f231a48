"""npm `oidc-provider` 9 as a child process: a certified OAuth server that is not ours, with its own view of
every token.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx

from tests.harness import node
from tests.harness.ports import free_port
from tests.harness.processes import Child
from tests.harness.walker import Page, Walker

CONNECTORS = Path(__file__).resolve().parent / "oidc_connector"


class OidcProvider:
    """Started by the constructor, ended by `close()`. Every method asks the provider itself, over HTTP.

    `ttl` takes seconds by the provider's names: `OidcProvider(folder, ttl={"AccessToken": 2})`.
    `rotate=False` keeps refresh tokens; `grants="per_account"` makes all authorizations of an account one
    grant, so that revoking one ends all.
    """

    slug = "oidcp"

    def __init__(self, folder: Path, *, ttl: dict[str, int] | None = None, **options: Any) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config: dict[str, str] = {}
        argument = json.dumps({"port": self.port, "ttl": ttl or {}, **options})
        command = [str(node.NODE), str(node.FOLDER / "provider.mjs"), argument]
        self.child = Child(command, folder / f"oidc-{self.port}.log", env=os.environ)
        self.child.wait_until(lambda: f"ready {self.url}" in self.child.output())
        self.http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)

    def close(self) -> None:
        self.http.close()
        self.child.stop()

    @property
    def env(self) -> dict[str, str]:
        """What `valetkey serve` needs in its environment to know this provider as the connector `oidcp`."""
        return {"VALETKEY_CONNECTORS_PATH": str(CONNECTORS), "OIDC_PROVIDER_URL": self.url}

    def add_client(
        self, client_id: str, redirect_uri: str, client_secret: str | None = None, **metadata: Any
    ) -> None:
        body = {"client_id": client_id, "redirect_uris": [redirect_uri], **metadata}
        if client_secret is not None:
            body["client_secret"] = client_secret
        self.http.post("/test/clients", json=body).raise_for_status()

    def consent(self, walker: Walker, login: str, *, scopes: list[str] | None = None) -> Page:
        """Sign in (if asked to) and agree on the provider's pages, to fewer scopes if said; where that led."""
        self._sign_in(walker, login)
        return walker.submit("/consent") if scopes is None else walker.submit("/consent", scope=scopes)

    def refuse(self, walker: Walker, login: str) -> Page:
        self._sign_in(walker, login)
        return walker.submit("/deny")

    def _sign_in(self, walker: Walker, login: str) -> None:
        assert walker.page is not None
        if any(form.action.endswith("/login") for form in walker.page.forms):
            walker.submit("/login", login=login)

    def state(self) -> dict[str, Any]:
        return self.http.get("/test/state").raise_for_status().json()

    def grants(self, account: str | None = None) -> list[dict[str, Any]]:
        """`{id, account, client, access_tokens, refresh_tokens, alive}` each; the two are counts of living
        tokens.
        """
        return [grant for grant in self.state()["grants"] if account in (None, grant["account"])]

    def tokens(self, kind: str | None = None, *, alive: bool | None = None) -> list[dict[str, Any]]:
        """Every token ever issued: `{kind, value, grant, account, client, scopes, alive, consumed}`.

        Kinds: AccessToken, RefreshToken, AuthorizationCode. The values are what may stand nowhere in
        Valetkey's files or logs.
        """
        found = self.state()["tokens"]
        return [one for one in found if kind in (None, one["kind"]) and alive in (None, one["alive"])]

    def requests(self, path: str | None = None, grant_type: str | None = None) -> list[dict[str, Any]]:
        """What was asked of the provider, in order: `{method, path, status, params (names), grant_type,
        scope, error}`.
        """
        found = self.state()["requests"]
        return [
            one for one in found if path in (None, one["path"]) and grant_type in (None, one["grant_type"])
        ]

    def switch(self, path: str, **disturbance: Any) -> None:
        """Disturb an endpoint (`/token`, `/token/revocation`, `/api/items`, ...); without fields: end it.

        Fields: status, body, headers, delay_ms (before the work), late_ms (after it), times, add_scope (to
        the token answer).
        """
        self.http.post("/test/switch", json={path: disturbance or None}).raise_for_status()

    def forget(self, account: str) -> None:
        """As if the person had removed the app in the provider's settings."""
        self.http.post("/test/forget", json={"account": account}).raise_for_status()

    def expire(self, client: str) -> None:
        """The client's access tokens are over before their time; its refresh tokens live on."""
        self.http.post("/test/expire", json={"client": client}).raise_for_status()
