"""The officers' side: keys in files under a passphrase, and what is put together before it is released."""

import os
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificate

from kiosk.insurance.roster.pack import contents_of, cut, make_pack
from kiosk.releases.contents import packed, signers_file
from kiosk.releases.errors import CannotPublish
from kiosk.releases.names import EMERGENCY, RELAXED, SIGNERS, TRUST, Distrusted, roster_path
from kiosk.releases.repository import Repository, Signers

ONLINE: Final = "online"
_VERSION: Final = 0xA0
KEPT_CUTS: Final = 8
"""From how many former rosters a clinic may come with a delta; whoever is farther back fetches the whole one."""

Passphrase = Callable[[str], str]
"""Gives the passphrase of the key with this name; empty for none."""


def create_key(folder: Path, name: str, passphrase: str) -> Ed25519PrivateKey:
    """A new key in a file that its owner alone reads.

    :raises CannotPublish: where there is one of that name, or the passphrase of an officer's key is empty.
    """
    if not passphrase and name != ONLINE:
        raise CannotPublish(f"The key {name} needs a passphrase.")
    key, path = Ed25519PrivateKey.generate(), folder / f"{name}.pem"
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise CannotPublish(f"There is a key {name} already.") from error
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        file.flush()
        os.fsync(file.fileno())
    return key


def load_key(path: Path, passphrase: Passphrase) -> Ed25519PrivateKey:
    """The key in a file.

    :raises CannotPublish: where it cannot be read, the passphrase is wrong, or it is another kind of key.
    """
    try:
        data = path.read_bytes()
        secret = passphrase(path.stem).encode() if b"ENCRYPTED" in data else None
        key = load_pem_private_key(data, secret or None)
    except (OSError, ValueError, TypeError) as error:
        raise CannotPublish(f"The key {path.name} cannot be read, or the passphrase is wrong.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CannotPublish(f"The key {path.name} is no Ed25519 key.")
    return key


def content_of(path: str, source: Path) -> bytes:
    """What is released under this path, of a file; of a folder, where a trust store or its folder ``qr`` is meant.

    :raises CannotPublish: where it cannot be read.
    """
    try:
        if source.is_dir() and path == TRUST:
            return packed(_files_in(source, ("trust.toml", "imported.store"), ("csca", "qr")))
        if source.is_dir() and path == SIGNERS:
            return signers_file(_files_in(source, (), (".",)))
        return source.read_bytes()
    except OSError as error:
        raise CannotPublish(f"{source.name} cannot be read.") from error


def rosters(clinic: str, province: Path, cuts: Path, *, beside: Iterable[str] = ()) -> dict[str, bytes]:
    """The packs of a clinic: the whole roster, and what differs from those that it had before.

    :param province: the province's roster. :param cuts: the folder in which a clinic's former rosters are kept.
    :param beside: neighbours whose people are in it, too.
    :raises ConfigurationError: where a roster is not whole.
    """
    folder = cuts / clinic
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / ".new"
    unfinished.unlink(missing_ok=True)
    cut(province, unfinished, frozenset({clinic, *beside}))
    mine = folder / f"{contents_of(unfinished)}.roster"
    os.replace(unfinished, mine)
    os.utime(mine)
    former = sorted(folder.glob("*.roster"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for old in former[KEPT_CUTS + 1 :]:
        old.unlink()
    packs = {roster_path(clinic): make_pack(None, mine)}
    for base in former[: KEPT_CUTS + 1]:
        if base != mine:
            packs[roster_path(clinic, base.stem)] = make_pack(base, mine)
    return packs


def stale_deltas(repository: Repository, clinic: str, packs: Mapping[str, bytes]) -> list[str]:
    """The released deltas of a clinic that lead to a roster that is no more the newest."""
    start = roster_path(clinic).removesuffix("whole.pack")
    return [path for path in repository.released() if path.startswith(start) and path not in packs]


def names_of(named: Iterable[str]) -> list[str]:
    """The SHA-256 that are meant; of a file with a certificate, that of the certificate and that of its key.

    A certificate can be encoded anew by whoever has it, and so get another SHA-256; its key keeps its own.

    :raises CannotPublish: where a file holds no certificate.
    """
    return [name for each in named for name in (_names_in(Path(each)) if Path(each).is_file() else (each,))]


def _names_in(file: Path) -> tuple[str, str]:
    data = file.read_bytes()
    try:
        load = load_pem_x509_certificate if data.startswith(b"-----") else load_der_x509_certificate
        certificate = load(data)
    except ValueError as error:
        raise CannotPublish(f"{file.name} holds no certificate.") from error
    der = certificate.public_bytes(Encoding.DER)
    return sha256(der).hexdigest(), sha256(_key_in(certificate)).hexdigest()


def _key_in(certificate: Certificate) -> bytes:
    """The SubjectPublicKeyInfo as it stands there: a key whose curve is written out cannot be loaded.

    Source: RFC 5280, "Basic Certificate Fields".
    """
    tbs = certificate.tbs_certificate_bytes
    at, end = _element(tbs, 0)[0], len(tbs)
    found: list[bytes] = []
    while at < end:
        _, behind = _element(tbs, at)
        found.append(tbs[at:behind])
        at = behind
    # The version is written only where it is not the first.
    return found[6 if found[0][0] == _VERSION else 5]


def _element(der: bytes, at: int) -> tuple[int, int]:
    """Where the contents of the element at this place begin, and where it ends."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        width = length & 0x7F
        length, start = int.from_bytes(der[start : start + width]), start + width
    return start, start + length


def former_list(repository: Repository) -> Distrusted | None:
    """The list of the distrusted that is released, or None.

    :raises CannotPublish: where it cannot be read.
    """
    data = repository.data_of(EMERGENCY)
    try:
        return None if data is None else Distrusted.from_bytes(data)
    except ValueError as error:
        raise CannotPublish("The list of the distrusted that is released cannot be read.") from error


def release_list(repository: Repository, listed: Distrusted, signers: Signers) -> None:
    """Release a list of the distrusted. One that takes something back is released by the officers besides.

    :raises CannotPublish: where too few keys are at hand.
    """
    before, data = former_list(repository), listed.to_bytes()
    is_relaxed = before is not None and not listed.follows(before)
    if is_relaxed and not signers.targets:
        raise CannotPublish("What takes something back needs the key of the officers who release, too: --targets.")
    repository.publish({EMERGENCY: data} | ({RELAXED: data} if is_relaxed else {}), signers)


def distrusted(
    repository: Repository, named: Iterable[str], *, again: Iterable[str] = (), lane_closed: bool | None = None
) -> Distrusted:
    """The list that follows the released one.

    :param named: certificates that count no more. :param again: certificates that count again.
    :param lane_closed: None where that stays as it is.
    :raises CannotPublish: where something named is no SHA-256.
    """
    before = former_list(repository)
    try:
        certificates = {*(() if before is None else before.certificates), *(each.lower() for each in named)}
        closed = lane_closed if lane_closed is not None else before is not None and before.lane_closed
        return Distrusted(
            number=1 if before is None else before.number + 1,
            certificates=tuple(sorted(certificates - {each.lower() for each in again})),
            lane_closed=closed,
        )
    except ValueError as error:
        raise CannotPublish("A certificate is named by its SHA-256: 64 hexadecimal digits.") from error


def _files_in(folder: Path, files: tuple[str, ...], folders: tuple[str, ...]) -> dict[str, bytes]:
    found = [folder / name for name in files if (folder / name).is_file()]
    found += [file for name in folders for file in sorted((folder / name).rglob("*")) if file.is_file()]
    shown = [file for file in found if not file.name.startswith(".")]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in shown}
