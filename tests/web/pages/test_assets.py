"""Files anybody may have, and how long a browser may keep them."""

from __future__ import annotations

import httpx
import pytest

from core.errors import Missing
from tests.web.pages.running import RunningValetkey
from web.pages import assets


def test_an_address_changes_with_its_file() -> None:
    assert assets.static("valetkey.css") == f"/static/valetkey.css?v={assets.asset('valetkey.css').digest}"


@pytest.mark.parametrize("name", ["../app.py", "nothing.css", "/etc/passwd", "..", "", "valetkey.css/x"])
def test_nothing_outside_the_folder_is_a_file(name: str) -> None:
    with pytest.raises(Missing):
        assets.asset(name)


def test_the_current_version_is_kept_for_a_year_and_another_for_an_hour(valetkey: RunningValetkey) -> None:
    current = httpx.get(valetkey.url + assets.static("valetkey.css"), trust_env=False)
    assert "immutable" in current.headers["cache-control"]
    other = httpx.get(f"{valetkey.url}/static/valetkey.css?v=old", trust_env=False)
    assert other.status_code == 200 and "max-age=3600" in other.headers["cache-control"]


def test_the_widget_can_be_loaded_from_any_page_and_is_asked_for_by_its_hash(
    valetkey: RunningValetkey,
) -> None:
    first = httpx.get(f"{valetkey.url}/widget.js", trust_env=False)
    assert first.headers["content-type"].startswith("text/javascript")
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    again = httpx.get(
        f"{valetkey.url}/widget.js", headers={"If-None-Match": first.headers["etag"]}, trust_env=False
    )
    assert again.status_code == 304 and again.content == b""


@pytest.mark.parametrize("path", ["/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/nothing.js"])
def test_a_path_that_leads_elsewhere_finds_nothing(valetkey: RunningValetkey, path: str) -> None:
    assert httpx.get(valetkey.url + path, trust_env=False).status_code == 404
