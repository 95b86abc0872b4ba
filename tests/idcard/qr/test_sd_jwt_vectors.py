"""SD-JWT: the example of RFC 9901, and what the reference implementation issues, presents and verifies."""

import json
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer

from idcard.crypto.signature import SignatureInvalid
from idcard.errors import IdCardError
from idcard.qr.jwk import public_key
from idcard.qr.sd_jwt import ALGORITHMS, SdJwtCredential

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/qr/credentials.json").read_text())
VECTOR: dict[str, Any] = VECTORS["rfc9901_a3"]
ISSUER, HOLDER = JWK.generate(kty="EC", crv="P-256"), JWK.generate(kty="EC", crv="P-256")
CLAIMS = {
    "iss": "https://issuer.example",
    "vct": "https://credentials.example/identity",
    "exp": 1_883_000_000,
    SDObj("family_name"): "Mẫu",
    SDObj("address"): {SDObj("locality"): "Nam Định", "country": "VN"},
    SDObj("nationalities"): [SDObj("VN"), SDObj("UT")],
}


def issued(claims: dict[Any, Any] = CLAIMS, *, decoys: bool = True) -> str:
    made = SDJWTIssuer(claims, ISSUER, HOLDER, add_decoy_claims=decoys, extra_header_parameters={"typ": "dc+sd-jwt"})
    return str(made.sd_jwt_issuance)


def shown(issuance: str, disclose: Any, **binding: Any) -> bytes:
    holder = SDJWTHolder(issuance)
    holder.create_presentation(disclose, **binding)
    return str(holder.sd_jwt_presentation).encode()


def test_the_example_of_the_standard() -> None:
    found = SdJwtCredential.from_bytes(VECTOR["presentation"].encode())
    assert {name: value for name, value in found.claims.items() if name != "cnf"} == VECTOR["claims"]
    found.jws.verify(public_key(VECTOR["issuer_jwk"]), ALGORITHMS)
    binding, holder = found.key_binding, found.holder_key
    assert binding is not None
    assert holder is not None
    assert (binding.nonce, binding.audience) == (VECTOR["nonce"], VECTOR["audience"])
    assert binding.presented_digest == found.presented_digest
    binding.jws.verify(holder, ALGORITHMS)


def test_a_holder_chooses_what_to_show() -> None:
    token = VECTOR["presentation"].partition("~")[0]
    found = SdJwtCredential.from_bytes("~".join([token, *VECTOR["more_disclosures"], ""]).encode())
    assert (found.claims["family_name"], found.claims["birthdate"]) == ("Mustermann", "1963-08-12")
    assert "age_equal_or_over" not in found.claims
    assert found.key_binding is None


@pytest.mark.parametrize(("disclose", "expected"), [
    ({}, {}), ({"family_name": True}, {"family_name": "Mẫu"}), ({"address": True}, {"address": {"country": "VN"}}),
    ({"address": {"locality": True}}, {"address": {"country": "VN", "locality": "Nam Định"}}),
    ({"nationalities": [False, True]}, {"nationalities": ["UT"]}),
    (True, {"family_name": "Mẫu", "address": {"country": "VN", "locality": "Nam Định"}, "nationalities": ["VN", "UT"]}),
])  # fmt: skip
def test_what_the_reference_implementation_shows_is_read_as_it_is_meant(
    disclose: Any, expected: dict[str, Any]
) -> None:
    """Names, nested names and elements of lists, among decoys."""
    issuance = issued()
    payload = issuance.encode() if disclose is True else shown(issuance, disclose)
    found = SdJwtCredential.from_bytes(payload)
    said = {name: value for name, value in found.claims.items() if name not in ("iss", "vct", "exp", "cnf")}
    assert said == expected
    found.jws.verify(public_key(ISSUER.export_public(as_dict=True)), ALGORITHMS)


def test_its_key_binding_is_over_what_was_shown() -> None:
    nonce, audience = "n-0S6_WzA2Mj", "redirect_uri:https://kiosk.example/answer"
    payload = shown(issued(), {"family_name": True}, nonce=nonce, aud=audience, holder_key=HOLDER)
    found = SdJwtCredential.from_bytes(payload)
    assert found.key_binding is not None
    assert found.holder_key is not None
    assert (found.key_binding.nonce, found.key_binding.audience) == (nonce, audience)
    assert found.key_binding.presented_digest == found.presented_digest
    found.key_binding.jws.verify(found.holder_key, ALGORITHMS)
    token, *_, binding = payload.split(b"~")
    fewer = SdJwtCredential.from_bytes(token + b"~" + binding)
    assert fewer.key_binding is not None
    assert fewer.key_binding.presented_digest != fewer.presented_digest


def test_every_changed_character_is_noticed() -> None:
    """Of the standard's example: refused where it is read, or the signatures and the digest do not go with it."""
    text = VECTOR["presentation"]
    key = public_key(VECTOR["issuer_jwk"])
    noticed = 0
    for place, old in enumerate(text):
        changed = text[:place] + ("B" if old == "A" else "A") + text[place + 1 :]
        try:
            found = SdJwtCredential.from_bytes(changed.encode())
            found.jws.verify(key, ALGORITHMS)
            binding, holder = found.key_binding, found.holder_key
            if binding is None or holder is None:
                noticed += 1
                continue
            binding.jws.verify(holder, ALGORITHMS)
            noticed += binding.presented_digest != found.presented_digest
        except (IdCardError, SignatureInvalid):
            noticed += 1
    assert noticed == len(text)
