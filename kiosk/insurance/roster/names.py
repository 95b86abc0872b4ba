"""The names of the clinic's own people: sealed at import, opened by the staff's process alone.

Theory of operation. Each import that keeps names draws a key of 32 bytes, seals it to the clinic's public key (HPKE)
into the roster, and forgets it in the end. Under it lies each person's name, birth and sex (AES-256-GCM, bound to the
row), so a hundred thousand people cost a hundred thousand short encryptions and one long one, and neither the import
nor the patient's process can read them again. A delta adds a key of its own for the rows it brings.

What a name is bound to is the 88 bits of the row's tag that stand in the row itself, so that whoever comes with the
insurance number alone can be compared, too. Older rosters bound it to the whole tag: those open by the personal number.

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
from kiosk.insurance.roster.layout import CHECK_BYTES, KEY_BYTES, key_of
from kiosk.keys import SECRET_BYTES, CannotOpen, Entropy, PersonTags, canonical_json

MAX_NAMES = 100_000
_NONCE = 12
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_BOUND = KEY_BYTES + CHECK_BYTES
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
        return nonce + self._cipher.encrypt(nonce, content, row_tag[:_BOUND])


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
        tag = self._tags.roster_tag(personal_number)
        return None if self._file.row(tag) is None else self._open(tag[:_BOUND], tag)

    def find_insured(self, digits: str) -> Described | None:
        """Who has these ten digits of an insurance number, whether linked or not; otherwise as :meth:`find`."""
        bound = self._file.linked_tag(self._tags.insurance_tag(digits))
        return None if bound is None else self._open(bound, insured_only_tag(self._tags, digits))

    def find_insured_only(self, digits: str) -> Described | None:
        """Who has these ten digits of an insurance number and no personal number; otherwise as :meth:`find`."""
        tag = insured_only_tag(self._tags, digits)
        return None if self._file.row(tag) is None else self._open(tag[:_BOUND], tag)

    def _open(self, bound: bytes, older: bytes) -> Described | None:
        """The name of a row. :param bound: what it is bound to now. :param older: and in rosters made before."""
        query = "SELECT k.sealed, n.sealed FROM name n JOIN name_key k ON k.id = n.name_key WHERE n.tag = ?"
        found = self._file.connection.execute(query, (key_of(bound),)).fetchone()
        if found is None:
            return None
        sealed_key, sealed = found
        try:
            cipher = AESGCM(_SUITE.decrypt(sealed_key, self._private_key, info=_PURPOSE))
            name, birth, sex = json.loads(_opened(cipher, sealed, (bound, older)))
        except (InvalidTag, ValueError) as error:
            raise CannotOpen() from error
        return Described(name=name, birth=birth, sex=sex)


def _opened(cipher: AESGCM, sealed: bytes, bounds: tuple[bytes, bytes]) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bounds[0])
    except InvalidTag:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bounds[1])


def insured_only_tag(tags: PersonTags, digits: str) -> bytes:
    """The tag of the row of somebody who has an insurance number and no personal number."""
    return tags.roster_tag(f"insured {digits}")
