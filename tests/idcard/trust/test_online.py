"""An authority's answer: strict to the last byte, and only by who may answer."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idcard.crypto.curves import CURVES
from idcard.encoding.ber import load
from idcard.errors import MalformedData
from idcard.testing import der
from idcard.trust.certificates import Certificate
from idcard.trust.online import Confirmation, Question, SignerStatus
from idcard.trust.signed_text import draft, signature_line

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
AUTHORITIES = {"authority.example": KEY.public_key(), "second.example": OTHER.public_key()}
SAID = {
    "at": "2026-11-23T08:00:00+00:00",
    "nonce": "0f" * 16,
    "signer": "ab" * 32,
    "status": "genuine",
    "until": "2026-11-23T08:10:00+00:00",
}


def signed(**changes: Any) -> bytes:
    text = draft("idcard.confirmation/1", SAID | changes)
    return text + signature_line(text, "authority.example", KEY)


def test_an_answer_says_what_was_signed() -> None:
    answer = Confirmation.from_bytes(signed(), AUTHORITIES)
    assert (answer.authority, answer.status) == ("authority.example", SignerStatus.GENUINE)
    assert answer.answers(Question(signer="ab" * 32, nonce=b"\x0f" * 16))
    assert not answer.answers(Question(signer="ab" * 32, nonce=bytes(16)))
    assert not answer.answers(Question(signer="cd" * 32, nonce=b"\x0f" * 16))


@pytest.mark.parametrize(("minute", "counts"), [("07:59", False), ("08:00", True), ("08:10", True), ("08:11", False)])
def test_an_answer_counts_in_its_time(minute: str, counts: bool) -> None:
    at = datetime.fromisoformat(f"2026-11-23T{minute}:00").replace(tzinfo=UTC)
    assert Confirmation.from_bytes(signed(), AUTHORITIES).counts_at(at) is counts


TWO = signed() + signature_line(draft("idcard.confirmation/1", SAID), "second.example", OTHER)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        signed()[:-1],
        signed().replace(b"genuine", b"unknown"),
        signed(status="perhaps"),
        signed(nonce="0f" * 15),
        signed(nonce="zz" * 16),
        signed(at="2026-11-23T08:00:00"),
        signed(at="2026-11-23 08:00:00+00:00"),
        signed(until="soon"),
        signed(more="x"),
        signed(key="ab" * 31),
        signed(key=1),
        signed(issued_as="zz" * 32),
        signed().replace(b"authority.example ", b"second.example "),
        signed().replace(b"authority.example ", b"nobody.example "),
        TWO,
    ],
)
def test_anything_else_is_no_answer(data: bytes) -> None:
    with pytest.raises(MalformedData):
        Confirmation.from_bytes(data, AUTHORITIES)


@pytest.mark.parametrize(
    ("signer", "nonce"),
    [("AB" * 32, bytes(16)), ("ab" * 31, bytes(16)), ("zz" * 32, bytes(16)), ("ab" * 32, bytes(15))],
)
def test_a_question_is_a_fingerprint_and_a_nonce(signer: str, nonce: bytes) -> None:
    with pytest.raises(ValueError, match=r"fingerprint|nonce"):
        Question(signer=signer, nonce=nonce)


@pytest.mark.parametrize("names", [{"key": "zz" * 32}, {"issued_as": "ab"}])
def test_the_other_names_of_a_signer_are_fingerprints_too(names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        Question(signer="ab" * 32, nonce=bytes(16), **names)


def test_a_signer_has_three_names(pki: Any) -> None:
    """OpenSSL's view of issuer, serial number and key beside this library's."""
    signer = pki.issue("AA", "Signer", pki.csca("AA"))
    serial = der.integer(signer.certificate.serial_number)
    issuer = signer.certificate.issuer.public_bytes()
    spki = signer.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    question = Question.about(signer.parsed, bytes(16))
    assert question.to_dict() == {
        "nonce": "00" * 16,
        "signer": sha256(signer.der).hexdigest(),
        "issued_as": sha256(der.sequence(issuer, serial)).hexdigest(),
        "key": sha256(spki).hexdigest(),
    }
    assert Question(signer="ab" * 32, nonce=bytes(16)).to_dict() == {"nonce": "00" * 16, "signer": "ab" * 32}


@pytest.mark.parametrize(("number", "bytes_"), [(127, "7f"), (128, "0080"), (-128, "80"), (0, "00"), (-1, "ff")])
def test_a_serial_number_has_one_form(pki: Any, number: int, bytes_: str) -> None:
    one = replace(pki.csca("AA").parsed, serial_number=number)
    data = bytes.fromhex(bytes_)
    written = der.sequence(one.issuer.der, bytes([2, len(data)]) + data)
    assert one.issued_as == sha256(written).hexdigest()


def test_a_revocation_holds_for_every_form_of_a_certificate(pki: Any) -> None:
    """Who holds a revoked signer's key gives its certificate another fingerprint, without its issuer's help."""
    root = pki.csca("AA")
    signer, other = pki.issue("AA", "Signer", root), pki.issue("AA", "Other", root)
    again = pki.issue("AA", "Again", root, key=signer.key)
    twin = Certificate.from_bytes(with_the_other_s(signer.der))
    assert twin.issued_by(root.parsed)
    assert twin.fingerprint != signer.fingerprint
    names = Question.about(signer.parsed, bytes(16)).to_dict()
    revoked = Confirmation.from_bytes(signed(**names | {"status": "revoked"}), AUTHORITIES)
    assert [revoked.revokes(one) for one in (signer.parsed, twin, again.parsed, other.parsed)] == [True] * 3 + [False]
    bare = Confirmation.from_bytes(signed(signer=signer.fingerprint, status="revoked"), AUTHORITIES)
    assert [bare.revokes(one) for one in (signer.parsed, other.parsed)] == [True, False]
    genuine = Confirmation.from_bytes(signed(**names), AUTHORITIES)
    assert [genuine.confirms(one) for one in (signer.parsed, twin, again.parsed)] == [True, False, False]
    assert not genuine.revokes(signer.parsed)


def with_the_other_s(certificate: bytes) -> bytes:
    """The certificate with the other form of its ECDSA signature, (r, n - s)."""
    body, algorithm, bits = load(certificate, "test").children()
    r, s = decode_dss_signature(bits.bits())
    order = next(curve.n for curve in CURVES if curve.name == "P-256")
    return der.sequence(body.raw, algorithm.raw, der.bit_string(encode_dss_signature(r, order - s)))
