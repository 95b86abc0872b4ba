"""Signed lists that OpenSSL made, in every form of signature; and lists that are wrong in one place."""

import hashlib
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from idcard.crypto.signature import SignatureInvalid
from idcard.encoding import oids, tlv
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.encoding.cms import SignedData
from idcard.errors import UnsupportedAlgorithm
from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import SimulatedCard, der
from idcard.trust.certificates import Certificate
from idcard.trust.store import TrustStore
from idcard.verification.facts import Outcome, Reason
from idcard.verification.passive_authentication import (
    PassiveAuthentication,
    passive_authentication,
    signer_of,
    verify_signed_data,
)

DG1 = b"\x61\x00"
KEYS = {
    "rsa": ["-newkey", "rsa:2048"],
    "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "explicit": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1", "-pkeyopt", "ec_param_enc:explicit"],
}
FORMS = {
    "rsa": ("rsa", []),
    "rsa-sha1": ("rsa", ["-md", "sha1"]),
    "rsa-sha512": ("rsa", ["-md", "sha512"]),
    "pss": ("rsa", ["-md", "sha256", "-keyopt", "rsa_padding_mode:pss"]),
    "pss-sha512": ("rsa", ["-md", "sha512", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:64"]),
    "ecdsa": ("p256", []),
    "ecdsa-explicit": ("explicit", ["-md", "sha384"]),
    "key identifier": ("p256", ["-keyid"]),
    "no attributes": ("p256", ["-noattr"]),
    "no attributes, rsa": ("rsa", ["-noattr"]),
}


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    command = shutil.which("openssl")
    assert command, "the openssl command is needed as second witness"
    return subprocess.run([command, *arguments], check=True, capture_output=True, input=data).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of each kind, issued by a root."""
    path = tmp_path_factory.mktemp("openssl")
    make(path, "root", KEYS["p256"], "basicConstraints=critical,CA:TRUE")
    by_root = ["-CA", str(path / "root.pem"), "-CAkey", str(path / "root.key")]
    for name, arguments in KEYS.items():
        make(path, name, [*arguments, *by_root], "keyUsage=critical,digitalSignature")
    return path


def make(path: Path, name: str, arguments: list[str], extension: str) -> None:
    config = path / "openssl.cnf"
    config.write_text(f"[req]\ndistinguished_name=name\nx509_extensions=own\n[name]\n[own]\n{extension}\n")
    files = ["-config", str(config), "-keyout", str(path / f"{name}.key"), "-out", str(path / f"{name}.pem")]
    openssl("req", "-x509", "-nodes", "-subj", f"/C=UT/CN={name}", "-days", "30", *arguments, *files)


def listed(digest: str = "sha256") -> bytes:
    oid = next(oid for oid, name in oids.HASHES.items() if name == digest)
    one = der.sequence(der.integer(1), der.octet_string(hashlib.new(digest, DG1).digest()))
    return der.sequence(der.integer(0), der.sequence(der.oid(oid)), der.sequence(one))


def sod_by_openssl(folder: Path, key: str, *arguments: str) -> bytes:
    files = ["-signer", str(folder / f"{key}.pem"), "-inkey", str(folder / f"{key}.key")]
    form = ["-binary", "-nodetach", "-nosmimecap", "-econtent_type", oids.LDS_SECURITY_OBJECT, "-outform", "DER"]
    return tlv.build(0x77, openssl("cms", "-sign", *form, *files, *arguments, data=listed()))


def trusting(folder: Path) -> TrustStore:
    return TrustStore.of([certificate_of(folder, "root")])


def certificate_of(folder: Path, name: str) -> bytes:
    return openssl("x509", "-in", str(folder / f"{name}.pem"), "-outform", "DER")


def judged(sod: bytes, trust: TrustStore) -> PassiveAuthentication:
    return passive_authentication(Evidence(files={File.SOD: sod, File.DG1: DG1}), trust, datetime.now(UTC))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_openssl_signs(folder: Path, form: str) -> None:
    key, arguments = FORMS[form]
    passive = judged(sod_by_openssl(folder, key, *arguments), trusting(folder))
    assert [fact.outcome for fact in passive.facts[:3]] == [Outcome.PASSED] * 3


@pytest.mark.parametrize("form", FORMS)
def test_no_form_passes_over_another_list(folder: Path, form: str) -> None:
    key, arguments = FORMS[form]
    sod = sod_by_openssl(folder, key, *arguments)
    forged = sod.replace(hashlib.sha256(DG1).digest(), hashlib.sha256(b"other").digest())
    passive = judged(forged, trusting(folder))
    assert (passive.signature.outcome, passive.signature.reason) == (Outcome.FAILED, Reason.SIGNATURE_WRONG)


def test_a_signer_whose_certificate_is_missing(folder: Path) -> None:
    passive = judged(sod_by_openssl(folder, "p256", "-nocerts"), trusting(folder))
    assert (passive.signature.outcome, passive.signature.reason) == (
        Outcome.INCONCLUSIVE,
        Reason.NO_SIGNER_CERTIFICATE,
    )
    assert passive.trust.reason is Reason.SIGNATURE_NOT_VERIFIED
    assert passive.integrity.outcome is Outcome.PASSED


def test_the_signer_is_found_among_several_certificates(folder: Path) -> None:
    sod = sod_by_openssl(folder, "p256", "-certfile", str(folder / "rsa.pem"))
    passive = judged(sod, trusting(folder))
    assert passive.signed_and_trusted


def test_the_signer_is_named_whether_or_not_it_is_trusted(folder: Path) -> None:
    nowhere = TrustStore.of([], no_anchor_declared=date(2026, 11, 23))
    named = certificate_of(folder, "p256")
    unsigned = without_signers(listed())
    sods = [sod_by_openssl(folder, "p256"), sod_by_openssl(folder, "p256", "-nocerts"), unsigned, b"\x77\x00"]
    found = [signer_of(Evidence(files={File.SOD: sod}), nowhere) for sod in sods]
    assert [one and one.der for one in found] == [named, None, None, None]
    assert signer_of(Evidence(files={}), nowhere) is None


def without_signers(content: bytes) -> bytes:
    encapsulated = der.sequence(der.oid(oids.LDS_SECURITY_OBJECT), der.context(0, der.octet_string(content)))
    body = der.sequence(der.integer(3), der.set_of(), encapsulated, der.set_of())
    return tlv.build(0x77, der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, body)))


def test_a_list_that_nobody_signed(folder: Path) -> None:
    passive = judged(without_signers(listed()), trusting(folder))
    assert (passive.signature.outcome, passive.signature.reason) == (
        Outcome.FAILED,
        Reason.MALFORMED_SECURITY_OBJECT,
    )
    assert passive.integrity.outcome is Outcome.PASSED


def test_a_list_with_an_unknown_hash(folder: Path) -> None:
    one = der.sequence(der.integer(1), der.octet_string(bytes(32)))
    content = der.sequence(der.integer(0), der.sequence(der.oid("1.2.3")), der.sequence(one))
    passive = judged(without_signers(content), trusting(folder))
    assert (passive.integrity.outcome, passive.integrity.reason, passive.integrity.details["oid"]) == (
        Outcome.INCONCLUSIVE,
        Reason.UNSUPPORTED_ALGORITHM,
        "1.2.3",
    )
    assert passive.intact == frozenset()


def test_an_unknown_digest_of_the_content_is_inconclusive_and_named(folder: Path) -> None:
    sod = sod_by_openssl(folder, "p256")
    known, unknown = der.oid("2.16.840.1.101.3.4.2.1"), der.oid("2.16.840.1.101.3.4.2.99")
    at = sod.rindex(known)
    signature = judged(sod[:at] + unknown + sod[at + len(known) :], trusting(folder)).signature
    assert (signature.outcome, signature.reason) == (Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM)
    assert signature.details["oid"] == "2.16.840.1.101.3.4.2.99"


def test_an_unknown_signature_algorithm_is_inconclusive(folder: Path) -> None:
    sod = sod_by_openssl(folder, "p256")
    at = sod.rindex(der.oid("1.2.840.10045.4.3.2"))
    oid = der.oid("1.2.840.10045.4.3.9")
    passive = judged(sod[:at] + oid + sod[at + len(oid) :], trusting(folder))
    assert (passive.signature.outcome, passive.signature.reason) == (
        Outcome.INCONCLUSIVE,
        Reason.UNSUPPORTED_ALGORITHM,
    )


def test_a_signer_certificate_that_is_malformed(folder: Path) -> None:
    sod = sod_by_openssl(folder, "p256")
    der_certificate = certificate_of(folder, "p256")
    at = sod.index(der_certificate) + 4
    passive = judged(sod[:at] + b"\x31" + sod[at + 1 :], trusting(folder))
    assert (passive.signature.outcome, passive.signature.reason) == (
        Outcome.FAILED,
        Reason.MALFORMED_SIGNER_CERTIFICATE,
    )


@pytest.fixture
def parts(folder: Path) -> tuple[SignedData, Certificate]:
    sod = sod_by_openssl(folder, "p256")
    return SignedData.from_bytes(tlv.parse_one(sod, 0x77).value), Certificate.from_bytes(certificate_of(folder, "p256"))


def test_attributes_over_another_type_of_content(parts: tuple[SignedData, Certificate]) -> None:
    signed, signer = parts
    with pytest.raises(SignatureInvalid, match="type"):
        verify_signed_data(replace(signed, content_type="1.2.3"), signed.signers[0], signer)


def test_attributes_without_a_digest(parts: tuple[SignedData, Certificate]) -> None:
    signed, signer = parts
    attributes = {kind: values for kind, values in signed.signers[0].attributes.items() if kind != oids.MESSAGE_DIGEST}
    with pytest.raises(SignatureInvalid, match="content"):
        verify_signed_data(signed, replace(signed.signers[0], attributes=attributes), signer)


def test_attributes_with_an_unknown_digest(parts: tuple[SignedData, Certificate]) -> None:
    signed, signer = parts
    unknown = replace(signed.signers[0], digest_algorithm=AlgorithmIdentifier(oid="1.2.3"))
    with pytest.raises(UnsupportedAlgorithm):
        verify_signed_data(signed, unknown, signer)


def test_openssl_verifies_what_the_simulated_issuer_signs(honest: SimulatedCard, tmp_path: Path) -> None:
    """The other way round: a second program agrees on the simulated card's signature."""
    inner = tlv.parse_one(honest.files[File.SOD], 0x77).value
    content = openssl("cms", "-verify", "-noverify", "-inform", "DER", "-binary", data=inner)
    assert content == SignedData.from_bytes(inner).content
