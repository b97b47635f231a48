"""What holds for every admin page and every admin form."""

from __future__ import annotations

import pytest

from tests.harness.scene import Scene
from tests.harness.walker import Form, Walker
from tests.web.pages.admin.conftest import Desk

PAGES = (
    "", "/grants", "/grants/{grant}", "/grants/{grant}/revoke", "/grants/revoke?grant={grant}", "/receipts/{receipt}",
    "/policy", "/audit", "/connectors", "/connectors/northwind", "/connectors/northwind/delete", "/connectors/jira",
    "/assistants", "/assistants/new", "/assistants/{assistant}", "/assistants/{assistant}/delete",
    "/assistants/{assistant}/keys/{key}/revoke",
)  # fmt: skip
FORMS = (
    "/sign-out", "/grants/revoke", "/grants/{grant}/revoke", "/grants/{grant}/narrow", "/policy", "/audit/verify",
    "/connectors/jira", "/connectors/northwind/delete", "/assistants", "/assistants/{assistant}",
    "/assistants/{assistant}/delete", "/assistants/{assistant}/keys", "/assistants/{assistant}/keys/{key}/revoke",
)  # fmt: skip


@pytest.fixture
def names(desk: Desk, stage: Scene) -> dict[str, str]:
    grant = stage.connect("ada", tools=["find_deals", "move_deal"])
    keys = stage.workspace.http.get(f"/v1/assistants/{stage.assistant.id}").json()["keys"]
    return {
        "grant": grant["id"],
        "receipt": grant["receipt"],
        "assistant": stage.assistant.id,
        "key": keys[0]["id"],
    }


def token(desk: Desk) -> str:
    return dict(desk.open("/policy").form("/admin/policy").fields)["csrf_token"]


def test_every_page_carries_the_headers_of_a_page(desk: Desk, names: dict[str, str]) -> None:
    for path in PAGES:
        page = desk.open(path.format(**names))
        assert page.status == 200, path
        headers = page.response.headers
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe-inline" not in policy, path


def test_no_page_carries_inline_script_or_style_or_loads_from_elsewhere(
    desk: Desk, names: dict[str, str]
) -> None:
    for path in PAGES:
        soup = desk.open(path.format(**names)).soup
        assert soup.select("[style]") == [], path
        for tag in soup.select("script, link[href], img[src], iframe"):
            source = tag.get("src") or tag.get("href")
            assert source and str(source).startswith("/"), (path, tag)
        assert not [tag for tag in soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)], (
            path
        )


def test_every_form_that_changes_something_carries_a_token(desk: Desk, names: dict[str, str]) -> None:
    for path in PAGES:
        for form in desk.open(path.format(**names)).forms:
            assert form.method == "get" or dict(form.fields).get("csrf_token"), (path, form.action)


def test_a_form_without_its_token_is_refused(desk: Desk, names: dict[str, str]) -> None:
    desk.open("/policy")
    for path in FORMS:
        form = Form(
            f"{desk.valetkey.url}/admin{path.format(**names)}", "post", [("reason", "x"), ("name", "x")]
        )
        page = desk.walker.submit(form)
        assert (page.status, page.code) == (403, "csrf_failed"), path
        desk.open("/policy")


def test_a_form_from_a_foreign_page_is_refused_even_with_a_good_token(
    desk: Desk, names: dict[str, str]
) -> None:
    good = token(desk)
    for path in FORMS:
        answer = desk.walker.http.post(
            f"{desk.valetkey.url}/admin{path.format(**names)}",
            data={"csrf_token": good, "reason": "x", "name": "x"},
            headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        )
        assert answer.status_code == 403 and 'data-code="forbidden"' in answer.text, path
    assert desk.open(f"/grants/{names['grant']}").words.count("Active"), "a refused form changed something"


def test_without_a_session_nothing_is_shown_or_done(desk: Desk, names: dict[str, str]) -> None:
    with Walker() as nobody:
        for path in PAGES:
            page = nobody.open(f"{desk.valetkey.url}/admin{path.format(**names)}")
            assert (page.status, page.code) == (401, "invalid_credentials"), path
            assert "sign-in-link" in page.words
        for path in FORMS:
            answer = nobody.http.post(
                f"{desk.valetkey.url}/admin{path.format(**names)}", data={"reason": "x"}
            )
            assert answer.status_code == 401, path


def test_an_admin_of_another_workspace_finds_nothing_here(
    desk: Desk, names: dict[str, str], stranger: Desk
) -> None:
    foreign = [path for path in PAGES if "{" in path and "?" not in path] + ["/connectors/northwind/delete"]
    for path in foreign:
        page = stranger.open(path.format(**names))
        assert (page.status, page.code) == (404, "not_found"), path
    good = token(stranger)
    for path in (path for path in FORMS if "{" in path):
        form = Form(
            f"{stranger.valetkey.url}/admin{path.format(**names)}",
            "post",
            [("csrf_token", good), ("reason", "x"), ("name", "Mine"), ("tools", "northwind.find_deals")],
        )
        stranger.open("/policy")
        assert stranger.walker.submit(form).status == 404, path
    preview = stranger.open(f"/grants/revoke?grant={names['grant']}")
    assert "Nothing to revoke" in preview.words and "ada" not in preview.words
    form = Form(preview.url, "post", [("csrf_token", good), ("reason", "x"), ("grant", names["grant"])])
    assert "0 grants revoked" in stranger.walker.submit(form).words
    assert "Active" in desk.open(f"/grants/{names['grant']}").words


def test_a_workspace_key_does_not_open_the_pages(desk: Desk, stage: Scene) -> None:
    answer = stage.workspace.http.get("/admin", headers={"Accept": "text/html"})
    assert answer.status_code == 401


def test_what_a_filter_cannot_mean_is_a_page_with_its_code(desk: Desk) -> None:
    for path in (
        "/grants?status=nonsense",
        "/grants?unused_for_days=-1",
        "/grants?cursor=%00",
        "/audit?before=evt_x",
    ):
        page = desk.open(path)
        assert page.status == 400 and page.code in ("invalid_request", "invalid_cursor"), path
