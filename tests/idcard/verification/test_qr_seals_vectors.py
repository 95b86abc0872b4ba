"""Seals and barcodes of ICAO, each judged as its source says, and each changed byte of those that are signed."""

import base64
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idcard.errors import IdCardError
from idcard.qr.formats import ICAO_IDB, ICAO_VDS, RECOGNISERS
from idcard.qr.idb import IcaoBarcode
from idcard.qr.recognise import Recognised, recognise
from idcard.qr.vds import VisibleSeal
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.qr import QrVerdict, replay_key, verify_qr

VECTORS = Path(__file__).parents[2] / "vectors" / "qr"
OLD: dict[str, Any] = json.loads((VECTORS / "vds_idb.json").read_text())
MORE: dict[str, Any] = json.loads((VECTORS / "vds_more.json").read_text("utf-8"))
CERTIFICATES = {name: base64.b64decode(text) for name, text in OLD["signer_certs_b64"].items()}
DETS32, UTTS5B = CERTIFICATES["sealgen_DETS32.crt"], CERTIFICATES["sealgen_UTTS5B.crt"]
TRUST = QrTrust.of(
    format_signers={name: tuple(CERTIFICATES.values()) for name in ("icao_vds", "icao_idb")}, complete=True
)
NOW = datetime(2024, 9, 28, 12, tzinfo=UTC)
SEALS = {name: bytes.fromhex(text) for name, text in OLD["vds_hex"].items()}
SEALS |= {name: bytes.fromhex(one["hex"]) for name, one in MORE["seals"].items()}
# The source's own reader verifies these under its two certificates; it has no certificate for the others.
VERIFIED = {
    "residentPermit": UTTS5B,
    "addressStickerId": DETS32,
    "visa_224bitSig": DETS32,
    "supplementSheet": UTTS5B,
    "addressStickerPassport": UTTS5B,
    "emergencyTravelDoc": UTTS5B,
    "permanentResidencePermit": UTTS5B,
}
BARCODES = {name: text.encode() for name, text in (OLD["idb_strings"] | MORE["idb"]["strings"]).items()}


def judged(payload: bytes, trust: QrTrust = TRUST, at: datetime = NOW) -> QrVerdict:
    return verify_qr(recognise(payload, RECOGNISERS), trust, at=at)


def signature(payload: bytes, trust: QrTrust = TRUST) -> tuple[Outcome, Reason]:
    found = judged(payload, trust).fact(FactName.SIGNATURE)
    return found.outcome, found.reason


@pytest.mark.parametrize("name", SEALS)
def test_a_seal_is_judged_as_its_source_says(name: str) -> None:
    right = (Outcome.PASSED, Reason.SIGNATURE_VERIFIED)
    if name == "administrativeDocumentV9Basic":
        right = (Outcome.NOT_SUPPORTED, Reason.UNSIGNED)
    elif name not in VERIFIED:
        # A header that means none of the two certificates, or another number of one of them.
        right = (Outcome.FAILED, Reason.SIGNER_NOT_LISTED)
    assert signature(SEALS[name]) == right


def test_the_signer_of_a_seal_with_a_made_up_reference_is_one_of_the_two() -> None:
    """Its source signed it with a key of another reference: the signature is right all the same."""
    seal = VisibleSeal.from_bytes(SEALS["wrongLengthCoding"])
    signer, *_ = [one for one in TRUST.listed if one.certificate.der == UTTS5B]
    assert seal.verify(signer.certificate.public_key) == "ECDSA brainpoolP256r1 sha256"


@pytest.mark.parametrize("name", MORE["seals"])
def test_it_says_what_its_source_says(name: str) -> None:
    expected, seal = MORE["seals"][name]["expected"], VisibleSeal.from_bytes(SEALS[name])
    assert seal.kind == expected["kind"]
    assert seal.reference == expected.get("reference", seal.reference)
    assert {key: seal.fields[key] for key in expected.get("fields", {})} == expected.get("fields", {})
    assert (seal.mrz.text if seal.mrz else None) == expected.get("mrz", seal.mrz.text if seal.mrz else None)
    for day in ("issued", "signed_on"):
        assert str(getattr(seal, day)) == expected.get(day, str(getattr(seal, day)))


def test_a_profile_of_tr_03171_and_the_habits_of_german_signers() -> None:
    named = VisibleSeal.from_bytes(SEALS["meldebescheinigung"])
    assert (named.profile or b"").hex() == "9a4223406d374ef99e2cf95e31a23846"
    assert named.fields["moved_in"] == date(2025, 4, 14)
    unknown = VisibleSeal.from_bytes(SEALS["administrativeDocumentV9Basic"])
    assert (unknown.kind, unknown.features[10]) == ("administrative_document", b"Mustermann")
    assert unknown.fields["profile_address"] == "example.com/profiles"
    assert VisibleSeal.from_bytes(SEALS["wrongLengthCoding"]).signer == "DEZV"
    assert {VisibleSeal.from_bytes(SEALS[name]).reference for name in SEALS if "ankunft" in name} == {"00008"}


def changes(data: bytes) -> list[bytes]:
    return [bytes((*data[:at], data[at] ^ 1 << at % 8, *data[at + 1 :])) for at in range(len(data))]


@pytest.mark.parametrize("name", VERIFIED)
def test_no_changed_byte_of_a_seal_passes(name: str) -> None:
    passed = []
    for place, changed in enumerate(changes(SEALS[name])):
        try:
            document = VisibleSeal.from_bytes(changed)
        except IdCardError:
            continue
        found = Recognised(format=ICAO_VDS, payload=changed, document=document)
        if verify_qr(found, TRUST, at=NOW).fact(FactName.SIGNATURE).outcome in (Outcome.PASSED, Outcome.INCONCLUSIVE):
            passed.append(place)
    assert not passed


@pytest.mark.parametrize("name", VERIFIED)
def test_a_seal_that_is_cut_short_is_refused_or_unsigned(name: str) -> None:
    whole = SEALS[name]
    for end in range(len(whole)):
        try:
            document = VisibleSeal.from_bytes(whole[:end])
        except IdCardError:
            continue
        assert document.signature is None or len(document.signature) not in (56, 64)


@pytest.mark.parametrize("name", BARCODES)
def test_a_barcode_is_judged_as_its_source_says(name: str) -> None:
    assert signature(BARCODES[name]) == (Outcome.PASSED, Reason.SIGNATURE_VERIFIED)
    assert signature(BARCODES[name], QrTrust.of(format_signers={"icao_idb": [DETS32]})) == (
        Outcome.INCONCLUSIVE,
        Reason.SIGNER_NOT_LISTED,
    )


@pytest.mark.parametrize("letter", "ABCD")
def test_each_packing_of_a_barcode(letter: str) -> None:
    document = IcaoBarcode.from_bytes(MORE["idb"]["texts"][letter].encode())
    body = bytes.fromhex(MORE["idb"]["signed_body" if letter in "BD" else "unsigned_body"])
    assert body.startswith(document.signed_bytes)
    assert (document.signature is not None) is (letter in "BD")
    assert document.country == "D"


def test_no_changed_character_of_a_barcode_passes() -> None:
    text, alphabet = BARCODES["CertifyingPermanentResidence"], b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    passed = []
    for at in range(5, len(text)):
        other = alphabet[(alphabet.index(text[at]) + 1 + at % 31) % 32]
        try:
            document = IcaoBarcode.from_bytes(bytes((*text[:at], other, *text[at + 1 :])))
        except IdCardError:
            continue
        found = Recognised(format=ICAO_IDB, payload=b"", document=document)
        if verify_qr(found, TRUST, at=NOW).fact(FactName.SIGNATURE).outcome is Outcome.PASSED:
            passed.append(at)
    assert not passed


def test_the_whole_verdict_on_a_seal() -> None:
    verdict = judged(SEALS["residentPermit"])
    person = verdict.claimed_identity()
    assert person is not None
    assert (person.name_latin, str(person.birth)) == ("RESIDORCE ROLAND", "1970-08-03")
    assert verdict.fact(FactName.TRUST).reason is Reason.SIGNER_LISTED
    assert verdict.fact(FactName.KEY_USAGE).reason is Reason.KEY_USAGE_OPEN
    # The document's own expiry was in January 2022.
    assert verdict.fact(FactName.VALIDITY).reason is Reason.EXPIRED
    assert verdict.fact(FactName.CONSISTENCY).reason is Reason.CONSISTENT
    assert not verdict.meets()


def test_a_seal_in_force_meets_the_policy() -> None:
    at = datetime(2021, 12, 1, tzinfo=UTC)
    text = SEALS["emergencyTravelDoc"]
    # It was signed in August 2023, so that in December 2021 it is of the future, which its own dates do not say.
    assert judged(text, at=at).meets()
    assert judged(text, at=at).valid_until == datetime(2022, 1, 2, tzinfo=UTC)


def test_a_signer_must_have_been_in_force_when_it_signed() -> None:
    late = at_the_end = datetime(2025, 1, 10, 7, 47, tzinfo=UTC)
    assert judged(SEALS["visa_224bitSig"], at=at_the_end).fact(FactName.TRUST).reason is Reason.SIGNER_LISTED
    late += timedelta(seconds=1)
    assert judged(SEALS["visa_224bitSig"], at=late).fact(FactName.TRUST).reason is Reason.SIGNER_EXPIRED
    at = datetime(2026, 11, 2, tzinfo=UTC)
    assert judged(SEALS["permanentResidencePermit"], at=at).fact(FactName.TRUST).outcome is Outcome.PASSED


def test_a_signer_of_another_state_fails() -> None:
    # Utopia's seal signed by a German signer, Germany's by Utopia's.
    for name in ("addressStickerId", "permanentResidencePermit"):
        fact = judged(SEALS[name]).fact(FactName.CONSISTENCY)
        assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE)


def test_barcodes_name_a_person_and_an_end() -> None:
    verdict = judged(BARCODES["EmergencyTravelDocument"], at=datetime(2026, 1, 1, tzinfo=UTC))
    person = verdict.claimed_identity()
    assert person is not None
    assert person.name_latin
    assert verdict.valid_until == datetime(2026, 4, 24, tzinfo=UTC)


def test_a_second_signature_makes_no_other_code() -> None:
    text = SEALS["residentPermit"]
    other = text[:-64] + bytes(64)
    assert replay_key(recognise(text, RECOGNISERS)) == replay_key(recognise(other, RECOGNISERS))
