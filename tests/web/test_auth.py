"""Who is calling: one plain bearer key, of the kind the address wants, looked at before anything of the body."""

from __future__ import annotations

import httpx

from core import assistants
from tests.web.conftest import Desk


async def ask(desk: Desk, *headers: tuple[str, str], path: str = "/v1/catalog") -> httpx.Response:
    return await desk.http.get(path, headers=list(headers))


async def test_the_scheme_is_read_in_any_case(desk: Desk) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = await ask(desk, ("Authorization", f"{scheme} {desk.home.assistant_key}"))
        assert answer.status_code == 200


async def test_anything_else_is_a_401_with_the_challenge(desk: Desk) -> None:
    for value in ("", "Bearer", "Bearer  ", "Basic dTpw", "Token x", "vka_x", "Bearer a b", "Bearer \xff"):
        answer = await desk.http.get("/v1/catalog", headers=[(b"Authorization", value.encode("latin-1"))])
        assert answer.status_code == 401 and answer.json()["code"] == "invalid_credentials"
        assert answer.headers["www-authenticate"] == 'Bearer realm="valetkey"'


async def test_two_headers_are_nobody(desk: Desk) -> None:
    one = ("Authorization", f"Bearer {desk.home.assistant_key}")
    assert (await ask(desk, one, one)).status_code == 401
    assert (await ask(desk, one, ("authorization", "Bearer x"))).status_code == 401


async def test_the_other_kind_of_key_is_a_403_that_says_which_is_needed(desk: Desk) -> None:
    for path, headers, kind in (("/v1/policy", desk.assistant, "vkw_"), ("/v1/tools", desk.admin, "vka_")):
        answer = await desk.http.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden") and kind in answer.json()[
            "detail"
        ]


async def test_an_assistant_is_held_to_its_own(desk: Desk) -> None:
    grant = await desk.home.grant()
    _, key = await desk.home.new_assistant("Other")
    at = f"/v1/grants/{grant.id}"
    assert (await desk.http.get(at, headers=desk.assistant)).status_code == 200
    assert (await desk.http.get(at, headers=desk.admin)).status_code == 200
    assert (await desk.http.get(at, headers={"Authorization": f"Bearer {key}"})).status_code == 404


async def test_the_key_is_looked_at_before_the_body(desk: Desk) -> None:
    answer = await desk.http.post(
        "/v1/tool-calls", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 401


async def test_a_removed_assistants_key_is_nobodys(desk: Desk) -> None:
    await assistants.delete(desk.home.house, desk.home.admin, desk.home.assistant.id)
    assert (await desk.http.get("/v1/tools", headers=desk.assistant)).status_code == 401
