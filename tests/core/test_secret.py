"""A Secret shows itself by `reveal()` and in no other way."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import msgspec
import pytest

from core.secret import Secret

HIDDEN = "the-hidden-value"


def test_printing_shows_stars() -> None:
    secret = Secret(HIDDEN)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", f"{[secret]}", f"{secret:>10}"]
    assert not any(HIDDEN in one for one in shown) and "***" in str(secret)
    assert secret.reveal() == HIDDEN


def test_it_is_in_no_log_and_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(HIDDEN)
    logging.getLogger("x").warning("%s %r", secret, {"token": secret})
    try:
        raise ValueError(secret)
    except ValueError:
        assert HIDDEN not in traceback.format_exc()
    assert HIDDEN not in caplog.text


def test_it_cannot_be_written_down() -> None:
    secret = Secret(HIDDEN)
    for write in (pickle.dumps, json.dumps, msgspec.json.encode, msgspec.to_builtins, copy.deepcopy):
        with pytest.raises(TypeError):
            write(secret)  # type: ignore[operator]


def test_it_has_no_other_attribute() -> None:
    with pytest.raises(AttributeError):
        Secret(HIDDEN).extra = 1  # type: ignore[attr-defined]
    assert not hasattr(Secret(HIDDEN), "__dict__")


def test_equal_secrets_are_equal_and_nothing_else_is() -> None:
    assert Secret(HIDDEN) == Secret(HIDDEN) != Secret("other")
    assert Secret(HIDDEN) != HIDDEN
    assert len({Secret(HIDDEN), Secret(HIDDEN), Secret("other")}) == 2
    assert Secret("ü") == Secret("ü")
    assert Secret(HIDDEN) and not Secret("")
