"""The check of a tool call's arguments, naming each fault with its path.

msgspec stops at its first fault; so when it finds one, the arguments are walked by type and every leaf is asked for itself.
Paths are JSON Pointers (RFC 6901): `/items/2/name`; the empty path is the arguments as a whole.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import msgspec

from core.connector.schema import MAX_TEXT
from core.errors import InvalidArguments

Fault = dict[str, str]
MAX_FAULTS = 100
_HALF = re.compile("[\ud800-\udfff]")
_WHERE = re.compile(r" - at `\$[^`]*`$")


def check(struct: type[msgspec.Struct], arguments: Any, longest_text: int = MAX_TEXT) -> dict[str, Any]:
    """The decoded arguments by name, defaults included. Raises InvalidArguments with `errors` for each fault."""
    faults = list(_bad_text(arguments, "", longest_text))
    try:
        checked = msgspec.convert(arguments, struct)
    except UnicodeEncodeError:  # of half a surrogate pair where a date is wanted; it is among the faults
        pass
    except msgspec.ValidationError as error:
        found = list(_faults(struct, arguments, "")) or [{"path": "", "message": _plain(error)}]
        faults += [fault for fault in found if fault["path"] not in {one["path"] for one in faults}]
    if faults:
        raise InvalidArguments(_summary(faults), errors=faults[:MAX_FAULTS])
    return {name: getattr(checked, name) for name in struct.__struct_fields__}


def _summary(faults: list[Fault]) -> str:
    first = faults[0]
    where = f"`{first['path']}`: " if first["path"] else ""
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{where}{first['message']}{more}"


def _plain(error: msgspec.ValidationError) -> str:
    return _WHERE.sub("", str(error)).replace("`", "")


def pointer(path: str, step: str | int) -> str:
    """`path` one step further, escaped as RFC 6901 section 3 has it."""
    return f"{path}/{_HALF.sub(chr(0xFFFD), str(step)).replace('~', '~0').replace('/', '~1')}"


def _bad_text(value: Any, path: str, longest: int) -> Iterator[Fault]:
    """Texts no schema type catches: with a NUL (databases and C libraries cut there), longer than any bound allows, or with
    half a surrogate pair, which no encoding can carry further."""
    if isinstance(value, str):
        if "\x00" in value:
            yield {"path": path, "message": "The character U+0000 is not allowed"}
        elif len(value) > longest:
            yield {"path": path, "message": f"Expected str of length <= {longest}"}
        elif not value.isascii() and _HALF.search(value):
            yield {"path": path, "message": "Half a surrogate pair is no text"}
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _bad_text(member, pointer(path, key), longest)
            if isinstance(key, str) and ("\x00" in key or _HALF.search(key)):
                yield {
                    "path": path,
                    "message": "U+0000 and halves of surrogate pairs are not allowed in a name",
                }
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _bad_text(member, pointer(path, index), longest)


def _faults(type_: Any, value: Any, path: str) -> Iterator[Fault]:
    """Every fault of `value` as `type_`, the deepest path for each."""
    try:
        msgspec.convert(value, type_)
        return
    except UnicodeEncodeError:  # as above
        return
    except msgspec.ValidationError as error:
        message = _plain(error)
    inner = list(_inner_faults(_narrowed(type_, value), value, path))
    yield from inner or [{"path": path, "message": message}]


def _inner_faults(type_: Any, value: Any, path: str) -> Iterator[Fault]:
    origin, args = get_origin(type_) or type_, get_args(type_)
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct) and isinstance(value, dict):
        yield from _struct_faults(type_, value, path)
    elif origin in (list, set, frozenset) and args and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(args[0], item, pointer(path, index))
    elif origin is dict and len(args) == 2 and isinstance(value, dict):
        for key, member in value.items():
            yield from _faults(args[1], member, pointer(path, key))


def _struct_faults(struct: Any, value: dict[str, Any], path: str) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    config = (get_origin(struct) or struct).__struct_config__
    for name, field in fields.items():
        if name in value:
            yield from _faults(field.type, value[name], pointer(path, name))
        elif field.required:
            yield {"path": pointer(path, name), "message": "This argument is required"}
    known = fields.keys() | {config.tag_field}
    if config.forbid_unknown_fields:
        for name in value:
            if name not in known:
                yield {"path": pointer(path, name), "message": "There is no such argument"}


def _narrowed(type_: Any, value: Any) -> Any:
    """The type without its bounds, and of a union the alternative that `value` has the shape of."""
    if get_origin(type_) is Annotated:
        return _narrowed(get_args(type_)[0], value)
    if get_origin(type_) not in (typing.Union, types.UnionType):
        return type_
    fitting = [one for one in (_narrowed(arg, value) for arg in get_args(type_)) if _has_shape(one, value)]
    return fitting[0] if len(fitting) == 1 else type_


def _has_shape(type_: Any, value: Any) -> bool:
    origin = get_origin(type_) or type_
    if isinstance(value, dict):
        return origin is dict or (isinstance(origin, type) and issubclass(origin, msgspec.Struct))
    return isinstance(value, list) and origin in (list, set, frozenset)
