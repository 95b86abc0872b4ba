"""Whose codes are believed: the part of the trust store that only codes need.

Theory of operation. A code is small, so most do not bring their signer's certificate: they name a key by a short
identifier, and whoever verifies has a list. The list stands beside the CSCA certificates, in the trust store's folder
``qr``:

* ``qr/signers``: certificates that the operator trusts as they are, as states' lists of signers of health certificates
  give them; an identifier is the first eight bytes of a certificate's SHA-256;
* ``qr/certificates``: certificates that count only where an anchor of the store issued them;
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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from idcard.encoding.oids import DEMONSTRATION
from idcard.errors import ConfigurationError, IdCardError, MalformedData
from idcard.qr.token import key_id_of
from idcard.trust import pem
from idcard.trust.certificates import Certificate
from idcard.trust.store import TrustStore

T = TypeVar("T")
KEY_ID_BYTES: Final = 8
FOLDER: Final = "qr"
_MAX_FILE_BYTES = 1 << 18
_SUFFIXES = frozenset({".cer", ".der", ".pem", ".crt"})
_KEY_NUMBER = re.compile(r"(?<=.)\.[0-9][0-9-]*$")
_PEM_KINDS = frozenset({b"CERTIFICATE", b"PUBLIC KEY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSigner:
    """A certificate that codes may name; ``trusted`` where the operator trusts it as it is, without any anchor."""

    certificate: Certificate
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicKey:
    """The key of a clinic for codes of our own."""

    clinic: str
    key: Ed25519PublicKey


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QrTrust:
    """Whose codes are believed; immutable.

    ``version`` is a digest of the contents in hexadecimal. ``store`` holds the anchors, where there are any.
    ``complete``: the operator declares that nobody else signs codes here, so that an unknown signer is a wrong one.
    """

    version: str
    store: TrustStore | None
    complete: bool
    _signers: Mapping[bytes, tuple[ListedSigner, ...]]
    _keys: Mapping[bytes, tuple[ClinicKey, ...]]

    @classmethod
    def of(
        cls,
        *,
        signers: Iterable[bytes] = (),
        certificates: Iterable[bytes] = (),
        keys: Iterable[ClinicKey] = (),
        store: TrustStore | None = None,
        complete: bool = False,
        accept_demonstration: bool = False,
    ) -> "QrTrust":
        """What a program keeps itself: certificates in DER, and keys.

        :param signers: certificates that are trusted as they are.
        :param certificates: certificates that need an anchor in ``store``.
        :param complete: nobody else signs codes that are shown here.
        :raises ConfigurationError: if a certificate cannot be read, or must not be used.
        """
        listed = [ListedSigner(certificate=_certificate(der, accept_demonstration), trusted=True) for der in signers]
        listed += [
            ListedSigner(certificate=_certificate(der, accept_demonstration), trusted=False) for der in certificates
        ]
        own = list(keys)
        return cls(
            version=_version(listed, own, store, complete),
            store=store,
            complete=complete,
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
            signers=[der for file in _files(folder / "signers") for der in _blocks(file)],
            certificates=[der for file in _files(folder / "certificates") for der in _blocks(file)],
            keys=[ClinicKey(clinic=_clinic_of(file), key=_key(file)) for file in _files(folder / "keys")],
            store=store,
            complete=_declared_complete(folder / "list.toml"),
            accept_demonstration=accept_demonstration,
        )

    def signers_for(self, key_id: bytes | None) -> tuple[ListedSigner, ...]:
        """The certificates that ``key_id`` may mean."""
        return () if key_id is None else self._signers.get(key_id, ())

    def keys_for(self, key_id: bytes | None) -> tuple[ClinicKey, ...]:
        """The clinics' keys that ``key_id`` may mean."""
        return () if key_id is None else self._keys.get(key_id, ())


def _by_identifier(pairs: Iterable[tuple[bytes, T]]) -> Mapping[bytes, tuple[T, ...]]:
    found: dict[bytes, tuple[T, ...]] = {}
    for identifier, one in pairs:
        found[identifier] = (*found.get(identifier, ()), one)
    return MappingProxyType(found)


def _identifier(certificate: Certificate) -> bytes:
    return hashlib.sha256(certificate.der).digest()[:KEY_ID_BYTES]


def _version(
    listed: Iterable[ListedSigner], keys: Iterable[ClinicKey], store: TrustStore | None, complete: bool
) -> str:
    lines = sorted(f"{one.trusted} {one.certificate.fingerprint}" for one in listed)
    lines += sorted(f"{one.clinic} {one.key.public_bytes_raw().hex()}" for one in keys)
    lines += ["complete"] * complete
    return hashlib.sha256("\n".join(["qr 1", store.version if store else "none", *lines]).encode()).hexdigest()


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


def _files(folder: Path) -> list[Path]:
    """The files of a folder, in order; one that cannot be meant makes the list damaged, not smaller."""
    if not folder.is_dir():
        return []
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    for file in files:
        if file.suffix.lower() not in _SUFFIXES or not file.is_file():
            raise _damaged(file.name, "is no certificate or key file (.cer, .der, .pem, .crt)")
    return files


def _blocks(file: Path) -> list[bytes]:
    """The DER in a file: the file itself, or what its PEM holds."""
    try:
        with file.open("rb") as stream:
            data = stream.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _damaged(file.name, "cannot be read") from error
    if len(data) > _MAX_FILE_BYTES:
        raise _damaged(file.name, "is too long")
    if not pem.is_pem(data):
        return [data]
    try:
        blocks = list(pem.blocks(data))
        if any(block.kind not in _PEM_KINDS for block in blocks):
            raise _damaged(file.name, "holds something else than certificates or public keys")
        return [block.der for block in blocks]
    except MalformedData as error:
        raise _damaged(file.name, "is not PEM") from error


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


def _damaged(name: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The list of signers of codes is damaged: {name} {what}.",
        reason="damaged",
        remedy=f"Replace {name} by the file as it was issued, or remove it.",
    )
