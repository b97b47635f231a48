"""A connector: one provider as data, its tools as typed functions.

Faults are collected in `faults`, not raised, so that `valetkey connectors check` and the start can show all of them with file,
line and mend (`core/registry.py`).
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from core.connector import configuration, templates
from core.connector.configuration import Setting
from core.connector.oauth import OAuth2, Rfc7009, patterns
from core.connector.problems import Problem, caller, place_of
from core.connector.results import Account
from core.connector.schema import BadSignature
from core.connector.scopes import Risk, Scope
from core.connector.tool import Tool, ToolFunction
from core.errors import ValetkeyError

AccountFunction = Callable[..., Awaitable[Account | list[Account]]]
MissingScopeRule = Callable[[int, Mapping[str, str], Any], list[str] | None]
Uninstalled = Callable[[Mapping[str, Any]], str | None]
GraphQLRule = Callable[[list[dict[str, Any]]], ValetkeyError | None]
RefusalRule = Callable[[int, Mapping[str, str], Any], ValetkeyError | None]


class RateLimit(msgspec.Struct, frozen=True):
    """What the provider allows: `calls` in `seconds`, for each user, token or app. For readers: nothing counts by it yet."""

    calls: int
    seconds: int
    per: Literal["user", "token", "app"] = "user"


class Connector:
    """One provider. docs/connector-guide.md has a whole one; the fields below `origins` are for providers that deviate.

    `auth_scheme`: the word before the token in `Authorization`.
    `idempotency_key_header`: the provider repeats no write that carries the same key in this header; then, and only
    then, writes are retried.
    `missing_scope`: `(status, headers, decoded JSON or None) -> scopes, or None when that is not the reason`, asked about every
    answer of 400 and above.
    `graphql_errors`: `(errors) -> the error to raise, or None for the usual one`.
    `refusal`: `(status, headers, decoded JSON or None) -> the error to raise, or None for the usual one`, where the status does
    not say what is meant (a rate limit as 400); asked about answers of 400 and above and about GraphQL errors. A
    ReconnectRequired is treated as a 401 is, a ProviderRateLimited as a 429 with its `retry_after`.
    `request_id_header`: where the provider names its request.
    `settings`: what an admin sets beside client id and secret.
    `account_fields`: the names `Account.fields` fills, for places in `api_url` that only the account knows.
    """

    def __init__(
        self,
        *,
        slug: str,
        title: str,
        category: Literal["crm", "project", "other"],
        api_url: str,
        oauth: OAuth2,
        scopes: Sequence[Scope] = (),
        headers: Mapping[str, str] | None = None,
        manage_url: str | None = None,
        cannot: Sequence[str] = (),
        rate_limit: RateLimit | None = None,
        origins: Sequence[str] = (),
        auth_scheme: str = "Bearer",
        idempotency_key_header: str | None = None,
        missing_scope: MissingScopeRule | None = None,
        graphql_errors: GraphQLRule | None = None,
        refusal: RefusalRule | None = None,
        request_id_header: str | None = None,
        account_fields: Sequence[str] = (),
        settings: Sequence[Setting] = (),
    ) -> None:
        self.place = caller()
        self.faults: list[Problem] = []
        self.slug, self.title, self.category = slug, title, category
        self.api_url, self.oauth = api_url, oauth
        self.scope_list = tuple(scopes)
        self.scopes: dict[str, Scope] = {scope.name: scope for scope in scopes}
        self.headers = dict(headers or {})
        self.manage_url, self.cannot, self.rate_limit = manage_url, tuple(cannot), rate_limit
        self.origins = tuple(origins)
        self.auth_scheme, self.idempotency_key_header = auth_scheme, idempotency_key_header
        self.missing_scope, self.graphql_errors, self.refusal = missing_scope, graphql_errors, refusal
        self.request_id_header, self.account_fields = request_id_header, tuple(account_fields)
        self.settings = tuple(settings)
        self.tools: dict[str, Tool] = {}
        self.account_function: AccountFunction | None = None
        self.uninstalled_function: Uninstalled | None = None

    def __repr__(self) -> str:
        return f"Connector({self.slug!r})"

    def tool(
        self,
        *,
        risk: Risk,
        scopes: Sequence[str] = (),
        any_of: Sequence[Sequence[str]] = (),
        sees: str = "",
        changes: str = "",
        title: str = "",
        group: str = "",
    ) -> Callable[[ToolFunction], ToolFunction]:
        """Make a tool of the function below; the function itself stays as it is."""
        frame = inspect.currentframe()
        names = frame.f_back.f_locals if frame and frame.f_back else {}
        declared = {"sees": sees, "changes": changes, "title": title, "group": group}

        def register(function: ToolFunction) -> ToolFunction:
            try:
                tool = Tool(
                    self.slug, function, risk=risk, scopes=scopes, any_of=any_of, names=names, **declared
                )
            except BadSignature as bad:
                self.faults.append(place_of(function).problem(f"{function.__name__}: {bad.what}", bad.mend))
                return function
            self._add(tool)
            return function

        return register

    def _add(self, tool: Tool) -> None:
        tool.group = tool.group or self._group(tool)
        if tool.name in self.tools:
            self.faults.append(
                tool.place.problem(f"there are two tools {tool.name!r}", "give one another name")
            )
        self.tools[tool.name] = tool

    def _group(self, tool: Tool) -> str:
        first = next(iter(tool.wanted_scopes()), None)
        return self.scopes[first].title if first in self.scopes else self.title

    def account(self, function: AccountFunction) -> AccountFunction:
        """Make the function below the one that says who is behind a token; it runs once, after the code is redeemed.

        Of a list of several the person chooses one (`core/choosing.py`)."""
        if self.account_function is not None:
            self.faults.append(place_of(function).problem("there are two account functions", "keep one"))
        self.account_function = function
        return function

    def uninstalled(self, function: Uninstalled) -> Uninstalled:
        """Make the function below the one that reads what the provider sends (HTTP DELETE on the redirect URI, as the client)
        when its app was removed there: it answers the id of the account whose grants end, None when that is unclear."""
        self.uninstalled_function = function
        return function

    def templates(self) -> tuple[str, ...]:
        """Every URL of the connector that may hold `{..}` places."""
        oauth = self.oauth
        revoke = oauth.revocation.url if isinstance(oauth.revocation, Rfc7009) else None
        own = (
            oauth.authorize_url,
            oauth.token_url,
            revoke,
            oauth.introspection_url,
            oauth.issuer,
            self.manage_url,
        )
        return tuple(url for url in (self.api_url, *own, *self.origins) if url)

    def needed_config(self) -> tuple[str, ...]:
        """What a registration's `config` has to hold: settings without a default, and every place nothing else fills."""
        own = [setting.name for setting in self.settings if setting.default is None]
        later = {*self.oauth.token_fields, *self.account_fields}
        later |= {name for setting in self.settings for name in setting.brings}
        places = templates.needed(self.templates())
        return tuple(dict.fromkeys([*own, *(name for name in places if name not in later)]))

    def may_be_set(self, name: str, value: str) -> bool:
        """Whether a registration's `config` may hold this: not in place of what the account tells, and in place of what the token
        answer tells only what that might say."""
        if any(name in setting.brings for setting in self.settings):
            return True
        allowed = self.oauth.token_fields.get(name)
        if allowed is not None:
            return any(templates.field_matches(pattern, value) for pattern in patterns(allowed))
        return name not in self.account_fields

    def filled(self, config: Mapping[str, str]) -> dict[str, str]:
        """A registration's config as URL places are filled with it: with defaults, and what choices bring."""
        kept = {name: value for name, value in config.items() if self.may_be_set(name, value)}
        return configuration.filled(self.settings, kept)
