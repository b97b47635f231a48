"""`valetkey connectors new`: the files of a connector, from a description of the provider or from nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from web.cli import Failed

if TYPE_CHECKING:
    from web.cli.connectors.draft import Draft

_SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")
_HTTPS = re.compile(r"https://[^\s/?#\"\\]+[^\s\"\\]*\Z")
CATEGORIES = ("crm", "project", "other")
EXAMPLES = """\b
Examples:
  valetkey connectors new acme
  valetkey connectors new acme --title Acme --api-url https://api.acme.example/v3
  valetkey connectors new acme --from-openapi acme.yaml --operations listContacts,getContact
  valetkey connectors new acme --from-openapi acme.yaml --operations getContact --fields id,name
  valetkey connectors new acme --builtin              inside Valetkey's own repository
"""


# ---- what options and answers may be -------------------------------------------------------------------------------


def _slug(text: str) -> str:
    from connectors import CONNECTORS

    if not _SLUG.match(text) or len(text) > 40:
        raise click.BadParameter("lower-case letters, digits and single `_`, at most 40")
    if text in {name.rpartition(".")[2] for name in CONNECTORS}:
        raise click.BadParameter(
            f"{text} is a connector of Valetkey already: choose another slug, such as {text}_acme"
        )
    return text


def _title(text: str) -> str:
    if not text.isprintable() or not text.strip() or set(text) & set('"\\{}'):
        raise click.BadParameter("a name in one line, without quotes and braces")
    return text.strip()


def _address(text: str) -> str:
    if not _HTTPS.match(text.strip()):
        raise click.BadParameter(
            "This has to begin with https://, for example https://api.harbour.example/v2"
        )
    return text.strip()


def _address_or_none(text: str) -> str:
    return _address(text) if text.strip() else ""


def _checked(
    check: Callable[[str], str],
) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """The check of a prompt's answer, for an option."""
    return lambda context, parameter, text: None if text is None else check(text)


# ---- the command -------------------------------------------------------------------------------------------------


@click.command("new", epilog=EXAMPLES)
@click.argument("slug", callback=_checked(_slug))
@click.option(
    "--title",
    callback=_checked(_title),
    help="The provider's name as people know it [default: made from the slug].",
)
@click.option("--category", type=click.Choice(CATEGORIES), help="[default: other]")
@click.option("--api-url", callback=_checked(_address), help="Where the provider's API is.")
@click.option("--authorize-url", callback=_checked(_address), help="Where a person signs in and allows.")
@click.option("--token-url", callback=_checked(_address), help="Where a code becomes a token.")
@click.option(
    "--revoke-url",
    callback=_checked(_address),
    help="Where a token is ended (RFC 7009), if there is such a place.",
)
@click.option(
    "--from-openapi",
    "description",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A description of the provider: OpenAPI 3.0 or 3.1, JSON or YAML.",
)
@click.option(
    "--operations",
    default="",
    help="Which of it: operationId or 'GET /path', separated by commas [default: list them and stop].",
)
@click.option(
    "--fields",
    "fields",
    multiple=True,
    help="What may leave: a,b for every operation, getContact=a,b for one [default: every plain member].",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder [default: valetkey-connector-SLUG].",
)
@click.option("--builtin", is_flag=True, help="Into Valetkey's own repository: connectors/, tests/, docs/.")
@click.option("--ask/--no-ask", default=None, help="Ask for what no option says [default: at a terminal].")
def command(
    slug: str,
    title: str | None,
    category: str | None,
    api_url: str | None,
    authorize_url: str | None,
    token_url: str | None,
    revoke_url: str | None,
    description: Path | None,
    operations: str,
    fields: tuple[str, ...],
    into: Path | None,
    builtin: bool,
    ask: bool | None,
) -> None:
    """Begin a connector: module, test, folder for recordings, setup page.

    The result can be imported and its test passes. `valetkey connectors check` names, line by line, what only a person can
    write: the words of the consent page, and whatever had to be guessed (marked `DRAFT`).
    """
    if operations and not description:
        raise click.UsageError("--operations are those of a description: name it with --from-openapi")
    if description and not operations:
        _list_operations(description)
        return
    asking = sys.stdin.isatty() if ask is None else ask
    title = title or _asked(asking, "The provider's name", slug.replace("_", " ").title(), _title)
    category = category or _asked_category(asking)
    given = {"api_url": api_url, "authorize_url": authorize_url, "token_url": token_url}
    if description:
        draft = _from_description(description, operations, slug, title, category, fields)
    else:
        given = _asked_addresses(asking, slug, given)
        draft = _from_nothing(given, slug, title, category)
    if revoke_url is None:
        words = "Where a token is ended (RFC 7009); nothing, if there is no such place"
        revoke_url = _asked(asking, words, "", _address_or_none)
    _write(_with(draft, {**given, "revoke_url": revoke_url}), into, builtin)


# ---- what no option says -------------------------------------------------------------------------------------------


def _asked(asking: bool, words: str, default: str, check: Callable[[str], str]) -> str:
    """The answer, asked for until it is right."""
    if not asking:
        return default
    answer: str = click.prompt(words, default=default, show_default=bool(default), value_proc=check, err=True)
    return answer


def _asked_category(asking: bool) -> str:
    if not asking:
        return "other"
    answer: str = click.prompt("Category", default="other", type=click.Choice(CATEGORIES), err=True)
    return answer


def _asked_addresses(asking: bool, slug: str, given: dict[str, str | None]) -> dict[str, str | None]:
    base = f"https://api.{slug.replace('_', '-')}.example"
    words = {
        "api_url": ("Address of the API", f"{base}/v1"),
        "authorize_url": ("Where a person signs in and allows", f"{base}/oauth/authorize"),
        "token_url": ("Where a code becomes a token", f"{base}/oauth/token"),
    }
    return {name: given[name] or _asked(asking, *told, _address) for name, told in words.items()}


# ---- the draft -----------------------------------------------------------------------------------------------------


def _list_operations(path: Path) -> None:
    """What there is to choose from, each in one line."""
    from core.plain_text import clean
    from web.cli.connectors.description import load
    from web.cli.connectors.wording import sentence

    found = list(load(path).operations())
    names = [clean(one.id, 200) for one in found]
    width = max(map(len, names), default=0)
    for name, one in zip(names, found, strict=True):
        place = clean(f"{one.method} {one.path}", 200)
        click.echo(f"{name:<{width}}  {place}  {sentence(one.summary, 80)}".rstrip())
    click.echo(f"\nNothing was written. Choose a few: --operations {','.join(names[:2])}", err=True)


def _from_description(
    path: Path, operations: str, slug: str, title: str, category: str, fields: tuple[str, ...]
) -> Draft:
    from web.cli.connectors.description import load
    from web.cli.connectors.drafting import Wanted, drafted

    chosen: dict[str, list[str]] = {}
    for told in fields:
        operation, _, names = told.rpartition("=")
        chosen[operation] = _names(names)
    return drafted(load(path), _names(operations), Wanted(slug, title, category, chosen))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _from_nothing(given: dict[str, str | None], slug: str, title: str, category: str) -> Draft:
    """One tool that finds things, as most providers have one."""
    from web.cli.connectors.description import Description
    from web.cli.connectors.drafting import Wanted, drafted

    described = _example(title, given)
    description = Description(described, "the provider's documentation")
    draft = drafted(description, ["find_items"], Wanted(slug, title, category, {}))
    return _opened(draft)


def _example(title: str, given: dict[str, str | None]) -> dict[str, object]:
    """What is written down of a provider before anything is known: one search, with pages."""
    text, number = {"type": "string"}, {"type": "integer"}
    item = {"type": "object", "required": ["id", "title"], "properties": {"id": text, "title": text}}
    items = {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}
    page = {"type": "object", "properties": {"items": items, "next": text}}
    flow = {
        "authorizationUrl": given["authorize_url"],
        "tokenUrl": given["token_url"],
        "scopes": {"items.read": ""},
    }
    kinds = {"q": text, "limit": number, "cursor": text}
    query = [{"name": name, "in": "query", "schema": kind} for name, kind in kinds.items()]
    find = {
        "operationId": "find_items",
        "summary": "Find items by words of their title.",
        "parameters": query,
        "security": [{"oauth2": ["items.read"]}],
        "responses": {"200": {"description": "", "content": {"application/json": {"schema": page}}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{title}'s documentation", "version": ""},
        "servers": [{"url": given["api_url"]}],
        "paths": {"/items": {"get": find}},
        "components": {
            "schemas": {"Item": item},
            "securitySchemes": {"oauth2": {"type": "oauth2", "flows": {"authorizationCode": flow}}},
        },
    }


def _opened(draft: Draft) -> Draft:
    import msgspec

    words = "all of this is an example: put the provider's addresses, scopes and requests in its place"
    example = "an example: its request, arguments, result and scope are made up"
    tools = tuple(msgspec.structs.replace(tool, open=(*tool.open, example)) for tool in draft.tools)
    source = f"{draft.title}'s documentation"
    return msgspec.structs.replace(draft, open=(words,), tools=tools, source=source)


def _with(draft: Draft, given: dict[str, str | None]) -> Draft:
    import msgspec

    return msgspec.structs.replace(draft, **{name: value for name, value in given.items() if value})


# ---- files -----------------------------------------------------------------------------------------------------


def _write(draft: Draft, into: Path | None, builtin: bool) -> None:
    from web.cli.connectors import skeleton

    place = skeleton.builtin(draft, into or Path()) if builtin else skeleton.package(draft, into)
    files = skeleton.files(draft, place)
    taken = [str(path) for path in files if path.exists()]
    if taken:
        raise Failed(f"there already: {', '.join(taken)}. Nothing was written.")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    place.cassettes.mkdir(parents=True, exist_ok=True)
    if place.listing:
        skeleton.enlist(place.listing, place.module)
    skeleton.formatted(list(files))
    for path in [*files, place.cassettes]:
        click.echo(str(path))
    _say_what_next(draft.slug, place.folder, builtin)


def _say_what_next(slug: str, folder: Path, builtin: bool) -> None:
    where = folder if folder.is_absolute() else f"$PWD/{folder}"
    steps = [] if builtin else [f"export VALETKEY_CONNECTORS_PATH={where}"]
    steps.append(f"valetkey connectors check {slug}    # what is left to write, with file and line")
    click.echo("\nNext:\n" + "\n".join(f"  {step}" for step in steps), err=True)
