"""`valetkey connectors try`: one tool, really called, with the developer's own account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from web.cli.connectors import arguments, known

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.connector import Connector, Tool
    from web.cli.connectors.sign_in import Client, Manner

EXAMPLES = """\b
Examples:
  export ACME_CLIENT_ID=... ACME_CLIENT_SECRET=...
  valetkey connectors try acme find_contacts --arg query=ada
  valetkey connectors try acme find_contacts --port 8765 --no-browser
"""


def sign_in_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `try` and `record` share."""
    for option in reversed(
        (
            click.option(
                "--arg", "given", multiple=True, metavar="NAME=VALUE", help="An argument of the tool."
            ),
            click.option(
                "--config", "config", multiple=True, metavar="NAME=VALUE", help="What an admin would set."
            ),
            click.option(
                "--scope", "scopes", multiple=True, help="Ask for this instead of what the tool needs."
            ),
            click.option(
                "--port",
                type=click.IntRange(0, 65535),
                default=0,
                show_default="any free one",
                help="Of the redirect URI on this machine.",
            ),
            click.option(
                "--host",
                type=click.Choice(["127.0.0.1", "localhost"]),
                default="127.0.0.1",
                show_default=True,
                help="How the redirect URI names this machine; some providers take only localhost.",
            ),
            click.option("--no-browser", is_flag=True, help="Print the address and open nothing."),
            click.option("--yes", is_flag=True, help="Do not ask before something is changed."),
        )
    ):
        command = option(command)
    return command


@click.command("try", epilog=EXAMPLES)
@click.argument("slug")
@click.argument("tool")
@sign_in_options
def command(
    slug: str,
    tool: str,
    given: tuple[str, ...],
    config: tuple[str, ...],
    scopes: tuple[str, ...],
    port: int,
    host: str,
    no_browser: bool,
    yes: bool,
) -> None:
    """Call a tool with your own account at the provider, and print what an assistant would get.

    The client is your own: SLUG_CLIENT_ID and SLUG_CLIENT_SECRET in the environment (ACME_CLIENT_ID for acme), or asked for.
    Its redirect URI is http://127.0.0.1:PORT/callback. The tokens stay in memory and are revoked at the end. The result is on
    standard output, everything else on standard error. A provider on plain http on this machine needs
    VALETKEY_DEVELOPMENT=1.
    """
    import asyncio

    from web.cli.connectors import sign_in

    connector = known.one(slug)
    chosen = known.tool(connector, tool)
    values = arguments.pairs(given, "--arg")
    arguments.refuse_unknown([chosen], values)
    told = arguments.checked(chosen, values)
    development = known.development()
    filled = arguments.config(connector, config, development=development)
    confirm(chosen, yes)
    manner = sign_in.Manner(port, host, not no_browser, development, scopes)
    asyncio.run(_call(connector, chosen, told, sign_in.client(connector, filled), manner))


def confirm(tool: Tool, yes: bool) -> None:
    """A tool that changes something changes it really."""
    if tool.risk != "read" and not yes:
        words = f"{tool.function_name} {tool.changes}. It is done really, with your account. Go on?"
        click.confirm(words, abort=True, err=True)


async def _call(connector: Connector, tool: Tool, given: dict[str, Any], own: Client, manner: Manner) -> None:
    from core.cassettes import Recorder
    from web.cli.connectors.sign_in import call, say, signed_in

    async with signed_in(connector, own, manner, tool.wanted_scopes()) as person:
        recorder = Recorder(development=manner.development)
        try:
            answer = await call(person, tool, given, recorder)
        finally:
            await recorder.close()
        click.echo(json.dumps(answer["result"], indent=2, ensure_ascii=False))
        kept = len(json.dumps(answer["result"], ensure_ascii=False, separators=(",", ":")).encode())
        say(f"{connector.title} sent {_size(recorder.answered_bytes)}; {_size(kept)} leave.")
        if answer.get("next"):
            say(f"There is more: --arg cursor={answer['next']}")


def _size(count: int) -> str:
    return f"{count} bytes" if count < 1000 else f"{count / 1000:.1f} kB"
