"""`valetkey sign-in-link`: a link for one browser, for ten minutes, to the workspace that was meant."""

from __future__ import annotations

import json
import re

from tests.harness.service import Service
from tests.harness.walker import Walker
from tests.web.cli.test_config import run

LINK = re.compile(r"https://keys\.acme\.example/admin/sign-in\?ticket=[A-Za-z0-9_-]{43}\n")


def test_it_prints_the_link_and_nothing_else(settings: dict[str, str]) -> None:
    run("workspaces", "create", "Acme", **settings)
    first, second = (run("sign-in-link", **settings) for _ in range(2))
    assert LINK.fullmatch(first.stdout) and LINK.fullmatch(second.stdout) and first.stdout != second.stdout


def test_with_several_workspaces_it_asks_which(settings: dict[str, str]) -> None:
    found = run("sign-in-link", **settings)
    assert found.exit_code == 1 and "valetkey workspaces create" in found.stderr
    made = [
        json.loads(run("workspaces", "create", name, "--json", **settings).stdout)
        for name in ("Acme", "Beta")
    ]
    unclear = run("sign-in-link", **settings)
    assert unclear.exit_code == 1 and all(one["workspace"] in unclear.stderr for one in made)
    for which in (made[0]["workspace"], "Beta"):
        assert LINK.fullmatch(run("sign-in-link", "--workspace", which, **settings).stdout)


def test_in_development_it_leads_to_the_port_the_service_is_on(settings: dict[str, str]) -> None:
    settings |= {"VALETKEY_PUBLIC_URL": "", "VALETKEY_DEVELOPMENT": "1"}
    run("workspaces", "create", "Acme", **settings)
    said = run("sign-in-link", "--port", "8123", **settings).stdout
    assert said.startswith("http://127.0.0.1:8123/admin/sign-in?ticket=")


def test_the_link_signs_one_browser_in_once(service: Service, walker: Walker) -> None:
    link = service.cli("sign-in-link").stdout.strip()
    walker.open(link)
    walker.submit("/admin/sign-in")
    assert walker.open(f"{service.url}/admin").status == 200
    with Walker() as other:
        assert other.open(link).status in (404, 410)
        assert other.open(f"{service.url}/admin").status == 401
