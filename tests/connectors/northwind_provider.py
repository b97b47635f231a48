"""The bundled provider at a fixed moment, so that its records, ids and cursors are always the same; Ada is signed in."""

from __future__ import annotations

from typing import Any

from core.authserver import Authorization, Client, Token
from core.ids import token_hash
from core.secret import Secret
from tests.connectors import wire
from web.demo.northwind import Northwind, create_app
from web.demo.northwind.permissions import PERMISSIONS

HOST = "northwind.example"
BASE_URL = f"https://{HOST}"
NOW_MS = 1_795_500_000_000  # Tuesday 24 November 2026, 06:00 UTC, at the beginning of a minute
SCOPES = tuple(permission.scope for permission in PERMISSIONS)


def provider() -> Any:
    """The application; the test's token is Ada's, with every scope."""
    client = Client.confidential(
        "valetkey", Secret("not used here"), name="Valetkey", redirect_uris=("https://x.example/",)
    )
    app = create_app(BASE_URL, [client], now=lambda: NOW_MS)
    sign_in(app.state.northwind, SCOPES)
    return app


def sign_in(northwind: Northwind, scopes: tuple[str, ...]) -> None:
    authorization = Authorization(
        id="one",
        client_id="valetkey",
        subject="us_ada",
        scopes=scopes,
        resources=(northwind.api_url,),
        created_at=0,
    )
    token = Token(
        token_hash=token_hash(wire.TOKEN),
        kind="access",
        authorization_id="one",
        scopes=scopes,
        resources=(northwind.api_url,),
        issued_at=0,
        expires_at=NOW_MS + 1,
    )
    northwind.store.all_authorizations["one"] = authorization
    northwind.store.all_tokens[token.token_hash] = token
