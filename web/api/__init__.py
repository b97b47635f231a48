"""The HTTP API (`/schema/openapi.json`): one file a noun, each handler three lines of thought and no logic."""

from web.api.assistants import Assistants
from web.api.audit import Audit
from web.api.catalog import Catalog
from web.api.connect_sessions import ConnectSessions
from web.api.connectors import Connectors
from web.api.grants import Grants
from web.api.policy import PolicyController
from web.api.portal_sessions import PortalSessions
from web.api.tool_calls import ToolCalls
from web.api.tools import Tools

CONTROLLERS = (
    Catalog,
    Connectors,
    Assistants,
    Grants,
    PolicyController,
    Audit,
    ConnectSessions,
    Tools,
    ToolCalls,
    PortalSessions,
)
