"""VDS-NC: Australia's specimens and the specification's own example, each judged as its source says."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from idcard.errors import IdCardError
from idcard.qr.formats import ICAO_VDS_NC, RECOGNISERS
from idcard.qr.recognise import Recognised, recognise
from idcard.qr.vds_nc import VdsNc
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.signer_list import QrTrust
from idcard.trust.store import TrustStore
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.qr import QrVerdict, replay_key, verify_qr

VECTORS = Path(__file__).parents[2] / "vectors" / "qr"
AUSTRALIA: dict[str, Any] = json.loads((VECTORS / "vds_nc.json").read_text())
ICAO: dict[str, Any] = json.loads((VECTORS / "vds_nc_more.json").read_text())
RIGHT, ALTERED = AUSTRALIA["au_validVDSJson"].encode(), AUSTRALIA["au_invalidVDSJson"].encode()
EXAMPLE = ICAO["icao_example"].encode()
CSCA = base64.b64decode(AUSTRALIA["au_cscaCertData"])
CRL = base64.b64decode(AUSTRALIA["au_crlWithSerialNumberData"])
THEN = datetime(2021, 10, 10, tzinfo=UTC)
TRUST = QrTrust.of(store=TrustStore.of([CSCA]))


def judged(payload: bytes, trust: QrTrust = TRUST, at: datetime = THEN) -> QrVerdict:
    return verify_qr(recognise(payload, RECOGNISERS), trust, at=at)


def reasons(verdict: QrVerdict) -> dict[FactName, Reason]:
    return {fact.name: fact.reason for fact in verdict.facts}


def test_a_specimen_under_its_state_s_csca() -> None:
    found = reasons(judged(RIGHT))
    assert found[FactName.SIGNATURE] is Reason.SIGNATURE_VERIFIED
    assert found[FactName.TRUST] is Reason.ANCHORED
    assert found[FactName.KEY_USAGE] is Reason.KEY_USAGE_RIGHT
    assert found[FactName.CONSISTENCY] is Reason.CONSISTENT
    # Nothing in it says until when it counts.
    assert found[FactName.VALIDITY] is Reason.EXPIRY_UNKNOWN
    person = judged(RIGHT).claimed_identity()
    assert person is not None
    assert (person.name, str(person.birth)) == ("CITIZEN JOHN", "2004-03-20")


def test_the_altered_specimen_fails() -> None:
    found = judged(ALTERED).fact(FactName.SIGNATURE)
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.SIGNATURE_WRONG)


def test_without_the_csca_anybody_could_have_made_it() -> None:
    found = judged(RIGHT, QrTrust.of())
    assert found.fact(FactName.SIGNATURE).outcome is Outcome.PASSED
    assert found.fact(FactName.TRUST).outcome is Outcome.INCONCLUSIVE


def test_the_store_s_revocation_list_is_asked(tmp_path: Path) -> None:
    now = datetime(2021, 9, 1, tzinfo=UTC)
    with editing(tmp_path, at=now) as draft:
        for data in (CSCA, CRL):
            assert add_file(draft, data, name="file", at=now).count("added")
    trust = QrTrust.of(store=TrustStore.from_directory(tmp_path))
    assert judged(RIGHT, trust).fact(FactName.REVOCATION).reason is Reason.NOT_REVOKED
    late = judged(RIGHT, trust, datetime(2022, 10, 10, tzinfo=UTC))
    assert late.fact(FactName.REVOCATION).reason is Reason.REVOCATION_LIST_STALE


def test_the_specification_s_own_example_has_a_certificate_that_others_refuse() -> None:
    certificate = VdsNc.from_bytes(EXAMPLE).certificate
    assert certificate is not None
    with pytest.raises(ValueError, match="ExtraData"):
        x509.load_der_x509_certificate(certificate)
    found = judged(EXAMPLE, QrTrust.of(format_signers={"icao_vds_nc": [certificate]}))
    assert found.fact(FactName.SIGNATURE).outcome is Outcome.PASSED
    assert found.fact(FactName.TRUST).reason is Reason.SIGNER_LISTED
    assert found.fact(FactName.KEY_USAGE).reason is Reason.KEY_USAGE_RIGHT
    assert found.fact(FactName.CONSISTENCY).outcome is Outcome.PASSED


def test_an_algorithm_that_is_not_written_as_the_standard_has_it() -> None:
    found = judged(ICAO["wrong_algorithm_name"].encode()).fact(FactName.SIGNATURE)
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.UNSUPPORTED_ALGORITHM)


def test_how_it_is_written_means_nothing() -> None:
    value = json.loads(RIGHT)
    again = json.dumps({"sig": value["sig"], "data": dict(reversed(value["data"].items()))}, indent=3).encode()
    assert judged(again).fact(FactName.SIGNATURE).outcome is Outcome.PASSED
    assert replay_key(recognise(again, RECOGNISERS)) == replay_key(recognise(RIGHT, RECOGNISERS))


@pytest.mark.parametrize("payload", [RIGHT, EXAMPLE], ids=["Australia", "ICAO"])
def test_no_changed_byte_passes(payload: bytes) -> None:
    """Every byte with one bit changed; where it is a space between members, it is no JSON any more."""
    trust = QrTrust.of(
        format_signers={"icao_vds_nc": [VdsNc.from_bytes(EXAMPLE).certificate or b""]}, store=TrustStore.of([CSCA])
    )
    was = VdsNc.from_bytes(payload)
    passed = []
    for place in range(len(payload)):
        changed = bytes((*payload[:place], payload[place] ^ 1 << place % 7, *payload[place + 1 :]))
        try:
            document = VdsNc.from_bytes(changed)
        except IdCardError:
            continue
        found = verify_qr(Recognised(format=ICAO_VDS_NC, payload=changed, document=document), trust, at=THEN)
        outcomes = {found.fact(name).outcome for name in (FactName.SIGNATURE, FactName.TRUST)}
        # One kind of space for another changes nothing of what is signed.
        if outcomes == {Outcome.PASSED} and document != was:
            passed.append(place)
    assert not passed


def test_what_is_no_such_seal() -> None:
    value = json.loads(RIGHT)
    for wrong in (
        {**value, "more": 1},
        {"data": value["data"]},
        {**value, "sig": {**value["sig"], "certref": "AU18AD"}},
        {**value, "sig": {"alg": "ES256", "sigvl": "AA"}},
        {**value, "sig": {**value["sig"], "sigvl": "A" * 5}},
        {**value, "data": {**value["data"], "hdr": {**value["data"]["hdr"], "v": True}}},
        {**value, "data": {**value["data"], "msg": {"n": 1.5}}},
    ):
        with pytest.raises(IdCardError):
            VdsNc.from_bytes(json.dumps(wrong).encode())
    twice = RIGHT.replace(b'"sex": "M"', b'"sex": "M", "sex": "F"')
    with pytest.raises(IdCardError):
        VdsNc.from_bytes(twice)
