"""Health certificates of several states, each judged as its source says."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from idcard.errors import IdCardError
from idcard.qr import base45
from idcard.qr.formats import EU_DCC, RECOGNISERS
from idcard.qr.hc1 import CovidCertificate
from idcard.qr.inflate import inflate
from idcard.qr.recognise import Recognised, recognise
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.qr import verify_qr

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "vectors/qr/dcc.json").read_text())
# Where what is wrong shows before anything can be judged.
OF_FORM = ("EXPECTEDUNPREFIX", "EXPECTEDB45DECODE", "EXPECTEDCOMPRESSION", "EXPECTEDSCHEMAVALIDATION")
NOT_COSE = "common/2DCode/raw/CBO2.json"
# A header outside the signature says something else than the one inside, and must not matter.
UNPROTECTED_HEADER_THAT_LOSES = "common/2DCode/raw/CO21.json"


def clock(vector: dict[str, Any]) -> datetime:
    moment = datetime.fromisoformat(vector["validation_clock"].replace("Z", "+00:00")[:26].rstrip("+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def trust_of(vector: dict[str, Any], *, complete: bool = False) -> QrTrust:
    return QrTrust.of(signers=[base64.b64decode(vector["certificate_b64der"])], complete=complete)


def recognised(vector: dict[str, Any]) -> Recognised | None:
    """The certificate; None where the code is none, or malformed."""
    try:
        found = recognise(vector["prefix"].encode(), RECOGNISERS)
    except IdCardError:
        return None
    return found if found.format == EU_DCC else None


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_a_certificate_is_judged_as_its_source_says(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    found = recognised(vector)
    if vector["id"] == NOT_COSE or any(expected.get(step) is False for step in OF_FORM):
        assert found is None
        return
    assert found is not None
    verdict = verify_qr(found, trust_of(vector), at=clock(vector))
    passed = {fact.name for fact in verdict.facts if fact.outcome is Outcome.PASSED}
    if "EXPECTEDVERIFY" in expected:
        assert ({FactName.SIGNATURE, FactName.TRUST} <= passed) is expected["EXPECTEDVERIFY"]
    if "EXPECTEDKEYUSAGE" in expected:
        assert (FactName.KEY_USAGE in passed) is expected["EXPECTEDKEYUSAGE"]
    if "EXPECTEDEXPIRATIONCHECK" in expected:
        assert (FactName.VALIDITY in passed) is expected["EXPECTEDEXPIRATIONCHECK"]
    rejected = [step for step, value in expected.items() if value is False]
    assert verdict.meets() is not bool(rejected)


def test_protected_headers_win() -> None:
    by_name = {vector["id"].split("/")[-1]: vector for vector in VECTORS}
    inside_right = by_name["CO21.json"]
    found = recognised(inside_right)
    assert found is not None
    assert verify_qr(found, trust_of(inside_right), at=clock(inside_right)).meets()
    only_outside_and_wrong = by_name["CO23.json"]
    found = recognised(only_outside_and_wrong)
    assert found is not None
    verdict = verify_qr(found, trust_of(only_outside_and_wrong), at=clock(only_outside_and_wrong))
    assert verdict.fact(FactName.SIGNATURE).reason is Reason.SIGNER_NOT_LISTED


SIGNED = [vector for vector in VECTORS if recognised(vector) is not None]


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: vector["id"])
def test_no_changed_character_passes(vector: dict[str, Any]) -> None:
    """Every character of the text is replaced by another one of the alphabet."""
    text, trust, at = vector["prefix"], trust_of(vector), clock(vector)
    passed = []
    for place, character in enumerate(text):
        other = base45.ALPHABET[(base45.ALPHABET.index(character) + 1 + place % 44) % 45]
        try:
            found = recognise((text[:place] + other + text[place + 1 :]).encode(), RECOGNISERS)
        except IdCardError:
            continue
        if verify_qr(found, trust, at=at).fact(FactName.SIGNATURE).outcome is Outcome.PASSED:
            passed.append(place)
    assert not passed


@pytest.mark.parametrize(
    "vector",
    [vector for vector in SIGNED if vector["id"] != UNPROTECTED_HEADER_THAT_LOSES],
    ids=lambda vector: vector["id"],
)
def test_each_changed_byte_of_what_is_signed_fails(vector: dict[str, Any]) -> None:
    """The bytes inside: what compression's checksum would hide is changed, too.

    The list is declared complete: else another key's identifier may be that of a new signer, which decides nothing.
    """
    message, at = inflate(base45.decode(vector["prefix"][4:].encode())), clock(vector)
    trust = trust_of(vector, complete=True)
    not_failed = []
    for place in range(len(message)):
        changed = bytearray(message)
        changed[place] ^= 1 << place % 8
        try:
            certificate = CovidCertificate.from_cose(bytes(changed))
        except IdCardError:
            continue
        found = Recognised(format=EU_DCC, payload=b"", document=certificate)
        if verify_qr(found, trust, at=at).fact(FactName.SIGNATURE).outcome is not Outcome.FAILED:
            not_failed.append(place)
    assert not not_failed


def test_an_unknown_signer_decides_something_only_where_the_list_is_complete() -> None:
    [vector, *_] = [vector for vector in SIGNED if vector["id"].startswith("AT/")]
    [other, *_] = [other for other in SIGNED if other["certificate_b64der"] != vector["certificate_b64der"]]
    found = recognised(vector)
    assert found is not None
    for complete, outcome in ((False, Outcome.INCONCLUSIVE), (True, Outcome.FAILED)):
        fact = verify_qr(found, trust_of(other, complete=complete), at=clock(vector)).fact(FactName.SIGNATURE)
        assert (fact.outcome, fact.reason) == (outcome, Reason.SIGNER_NOT_LISTED)
