"""The controllers of the people's pages, for `web/app.py`."""

from __future__ import annotations

from litestar import Controller

from web.pages.assets import Assets
from web.pages.connect import ConnectPages
from web.pages.logos import Logos
from web.pages.portal import PortalPages

PEOPLE: tuple[type[Controller], ...] = (Assets, Logos, ConnectPages, PortalPages)
