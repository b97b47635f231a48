"""Every error of a page says what happened, whether anything was stored, and what to do."""

from __future__ import annotations

import pytest

from core import errors
from core.model import Fault
from web.pages import faults
from web.pages.faults import _tree
from web.pages.render import render

KINDS = [kind for kind in _tree(errors.ValetkeyError).values() if kind.__module__ == "core.errors"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
@pytest.mark.parametrize("area", ["connect", "me", "admin"])
def test_every_error_has_a_page(kind: type[errors.ValetkeyError], area: str) -> None:
    view = faults.fault_view(kind(), area=area, request_id="req_1")
    shown = render("fault.html", view, now_ms=0)
    assert f'data-code="{kind.code}"' in shown and "req_1" in shown
    assert view.headline and view.lead


def test_the_same_code_is_told_otherwise_where_it_means_something_else() -> None:
    person = faults.fault_view(errors.Unauthenticated(), area="me")
    admin = faults.fault_view(errors.Unauthenticated(), area="admin")
    assert "chat" in person.headline and "valetkey sign-in-link" in (admin.advice or "")
    assert (person.link, admin.link) == (None, "/admin")  # once signed in by the link, the page opens


def test_an_error_of_the_portal_leads_back_to_the_portal() -> None:
    assert faults.fault_view(errors.Missing(), area="me").link == "/me"


def test_what_a_session_ended_with_keeps_its_code_and_status() -> None:
    assert faults.error_of(Fault("provider_error", "No.")).status == 502
    made_up = faults.error_of(Fault("mix_up", "No."))
    assert (made_up.code, made_up.status) == ("mix_up", 400)
    assert faults.error_of(None).code == "session_ended"
    assert errors.BadRequest.code == "invalid_request"


def test_no_page_blames_the_person_or_cries_out() -> None:
    for words in faults.WORDS.values():
        text = " ".join([words.headline, words.lead, *words.facts, words.advice or ""])
        assert "!" not in text and "Oops" not in text and "invalid" not in text.lower()
