"""The file of a key ring: read only when nobody else can, changed only in one step, never overwritten.

    {"version": 1, "keys": [{"id": "k_5dQ81xYz", "made": "2026-11-23T14:03:00.000Z", "key": "<base64>"}, ...]}

Limits: one file on this machine, POSIX permissions.
"""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec

from core.errors import KeyRingError

KEY_BYTES = 32
_MAX_BYTES = 1_000_000
_VERSION = 1

Stamp = tuple[int, int, int]  # inode, time of change, size: how a changed file is noticed


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key as the file holds it. Prints its id only."""

    id: str
    made: str
    key: str

    @classmethod
    def of(cls, key_id: str, made: str, key: bytes) -> Entry:
        return cls(key_id, made, base64.b64encode(key).decode())

    def raw(self) -> bytes:
        """Raises ValueError when the entry is no key of a ring."""
        raw = base64.b64decode(self.key, validate=True)
        if len(raw) != KEY_BYTES or not self.id.startswith("k_"):
            raise ValueError("not a ring key")
        return raw

    def __repr__(self) -> str:
        return f"Entry({self.id!r})"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    keys: list[Entry]


Change = Callable[[list[Entry]], list[Entry]]


def stamp(path: Path) -> Stamp:
    return _stamp(os.stat(path))


def read(path: Path) -> tuple[list[Entry], Stamp]:
    """Raises KeyRingError when the file is missing, can be reached by others, or is no key ring."""
    try:
        # O_NONBLOCK: a named pipe at this path must not hold up the start
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            info = os.fstat(file.fileno())
            _check(info, path)
            return _parse(file.read(_MAX_BYTES), path), _stamp(info)
    except FileNotFoundError:
        raise KeyRingError(f"There is no key ring at {path}. Make one: valetkey keys init {path}") from None
    except OSError as error:
        raise KeyRingError(f"Cannot read the key ring {path}: {error.strerror}.") from None


def create(path: Path, entries: list[Entry]) -> None:
    """Raises KeyRingError when there is anything at the path already."""
    try:
        _write_new(path, lambda: _dump(entries))
    except FileExistsError:
        raise KeyRingError(
            f"{path} exists already and is left as it is. Add a key to it with: valetkey keys add"
        ) from None
    except OSError as error:
        raise KeyRingError(f"Cannot write {path}: {error.strerror}.") from None


def change(path: Path, apply: Change) -> None:
    """Exchange the file in one step. `PATH.new` is the lock too: two changes cannot lose each other's key."""
    target = path.resolve()
    fresh = target.with_name(target.name + ".new")
    try:
        _write_new(fresh, lambda: _dump(apply(read(target)[0])))
        owner = target.stat()
        if os.geteuid() == 0:
            os.chown(fresh, owner.st_uid, owner.st_gid)
        os.replace(fresh, target)
    except FileExistsError:
        raise KeyRingError(f"The key ring is being changed elsewhere. If not, remove {fresh}.") from None
    except OSError as error:
        raise KeyRingError(f"Cannot write {target}: {error.strerror}.") from None
    _sync_folder(target.parent)


def _stamp(info: os.stat_result) -> Stamp:
    return info.st_ino, info.st_mtime_ns, info.st_size


def _check(info: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise KeyRingError(f"{path} is not a file.")
    if info.st_mode & 0o077:
        raise KeyRingError(f"Other users can reach the key ring {path}. Run: chmod 600 {path}")


def _parse(body: bytes, path: Path) -> list[Entry]:
    try:
        file = msgspec.json.decode(body, type=_File)
        for entry in file.keys:
            entry.raw()
    except (msgspec.MsgspecError, ValueError):
        # the text of the fault may quote the file, so it is not passed on
        raise KeyRingError(f"{path} is no key ring, or it is damaged. Restore it from your backup.") from None
    if file.version != _VERSION:
        raise KeyRingError(f"{path} has version {file.version}; this Valetkey reads version {_VERSION}.")
    if not file.keys or len({entry.id for entry in file.keys}) != len(file.keys):
        raise KeyRingError(f"{path} holds no key, or two with one id. Restore it from your backup.")
    return file.keys


def _dump(entries: list[Entry]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(_File(_VERSION, entries)), indent=2) + b"\n"


def _write_new(path: Path, content: Callable[[], bytes]) -> None:
    """Make a file that did not exist, 0600 whatever the umask says, safe on disk before this returns.

    `content` is called when the file is there, so that it can serve as a lock.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(content())
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
