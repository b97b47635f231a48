"""Acme: contacts of a made-up CRM, as one of its users.

Source: developers.acme.example/v3, read on 2026-11-24.

Facts the code stands on
- Authorization code with PKCE S256; refresh tokens rotate; revoking the refresh token ends the access tokens (RFC 7009).
- A list answers at most 100 items and, in `next`, the cursor of those that follow; `fields` limits what is sent.
- A missing scope is 403 with `insufficient_scope` in `WWW-Authenticate` (RFC 6750).

Limits: no notes, no companies. Nothing here was tried against a live account: Acme does not exist.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope

acme = Connector(
    slug="acme",  # for ever: it is in tool names and grants
    title="Acme",
    category="crm",
    api_url="https://api.acme.example/v3",
    oauth=OAuth2(
        authorize_url="https://acme.example/oauth/authorize",
        token_url="https://acme.example/oauth/token",  # noqa: S106 (an address)
        revocation=Rfc7009("https://acme.example/oauth/revoke"),
    ),
    scopes=[
        Scope("contacts.read", "Contacts", "find and read people you can see in Acme"),
        Scope("contacts.write", "Contacts", "change people you can see in Acme", risk="write"),
    ],
    manage_url="https://acme.example/settings/apps",
    cannot=[
        "send e-mail or messages in your name",
        "add or delete contacts",
        "see notes and telephone numbers",
    ],
)

ContactId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}(?!\n)$", description="A contact's id")]
Words = Annotated[str, msgspec.Meta(max_length=200, description="Words to look for; empty: no restriction")]
JobTitle = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Contact(msgspec.Struct, frozen=True):
    """What may leave: Acme sends more, and the rest is dropped."""

    id: str
    name: str
    email: str | None = None
    job_title: str | None = None


class Me(msgspec.Struct, frozen=True):
    id: str
    email: str
    company: str


FIELDS = ",".join(Contact.__struct_encode_fields__)


@acme.account
async def account(api: Api) -> Account:
    """Who is behind the token: `id` never changes, `label` is what the person recognises."""
    me = await api.get("/me", into=Me)
    return Account(id=me.id, label=f"{me.email} in {me.company}")


@acme.tool(
    title="Find contacts",
    risk="read",
    scopes=["contacts.read"],
    sees="name, e-mail address and job title of contacts",
)
async def find_contacts(
    api: Api, query: Words = "", limit: Limit = 10, cursor: str | None = None
) -> Page[Contact]:
    """Find contacts whose name or e-mail address contains `query`."""
    asked = {"q": query or None, "limit": limit, "cursor": cursor, "fields": FIELDS}
    found: Page[Contact] = await api.get("/contacts", params=asked, into=Page[Contact])
    return found


@acme.tool(
    title="Change a contact's job title",
    risk="write",
    scopes=["contacts.write"],
    changes="the job title of a contact, and nothing else",
)
async def change_job_title(api: Api, contact_id: ContactId, job_title: JobTitle) -> Contact:
    """Change the job title of a contact that find_contacts gave."""
    path = api.path("/contacts/{id}", id=contact_id)
    changed: Contact = await api.patch(
        path, params={"fields": FIELDS}, json={"job_title": job_title}, into=Contact
    )
    return changed
