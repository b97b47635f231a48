"""docs/examples: the package installs and is found by its entry point, the folder by its variable, and both are right."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.harness.service import ROOT, clean_environment

EXAMPLES = ROOT / "docs/examples"
PACKAGE, FOLDER = EXAMPLES / "valetkey-connector-acme", EXAMPLES / "connectors-folder"


def run(command: list[str], cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={**clean_environment(), **env}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package was installed, alone and without network."""
    folder = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(PACKAGE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(source),
    ]
    built = run(command, folder)
    assert built.returncode == 0, built.stdout + built.stderr
    [wheel] = folder.glob("*.whl")
    install(wheel, folder / "site")
    return folder / "site"


def install(wheel: Path, target: Path) -> None:
    """With pip or uv, whichever is here; a wheel of pure Python can also just be unpacked."""
    options = ["--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    pip = [sys.executable, "-m", "pip", "install"] if find_spec("pip") else None
    uv = [shutil.which("uv") or "", "pip", "install", "--offline", "--python", sys.executable]
    command = pip or (uv if uv[0] else None)
    if command is None:
        zipfile.ZipFile(wheel).extractall(target)
        return
    done = run([*command, *options], wheel.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def valetkey(*words: str, site: Path, folder: Path | None) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(site)))}
    if folder:
        env["VALETKEY_CONNECTORS_PATH"] = str(folder)
    return run([sys.executable, "-m", "web.cli", "connectors", *words], site.parent, **env)


def test_both_are_found_beside_the_built_in_ones(installed: Path) -> None:
    done = valetkey("list", site=installed, folder=FOLDER)
    assert done.returncode == 0, done.stderr
    told = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"acme", "parcels", "northwind"} <= told


def test_without_the_variable_only_the_installed_one_is_there(installed: Path) -> None:
    told = valetkey("list", site=installed, folder=None).stdout
    assert "\nacme " in f"\n{told}" and "parcels" not in told


@pytest.mark.parametrize("slug", ["acme", "parcels"])
def test_nothing_is_to_be_mended(installed: Path, slug: str) -> None:
    done = valetkey("check", slug, site=installed, folder=FOLDER)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{slug}: ok\n", "")


def test_the_package_is_whole_where_it_is_written() -> None:
    """Sources, page and all, found by the variable as while it is written."""
    env = {"VALETKEY_CONNECTORS_PATH": str(PACKAGE / "valetkey_connector_acme")}
    done = run([sys.executable, "-m", "web.cli", "connectors", "check", "acme"], PACKAGE, **env)
    assert (done.returncode, done.stdout) == (0, "acme: ok\n"), done.stderr


def test_the_packages_own_test_passes() -> None:
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], PACKAGE)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout
