"""The connector kit: all a connector's author has to know, and all a hostile connector can reach.

Reading order: scopes, oauth, results, templates, configuration, problems, schema, arguments, tool, connector, answers, api,
minimise, rules.
For authors: docs/connector-guide.md.
"""

from core.connector.api import Api, MissingScope, TokenSource
from core.connector.configuration import Setting
from core.connector.connector import Connector, RateLimit
from core.connector.minimise import Minimised, minimise
from core.connector.oauth import NarrowContext, OAuth2, PkceOff, RevocationContext, Rfc7009
from core.connector.problems import Problem
from core.connector.results import Account, Limit, Page, ToolError
from core.connector.scopes import Risk, Scope
from core.connector.templates import field_matches, seg
from core.connector.tool import Tool
from core.secret import Secret

__all__ = [
    "Account",
    "Api",
    "Connector",
    "Limit",
    "Minimised",
    "MissingScope",
    "NarrowContext",
    "OAuth2",
    "Page",
    "PkceOff",
    "Problem",
    "RateLimit",
    "RevocationContext",
    "Rfc7009",
    "Risk",
    "Scope",
    "Secret",
    "Setting",
    "TokenSource",
    "Tool",
    "ToolError",
    "field_matches",
    "minimise",
    "seg",
]
