"""The page that asks which account to use. Nothing on it is chosen beforehand."""

from __future__ import annotations

from collections import Counter

import msgspec

from core.choosing import ChoicePage
from core.errors import ValetkeyError
from core.plain_text import NAME_CHARS
from web.pages.text import plain


class Choosable(msgspec.Struct, frozen=True):
    """`id` is what the form sends; `hint` tells apart what has the same label."""

    id: str
    label: str
    hint: str | None = None


class ChoiceView(msgspec.Struct, frozen=True):
    session: str
    csrf: str
    assistant: str
    assistant_logo: str | None
    slug: str
    connector: str
    accounts: tuple[Choosable, ...]
    expires_at: int
    fault: str | None = None
    code: str | None = None


def choice_view(
    shown: ChoicePage, *, csrf: str, logo: str | None = None, fault: ValetkeyError | None = None
) -> ChoiceView:
    labels = Counter(one.label for one in shown.offered)
    return ChoiceView(
        session=shown.session.id,
        csrf=csrf,
        assistant=plain(shown.assistant.name, NAME_CHARS),
        assistant_logo=logo,
        slug=shown.connector.slug,
        connector=shown.connector.title,
        accounts=tuple(
            Choosable(one.id, one.label, one.id if labels[one.label] > 1 else None) for one in shown.offered
        ),
        expires_at=shown.session.expires_at,
        fault=fault.detail if fault else None,
        code=fault.code if fault else None,
    )
