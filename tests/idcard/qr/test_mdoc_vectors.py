"""Mobile documents: the standard's own example, and what two foreign programs issue."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cbor2
import isomdoc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from idcard.crypto.signature import SignatureInvalid
from idcard.errors import IdCardError, MalformedData
from idcard.qr.jwk import to_base64url
from idcard.qr.mdoc import ALGORITHMS, MobileDocument, looks_like_mdoc
from idcard.qr.openid4vp import session_transcript
from idcard.trust.certificates import Certificate

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors/qr/credentials.json").read_text())
ANNEX_D = bytes.fromhex(VECTORS["iso_18013_5_annex_d"]["device_response"])
FOREIGN = VECTORS["pymdoccbor"]
LICENCE, TYPE = "org.iso.18013.5.1", "org.iso.18013.5.1.mDL"
SIGNER, HOLDER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def signed_by_its_signer(document: MobileDocument) -> bool:
    try:
        document.sign1.verify(Certificate.from_bytes(document.sign1.chain[0]).public_key, ALGORITHMS)
    except (IdCardError, SignatureInvalid, IndexError):
        return False
    return not document.altered


def test_the_example_of_the_standard() -> None:
    document = MobileDocument.from_bytes(ANNEX_D)
    assert document.document_type == TYPE
    elements = document.elements[LICENCE]
    assert (elements["family_name"], elements["document_number"]) == ("Doe", "123456789")
    assert elements["portrait"].startswith(b"\xff\xd8\xff")
    assert document.signed == document.not_before == datetime(2020, 10, 1, 13, 30, 2, tzinfo=UTC)
    assert document.expires == datetime(2021, 10, 1, 13, 30, 2, tzinfo=UTC)
    assert signed_by_its_signer(document)
    assert document.device_signed is not None
    with pytest.raises(MalformedData, match="otherwise than by a signature"):
        document.device_signed.signature_over(None, TYPE)


def test_the_same_in_the_text_of_a_code() -> None:
    text = to_base64url(ANNEX_D).encode()
    assert looks_like_mdoc(text)
    assert MobileDocument.from_bytes(text).elements == MobileDocument.from_bytes(ANNEX_D).elements


def test_a_document_of_another_program() -> None:
    document = MobileDocument.from_bytes(bytes.fromhex(FOREIGN["device_response"]))
    said = {name: getattr(value, "value", value) for name, value in document.elements[LICENCE].items()}
    assert said == FOREIGN["elements"]
    assert signed_by_its_signer(document)
    Certificate.from_bytes(document.sign1.chain[0]).verify_issued_by(
        Certificate.from_bytes(bytes.fromhex(FOREIGN["iaca"]))
    )


def certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"), x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2036, 1, 1))
    return made.sign(key, hashes.SHA256())


def issued() -> bytes:
    """By isomdoc, the live witness: its own issuer."""
    document = isomdoc.create_mdoc(TYPE, [certificate(SIGNER)], SIGNER)
    for name, value in (("family_name", "Mẫu"), ("age_over_18", True), ("portrait", b"\xff\xd8\xff")):
        document.add_data_item(LICENCE, name, value)
    made: bytes = document.generate_credential(HOLDER.public_key())
    return made


def answered(transcript: list[Any]) -> bytes:
    """The device's answer to a session, by this test's own hand; isomdoc verifies such."""
    issuer_signed = cbor2.loads(issued())
    spaces = cbor2.CBORTag(24, cbor2.dumps({}))
    authentication = cbor2.dumps(cbor2.CBORTag(24, cbor2.dumps(["DeviceAuthentication", transcript, TYPE, spaces])))
    protected = cbor2.dumps({1: -7})
    over = cbor2.dumps(["Signature1", protected, b"", authentication])
    r, s = decode_dss_signature(HOLDER.sign(over, ec.ECDSA(hashes.SHA256())))
    signature: list[Any] = [protected, {}, None, r.to_bytes(32) + s.to_bytes(32)]
    device = {"nameSpaces": spaces, "deviceAuth": {"deviceSignature": signature}}
    document = {"docType": TYPE, "issuerSigned": issuer_signed, "deviceSigned": device}
    return cbor2.dumps({"version": "1.0", "documents": [document], "status": 0})


def test_what_isomdoc_issues() -> None:
    document = MobileDocument.from_bytes(issued())
    assert dict(document.elements[LICENCE]) == {"family_name": "Mẫu", "age_over_18": True, "portrait": b"\xff\xd8\xff"}
    assert signed_by_its_signer(document)
    assert document.device_signed is None


def test_a_devices_signature_is_over_the_session_as_isomdoc_has_it() -> None:
    transcript = session_transcript("redirect_uri:https://kiosk.example/a", "n", None, "https://kiosk.example/a")
    answer = answered(transcript)
    isomdoc.verify_device_response(answer, transcript)
    document = MobileDocument.from_bytes(answer)
    assert document.device_signed is not None
    document.device_signed.signature_over(transcript, TYPE).verify(document.device_key, ALGORITHMS)
    other = session_transcript("redirect_uri:https://kiosk.example/a", "m", None, "https://kiosk.example/a")
    for wrong in (
        document.device_signed.signature_over(other, TYPE),
        document.device_signed.signature_over(transcript, "x"),
    ):
        with pytest.raises(SignatureInvalid):
            wrong.verify(document.device_key, ALGORITHMS)


HOSTILE: list[Callable[[dict[str, Any]], Any]] = [
    lambda one: one["issuerSigned"]["nameSpaces"][LICENCE].append(one["issuerSigned"]["nameSpaces"][LICENCE][0]),
    lambda one: one.update(docType="org.iso.18013.5.1.other"),
    lambda one: one["issuerSigned"].pop("issuerAuth"),
    lambda one: one["issuerSigned"]["nameSpaces"].update({LICENCE: "x"}),
    lambda one: one["issuerSigned"]["nameSpaces"].update({LICENCE: [b"x"]}),
    lambda one: one["issuerSigned"]["nameSpaces"].update({LICENCE: [cbor2.CBORTag(24, cbor2.dumps({"digestID": 0}))]}),
    lambda one: one["issuerSigned"]["issuerAuth"].__setitem__(2, cbor2.dumps({"docType": TYPE})),
    lambda one: one["issuerSigned"]["issuerAuth"].__setitem__(2, None),
    lambda one: one["deviceSigned"].update(deviceAuth={}),
    lambda one: one["deviceSigned"]["deviceAuth"].update(deviceSignature=[b"", {}, b"x", b""]),
]


@pytest.mark.parametrize("change", HOSTILE)
def test_what_is_made_to_mislead_is_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    answer = cbor2.loads(ANNEX_D)
    change(answer["documents"][0])
    with pytest.raises(MalformedData):
        MobileDocument.from_bytes(cbor2.dumps(answer))


@pytest.mark.parametrize(
    "value", [{}, {"status": 0}, {"status": 10, "documents": [{}]}, {"status": 0, "documents": []}, 1, []]
)
def test_what_is_none(value: object) -> None:
    with pytest.raises(MalformedData):
        MobileDocument.from_bytes(cbor2.dumps(value))


def test_an_element_that_was_moved_to_another_name_space_is_altered() -> None:
    answer = cbor2.loads(ANNEX_D)
    spaces = answer["documents"][0]["issuerSigned"]["nameSpaces"]
    spaces[f"{LICENCE}.US"] = [spaces[LICENCE].pop()]
    assert MobileDocument.from_bytes(cbor2.dumps(answer)).altered


def test_ten_thousand_changed_documents_are_read_or_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(11)
    short = issued()
    for number in rounds(10_000):
        changed = bytearray(short if number % 10 else ANNEX_D)
        for _ in range(draw.randrange(1, 5)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        try:
            MobileDocument.from_bytes(bytes(changed))
        except IdCardError:
            continue
