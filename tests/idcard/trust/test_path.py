from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.lds.sod import Sod
from idcard.testing import Issuer
from idcard.testing.certificates import Validity, certificate, csca_extensions
from idcard.trust.certificates import Certificate, Extension
from idcard.trust.path import Certificates, PathProblem, find_path

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def signer(issuer: Issuer) -> Certificate:
    return Certificate.from_bytes(issuer.signer.certificate)


def test_the_issuer_is_found_among_others(signer: Certificate, anchor: Certificate, vietnam: bytes) -> None:
    path = find_path(signer, Certificates.of([Certificate.from_bytes(vietnam), anchor]), at=AT)
    assert (path.anchor, path.problem) == (anchor, None)


def test_without_anchors_the_issuer_is_unknown(signer: Certificate) -> None:
    path = find_path(signer, Certificates.of([]), at=AT)
    assert (path.anchor, path.problem) == (None, PathProblem.UNKNOWN_ISSUER)


def test_another_anchor_does_not_make_the_issuer_known(signer: Certificate, vietnam: bytes) -> None:
    assert (
        find_path(signer, Certificates.of([Certificate.from_bytes(vietnam)]), at=AT).problem
        is PathProblem.UNKNOWN_ISSUER
    )


def test_the_same_name_with_another_key_is_told_apart(signer: Certificate, issuer: Issuer) -> None:
    other = Issuer.create("VN", "CSCA Demonstration Vietnam", at=issuer.validity.start)
    path = find_path(signer, Certificates.of([Certificate.from_bytes(other.csca_certificate)]), at=AT)
    assert (path.anchor, path.problem) == (None, PathProblem.SAME_NAME_OTHER_KEY)


def test_the_right_key_among_anchors_of_one_name_wins(signer: Certificate, anchor: Certificate, issuer: Issuer) -> None:
    other = Issuer.create("VN", "CSCA Demonstration Vietnam", at=issuer.validity.start)
    path = find_path(signer, Certificates.of([Certificate.from_bytes(other.csca_certificate), anchor]), at=AT)
    assert (path.anchor, path.problem) == (anchor, None)


def test_a_key_identifier_that_is_copied_is_not_enough(issuer: Issuer, anchor: Certificate) -> None:
    """A forger names the anchor's key, but has not got it."""
    forger = Issuer.create("VN", "CSCA Elsewhere", at=issuer.validity.start)
    copied = Certificate.from_bytes(forger.signer.certificate)
    copied = replace(copied, authority_key_identifier=anchor.subject_key_identifier)
    assert find_path(copied, Certificates.of([anchor]), at=AT).problem is PathProblem.SAME_NAME_OTHER_KEY


def test_the_right_key_under_another_name_is_no_issuer(
    issuer: Issuer, signer: Certificate, anchor: Certificate
) -> None:
    """A state that is trusted for its own documents names another as issuer: its key alone must not be enough."""
    renamed = reissue(issuer, b"CSCA Demonstration Renamed", issuer.validity)
    path = find_path(signer, Certificates.of([renamed]), at=AT)
    assert (path.anchor, path.problem) == (renamed, PathProblem.ISSUER_NAME_DIFFERS)
    for anchors in ([renamed, anchor], [anchor, renamed]):
        path = find_path(signer, Certificates.of(anchors), at=AT)
        assert (path.anchor, path.problem) == (anchor, None)


def test_a_name_may_be_written_with_other_types_of_strings(issuer: Issuer, signer: Certificate) -> None:
    """UTF8String in the signer's certificate, T61String in its issuer's; case and blanks do not count either."""
    subject = issuer.name.to_der().replace(b"\x0c\x1aCSCA Demonstration", b"\x14\x1aCSCA DEMONSTRATION")
    renamed = reissue(issuer, b"", issuer.validity, subject=subject)
    assert renamed.subject.der != signer.issuer.der
    assert find_path(signer, Certificates.of([renamed]), at=AT).problem is None


def test_of_two_certificates_for_one_key_the_one_in_force_is_used(issuer: Issuer, signer: Certificate) -> None:
    start = issuer.validity.start
    old = reissue(issuer, b"", Validity(start=start, end=start + timedelta(days=400)))
    new = reissue(issuer, b"", Validity(start=start, end=start + timedelta(days=9000)))
    for anchors in ([old, new], [new, old]):
        assert find_path(signer, Certificates.of(anchors), at=AT).anchor == new
    path = find_path(signer, Certificates.of([old]), at=AT)
    assert (path.anchor, path.problem) == (old, PathProblem.ANCHOR_NOT_IN_FORCE)


def reissue(issuer: Issuer, name: bytes, validity: Validity, subject: bytes | None = None) -> Certificate:
    """Another self-signed certificate for the issuer's key, perhaps under another name of the same length."""
    subject = subject or issuer.name.to_der()
    if name:
        subject = subject.replace(b"CSCA Demonstration Vietnam", name)
    der = certificate(
        subject=subject,
        spki=issuer.csca_key.spki,
        issuer=subject,
        signer=issuer.csca_key,
        serial=77,
        validity=validity,
        extensions=csca_extensions(issuer.csca_key.spki, demonstration=True),
    )
    return Certificate.from_bytes(der)


@pytest.mark.parametrize(
    ("days", "problem"),
    [(-1, PathProblem.SIGNER_NOT_YET_VALID), (0, None), (3652, None), (3654, PathProblem.SIGNER_EXPIRED)],
)
def test_the_signer_must_be_in_force(
    signer: Certificate, anchor: Certificate, days: int, problem: PathProblem | None
) -> None:
    path = find_path(signer, Certificates.of([anchor]), at=signer.not_before + timedelta(days=days))
    assert (path.anchor, path.problem) == (anchor, problem)


def test_the_signer_must_have_been_in_force_when_it_signed(signer: Certificate, anchor: Certificate) -> None:
    early = signer.not_before - timedelta(seconds=1)
    assert find_path(signer, Certificates.of([anchor]), at=AT, signed_at=signer.not_before).problem is None
    assert (
        find_path(signer, Certificates.of([anchor]), at=AT, signed_at=early).problem
        is PathProblem.SIGNED_OUTSIDE_VALIDITY
    )


def test_an_unknown_critical_extension_of_the_signer(signer: Certificate, anchor: Certificate) -> None:
    odd = replace(signer, extensions=dict(signer.extensions) | {"1.2.3": Extension(critical=True, value=b"")})
    assert find_path(odd, Certificates.of([anchor]), at=AT).problem is PathProblem.UNKNOWN_CRITICAL_EXTENSION
    fine = replace(signer, extensions=dict(signer.extensions) | {"1.2.3": Extension(critical=False, value=b"")})
    assert find_path(fine, Certificates.of([anchor]), at=AT).problem is None


def test_an_algorithm_that_nobody_knows(signer: Certificate, anchor: Certificate) -> None:
    odd = replace(signer, signature_algorithm=AlgorithmIdentifier(oid="1.2.3"))
    assert find_path(odd, Certificates.of([anchor]), at=AT).problem is PathProblem.UNSUPPORTED_ALGORITHM


def test_a_real_signer_under_its_country_s_csca(vectors: Path, austria: bytes) -> None:
    sod = Sod.from_bytes((vectors / "ef_sod_austria.bin").read_bytes())
    signer = Certificate.from_bytes(sod.signer_certificates[0])
    path = find_path(signer, Certificates.of([Certificate.from_bytes(austria)]), at=AT)
    assert path.problem is None
