"""Lists of single health certificates that were taken back, by the hashes that a foreign program computed."""

import base64
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idcard.errors import ConfigurationError
from idcard.qr.formats import EU_DCC, RECOGNISERS
from idcard.qr.hc1 import CovidCertificate
from idcard.qr.recognise import recognise
from idcard.trust.hash_list import HashType, hashes
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr import verify_qr

VECTORS = Path(__file__).parents[2] / "vectors" / "qr"
SAMPLES: list[dict[str, Any]] = json.loads((VECTORS / "dcc_revocation.json").read_text())["samples"]
DCC: list[dict[str, Any]] = json.loads((VECTORS / "dcc.json").read_text())
[AUSTRIAN, *_] = [one for one in DCC if one["id"].startswith("AT/") and one["expected"].get("EXPECTEDVERIFY")]
[GEORGIAN] = [one for one in DCC if one["id"] == "GE/2DCode/raw/1.json"]
NOW = datetime.fromisoformat(AUSTRIAN["validation_clock"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["description"])
def test_the_hashes_are_those_of_the_source(sample: dict[str, Any]) -> None:
    document = CovidCertificate.from_bytes(sample["barcodeData"].encode())
    sign1 = document.sign1
    found = hashes(
        identifier=document.identifier,
        country=document.claims.issuer or "",
        signature=sign1.signature,
        elliptic=sign1.algorithm.label != "PS256",
    )
    assert {kind.value: value.hex() for kind, value in found.items()} == {
        kind.value: sample[f"exp{kind.value}"] for kind in HashType
    }


def certificate() -> CovidCertificate:
    document = recognise(AUSTRIAN["prefix"].encode(), RECOGNISERS).document
    assert isinstance(document, CovidCertificate)
    return document


def batch(kind: HashType = HashType.SIGNATURE, *, taken_back: bool = True, **more: Any) -> bytes:
    document = certificate()
    found = hashes(
        identifier=document.identifier, country=document.country, signature=document.sign1.signature, elliptic=True
    )
    entry = base64.b64encode(found[kind] if taken_back else bytes(16)).decode()
    said = {
        "country": "AT",
        "expires": (NOW + timedelta(days=9)).isoformat(),
        "kid": base64.b64encode(document.sign1.key_id or b"").decode(),
        "hashType": kind.value,
        "entries": [{"hash": entry}],
    }
    return json.dumps(said | more).encode()


def revocation(*batches: bytes, at: datetime = NOW) -> Fact:
    trust = QrTrust.of(signers=[base64.b64decode(AUSTRIAN["certificate_b64der"])], revoked=batches)
    verdict = verify_qr(recognise(AUSTRIAN["prefix"].encode(), RECOGNISERS), trust, at=at)
    assert verdict.format == EU_DCC
    assert verdict.fact(FactName.SIGNATURE).outcome is Outcome.PASSED
    found = verdict.fact(FactName.REVOCATION)
    assert verdict.meets() is (found.outcome in (Outcome.PASSED, Outcome.NOT_PERFORMED))
    return found


@pytest.mark.parametrize("kind", HashType)
def test_a_certificate_that_a_list_names(kind: HashType) -> None:
    assert revocation(batch(kind)).reason is Reason.REVOKED
    assert revocation(batch(kind, kid="UNKNOWN_KID")).reason is Reason.REVOKED
    assert revocation(batch(kind, taken_back=False)).reason is Reason.NOT_REVOKED


def test_lists_of_other_states_and_other_keys_say_nothing() -> None:
    for other in (batch(country="DE"), batch(kid=base64.b64encode(bytes(8)).decode())):
        assert revocation(other).reason is Reason.NO_REVOCATION_LIST
        assert revocation(other, batch(taken_back=False)).reason is Reason.NOT_REVOKED
    assert revocation().outcome is Outcome.NOT_PERFORMED


def test_an_old_list_can_still_say_that_it_was_taken_back() -> None:
    end = (NOW - timedelta(seconds=1)).isoformat()
    assert revocation(batch(expires=end)).reason is Reason.REVOKED
    assert revocation(batch(taken_back=False, expires=end)).reason is Reason.REVOCATION_LIST_STALE


@pytest.mark.parametrize("kind", [HashType.UCI, HashType.COUNTRY_UCI])
def test_a_certificate_that_names_a_ministry_as_its_issuer(kind: HashType) -> None:
    """Its claim of an issuer is no country's letters: what counts is its entry's country."""
    code = recognise(GEORGIAN["prefix"].encode(), RECOGNISERS)
    assert isinstance(code.document, CovidCertificate)
    found = hashes(identifier=code.document.identifier, country="GE", signature=b"", elliptic=True)
    entries = [{"hash": base64.b64encode(found[kind]).decode()}]
    taken_back = batch(kind, country="GE", kid="UNKNOWN_KID", entries=entries, expires="2027-12-31T00:00:00Z")
    trust = QrTrust.of(signers=[base64.b64decode(GEORGIAN["certificate_b64der"])], revoked=[taken_back])
    verdict = verify_qr(code, trust, at=NOW)
    assert verdict.fact(FactName.SIGNATURE).outcome is Outcome.PASSED
    assert verdict.fact(FactName.REVOCATION).reason is Reason.REVOKED


@pytest.mark.parametrize(
    "more",
    [
        {"hashType": "MD5"},
        {"hashType": []},
        {"country": "AUT"},
        {"expires": "2027-01-01"},
        {"expires": "soon"},
        {"kid": "?"},
        {"entries": [{"hash": "AAAA"}]},
        {"entries": ["x"]},
        {"entries": {}},
        {"more": 1},
    ],
)
def test_what_is_no_list(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        QrTrust.of(revoked=[batch(**more)])


def test_the_folder(tmp_path: Path) -> None:
    for name, data in (
        ("revoked/at.json", batch()),
        ("signers/at.cer", base64.b64decode(AUSTRIAN["certificate_b64der"])),
    ):
        file = tmp_path / "qr" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
    trust = QrTrust.from_directory(tmp_path)
    assert len(trust.revoked) == 1
    assert trust.version != QrTrust.of(signers=[base64.b64decode(AUSTRIAN["certificate_b64der"])]).version
    (tmp_path / "qr/revoked/notes.txt").write_text("x")
    with pytest.raises(ConfigurationError):
        QrTrust.from_directory(tmp_path)
