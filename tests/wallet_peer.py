"""A wallet as a program of its own: it reads the text of a code, and sends its answer to the address in it.

It shares nothing with the library that it is tried against: credentials are issued, disclosed and bound by the
reference implementation ``sd-jwt``, answers encrypted by ``joserfc``, mobile documents issued by ``isomdoc`` and sent
by ``urllib``. Everybody in it is invented. The issuer's key comes from a seed, so that a test knows it.

As a program it takes JSON on standard input: ``link``, ``seed``, and what to do wrong, if anything (``fault``); it
prints the status and the body of what it was told.
"""

import base64
import hashlib
import json
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import cbor2
import isomdoc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID, ObjectIdentifier
from joserfc import jwe
from joserfc.jwk import ECKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer

ISSUER = "https://issuer.example"
TYPE = "org.iso.18013.5.1.mDL"
_DAY = timedelta(days=1)


def key_of(seed: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(seed.encode()).digest()) >> 1, ec.SECP256R1())


def jwk_of(key: ec.EllipticCurvePrivateKey) -> JWK:
    plain = serialization.NoEncryption()
    return JWK.from_pem(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))


def name_of(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def root(seed: str) -> x509.Certificate:
    """The root of those who sign for the issuer of that seed."""
    key, name = key_of(f"{seed} root"), name_of("Utopia root")
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return made.sign(key, hashes.SHA256())


def signer(
    seed: str, *, purpose: str | None = "1.0.18013.5.1.2", host: str | None = "issuer.example"
) -> x509.Certificate:
    """The certificate of the issuer's own key, issued by that root."""
    key, above = key_of(seed), key_of(f"{seed} root")
    made = x509.CertificateBuilder().subject_name(name_of("Utopia signer")).issuer_name(root(seed).subject)
    made = made.public_key(key.public_key()).serial_number(2)
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key())
    made = made.add_extension(authority, critical=False)
    if purpose is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([ObjectIdentifier(purpose)]), critical=True)
    if host is not None:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return made.sign(above, hashes.SHA256())


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def credential(seed: str, holder: JWK, kind: str, at: datetime, **header: Any) -> str:
    """An SD-JWT VC of an invented person, all of whose claims are withheld until they are shown."""
    claims = {
        "iss": ISSUER, "vct": kind, "iat": int((at - _DAY).timestamp()), "exp": int((at + 30 * _DAY).timestamp()),
        SDObj("family_name"): "Mẫu", SDObj("given_name"): "Thử Nghiệm", SDObj("birthdate"): "1990-01-15",
    }  # fmt: skip
    headers = {"typ": "dc+sd-jwt"} | header
    made = SDJWTIssuer(claims, jwk_of(key_of(seed)), holder, add_decoy_claims=True, extra_header_parameters=headers)
    return str(made.sd_jwt_issuance)


def shown(issuance: str, holder: JWK, *, nonce: str, audience: str) -> str:
    wallet = SDJWTHolder(issuance)
    disclose = {"family_name": True, "given_name": True, "birthdate": True}
    wallet.create_presentation(disclose, nonce=nonce, aud=audience, holder_key=holder)
    return str(wallet.sd_jwt_presentation)


def device_answer(seed: str, signing: ec.EllipticCurvePrivateKey, transcript: list[Any], at: datetime) -> bytes:
    """A mobile driving licence of an invented person, with a signature over the session, the holder's or a thief's."""
    made = isomdoc.create_mdoc(TYPE, [signer(seed)], key_of(seed))
    said = {"family_name": "Mẫu", "given_name": "Thử Nghiệm", "birth_date": "1990-01-15", "issuing_country": "UT"}
    for name, value in said.items():
        made.add_data_item("org.iso.18013.5.1", name, value)
    times = (at - _DAY, at - _DAY, at + 30 * _DAY)
    issued = cbor2.loads(made.generate_credential(key_of(f"{seed} holder").public_key(), *times))
    spaces = cbor2.CBORTag(24, cbor2.dumps({}))
    content = cbor2.dumps(["DeviceAuthentication", transcript, TYPE, spaces])
    protected = cbor2.dumps({1: -7})
    over = cbor2.dumps(["Signature1", protected, b"", cbor2.dumps(cbor2.CBORTag(24, content))])
    r, s = decode_dss_signature(signing.sign(over, ec.ECDSA(hashes.SHA256())))
    signature: list[Any] = [protected, {}, None, r.to_bytes(32) + s.to_bytes(32)]
    device = {"nameSpaces": spaces, "deviceAuth": {"deviceSignature": signature}}
    document = {"docType": TYPE, "issuerSigned": issued, "deviceSigned": device}
    return bytes(cbor2.dumps({"version": "1.0", "documents": [document], "status": 0}))


def parameters_of(link: str) -> dict[str, Any]:
    """What the request says; one that is fetched is verified by the certificate that came with it."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    if "request_uri" not in query:
        return query | {name: json.loads(query[name]) for name in ("dcql_query", "client_metadata")}
    with urllib.request.urlopen(query["request_uri"], timeout=20) as answer:
        text = answer.read().decode()
    chain = json.loads(base64.urlsafe_b64decode(text.split(".")[0] + "=="))["x5c"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0]))
    pem = certificate.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = JWS()
    signed.deserialize(text, JWK.from_pem(pem))
    found: dict[str, Any] = json.loads(signed.payload)
    digest = base64.urlsafe_b64encode(hashlib.sha256(der(certificate)).digest()).decode().rstrip("=")
    assert found["client_id"] == query["client_id"] == f"x509_hash:{digest}"
    return found


def transcript_of(request: dict[str, Any]) -> list[Any]:
    mark = None
    if "jwks" in request["client_metadata"]:
        (jwk,) = request["client_metadata"]["jwks"]["keys"]
        mark = base64.urlsafe_b64decode(ECKey.import_key(jwk).thumbprint() + "=")
    info = cbor2.dumps([request["client_id"], request["nonce"], mark, request["response_uri"]])
    return [None, None, ["OpenID4VPHandover", hashlib.sha256(info).digest()]]


def presentation(request: dict[str, Any], seed: str, fault: str, at: datetime) -> str:
    """What the wallet shows; with a fault, what somebody who is not the holder could show."""
    (query,) = request["dcql_query"]["credentials"]
    holder = key_of(f"{seed} holder")
    nonce = "bm90IHRoZSBub25jZQ" if fault == "nonce" else request["nonce"]
    if query["format"] == "mso_mdoc":
        transcript = transcript_of(request | {"nonce": nonce})
        thief = key_of("thief") if fault == "holder" else holder
        answer = device_answer(seed, thief, transcript, at)
        return base64.urlsafe_b64encode(answer).decode().rstrip("=")
    kind = "https://other.example/kind" if fault == "kind" else query["meta"]["vct_values"][0]
    issuance = credential(seed, jwk_of(holder), kind, at)
    audience = "redirect_uri:https://other.example" if fault == "audience" else request["client_id"]
    signing = jwk_of(key_of("thief")) if fault == "holder" else jwk_of(holder)
    return issuance if fault == "copy" else shown(issuance, signing, nonce=nonce, audience=audience)


def answer_to(request: dict[str, Any], seed: str, *, fault: str = "", at: datetime | None = None) -> dict[str, str]:
    """The form that the wallet sends."""
    if fault == "declined":
        return {"error": "access_denied", "state": request["state"]}
    (query,) = request["dcql_query"]["credentials"]
    token = {query["id"]: [presentation(request, seed, fault, at or datetime.now(UTC))]}
    if request["response_mode"] == "direct_post" or fault == "in clear":
        return {"vp_token": json.dumps(token), "state": request["state"]}
    (jwk,) = request["client_metadata"]["jwks"]["keys"]
    content = json.dumps({"vp_token": token, "state": request["state"]}).encode()
    header = {"alg": jwk["alg"], "enc": "A128GCM", "kid": jwk["kid"]}
    return {"response": jwe.encrypt_compact(header, content, ECKey.import_key(jwk), algorithms=["ECDH-ES", "A128GCM"])}


def send(address: str, form: dict[str, str]) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, urlencode(form).encode()), timeout=20) as told:
            return {"status": told.status, "body": told.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}


def main() -> None:
    asked = json.load(sys.stdin)
    request = parameters_of(asked["link"])
    form = answer_to(request, asked["seed"], fault=asked.get("fault", ""))
    # Where the address in the code is a proxy's, a test says which it stands for.
    address = request["response_uri"].replace(*asked.get("behind", ("", "")))
    print(json.dumps([send(address, form) for _ in range(asked.get("times", 1))]))


if __name__ == "__main__":
    main()
