"""Lists of single health certificates that a state took back, by truncated hashes.

Theory of operation. A list names no certificate: it holds the first 16 bytes of the SHA-256 of its identifier, of its
country and identifier, or of its signature (of ECDSA signatures the first half, r, alone, since from one signature
anybody can make another with the same r). Each batch is for the codes of one key, or of every key of the state, and
has an end: an old batch can still say "taken back", but no longer "not taken back".

The folder ``qr/revoked`` holds batches as the states' gateway gives them, in JSON::

    {
        "country": "AT",
        "expires": "2027-01-31T00:00:00Z",
        "kid": "…",
        "hashType": "SIGNATURE",
        "entries": [{"hash": "…"}],
    }

``kid`` is the key's identifier in base64, or ``UNKNOWN_KID`` where the batch is for all of the state's keys.

Source: eHealth Network, "EU DCC Revocation" in the gateway's specification.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from idcard.errors import MalformedData
from idcard.qr import strict_json

HASH_BYTES: Final = 16
ANY_KEY: Final = "UNKNOWN_KID"
_WHERE = "revocation batch"
_MAX_VALUES = 1 << 20
_MEMBERS = frozenset({"country", "expires", "kid", "hashType", "entries"})


class HashType(StrEnum):
    """What the hashes of a batch are of."""

    SIGNATURE = "SIGNATURE"
    UCI = "UCI"
    COUNTRY_UCI = "COUNTRYCODEUCI"


def hashes(*, identifier: str, country: str, signature: bytes, elliptic: bool) -> dict[HashType, bytes]:
    """The hashes by which batches may name a certificate.

    :param country: the issuing state, as its entry says.
    :param elliptic: whether the signature is r and s one after the other.
    """
    of = {
        HashType.UCI: identifier.encode(),
        HashType.COUNTRY_UCI: (country + identifier).encode(),
        HashType.SIGNATURE: signature[: len(signature) // 2] if elliptic else signature,
    }
    return {kind: hashlib.sha256(said).digest()[:HASH_BYTES] for kind, said in of.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationBatch:
    """One batch: of which state, for which key (None for all), of which hashes, until when it is the newest."""

    country: str
    key_id: bytes | None
    kind: HashType
    expires: datetime
    entries: frozenset[bytes]

    @classmethod
    def from_bytes(cls, data: bytes) -> "RevocationBatch":
        """The batch in a file.

        :raises MalformedData: if it is none.
        """
        said = strict_json.decode_object(data, where=_WHERE, limit=_MAX_VALUES)
        if said.keys() != _MEMBERS or not strict_json.is_one_of(said["hashType"], frozenset(HashType)):
            raise MalformedData("says something else than a batch does", where=_WHERE)
        country, kid, entries = said["country"], said["kid"], said["entries"]
        if not isinstance(country, str) or len(country) != 2 or not isinstance(entries, list):
            raise MalformedData("is of no state, or has no entries", where=_WHERE)
        return cls(
            country=country.upper(),
            key_id=None if kid == ANY_KEY else _base64(kid),
            kind=HashType(said["hashType"]),
            expires=_moment(said["expires"]),
            entries=frozenset(_hash(entry) for entry in entries),
        )

    def is_for(self, *, country: str, key_id: bytes | None) -> bool:
        """Whether certificates of that state and that key can be in it."""
        return self.country == country.upper() and self.key_id in (None, key_id)


def newest(batches: Iterable[RevocationBatch]) -> datetime | None:
    """When the first of them ends; None where there are none."""
    return min((batch.expires for batch in batches), default=None)


def _hash(entry: object) -> bytes:
    value = entry.get("hash") if isinstance(entry, dict) else None
    found = _base64(value)
    if len(found) != HASH_BYTES:
        raise MalformedData("holds a hash of another length", where=_WHERE)
    return found


def _base64(value: object) -> bytes:
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedData("holds something that is no base64", where=_WHERE) from error
    raise MalformedData("lacks a text", where=_WHERE)


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError as error:
        raise MalformedData("holds a moment that is none", where=_WHERE) from error
    if moment is None or moment.tzinfo is None:
        raise MalformedData("ends at no moment with a time zone", where=_WHERE)
    return moment
