"""Every format is known by its own examples, and by nobody else's."""

import base64
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest

from idcard.errors import IdCardError
from idcard.qr import base45, formats
from idcard.qr.recognise import UNKNOWN, recognise

VECTORS = Path(__file__).parents[2] / "vectors" / "qr"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def segment(value: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def packed(value: object) -> bytes:
    return base45.encode(zlib.compress(cbor2.dumps(value)))


JWS = b".".join((segment({"alg": "ES256"}), segment({"iss": "https://issuer.example"}), segment("x" * 60)))
KEY_BINDING = b".".join((segment({"typ": "kb+jwt"}), segment({"nonce": "n"}), segment("y" * 60)))
VDS_NC = vectors("vds_nc.json")
SHC = vectors("smart_health_cards.json")
IDB = vectors("vds_idb.json")
SIGN1 = [b"", {}, cbor2.dumps({1: "x"}), bytes(64)]
EXAMPLES = [
    *((formats.ICAO_VDS, bytes.fromhex(text)) for text in IDB["vds_hex"].values()),
    *((formats.ICAO_IDB, text.encode()) for text in IDB["idb_strings"].values()),
    (formats.ICAO_VDS_NC, VDS_NC["au_validVDSJson"].encode()),
    (formats.ICAO_VDS_NC, VDS_NC["au_invalidVDSJson"].encode()),
    *((formats.SMART_HEALTH_CARD, one["shc"].encode()) for one in SHC["valid"]["vectors"]),
    *((formats.SMART_HEALTH_CARD, text.encode()) for text in SHC["negative"].values() if "/17/" in text),
    (formats.FRENCH_2D_DOC, b"DC04FR0000011E6D1E6D0001FR123456789"),
    (formats.AADHAAR, b"6" * 1200),
    (formats.PHILSYS, b'{"alg":"EDDSA","signature":"x","subject":{}}'),
    (formats.PHILSYS, base45.encode(cbor2.dumps({"d": "x", "i": "y", "img": b"z", "sb": {}}))),
    (formats.PIXELPASS, packed({"credential": {}})),
    (formats.PIXELPASS, base45.encode(zlib.compress(b'{"credential": {"id": "x"}}'))),
    (formats.PIXELPASS, b"PK\x03\x04whatever"),
    (formats.CWT, packed(cbor2.CBORTag(61, cbor2.CBORTag(18, SIGN1)))),
    (formats.ENGAGEMENT, b"mdoc:owBjMS4wAYIB2BhYS6QB"),
    (formats.OPENID4VP, b"openid4vp://?client_id=x"),
    (formats.OPENID4VP, b"eudi-openid4vp://authorize?request_uri=x"),
    (formats.OPENID4VP, b"haip://?request_uri=x"),
    (formats.OPENID4VP, b"https://verifier.example/start?client_id=a&request_uri=b"),
    (formats.SD_JWT, JWS + b"~WyJhIl0~"),
    (formats.SD_JWT, JWS + b"~WyJhIl0~" + KEY_BINDING),
    (formats.JWT, JWS),
    (formats.W3C_VC, b'{"@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"]}'),
    (UNKNOWN, b""),
    (UNKNOWN, b"WIFI:S:x;;"),
    (UNKNOWN, b"https://example.com/"),
    (UNKNOWN, b"036090999991"),
    (UNKNOWN, b"{" * 8000),
    (UNKNOWN, b'{"a":' * 1600),
    (UNKNOWN, b"[1]"),
    (UNKNOWN, b"\xdc\x04"),
    (UNKNOWN, b"eyJhbGciOiJub25lIn0.x"),
    (UNKNOWN, base45.encode(bytes(40))),
]


@pytest.mark.parametrize(("name", "payload"), EXAMPLES)
def test_an_example_is_named(name: str, payload: bytes) -> None:
    assert recognise(payload, formats.RECOGNISERS).format == name


def test_claim_169() -> None:
    for name, vector in vectors("claim169.json")["vectors"].items():
        found = recognise(vector["qr_data"].encode(), formats.RECOGNISERS).format
        if "encrypted" in name:
            assert found == formats.ENCRYPTED
        elif name.startswith("invalid/"):
            assert found in (UNKNOWN, formats.CLAIM_169, formats.CWT)
        else:
            assert found == formats.CLAIM_169


def test_a_health_certificate_is_parsed_and_one_without_prefix_is_not() -> None:
    by_id = {vector["id"].split("/")[-1]: vector["prefix"].encode() for vector in vectors("dcc.json")}
    found = recognise(by_id["CO3.json"], formats.RECOGNISERS)
    assert (found.format, repr(found.document)) == (formats.EU_DCC, "CovidCertificate(vaccination)")
    assert recognise(by_id["H1.json"], formats.RECOGNISERS).format == UNKNOWN
    assert recognise(by_id["H3.json"], formats.RECOGNISERS).format == formats.CWT


def test_no_two_formats_share_a_beginning() -> None:
    for name, payload in EXAMPLES:
        known = {each.name(payload) for each in formats.RECOGNISERS} - {None}
        assert known <= {name}


def test_ten_thousand_payloads_are_named_or_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(6)
    seeds = [payload for _, payload in EXAMPLES if payload] + [b"HC1:6BF", b"IDC1:6BF"]
    for number in rounds(10_000):
        payload = bytearray(draw.choice(seeds)[:600])
        for _ in range(draw.randrange(1, 4)):
            payload[draw.randrange(len(payload))] = draw.randrange(256) if number % 2 else draw.randrange(32, 127)
        try:
            recognise(bytes(payload), formats.RECOGNISERS)
        except IdCardError:
            continue
