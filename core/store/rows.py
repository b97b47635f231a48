"""Rows to structs and values to parameters. What we wrote is trusted in form; JSON columns are decoded by their declared type."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import msgspec

from core.secret import Secret

T = TypeVar("T")
_PLAIN = (str, int, float, bytes)
_AS_THEY_ARE = frozenset({str, int, type(None), bytes})  # nearly all there are


def _without_none(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        return kinds[0] if len(kinds) == 1 else annotation
    return annotation


def _converter(annotation: Any) -> Callable[[Any], Any] | None:
    kind = _without_none(annotation)
    if typing.get_origin(kind) is typing.Literal:
        return None
    if kind is bool:
        return bool
    if isinstance(kind, type) and issubclass(kind, _PLAIN) and not issubclass(kind, Enum):
        return None
    return msgspec.json.Decoder(kind).decode


@cache
def _converters(into: type) -> dict[str, Callable[[Any], Any] | None]:
    return {name: _converter(kind) for name, kind in typing.get_type_hints(into).items()}


@cache
def reader(into: type[T], columns: tuple[str, ...]) -> Callable[[Sequence[Any]], T]:
    """A function that makes one struct of a row with these columns; a plain type takes the first column."""
    if issubclass(into, _PLAIN) or into is bool:
        return lambda row: into(row[0])  # type: ignore[call-arg]
    if into is dict:
        return lambda row: dict(zip(columns, row, strict=True))  # type: ignore[return-value]
    known = _converters(into)  # type: ignore[arg-type]
    converting = [(at, convert) for at, name in enumerate(columns) if (convert := known[name]) is not None]

    def read(row: Sequence[Any]) -> T:
        values = list(row)
        for at, convert in converting:
            if values[at] is not None:
                values[at] = convert(values[at])
        return into(**dict(zip(columns, values, strict=True)))

    return read


def parameter(value: Any) -> Any:
    """A value as the engine takes it: numbers, text, bytes as they are; everything else as JSON text. A Secret is refused."""
    if value.__class__ in _AS_THEY_ARE or isinstance(value, _PLAIN):
        return value
    if isinstance(value, Secret):
        raise TypeError("a Secret is never stored in clear: seal it first")
    return msgspec.json.encode(value).decode()
