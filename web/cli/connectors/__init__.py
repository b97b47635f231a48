"""`valetkey connectors`: what this build can connect to, and everything an author needs to add to it.

known                        which connectors there are, from where
listing  check  catalogue    `list`, `check`, `catalogue`
arguments  loopback          `--arg name=value`; the redirect URI on this machine
sign_in                      the developer's own account, for as long as a command runs
attempt  recording           `try`, `record`
description                  an OpenAPI file, read
draft  wording  shapes       a connector before it is code; words and schemas of a description as Python has them
results  inputs  whose       what its tools give and take; whose account it is
drafting                     the draft, made of all that
code  examples  skeleton     the draft as Python, as a test, as files
new                          `new`
"""

from __future__ import annotations

import click

from web.cli.connectors import attempt, catalogue, check, listing, new, recording

EXAMPLES = """\b
Examples:
  valetkey connectors list
  valetkey connectors new acme
  valetkey connectors check acme
  valetkey connectors try acme find_contacts --arg query=ada
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Connectors: list them, begin one, check them, try and record them with an account of your own."""


for _one in (listing, new, check, catalogue, attempt, recording):
    command.add_command(_one.command)
