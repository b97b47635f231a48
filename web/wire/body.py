"""What every request body is: a misspelt field must not be taken for an absent one, so unknown fields are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of the request bodies. `examples` stand in the OpenAPI document, and are tried there by the tests."""

    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ()
