"""OpenSSL's command line as second witness: it takes what our issuer signs and refuses what was altered.

OpenSSL's chain check refuses explicit curve parameters on principle (error 94), so certificates with them are checked
signature by signature, and whole chains with named curves.
"""

import hashlib
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.testing import DEMONSTRATION_OID, Holder, Issuer, KeyProfile, SimulatedCard, dishonest
from idcard.testing.certificates import Validity

OpenSsl = Callable[..., subprocess.CompletedProcess[bytes]]
Written = Callable[[str, bytes], Path]
AT = datetime(2021, 1, 1, tzinfo=UTC)
LATER = str(int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()))
SIGNERS = {
    "brainpool explicit": KeyProfile(),
    "brainpool named": KeyProfile(explicit=False),
    "brainpool 384 sha384": KeyProfile(kind="brainpoolP384r1", digest="sha384"),
    "p-256": KeyProfile(kind="secp256r1", explicit=False),
    "p-384 sha384": KeyProfile(kind="secp384r1", explicit=False, digest="sha384"),
    "rsa": KeyProfile(kind="rsa"),
    "rsa-pss": KeyProfile(kind="rsa-pss"),
}
every_signer = pytest.mark.parametrize("profile", SIGNERS.values(), ids=SIGNERS.keys())


@pytest.fixture(scope="module")
def named() -> Issuer:
    """An issuer whose chain OpenSSL is willing to follow."""
    return Issuer.create(
        at=AT,
        csca_profile=KeyProfile(kind="brainpoolP512r1", digest="sha512", explicit=False),
        signer_profile=KeyProfile(explicit=False),
    )


def pem(openssl: OpenSsl, certificate: bytes) -> bytes:
    result = openssl("x509", "-inform", "DER", content=certificate)
    assert result.returncode == 0
    return result.stdout


def content_info(card: SimulatedCard) -> bytes:
    return tlv.parse_one(card.files[File.SOD], 0x77).value


def verify_cms(openssl: OpenSsl, content: bytes) -> subprocess.CompletedProcess[bytes]:
    return openssl("cms", "-verify", "-noverify", "-inform", "DER", "-binary", content=content)


def verify_signature(openssl: OpenSsl, written: Written, certificate: bytes, issuer: bytes) -> bool:
    """Whether the certificate's own signature holds under the issuer's key."""
    body, _, signature = tlv.parse_one(certificate, 0x30).children()
    key = openssl("x509", "-inform", "DER", "-noout", "-pubkey", content=issuer).stdout
    files = written("key.pem", key), written("signature", signature.value[1:])
    result = openssl("dgst", "-sha512", "-verify", files[0], "-signature", files[1], content=body.to_bytes())
    return result.returncode == 0


def test_openssl_reads_the_csca(issuer: Issuer, openssl: OpenSsl) -> None:
    text = openssl("x509", "-inform", "DER", "-noout", "-text", content=issuer.csca_certificate).stdout.decode()
    assert "ecdsa-with-SHA512" in text
    assert "Field Type: prime-field" in text
    assert "CA:TRUE, pathlen:0" in text
    assert "Certificate Sign, CRL Sign" in text
    assert f"{DEMONSTRATION_OID}: critical" in text


def test_openssl_reads_the_document_signer(issuer: Issuer, openssl: OpenSsl) -> None:
    text = openssl("x509", "-inform", "DER", "-noout", "-text", content=issuer.signer.certificate).stdout.decode()
    assert "Field Type: prime-field" in text
    assert "Digital Signature" in text
    assert "X509v3 Authority Key Identifier" in text


def test_signatures_of_certificates_with_explicit_parameters(
    issuer: Issuer, openssl: OpenSsl, written: Written
) -> None:
    csca = issuer.csca_certificate
    assert verify_signature(openssl, written, csca, csca)
    assert verify_signature(openssl, written, issuer.signer.certificate, csca)
    foreign = Issuer.create(at=AT).csca_certificate
    assert not verify_signature(openssl, written, issuer.signer.certificate, foreign)


def test_a_chain_of_named_curves(named: Issuer, openssl: OpenSsl, written: Written) -> None:
    anchor = written("csca.pem", pem(openssl, named.csca_certificate))
    signer = written("signer.pem", pem(openssl, named.signer.certificate))
    options = ("-attime", LATER, "-CAfile", anchor)
    assert openssl("verify", "-x509_strict", "-ignore_critical", *options, signer).returncode == 0
    refused = openssl("verify", *options, signer)
    assert refused.returncode != 0
    assert b"unhandled critical extension" in refused.stderr


def test_an_expired_signer(named: Issuer, openssl: OpenSsl, written: Written) -> None:
    validity = Validity(start=AT, end=datetime(2024, 1, 1, tzinfo=UTC))
    signer = named.document_signer(KeyProfile(explicit=False), validity=validity)
    anchor = written("csca.pem", pem(openssl, named.csca_certificate))
    file = written("signer.pem", pem(openssl, signer.certificate))
    refused = openssl("verify", "-ignore_critical", "-attime", LATER, "-CAfile", anchor, file)
    assert b"certificate has expired" in refused.stderr


@every_signer
def test_openssl_takes_the_sod_of_every_kind_of_signer(
    issuer: Issuer, holder: Holder, profile: KeyProfile, openssl: OpenSsl
) -> None:
    card = issuer.issue(holder, signer=issuer.document_signer(profile))
    result = verify_cms(openssl, content_info(card))
    assert result.returncode == 0, result.stderr
    for file, content in card.files.items():
        if file.data_group is not None:
            assert hashlib.sha256(content).digest() in result.stdout


def test_a_sod_with_its_chain(named: Issuer, holder: Holder, openssl: OpenSsl, written: Written) -> None:
    anchor = written("csca.pem", pem(openssl, named.csca_certificate))
    command = ("cms", "-verify", "-inform", "DER", "-binary", "-purpose", "any", "-ignore_critical", "-attime", LATER)
    good, bad = content_info(named.issue(holder)), content_info(dishonest.foreign_issuer(named, holder))
    assert openssl(*command, "-CAfile", anchor, content=good).returncode == 0
    assert openssl(*command, "-CAfile", anchor, content=bad).returncode != 0


@pytest.mark.parametrize("part", ["hash", "signature"])
def test_openssl_refuses_an_altered_sod(issuer: Issuer, holder: Holder, part: str, openssl: OpenSsl) -> None:
    card = issuer.issue(holder)
    content = bytearray(content_info(card))
    dg1 = hashlib.sha256(card.files[File.DG1]).digest()
    content[content.index(dg1) if part == "hash" else -1] ^= 1
    assert verify_cms(openssl, bytes(content)).returncode != 0


def test_the_signed_attributes_are_those_of_the_standard(issuer: Issuer, holder: Holder, openssl: OpenSsl) -> None:
    command = ("cms", "-cmsout", "-print", "-noout", "-inform", "DER")
    text = openssl(*command, content=content_info(issuer.issue(holder))).stdout.decode()
    for name in ("contentType", "messageDigest", "signingTime", "2.23.136.1.1.1", "ecdsa-with-SHA256"):
        assert name in text
    assert "Feb  1 02:00:00 2022 GMT" in text


def test_altered_files_do_not_match_the_signed_hashes(issuer: Issuer, holder: Holder, openssl: OpenSsl) -> None:
    for card, file in (
        (dishonest.altered_dg1(issuer, holder), File.DG1),
        (dishonest.altered_dg13(issuer, holder), File.DG13),
    ):
        signed = verify_cms(openssl, content_info(card))
        assert signed.returncode == 0
        matches = {f for f in card.files if hashlib.sha256(card.files[f]).digest() in signed.stdout}
        assert {f for f in card.files if f.data_group} - matches == {file}
