"""Text for GitLab that is written down and does nothing else.

In an issue or comment GitLab obeys lines that begin with a slash (quick actions: `/close`, `/assign @ada`, `/merge`), also
when they come through the API. So a tool that only adds a comment could be talked into closing, assigning or moving an issue.
A backslash before such a slash makes it text: Markdown shows the slash, and no line begins with it.

Sources: docs.gitlab.com, "GitLab quick actions"; gitlabhq/gitlabhq `lib/gitlab/quick_actions/extractor.rb` (a command is a line
that begins with `/name`, outside code, quotes and HTML blocks; carriage returns are taken out before), both read on 2026-11-24.
Limits: in a block of code the backslash can be seen.
"""

from __future__ import annotations

import re

# GitLab looks at what follows a line feed; blanks are escaped too, so that nothing that trims lines changes the answer.
_ACTION = re.compile(r"(?m)^([^\S\n]*)/")


def inert(text: str) -> str:
    """`text` without blanks around it, no line of which is a quick action."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return _ACTION.sub(r"\1\\/", lines)
