"""What somebody hands over to keep the import busy: the work is bounded, whatever is in a file."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from idcard.encoding.ber import INTEGER, load
from idcard.encoding.tlv import build
from idcard.errors import BoundExceeded, MalformedData
from idcard.testing import der
from idcard.trust.archive import Entry, Kind, Source, name_digest
from idcard.trust.certificates import bounded_number
from idcard.trust.crl import Crl
from idcard.trust.draft import Draft, editing
from idcard.trust.importing import Report, add_file
from idcard.trust.judgement import Signed, judge
from idcard.trust.path import Certificates, PathProblem, find_path, is_anchored
from idcard.trust.recheck import doubtful_lists
from idcard.trust.signatures import MAX_VERIFICATIONS, Signatures
from idcard.trust.signed_data import MAX_BROUGHT, ListNotTrusted
from idcard.trust.store import TrustStore

AT = datetime(2026, 11, 23, tzinfo=UTC)


def add(draft: Draft, data: bytes, **how: Any) -> Report:
    return add_file(draft, data, name="file", at=AT, **how)


def web(pki: Any, size: int, name: str = "Evil") -> list[Any]:
    """Links of one name and one key: each may have issued each."""
    key = pki.key()
    return [pki.csca("AA", name, key=key) for _ in range(size)]


def test_a_web_of_links_of_one_key_takes_one_verification_each(pki: Any) -> None:
    """Each pair would be 3600, more than may be verified."""
    links = web(pki, 60)
    signer = pki.issue("AA", "Signer", links[0])
    pool = Certificates.of([pki.csca("AA", "Real").parsed], links=[one.parsed for one in links])
    assert find_path(signer.parsed, pool, at=AT).problem is PathProblem.UNKNOWN_ISSUER
    assert not is_anchored(links[0].parsed, pool, Signatures(60))


def test_a_web_of_links_of_many_keys_ends(pki: Any) -> None:
    by = pki.csca("AA", "Evil")
    links = [pki.csca("AA", "Evil").parsed for _ in range(MAX_VERIFICATIONS + 1)]
    signer, link = pki.issue("AA", "Signer", by), pki.issue("AA", "Link", by, authority=True)
    assert find_path(signer.parsed, Certificates.of([], links=links), at=AT).problem is PathProblem.TOO_MANY_CANDIDATES
    fewer = Certificates.of([], links=links[:MAX_VERIFICATIONS])
    assert find_path(signer.parsed, fewer, at=AT).problem is PathProblem.UNKNOWN_ISSUER
    with pytest.raises(BoundExceeded):
        is_anchored(link.parsed, fewer, Signatures(MAX_VERIFICATIONS - 1))


def test_what_was_verified_is_remembered_beyond_the_budget(pki: Any) -> None:
    root, other = pki.csca("AA"), pki.csca("AA")
    once = Signatures(1)
    assert [once.judged(root.parsed, root.parsed) for _ in range(2)] == [True, True]
    with pytest.raises(BoundExceeded):
        once.judged(other.parsed, root.parsed)


@pytest.mark.parametrize("brought", [255, 256])
def test_a_list_brings_a_bounded_number_of_certificates(pki: Any, brought: int) -> None:
    """The signer comes along, too."""
    root = pki.csca("AA")
    links = web(pki, brought)
    listed = pki.master_list(pki.list_signer(links[0]), [root.der], *links)
    with pytest.raises(ListNotTrusted) as caught:
        add(Draft(), listed, roots=[root.parsed])
    assert caught.value.reason == ("unknown_issuer" if brought < MAX_BROUGHT else "too_many_candidates")


def test_issuers_are_not_tried_without_end(pki: Any) -> None:
    """Each of these could have issued each; none did, and each names itself."""
    name = pki.name("AA", "Evil")
    by = pki.csca("AA", "Nobody")
    ones = [pki.issue("AA", "Evil", by, authority=True, identifiers=False, issuer=name).parsed for _ in range(80)]
    signed = [one.signed for one in judge(ones)]
    assert signed[0] is Signed.WRONGLY
    assert signed[-1] is Signed.BY_NOBODY_HERE
    assert {one.signed for one in judge(ones[:9])} == {Signed.WRONGLY}


def test_what_issues_nothing_is_no_issuer(pki: Any) -> None:
    signer = pki.issue("AA", "CSCA")
    below = pki.issue("AA", "Signer", signer)
    assert [one.signed for one in judge([below.parsed, signer.parsed])] == [Signed.BY_NOBODY_HERE, Signed.BY_ITSELF]


def test_nobody_spoils_a_bundle_with_an_issuer_that_is_none(pki: Any) -> None:
    """A self-made CSCA with the true one's name and key identifier lies beside a true signer."""
    root = pki.csca("AA")
    signer, made = pki.issue("AA", "Signer", root), pki.csca("AA")
    copied = made.der.replace(made.parsed.subject_key_identifier, root.parsed.subject_key_identifier)
    text = b"version: 1\n" + b"".join(b"userCertificate:: " + b64encode(one) + b"\n" for one in (copied, signer.der))
    findings = {one.fingerprint: one for one in add(Draft(), text).findings}
    assert len(findings) == 2
    assert findings[signer.fingerprint].outcome == "added"
    assert findings[signer.fingerprint].signed is Signed.BY_NOBODY_HERE


def with_serial(certificate: bytes, length: int) -> bytes:
    """The certificate with a serial number of that many bytes; nobody signed it."""
    body, algorithm, signature = load(certificate, "").children()
    version, _, *rest = body.children()
    number = build(INTEGER, b"\x7f" * length)
    return der.sequence(der.sequence(version.raw, number, *(one.raw for one in rest)), algorithm.raw, signature.raw)


@pytest.mark.parametrize(("length", "taken"), [(64, True), (65, False), (2000, False)])
def test_a_serial_number_is_one_that_can_be_printed(pki: Any, length: int, taken: bool) -> None:
    data = with_serial(pki.issue("AA", "Signer", pki.csca("AA")).der, length)
    (finding,) = add(Draft(), b"version: 1\nuserCertificate:: " + b64encode(data) + b"\n").findings
    assert (finding.outcome, finding.reason) == (("added", None) if taken else ("refused", "malformed_data"))


def test_a_list_s_number_is_one_that_can_be_printed(pki: Any) -> None:
    data = pki.crl(pki.csca("AA"), number=1 << 159 - 1)
    assert Crl.from_bytes(data).number == 1 << 159 - 1
    with pytest.raises(MalformedData):
        bounded_number(load(build(INTEGER, b"\x01" * 65), ""), "CRL")


def test_a_name_does_nothing_to_a_screen(pki: Any) -> None:
    name = pki.issue("AA", "Good\x1b[2J\nBad\u202eevil Việt Nam").parsed.subject
    assert str(name) == "C=AA, O=Invented, CN=Good\\x1b[2J\\nBad\\u202eevil Việt Nam"
    assert name.country == "AA"


def test_a_list_under_more_links_than_are_looked_at_is_refused(pki: Any, tmp_path: Path) -> None:
    """Nobody can tell whether an anchor stands behind its link, and nobody spends minutes to find out."""
    by = pki.csca("AA", "Nobody")
    link = pki.issue("AA", "New", by, authority=True)
    others = [pki.csca("AA", "Nobody") for _ in range(MAX_VERIFICATIONS + 1)]
    crl = pki.crl(link)
    with editing(tmp_path, at=AT) as draft:
        # Links of an earlier version; today these would be anchors.
        for one in others:
            draft.put(entry(Kind.LINK, one.der, one), SOURCE)
        add(draft, link.der)
        (finding,) = add(draft, crl).findings
        assert (finding.outcome, finding.reason) == ("refused", "bound_exceeded")
        draft.put(entry(Kind.CRL, crl, link), SOURCE)
        assert [problem for _, problem in doubtful_lists(draft)] == ["bound_exceeded"]
        draft.put(entry(Kind.ANCHOR, (other := pki.csca("BB")).der, other), SOURCE)
    signer = pki.issue("AA", "Signer", link)
    assert TrustStore.from_directory(tmp_path).crls_for(signer.parsed) == ()


SOURCE = Source(name="file", sha256="", kind="file", added=AT)


def entry(kind: Kind, data: bytes, about: Any) -> Entry:
    key = about.parsed.subject_key_identifier.hex()
    return Entry(kind=kind, data=data, name=name_digest(about.parsed.subject.key), key=key, signed="", sources=())


def test_what_signed_itself_in_the_name_of_a_csca_is_no_signer(pki: Any) -> None:
    root, draft = pki.csca("AA"), Draft()
    add(draft, root.der)
    (finding,) = add(draft, pki.issue("AA", "CSCA").der).findings
    assert (finding.kind, finding.outcome, finding.reason) == (Kind.SIGNER, "refused", "same_name_other_key")
    assert add(draft, pki.issue("AA", "Somebody else").der).count("added") == 1
