"""The settings of one installation, from the environment and a TOML file; every fault is told at once.

The environment wins over the file (`VALETKEY_CONFIG`), which has the same names in lower case without the
prefix: `public_url = "https://keys.example.com"`. An unknown name is a fault, so that a typing error does not
quietly become a default. What each setting means: docs/settings.md. Limits: SQLite only, in this version.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from core.errors import SettingsError

PREFIX = "VALETKEY_"
CONFIG = "VALETKEY_CONFIG"
# read elsewhere: by the Makefile and `valetkey demo`; by the workers of `valetkey serve`, which sets it
NOT_OURS = frozenset({CONFIG, "VALETKEY_DEMO_PORT", "VALETKEY_METRICS_FOLDER"})


# options of `valetkey serve`, which people look for among the settings
OPTIONS = ("HOST", "PORT", "WORKERS")

_DEFAULTS = {
    "database_url": "sqlite:///valetkey.db",
    "keyring": "valetkey-keyring.json",
    "connectors_path": "",
    "development": "0",
}


class Fault(msgspec.Struct, frozen=True):
    """One setting, what is wrong with it, and how to mend it. Never holds a password."""

    variable: str
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.problem}\n    {self.mend}"


class Shown(msgspec.Struct, frozen=True):
    """One line of `valetkey config`: the value that is in force, secrets masked, and where it came from."""

    variable: str
    value: str
    source: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    database_url: str
    keyring: str
    public_url: str
    connectors_path: tuple[str, ...]
    development: bool
    log: Literal["json", "text"]
    sources: dict[str, str]

    @property
    def database_path(self) -> str:
        """The SQLite file, relative to the folder the command runs in, or absolute."""
        return self.database_url.removeprefix("sqlite:///")

    def masked(self) -> list[Shown]:
        return [
            Shown(PREFIX + name.upper(), _show(getattr(self, name)), self.sources[name]) for name in _PARSERS
        ]


class _Wrong(Exception):
    """A value is refused: the problem and the mend."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.fault = problem, mend


def load(environ: Mapping[str, str], config_file: str | None = None, *, port: int = 8000) -> Settings:
    """Raises SettingsError naming every fault. `port`: the one served on, for the URL in development."""
    faults: list[Fault] = []
    given, sources = _collect(environ, config_file or environ.get(CONFIG) or None, faults)
    if any(fault.variable == CONFIG for fault in faults):  # what else is set stands there, unread
        raise SettingsError("\n".join(map(str, faults)), faults=faults)
    development = _parse("development", given, _DEFAULTS["development"], sources, faults) or False
    defaults = {
        **{name: value for name, value in _DEFAULTS.items() if name != "development"},
        "public_url": f"http://127.0.0.1:{port}" if development else "",
        "log": "text" if development else "json",
    }
    values = {name: _parse(name, given, default, sources, faults) for name, default in defaults.items()}
    if values["public_url"] is not None:
        faults += _public_url_faults(values["public_url"], development, sources)
    if faults:
        raise SettingsError("\n".join(map(str, faults)), faults=faults)
    return Settings(**values, development=development, sources=sources)


def read_one(name: str, environ: Mapping[str, str]) -> Any:
    """One setting for a command that needs no other. Raises SettingsError for faults of this one or of the file."""
    faults: list[Fault] = []
    config_file = environ.get(CONFIG) or None
    given, sources = _collect(environ, config_file, [])
    _read_file(config_file, faults)
    value = _parse(name, given, _DEFAULTS.get(name, ""), sources, faults)
    if faults:
        raise SettingsError("\n".join(map(str, faults)), faults=faults)
    return value


def _collect(
    environ: Mapping[str, str], config_file: str | None, faults: list[Fault]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Raw values by setting, and where each came from."""
    given: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, value in _read_file(config_file, faults).items():
        if name in _PARSERS:
            given[name], sources[name] = value, f"{config_file}"
        else:
            faults.append(_unknown(f"{name} (in {config_file})", name, str.lower))
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or variable in NOT_OURS or value == "":
            continue
        if name in _PARSERS and variable.isupper():
            given[name], sources[name] = value, "environment"
        else:
            faults.append(_unknown(variable, name, lambda known: PREFIX + known.upper()))
    return given, sources


def _read_file(config_file: str | None, faults: list[Fault]) -> dict[str, Any]:
    if config_file is None:
        return {}
    try:
        with open(config_file, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        faults.append(Fault(CONFIG, f"cannot read {config_file}: {error.strerror}.", "Name a TOML file."))
    except ValueError as error:
        faults.append(Fault(CONFIG, f"{config_file} is not TOML: {error}.", "Mend that line."))
    return {}


def _unknown(shown: str, name: str, written: Callable[[str], str]) -> Fault:
    """`written`: how a name is written where this one stands."""
    near = difflib.get_close_matches(name.lower(), [*_PARSERS, "config"], n=1)
    if name.upper() in OPTIONS:
        mend = f"That is an option: valetkey serve --{name.lower()}."
    elif near:
        mend = f"Did you mean {CONFIG if near[0] == 'config' else written(near[0])}?"
    else:
        mend = f"Remove it. Known are: {', '.join(map(written, _PARSERS))}."
    return Fault(shown, "there is no such setting.", mend)


def _parse(
    name: str, given: Mapping[str, Any], default: str, sources: dict[str, str], faults: list[Fault]
) -> Any:
    """The value of one setting, or None after adding to the faults."""
    sources.setdefault(name, "default")
    variable = PREFIX + name.upper()
    if sources[name] not in ("default", "environment"):
        variable = f"{variable} ({name} in {sources[name]})"
    try:
        return _PARSERS[name](given.get(name, default))
    except _Wrong as wrong:
        faults.append(Fault(variable, *wrong.fault))
        return None


# ---- one parser for each setting ---------------------------------------------------------------------------


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise _Wrong("this must be a text.", "Put it in quotes.")
    return value.strip()


def _database_url(value: Any) -> str:
    url = _text(value)
    if url.startswith(("postgres:", "postgresql:", "postgresql+", "postgres+")):
        raise _Wrong(
            "PostgreSQL is not in this version.", "Use sqlite:///valetkey.db or sqlite:////path/valetkey.db."
        )
    path = url.removeprefix("sqlite:///")
    if path == url or not path or "?" in path or "#" in path:
        raise _Wrong(
            "this is no database URL we know.", "Write sqlite:///relative.db or sqlite:////absolute/path.db."
        )
    if path.startswith((":memory:", "file:")):
        raise _Wrong("a database in memory forgets every grant.", "Name a file: sqlite:///valetkey.db.")
    if not Path(path).parent.is_dir():
        raise _Wrong(f"there is no folder {Path(path).parent}.", f"Run: mkdir -p {Path(path).parent}")
    if Path(path).is_dir():
        raise _Wrong(f"{path} is a folder.", "Name a file in it.")
    return url


def _public_url(value: Any) -> str:
    if value == "":
        raise _Wrong(
            "it is not set.",
            "Set it to the address people reach this service at, https://keys.example.com, "
            "or set VALETKEY_DEVELOPMENT=1 to try it on this machine.",
        )
    url = _text(value)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _Wrong("this is no URL.", "Write it like https://keys.example.com.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not url.isascii() or " " in url:
        raise _Wrong("this is no web address.", "Write it like https://keys.example.com (IDN as xn--...).")
    if parts.username is not None or parts.path not in ("", "/") or "?" in url or "#" in url:
        raise _Wrong("only scheme, host and port may stand here.", "Write it like https://keys.example.com.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in (None, usual) else f":{port}")


def _public_url_faults(url: str, development: bool, sources: Mapping[str, str]) -> list[Fault]:
    variable, local = "VALETKEY_PUBLIC_URL", is_loopback(urlsplit(url).hostname or "")
    if development and not local:
        problem = (
            f"{url} can be reached by others, which development does not allow: it switches defences off."
        )
        mend = "Remove VALETKEY_DEVELOPMENT, or use http://127.0.0.1:8000."
    elif url.startswith("http://") and not development:
        problem = "http lets anybody on the way read tokens and cookies."
        mend = "Use https://" + (
            ", or set VALETKEY_DEVELOPMENT=1 to try it on this machine." if local else "."
        )
    else:
        return []
    return [Fault(variable, problem, mend)]


def is_loopback(host: str) -> bool:
    """Whether the host of a URL means this machine. Source: RFC 6761 section 6.3 for `localhost`."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _connectors_path(value: Any) -> tuple[str, ...]:
    folders = value.split(":") if isinstance(value, str) else value
    if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
        raise _Wrong(
            "this must be a list of folders.", "Separate them by a colon; in TOML, write a list of texts."
        )
    found = tuple(folder for folder in folders if folder)
    for folder in found:
        if not Path(folder).is_dir():
            raise _Wrong(f"there is no folder {folder}.", "Make it, or take it off the list.")
    return found


def _switch(value: Any) -> bool:
    states = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    text = str(value).strip().lower()
    if text not in states:
        raise _Wrong("this is a switch.", "Set it to 1 or 0.")
    return states[text]


def _log(value: Any) -> str:
    if value not in ("json", "text"):
        raise _Wrong("there is no such log format.", "Set it to json or text.")
    return str(value)


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "database_url": _database_url,
    "keyring": _text,
    "public_url": _public_url,
    "connectors_path": _connectors_path,
    "development": _switch,
    "log": _log,
}


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ":".join(value) if isinstance(value, tuple) else _mask(str(value))


def _mask(text: str) -> str:
    """A URL with the password in it taken out."""
    parts = urlsplit(text)
    return text.replace(f":{parts.password}@", ":***@") if parts.password else text
