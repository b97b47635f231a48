"""`developer`: somebody with a client of their own at a running Northwind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.northwind import RunningNorthwind
from tests.web.cli.connectors.person import Developer


@pytest.fixture
def developer(northwind: RunningNorthwind, tmp_path: Path) -> Developer:
    return Developer(northwind, tmp_path)
