"""HC1, the EU digital COVID certificate: Base45, zlib, COSE_Sign1, CWT, and the certificate in claim -260.

Vietnam's vaccine pass is one, and those of about seventy states. It is signed, says of whom it speaks, and anybody
can show a copy: nothing binds it to its bearer.

The expiry in the CWT is the signature's, not the vaccination's.

Source: eHealth Network, "Electronic Health Certificate Specification" and "Digital COVID Certificate, JSON schema";
Vietnam's decision 5772/QĐ-BYT takes both over.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from idcard.errors import MalformedData
from idcard.qr import base45
from idcard.qr.cbor import Tagged
from idcard.qr.cose import Algorithm, Sign1
from idcard.qr.cwt import Claims
from idcard.qr.inflate import inflate

PREFIX: Final = b"HC1:"
ALGORITHMS: Final = frozenset({Algorithm.ES256, Algorithm.PS256})
"""What the specification allows: ECDSA on P-256, and RSA-PSS."""
_HEALTH_CERTIFICATE, _EU_DCC_V1 = -260, 1
_WHERE = "HC1"
_MAX_TEXT = 512
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}")
_LATIN = re.compile(r"[A-Z<]{1,160}")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?(?:Z|\+00:00)?")


class Kind(StrEnum):
    """What the certificate is about, by the name of its entry."""

    VACCINATION = "v"
    TEST = "t"
    RECOVERY = "r"

    @property
    def word(self) -> str:
        """The kind in a word."""
        return self.name.lower()


_TEXTS = ("tg", "co", "is", "ci")
_MANDATORY: Mapping[Kind, Mapping[str, type]] = {
    Kind.VACCINATION: dict.fromkeys((*_TEXTS, "vp", "mp", "ma", "dt"), str) | {"dn": int, "sd": int},
    Kind.TEST: dict.fromkeys((*_TEXTS, "tt", "sc", "tr"), str),
    Kind.RECOVERY: dict.fromkeys((*_TEXTS, "fr", "df", "du"), str),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CovidCertificate:
    """What an HC1 code says, unproved until its signature is verified.

    ``birth`` is as certificates have it: ``YYYY-MM-DD``, ``YYYY-MM``, ``YYYY``, or empty where it is not known. The
    latin names are in the MRZ's form. ``entry`` holds the fields of the one vaccination, test or recovery by the
    names of the specification; ``identifier`` is its UVCI.
    """

    sign1: Sign1
    claims: Claims
    version: str
    surname: str
    given_names: str
    latin_surname: str
    latin_given_names: str
    birth: str
    kind: Kind
    entry: Mapping[str, str | int]

    def __repr__(self) -> str:
        return f"CovidCertificate({self.kind.word})"

    @property
    def identifier(self) -> str:
        """The unique vaccination certificate/assertion identifier."""
        return str(self.entry["ci"])

    @property
    def country(self) -> str:
        """The state in which the certificate was issued, as its entry says."""
        return str(self.entry["co"])

    @classmethod
    def from_bytes(cls, payload: bytes) -> "CovidCertificate":
        """The certificate in the text of a code, which begins with ``HC1:``.

        :raises MalformedData: if any of its layers is not well formed.
        :raises BoundExceeded: if it inflates to more than 256 KiB.
        """
        if not payload.startswith(PREFIX):
            raise MalformedData("does not begin with HC1:", where=_WHERE)
        return cls.from_cose(inflate(base45.decode(payload.removeprefix(PREFIX))))

    @classmethod
    def from_cose(cls, data: bytes) -> "CovidCertificate":
        """The certificate in a COSE_Sign1.

        :raises MalformedData: if it is none.
        """
        sign1 = Sign1.from_bytes(data)
        claims = Claims.from_bytes(sign1.payload)
        health = claims.all.get(_HEALTH_CERTIFICATE)
        certificate = health.get(_EU_DCC_V1) if isinstance(health, dict) else None
        if not isinstance(certificate, dict):
            raise _malformed("holds no certificate")
        names = certificate.get("nam")
        kind, entry = _entry(certificate)
        return cls(
            sign1=sign1,
            claims=claims,
            version=_matching(certificate.get("ver"), _VERSION, "version"),
            surname=_optional(names, "fn"),
            given_names=_optional(names, "gn"),
            latin_surname=_matching(_optional(names, "fnt") or None, _LATIN, "latin surname"),
            latin_given_names=_optional(names, "gnt"),
            birth=_birth(certificate.get("dob")),
            kind=kind,
            entry=MappingProxyType(entry),
        )


def _entry(certificate: dict[Any, Any]) -> tuple[Kind, dict[str, str | int]]:
    present = [(kind, certificate[kind.value]) for kind in Kind if certificate.get(kind.value) is not None]
    if len(present) != 1 or not isinstance(present[0][1], list) or len(present[0][1]) != 1:
        raise _malformed("is not about exactly one vaccination, test or recovery")
    kind, (entry,) = present[0]
    if not isinstance(entry, dict):
        raise _malformed("has an entry that is no map")
    fields = {_name(name): _field(value) for name, value in entry.items() if value is not None}
    if any(type(fields.get(name)) is not expected for name, expected in _MANDATORY[kind].items()):
        raise _malformed("has an entry without one of its fields")
    return kind, fields


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise _malformed("has a field without a name")
    return name


def _field(value: object) -> str | int:
    # The schema has moments as texts; some issuers tag them as such.
    if isinstance(value, Tagged):
        value = value.value
    if type(value) is int:
        return value
    if isinstance(value, str) and len(value) <= _MAX_TEXT:
        return value
    raise _malformed("has a field of the wrong kind")


def _optional(names: object, field: str) -> str:
    if not isinstance(names, dict):
        raise _malformed("names nobody")
    value = names.get(field)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise _malformed("has a name of the wrong kind")
    return value


def _matching(value: object, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _malformed(f"the {what} is missing, or is none")
    return value


def _birth(value: object) -> str:
    """The birth date; a time of midnight, which some issuers add, is left out."""
    if not isinstance(value, str):
        raise _malformed("the birth is missing")
    birth = _MIDNIGHT.sub("", value)
    if birth and not _DATE.fullmatch(birth):
        raise _malformed("the birth is no date")
    return birth


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where=_WHERE)
