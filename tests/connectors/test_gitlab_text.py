"""Text for GitLab: no line of it is obeyed, and nothing of it is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors._gitlab_text import inert

# As GitLab reads: carriage returns are taken out, then a command is a line that begins with it.
OBEYED = re.compile(r"^/[a-z]", re.IGNORECASE | re.MULTILINE)
HOSTILE = [
    "/close",
    "/assign @ben\n/close",
    "hello\n/close",
    "hello\r/close",
    "hello\n\r/close",
    "hello\r\n/close\r\n",
    "  /close",
    "\t\n \x0b/close",
    "\u3000/close",
    "a\n\n\n/merge",
    "```\n/close\n```",
    "//close",
    "\\/close",
    "a /close b",
    "nul\0\n/close",
]
text = (
    st.text(st.sampled_from("/ \n\r\tclose\\\u2028\x0b"), max_size=40)
    | st.text(max_size=40)
    | st.sampled_from(HOSTILE)
)


def as_gitlab_reads(written: str) -> str:
    return written.replace("\r", "")


@given(text)
@example("/close")
@example("\r\n/close")
def test_no_line_is_a_command(value: str) -> None:
    written = inert(value)
    assert not OBEYED.search(as_gitlab_reads(written))
    trimmed = "\n".join(line.strip() for line in as_gitlab_reads(written).split("\n"))
    assert not OBEYED.search(trimmed)


@given(text)
def test_only_backslashes_are_added(value: str) -> None:
    plain = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    written = inert(value)
    assert re.sub(r"(?m)^([^\S\n]*)\\/", r"\1/", written) == re.sub(r"(?m)^([^\S\n]*)\\/", r"\1/", plain)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("a/b and /c", "a/b and /c"),
        ("/close", "\\/close"),
        (" x\r\n /assign @ben ", "x\n \\/assign @ben"),
        ("https://acme.example/", "https://acme.example/"),
    ],
)
def test_what_is_no_command_stays_as_it_is(value: str, written: str) -> None:
    assert inert(value) == written


def test_a_megabyte_is_read_once() -> None:
    assert len(inert("/x\n" * 250_000)) == 250_000 * 4 - 1
