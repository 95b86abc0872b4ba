"""Signed values with a member of another type than it should be: nobody's signature is needed to send one."""

import base64
import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest

import idcard
from idcard.errors import IdCardError
from idcard.qr.jwk import public_key
from idcard.qr.mdoc import MobileDocument
from idcard.qr.openid4vp import CredentialFormat, PresentationRequest, Wanted, presented
from idcard.trust.issuer_list import Issuer
from idcard.trust.signer_list import QrTrust
from idcard.verification.presentation import verify_presentation

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
OTHERS: list[Any] = [[], {}, 0, None, "", True]
JWK = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
HEADER = {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "1", "x5c": ["MAA="]}
SD_JWT = {
    "iss": "https://issuer.example", "vct": "k", "iat": 1, "exp": 2, "_sd": ["x"], "_sd_alg": "sha-256",
    "cnf": {"jwk": JWK}, "status": {"status_list": {"idx": 1, "uri": "u"}}, "birthdate": "1990-01-15", "sex": 1,
}  # fmt: skip
W3C = {"iss": "i", "exp": 2, "vc": {
    "type": ["VerifiableCredential"], "issuer": {"id": "i"}, "credentialSubject": [{"familyName": "x"}],
    "issuanceDate": "2026-01-01T00:00:00Z", "credentialStatus": {},
}}  # fmt: skip
JWE = {"alg": "ECDH-ES", "enc": "A128GCM", "kid": "1", "epk": JWK, "apu": "", "apv": ""}
TYPE, SPACE = "org.iso.18013.5.1.mDL", "org.iso.18013.5.1"
MOMENT = cbor2.CBORTag(0, "2026-11-20T08:00:00Z")
SECURITY = {
    "version": "1.0", "digestAlgorithm": "SHA-256", "docType": TYPE, "valueDigests": {SPACE: {0: b"x"}},
    "deviceKeyInfo": {"deviceKey": {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}},
    "validityInfo": {"signed": MOMENT, "validFrom": MOMENT, "validUntil": MOMENT}, "status": {"status_list": {}},
}  # fmt: skip
ELEMENT = {"digestID": 0, "random": bytes(16), "elementIdentifier": "family_name", "elementValue": "x"}
WANTED = {
    CredentialFormat.MDOC: Wanted(format=CredentialFormat.MDOC, kinds=(TYPE,), claims=((SPACE, "family_name"),)),
    CredentialFormat.SD_JWT_VC: Wanted(format=CredentialFormat.SD_JWT_VC, kinds=("k",), claims=(("family_name",),)),
}


def swapped(value: Any) -> Iterator[Any]:
    """The value with each member in turn, at any depth, replaced by one of another type."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        for other in (*OTHERS, *swapped(value[key])):
            changed = copy.copy(value)
            changed[key] = other
            yield changed


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def asked(format_name: CredentialFormat, *, encrypted: bool = False) -> PresentationRequest:
    wanted = WANTED[format_name]
    return idcard.request_presentation(wanted, "https://kiosk.example/{state}", at=NOW, encrypted=encrypted)


def judge(payload: bytes) -> None:
    try:
        found = idcard.recognise(payload)
    except IdCardError:
        return
    assert json.dumps(idcard.verify_qr(found, QrTrust.of(), at=NOW).to_dict())


@pytest.mark.parametrize(("typ", "claims", "end"), [("dc+sd-jwt", SD_JWT, "~"), ("vc+jwt", W3C, ""), ("JWT", W3C, "")])
def test_tokens(typ: str, claims: dict[str, Any], end: str) -> None:
    whole = HEADER | {"typ": typ}
    tokens = [(one, claims) for one in swapped(whole)] + [(whole, one) for one in swapped(claims)]
    for header, said in tokens:
        judge(f"{part(header)}.{part(said)}.{'A' * 86}{end}".encode())


def test_a_code_of_41_bytes() -> None:
    judge(b"eyJhbGciOiJFUzI1NiIsInR5cCI6W119.e30.eHg~")


def document_of(security: Any) -> bytes:
    item = cbor2.CBORTag(24, cbor2.dumps(ELEMENT))
    payload = cbor2.dumps(cbor2.CBORTag(24, cbor2.dumps(security)))
    signed = {"nameSpaces": {SPACE: [item]}, "issuerAuth": [cbor2.dumps({1: -7}), {33: b"x"}, payload, bytes(64)]}
    device = {
        "nameSpaces": cbor2.CBORTag(24, cbor2.dumps({})),
        "deviceAuth": {"deviceSignature": [cbor2.dumps({1: -7}), {}, None, bytes(64)]},
    }
    document = {"docType": TYPE, "issuerSigned": signed, "deviceSigned": device}
    return bytes(cbor2.dumps({"version": "1.0", "documents": [document], "status": 0}))


def test_mobile_documents() -> None:
    request = asked(CredentialFormat.MDOC)
    curves = [SECURITY | {"deviceKeyInfo": {"deviceKey": {1: 2, -1: one, -2: b"", -3: b""}}} for one in OTHERS]
    read = 0
    for security in (SECURITY, *swapped(SECURITY), *curves):
        try:
            document = MobileDocument.from_bytes(document_of(security))
        except IdCardError:
            continue
        read += 1
        assert not verify_presentation(document, request, QrTrust.of(), at=NOW).meets()
    assert read > len(OTHERS)


def test_encrypted_answers() -> None:
    request = asked(CredentialFormat.SD_JWT_VC, encrypted=True)
    for header in swapped(JWE):
        with pytest.raises(IdCardError):
            presented({"response": f"{part(header)}..{'A' * 16}.AAAA.{'A' * 21}A"}, request)


def test_answers_in_clear() -> None:
    request = asked(CredentialFormat.SD_JWT_VC)
    for token in swapped({"credential": ["x~"]}):
        with pytest.raises(IdCardError):
            presented({"state": request.state, "vp_token": json.dumps(token)}, request)


def test_keys_that_issuers_publish() -> None:
    for jwk in swapped(JWK):
        with pytest.raises(IdCardError):
            public_key(jwk)
    whole = {"format": 1, "issuer": "https://issuer.example", "for": ["sd_jwt_vc"], "keys": [JWK | {"kid": "1"}]}
    for issuer in swapped(whole):
        try:
            Issuer.from_bytes(json.dumps(issuer).encode())
        except IdCardError:
            continue
