"""Authorities that a stranger brings along with a code: what an anchor allows them, and no more."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID, ObjectIdentifier

from idcard.trust.certificates import Certificate
from idcard.trust.path import Certificates, Path, PathProblem, find_path

AT = datetime(2026, 11, 23, tzinfo=UTC)
CA, LAST = x509.BasicConstraints(ca=True, path_length=None), x509.BasicConstraints(ca=True, path_length=0)
SERVERS, MDL = (x509.ExtendedKeyUsage([ObjectIdentifier(one)]) for one in ("1.3.6.1.5.5.7.3.1", "1.0.18013.5.1.2"))
NAMES = x509.NameConstraints([x509.DNSName("good.example")], None)


def usage(**said: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**(dict.fromkeys(names, False) | said))


@pytest.fixture
def issued(wallet: Any) -> Any:
    def make(name: str, above: str, *extensions: x509.ExtensionType, since: int = 2019, until: int = 2050) -> Any:
        made = x509.CertificateBuilder().serial_number(7).public_key(wallet.key_of(name).public_key())
        subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, above))
        made = made.subject_name(subject).issuer_name(issuer)
        made = made.not_valid_before(datetime(since, 1, 1)).not_valid_after(datetime(until, 1, 1))
        for one in extensions:
            made = made.add_extension(one, critical=False)
        return Certificate.from_bytes(wallet.der(made.sign(wallet.key_of(above), hashes.SHA256())))

    return make


def found(signer: Certificate, anchor: Certificate, *brought: Certificate, links: tuple[Certificate, ...] = ()) -> Path:
    return find_path(signer, Certificates.of([anchor], links=links), at=AT, brought=brought)


@pytest.mark.parametrize("said", [(CA,), (LAST,), (CA, usage(key_cert_sign=True)), (CA, MDL)])
def test_an_authority_that_the_anchor_allows(issued: Any, said: Any) -> None:
    middle = issued("middle", "root", *said)
    path = found(issued("leaf", "middle", MDL), issued("root", "root", CA), middle)
    assert (path.problem, path.links) == (None, (middle,))


@pytest.mark.parametrize(("root", "said"), [
    ((LAST,), (CA,)), ((CA,), ()), ((CA,), (CA, usage(digital_signature=True))), ((CA,), (CA, SERVERS)),
    ((CA,), (CA, NAMES)),
])  # fmt: skip
def test_one_that_it_does_not(issued: Any, root: Any, said: Any) -> None:
    path = found(issued("leaf", "middle", MDL), issued("root", "root", *root), issued("middle", "root", *said))
    assert (path.anchor, path.problem) == (None, PathProblem.UNKNOWN_ISSUER)


def test_one_for_a_purpose_is_not_above_a_signer_for_all(issued: Any) -> None:
    path = found(issued("leaf", "middle"), issued("root", "root", CA), issued("middle", "root", CA, SERVERS))
    assert path.anchor is None


def test_one_that_may_issue_signers_alone_makes_no_other(issued: Any) -> None:
    last, more = issued("last", "root", LAST), issued("more", "last", CA)
    assert found(issued("leaf", "more"), issued("root", "root", CA), last, more).anchor is None
    assert found(issued("leaf", "last"), issued("root", "root", LAST), last).anchor is None
    two = x509.BasicConstraints(ca=True, path_length=2)
    last = issued("last", "root", x509.BasicConstraints(ca=True, path_length=1))
    assert found(issued("leaf", "more"), issued("root", "root", two), last, more).problem is None


def test_whoever_has_an_ended_anchors_key_cannot_backdate(issued: Any) -> None:
    root, middle = issued("root", "root", CA, since=2010, until=2020), issued("middle", "root", CA)
    assert found(issued("direct", "root"), root).problem is PathProblem.ANCHOR_NOT_IN_FORCE
    assert found(issued("leaf", "middle"), root, middle).anchor is None
    # The same certificate as a link that the operator imported is the old anchor's farewell.
    assert found(issued("leaf", "middle"), root, links=(middle,)).problem is None
    assert found(issued("leaf", "lower"), root, issued("lower", "middle", CA), links=(middle,)).problem is None
