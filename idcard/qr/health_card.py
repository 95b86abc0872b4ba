"""SMART Health Cards: a FHIR bundle that a provider or a state signed, as digits in one code or in several.

Theory of operation. ``shc:/`` and digits, two to a character of a JWS in compact form: ES256 with a key of the issuer,
which is an https address, and a payload compressed with raw DEFLATE. The older framework could spread one card over
several codes, ``shc:/1/3/…``; each alone is a part of a card, and says nothing.

A card says by itself that it is no form of identity: it names a patient, and anybody may show a copy.

Source: SMART Health Cards Framework, "Health Cards are encoded as Compact Serialization JSON Web Signatures",
"Encoding Chunks as QR Codes" (until version 1.2), "Revocation".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from idcard.errors import MalformedData
from idcard.qr import strict_json
from idcard.qr.cose import Algorithm
from idcard.qr.inflate import inflate_raw
from idcard.qr.jws import Jws

PREFIX: Final = b"shc:/"
ALGORITHMS: Final = frozenset({Algorithm.ES256})
"""What the framework allows."""
MAX_CHUNKS: Final = 32
_TYPE = "https://smarthealth.cards#health-card"
_WHERE = "SMART Health Card"
_CODE = re.compile(rb"shc:/(?:([1-9][0-9]?)/([1-9][0-9]?)/)?((?:[0-9]{2})+)")
_OFFSET, _LARGEST = 45, 77
_ISSUER = re.compile(r"https://[!-~]{1,200}")
_RID = re.compile(r"[A-Za-z0-9_-]{1,24}")
_MAX_TEXT = 160
_LATEST = 253_402_300_799


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class HealthCard:
    """What a card says, unproved until its signature is verified.

    ``identifier`` is by what its issuer can take it back, None where it has none. ``bundle`` is the FHIR bundle as it
    came.
    """

    jws: Jws
    payload: bytes
    issuer: str
    issued: datetime
    expires: datetime | None
    identifier: str | None
    types: tuple[str, ...]
    bundle: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"HealthCard({len(self.payload)} bytes)"

    @classmethod
    def from_text(cls, text: str) -> "HealthCard":
        """The card in a JWS.

        :raises MalformedData: if it is none.
        :raises BoundExceeded: if it inflates to more than 256 KiB.
        """
        jws = Jws.from_text(text)
        if jws.header.get("zip") != "DEF" or jws.key_id is None:
            raise MalformedData("is not compressed, or names no key", where=_WHERE)
        payload = inflate_raw(jws.payload)
        said = strict_json.decode_object(payload, where=_WHERE)
        credential = _object(said, "vc")
        types = credential.get("type")
        if not isinstance(types, list) or _TYPE not in types or not all(isinstance(one, str) for one in types):
            raise MalformedData("is no health card", where=_WHERE)
        subject = _object(credential, "credentialSubject")
        issued, issuer = _moment(said, "nbf"), said.get("iss")
        if issued is None or not isinstance(issuer, str) or not _ISSUER.fullmatch(issuer) or issuer.endswith("/"):
            raise MalformedData("lacks its issuer, or when it was issued", where=_WHERE)
        return cls(
            jws=jws,
            payload=payload,
            issuer=issuer,
            issued=issued,
            expires=_moment(said, "exp"),
            identifier=_identifier(credential.get("rid")),
            types=tuple(types),
            bundle=MappingProxyType(_object(subject, "fhirBundle")),
        )

    @property
    def patient(self) -> Mapping[str, Any]:
        """The resource that describes the patient; empty where there is none."""
        entries = self.bundle.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
                return resource
        return {}

    @property
    def name(self) -> str | None:
        """The patient's first name in the list: surname, then given names; None where there is none."""
        names = self.patient.get("name")
        first = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
        given = first.get("given")
        parts = [first.get("family"), *(given if isinstance(given, list) else [])]
        written = " ".join(part for part in parts if isinstance(part, str) and len(part) <= _MAX_TEXT)
        whole = first.get("text")
        return written or (whole if isinstance(whole, str) and 0 < len(whole) <= _MAX_TEXT else None)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HealthCardPart:
    """One code of several that make a card: which, of how many, and its digits."""

    number: int
    total: int
    digits: bytes

    def __repr__(self) -> str:
        return f"HealthCardPart({self.number} of {self.total})"


def parse(payload: bytes) -> HealthCard | HealthCardPart:
    """The card in the text of a code, or the part of one.

    :raises MalformedData: if it is neither.
    """
    match = _CODE.fullmatch(payload)
    if match is None:
        raise MalformedData("is not shc:/ and pairs of digits", where=_WHERE)
    if match[1] is None:
        return HealthCard.from_text(_text(match[3]))
    number, total = int(match[1]), int(match[2])
    if not number <= total <= MAX_CHUNKS:
        raise MalformedData("is a part that cannot be", where=_WHERE)
    return HealthCard.from_text(_text(match[3])) if total == 1 else HealthCardPart(
        number=number, total=total, digits=match[3]
    )  # fmt: skip


def joined(payloads: Sequence[bytes]) -> bytes:
    """The text of the one card that the codes ``payloads`` are the parts of, in any order, each once or more often.

    :raises MalformedData: if one is no such part, one is missing, or they belong to different cards.
    """
    parts = {parse(payload) for payload in payloads}
    chunks = sorted((part for part in parts if isinstance(part, HealthCardPart)), key=lambda part: part.number)
    total = len(chunks)
    if (
        not total
        or len(parts) != total
        or [(part.number, part.total) for part in chunks] != [(number, total) for number in range(1, total + 1)]
    ):
        raise MalformedData("lacks a part, or has parts of several cards", where=_WHERE)
    return PREFIX + b"".join(part.digits for part in chunks)


def _text(digits: bytes) -> str:
    values = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    if max(values) > _LARGEST:
        raise MalformedData("has a number that is no character", where=_WHERE)
    return "".join(chr(value + _OFFSET) for value in values)


def _object(whole: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = whole.get(name)
    if not isinstance(found, dict):
        raise MalformedData(f"lacks {name}", where=_WHERE)
    return found


def _moment(said: Mapping[str, Any], name: str) -> datetime | None:
    value = said.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= _LATEST:
        raise MalformedData(f"{name} is no moment", where=_WHERE)
    return datetime.fromtimestamp(value, UTC)


def _identifier(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _RID.fullmatch(value):
        raise MalformedData("has an identifier for revocation that is none", where=_WHERE)
    return value
