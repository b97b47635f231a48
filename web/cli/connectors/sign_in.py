"""The developer's own account at a provider, for as long as a command runs: what `try` and `record` call with.

The same steps as the service takes (`core/connecting.py`, `core/confirming.py`), without store: PKCE, state, `iss`, the code
redeemed by `core/oauth`, the account asked for. Tokens are in memory only, and told to the provider as ended when the block
ends, however it ends. Client id and secret come from the environment or a prompt, never from the command line, where
other users of the machine and the shell's history would see them.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import re
import sys
import traceback
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import click
import msgspec

from core import oauth, rehearsal
from core.clock import Clock
from core.connector import Account, Api, Connector, Tool
from core.errors import ConsentRequired, ReconnectRequired, RevocationUnsupported, ValetkeyError
from core.http import Outbound
from core.ids import new_token
from core.oauth import ClientRegistration, TokenSet
from core.secret import Secret
from web.cli import Failed, environ
from web.cli.connectors.loopback import Loopback, listening

WAIT_S = 300.0
ACCOUNT_DEADLINE_S = 15.0
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


class Manner(msgspec.Struct, frozen=True):
    """How a command signs in. `scopes` instead of those the tools need, when given."""

    port: int
    host: str
    browser: bool
    development: bool
    scopes: tuple[str, ...] = ()


class Client(msgspec.Struct, frozen=True):
    """The developer's own client at the provider."""

    client_id: str
    secret: Secret | None
    config: dict[str, str]


def say(text: str) -> None:
    """Beside the result, which alone is on standard output."""
    click.echo(text, err=True)


def client(connector: Connector, config: dict[str, str]) -> Client:
    """From `ACME_CLIENT_ID` and `ACME_CLIENT_SECRET`, or asked for."""
    found, prefix = environ(), connector.slug.upper()
    client_id = found.get(f"{prefix}_CLIENT_ID") or _asked(f"{prefix}_CLIENT_ID", "Client id", hide=False)
    if connector.oauth.client_auth == "none":
        return Client(client_id, None, config)
    secret = found.get(f"{prefix}_CLIENT_SECRET")
    if secret is None:
        secret = _asked(f"{prefix}_CLIENT_SECRET", "Client secret", hide=True)
    return Client(client_id, Secret(secret), config)


def _asked(variable: str, words: str, *, hide: bool) -> str:
    if not sys.stdin.isatty():
        raise Failed(f"{words} is needed: set {variable} in the environment")
    answer: str = click.prompt(f"{words} ({variable} is not set)", hide_input=hide, err=True)
    return answer


class SignedIn:
    """A token source: refreshed once where the provider says 401, as in the service."""

    def __init__(
        self,
        connector: Connector,
        registration: ClientRegistration,
        http: Outbound,
        tokens: TokenSet,
        asked: tuple[str, ...],
    ) -> None:
        self.connector, self.registration, self.http = connector, registration, http
        self.tokens = tokens
        self.granted = asked if tokens.scopes is None else tokens.scopes
        self.account = Account("", "")

    @property
    def fields(self) -> dict[str, str]:
        return {**self.registration.config, **self.tokens.fields, **self.account.fields}

    async def access_token(self) -> Secret:
        return self.tokens.access_token

    async def after_rejection(self, rejected: Secret) -> Secret:
        if not self.tokens.refresh_token:
            raise ReconnectRequired("The provider refused the token, and gave none to refresh it with")
        self.tokens = await oauth.refresh(
            self.http, self.connector, self.registration, self.tokens, now_ms=Clock().now_ms()
        )
        return self.tokens.access_token

    async def identify(self) -> None:
        """Ask the connector who this is."""
        function = self.connector.account_function
        assert function is not None  # the rules demand one
        introspection = functools.partial(
            oauth.introspect, self.http, self.connector, self.registration, self.tokens
        )
        api = Api(
            self.connector,
            self.http,
            self,
            fields=self.fields,
            deadline_s=ACCOUNT_DEADLINE_S,
            development=self.http.development,
            introspection=introspection,
        )
        try:
            told = rehearsal.named(self.connector, await function(api))
            self.account = await _one_of(told) if isinstance(told, list) else told
        except (ValetkeyError, click.ClickException):
            raise
        except Exception as error:
            raise own_fault(error) from error

    async def end(self) -> str | None:
        """Tell the provider. What to do by hand where that does not go, else None."""
        title, by_hand = self.connector.title, self.connector.manage_url
        mend = f"End it by hand: {by_hand}" if by_hand else f"End it by hand in {title}'s settings"
        try:
            await oauth.revoke(self.http, self.connector, self.registration, self.tokens)
        except RevocationUnsupported:
            say(f"{title} has no way to end a token from here; it was kept in memory only. {mend}")
        except ValetkeyError as error:
            return f"The tokens could not be ended at {title}: {error.detail} {mend}"
        else:
            say(f"The tokens are ended at {title}.")
        return None


def own_fault(error: Exception) -> Failed:
    """An error of the connector's own code: its author wants to see where, which the service would not say."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Failed(f"{place.filename}:{place.lineno}: {type(error).__name__}: {error}")


async def _one_of(accounts: list[Account]) -> Account:
    """The developer chooses, as the person would on our page; never the first by itself."""
    if not accounts:
        raise Failed("The connector found no account at all")
    if len(accounts) == 1:
        return accounts[0]
    for number, account in enumerate(accounts, 1):
        say(f"{number}  {account.label} ({account.id})")
    number = await asyncio.to_thread(_number, len(accounts))
    return accounts[number - 1]


def _number(highest: int) -> int:
    number: int = click.prompt("Which one", type=click.IntRange(1, highest), err=True)
    return number


class ForOneCall:
    """The token source of one tool call: of a token made for it where the provider can make one (`core/narrowing.py`)."""

    def __init__(self, person: SignedIn, tool: Tool, arguments: Mapping[str, Any]) -> None:
        self._person, self._tool, self._arguments = person, tool, arguments
        self._narrow = oauth.per_call(person.connector)
        self._made: list[Secret] = []

    async def access_token(self) -> Secret:
        if not self._narrow:
            return await self._person.access_token()
        if not self._made:
            await self._make()
        return self._made[-1]

    async def after_rejection(self, rejected: Secret) -> Secret:
        fresh = await self._person.after_rejection(rejected)
        if not self._narrow:
            return fresh
        await self._make()
        return self._made[-1]

    async def _make(self) -> None:
        person = self._person
        made = await oauth.narrowed(
            person.http,
            person.connector,
            person.registration,
            msgspec.structs.replace(person.tokens, fields=person.fields),
            scopes=self._tool.wanted_scopes(),
            tool=self._tool.function_name,
            arguments=self._arguments,
        )
        self._made.append(made)

    async def end(self) -> None:
        """What was made for the call ends with it, as well as that goes: it is smaller and shorter than what is ended next."""
        person = self._person
        for token in self._made:
            small = msgspec.structs.replace(person.tokens, access_token=token, refresh_token=None)
            with suppress(ValetkeyError):
                await oauth.revoke(person.http, person.connector, person.registration, small)


async def call(person: SignedIn, tool: Tool, given: Mapping[str, Any], http: Outbound) -> dict[str, Any]:
    """`{"result": ..., "next": ...}` as an assistant would get it. Raises ConsentRequired before anything is sent."""
    lacking = tool.missing_scopes(person.granted)
    if lacking and person.connector.oauth.scope_mode == "request":
        raise ConsentRequired(
            f"{person.connector.title} did not give {', '.join(lacking)}: the tool was not called"
        )
    source = ForOneCall(person, tool, given)
    try:
        return await rehearsal.run(
            person.connector, tool.function_name, given, http=http, tokens=source, fields=person.fields
        )
    except (ValetkeyError, click.ClickException):
        raise
    except Exception as error:
        raise own_fault(error) from error
    finally:
        await source.end()


@asynccontextmanager
async def signed_in(
    connector: Connector, own: Client, manner: Manner, wanted: Sequence[str]
) -> AsyncIterator[SignedIn]:
    """`wanted`: the scopes of the tools that will run. Raises Failed and ValetkeyError."""
    asked = tuple(dict.fromkeys([*connector.oauth.always_scopes, *(manner.scopes or wanted)]))
    http = Outbound(development=manner.development)
    try:
        code, verifier, registration = await _authorized(http, connector, own, manner, asked)
        redeeming = asyncio.create_task(
            oauth.redeem(http, connector, registration, code=code, verifier=verifier, now_ms=Clock().now_ms())
        )
        interrupted = await _interrupted(redeeming)
        person = SignedIn(connector, registration, http, await redeeming, asked)
        try:
            if interrupted:
                raise interrupted
            await person.identify()
            say(f"Signed in as {person.account.label} ({person.account.id})")
            say(f"Given: {', '.join(person.granted) or 'what the app is allowed'}")
            yield person
        except BaseException:  # whatever it was, also Ctrl-C: the tokens end first
            if left := await person.end():
                say(left)
            raise
        if left := await person.end():
            raise Failed(left)
    finally:
        await http.close()


async def _interrupted(redeeming: asyncio.Task[TokenSet]) -> asyncio.CancelledError | None:
    """Waits for the tokens also when Ctrl-C comes meanwhile: the provider has made them by then, and they have to end."""
    try:
        await asyncio.wait([redeeming])
    except asyncio.CancelledError as stop:
        return stop
    return None


async def _authorized(
    http: Outbound, connector: Connector, own: Client, manner: Manner, asked: tuple[str, ...]
) -> tuple[Secret, Secret, ClientRegistration]:
    """The provider's code, with the verifier it can be redeemed with."""
    state, verifier = new_token(), oauth.new_verifier()
    try:
        async with listening(state, port=manner.port, host=manner.host) as waiting:
            registration = _registration(connector, own, waiting)
            url = await oauth.authorization_url(
                http,
                connector,
                registration,
                scopes=asked,
                optional_scopes=(),
                state=state,
                verifier=verifier,
            )
            await _show(connector, url, waiting, manner)
            query = await waiting.answer(WAIT_S)
    except TimeoutError:
        raise Failed(f"Nobody came back from {connector.title} within {WAIT_S:g} seconds") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Failed(
                f"Port {manner.port} is in use by another program: end that one, or name another --port"
            ) from None
        raise Failed(
            f"Port {manner.port} of this machine cannot be used: {error.strerror or error}"
        ) from None
    await oauth.check_answer(http, connector, registration, query)
    return _code(connector, query), verifier, registration


def _registration(connector: Connector, own: Client, waiting: Loopback) -> ClientRegistration:
    return ClientRegistration(
        id="own",
        workspace="own",
        slug=connector.slug,
        client_id=own.client_id,
        client_secret=own.secret,
        config=own.config,
        redirect_uri=waiting.redirect_uri,
    )


async def _show(connector: Connector, url: str, waiting: Loopback, manner: Manner) -> None:
    say(f"Redirect URI, which {connector.title} has to know: {waiting.redirect_uri}")
    if connector.oauth.revocation_scope == "account":
        say(
            f"{connector.title} ends an account's connections together: use an app of your own for this, "
            "or everybody's connection to this account through this app ends with it."
        )
    say(f"Sign in and allow it here:\n{url}")
    if manner.browser:
        await asyncio.to_thread(_open, webbrowser.open, url)


def _open(opener: Callable[[str], bool], url: str) -> None:
    if not opener(url):
        say("No browser could be opened: open that address yourself.")


def _code(connector: Connector, query: dict[str, str]) -> Secret:
    if error := query.get("error"):
        why = error if _CODE.match(error) else "an error"
        raise Failed(f"{connector.title} answered {why}: nothing was connected")
    if not query.get("code"):
        raise Failed(f"{connector.title} answered without a code: nothing was connected")
    return Secret(query["code"])
