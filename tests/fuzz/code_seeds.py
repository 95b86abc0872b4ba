"""Where fuzzing of signed codes, of wallets' answers and of lists begins."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from code_targets import encrypted

from idcard.qr.claim_169 import unpacked
from idcard.qr.jwk import to_base64url

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "qr"
SIGNATURE = to_base64url(bytes(range(64)))


def _vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_bytes())


def _token(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = (to_base64url(json.dumps(one).encode()) for one in ({"alg": "ES256", "kid": "1"} | header, claims))
    return ".".join([*parts, SIGNATURE])


def signed_codes() -> Iterator[tuple[str, bytes]]:
    """Pairs of a target's name and an input."""
    yield from _seals()
    yield from _credentials()
    yield from _lists()
    for name, vector in _vectors("claim169")["vectors"].items():
        code = vector["qr_data"].encode()
        yield "claim_169", code
        if name == "valid/ed25519-signed.json":
            yield "claim_169_cose", unpacked(code)
    for vector in _vectors("smart_health_cards")["valid"]["vectors"]:
        yield "health_card", vector["shc"].encode()


def _seals() -> Iterator[tuple[str, bytes]]:
    found = _vectors("vds_idb")
    for digits in found["vds_hex"].values():
        yield "seal", bytes.fromhex(digits)
    for text in (*found["idb_strings"].values(), *_vectors("vds_more")["idb"]["strings"].values()):
        yield "barcode", text.encode()
    yield "vds_nc", _vectors("vds_nc")["au_validVDSJson"].encode()


def _credentials() -> Iterator[tuple[str, bytes]]:
    found = _vectors("credentials")
    answers = found["rfc9901_a3"]["presentation"], to_base64url(bytes.fromhex(found["pymdoccbor"]["device_response"]))
    yield "sd_jwt", answers[0].encode()
    yield "mdoc", bytes.fromhex(found["pymdoccbor"]["device_response"])
    yield "mdoc", bytes.fromhex(found["iso_18013_5_annex_d"]["device_response"])
    subject = {"familyName": "Mẫu", "givenName": "Thử", "birthDate": "1990-01-15"}
    inside = {"type": ["VerifiableCredential"], "credentialSubject": subject, "credentialStatus": {"id": "x"}}
    times = {"iss": "https://issuer.example", "nbf": 1_790_000_000, "exp": 1_800_000_000}
    yield "w3c_jwt", _token({}, times | {"vc": inside}).encode()
    for answer in answers:
        token = {"credential": [answer]}
        yield "wallet_answer", json.dumps(token).encode()
        yield "wallet_answer_encrypted", json.dumps({"vp_token": token}).encode()
    yield "jwe", encrypted(b"{}").encode()


def _lists() -> Iterator[tuple[str, bytes]]:
    for one in _vectors("credentials")["status_lists"]["lists"]:
        claims = {"sub": "https://issuer.example/1", "iat": 1_790_000_000, "ttl": 3600}
        places = {"bits": one["bits"], "lst": one["lst"]}
        yield "status_list", _token({"typ": "statuslist+jwt"}, claims | {"status_list": places}).encode()
    keys = _vectors("smart_health_cards")["jwks"]["keys"]
    issuer = {"format": 1, "issuer": "https://issuer.example", "for": ["smart_health_card"], "keys": keys}
    yield "issuer_list", json.dumps(issuer).encode()
    directory = {"issuerInfo": [{"issuer": {"iss": "https://issuer.example"}, "keys": keys, "crls": []}]}
    yield "issuer_list", json.dumps(directory).encode()
    kid, entries = b64encode(bytes(8)).decode(), [{"hash": b64encode(bytes(16)).decode()}]
    batch = {"country": "AT", "expires": "2027-01-31T00:00:00Z", "kid": kid, "hashType": "SIGNATURE"}
    yield "hash_list", json.dumps(batch | {"entries": entries}).encode()
