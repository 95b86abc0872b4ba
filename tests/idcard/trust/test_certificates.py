import hashlib
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.crypto.signature import EcPublicKey, SignatureInvalid
from idcard.encoding import oids
from idcard.encoding.ber import Node, load
from idcard.errors import IdCardError, MalformedData
from idcard.testing import der
from idcard.trust.certificates import Certificate, algorithm_of
from idcard.trust.crl import Crl

SHA256_WITH_ECDSA = bytes.fromhex("06082a8648ce3d040302")
SHA384_WITH_ECDSA = bytes.fromhex("06082a8648ce3d040303")
FILES = ["german_root_csca07.cer", "csca_austria_2019.cer", "csca_vietnam_passport_2022.cer"]


def test_vietnam_s_csca(vietnam: bytes) -> None:
    certificate = Certificate.from_bytes(vietnam)
    assert certificate.subject == certificate.issuer
    assert certificate.subject.country == "VN"
    key = certificate.public_key
    assert isinstance(key, EcPublicKey)
    assert key.curve.name == "brainpoolP512r1"
    assert certificate.subject_key_identifier == bytes.fromhex("88918f5a25ece37a3e04c52d38a4f2b5123c85c7")
    assert certificate.not_before == datetime(2022, 6, 29, 1, 37, 7, tzinfo=UTC)
    assert certificate.fingerprint == hashlib.sha256(vietnam).hexdigest()
    assert certificate.unknown_critical_extensions == ()
    assert certificate.extensions[oids.BASIC_CONSTRAINTS].critical
    assert repr(certificate) == f"Certificate({certificate.fingerprint[:16]})"


@pytest.mark.parametrize("file", FILES)
def test_each_root_signed_itself(vectors: Path, file: str) -> None:
    certificate = Certificate.from_bytes((vectors / file).read_bytes())
    certificate.verify_issued_by(certificate)
    assert certificate.issued_by(certificate)


@pytest.mark.parametrize("file", FILES)
def test_openssl_says_the_same(vectors: Path, file: str) -> None:
    openssl = shutil.which("openssl")
    assert openssl, "the openssl command is needed as second witness"
    command = [openssl, "x509", "-inform", "DER", "-in", str(vectors / file), "-noout", "-serial", "-enddate"]
    command += ["-ext", "subjectKeyIdentifier"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    certificate = Certificate.from_bytes((vectors / file).read_bytes())
    assert f"serial={certificate.serial_number:X}" in said.replace("serial=0", "serial=")
    assert f"{certificate.not_after:%b} {certificate.not_after.day:2} {certificate.not_after:%H:%M:%S %Y} GMT" in said
    assert (certificate.subject_key_identifier or b"").hex(":").upper() in said


def test_one_root_did_not_sign_the_other(austria: bytes, vietnam: bytes) -> None:
    one, other = Certificate.from_bytes(austria), Certificate.from_bytes(vietnam)
    assert not one.issued_by(other)
    with pytest.raises(SignatureInvalid):
        one.verify_issued_by(other)
    assert one != other
    assert len({one, other, Certificate.from_bytes(austria)}) == 2


def test_names_are_compared_without_case_blanks_and_string_types(austria: bytes) -> None:
    plain = Certificate.from_bytes(austria)
    odd = Certificate.from_bytes(austria.replace(b"\x0c\x0cCSCA-AUSTRIA", b"\x13\x0cCsca-Austria"))
    assert odd.der != plain.der
    assert odd.subject == plain.subject
    assert hash(odd.subject) == hash(plain.subject)
    assert plain.subject != "CSCA-AUSTRIA"


def test_a_certificate_is_valid_from_its_first_to_its_last_second(austria: bytes) -> None:
    certificate = Certificate.from_bytes(austria)
    assert certificate.valid_at(certificate.not_before)
    assert certificate.valid_at(certificate.not_after)
    assert not certificate.valid_at(datetime(2000, 1, 1, tzinfo=UTC))


def test_an_extension_that_comes_twice_is_malformed(vietnam: bytes) -> None:
    # Rename the authority key identifier (2.5.29.35) to a second subject key identifier (2.5.29.14).
    with pytest.raises(MalformedData):
        Certificate.from_bytes(vietnam.replace(bytes.fromhex("0603551d23"), bytes.fromhex("0603551d0e")))


@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_certificate_or_an_error(data: bytes) -> None:
    with pytest.raises(IdCardError):
        Certificate.from_bytes(data)


@given(at=st.integers(0, 1093), value=st.integers(0, 255))
def test_a_changed_byte_gives_a_certificate_that_did_not_sign_itself_or_an_error(
    root: Path, at: int, value: int
) -> None:
    der = bytearray((root / "tests" / "vectors" / "trust" / "csca_austria_2019.cer").read_bytes())
    original = bytes(der)
    der[at] = value
    try:
        certificate = Certificate.from_bytes(bytes(der))
        signed = certificate.issued_by(certificate)
    except IdCardError:
        return
    untouched = certificate.tbs == Certificate.from_bytes(original).tbs
    assert untouched or not signed


def test_the_algorithm_outside_is_the_one_that_is_signed(pki: Any) -> None:
    """The one outside is not signed: whoever changes it could choose how the signature is looked at."""
    whole = pki.csca("AA").der
    start = whole.rindex(SHA256_WITH_ECDSA)
    with pytest.raises(MalformedData):
        Certificate.from_bytes(whole[:start] + SHA384_WITH_ECDSA + whole[start + len(SHA256_WITH_ECDSA) :])
    crl = pki.crl(pki.csca("AA"))
    start = crl.rindex(SHA256_WITH_ECDSA)
    with pytest.raises(MalformedData):
        Crl.from_bytes(crl[:start] + SHA384_WITH_ECDSA + crl[start + len(SHA256_WITH_ECDSA) :])


@pytest.mark.parametrize(("inside", "outside"), [(b"", b"\x05\x00"), (b"\x05\x00", b""), (b"", b"")])
def test_no_parameters_and_null_are_the_same(inside: bytes, outside: bytes) -> None:
    assert algorithm_of(algorithm(inside), algorithm(outside), "test").oid == "1.2.3"


def test_other_parameters_are_another_algorithm() -> None:
    with pytest.raises(MalformedData):
        algorithm_of(algorithm(b"\x30\x00"), algorithm(b""), "test")


def algorithm(parameters: bytes) -> Node:
    return load(der.sequence(der.oid("1.2.3"), parameters), "test")
