"""The command line: `valetkey`. One file of this folder is one command and holds it as `command`.

A file is imported when its command runs or is listed, and imports what is heavy inside its functions, so that
`valetkey --help` answers at once. Exit codes: 0 all is well, 1 a problem was found or the thing failed, 2 wrong usage.
"""

from __future__ import annotations

import os
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click

from core.errors import ValetkeyError


class Failed(click.ClickException):
    """What went wrong and what to do, on standard error; exit code 1."""

    def format_message(self) -> str:
        return self.message


class Commands(click.Group):
    """The files of this folder as commands: `sign_in_link.py` is `valetkey sign-in-link`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in iter_modules(__path__))
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValetkeyError as error:
            raise Failed(error.detail) from error


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings come from VALETKEY_* variables or a TOML file: see docs/settings.md and `valetkey config`.",
)
@click.version_option(package_name="valetkey", message="valetkey %(version)s")
def main() -> None:
    """Valetkey: let people give an AI assistant a scoped, revocable key to their CRM and project tools.

    \b
    To look at it:    valetkey demo
    To run it:        valetkey keys init keyring.json
                      export VALETKEY_KEYRING=keyring.json VALETKEY_PUBLIC_URL=https://keys.example.com
                      valetkey serve
    """


def environ() -> dict[str, str]:
    return dict(os.environ)
