"""Certificates of the demonstration PKI, written byte by byte (explicit curve parameters included).

Source: RFC 5280; ICAO Doc 9303-12, "Certificate and CRL profile".
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from idcard.encoding import tlv
from idcard.testing import der
from idcard.testing.keys import SigningKey

DEMONSTRATION_OID = "2.25.275834212871340019457719284451893315217"
DEMONSTRATION_TEXT = "DEMONSTRATION ONLY"
DIGITAL_SIGNATURE = der.bit_string(b"\x80", unused=7)
CERTIFICATE_AND_CRL_SIGN = der.bit_string(b"\x06", unused=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A distinguished name of country, organisation and common name."""

    country: str
    organisation: str
    common: str

    def to_der(self) -> bytes:
        """The name; the country printable, the rest UTF-8."""
        parts = {
            "2.5.4.6": der.printable(self.country),
            "2.5.4.10": der.utf8(self.organisation),
            "2.5.4.3": der.utf8(self.common),
        }
        return der.sequence(*(der.set_of(der.sequence(der.oid(oid), value)) for oid, value in parts.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """From the first to the last moment, whole seconds, with a time zone."""

    start: datetime
    end: datetime

    def to_der(self) -> bytes:
        """The Validity of a certificate."""
        return der.sequence(der.time(self.start), der.time(self.end))


def years_later(moment: datetime, years: int) -> datetime:
    """The same day and time ``years`` later (28 February for a leap day)."""
    day = 28 if (moment.month, moment.day) == (2, 29) else moment.day
    return moment.astimezone(UTC).replace(year=moment.year + years, day=day)


def key_identifier(spki: bytes) -> bytes:
    """The SHA-1 of the public key's bits, 20 bytes."""
    bits = tlv.parse(spki)[0].children()[1].value[1:]
    return hashlib.sha1(bits).digest()


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    """One extension around the DER ``value``."""
    return der.sequence(der.oid(oid), der.boolean(True) if critical else b"", der.octet_string(value))


def csca_extensions(spki: bytes, *, demonstration: bool) -> tuple[bytes, ...]:
    """The extensions of a CSCA; ``demonstration`` adds the critical one that every real trust store refuses."""
    identifier = key_identifier(spki)
    extensions = (
        extension("2.5.29.19", der.sequence(der.boolean(True), der.integer(0)), critical=True),
        extension("2.5.29.15", CERTIFICATE_AND_CRL_SIGN, critical=True),
        _subject_key(identifier),
        _authority_key(identifier),
    )
    return (*extensions, *_mark(demonstration))


def signer_extensions(spki: bytes, issuer_spki: bytes, *, demonstration: bool) -> tuple[bytes, ...]:
    """The extensions of a document signer for identity cards; ``demonstration`` as with :func:`csca_extensions`."""
    document_types = der.sequence(der.integer(0), der.set_of(der.printable("ID")))
    return (
        extension("2.5.29.15", DIGITAL_SIGNATURE, critical=True),
        _subject_key(key_identifier(spki)),
        _authority_key(key_identifier(issuer_spki)),
        extension("2.23.136.1.1.6.2", document_types),
        *_mark(demonstration),
    )


def _mark(demonstration: bool) -> tuple[bytes, ...]:
    return (extension(DEMONSTRATION_OID, der.utf8(DEMONSTRATION_TEXT), critical=True),) if demonstration else ()


def _subject_key(identifier: bytes) -> bytes:
    return extension("2.5.29.14", der.octet_string(identifier))


def _authority_key(identifier: bytes) -> bytes:
    return extension("2.5.29.35", der.sequence(der.context(0, identifier, constructed=False)))


def certificate(
    *,
    subject: bytes,
    spki: bytes,
    issuer: bytes,
    signer: SigningKey,
    serial: int,
    validity: Validity,
    extensions: tuple[bytes, ...],
) -> bytes:
    """A certificate of version 3, signed.

    :param subject: the subject's name, DER. :param issuer: the issuer's name, DER.
    """
    body = der.sequence(
        der.context(0, der.integer(2)),
        der.integer(serial),
        signer.algorithm,
        issuer,
        validity.to_der(),
        subject,
        spki,
        der.context(3, der.sequence(*extensions)),
    )
    return der.sequence(body, signer.algorithm, der.bit_string(signer.sign(body)))
