"""OpenID4VP requests: the standard's own session transcript, and what a wallet reads in a code."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jws
from joserfc.jwk import ECKey

import idcard
from idcard.qr.jwk import base64url, thumbprint, to_base64url
from idcard.qr.openid4vp import CredentialFormat, PresentationRequest, Wanted, certificate_name, session_transcript

VECTOR: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors/qr/credentials.json").read_text())
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
PERSON = Wanted(
    format=CredentialFormat.SD_JWT_VC, kinds=("urn:eudi:pid:1",), claims=(("family_name",), ("address", "locality"))
)
LICENCE = Wanted(
    format=CredentialFormat.MDOC, kinds=("org.iso.18013.5.1.mDL",), claims=(("org.iso.18013.5.1", "family_name"),)
)


def asked(wanted: Wanted = PERSON, **more: Any) -> PresentationRequest:
    return idcard.request_presentation(wanted, "https://kiosk.example/wallet/{state}", at=NOW, **more)


def test_the_transcript_of_the_standard() -> None:
    vector = VECTOR["openid4vp_handover"]
    mark = base64url(thumbprint(vector["jwk"]), where="vector")
    assert mark.hex() == vector["thumbprint"]
    transcript = session_transcript(vector["client_id"], vector["nonce"], mark, vector["response_uri"])
    assert cbor2.dumps(transcript).hex() == vector["session_transcript"]


def test_a_code_holds_the_request_whole() -> None:
    request = asked()
    parts = urlsplit(request.to_link())
    said = parse_qs(parts.query, strict_parsing=True)
    assert (parts.scheme, parts.netloc) == ("openid4vp", "authorize")
    assert all(len(values) == 1 for values in said.values())
    assert said["response_mode"] == ["direct_post.jwt"]
    assert said["response_uri"] == [f"https://kiosk.example/wallet/{request.state}"]
    assert said["client_id"] == [f"redirect_uri:{request.response_uri}"]
    query = json.loads(said["dcql_query"][0])["credentials"]
    assert query == [{
        "id": "credential", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pid:1"]},
        "claims": [{"path": ["family_name"]}, {"path": ["address", "locality"]}],
    }]  # fmt: skip
    (key,) = json.loads(said["client_metadata"][0])["jwks"]["keys"]
    assert "d" not in key
    assert base64url(thumbprint(key), where="test") == base64url(
        thumbprint(dict(ECKey.import_key(key).as_dict())), where="test"
    )
    found = idcard.recognise(request.to_link().encode())
    assert (found.format, found.document) == ("openid4vp_request", None)


def test_a_mobile_document_is_asked_for_by_its_type() -> None:
    (query,) = asked(LICENCE).parameters()["dcql_query"]["credentials"]
    assert query["meta"] == {"doctype_value": "org.iso.18013.5.1.mDL"}
    assert query["claims"] == [{"path": ["org.iso.18013.5.1", "family_name"], "intent_to_retain": False}]


def test_no_two_requests_share_anything_secret() -> None:
    requests = [asked() for _ in range(20)]
    assert len({one.nonce for one in requests} | {one.state for one in requests}) == 40
    assert len({str(one.transcript()) for one in requests}) == 20
    assert all(len(base64url(one.nonce, where="test")) == 32 for one in requests)
    assert requests[0].nonce not in repr(requests[0])


def test_a_signed_request_is_fetched_and_verified_by_joserfc() -> None:
    key, certificate = ec.generate_private_key(ec.SECP256R1()), b"a certificate"

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    request = asked(certificate=certificate)
    text = request.to_signed(chain=[base64.b64encode(certificate).decode()], algorithm="ES256", sign=sign)
    numbers = key.public_key().public_numbers()
    x, y = (to_base64url(one.to_bytes(32)) for one in (numbers.x, numbers.y))
    opened = jws.deserialize_compact(
        text, ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y}), algorithms=["ES256"]
    )
    header, said = opened.headers(), json.loads(opened.payload)
    assert header["typ"] == "oauth-authz-req+jwt"
    digest = base64.urlsafe_b64encode(hashlib.sha256(certificate).digest()).decode().rstrip("=")
    assert said["client_id"] == f"x509_hash:{digest}" == certificate_name(certificate)
    assert (said["aud"], said["exp"] - said["iat"]) == ("https://self-issued.me/v2", 180)
    link = parse_qs(urlsplit(request.to_reference("https://kiosk.example/request/x")).query)
    assert link == {"client_id": [said["client_id"]], "request_uri": ["https://kiosk.example/request/x"]}
    assert len(request.to_reference("https://kiosk.example/request/x")) < 250


@pytest.mark.parametrize(
    ("format_name", "kinds", "claims"),
    [
        ("dc+sd-jwt", (), (("a",),)),
        ("dc+sd-jwt", ("k",), ()),
        ("dc+sd-jwt", ("k",), ((),)),
        ("dc+sd-jwt", ("",), (("a",),)),
        ("mso_mdoc", ("k", "l"), (("a", "b"),)),
        ("mso_mdoc", ("k",), (("a",),)),
    ],
)
def test_what_cannot_be_asked_for(
    format_name: str, kinds: tuple[str, ...], claims: tuple[tuple[str, ...], ...]
) -> None:
    with pytest.raises(ValueError, match=r"asks for|of one type"):
        Wanted(format=CredentialFormat(format_name), kinds=kinds, claims=claims)


@pytest.mark.parametrize(
    "more",
    [
        {"life": timedelta(minutes=11)},
        {"life": timedelta(0)},
        {"life": timedelta(seconds=-1)},
        {"at": NOW.replace(tzinfo=None)},
    ],
)
def test_a_request_counts_for_minutes(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="times with a zone"):
        idcard.request_presentation(PERSON, "https://kiosk.example/{state}", **{"at": NOW} | more)


def test_where_an_answer_cannot_go() -> None:
    with pytest.raises(ValueError, match="place for the state"):
        idcard.request_presentation(PERSON, "https://kiosk.example/", at=NOW)
    with pytest.raises(ValueError, match="where its answer goes"):
        idcard.request_presentation(PERSON, "kiosk/{state}", at=NOW)
    with pytest.raises(ValueError, match="random"):
        PresentationRequest.to_address(
            "https://kiosk.example/",
            wanted=PERSON,
            nonce=b"x",
            state=bytes(16),
            issued=NOW,
            expires=NOW + timedelta(minutes=1),
        )
