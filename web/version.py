"""Which version of Valetkey this is; the same as in pyproject.toml (tests/web/test_app.py)."""

VERSION = "0.1.0"
