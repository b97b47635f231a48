"""Audit events as sentences: what happened, told without values that were read."""

from __future__ import annotations

from collections.abc import Mapping

from core.model import AuditEvent
from web.pages.admin.frame import Event, Kind, State
from web.pages.admin.views.grants import Names
from web.pages.text import capital, plural

# action: (icon, kind, sentence). {who} acts, {assistant} {connector} {tool} {user} {month} are named; more is in the detail.
ACTIONS: Mapping[str, tuple[str, Kind, str]] = {
    "workspace.created": ("home", "", "The workspace was made"),
    "policy.changed": ("rules", "info", "{who} changed the policy"),
    "audit.retention_changed": ("clock", "warn", "How long this trail is kept was changed"),
    "audit.pruned": ("minus", "warn", "The events of {month} were pruned, as the retention says"),
    "admin.signed_in": ("user", "", "An administrator signed in"),
    "portal.signed_in": ("user", "", "{who} opened “Who may use my data”"),
    "assistant.created": ("bot", "", "{who} registered {assistant}"),
    "assistant.changed": ("bot", "", "{who} changed {assistant}"),
    "assistant.deleted": ("x", "bad", "{who} deleted {assistant}"),
    "key.created": ("key", "", "{who} made a key for {assistant}"),
    "key.revoked": ("key", "warn", "{who} revoked a key of {assistant}"),
    "registration.created": ("plug", "", "{who} registered {connector}"),
    "registration.changed": ("plug", "", "{who} changed the registration of {connector}"),
    "registration.deleted": ("x", "bad", "{who} deleted the registration of {connector}"),
    "connect_session.authorized": (
        "right",
        "",
        "{user} agreed, and {connector} let {assistant} in; to be confirmed",
    ),
    "account.asked": (
        "info",
        "",
        "{connector} let {assistant} in to several accounts; {user} is to choose one",
    ),
    "account.chosen": ("check", "", "{user} chose one of several accounts in {connector} for {assistant}"),
    "connect_session.completed": (
        "check",
        "ok",
        "{assistant} confirmed that it was {user} who connected {connector}",
    ),
    "connect_session.denied": ("minus", "", "{user} said no to {assistant} for {connector}"),
    "connect_session.failed": ("warn", "bad", "Connecting {connector} for {user} failed"),
    "connect_session.expired": ("clock", "", "The request of {assistant} to {user} for {connector} expired"),
    "grant.created": ("key", "ok", "{user} gave {assistant} access to {connector}"),
    "grant.widened": ("key", "ok", "{user} allowed {assistant} more in {connector}"),
    "grant.narrowed": ("minus", "info", "{who} narrowed what {assistant} may do in {connector} for {user}"),
    "grant.revoked": ("stop", "", "{who} ended the access of {assistant} to {connector} for {user}"),
    "grant.expired": ("clock", "", "The access of {assistant} to {connector} for {user} ran out"),
    "grant.needs_reconnect": (
        "plug",
        "warn",
        "{connector} no longer accepts the access of {assistant} for {user}",
    ),
    "grant.revoked_upstream": ("check", "ok", "The provider confirmed the end"),
    "grant.not_revoked_upstream": (
        "warn",
        "bad",
        "The provider did not confirm the end; the credential was destroyed here",
    ),
    "tool.called": ("eye", "", "{assistant} used {tool} for {user}"),
    "tool.refused": ("x", "bad", "{assistant} was refused {tool} for {user}"),
    "tool.failed": ("warn", "warn", "{tool} failed for {user}"),
}
OUTCOMES: Mapping[str, State] = {"ok": State("ok", "check", "Done")}
ACTORS = {
    "assistant": "assistant",
    "admin": "administrator",
    "user": "user",
    "system": "Valetkey",
    "provider": "provider",
}


def _tool(event: AuditEvent, names: Names) -> str:
    connector = names.connectors.get(event.connector or (event.tool or "").partition(".")[0])
    if connector and event.tool in connector.tools:
        return f"“{connector.tools[event.tool].title}”"
    return event.tool or "a tool"


def _who(event: AuditEvent, names: Names) -> str:
    match event.actor_type:
        case "assistant":
            return names.assistant(event.assistant or event.actor_id)
        case "user":
            return event.user or event.actor_id
        case "admin":
            return "An administrator"
        case "provider":
            return names.connector(event.connector or "") or "The provider"
        case _:
            return "Valetkey"


def sentence(event: AuditEvent, names: Names) -> str:
    form = ACTIONS.get(event.action, ("", "", ""))[2]
    if not form:
        return capital(event.action.replace(".", " ").replace("_", " "))
    return form.format(
        who=_who(event, names),
        assistant=names.assistant(event.assistant) if event.assistant else "an assistant",
        connector=names.connector(event.connector) if event.connector else "a connector",
        tool=_tool(event, names),
        user=event.user or "somebody",
        month=event.detail.get("month", "a month"),
    )


def more(event: AuditEvent) -> str:
    """What the detail adds, where it is fit to be read."""
    detail, said = event.detail, []
    if reason := detail.get("reason"):
        said.append(f"Reason: “{reason}”")
    if isinstance(count := detail.get("count"), int):
        group = detail.get("group")
        noun = "event" if event.action == "audit.pruned" else "item"
        said.append(f"{plural(count, noun)} of {group}" if group else plural(count, noun))
    if isinstance(accounts := detail.get("accounts"), int):
        said.append(f"Of {plural(accounts, 'account')}")
    if isinstance(removed := detail.get("removed"), list) and removed:
        said.append(f"Taken away: {', '.join(removed)}")
    if event.outcome not in ("ok", ""):
        said.append(outcome(event).text)
    return ". ".join(said) + "." if said else ""


def outcome(event: AuditEvent) -> State:
    if event.outcome in OUTCOMES:
        return OUTCOMES[event.outcome]
    kind: Kind = "bad" if event.action in ("tool.refused", "connect_session.failed") else "warn"
    return State(kind, "x" if kind == "bad" else "warn", capital(event.outcome.replace("_", " ")))


def timeline(event: AuditEvent, names: Names, *, to_grant: bool) -> Event:
    icon, kind, _ = ACTIONS.get(event.action, ("info", "", ""))
    href = f"/admin/grants/{event.grant}" if to_grant and event.grant else ""
    return Event(event.at, icon, sentence(event, names) + ".", kind, more(event), href)
