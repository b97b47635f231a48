"""Which version of Valetkey this is; the same as in pyproject.toml (tests/test_packaging.py)."""

VERSION = "0.1.0"
