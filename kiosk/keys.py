"""Key files, and the sealing of what is personal.

Theory of operation. Each visit has a key of its own (32 random bytes). The person's fields and a random nonce lie in
one blob under it (AES-256-GCM, bound to the visit's id). The visit's key is sealed to the clinic's public key (HPKE:
X25519, HKDF-SHA256, AES-256-GCM), so the process that writes can never read again; only the staff process holds the
private key. Audit and outbox carry a commitment, SHA-256(nonce || canonical fields): it binds them to the person and
tells nothing without the blob. Erasing a person erases the sealed key, and every chain still verifies. Where staff must
find something again without opening everything, it bears a keyed hash whose key is made from the private one.

Source: RFC 9180, "Hybrid Public Key Encryption", base mode.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from idcard import ConfigurationError, IdCardError
from kiosk.key_safe.wrapped import OPENED

SECRET_BYTES = 32
TAG_BYTES = 16
PAD_BYTES = 5
_GCM_NONCE = 12
_FORMAT = 1
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PURPOSE, _SHOWN_CODE = b"kiosk visit key 1", b"kiosk shown code 1"

Entropy = Callable[[int], bytes]
Fields = Mapping[str, str | None]


class CannotOpen(IdCardError):
    """A sealed record does not open with this key, or is not the one that was sealed."""

    code = "cannot_open"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sealed:
    """A person's fields as they rest in the store, and the commitment (32 bytes) to them."""

    key: bytes
    blob: bytes
    commitment: bytes

    def __repr__(self) -> str:
        return "Sealed(…)"

    @classmethod
    def of(cls, key: bytes | None, blob: bytes | None, commitment: bytes | None) -> Self | None:
        """What rests in these columns of a row; None where nobody's fields do, or they were erased."""
        if key is None or blob is None or commitment is None:
            return None
        return cls(key=key, blob=blob, commitment=commitment)


class VisitSealer:
    """Seals to the clinic's public key; it cannot read what it wrote."""

    def __init__(self, public_key: X25519PublicKey, *, entropy: Entropy = os.urandom) -> None:
        self._public_key = public_key
        self._entropy = entropy

    def seal(self, visit_id: str, fields: Fields) -> Sealed:
        """The person's fields, sealed and bound to this visit."""
        nonce, key, gcm_nonce = self._entropy(SECRET_BYTES), self._entropy(SECRET_BYTES), self._entropy(_GCM_NONCE)
        content = canonical_json({"format": _FORMAT, "nonce": nonce.hex(), "fields": dict(fields)})
        blob = gcm_nonce + AESGCM(key).encrypt(gcm_nonce, content, visit_id.encode())
        sealed_key = _SUITE.encrypt(key, self._public_key, info=_info(visit_id))
        return Sealed(key=sealed_key, blob=blob, commitment=commitment(nonce, fields))

    def seal_code(self, visit_id: str, digest: bytes) -> bytes:
        """The hash of the code that was shown, sealed and bound to this visit."""
        return _SUITE.encrypt(digest, self._public_key, info=_info(visit_id, _SHOWN_CODE))


class VisitOpener:
    """Opens what was sealed to the clinic: for the staff process alone."""

    def __init__(self, private_key: X25519PrivateKey) -> None:
        self._private_key = private_key

    def tag(self, purpose: str, content: bytes) -> bytes:
        """16 bytes that are the same for the same content, and tell nobody without the private key which it is.

        :param purpose: tags of two purposes have nothing in common.
        """
        info = b"kiosk staff tag 1\x00" + purpose.encode()
        raw = self._private_key.private_bytes_raw()
        key = HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=info).derive(raw)
        return hashlib.blake2b(content, digest_size=TAG_BYTES, key=key).digest()

    def sealer(self) -> VisitSealer:
        """A sealer to the same clinic, for what staff write."""
        return VisitSealer(self._private_key.public_key())

    def open(self, visit_id: str, sealed: Sealed) -> dict[str, str | None]:
        """The person's fields.

        :raises CannotOpen: for another clinic's key, another visit's record or any altered byte.
        """
        try:
            key = _SUITE.decrypt(sealed.key, self._private_key, info=_info(visit_id))
            content = AESGCM(key).decrypt(sealed.blob[:_GCM_NONCE], sealed.blob[_GCM_NONCE:], visit_id.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotOpen() from error
        return _checked_fields(content, sealed.commitment)

    def open_code(self, visit_id: str, sealed: bytes) -> bytes:
        """The hash of the code that was shown.

        :raises CannotOpen: as :meth:`open` does.
        """
        try:
            return _SUITE.decrypt(sealed, self._private_key, info=_info(visit_id, _SHOWN_CODE))
        except (InvalidTag, ValueError) as error:
            raise CannotOpen() from error


def _checked_fields(content: bytes, expected: bytes) -> dict[str, str | None]:
    """The fields of an opened blob, once the commitment is seen to belong to them."""
    try:
        record = json.loads(content)
        fields = cast(dict[str, str | None], record["fields"])
        nonce = bytes.fromhex(record["nonce"])
    except (ValueError, KeyError, TypeError) as error:
        raise CannotOpen("the record is not in a known form") from error
    if record.get("format") != _FORMAT or commitment(nonce, fields) != expected:
        raise CannotOpen("the record and its commitment differ")
    return fields


def _info(visit_id: str, purpose: bytes = _PURPOSE) -> bytes:
    return purpose + b"\x00" + visit_id.encode()


def commitment(nonce: bytes, fields: Fields) -> bytes:
    """SHA-256 over the nonce (32 bytes) and the canonical fields: 32 bytes."""
    return hashlib.sha256(nonce + canonical_json(dict(fields))).digest()


def canonical_json(value: object) -> bytes:
    """The one UTF-8 spelling of a value: keys sorted, no spaces. Used wherever a hash is taken."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


class PersonTags:
    """A roster's keyed tags of people: nobody without the key can tell whose they are."""

    def __init__(self, key: bytes) -> None:
        if len(key) != SECRET_BYTES:
            raise ValueError(f"a tag key has {SECRET_BYTES} bytes")
        # Copied for each number: taking up the key costs more than hashing a number.
        self._person = hashlib.blake2b(digest_size=TAG_BYTES, key=key, person=b"roster")
        self._insurance = hashlib.blake2b(digest_size=TAG_BYTES, key=key, person=b"roster insurance")
        self._test_card = hashlib.blake2b(digest_size=TAG_BYTES, key=key, person=b"test card")
        self._pad = hashlib.blake2b(digest_size=PAD_BYTES, key=key, person=b"roster pad")
        self._lost = hashlib.blake2b(digest_size=TAG_BYTES, key=key, person=b"lost card")

    def roster_tag(self, personal_number: str) -> bytes:
        """16 bytes under which a roster keeps a person."""
        return _digest(self._person, personal_number.encode())

    def insurance_tag(self, digits: str) -> bytes:
        """16 bytes under which a roster keeps the ten digits of an insurance number."""
        return _digest(self._insurance, digits.encode())

    def lost_tag(self, personal_number: str) -> bytes:
        """16 bytes under which the list of lost cards keeps a person; they stand in no roster."""
        return _digest(self._lost, personal_number.encode())

    def test_card_tag(self, personal_number: str) -> bytes:
        """16 bytes under which a clinic knows its test card."""
        return _digest(self._test_card, personal_number.encode())

    def pad(self, number: str, salt: int) -> bytes:
        """5 bytes that hide one number behind another: whoever knows ``number`` and the key can take them away.

        :param salt: 0 to 255.
        """
        return _digest(self._pad, number.encode() + bytes([salt]))


def _digest(keyed: "hashlib.blake2b", data: bytes) -> bytes:
    each = keyed.copy()
    each.update(data)
    return each.digest()


def create_secret(path: Path, *, entropy: Entropy = os.urandom) -> bytes:
    """A new secret key of 32 bytes, written as one hexadecimal line; FileExistsError where the file exists."""
    secret = entropy(SECRET_BYTES)
    _write_private(path, secret.hex().encode() + b"\n")
    return secret


def load_secret(path: Path) -> bytes:
    """The 32 bytes of a secret key file.

    :raises ConfigurationError: ``never_set_up`` where there is no file, ``damaged`` for anything but 64 hex digits.
    """
    text = read_key(path)
    try:
        secret = bytes.fromhex(text.decode("ascii").strip())
    except ValueError as error:
        raise damaged_key(path) from error
    if len(secret) != SECRET_BYTES:
        raise damaged_key(path)
    return secret


def create_clinic_keys(private_path: Path, public_path: Path) -> None:
    """A new key pair for a clinic: PKCS #8 and SubjectPublicKeyInfo, both as PEM."""
    _write_pair(X25519PrivateKey.generate(), private_path, public_path)


def load_clinic_private_key(path: Path) -> X25519PrivateKey:
    """The clinic's private key; ConfigurationError where it is missing or damaged."""
    key = _private_key(path)
    if not isinstance(key, X25519PrivateKey):
        raise damaged_key(path)
    return key


def load_clinic_public_key(path: Path) -> X25519PublicKey:
    """The clinic's public key; ConfigurationError where it is missing or damaged."""
    try:
        key = load_pem_public_key(read_key(path))
    except ValueError as error:
        raise damaged_key(path) from error
    if not isinstance(key, X25519PublicKey):
        raise damaged_key(path)
    return key


def create_signing_keys(private_path: Path, public_path: Path) -> None:
    """A new key pair with which one machine signs: PKCS #8 and SubjectPublicKeyInfo, both as PEM."""
    _write_pair(Ed25519PrivateKey.generate(), private_path, public_path)


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """A machine's key that signs; ConfigurationError where it is missing or damaged."""
    key = _private_key(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise damaged_key(path)
    return key


def _private_key(path: Path) -> object:
    try:
        return load_pem_private_key(read_key(path), password=None)
    except (ValueError, TypeError) as error:
        raise damaged_key(path) from error


def _write_pair(private_key: X25519PrivateKey | Ed25519PrivateKey, private_path: Path, public_path: Path) -> None:
    _write_private(private_path, private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public_path.write_bytes(private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _write_private(path: Path, data: bytes) -> None:
    """A new file that only its owner may read. Windows knows no mode bits: there the folder's rights must do it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> bytes:
    """The content of a key file, plain or wrapped; ConfigurationError where it is missing or cannot be read."""
    try:
        return OPENED.plain(path, path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"There is no key file {path.name}.", reason="never_set_up", remedy="Create the keys of this clinic first."
        ) from error
    except OSError as error:
        raise damaged_key(path) from error


def damaged_key(path: Path) -> ConfigurationError:
    """The error of a key file that holds something else."""
    return ConfigurationError(
        f"The key file {path.name} cannot be used.", reason="damaged", remedy="Restore it from its safe copy."
    )
