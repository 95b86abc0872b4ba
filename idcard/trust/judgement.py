"""Each signature in a set of certificates, judged: passed, failed, or not decidable and why.

Theory of operation. A certificate is signed by itself (a root), or by another key: a link certificate leads from a
CSCA's old key to its new one. Whether a certificate was meant to be a root is tried, not guessed: states omit key
identifiers and write issuer and subject differently. So first its own key, where it may be its own issuer, then every
certificate of the set that it names as issuer, and that may issue any.

A thousand certificates of one name might each have issued each. Tries that come to nothing are counted; once there
were more than any honest set makes, each certificate has its most likely issuer tried, and where that is not the one,
it counts as undecided.

Source: ICAO Doc 9303-12, "CSCA link certificates".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from idcard.crypto.signature import hash_of
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.trust.certificates import Certificate, DistinguishedName
from idcard.trust.purpose import acts_as_authority

_TRIES_FOR_EACH, _TRIES = 2, 1024
"""How many fruitless verifications a set may take: these for each of its certificates, and these beside."""


class Signed(StrEnum):
    """Who signed a certificate."""

    BY_ITSELF = "self_signed"
    """Passed: its own key did."""
    BY_ANOTHER = "link"
    """Passed: the key of another certificate of the set did."""
    BY_NOBODY_HERE = "missing_issuer"
    """Not decidable: the set has nobody whom it names as issuer."""
    WRONGLY = "signature_wrong"
    """Failed: it names an issuer that is in the set, whose key did not sign it."""
    BY_AN_UNKNOWN_ALGORITHM = "unsupported_algorithm"
    """Not decidable: an algorithm or a key that this library does not know."""

    @property
    def passed(self) -> bool:
        """Whether the signature was verified."""
        return self in (Signed.BY_ITSELF, Signed.BY_ANOTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A certificate, who signed it, and that issuer where it was found."""

    certificate: Certificate
    signed: Signed
    issuer: Certificate | None = None


def judge(
    certificates: Iterable[Certificate], *, known: Iterable[Certificate] = (), among_themselves: bool = True
) -> tuple[Judgement, ...]:
    """A judgement on each of ``certificates``, in their order.

    :param known: certificates that may be issuers, too, and are not judged.
    :param among_themselves: whether those judged may be issuers of each other: not where nobody vouches for the set,
        since anybody could put an issuer into it whose key signed nothing.
    """
    judged = tuple(certificates)
    register = _Register([*known, *(judged if among_themselves else ())], tries=_TRIES + _TRIES_FOR_EACH * len(judged))
    return tuple(_judge(one, register) for one in judged)


class _Register:
    """Certificates that may issue others, by their subject and by their key's identifier."""

    def __init__(self, certificates: Iterable[Certificate], *, tries: int) -> None:
        self._by_name: dict[DistinguishedName, list[Certificate]] = {}
        self._by_key: dict[bytes, list[Certificate]] = {}
        self._tries = tries
        for one in filter(acts_as_authority, certificates):
            self._by_name.setdefault(one.subject, []).append(one)
            if one.subject_key_identifier is not None:
                self._by_key.setdefault(one.subject_key_identifier, []).append(one)

    def issuers_of(self, certificate: Certificate) -> Iterator[Certificate]:
        """Whom the certificate names, those with the right key identifier first, each key once."""
        identifier = certificate.authority_key_identifier
        named = self._by_key.get(identifier, []) if identifier is not None else []
        seen = set()
        for ones in (named, self._by_name.get(certificate.issuer, ())):
            for one in ones:
                if one.public_key_info not in seen and one != certificate:
                    seen.add(one.public_key_info)
                    yield one

    def failed(self) -> bool:
        """Note a fruitless verification; whether more may be made."""
        self._tries -= 1
        return self._tries > 0


def _judge(certificate: Certificate, register: _Register) -> Judgement:
    if _may_be_a_root(certificate) and _signed_by(certificate, certificate):
        return Judgement(certificate=certificate, signed=Signed.BY_ITSELF)
    tried = [certificate]
    for issuer in register.issuers_of(certificate):
        if _signed_by(certificate, issuer):
            return Judgement(certificate=certificate, signed=Signed.BY_ANOTHER, issuer=issuer)
        tried.append(issuer)
        if not register.failed():
            return Judgement(certificate=certificate, signed=Signed.BY_NOBODY_HERE)
    named = [one for one in tried if _is_exactly_named(one, certificate)]
    return Judgement(certificate=certificate, signed=_why_not(certificate, named))


def _may_be_a_root(certificate: Certificate) -> bool:
    identifier = certificate.authority_key_identifier
    return certificate.issuer == certificate.subject or identifier == certificate.subject_key_identifier


def _signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    # A key of another kind than the signature (a CSCA went from RSA to an elliptic curve) did not sign it either.
    try:
        return certificate.issued_by(issuer)
    except (UnsupportedAlgorithm, MalformedData):
        return False


def _is_exactly_named(issuer: Certificate, certificate: Certificate) -> bool:
    """Whether the key's identifier says so, or the name where there is none: a wrong signature is then a failure."""
    identifier = certificate.authority_key_identifier
    if identifier is None:
        return issuer == certificate and certificate.names_itself
    return issuer.subject_key_identifier == identifier


def _why_not(certificate: Certificate, named: Sequence[Certificate]) -> Signed:
    try:
        unknown = hash_of(certificate.signature_algorithm) is None
        for one in named:
            _ = one.public_key
    except (UnsupportedAlgorithm, MalformedData):
        unknown = True
    if unknown:
        return Signed.BY_AN_UNKNOWN_ALGORITHM
    return Signed.WRONGLY if named else Signed.BY_NOBODY_HERE
