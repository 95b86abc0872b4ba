"""The trust store: whom an operator decided to trust, in a directory.

Theory of operation. The directory holds ``trust.toml`` and, each where it is needed, the folder ``csca`` with
certificates that were put there by hand, and the file ``imported.store`` with what was imported: certificates, master
lists, revocation lists, deviation lists (:mod:`idcard.trust.importing`). A store without any anchor is usable only if
its operator says so on purpose::

    format = 1
    no_anchor_yet = 2026 - 11 - 23

Everything is checked when the store is opened; one that is damaged is refused, with what to do about it. Imported
certificates are parsed when they are first needed, since a document needs one of hundreds.

Source: ICAO Doc 9303-12, "Trust anchors".
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from idcard.encoding.cms import SignerInfo
from idcard.errors import BoundExceeded
from idcard.trust.archive import EMPTY, Archive, Kind, issuer_names, name_digest
from idcard.trust.certificates import Certificate, DistinguishedName
from idcard.trust.crl import Crl
from idcard.trust.deviation_list import Deviation, DeviationList
from idcard.trust.judgement import Signed
from idcard.trust.path import MAX_LINKS, Certificates, is_anchored
from idcard.trust.rollback import check_not_rolled_back
from idcard.trust.settings import (
    MAX_FILE_BYTES,
    Settings,
    anchor_of,
    anchors_by_hand,
    demonstration,
    never_set_up,
    read_imported,
)
from idcard.trust.signatures import Signatures
from idcard.trust.signed_data import find_signers

__all__ = ["MAX_FILE_BYTES", "TrustStore"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrustStore:
    """The trust anchors and what belongs to them; immutable.

    ``version`` is a digest of the contents in hexadecimal: two stores with the same anchors and the same declaration
    have the same version, whatever their files are called. ``sequence`` counts the imports, 0 where there were none.
    ``no_anchor_declared`` is the day on which the operator declared that there is no anchor yet, or None.
    ``accepts_demonstration`` says whether this project's demonstration signers are judged like any other.
    ``distrusted`` are the SHA-256 of certificates that count for nothing here, whoever issued them.
    """

    version: str
    no_anchor_declared: date | None = None
    accepts_demonstration: bool = False
    distrusted: frozenset[str] = frozenset()
    _by_hand: Certificates
    _archive: Archive = EMPTY
    _parsed: dict[int, object] = field(default_factory=dict, repr=False)
    _verified: dict[int, bool] = field(default_factory=dict, repr=False)
    _links: dict[Certificate, bool] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        certificates: Iterable[bytes],
        *,
        no_anchor_declared: date | None = None,
        accept_demonstration: bool = False,
    ) -> "TrustStore":
        """A store of certificates in DER, for a program that keeps them itself.

        :param accept_demonstration: also take this project's demonstration certificates, which prove nothing.
        :raises ConfigurationError: as :meth:`from_directory` does.
        """
        anchors = [anchor_of(der, f"certificate {n}", accept_demonstration) for n, der in enumerate(certificates, 1)]
        return cls._made(anchors, no_anchor_declared, EMPTY, accept_demonstration)

    @classmethod
    def from_directory(
        cls, path: Path | str, *, accept_demonstration: bool = False, state: Path | str | None = None
    ) -> "TrustStore":
        """The store in the directory ``path``.

        :param accept_demonstration: also take this project's demonstration certificates, which prove nothing.
        :param state: a file elsewhere that remembers the newest store that was seen, so that an older one is refused;
            made where it is missing.
        :raises ConfigurationError: with reason ``never_set_up`` where there is no store or nothing in it, ``damaged``
            where something in it cannot be read or must not be used, ``rolled_back`` where it is older than ``state``
            remembers, ``demonstration_anchor`` where it holds a demonstration certificate.
        """
        directory = Path(path)
        settings = Settings.read(directory)
        archive = read_imported(directory, settings)
        if archive.has_demonstration and not accept_demonstration:
            raise demonstration("An imported certificate")
        by_hand = anchors_by_hand(directory, accept_demonstration=accept_demonstration)
        store = cls._made(by_hand, settings.no_anchor_yet, archive, accept_demonstration)
        if state is not None:
            check_not_rolled_back(Path(state), sequence=archive.sequence, digest=archive.digest)
        return store

    @classmethod
    def _made(
        cls, by_hand: list[Certificate], declared: date | None, archive: Archive, accept_demonstration: bool
    ) -> "TrustStore":
        if not by_hand and not archive.has(Kind.ANCHOR) and declared is None:
            raise never_set_up("The trust store holds no certificate.")
        unique = {anchor.fingerprint: anchor for anchor in by_hand}
        ordered = [unique[fingerprint] for fingerprint in sorted(unique)]
        return cls(
            version=_version(ordered, declared, archive),
            no_anchor_declared=declared,
            accepts_demonstration=accept_demonstration,
            _by_hand=Certificates.of(ordered),
            _archive=archive,
        )

    def distrusting(self, fingerprints: Iterable[str]) -> "TrustStore":
        """This store, in which these certificates count for nothing: signers, links or anchors.

        Nobody can vouch for such a signer either. A certificate that is not here may be named, too.

        :param fingerprints: the SHA-256 of certificates, or of their keys (SubjectPublicKeyInfo), in hexadecimal.
        """
        named = self.distrusted | frozenset(fingerprints)
        if named == self.distrusted:
            return self
        return replace(self, version=distrusting_version(self.version, named), distrusted=named)

    def distrusts(self, certificate: Certificate) -> bool:
        """Whether this certificate counts for nothing.

        Its holder can encode it anew, which is another fingerprint; under the one of its key it stays the same.
        """
        return not self.distrusted.isdisjoint((certificate.fingerprint, certificate.key_fingerprint))

    def distrusts_path(self, signer: Certificate, issuers: Iterable[Certificate]) -> bool:
        """Whether the signer, or whoever stands above it, counts for nothing.

        An issuer may have several certificates of one key, of which any leads upwards: a distrusted one is enough.

        :param issuers: the links and the anchor, from the signer on.
        """
        below = signer
        for issuer in issuers:
            others = (*self.anchors_for(below), *self.links_for(below))
            same_key = (one for one in others if one.public_key_info == issuer.public_key_info)
            if self.distrusts(issuer) or any(map(self.distrusts, same_key)):
                return True
            below = issuer
        return self.distrusts(signer)

    @property
    def sequence(self) -> int:
        """How often something was imported or removed."""
        return self._archive.sequence

    @property
    def has_anchors(self) -> bool:
        """Whether there is any anchor."""
        return bool(self._by_hand.anchors) or self._archive.has(Kind.ANCHOR)

    @property
    def has_deviations(self) -> bool:
        """Whether there is any deviation list."""
        return self._archive.has(Kind.DEVIATION_LIST)

    @property
    def anchors(self) -> tuple[Certificate, ...]:
        """All anchors, in the order of their fingerprints; this parses them all."""
        imported = (self._certificate(number) for number in self._archive.of_kind(Kind.ANCHOR))
        unique = {one.fingerprint: one for one in (*self._by_hand.anchors, *imported)}
        return tuple(unique[fingerprint] for fingerprint in sorted(unique))

    @property
    def by_hand(self) -> tuple[Certificate, ...]:
        """The anchors in the folder ``csca``, or those a program gave."""
        return self._by_hand.anchors

    @property
    def archive(self) -> Archive:
        """The imported part, with each entry's origin and date; empty where nothing was imported."""
        return self._archive

    @property
    def updated_at(self) -> datetime | None:
        """When the newest list in it was signed or, without one, when something was imported last; None if never."""
        if self._archive is EMPTY:
            return None
        signed = [source.signed_at for source in self._archive.sources if source.signed_at is not None]
        return max(signed, default=self._archive.written_at)

    def age(self, at: datetime) -> timedelta | None:
        """How old the newest list is at that moment; None where nothing was ever imported."""
        return None if self.updated_at is None else at - self.updated_at

    def anchors_for(self, certificate: Certificate) -> Iterator[Certificate]:
        """The anchors that may have issued ``certificate``."""
        yield from self._by_hand.anchors_for(certificate)
        yield from self._named(Kind.ANCHOR, certificate)

    def links_for(self, certificate: Certificate) -> Iterator[Certificate]:
        """The link certificates whose key may have issued ``certificate``."""
        return self._named(Kind.LINK, certificate)

    def signers_of(self, signer_info: SignerInfo) -> tuple[Certificate, ...]:
        """The imported document signers that signed data may name, for documents that do not bring the certificate.

        Anybody can make a certificate of that name and number; those come first whose issuer was known on import.
        """
        names = [name_digest(signer_info.issuer)] if signer_info.issuer is not None else []
        names += [signer_info.subject_key_identifier.hex()] if signer_info.subject_key_identifier else []
        judged = self._archive.columns["signed"]
        numbers = sorted(self._find(Kind.SIGNER, *names), key=lambda number: judged[number] != Signed.BY_ANOTHER)
        return tuple(find_signers(signer_info, map(self._certificate, numbers)))

    def crl_for(self, certificate: Certificate) -> Crl | None:
        """The newest revocation list of ``certificate``'s issuer, or None."""
        return next(iter(self.crls_for(certificate)), None)

    def crls_for(self, certificate: Certificate) -> tuple[Crl, ...]:
        """The revocation lists of ``certificate``'s issuer, the newest first.

        The key of an anchor, or of a link that leads to one, signed each.
        An issuer that took another key or name since publishes under that: link certificates lead there.
        """
        if not self._archive.has(Kind.CRL):
            return ()
        names = [*_issuer_names(certificate), *self._later_names(certificate.issuer)]
        found = [self._crl(number) for number in self._find(Kind.CRL, *names) if self._is_good(number)]
        own = (crl for crl in found if crl.issuer.country == certificate.issuer.country)
        return tuple(sorted(own, key=lambda crl: (crl.this_update, crl.number or 0), reverse=True))

    def _later_names(self, issuer: DistinguishedName) -> list[str]:
        """The names and keys that a CSCA took since, as far as anchored links lead."""
        names, found = [name_digest(issuer.key)], dict[int, Certificate]()
        for _ in range(MAX_LINKS):
            links = {number: self._certificate(number) for name in names for number in self._archive.links_from(name)}
            links = {number: link for number, link in links.items() if number not in found and self._is_link(link)}
            found |= links
            names = [name_digest(link.subject.key) for link in links.values()]
        return [name for link in found.values() for name in _own_names(link) if link.issuer.country == issuer.country]

    def _is_link(self, link: Certificate) -> bool:
        """Whether an anchor stands behind it, by signatures all the way; verified once."""
        if link not in self._links:
            try:
                self._links[link] = is_anchored(link, self, Signatures())
            except BoundExceeded:
                self._links[link] = False
        return self._links[link]

    def deviations_for(self, signer: Certificate, *, document_type: str, document_number: str) -> tuple[Deviation, ...]:
        """What the issuing state says is wrong with such documents of this signer."""
        numbers = self._find(Kind.DEVIATION_LIST, signer.issuer.country or "")
        return tuple(
            deviation
            for number in numbers
            for deviation in self._remembered(number, DeviationList.from_bytes).about(
                signer, document_type=document_type, document_number=document_number
            )
        )

    def _is_good(self, number: int) -> bool:
        """Whether an anchor, or an anchored link's key, signed the revocation list; verified once."""
        if number not in self._verified:
            crl = self._crl(number)
            self._verified[number] = any(map(crl.issued_by, self._crl_issuers(crl)))
        return self._verified[number]

    def _crl_issuers(self, crl: Crl) -> Iterator[Certificate]:
        """Whom the list names as issuer; of its own state only, so that no state revokes what another issued."""
        names = [name_digest(crl.issuer.key)]
        names += [crl.authority_key_identifier.hex()] if crl.authority_key_identifier else []
        yield from (one for one in self._by_hand.anchors if one.subject.country == crl.issuer.country)
        for kind in (Kind.ANCHOR, Kind.LINK):
            for one in map(self._certificate, self._find(kind, *names)):
                # A link that nobody anchored is a stranger's: it would speak for the CSCA whose name it bears.
                if one.subject.country == crl.issuer.country and (kind is Kind.ANCHOR or self._is_link(one)):
                    yield one

    def _named(self, kind: Kind, certificate: Certificate) -> Iterator[Certificate]:
        return map(self._certificate, self._find(kind, *_issuer_names(certificate)))

    def _find(self, kind: Kind, *names: str) -> list[int]:
        return self._archive.find(kind, *names) if self._archive.has(kind) else []

    def _certificate(self, number: int) -> Certificate:
        return self._remembered(number, Certificate.from_bytes)

    def _crl(self, number: int) -> Crl:
        return self._remembered(number, Crl.from_bytes)

    def _remembered(self, number: int, parse: Callable[[bytes], T]) -> T:
        """An entry, parsed when it is first needed."""
        if number not in self._parsed:
            self._parsed[number] = parse(self._archive.data(number))
        return self._parsed[number]  # type: ignore[return-value]


def distrusting_version(version: str, distrusted: frozenset[str]) -> str:
    """The version where these count for nothing: a verdict must not say that the same store judged."""
    lines = [version, *(f"distrusted {each}" for each in sorted(distrusted))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _own_names(certificate: Certificate) -> tuple[str, ...]:
    return issuer_names(certificate.subject.der, certificate.subject_key_identifier)


def _issuer_names(certificate: Certificate) -> tuple[str, ...]:
    return issuer_names(certificate.issuer.der, certificate.authority_key_identifier)


def _version(anchors: Iterable[Certificate], declared: date | None, archive: Archive) -> str:
    lines = ["format 1", f"no anchor yet {declared}", *(anchor.fingerprint for anchor in anchors)]
    lines += [] if archive is EMPTY else [f"imported {archive.digest}"]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
