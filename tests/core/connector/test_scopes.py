"""The arithmetic of scopes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.connector.scopes import missing, missing_of_any, union

NAMES = st.sampled_from("abcdefgh")
SCOPES = st.lists(NAMES, max_size=6)
SETS = st.sets(NAMES)


@given(SCOPES, SETS)
def test_what_is_missing_and_what_is_granted_make_up_what_is_needed(
    needed: list[str], granted: set[str]
) -> None:
    lacking = missing(needed, granted)
    assert set(lacking) == set(needed) - granted
    assert lacking == sorted(set(lacking), key=needed.index)


@given(SCOPES, SETS)
def test_granting_what_is_missing_is_enough_and_nothing_less_is(needed: list[str], granted: set[str]) -> None:
    lacking = missing(needed, granted)
    assert missing(needed, granted | set(lacking)) == []
    assert all(missing(needed, granted | set(lacking) - {one}) == [one] for one in lacking)


@given(SCOPES, SETS, SETS)
def test_more_granted_never_means_more_missing(needed: list[str], granted: set[str], more: set[str]) -> None:
    assert set(missing(needed, granted | more)) <= set(missing(needed, granted))


@given(st.lists(SCOPES, max_size=4), SETS)
def test_of_alternatives_one_whole_one_is_enough_and_the_nearest_is_told(
    alternatives: list[list[str]], granted: set[str]
) -> None:
    lacking = missing_of_any(alternatives, granted)
    assert (lacking == []) == (not alternatives or any(set(one) <= granted for one in alternatives))
    assert not alternatives or len(lacking) == min(len(set(one) - granted) for one in alternatives)


@given(st.lists(SCOPES, max_size=4))
def test_a_union_holds_every_scope_once(wanted: list[list[str]]) -> None:
    whole = union(wanted)
    assert set(whole) == {scope for scopes in wanted for scope in scopes}
    assert len(whole) == len(set(whole))
    assert union([whole]) == whole
