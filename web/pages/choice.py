"""The page on which a person chooses one of several accounts that their sign-in covers."""

from __future__ import annotations

from litestar import Response

from core import choosing
from core.browsers import csrf_token
from core.errors import InvalidBody
from core.house import House
from core.secret import Secret
from web.pages import forms
from web.pages.logos import logo_of
from web.pages.render import page
from web.pages.views.choice import choice_view


async def choice(
    house: House, session_id: str, browser: Secret | None, *, fault: InvalidBody | None = None
) -> Response:
    """With `fault` when the form came without one of them. Raises what `choosing.open_page` raises."""
    shown = await choosing.open_page(house, session_id, browser)
    assert browser is not None  # open_page refuses a browser that did not agree
    view = choice_view(
        shown, csrf=csrf_token(browser, session_id), logo=logo_of(shown.assistant), fault=fault
    )
    return page(
        "connect/choose.html",
        view,
        now_ms=house.now_ms(),
        status=fault.status if fault else 200,
        form_action=forms.elsewhere(house),
    )
