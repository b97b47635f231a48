"""The controllers of all pages, for `web/app.py`, and how an error looks to a person."""

from __future__ import annotations

from litestar import Controller

from web import problems
from web.pages.admin.routes import ADMIN
from web.pages.assets import Assets
from web.pages.connect import ConnectPages
from web.pages.faults import page_for
from web.pages.logos import Logos
from web.pages.portal import PortalPages

PEOPLE: tuple[type[Controller], ...] = (Assets, Logos, ConnectPages, PortalPages)
CONTROLLERS: tuple[type[Controller], ...] = (*PEOPLE, *ADMIN)

problems.page_for = page_for
