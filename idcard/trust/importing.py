"""Changing a trust store: what is taken from a file that somebody hands over, what is refused, and why.

Theory of operation. A :class:`~idcard.trust.draft.Draft` is a copy of the imported part in memory. Files are added to
it one by one, each certificate and list in them is judged, and each judgement is reported as a :class:`Finding`. Only
at the end, and only if something changed, the whole new store replaces the old one at one stroke
(:func:`~idcard.trust.draft.editing`).

What is believed, and why:

* a certificate that an operator hands over: one that may issue certificates becomes an anchor where it signed itself,
  and otherwise a link, which is worth something only where a path leads over it to an anchor; any other a document
  signer;
* a master list: only where its signature leads to a *root that is given*. A list's signer vouches for anchors of all
  states, so that an anchor of some state is no root for lists by itself;
* a revocation list or a deviation list: only where an anchor of the same state signed it, or a link that leads to
  one; never one that is older
  than the one that is here. An older master list of the same root is refused, too;
* no list whose signer is revoked, or whose date lies in the future (:mod:`idcard.trust.list_signers`). What a newer
  list leaves out stays, and is told (:mod:`idcard.trust.withdrawn`);
* LDIF is a bundle that nobody signed: its master lists, revocation lists and document signers are judged by their own
  signatures, and CSCA certificates that lie in it openly are refused. What is wrong in it stops nothing else.

Source: ICAO Doc 9303-12, "CSCA Master List", "Deviation List" and "CRL".
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from idcard.encoding.oids import DEMONSTRATION
from idcard.errors import IdCardError, ProtocolViolation
from idcard.trust.archive import DEMONSTRATION_MARK, Entry, Kind, Source, name_digest
from idcard.trust.certificates import Certificate
from idcard.trust.contents import Contents, Item, items
from idcard.trust.crl import Crl
from idcard.trust.crl_issuers import crl_problem
from idcard.trust.deviation_list import DeviationList
from idcard.trust.draft import Draft
from idcard.trust.judgement import Judgement, Signed, judge
from idcard.trust.list_signers import EXPIRED, FROM_THE_FUTURE, REVOKED, from_the_future, revoked
from idcard.trust.master_list import MasterList
from idcard.trust.purpose import acts_as_authority
from idcard.trust.signed_data import ListNotTrusted
from idcard.trust.withdrawn import WITHDRAWN, withdrawn

MASTER_LIST = "master_list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one certificate or list: ``added``, ``known`` or ``refused``, and why.

    Two more outcomes change nothing: ``remarked`` (of a list's signer: it has expired since, ``days`` ago) and
    ``withdrawn`` (a certificate that was here, and that the newer list leaves out).

    ``kind`` is an entry's kind or ``master_list``, None where the bytes are nothing that is known; ``signed`` says how
    a certificate's own signature was judged.
    """

    fingerprint: str
    kind: str | None
    outcome: str
    reason: str | None = None
    subject: str | None = None
    signed: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found in one file, in its order; ``root`` is the root behind a master list."""

    name: str
    sha256: str
    findings: tuple[Finding, ...]
    root: str | None = None
    signed_at: datetime | None = None

    def count(self, outcome: str) -> int:
        """How many certificates and lists had that outcome."""
        return sum(finding.outcome == outcome for finding in self.findings)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """What changes nothing and should be known: see :class:`Finding`."""
        return tuple(finding for finding in self.findings if finding.outcome in ("remarked", WITHDRAWN))

    @property
    def refused(self) -> tuple[Finding, ...]:
        """What was refused."""
        return tuple(finding for finding in self.findings if finding.outcome == "refused")


def add_file(
    draft: Draft,
    data: bytes,
    *,
    name: str,
    at: datetime,
    roots: Sequence[Certificate] = (),
    root_fingerprints: Collection[str] = (),
    as_anchor: bool = False,
    accept_demonstration: bool = False,
) -> Report:
    """What became of a file's contents.

    :param name: the file's name, for the record.
    :param at: now, for the record, and for lists that do not say when they were signed.
    :param roots: whom master lists must lead to, on the operator's word.
    :param root_fingerprints: the same by SHA-256 in hexadecimal, for roots that come with the list.
    :param as_anchor: trust a CSCA certificate that is not self-signed, on the operator's word.
    :param accept_demonstration: also take this project's demonstration certificates, which prove nothing.
    :raises MalformedData: if the file is nothing that belongs into a trust store.
    :raises ListNotTrusted: if it is a master list that leads to none of ``roots``, whose signer is revoked, that is
        older than the last one, or from the future.
    """
    contents = Contents.of(data)
    source = Source(name=name, sha256=_sha256(data), kind=contents.kind, added=at)
    job = _Job(
        draft=draft,
        source=source,
        roots=tuple(roots),
        root_fingerprints=frozenset(one.lower().replace(":", "") for one in root_fingerprints),
        as_anchor=as_anchor,
        by_operator=contents.by_operator,
        accept_demonstration=accept_demonstration,
    )
    job.take(contents)
    return Report(
        name=name,
        sha256=source.sha256,
        findings=tuple(job.findings),
        root=job.source.root,
        signed_at=job.source.signed_at,
    )


@dataclass(slots=True, kw_only=True)
class _Job:
    """One file that is being added to a draft."""

    draft: Draft
    source: Source
    roots: tuple[Certificate, ...]
    root_fingerprints: frozenset[str]
    as_anchor: bool
    by_operator: bool
    accept_demonstration: bool
    findings: list[Finding] = field(default_factory=list)
    crls: tuple[Crl, ...] = ()

    def take(self, contents: Contents) -> None:
        """Judge and take everything: master lists first, then certificates, then what needs their keys."""
        for text in contents.broken:
            self._refuse(text, None, "malformed_data")
        found = [item for part in contents.parts for item in self._parsed(part)]
        self.crls = tuple(item for item in found if isinstance(item, Crl))
        certificates = [item for item in found if isinstance(item, Certificate)]
        for item in found:
            if isinstance(item, MasterList):
                self._take_master_list(item)
        self._take_certificates(certificates)
        for item in found:
            if isinstance(item, Crl):
                self._take_crl(item)
            elif isinstance(item, DeviationList):
                self._take_deviation_list(item)

    def _parsed(self, part: bytes) -> tuple[Item, ...]:
        try:
            return items(part)
        except IdCardError as error:
            if self.by_operator:
                raise
            self._refuse(part, None, error.code)
            return ()

    def _refuse(self, data: bytes, kind: str | None, reason: str) -> None:
        self.findings.append(Finding(fingerprint=_sha256(data), kind=kind, outcome="refused", reason=reason))

    def _take_master_list(self, listed: MasterList) -> None:
        try:
            signer, root = listed.verify(self.roots, at=self.source.added, fingerprints=self.root_fingerprints)
            self._check_signer(signer, root, listed.signed_at)
            self._refuse_older(listed, root)
        except IdCardError as error:
            if self.by_operator:
                raise
            self._refuse(listed.signed_data.content, MASTER_LIST, _reason(error))
            return
        self._remark_expired(signer, MASTER_LIST)
        self.source = replace(
            self.source,
            kind=MASTER_LIST,
            signed_at=listed.signed_at,
            signer=signer.fingerprint,
            root=root.fingerprint,
        )
        before = withdrawn(self.draft.entries.values(), self.draft.sources)
        self._take_listed([one for der in listed.certificates for one in self._readable(der)])
        for entry in withdrawn(self.draft.entries.values(), self.draft.sources):
            if entry.fingerprint not in {one.fingerprint for one in before}:
                self._tell_withdrawn(entry)

    def _readable(self, der: bytes) -> tuple[Certificate, ...]:
        """One certificate of a list; one that cannot be read takes none of the others with it."""
        try:
            return (Certificate.from_bytes(der),)
        except IdCardError as error:
            self._refuse(der, None, error.code)
            return ()

    def _check_signer(self, signer: Certificate, root: Certificate, signed_at: datetime | None) -> None:
        if from_the_future(signed_at, self.source.added):
            raise ListNotTrusted("The list says that it will be signed only later", FROM_THE_FUTURE)
        if revoked(signer, self.draft, self.crls, root):
            raise ListNotTrusted("The signer of the list was revoked", REVOKED)

    def _remark_expired(self, signer: Certificate, kind: str) -> None:
        since = self.source.added - signer.not_after
        if since > timedelta():
            finding = Finding(
                fingerprint=signer.fingerprint,
                kind=kind,
                outcome="remarked",
                reason=EXPIRED,
                subject=str(signer.subject),
                days=since.days,
            )
            self.findings.append(finding)

    def _tell_withdrawn(self, entry: Entry) -> None:
        subject = str(Certificate.from_bytes(entry.data).subject)
        self.findings.append(
            Finding(
                fingerprint=entry.fingerprint,
                kind=entry.kind,
                outcome=WITHDRAWN,
                reason="left_out_of_the_newer_list",
                subject=subject,
            )
        )

    def _refuse_older(self, listed: MasterList, root: Certificate) -> None:
        known = [one.signed_at for one in self.draft.sources if one.root == root.fingerprint and one.signed_at]
        if listed.signed_at is not None and any(listed.signed_at < one for one in known):
            raise ListNotTrusted("A newer list of this root was imported before", "older")

    def _take_listed(self, certificates: Sequence[Certificate]) -> None:
        """The list vouches for its certificates; links to keys that are in it stay links."""
        for judgement in judge(certificates, known=self.draft.anchors):
            kind = Kind.LINK if judgement.signed is Signed.BY_ANOTHER else Kind.ANCHOR
            self._put(judgement, kind, _why_not_listed(judgement))

    def _take_certificates(self, certificates: Sequence[Certificate]) -> None:
        known = [*self.draft.anchors, *self.draft.certificates(Kind.LINK)]
        names = {one.subject for one in known}
        for judgement in judge(certificates, known=known, among_themselves=self.by_operator):
            kind = self._kind(judgement)
            problem = self._why_not(judgement, kind)
            if kind is Kind.SIGNER and judgement.signed is Signed.BY_ITSELF and judgement.certificate.issuer in names:
                # It signed itself in the name of a CSCA that is here: it would stand in a true signer's way.
                problem = "same_name_other_key"
            self._put(judgement, kind, problem)

    def _kind(self, judgement: Judgement) -> Kind:
        if not acts_as_authority(judgement.certificate):
            return Kind.SIGNER
        return Kind.ANCHOR if self.as_anchor or judgement.signed is Signed.BY_ITSELF else Kind.LINK

    def _why_not(self, judgement: Judgement, kind: Kind) -> str | None:
        if kind is not Kind.SIGNER and not self.by_operator:
            return "anchor_in_an_unsigned_bundle"
        return None if judgement.signed.passed or _undecided(judgement) else judgement.signed

    def _put(self, judgement: Judgement, kind: Kind, problem: str | None) -> None:
        certificate = judgement.certificate
        problem = problem or self._unusable(certificate)
        outcome = "refused"
        if problem is None:
            entry = _certificate_entry(certificate, kind, judgement.signed)
            outcome = "added" if self.draft.put(entry, self.source) else "known"
        self.findings.append(
            Finding(
                fingerprint=certificate.fingerprint,
                kind=kind,
                outcome=outcome,
                reason=problem,
                subject=str(certificate.subject),
                signed=judgement.signed,
            )
        )

    def _unusable(self, certificate: Certificate) -> str | None:
        try:
            _ = certificate.public_key
        except IdCardError as error:
            return error.code
        if DEMONSTRATION in certificate.extensions and not self.accept_demonstration:
            return DEMONSTRATION_MARK
        unknown = set(certificate.unknown_critical_extensions) - {DEMONSTRATION}
        return "unknown_critical_extension" if unknown else None

    def _take_crl(self, crl: Crl) -> None:
        older = [
            (fingerprint, known)
            for fingerprint, entry in self.draft.entries.items()
            if entry.kind is Kind.CRL and (known := Crl.from_bytes(entry.data)).issuer == crl.issuer
            if known.authority_key_identifier == crl.authority_key_identifier
        ]
        future = from_the_future(crl.this_update, self.source.added)
        problem = FROM_THE_FUTURE if future else crl_problem(crl, self.draft)
        # What is here and no longer believed (its anchor was removed) stands in nobody's way.
        newer = (known for _, known in older if known.newer_than(crl))
        if problem is None and any(crl_problem(known, self.draft) is None for known in newer):
            problem = "older"
        key = (crl.authority_key_identifier or b"").hex()
        entry = _entry(Kind.CRL, crl.der, name=name_digest(crl.issuer.key), key=key)
        self._put_list(entry, [fingerprint for fingerprint, _ in older], problem, str(crl.issuer))

    def _take_deviation_list(self, listed: DeviationList) -> None:
        data = listed.der
        own = [one for one in (*self.roots, *self.draft.anchors) if one.subject.country == listed.country]
        older = {
            fingerprint: DeviationList.from_bytes(entry.data).signed_at
            for fingerprint, entry in self.draft.entries.items()
            if entry.kind is Kind.DEVIATION_LIST and entry.name == (listed.country or "")
        }
        problem = None
        try:
            signer, root = listed.verify(own, at=self.source.added)
            self._check_signer(signer, root, listed.signed_at)
            self._remark_expired(signer, Kind.DEVIATION_LIST)
        except ProtocolViolation as error:
            problem = _reason(error)
        if problem is None and any(one and listed.signed_at and one > listed.signed_at for one in older.values()):
            problem = "older"
        entry = _entry(Kind.DEVIATION_LIST, data, name=listed.country or "", key="")
        self._put_list(entry, list(older), problem, listed.country)

    def _put_list(self, entry: Entry, older: Iterable[str], problem: str | None, subject: str | None) -> None:
        outcome = "refused"
        if problem is None:
            for fingerprint in older:
                if fingerprint != entry.fingerprint:
                    self.draft.drop(fingerprint)
            outcome = "added" if self.draft.put(entry, self.source) else "known"
        self.findings.append(
            Finding(fingerprint=entry.fingerprint, kind=entry.kind, outcome=outcome, reason=problem, subject=subject)
        )


def _reason(error: IdCardError) -> str:
    return error.reason if isinstance(error, ListNotTrusted) else error.code


def _why_not_listed(judgement: Judgement) -> str | None:
    if not acts_as_authority(judgement.certificate):
        return "not_an_authority"
    return None if judgement.signed.passed or _undecided(judgement) else judgement.signed


def _undecided(judgement: Judgement) -> bool:
    return judgement.signed is Signed.BY_NOBODY_HERE


def _certificate_entry(certificate: Certificate, kind: Kind, signed: str) -> Entry:
    named = certificate.issuer if kind is Kind.SIGNER else certificate.subject
    key = (certificate.subject_key_identifier or b"").hex()
    mark = DEMONSTRATION_MARK if DEMONSTRATION in certificate.extensions else str(signed)
    issuer = name_digest(certificate.issuer.key) if kind is Kind.LINK else ""
    name = name_digest(named.key)
    return Entry(kind=kind, data=certificate.der, name=name, key=key, signed=mark, sources=(), issuer=issuer)


def _entry(kind: Kind, data: bytes, *, name: str, key: str) -> Entry:
    return Entry(kind=kind, data=data, name=name, key=key, signed=Signed.BY_ANOTHER, sources=())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
