"""What SQLite asks of the disk, written down; and every state in which a power cut could leave the disk.

Theory of operation. Python's SQLite writes through a "VFS" of the system. Here is one that passes everything on to it
and notes each write, cut, sync and deletion of the files in one folder. What was synced lies on the disk. Of what was
written since, a power cut leaves any part: whole writes, single sectors, the later without the earlier, of one file and
not of another. From the notes each such state is put together as files, which the real program then opens.

Source: SQLite, "The SQLite OS Interface or VFS"; "Atomic Commit In SQLite", section 2 (what is assumed of a disk).
"""

import _sqlite3
import ctypes
import os
import random
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

SECTOR = 512
SQLITE_OK, SQLITE_FULL, SQLITE_IOERR_WRITE = 0, 13, 778
_P, _I, _L = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_OPEN = ctypes.CFUNCTYPE(_I, _P, _P, _P, _I, ctypes.POINTER(_I))
_DELETE = ctypes.CFUNCTYPE(_I, _P, _P, _I)
_WRITE = ctypes.CFUNCTYPE(_I, _P, _P, _I, _L)
_TRUNCATE = ctypes.CFUNCTYPE(_I, _P, _L)
_SYNC = ctypes.CFUNCTYPE(_I, _P, _I)
_WATCHED = {"xWrite": _WRITE, "xTruncate": _TRUNCATE, "xSync": _SYNC}
_METHODS = re.findall(
    r"\w+",
    """xClose xRead xWrite xTruncate xSync xFileSize xLock xUnlock xCheckReservedLock xFileControl xSectorSize
    xDeviceCharacteristics xShmMap xShmLock xShmBarrier xShmUnmap xFetch xUnfetch""",
)
_CALLS = re.findall(
    r"\w+",
    """xOpen xDelete xAccess xFullPathname xDlOpen xDlError xDlSym xDlClose xRandomness xSleep xCurrentTime
    xGetLastError xCurrentTimeInt64 xSetSystemCall xGetSystemCall xNextSystemCall""",
)


class _Methods(ctypes.Structure):
    _fields_ = (("iVersion", _I), *((name, _P) for name in _METHODS))


class _Vfs(ctypes.Structure):
    _fields_ = (
        *(("iVersion", _I), ("szOsFile", _I), ("mxPathname", _I), ("pNext", _P), ("zName", ctypes.c_char_p)),
        *(("pAppData", _P), *((name, _P) for name in _CALLS)),
    )


@dataclass(frozen=True, slots=True)
class Op:
    """One thing that was asked of the disk: ``write``, ``cut``, ``sync``, ``delete``; or ``note``, the test's own."""

    kind: str
    name: str
    at: int = 0
    data: bytes = b""
    told: Any = None


@dataclass(slots=True)
class Watch:
    """What is noted: the files of one folder, and what was there when noting began.

    ``fails``: at which change of the disk, counted from 1, something happens, and what: a result of SQLite's, or
    ``None`` for the end of this process at once.
    """

    folder: Path
    ops: list[Op] = field(default_factory=list)
    base: dict[str, bytes] = field(default_factory=dict)
    fails: tuple[int, int | None] | None = None
    changes: int = 0

    def __post_init__(self) -> None:
        # Not the shared memory of the write-ahead log: it is none of the disk's.
        self.base = {each.name: each.read_bytes() for each in self.folder.iterdir() if _lasts(each)}

    def note(self, told: Any) -> None:
        """From here on somebody was told this."""
        self.ops.append(Op("note", "", told=told))

    def change(self, op: Op) -> int:
        """Note a change of the disk; another result than OK where it is to fail."""
        self.changes += 1
        if self.fails is not None and self.changes >= self.fails[0]:
            if self.fails[1] is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return self.fails[1] or SQLITE_OK
        self.ops.append(op)
        return SQLITE_OK


def _lasts(path: Path) -> bool:
    return path.is_file() and path.name.endswith((".db", "-wal", "-journal"))


class _Storage:
    """The VFS; one for the process, for what was opened through it may outlive a test."""

    def __init__(self) -> None:
        self.watch: Watch | None = None
        self._library = ctypes.CDLL(_sqlite3.__file__)
        self._library.sqlite3_vfs_find.restype = _P
        self._library.sqlite3_vfs_find.argtypes = (ctypes.c_char_p,)
        self._library.sqlite3_vfs_register.argtypes = (_P, _I)
        self._library.sqlite3_vfs_unregister.argtypes = (_P,)
        self._under = self._library.sqlite3_vfs_find(None)
        self._vfs = _Vfs.from_buffer_copy(_Vfs.from_address(self._under))
        self._system = {"xOpen": _OPEN(self._vfs.xOpen), "xDelete": _DELETE(self._vfs.xDelete)}
        self._vfs.zName, self._vfs.pNext = b"watched", None
        self._kept: list[Any] = []
        self._vfs.xOpen = self._pointer(_OPEN(self._open))
        self._vfs.xDelete = self._pointer(_DELETE(self._delete))
        self._methods: dict[int, _Methods] = {}
        self._names: dict[int, str] = {}

    def begin(self) -> None:
        self._library.sqlite3_vfs_register(ctypes.addressof(self._vfs), 1)

    def end(self) -> None:
        self._library.sqlite3_vfs_unregister(ctypes.addressof(self._vfs))
        self._library.sqlite3_vfs_register(self._under, 1)

    def _pointer(self, function: Any) -> int | None:
        self._kept.append(function)
        return ctypes.cast(function, _P).value

    def _open(self, vfs: int, name: int | None, file: int, flags: int, found: Any) -> int:
        result: int = self._system["xOpen"](self._under, name, file, flags, found)
        methods = _P.from_address(file)
        if result == SQLITE_OK and methods.value and name:
            self._names[file] = os.fsdecode(ctypes.string_at(name))
            methods.value = ctypes.addressof(self._watched(methods.value))
        return result

    def _watched(self, under: int) -> _Methods:
        if under not in self._methods:
            made = _Methods.from_buffer_copy(_Methods.from_address(under))
            for name, kind in _WATCHED.items():
                system = kind(getattr(made, name))
                setattr(made, name, self._pointer(kind(partial(getattr(self, f"_{name[1:].lower()}"), system))))
            self._methods[under] = made
        return self._methods[under]

    def _noted(self, file: int) -> tuple[Watch, str] | None:
        path = Path(self._names.get(file, ""))
        watch = self.watch
        return (watch, path.name) if watch is not None and path.parent == watch.folder and path.name else None

    def _write(self, system: Any, file: int, data: int, size: int, at: int) -> int:
        noted = self._noted(file)
        if noted is not None and (failed := noted[0].change(Op("write", noted[1], at, ctypes.string_at(data, size)))):
            return failed
        result: int = system(file, data, size, at)
        return result

    def _truncate(self, system: Any, file: int, size: int) -> int:
        noted = self._noted(file)
        if noted is not None and (failed := noted[0].change(Op("cut", noted[1], size))):
            return failed
        result: int = system(file, size)
        return result

    def _sync(self, system: Any, file: int, flags: int) -> int:
        result: int = system(file, flags)
        if result == SQLITE_OK and (noted := self._noted(file)) is not None:
            noted[0].ops.append(Op("sync", noted[1]))
        return result

    def _delete(self, vfs: int, name: int, sync: int) -> int:
        path, watch = Path(os.fsdecode(ctypes.string_at(name))), self.watch
        if watch is not None and path.parent == watch.folder and (failed := watch.change(Op("delete", path.name))):
            return failed
        result: int = self._system["xDelete"](self._under, name, sync)
        return result


_storage: list[_Storage] = []


@contextmanager
def watched() -> Iterator[None]:
    """Whatever SQLite opens meanwhile can be watched."""
    _storage[:] = _storage or [_Storage()]
    _storage[0].begin()
    try:
        yield
    finally:
        _storage[0].end()
        _storage[0].watch = None


@contextmanager
def watching(folder: Path, *, fails: tuple[int, int | None] | None = None) -> Iterator[Watch]:
    """Notes what becomes of a folder's databases."""
    _storage[0].watch = watch = Watch(folder.resolve(), fails=fails)
    try:
        yield watch
    finally:
        _storage[0].watch = None


@dataclass(frozen=True, slots=True)
class State:
    """What may lie on the disk after a cut: files by name, and what somebody had been told by then."""

    files: tuple[tuple[str, bytes], ...]
    told: tuple[Any, ...]

    def put(self, folder: Path) -> None:
        """Make these files."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files:
            (folder / name).write_bytes(content)


def states(watch: Watch, *, draws: int, seed: int, every: int = 1) -> Iterator[State]:
    """Every point of a recording at which the power could be cut, and what could be left: each state once.

    At each point: nothing of what was not synced, all of it (a process that was killed), each change alone, all but
    one, and ``draws`` times some sectors of some changes.

    :param every: only each so-manieth of them, the last one in any case.
    """
    draw, seen, place = random.Random(seed), set[int](), 0
    for point in range(len(watch.ops) + 1):
        synced, waiting = _split(watch.ops[:point])
        told = tuple(op.told for op in watch.ops[:point] if op.kind == "note")
        for left in _left(waiting, draws, draw):
            place += 1
            if place % every and point < len(watch.ops):
                continue
            state = State(_files(watch.base, [*synced, *left]), told)
            if hash(state) not in seen:
                seen.add(hash(state))
                yield state


def _split(ops: Sequence[Op]) -> tuple[list[Op], list[Op]]:
    """What lies on the disk for sure, and what waits for a sync, both in their order."""
    last = {op.name: place for place, op in enumerate(ops) if op.kind == "sync"}
    changes = [(place, op) for place, op in enumerate(ops) if op.kind in ("write", "cut", "delete")]
    synced = [op for place, op in changes if place < last.get(op.name, -1)]
    return synced, [op for place, op in changes if place > last.get(op.name, -1)]


def _left(waiting: Sequence[Op], draws: int, draw: random.Random) -> Iterator[Sequence[Op]]:
    yield ()
    yield waiting
    for place in range(len(waiting)):
        yield waiting[place : place + 1]
        yield [*waiting[:place], *waiting[place + 1 :]]
    sectors = [part for op in waiting for part in _sectors(op)]
    for _ in range(draws if sectors else 0):
        share = draw.random()
        yield [part for part in sectors if draw.random() < share]


def _sectors(op: Op) -> Iterator[Op]:
    if op.kind != "write":
        yield op
        return
    at, end = op.at, op.at + len(op.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        yield Op("write", op.name, at, op.data[at - op.at : stop - op.at])
        at = stop


def _files(base: dict[str, bytes], ops: Sequence[Op]) -> tuple[tuple[str, bytes], ...]:
    files = {name: bytearray(content) for name, content in base.items()}
    for op in ops:
        if op.kind == "delete":
            files.pop(op.name, None)
            continue
        content = files.setdefault(op.name, bytearray())
        size = op.at if op.kind == "cut" else max(len(content), op.at)
        content.extend(bytes(max(0, size - len(content))))
        if op.kind == "cut":
            del content[size:]
        else:
            content[op.at : op.at + len(op.data)] = op.data
    return tuple(sorted((name, bytes(content)) for name, content in files.items()))
