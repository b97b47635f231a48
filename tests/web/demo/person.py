"""A person with an account at Northwind, as a browser without script would act for them: sign in, allow or
cancel, remove.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from web.demo.northwind import PASSWORD

VERIFIER = "a-verifier-of-more-than-forty-three-characters.~_"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Person:
    """`base_url` is where Northwind answers. One Person is one browser: it stays signed in."""

    base_url: str
    email: str = "ada@northwind.example"
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False))

    async def open(self, url: str) -> httpx.Response:
        """The page behind a URL of Northwind's; signs in on the way when it has to."""
        page = await self.http.get(url)
        if page.status_code == 303 and "/sign-in" in page.headers["location"]:
            form = await self.http.get(self.base_url + page.headers["location"])
            sent = {**hidden(form.text), "email": self.email, "password": PASSWORD}
            signed_in = await self.http.post(f"{self.base_url}/sign-in", data=sent)
            page = await self.http.get(self.base_url + signed_in.headers["location"])
        return page

    async def answer(
        self, url: str, *, decision: str = "allow", scopes: list[str] | None = None
    ) -> httpx.Response:
        """What comes back when the person answers the consent page; `scopes` None leaves every box ticked."""
        page = await self.open(url)
        if page.status_code != 200:
            return page
        ticked = offered(page.text) if scopes is None else scopes
        sent = {**hidden(page.text), "decision": decision, "scope": ticked}
        sent.pop("next", None)
        return await self.http.post(url, data=sent)

    async def code(self, url: str, **kwargs: object) -> str:
        """The code the app gets when the person says yes."""
        response = await self.answer(url, **kwargs)  # type: ignore[arg-type]
        return query_of(response)["code"]

    async def close(self) -> None:
        await self.http.aclose()


def authorize_url(base_url: str, **changes: str | None) -> str:
    """A good authorization request of the test client, with changes; None leaves a parameter out."""
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": "valetkey",
        "redirect_uri": "http://127.0.0.1:9/callback",
        "scope": "deals.read contacts.read",
        "state": "st-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{base_url}/oauth/authorize?" + urlencode({k: v for k, v in asked.items() if v is not None})


def query_of(response: httpx.Response) -> dict[str, str]:
    """The parameters of the redirect."""
    return {
        name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()
    }


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def offered(page: str) -> list[str]:
    return re.findall(r'name="scope" value="([^"]+)"', page)
