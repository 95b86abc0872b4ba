"""Health certificates of several states: what their source says of form and schema. Signatures: see verification."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idcard.errors import IdCardError
from idcard.qr import base45
from idcard.qr.hc1 import CovidCertificate, Kind
from idcard.qr.inflate import inflate

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "vectors/qr/dcc.json").read_text())
# What is wrong with a code shows where it is read: its prefix, its text, its compression, its schema.
OF_FORM = ("EXPECTEDUNPREFIX", "EXPECTEDB45DECODE", "EXPECTEDCOMPRESSION", "EXPECTEDSCHEMAVALIDATION")
MALFORMED = {vector["id"] for vector in VECTORS if any(vector["expected"].get(step) is False for step in OF_FORM)}
# Its COSE_Sign1 is a number with bytes behind it; the source expects that it does not verify.
MALFORMED |= {"common/2DCode/raw/CBO2.json"}
WELL_FORMED = [vector for vector in VECTORS if vector["id"] not in MALFORMED]


def test_the_vectors_are_there() -> None:
    assert (len(VECTORS), len(MALFORMED)) == (36, 6)


@pytest.mark.parametrize("vector", WELL_FORMED, ids=lambda vector: vector["id"])
def test_it_says_what_its_source_says(vector: dict[str, Any]) -> None:
    certificate = CovidCertificate.from_bytes(vector["prefix"].encode())
    said = vector["json"]
    if said is None:
        assert certificate.kind in Kind
        return
    assert certificate.version == said["ver"]
    assert certificate.surname == said["nam"]["fn"]
    assert certificate.latin_given_names == said["nam"]["gnt"]
    assert certificate.birth == said["dob"][:10]
    assert said[certificate.kind][0]["ci"] == certificate.identifier
    assert said[certificate.kind][0]["co"] == certificate.country
    assert certificate.entry.keys() == {name for name, value in said[certificate.kind][0].items() if value is not None}


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["id"] in MALFORMED], ids=lambda vector: vector["id"])
def test_what_its_source_calls_malformed_is(vector: dict[str, Any]) -> None:
    with pytest.raises(IdCardError):
        CovidCertificate.from_bytes(vector["prefix"].encode())


def test_it_prints_as_nothing() -> None:
    assert repr(CovidCertificate.from_bytes(WELL_FORMED[0]["prefix"].encode())) == "CovidCertificate(vaccination)"


def changed(draw: random.Random, data: bytes, alphabet: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(draw.randrange(1, 4)):
        out[draw.randrange(len(out))] = draw.choice(alphabet)
    return bytes(out[: draw.randrange(1, len(out))] if draw.random() < 0.1 else out)


def test_ten_thousand_changed_codes_are_certificates_or_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(4)
    texts = [vector["prefix"].encode() for vector in WELL_FORMED]
    messages = [inflate(base45.decode(text[4:])) for text in texts]
    for number in rounds(10_000):
        try:
            if number % 4:
                CovidCertificate.from_cose(changed(draw, draw.choice(messages), bytes(range(256))))
            else:
                CovidCertificate.from_bytes(changed(draw, draw.choice(texts), base45.ALPHABET.encode()))
        except IdCardError:
            continue
