"""Wrong settings are refused, all at once, each with its name and the mend; nothing secret is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core import settings
from core.errors import SettingsError

GOOD = {"VALETKEY_PUBLIC_URL": "https://keys.example.com"}
DEVELOPMENT = {"VALETKEY_DEVELOPMENT": "1"}
DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def faults(environ: dict[str, str], config_file: str | None = None) -> list[settings.Fault]:
    with pytest.raises(SettingsError) as caught:
        settings.load(environ, config_file)
    for fault in caught.value.fields["faults"]:
        assert fault.problem and fault.mend
        assert fault.variable in str(caught.value) and fault.mend in str(caught.value)
    return caught.value.fields["faults"]


def test_development_needs_no_other_setting() -> None:
    found = settings.load(DEVELOPMENT, port=8123)
    assert found.public_url == "http://127.0.0.1:8123"
    assert found.database_path == "valetkey.db"
    assert (found.development, found.log, found.connectors_path) == (True, "text", ())


def test_in_earnest_only_the_public_url_must_be_said() -> None:
    [fault] = faults({})
    assert fault.variable == "VALETKEY_PUBLIC_URL" and "https://" in fault.mend
    found = settings.load(GOOD)
    assert (found.public_url, found.development, found.log) == ("https://keys.example.com", False, "json")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Keys.Example.com/", "https://keys.example.com"),
        ("https://keys.example.com:443", "https://keys.example.com"),
        ("https://keys.example.com:8443", "https://keys.example.com:8443"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
    ],
)
def test_one_address_has_one_spelling(given: str, kept: str) -> None:
    assert settings.load({"VALETKEY_PUBLIC_URL": given}).public_url == kept


@pytest.mark.parametrize(
    "local", ["http://127.0.0.1:8000", "http://localhost:9", "http://[::1]:8000", "https://localhost"]
)
def test_development_serves_this_machine_only(local: str) -> None:
    assert settings.load(DEVELOPMENT | {"VALETKEY_PUBLIC_URL": local}).public_url == local
    for other in ("https://keys.example.com", "http://10.0.0.5:8000", "http://localhost.example.com"):
        [fault] = faults(DEVELOPMENT | {"VALETKEY_PUBLIC_URL": other})
        assert fault.variable == "VALETKEY_PUBLIC_URL" and "VALETKEY_DEVELOPMENT" in fault.mend


@pytest.mark.parametrize(
    "url",
    [
        "http://keys.example.com",
        "http://127.0.0.1:8000",
        "ftp://keys.example.com",
        "keys.example.com",
        "https://",
        "https://keys.example.com/valetkey",
        "https://keys.example.com?x=1",
        "https://keys.example.com?",
        "https://keys.example.com#x",
        "https://ada:hunter2@keys.example.com",
        "https://keys.example.com:99999",
        "https://keys.example.com:port",
        "https://[::1",
        "https://schlüssel.example",
        "https://keys example.com",
    ],
)
def test_a_public_url_that_is_not_https_host_and_port_is_refused(url: str) -> None:
    [fault] = faults({"VALETKEY_PUBLIC_URL": url})
    assert fault.variable == "VALETKEY_PUBLIC_URL"
    assert "hunter2" not in str(fault)


def test_database_urls_have_three_slashes_or_four(tmp_path: Path) -> None:
    absolute = settings.load(GOOD | {"VALETKEY_DATABASE_URL": f"sqlite:///{tmp_path}/vk.db"})
    assert absolute.database_path == f"{tmp_path}/vk.db"
    assert settings.load(GOOD | {"VALETKEY_DATABASE_URL": "sqlite:///vk.db"}).database_path == "vk.db"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://ada:hunter2@db/vk", "not in this version"),
        ("postgres://db/vk", "not in this version"),
        ("mysql://db/vk", "sqlite:///"),
        ("vk.db", "sqlite:///"),
        ("sqlite://vk.db", "sqlite:///"),
        ("sqlite:///", "sqlite:///"),
        ("sqlite:///vk.db?mode=ro", "sqlite:///"),
        ("sqlite:///:memory:", "forgets"),
        ("sqlite:////no/such/folder/vk.db", "mkdir -p /no/such/folder"),
        ("sqlite:////", "Name a file"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(url: str, said: str) -> None:
    [fault] = faults(GOOD | {"VALETKEY_DATABASE_URL": url})
    assert fault.variable == "VALETKEY_DATABASE_URL" and said in str(fault)
    assert "hunter2" not in str(fault)


def test_every_fault_is_told_at_once() -> None:
    found = faults(
        {
            "VALETKEY_PUBLIC_URL": "http://x",
            "VALETKEY_LOG": "xml",
            "VALETKEY_DEVELOPMENT": "perhaps",
            "VALETKEY_CONNECTORS_PATH": "/no/such/folder",
            "VALETKEY_DATABASE_URL": "mysql://x",
            "VALETKEY_KEYRINGS": "x",
        }
    )
    assert len(found) == 6


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VALETKEY_KEYRINGS", "VALETKEY_KEYRING"),
        ("VALETKEY_PUBLICURL", "VALETKEY_PUBLIC_URL"),
        ("VALETKEY_DEVELOPEMENT", "VALETKEY_DEVELOPMENT"),
        ("VALETKEY_public_url", "VALETKEY_PUBLIC_URL"),
        ("VALETKEY_CONFG", "VALETKEY_CONFIG"),
    ],
)
def test_an_unknown_variable_is_refused_with_what_was_meant(name: str, meant: str) -> None:
    [fault] = faults(GOOD | {name: "x"})
    assert fault.variable == name and meant in fault.mend


def test_variables_of_others_and_of_the_demo_are_left_alone() -> None:
    settings.load(GOOD | {"PATH": "x", "OTEL_SERVICE_NAME": "x", "VALETKEY_DEMO_PORT": "9000"})


def test_an_empty_variable_is_not_set() -> None:
    assert settings.load(DEVELOPMENT | {"VALETKEY_LOG": "", "VALETKEY_CONFIG": ""}).log == "text"


@pytest.mark.parametrize(
    ("text", "on"), [("1", True), ("true", True), ("ON", True), ("0", False), ("no", False)]
)
def test_switches(text: str, on: bool) -> None:
    environ = {"VALETKEY_PUBLIC_URL": "https://localhost", "VALETKEY_DEVELOPMENT": text}
    assert settings.load(environ).development is on


def test_the_environment_wins_over_the_file_and_each_source_is_known(tmp_path: Path) -> None:
    file = tmp_path / "vk.toml"
    file.write_text(f'public_url = "https://file.example"\nlog = "text"\nconnectors_path = ["{tmp_path}"]\n')
    found = settings.load(GOOD | {"VALETKEY_CONFIG": str(file)})
    assert found.public_url == "https://keys.example.com" and found.log == "text"
    assert found.connectors_path == (str(tmp_path),)
    shown = {line.variable: (line.value, line.source) for line in found.masked()}
    assert shown["VALETKEY_PUBLIC_URL"] == ("https://keys.example.com", "environment")
    assert shown["VALETKEY_LOG"] == ("text", str(file))
    assert shown["VALETKEY_KEYRING"] == ("valetkey-keyring.json", "default")
    assert settings.load({}, str(file)).public_url == "https://file.example"


def test_faults_in_the_file_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "vk.toml"
    file.write_text('public_uri = "https://x.example"\nlog = 3\nkeyring = ["a"]\nconnectors_path = [1]\n')
    found = faults(GOOD, str(file))
    assert len(found) == 4 and all(str(file) in fault.variable for fault in found)
    assert "public_url" in found[0].mend


def test_a_file_that_is_missing_or_not_toml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vk.toml"
    assert "No such file" in faults(GOOD, str(file))[0].problem
    file.write_text("public_url = ")
    assert "not TOML" in faults(GOOD, str(file))[0].problem


def test_folders_are_separated_by_colons(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    both = f"{tmp_path}:{tmp_path / 'b'}:"
    found = settings.load(GOOD | {"VALETKEY_CONNECTORS_PATH": both})
    assert found.connectors_path == (str(tmp_path), str(tmp_path / "b"))


def test_a_password_in_a_url_is_masked() -> None:
    assert settings._mask("postgresql://ada:hunter2@db/vk") == "postgresql://ada:***@db/vk"
    assert settings._mask("sqlite:///vk.db") == "sqlite:///vk.db"


def test_every_setting_is_documented_and_nothing_else() -> None:
    rows = re.findall(r"^\| `(VALETKEY_\w+)` \| `(\w+)` \|", DOCS.read_text(), re.MULTILINE)
    known = [line.variable for line in settings.load(GOOD).masked()]
    assert [variable for variable, _ in rows] == known
    assert all(variable == "VALETKEY_" + name.upper() for variable, name in rows)


def test_an_option_of_serve_and_an_unlike_name_are_not_taken_for_another_setting() -> None:
    port, other = faults({**GOOD, "VALETKEY_PORT": "9000", "VALETKEY_ZZZ": "1"})
    assert port.mend == "That is an option: valetkey serve --port."
    assert other.mend.startswith("Remove it. Known are: VALETKEY_DATABASE_URL,")


def test_a_file_that_cannot_be_read_is_the_only_fault() -> None:
    [fault] = faults({"VALETKEY_CONFIG": "/nowhere/valetkey.toml"})
    assert fault.variable == "VALETKEY_CONFIG"
