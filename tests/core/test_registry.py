"""How connectors are found, and how everything that is wrong with them is told."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType

import pytest

import core.registry
from core.connector import Connector
from core.errors import UnknownConnector, UnknownTool
from core.registry import Registry, RegistryError, load
from tests.core.connector.acme import connector

GOOD = '''
"""Acme."""
from __future__ import annotations
import msgspec
from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope

acme = Connector(
    slug="{slug}", title="Acme", category="crm", api_url="https://api.acme.example/v3",
    oauth=OAuth2(
        authorize_url="https://acme.example/a", token_url="https://acme.example/t", revocation=Rfc7009("https://acme.example/r"),
    ),
    scopes=[Scope("contacts.read", title="Contacts", description="find people", risk="read")],
)

class Contact(msgspec.Struct, frozen=True):
    id: str

@acme.account
async def account(api: Api) -> Account:
    """Who it is."""
    return Account("1", "x")

@acme.tool(scopes=["contacts.read"], risk="read", sees="names")
async def find_contacts(api: Api, query: str, limit: Limit = 10) -> Page[Contact]:
    """Find contacts."""
    return Page([])
'''


@pytest.fixture(autouse=True)
def only_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the built-in and the installed connectors, unless a test puts some there."""
    monkeypatch.setattr(core.registry, "BUILT_IN", "tests_built_in")
    listing = ModuleType("tests_built_in")
    listing.__file__ = "built_in.py"
    listing.CONNECTORS = ()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_built_in", listing)
    monkeypatch.setattr(core.registry, "entry_points", lambda group: [])


def put(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text)
    return str(file)


def faults(*folders: Path) -> list[str]:
    with pytest.raises(RegistryError) as caught:
        load([str(folder) for folder in folders])
    assert str(caught.value).split("\n") == [str(problem) for problem in caught.value.problems]
    return [str(problem) for problem in caught.value.problems]


def test_a_file_in_a_folder_is_a_connector(tmp_path: Path) -> None:
    put(tmp_path, "acme.py", GOOD.replace("{slug}", "acme"))
    put(tmp_path, "_notes.py", "raise SystemExit")
    put(tmp_path, "readme.txt", "x")
    registry = load([str(tmp_path)])
    assert list(registry.connectors) == ["acme"]
    assert registry.tool("acme.find_contacts") is registry.tool("acme__find_contacts")
    assert registry.connector("acme").tools["acme.find_contacts"].output_schema["properties"].keys() == {
        "items"
    }


def test_two_files_of_one_name_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    for slug in ("one", "two"):
        (tmp_path / slug).mkdir()
        put(tmp_path / slug, "acme.py", GOOD.replace("{slug}", slug))
    assert list(load([str(tmp_path / "one"), str(tmp_path / "two")]).connectors) == ["one", "two"]


def test_a_file_does_not_shadow_a_module_of_its_name(tmp_path: Path) -> None:
    put(tmp_path, "json.py", GOOD.replace("{slug}", "acme"))
    before = sys.modules.get("json")
    assert list(load([str(tmp_path)]).connectors) == ["acme"]
    assert sys.modules.get("json") is before


def test_an_unknown_name_is_unknown() -> None:
    registry = Registry({"acme": connector()})
    with pytest.raises(UnknownConnector):
        registry.connector("other")
    for name in ("acme.other", "acme", "", "acme.find_contacts.", "acme___find_contacts", "x" * 5000):
        with pytest.raises(UnknownTool) as caught:
            registry.tool(name)
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("x = (\n", 1, "SyntaxError"),
        ("\n\nimport no_such_module_anywhere\n", 3, "ModuleNotFoundError"),
        ("def f():\n    return 1 / 0\n\nf()\n", 2, "ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit"),
        ("from core.connector import Connector\nConnector(slug='x')\n", 2, "TypeError"),
        ("from core.connector import OAuth2\nOAuth2()\n", 2, "TypeError"),
        ("\n", 1, "there is no Connector in it"),
    ],
)
def test_a_broken_file_is_a_line_and_no_traceback(tmp_path: Path, text: str, line: int, told: str) -> None:
    file = put(tmp_path, "broken.py", text)
    (fault,) = faults(tmp_path)
    assert fault.startswith(f"{file}:{line}: ") and told in fault
    assert "\n" not in fault and "Traceback" not in fault


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    good = GOOD.replace("{slug}", "acme")
    put(tmp_path, "a.py", "x = (\n")
    undeclared = put(
        tmp_path,
        "b.py",
        good.replace('scopes=["contacts.read"]', 'scopes=["deals.read"]').replace(
            '"""Find contacts."""', "..."
        ),
    )
    put(tmp_path, "c.py", "import nothing_like_this\n")
    told = faults(tmp_path, tmp_path / "nowhere")
    assert len(told) == 5
    line = good.split("\n").index('@acme.tool(scopes=["contacts.read"], risk="read", sees="names")') + 1
    assert sum(fault.startswith(f"{undeclared}:{line}: find_contacts: ") for fault in told) == 2
    assert any("nowhere:0: there is no such folder" in fault for fault in told)


def test_two_connectors_cannot_share_a_slug(tmp_path: Path) -> None:
    first = put(tmp_path, "a.py", GOOD.replace("{slug}", "acme"))
    second = put(tmp_path, "b.py", GOOD.replace("{slug}", "acme"))
    (fault,) = faults(tmp_path)
    assert fault.startswith(second) and f"taken by {first}" in fault


def test_a_connector_seen_twice_is_one(tmp_path: Path) -> None:
    put(tmp_path, "a.py", GOOD.replace("{slug}", "acme") + "\nagain = acme\n")
    assert len(load([str(tmp_path)]).connectors) == 1


def test_plain_http_is_for_development(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.py",
        GOOD.replace("{slug}", "acme").replace("https://api.acme.example", "http://127.0.0.1:9"),
    )
    assert load([str(tmp_path)], development=True).connectors
    assert "https is needed" in faults(tmp_path)[0]


class Entry:
    """An entry point as an installed package has it."""

    name = "acme"

    def __init__(self, loaded: object) -> None:
        self.loaded = loaded

    def load(self) -> object:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


def test_an_installed_package_names_a_module_or_the_connector(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("their_connectors")
    module.one = connector(slug="one")  # type: ignore[attr-defined]
    groups: list[str] = []

    def entries(group: str) -> list[Entry]:
        groups.append(group)
        return [Entry(module), Entry(connector(slug="two"))]

    monkeypatch.setattr(core.registry, "entry_points", entries)
    assert list(load().connectors) == ["one", "two"]
    assert groups == ["valetkey.connectors"]


def test_an_entry_point_that_gives_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [Entry(ModuleType("empty")), Entry(ImportError("gone"))]
    monkeypatch.setattr(core.registry, "entry_points", lambda group: entries)
    told = "\n".join(faults())
    assert "it names no Connector" in told and "ImportError: gone" in told


def test_a_built_in_module_that_is_listed_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("tests_built_in.acme")
    module.acme = connector()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_built_in.acme", module)
    monkeypatch.setattr(sys.modules["tests_built_in"], "CONNECTORS", ("tests_built_in.acme",))
    assert list(load().connectors) == ["acme"]


def test_a_built_in_module_that_is_listed_and_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["tests_built_in"], "CONNECTORS", ("tests_built_in.gone",))
    assert "ModuleNotFoundError" in faults()[0]


def test_the_connectors_of_this_build_have_no_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    registry = load(development=True)
    assert all(isinstance(one, Connector) for one in registry.connectors.values())
    assert {"hubspot", "jira"} <= registry.connectors.keys()


def test_the_entry_point_group_is_the_one_that_is_documented() -> None:
    assert core.registry.GROUP == "valetkey.connectors"
    assert importlib.metadata.entry_points(group=core.registry.GROUP) is not None
