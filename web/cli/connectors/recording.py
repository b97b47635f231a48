"""`valetkey connectors record`: cassettes of the live provider, with the developer's own account, scrubbed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from core.errors import ValetkeyError
from web.cli import Failed
from web.cli.connectors import arguments, known
from web.cli.connectors.attempt import confirm, sign_in_options

if TYPE_CHECKING:
    from core.cassettes import Call, Exchange
    from core.connector import Connector, Tool
    from web.cli.connectors.sign_in import Client, Manner, SignedIn

T = TypeVar("T")
CASES = (
    "success", "empty", "next_page", "first_page", "unauthorized", "missing_scope", "not_found", "rate_limited", "server_error",
)  # fmt: skip
EXAMPLES = """\b
Examples:
  valetkey connectors record acme find_contacts --arg query=ada
  valetkey connectors record acme find_contacts --arg query=nobody --case empty
  valetkey connectors record acme find_contacts --case unauthorized
  valetkey connectors record acme                     every reading tool that needs no argument
"""

# Answers that an account cannot be made to get.
MADE_UP: dict[str, tuple[int, str, dict[str, str]]] = {
    "rate_limited": (429, "Too Many Requests", {"retry-after": "60"}),  # longer than a call may wait
    "server_error": (500, "Internal Server Error", {}),
}


class Order(msgspec.Struct, frozen=True):
    """What is recorded, and how it is written."""

    case: str
    folder: Path
    keep_names: bool
    replace: bool
    line: str


@click.command("record", epilog=EXAMPLES)
@click.argument("slug")
@click.argument("tools", metavar="[TOOL]...", nargs=-1)
@sign_in_options
@click.option(
    "--case", type=click.Choice(CASES), default="success", show_default=True, help="What is recorded."
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of cassettes [default: beside the connector].",
)
@click.option(
    "--keep-names", is_flag=True, help="Leave e-mail addresses and names in: the account is of nobody."
)
@click.option("--replace", is_flag=True, help="Write over cassettes that are there.")
def command(
    slug: str,
    tools: tuple[str, ...],
    given: tuple[str, ...],
    config: tuple[str, ...],
    scopes: tuple[str, ...],
    port: int,
    host: str,
    no_browser: bool,
    yes: bool,
    case: str,
    into: Path | None,
    keep_names: bool,
    replace: bool,
) -> None:
    """Call tools with your own account, and keep what was said as cassettes/SLUG/TOOL__CASE.yaml.

    Tokens, e-mail addresses, names and telephone numbers are taken out; a cassette in which something like a secret is left, or
    that does not play again, is not written. Read it before you publish it: free text stays. Signs in as `try` does.

    `unauthorized` calls with a made-up token; `missing_scope` is signed in to with --scope; `next_page` follows the first page.
    `rate_limited` and `server_error` cannot be had for the asking: they are the request of `success` with a made-up answer, and
    say so.
    """
    import asyncio

    from core import evidence
    from web.cli.connectors import sign_in

    _vcrpy_is_there()
    connector = known.one(slug)
    values = arguments.pairs(given, "--arg")
    order = Order(case, into or evidence.home(connector).cassettes, keep_names, replace, _line(slug, tools))
    named = [known.tool(connector, name) for name in tools]
    for tool in named:
        _free(order, connector, tool)
    if case in MADE_UP:
        chosen = named or _missing(order, connector, connector.tools.values())
        _keep(chosen, lambda tool: _make_up(connector, tool, order), [])
        return
    chosen = named or _missing(order, connector, _reading(connector, values))
    if not chosen:
        return
    arguments.refuse_unknown(chosen, values)
    work = [(tool, arguments.checked(tool, values)) for tool in chosen]
    development = known.development()
    filled = arguments.config(connector, config, development=development)
    for tool in chosen:
        confirm(tool, yes)
    manner = sign_in.Manner(port, host, not no_browser, development, scopes)
    heard, faults = asyncio.run(_record(connector, work, sign_in.client(connector, filled), manner, order))
    _keep(heard, lambda one: _write(connector, *one, order), faults)


def _keep(all_: Iterable[T], write: Callable[[T], None], faults: list[str]) -> None:
    """One that fails stops no other. Raises Failed with what did not come about."""
    for one in all_:
        try:
            write(one)
        except (Failed, ValetkeyError) as error:
            faults.append(str(error))
    if faults:
        raise Failed("\n".join(faults))


def _vcrpy_is_there() -> None:
    from importlib.util import find_spec

    if find_spec("vcr") is None:
        from core.cassettes import NEEDS_VCRPY

        raise Failed(NEEDS_VCRPY)


def _reading(connector: Connector, values: dict[str, str]) -> list[Tool]:
    """Every tool that changes nothing and whose arguments are there."""
    found = [tool for tool in connector.tools.values() if tool.risk == "read"]
    ready = []
    for tool in found:
        if lacking := arguments.lacking(tool, arguments.for_tool(tool, values)):
            click.echo(f"{tool.function_name} is left out: it needs {lacking}", err=True)
        else:
            ready.append(tool)
    if not ready:
        raise Failed("No tool is left to record: name one, with its arguments")
    return ready


def _missing(order: Order, connector: Connector, tools: Iterable[Tool]) -> list[Tool]:
    """Those that have none of this case yet; the others are named."""
    left = []
    for tool in tools:
        path = _path(order, connector, tool)
        if path.exists() and not order.replace:
            click.echo(f"{tool.function_name} is left out: {path} is there already", err=True)
        else:
            left.append(tool)
    return left


def _line(slug: str, tools: tuple[str, ...]) -> str:
    return " ".join(["valetkey connectors record", slug, *tools])


def _path(order: Order, connector: Connector, tool: Tool) -> Path:
    return order.folder / connector.slug / f"{tool.function_name}__{order.case}.yaml"


def _free(order: Order, connector: Connector, tool: Tool) -> None:
    path = _path(order, connector, tool)
    if path.exists() and not order.replace:
        raise Failed(f"{path} is there already: --replace writes over it")


# ---- one sign-in, one recording for each tool ------------------------------------------------------------------


async def _record(
    connector: Connector,
    work: list[tuple[Tool, dict[str, Any]]],
    own: Client,
    manner: Manner,
    order: Order,
) -> tuple[list[tuple[Tool, Call, list[Exchange]]], list[str]]:
    """What was said, tool by tool, and what did not come about. Written when the sign-in is over."""
    from web.cli.connectors.sign_in import signed_in

    wanted = tuple(dict.fromkeys(scope for tool, _ in work for scope in tool.wanted_scopes()))
    heard, faults = [], []
    async with signed_in(connector, own, manner, wanted) as person:
        for tool, given in work:
            try:
                heard.append((tool, *await _heard(person, tool, given, order)))
            except (Failed, ValetkeyError) as error:
                faults.append(str(error))
    return heard, faults


async def _heard(
    person: SignedIn, tool: Tool, given: dict[str, Any], order: Order
) -> tuple[Call, list[Exchange]]:
    """What was said while the case came about. Raises Failed when another did."""
    from core.cassettes import Call, Recorder

    if order.case == "next_page":
        given = {**given, "cursor": await _cursor(person, tool, given)}
    recorder = Recorder(development=person.http.development)
    try:
        ended, result = await _ending(person, tool, given, order.case, recorder)
    finally:
        await recorder.close()
    _fits(tool, order.case, ended, result)
    call = Call(tool=tool.function_name, case=order.case, arguments=given, fields=person.fields)
    return call, recorder.heard


async def _ending(
    person: SignedIn, tool: Tool, given: dict[str, Any], case: str, http: Any
) -> tuple[str, Any]:
    """The problem code the call ends with, or `ok` and its result."""
    from core import rehearsal
    from web.cli.connectors.sign_in import call

    try:
        if case in ("unauthorized", "missing_scope"):
            source = rehearsal.HeldToken() if case == "unauthorized" else person
            return "ok", await rehearsal.run(
                person.connector, tool.function_name, given, http=http, tokens=source, fields=person.fields
            )
        return "ok", await call(person, tool, given, http)
    except ValetkeyError as error:
        return error.code, error.detail


async def _cursor(person: SignedIn, tool: Tool, given: dict[str, Any]) -> str:
    from web.cli.connectors.sign_in import call

    first = await call(person, tool, given, person.http)
    if not first.get("next"):
        raise Failed(f"{tool.function_name}: there is no next page: ask for less, for example --arg limit=1")
    return str(first["next"])


def _fits(tool: Tool, case: str, ended: str, result: Any) -> None:
    from core.rehearsal import ENDINGS

    wanted = ENDINGS.get(case, ("ok",))
    if ended not in wanted:
        said = f": {result}" if isinstance(result, str) else ""
        raise Failed(
            f"{tool.function_name}: this is no {case!r}: it ended with {ended}{said}. Nothing was written for it."
        )
    items = result["result"].get("items") if ended == "ok" and tool.is_page else None
    if items is not None and (case == "empty") != (items == []):
        how = "nothing" if items == [] else f"{len(items)} items"
        raise Failed(f"{tool.function_name}: this is no {case!r}: {how} came. Nothing was written for it.")


def _write(connector: Connector, tool: Tool, call: Call, heard: list[Exchange], order: Order) -> None:
    from datetime import UTC, datetime

    from core import cassettes

    path = _path(order, connector, tool)
    call, kept = cassettes.scrubbed(call, heard, keep_names=order.keep_names)
    what = "tokens" if order.keep_names else "tokens, e-mail addresses and names"
    header = (
        f"{cassettes.LIVE} of {connector.title}, made on {datetime.now(UTC):%Y-%m-%d} by: {order.line}\n"
        f"# Scrubbed: {what} are taken out.\n"
    )
    cassettes.write(path, header, call, kept)
    _plays(connector, path)
    click.echo(str(path))


def _make_up(connector: Connector, tool: Tool, order: Order) -> None:
    """The first request of `success`, with an answer nobody gave."""
    from datetime import UTC, datetime

    from core import cassettes

    success = _path(msgspec.structs.replace(order, case="success"), connector, tool)
    text = success.read_text() if success.is_file() else ""
    call, heard = cassettes.call_of(text), cassettes.exchanges_of(text) if text else []
    if call is None or not heard:
        raise Failed(f"{tool.function_name}: record its success first; {order.case} is made of its request")
    status, reason, headers = MADE_UP[order.case]
    made = msgspec.structs.replace(
        heard[0],
        status=status,
        reason=reason,
        answered="{}",
        answered_headers={"content-type": "application/json", **headers},
    )
    path = _path(order, connector, tool)
    header = (
        f"{cassettes.MADE_UP} of {connector.title}: the request is that of {success.name}, the answer nobody gave;"
        f" made on {datetime.now(UTC):%Y-%m-%d} by: {order.line} --case {order.case}\n"
    )
    cassettes.write(path, header, msgspec.structs.replace(call, case=order.case), [made])
    _plays(connector, path)
    click.echo(str(path))


def _plays(connector: Connector, path: Path) -> None:
    """What was taken out may not have broken it."""
    from core import evidence

    told = [
        fault
        for fault in evidence.recording_problems(connector, path.parent.parent)
        if fault.file == str(path)
    ]
    if told:
        path.unlink()
        raise Failed(
            f"{told[0].what}. It was not kept; --keep-names may help where the account is of nobody."
        )
