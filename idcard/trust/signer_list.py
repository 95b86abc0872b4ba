"""Whose codes are believed: the part of the trust store that only codes need.

Theory of operation. A code is small, so most do not bring their signer's certificate: they name a key by a short
identifier, and whoever verifies has a list. The list stands beside the CSCA certificates, in the trust store's folder
``qr``:

* ``qr/signers``: certificates that the operator trusts as they are for EU health certificates, as states' lists of
  signers give them; an identifier is the first eight bytes of a certificate's SHA-256;
* ``qr/signers/FORMAT``: certificates that the operator trusts as they are for codes of that one format;
* ``qr/certificates``: certificates that count only where an anchor of the store issued them;
* ``qr/anchors/FORMAT``: anchors for codes of that one format, beside the CSCAs of the trust store, which count for
  every code; a format's name is that of :class:`idcard.Recognised`;
* ``qr/issuers``: issuers that sign with bare keys (:mod:`idcard.trust.issuer_list`);
* ``qr/status``: status lists of credentials, as their issuers sign them (:mod:`idcard.qr.status_list`);
* ``qr/revoked``: lists of single health certificates that were taken back (:mod:`idcard.trust.hash_list`);
* ``qr/keys``: Ed25519 public keys (PEM) of clinics for codes of our own. A file's name is the clinic's code, and its
  key counts for that clinic alone. A dot and digits behind it (``PK-MAU.2026.pem``) tell a clinic's keys apart, of
  which it has several while one replaces another; what follows an ``@`` says which of the clinic's machines has it;
* ``qr/list.toml``, where there is one, says whether every signer whose codes are shown here is in the list.

Two signers may share an identifier: each is tried, and the one whose key signed is the signer.

Source: eHealth Network, "Electronic Health Certificate Specification" (key identifiers).
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from idcard.encoding.oids import DEMONSTRATION
from idcard.errors import ConfigurationError, IdCardError, MalformedData
from idcard.qr.formats import CERTIFIED, EU_DCC
from idcard.qr.status_list import StatusList
from idcard.qr.token import key_id_of
from idcard.trust import pem
from idcard.trust.certificates import Certificate
from idcard.trust.code_pool import CodePool
from idcard.trust.hash_list import RevocationBatch
from idcard.trust.issuer_list import Issuer, IssuerKey
from idcard.trust.path import Certificates, Pool
from idcard.trust.settings import anchor_of
from idcard.trust.store import TrustStore, distrusting_version

T = TypeVar("T")
KEY_ID_BYTES: Final = 8
FOLDER: Final = "qr"
_MAX_FILE_BYTES = 1 << 18
_MAX_LIST_BYTES = 1 << 23
_SUFFIXES = frozenset({".cer", ".der", ".pem", ".crt"})
_JSON, _TOKENS = frozenset({".json"}), frozenset({".jwt"})
_KEY_NUMBER = re.compile(r"(?<=.)\.[0-9][0-9-]*$")
_PEM_KINDS = frozenset({b"CERTIFICATE", b"PUBLIC KEY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSigner:
    """A certificate that codes may name; ``trusted_for`` is the format for whose codes the operator trusts it as it is,
    None where it needs an anchor. For codes of other formats it needs one, too.
    """

    certificate: Certificate
    trusted_for: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicKey:
    """The key of a clinic for codes of our own."""

    clinic: str
    key: Ed25519PublicKey


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QrTrust:
    """Whose codes are believed; immutable.

    ``version`` is a digest of the contents in hexadecimal. ``store`` holds the anchors, where there are any.
    ``distrusted`` are the SHA-256 of certificates that count for nothing here, listed or not.
    ``complete``: the operator declares that nobody else signs codes here, so that an unknown signer is a wrong one.
    """

    version: str
    store: TrustStore | None
    complete: bool
    issuers: tuple[Issuer, ...]
    revoked: tuple[RevocationBatch, ...]
    _status: tuple[StatusList, ...]
    _signers: Mapping[bytes, tuple[ListedSigner, ...]]
    _keys: Mapping[bytes, tuple[ClinicKey, ...]]
    _anchors: Mapping[str, tuple[Certificate, ...]]
    distrusted: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        *,
        signers: Iterable[bytes] = (),
        format_signers: Mapping[str, Sequence[bytes]] = MappingProxyType({}),
        certificates: Iterable[bytes] = (),
        keys: Iterable[ClinicKey] = (),
        store: TrustStore | None = None,
        complete: bool = False,
        accept_demonstration: bool = False,
        anchors: Mapping[str, Sequence[bytes]] = MappingProxyType({}),
        issuers: Iterable[bytes] = (),
        revoked: Iterable[bytes] = (),
        status: Iterable[bytes] = (),
    ) -> "QrTrust":
        """What a program keeps itself: certificates in DER, and keys.

        :param signers: certificates that are trusted as they are, for EU health certificates alone.
        :param format_signers: certificates that are trusted as they are for codes of one format alone, by its name.
        :param certificates: certificates that need an anchor in ``store``.
        :param complete: nobody else signs codes that are shown here.
        :param anchors: certificates that are anchors for codes of one format alone, by its name.
        :param issuers: issuers with their keys, in JSON as in the folder ``qr/issuers``.
        :param revoked: lists of certificates taken back, in JSON as in the folder ``qr/revoked``.
        :param status: status lists of credentials, as tokens.
        :raises ConfigurationError: if a certificate cannot be read, or must not be used; or for a format that is none.
        """
        _only_formats("qr/signers", format_signers)
        _only_formats("qr/anchors", anchors)
        given = [(EU_DCC, signers), *format_signers.items(), (None, certificates)]
        listed = [
            ListedSigner(certificate=_certificate(der, accept_demonstration), trusted_for=name)
            for name, ders in given
            for der in ders
        ]
        own = list(keys)
        documents = {"issuer": list(issuers), "revoked": list(revoked), "status": list(status)}
        roots = {
            name: tuple(anchor_of(der, f"an anchor for {name}", accept_demonstration) for der in ders)
            for name, ders in anchors.items()
        }
        return cls(
            version=_version(listed, own, store, complete, [*_lines_of(documents), *_lines_of_anchors(roots)]),
            store=store,
            complete=complete,
            issuers=tuple(
                issuer for one in documents["issuer"] for issuer in _parsed(Issuer.several_from_bytes, one, "an issuer")
            ),
            revoked=tuple(_parsed(RevocationBatch.from_bytes, one, "a list") for one in documents["revoked"]),
            _status=tuple(_parsed(StatusList.from_bytes, one, "a status list") for one in documents["status"]),
            _anchors=MappingProxyType(roots),
            _signers=_by_identifier((_identifier(one.certificate), one) for one in listed),
            _keys=_by_identifier((key_id_of(one.key), one) for one in own),
        )

    @classmethod
    def from_directory(cls, path: Path | str, *, accept_demonstration: bool = False) -> "QrTrust":
        """The list in the trust store's directory ``path``, with the store's own anchors where it is set up.

        :param accept_demonstration: also take this project's demonstration certificates, which prove nothing.
        :raises ConfigurationError: with reason ``never_set_up`` where there is no folder ``qr``, ``damaged`` where
            something in it cannot be read or must not be used.
        """
        directory = Path(path)
        folder = directory / FOLDER
        if not folder.is_dir():
            raise ConfigurationError(
                "The trust store knows no signer of codes.",
                reason="never_set_up",
                remedy="Put certificates into its folder qr/signers, or clinics' keys into qr/keys.",
            )
        has_store = (directory / "trust.toml").is_file()
        store = TrustStore.from_directory(directory, accept_demonstration=accept_demonstration) if has_store else None
        return cls.of(
            signers=[der for file in _files(folder / "signers", folders=True) for der in _blocks(file)],
            format_signers={
                one.name: [der for file in _files(one) for der in _blocks(file)]
                for one in _folders(folder / "signers", files=True)
            },
            certificates=[der for file in _files(folder / "certificates") for der in _blocks(file)],
            keys=[ClinicKey(clinic=_clinic_of(file), key=_key(file)) for file in _files(folder / "keys")],
            store=store,
            complete=_declared_complete(folder / "list.toml"),
            accept_demonstration=accept_demonstration,
            anchors={
                one.name: [der for file in _files(one) for der in _blocks(file)] for one in _folders(folder / "anchors")
            },
            issuers=[_data(file) for file in _files(folder / "issuers", _JSON)],
            revoked=[_data(file) for file in _files(folder / "revoked", _JSON)],
            status=[_data(file) for file in _files(folder / "status", _TOKENS)],
        )

    def distrusting(self, fingerprints: Iterable[str]) -> "QrTrust":
        """The same, where these certificates count for nothing; issuers' bare keys have no certificate.

        :param fingerprints: the SHA-256 of certificates or of their keys in hexadecimal.
        """
        named = self.distrusted | frozenset(fingerprints)
        if named == self.distrusted:
            return self
        store = self.store and self.store.distrusting(named)
        return replace(self, version=distrusting_version(self.version, named), store=store, distrusted=named)

    def distrusts_path(self, signer: Certificate, issuers: Sequence[Certificate]) -> bool:
        """Whether the signer, or whoever stands above it, counts for nothing."""
        ours = {name for one in (signer, *issuers) for name in (one.fingerprint, one.key_fingerprint)}
        return not ours.isdisjoint(self.distrusted) or bool(self.store and self.store.distrusts_path(signer, issuers))

    def signers_for(self, key_id: bytes | None) -> tuple[ListedSigner, ...]:
        """The certificates that ``key_id`` may mean."""
        return () if key_id is None else self._signers.get(key_id, ())

    def keys_for(self, key_id: bytes | None) -> tuple[ClinicKey, ...]:
        """The clinics' keys that ``key_id`` may mean."""
        return () if key_id is None else self._keys.get(key_id, ())

    @property
    def listed(self) -> tuple[ListedSigner, ...]:
        """Every listed certificate, for formats that name theirs in another way than by such an identifier."""
        return tuple(one for ones in self._signers.values() for one in ones)

    def issuer_keys(
        self, issuer: str | None, key_id: str | bytes | None, format_name: str | None = None
    ) -> tuple[IssuerKey, ...]:
        """The keys that an issuer's name and a key's identifier may mean: either may be None, and not both.

        :param format_name: gives those alone that count for codes of that format.
        """
        if issuer is None and key_id is None:
            return ()
        named = (one for one in self.issuers if issuer in (None, one.name))
        found = (key for one in named for key in one.keys if key.goes_by(key_id))
        return tuple(key for key in found if format_name is None or format_name in key.formats)

    def status_lists(self, uri: str) -> tuple[StatusList, ...]:
        """The status lists that say of themselves to be from that address, the newest first; nobody verified them."""
        return tuple(sorted((one for one in self._status if one.uri == uri), key=lambda one: one.issued, reverse=True))

    def issuer_called(self, name: str) -> tuple[Issuer, ...]:
        """The listed issuers of that name: mostly none or one."""
        return tuple(one for one in self.issuers if one.name == name)

    def pool(self, format_name: str) -> Pool:
        """Where issuers of certificates that sign codes of that format are looked for."""
        return CodePool(store=self.store, own=Certificates.of(self._anchors.get(format_name, ())))

    def has_anchors(self, format_name: str) -> bool:
        """Whether there is any anchor for codes of that format."""
        return bool(self._anchors.get(format_name)) or (self.store is not None and self.store.has_anchors)


def _by_identifier(pairs: Iterable[tuple[bytes, T]]) -> Mapping[bytes, tuple[T, ...]]:
    found: dict[bytes, tuple[T, ...]] = {}
    for identifier, one in pairs:
        found[identifier] = (*found.get(identifier, ()), one)
    return MappingProxyType(found)


def _identifier(certificate: Certificate) -> bytes:
    return hashlib.sha256(certificate.der).digest()[:KEY_ID_BYTES]


def _version(
    listed: Iterable[ListedSigner],
    keys: Iterable[ClinicKey],
    store: TrustStore | None,
    complete: bool,
    more: Iterable[str] = (),
) -> str:
    lines = sorted(f"{one.trusted_for} {one.certificate.fingerprint}" for one in listed)
    lines += sorted(f"{one.clinic} {one.key.public_bytes_raw().hex()}" for one in keys)
    lines += ["complete"] * complete
    lines += sorted(more)
    return hashlib.sha256("\n".join(["qr 1", store.version if store else "none", *lines]).encode()).hexdigest()


def _lines_of(documents: Mapping[str, Iterable[bytes]]) -> list[str]:
    return [f"{kind} {hashlib.sha256(one).hexdigest()}" for kind, ones in documents.items() for one in ones]


def _lines_of_anchors(anchors: Mapping[str, Iterable[Certificate]]) -> list[str]:
    return [f"anchor {name} {one.fingerprint}" for name, ones in anchors.items() for one in ones]


def _parsed(parse: Callable[[bytes], T], data: bytes, name: str) -> T:
    try:
        return parse(data)
    except IdCardError as error:
        raise _damaged(name, f"cannot be understood: {error}") from error


def _certificate(der: bytes, accept_demonstration: bool) -> Certificate:
    try:
        certificate = Certificate.from_bytes(der)
        _ = certificate.public_key
    except IdCardError as error:
        raise _damaged("a signer's certificate", "cannot be read or has no usable key") from error
    if DEMONSTRATION in certificate.extensions and not accept_demonstration:
        raise ConfigurationError(
            "A signer of codes is a demonstration certificate, which proves nothing.",
            reason="demonstration_anchor",
            remedy="Remove it from the trust store.",
        )
    return certificate


def _only_formats(folder: str, names: Iterable[str]) -> None:
    """What is said of a format that no code has would count for none, and nobody would notice."""
    known = ", ".join(sorted(CERTIFIED))
    for name in sorted(set(names) - CERTIFIED):
        what = f"is called by no format whose codes certificates sign ({known})"
        raise _damaged(f"{folder}/{name}", what, "Call the folder by one of these formats, or remove it.")


def _declared_complete(file: Path) -> bool:
    """What the operator declares in ``list.toml``; a setting that is not understood makes the list damaged."""
    if not file.exists():
        return False
    try:
        settings = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(file.name, "cannot be read") from error
    complete = settings.get("complete")
    if settings != {"format": 1, "complete": complete} or not isinstance(complete, bool):
        raise _damaged(file.name, "says something else than format = 1 and complete = true or false")
    return complete


def _folders(folder: Path, *, files: bool = False) -> list[Path]:
    """The folders in a folder, in order; a file between them, where none belongs, makes the list damaged."""
    if not folder.is_dir():
        return []
    found = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    for one in found:
        if not one.is_dir() and not files:
            raise _damaged(one.name, "is no folder called by a format")
    return [one for one in found if one.is_dir()]


def _files(folder: Path, suffixes: frozenset[str] = _SUFFIXES, *, folders: bool = False) -> list[Path]:
    """The files of a folder, in order; one that cannot be meant makes the list damaged, not smaller."""
    if not folder.is_dir():
        return []
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    files = [file for file in files if not (folders and file.is_dir())]
    for file in files:
        if file.suffix.lower() not in suffixes or not file.is_file():
            raise _damaged(file.name, f"is no file of the kind that belongs there ({', '.join(sorted(suffixes))})")
    return files


def _blocks(file: Path) -> list[bytes]:
    """The DER in a file: the file itself, or what its PEM holds."""
    data = _data(file)
    if not pem.is_pem(data):
        return [data]
    try:
        blocks = list(pem.blocks(data))
        if any(block.kind not in _PEM_KINDS for block in blocks):
            raise _damaged(file.name, "holds something else than certificates or public keys")
        return [block.der for block in blocks]
    except MalformedData as error:
        raise _damaged(file.name, "is not PEM") from error


def _data(file: Path) -> bytes:
    limit = _MAX_LIST_BYTES if file.suffix.lower() in _JSON | _TOKENS else _MAX_FILE_BYTES
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise _damaged(file.name, "cannot be read") from error
    if len(data) > limit:
        raise _damaged(file.name, "is too long")
    return data


def _clinic_of(file: Path) -> str:
    return _KEY_NUMBER.sub("", file.stem).partition("@")[0]


def _key(file: Path) -> Ed25519PublicKey:
    blocks = _blocks(file)
    try:
        key = load_der_public_key(blocks[0])
    except (ValueError, IndexError) as error:
        raise _damaged(file.name, "is no public key") from error
    if len(blocks) != 1 or not isinstance(key, Ed25519PublicKey):
        raise _damaged(file.name, "is not one Ed25519 public key")
    return key


def _damaged(name: str, what: str, remedy: str = "") -> ConfigurationError:
    return ConfigurationError(
        f"The list of signers of codes is damaged: {name} {what}.",
        reason="damaged",
        remedy=remedy or f"Replace {name} by the file as it was issued, or remove it.",
    )
