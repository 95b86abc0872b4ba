"""Where a certificate does not follow its profile: remarks for people who look after a trust store.

States issue certificates that break the profile in small ways, and nobody's document is a forgery for that: a remark
is told and changes no fact.

Source: ICAO Doc 9303-12, "Certificate and CRL profile".
"""

from enum import StrEnum

from idcard.crypto.signature import EcPublicKey, hash_of
from idcard.crypto.strength import CURRENT
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.trust.certificates import Certificate
from idcard.trust.purpose import may_issue, may_sign, purposes

_MAX_SERIAL_BITS = 160


class Remark(StrEnum):
    """One way in which a certificate does not follow its profile."""

    NOT_VERSION_3 = "not_version_3"
    SERIAL_NUMBER = "serial_number"
    """It is not positive, or longer than 20 bytes."""
    NO_COUNTRY = "no_country"
    """Issuer or subject name no country of two letters."""
    COUNTRIES_DIFFER = "countries_differ"
    """Issuer and subject are of different countries."""
    NO_SUBJECT_KEY_IDENTIFIER = "no_subject_key_identifier"
    NO_AUTHORITY_KEY_IDENTIFIER = "no_authority_key_identifier"
    NO_BASIC_CONSTRAINTS = "no_basic_constraints"
    """A CSCA that does not say that it may issue certificates."""
    IS_AUTHORITY = "is_authority"
    """A document signer that says that it may issue certificates."""
    KEY_USAGE = "key_usage"
    """The key's usage is missing, or not that of its role."""
    EXTENDED_KEY_USAGE = "extended_key_usage"
    """A document signer that names extended usages, which its profile does not have."""
    OLD_ALGORITHM = "old_algorithm"
    """Signed with an old hash, or with too short a key."""
    KEY_ON_ANOTHER_CURVE = "key_on_another_curve"
    """The key is on another curve than its certificate names."""
    MALFORMED_EXTENSION = "malformed_extension"


def remarks(certificate: Certificate, *, signer: bool) -> tuple[Remark, ...]:
    """The remarks on a certificate of a document signer or, otherwise, of a CSCA.

    :param signer: whether its role is to sign documents.
    """
    role = _signer_remarks if signer else _authority_remarks
    found = [*_common(certificate), *_key(certificate)]
    try:
        found += role(certificate)
    except MalformedData:
        found.append(Remark.MALFORMED_EXTENSION)
    return tuple(found)


def _common(certificate: Certificate) -> list[Remark]:
    serial = certificate.serial_number
    countries = {certificate.issuer.country, certificate.subject.country}
    root = certificate.issuer == certificate.subject
    wrong = {
        Remark.NOT_VERSION_3: certificate.version != 3,
        Remark.SERIAL_NUMBER: serial <= 0 or serial.bit_length() > _MAX_SERIAL_BITS,
        Remark.NO_COUNTRY: any(country is None or len(country) != 2 for country in countries),
        Remark.COUNTRIES_DIFFER: len(countries) > 1,
        Remark.NO_AUTHORITY_KEY_IDENTIFIER: certificate.authority_key_identifier is None and not root,
    }
    return [remark for remark, applies in wrong.items() if applies]


def _key(certificate: Certificate) -> list[Remark]:
    try:
        key = certificate.public_key
        weak = CURRENT.weaknesses(digest=hash_of(certificate.signature_algorithm), key=key)
    except (MalformedData, UnsupportedAlgorithm):
        return []
    other = isinstance(key, EcPublicKey) and key.named is not None
    return [Remark.OLD_ALGORITHM] * bool(weak) + [Remark.KEY_ON_ANOTHER_CURVE] * other


def _signer_remarks(certificate: Certificate) -> list[Remark]:
    wrong = {
        Remark.IS_AUTHORITY: certificate.is_authority,
        Remark.KEY_USAGE: not may_sign(certificate),
        Remark.EXTENDED_KEY_USAGE: bool(purposes(certificate)),
    }
    return [remark for remark, applies in wrong.items() if applies]


def _authority_remarks(certificate: Certificate) -> list[Remark]:
    wrong = {
        Remark.NO_SUBJECT_KEY_IDENTIFIER: certificate.subject_key_identifier is None,
        Remark.NO_BASIC_CONSTRAINTS: not certificate.is_authority,
        Remark.KEY_USAGE: not may_issue(certificate),
    }
    return [remark for remark, applies in wrong.items() if applies]
