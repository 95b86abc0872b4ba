"""The imported part of a trust store: one file that is opened fast, checked whole, and replaced at one stroke.

Theory of operation. The file is a magic line, the length of an index, the index (JSON), the imported objects one after
the other, and the SHA-256 of all that. The index has a column for each thing that objects are looked up by, so that
opening parses no certificate. A change writes a new file aside, has it reach the disk, and renames it over the old
one: whoever is killed in the middle leaves the old file.

Each file has a number, one higher than its predecessor's, and the predecessor's digest. A file cannot say of itself
that it was brought back from a backup; :mod:`idcard.trust.rollback` compares the number with one kept elsewhere.

The digest finds damage, not malice: who can write the store can write a right digest, too.
"""

import hashlib
import json
import os
import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from idcard.encoding.asn1 import NameKey, name_key
from idcard.errors import ConfigurationError

FILE = "imported.store"
MAX_BYTES = 512 << 20
_MAGIC = b"IDCARD TRUST 1\n"
_LENGTH = struct.Struct(">I")
_DIGEST = 32
DEMONSTRATION_MARK = "demonstration"
"""What stands in the place of a judgement for this project's demonstration certificates."""
_COLUMNS = ("kind", "length", "name", "key", "signed", "sources", "issuer")
_ISSUED_BY = "issued by "


class Kind(StrEnum):
    """What an entry is."""

    ANCHOR = "anchor"
    """A CSCA certificate that is trusted."""
    LINK = "link"
    """A certificate that leads from an anchor's key to its successor's."""
    SIGNER = "signer"
    """A document signer's certificate, for documents that do not bring it along."""
    CRL = "crl"
    """A revocation list."""
    DEVIATION_LIST = "deviation_list"
    """A deviation list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where entries came from: a file's name and SHA-256, what it was, and when it was imported.

    For a signed list also when it was signed, and the fingerprints of its signer and of the root behind that.
    """

    name: str
    sha256: str
    kind: str
    added: datetime
    signed_at: datetime | None = None
    signer: str | None = None
    root: str | None = None

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Source":
        """The source that :meth:`to_dict` wrote."""
        times = {name: datetime.fromisoformat(value[name]) for name in ("added", "signed_at") if value.get(name)}
        return cls(**{**value, **times})

    def to_dict(self) -> dict[str, Any]:
        """The source for JSON."""
        signed_at = None if self.signed_at is None else self.signed_at.isoformat()
        return {
            "name": self.name,
            "sha256": self.sha256,
            "kind": self.kind,
            "added": self.added.isoformat(),
            "signed_at": signed_at,
            "signer": self.signer,
            "root": self.root,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object of the store: its kind, its bytes, how its signature was judged, and where it came from.

    ``name`` and ``key`` are what it is looked up by: see :func:`name_digest` and the key's identifier in hexadecimal;
    of a signer and of a revocation list they are the issuer's name and, for the list, the issuer's key. ``issuer`` is
    the issuer's name of a link, which leads from there to the name and key that came after; empty for all others.
    """

    kind: Kind
    data: bytes
    name: str
    key: str
    signed: str
    sources: tuple[int, ...]
    issuer: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def name_digest(key: NameKey) -> str:
    """What a name is looked up by: 16 hexadecimal digits; two names may share one, so that it leads to candidates."""
    text = "\n".join("\t".join(sorted(f"{kind}={value}" for kind, value in rdn)) for rdn in key)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=256)
def issuer_names(issuer: bytes, key_identifier: bytes | None) -> tuple[str, ...]:
    """What an issuer is looked up by: its key's identifier, where it is named, and its encoded name."""
    return (*([key_identifier.hex()] if key_identifier else []), name_digest(name_key(issuer)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Archive:
    """An imported store, opened."""

    sequence: int
    previous: str
    written_at: datetime
    digest: str
    columns: Mapping[str, Sequence[Any]]
    sources: tuple[Source, ...]
    objects: memoryview
    _offsets: list[int] = field(default_factory=list, repr=False)
    _lookup: dict[str, list[int]] = field(default_factory=dict, repr=False)
    _kinds: frozenset[str] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kinds", frozenset(self.columns["kind"]))
        at = 0
        for length in self.columns["length"]:
            self._offsets.append(at)
            at += length
        looked_up = (self.columns[column] for column in ("kind", "name", "key", "issuer"))
        for number, (kind, name, key, issuer) in enumerate(zip(*looked_up, strict=True)):
            self._lookup.setdefault(kind + name, []).append(number)
            if key:
                self._lookup.setdefault(kind + key, []).append(number)
            if issuer:
                self._lookup.setdefault(_ISSUED_BY + issuer, []).append(number)

    @classmethod
    def read(cls, directory: Path) -> "Archive":
        """The imported part of the store in ``directory``; :data:`EMPTY` where nothing was imported.

        :raises ConfigurationError: with reason ``damaged`` if it is not as it was written.
        """
        file = directory / FILE
        try:
            file.lstat()
            if not file.is_file():
                raise damaged(FILE, "is no file")
            if file.stat().st_size > MAX_BYTES:
                raise damaged(FILE, "is too long")
            return cls.from_bytes(file.read_bytes())
        except FileNotFoundError:
            return EMPTY
        except OSError as error:
            raise unreadable(FILE) from error

    @classmethod
    def from_bytes(cls, data: bytes) -> "Archive":
        """The archive that :meth:`to_bytes` made.

        :raises ConfigurationError: with reason ``damaged`` if it is not.
        """
        view = memoryview(data)
        digest = hashlib.sha256(view[:-_DIGEST]).digest()
        start = len(_MAGIC) + _LENGTH.size
        if not data.startswith(_MAGIC) or len(data) < start + _DIGEST or digest != view[-_DIGEST:]:
            raise damaged(FILE, "is not as it was written")
        (length,) = _LENGTH.unpack(view[len(_MAGIC) : start])
        try:
            index = json.loads(data[start : start + length])
            # The column came later; the next import fills it.
            index.setdefault("issuer", [""] * len(index["kind"]))
            return cls(
                sequence=index["sequence"],
                previous=index["previous"],
                written_at=datetime.fromisoformat(index["written_at"]),
                digest=digest.hex(),
                columns={name: index[name] for name in _COLUMNS},
                sources=tuple(map(Source.from_dict, index["from"])),
                objects=view[start + length : -_DIGEST],
            )
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            # Somebody wrote a file of their own, with the right digest.
            raise damaged(FILE, "is not as this program writes it") from error

    @property
    def has_demonstration(self) -> bool:
        """Whether a demonstration certificate is among the anchors and links."""
        return DEMONSTRATION_MARK in self.columns["signed"]

    def __len__(self) -> int:
        return len(self._offsets)

    def data(self, number: int) -> bytes:
        """The bytes of an entry."""
        start = self._offsets[number]
        return bytes(self.objects[start : start + self.columns["length"][number]])

    def entry(self, number: int) -> Entry:
        """An entry."""
        return Entry(
            kind=Kind(self.columns["kind"][number]),
            data=self.data(number),
            name=self.columns["name"][number],
            key=self.columns["key"][number],
            signed=self.columns["signed"][number],
            sources=tuple(self.columns["sources"][number]),
            issuer=self.columns["issuer"][number],
        )

    def find(self, kind: Kind, *names: str) -> list[int]:
        """The numbers of the entries of a kind with one of these names or keys, each once."""
        return list(dict.fromkeys(number for name in names for number in self._lookup.get(kind + name, ())))

    def links_from(self, name: str) -> list[int]:
        """The numbers of the links that an issuer of this name made."""
        return self._lookup.get(_ISSUED_BY + name, [])

    def has(self, kind: Kind) -> bool:
        """Whether there is any entry of a kind."""
        return kind in self._kinds

    def of_kind(self, kind: Kind) -> list[int]:
        """The numbers of all entries of a kind."""
        return [number for number, one in enumerate(self.columns["kind"]) if one == kind]


EMPTY = Archive(
    sequence=0,
    previous="",
    written_at=datetime.min.replace(tzinfo=UTC),
    digest="",
    columns=dict.fromkeys(_COLUMNS, ()),
    sources=(),
    objects=memoryview(b""),
)
"""The archive of a store into which nothing was imported."""


def to_bytes(
    entries: Sequence[Entry], sources: Sequence[Source], *, sequence: int, previous: str, written_at: datetime
) -> bytes:
    """An archive of these entries as bytes."""
    index = {
        "sequence": sequence,
        "previous": previous,
        "written_at": written_at.isoformat(),
        "kind": [entry.kind.value for entry in entries],
        "length": [len(entry.data) for entry in entries],
        "name": [entry.name for entry in entries],
        "key": [entry.key for entry in entries],
        "signed": [entry.signed for entry in entries],
        "sources": [entry.sources for entry in entries],
        "issuer": [entry.issuer for entry in entries],
        "from": [source.to_dict() for source in sources],
    }
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode()
    body = b"".join((_MAGIC, _LENGTH.pack(len(text)), text, *(entry.data for entry in entries)))
    return body + hashlib.sha256(body).digest()


def replace_file(file: Path, data: bytes) -> None:
    """``data`` in the place of ``file``, wholly or not at all, even where the power fails in the middle."""
    # A name of its own for each writer: threads of one process may write the same file.
    aside = file.with_name(f".{file.name}.{secrets.token_hex(8)}.new")
    try:
        with aside.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    if os.name == "posix":
        _sync_folder(file.parent)


def _sync_folder(path: Path) -> None:
    """Bring a new name to the disk; elsewhere a folder is no file that can be opened, and the system does it."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def damaged(name: str, what: str, remedy: str = "") -> ConfigurationError:
    """The error that something in the store is not as it should be."""
    if name == FILE:
        remedy = remedy or "Bring the whole directory back from a copy, or set it up anew."
    return ConfigurationError(
        f"The trust store is damaged: {name} {what}.",
        reason="damaged",
        remedy=remedy or f"Replace {name} by the file as it was issued, or remove it.",
    )


def unreadable(name: str) -> ConfigurationError:
    """The error that something in the store is there, and cannot be read."""
    remedy = f"Let this program's user read {name}, or bring it back from a copy."
    return damaged(name, "cannot be read", remedy)
