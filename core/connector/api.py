"""Api: the only way a tool reaches its provider.

The token is added here, after the target was compared with the origins the connector declares, for links of the provider too.
What may be repeated is: a GET (or a GraphQL query) the provider asks to send later, and any call once after its token
was refreshed, because a 401 means that nothing was done. A write is repeated only under an idempotency key.
One Api serves one tool call: its deadline runs from its making.
"""

from __future__ import annotations

import asyncio
import functools
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar, get_args, get_origin
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import msgspec

from core.connector import answers, templates
from core.connector.answers import MissingScope
from core.connector.connector import Connector
from core.connector.results import Page
from core.errors import InvalidConfig, ProviderError, ProviderTimeout
from core.http import Outbound, OutboundError, OutboundTimeout, Params
from core.observing import SILENT, Observer
from core.secret import Secret

__all__ = ["Api", "MissingScope", "TokenSource"]

T = TypeVar("T")
Headers = Mapping[str, str]
Introspection = Callable[[], Awaitable[Mapping[str, Any]]]

RETRIES = 2
_OURS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "host", "content-length", "transfer-encoding"}
)
_READS = frozenset({"GET", "HEAD"})


class TokenSource(Protocol):
    """Where the token of a call comes from."""

    async def access_token(self) -> Secret:
        """One that is good for now, refreshed before if it had to be. Raises ReconnectRequired."""
        ...

    async def after_rejection(self, rejected: Secret) -> Secret:
        """Another one, after the provider answered 401 to `rejected`. Raises ReconnectRequired."""
        ...


class Api:
    """The provider, as one user, for one tool call."""

    __slots__ = (
        "_connector",
        "_deadline",
        "_http",
        "_introspection",
        "_latest",
        "_observer",
        "_origins",
        "_tokens",
        "fields",
    )

    path = staticmethod(templates.path)

    def __init__(
        self,
        connector: Connector,
        http: Outbound,
        tokens: TokenSource,
        *,
        fields: Mapping[str, str],
        deadline_s: float,
        development: bool = False,
        introspection: Introspection | None = None,
        observer: Observer = SILENT,
    ) -> None:
        """`fields`: the registration's config and what was kept of token answer and account. Raises InvalidConfig.

        `introspection` asks the provider as its client about the token (`core/oauth/introspect.py`); only an account
        function has it, and it never sees the client's secret.
        """
        self._connector, self._http, self._tokens = connector, http, tokens
        self._introspection = introspection
        self._observer = observer
        self.fields = dict(fields)
        self._deadline = time.monotonic() + deadline_s
        self._origins = _origins(connector, self.fields, development)
        self._latest: httpx.Response | None = None

    async def get(
        self, path: str, *, params: Params | None = None, headers: Headers | None = None, into: Any = None
    ) -> Any:
        """The answer as `into`. With arguments in the path: `api.path("/contacts/{id}", id=id)`."""
        return self._decoded(await self._send("GET", path, params=params, headers=headers), into)

    async def post(
        self,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        form: Params | None = None,
        headers: Headers | None = None,
        reads: bool = False,
        into: Any = None,
    ) -> Any:
        """The answer as `into`; one of `json` and `form` is the body. `reads`: a search, which may be repeated."""
        sent = {"params": params, "json": json, "form": form, "headers": headers}
        return self._decoded(await self._send("POST", path, reads=reads, **sent), into)

    async def put(
        self,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        form: Params | None = None,
        headers: Headers | None = None,
        into: Any = None,
    ) -> Any:
        """As `post`."""
        sent = {"params": params, "json": json, "form": form, "headers": headers}
        return self._decoded(await self._send("PUT", path, **sent), into)

    async def patch(
        self,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        form: Params | None = None,
        headers: Headers | None = None,
        into: Any = None,
    ) -> Any:
        """As `post`."""
        sent = {"params": params, "json": json, "form": form, "headers": headers}
        return self._decoded(await self._send("PATCH", path, **sent), into)

    async def delete(
        self,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        form: Params | None = None,
        headers: Headers | None = None,
        into: Any = None,
    ) -> Any:
        """As `post`; a body is rarely meant."""
        sent = {"params": params, "json": json, "form": form, "headers": headers}
        return self._decoded(await self._send("DELETE", path, **sent), into)

    async def graphql(
        self, document: str, variables: Mapping[str, Any] | None = None, *, into: Any = None, path: str = ""
    ) -> Any:
        """`data` as `into`. An `errors` array is a refusal, even beside data. The document is the author's, never a model's."""
        rule = answers.graphql_rule(self._connector)
        body = {"query": document, "variables": dict(variables or {})}
        reads = not document.lstrip().startswith(("mutation", "subscription"))
        response = await self._send("POST", path, json=body, reads=reads, rule=rule)
        fault = rule(answers.json_or_none(response))
        if fault:
            raise answers.own_refusal(self._connector, response) or fault
        return self._decoded(response, _Data[into]).data if into is not None else None

    async def get_page(
        self,
        path: str,
        *,
        into: Any,
        params: Mapping[str, Any] | None = None,
        headers: Headers | None = None,
        cursor: str | None = None,
        cursor_param: str = "page",
    ) -> Page[Any]:
        """A page of a provider that answers a bare list and puts what follows into a Link header (RFC 8288).

        `into`: `list[T]` or `Page[T]`. The cursor is the value of `cursor_param` in the link, not the link: an assistant hands
        it back, and must not choose with it what else is asked.
        """
        item = get_args(into)[0] if get_origin(into) in (list, Page) else into
        asked = {**(params or {}), **({cursor_param: cursor} if cursor else {})}
        response = await self._send("GET", path, params=asked, headers=headers)
        items = self._decoded(response, list[item])  # type: ignore[valid-type]
        following = self._links(response).get("next")
        return Page(items, self._cursor(following, cursor_param) if following else None)

    async def introspect(self, *, into: Any) -> Any:
        """What the provider says of the token (RFC 7662), for an account function alone. Raises ProviderError."""
        if self._introspection is None:
            raise ProviderError(f"{self._connector.title} cannot be asked about its token here")
        try:
            return msgspec.convert(await self._introspection(), into)
        except msgspec.ValidationError:
            raise ProviderError(f"{self._connector.title} answered in another form than expected") from None

    @property
    def links(self) -> dict[str, str]:
        """The latest answer's Link header, target by relation. Raises ProviderError when one leads elsewhere."""
        return self._links(self._latest) if self._latest is not None else {}

    def _links(self, response: httpx.Response) -> dict[str, str]:
        base = str(response.request.url)
        found = {relation: urljoin(base, target) for relation, target in answers.links(response).items()}
        for target in found.values():
            self._check(target)
        return found

    def _cursor(self, link: str, name: str) -> str | None:
        found = parse_qs(urlsplit(link).query).get(name)
        if not found:
            raise ProviderError(f"{self._connector.title} names a next page without `{name}`")
        return found[0]

    def _decoded(self, response: httpx.Response, into: Any) -> Any:
        return answers.decoded(self._connector, response, into)

    # ---- where to ------------------------------------------------------------------------------------------

    def _url(self, path: str) -> str:
        """Absolute and allowed. A relative path is put behind `api_url`; it cannot step out of it."""
        if "://" in path.partition("?")[0]:
            self._check(path)
            return path
        route = path.partition("?")[0]
        if route.startswith("//") or "#" in path or templates.unsafe_path(route):
            raise ProviderError("A path of the connector would lead elsewhere; nothing was sent")
        base = templates.fill(self._connector.api_url, self.fields)
        return base + (path if not path or path[0] in "/?" else f"/{path}")

    def _check(self, url: str) -> None:
        """The token goes to declared origins only. Raises ProviderError, naming the origin and nothing behind it."""
        origin = templates.origin(url)
        if origin not in self._origins or templates.unsafe_path(
            url.partition("?")[0].partition("://")[2].partition("/")[2]
        ):
            where = origin or "an address that is none"
            raise ProviderError(
                f"A link of {self._connector.title} led elsewhere ({where}); the token was not sent"
            )

    # ---- sending -------------------------------------------------------------------------------------------

    async def _send(
        self,
        method: str,
        path: str,
        *,
        reads: bool | None = None,
        rule: answers.Rule | None = None,
        headers: Headers | None = None,
        **content: Any,
    ) -> httpx.Response:
        """An answer below 400. `reads`: nothing changes by it, so it may be repeated."""
        reads = method in _READS if reads is None else reads
        request = self._http.request(
            method, self._url(path), headers=self._headers(headers, reads), **content
        )
        self._check(str(request.url))
        response = await self._asked(request, reads)
        self._latest = response
        if response.status_code >= 400:
            raise answers.refusal(self._connector, response, rule)
        return response

    def _headers(self, own: Headers | None, reads: bool) -> dict[str, str]:
        headers = {**self._connector.headers, **(own or {})}
        if ours := {name for name in headers if name.lower() in _OURS}:
            raise ValueError(f"a connector does not set {', '.join(sorted(ours))}")
        if self._connector.idempotency_key_header and not reads:
            headers.setdefault(self._connector.idempotency_key_header, str(uuid.uuid4()))
        return headers

    async def _asked(self, request: httpx.Request, reads: bool) -> httpx.Response:
        """The last answer, after what may be repeated was repeated."""
        token = await self._tokens.access_token()
        refreshed, retries = False, RETRIES if reads or self._connector.idempotency_key_header else 0
        while True:
            response = await self._once(request, token, reads)
            if not refreshed and answers.rejects_token(self._connector, response):
                if answers.missing_scopes(self._connector, response) is not None:
                    return response
                token, refreshed = await self._tokens.after_rejection(token), True
                continue
            wait = self._pause_s(response) if retries else None
            if wait is None:
                return response
            retries -= 1
            await asyncio.sleep(wait)

    def _pause_s(self, response: httpx.Response) -> int | None:
        """How long the provider wants us to wait, if that is all it wants and there is time for it."""
        wait = answers.pause_s(self._connector, response)
        return wait if wait is not None and wait < self._left_s() else None

    def _left_s(self) -> float:
        return self._deadline - time.monotonic()

    async def _once(self, request: httpx.Request, token: Secret, reads: bool) -> httpx.Response:
        request.headers["authorization"] = f"{self._connector.auth_scheme} {token.reveal()}"
        title, left_s = self._connector.title, self._left_s()
        if left_s <= 0:
            raise ProviderTimeout(f"{title} did not answer in time", retryable=reads)
        try:
            with self._observer.step("provider.request", self._connector.slug) as step:
                response = await self._http.send(request, timeout_s=left_s)
                step.answered(response.status_code)
                return response
        except OutboundTimeout as error:
            raise ProviderTimeout(f"{title} did not answer in time", retryable=reads) from error
        except OutboundError as error:
            raise ProviderError(f"{title} could not be asked: {error.detail}") from error


class _Data(msgspec.Struct, Generic[T], frozen=True):
    """The envelope of a GraphQL answer."""

    data: T


def _origins(connector: Connector, fields: Mapping[str, str], development: bool) -> frozenset[str]:
    """The origins the token may go to. One whose places are not filled yet is left out, and so is out of reach."""
    wanted = (templates.origin_template(connector.api_url), *connector.origins)
    filled = [
        templates.fill(one, fields)
        for one in wanted
        if all(fields.get(name) for name in templates.places(one))
    ]
    return _plain_origins(connector.title, tuple(filled), development)


@functools.lru_cache(maxsize=4_000)
def _plain_origins(title: str, urls: tuple[str, ...], development: bool) -> frozenset[str]:
    origins = frozenset(str(templates.origin(one)) for one in urls)
    if not development and not all(origin.startswith("https://") for origin in origins):
        raise InvalidConfig(f"{title}: the provider's address has to be https")
    return origins
