"""The names of the clinic's own people: sealed at import, opened by the staff's process alone.

Theory of operation. Each import that keeps names draws a key of 32 bytes, seals it to the clinic's public key (HPKE)
into the roster, and forgets it in the end. Under it lies each person's name, birth and sex (AES-256-GCM, bound to the
row), so a hundred thousand people cost a hundred thousand short encryptions and one long one, and neither the import
nor the patient's process can read them again. A delta adds a key of its own for the rows it brings.

Source: RFC 9180, "Hybrid Public Key Encryption", base mode.
"""

import json
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kiosk.insurance.roster.file import RosterFile
from kiosk.insurance.roster.layout import key_of
from kiosk.keys import SECRET_BYTES, CannotOpen, Entropy, PersonTags, canonical_json

MAX_NAMES = 100_000
_NONCE = 12
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PURPOSE = b"kiosk roster names 1"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Described:
    """Who a row is about; ``birth`` is written YYYY-MM-DD, YYYY-MM or YYYY, ``sex`` M or F; empty where unknown."""

    name: str
    birth: str
    sex: str

    def __repr__(self) -> str:
        return "Described(…)"


class NameSealer:
    """Seals names under a key of its own, which only the clinic's private key opens."""

    def __init__(self, public_key: X25519PublicKey, *, entropy: Entropy = os.urandom) -> None:
        key = entropy(SECRET_BYTES)
        self._entropy = entropy
        self._cipher = AESGCM(key)
        self.sealed_key = _SUITE.encrypt(key, public_key, info=_PURPOSE)

    def seal(self, described: Described, row_tag: bytes) -> bytes:
        """Who a row is about, bound to the row's tag of 16 bytes."""
        nonce = self._entropy(_NONCE)
        content = canonical_json([described.name, described.birth, described.sex])
        return nonce + self._cipher.encrypt(nonce, content, row_tag)


class NameOpener:
    """Opens the names of a roster: for the staff's process, which holds the clinic's private key."""

    def __init__(self, file: RosterFile, private_key: X25519PrivateKey, *, tags: PersonTags) -> None:
        self._file = file
        self._private_key = private_key
        self._tags = tags

    def find(self, personal_number: str) -> Described | None:
        """Who has this personal number, or None where no name of theirs is kept.

        :raises CannotOpen: where the name was sealed to another clinic, or altered.
        """
        return self._open(self._tags.roster_tag(personal_number))

    def find_insured_only(self, digits: str) -> Described | None:
        """Who has these ten digits of an insurance number and no personal number; otherwise as :meth:`find`."""
        return self._open(insured_only_tag(self._tags, digits))

    def _open(self, row_tag: bytes) -> Described | None:
        query = "SELECT k.sealed, n.sealed FROM name n JOIN name_key k ON k.id = n.name_key WHERE n.tag = ?"
        found = self._file.connection.execute(query, (key_of(row_tag),)).fetchone()
        if found is None or self._file.row(row_tag) is None:
            return None
        sealed_key, sealed = found
        try:
            key = _SUITE.decrypt(sealed_key, self._private_key, info=_PURPOSE)
            name, birth, sex = json.loads(AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], row_tag))
        except (InvalidTag, ValueError) as error:
            raise CannotOpen() from error
        return Described(name=name, birth=birth, sex=sex)


def insured_only_tag(tags: PersonTags, digits: str) -> bytes:
    """The tag of the row of somebody who has an insurance number and no personal number."""
    return tags.roster_tag(f"insured {digits}")
