"""The controllers of the admin's pages, for `web/app.py`."""

from __future__ import annotations

from litestar import Controller

from web.pages.admin.assistants import AssistantKeys, Assistants
from web.pages.admin.audit import Audit
from web.pages.admin.connectors import Connectors
from web.pages.admin.grants import Grants, Receipts
from web.pages.admin.overview import Overview
from web.pages.admin.policy import PolicyPage
from web.pages.admin.revoke import Revoke
from web.pages.admin.sign_in import SignIn, SignOut

ADMIN: tuple[type[Controller], ...] = (
    SignIn, SignOut, Overview, Revoke, Grants, Receipts, PolicyPage, Audit, Connectors, Assistants, AssistantKeys,
)  # fmt: skip
