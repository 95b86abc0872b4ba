"""Signed codes, what wallets answer, and the lists behind both: each parsed and, where it is a code, judged.

The verdict on a code raises nothing, whatever the code says, so that it is called outside of what a parser may refuse.
"""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idcard.errors import IdCardError
from idcard.qr import claim_169, formats, health_card, idb, jwe, mdoc, openid4vp, sd_jwt, vc_jwt, vds, vds_nc
from idcard.qr.jwk import to_base64url
from idcard.qr.recognise import Recognised
from idcard.qr.status_list import StatusList
from idcard.trust.hash_list import RevocationBatch
from idcard.trust.issuer_list import Issuer
from idcard.trust.signer_list import QrTrust
from idcard.verification.presentation import verify_presentation
from idcard.verification.qr import replay_key, verify_qr

NOW = datetime(2026, 11, 2, 6, 45, tzinfo=UTC)
NOBODY = QrTrust.of()
KEY, THEIRS = (ec.derive_private_key(number, ec.SECP256R1()) for number in (1, 2))
KEY_ID = "answer"
VECTOR_BYTES = 12


def judged(format_name: str, parse: Callable[[bytes], Any]) -> Callable[[bytes], None]:
    """Parses a code of that format and, where it is one, judges it."""

    def run(data: bytes) -> None:
        with contextlib.suppress(IdCardError):
            found = Recognised(format=format_name, payload=data, document=parse(data))
            judge(found)

    def judge(found: Recognised) -> None:
        try:
            verify_qr(found, NOBODY, at=NOW)
            replay_key(found)
        except IdCardError as error:
            raise AssertionError("a verdict raised what a parser may") from error

    return run


def request_of(wanted: openid4vp.Wanted, key: ec.EllipticCurvePrivateKey | None) -> openid4vp.PresentationRequest:
    """One question, always the same."""
    return openid4vp.PresentationRequest.to_address(
        "https://kiosk.example/answer/{state}",
        wanted=wanted,
        nonce=bytes(16),
        state=bytes(range(16)),
        issued=NOW,
        expires=NOW + timedelta(minutes=5),
        key=key,
    )


WANTED = (
    openid4vp.Wanted(
        format=openid4vp.CredentialFormat.SD_JWT_VC, kinds=("https://pid.example",), claims=(("family_name",),)
    ),
    openid4vp.Wanted(
        format=openid4vp.CredentialFormat.MDOC,
        kinds=("org.iso.18013.5.1.mDL",),
        claims=(("org.iso.18013.5.1", "family_name"),),
    ),
)


def encrypted(content: bytes) -> str:
    """The content as a wallet encrypts it to our key, so that what is made up reaches what is behind."""
    numbers = THEIRS.public_key().public_numbers()
    x, y = (to_base64url(one.to_bytes(32, "big")) for one in (numbers.x, numbers.y))
    header = {"alg": jwe.ALGORITHM, "enc": "A128GCM", "epk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}
    protected = to_base64url(json.dumps(header).encode())
    secret = jwe.derived(THEIRS.exchange(ec.ECDH(), KEY.public_key()), header)
    sealed = AESGCM(secret).encrypt(bytes(VECTOR_BYTES), content, protected.encode())
    parts = (bytes(VECTOR_BYTES), sealed[:-16], sealed[-16:])
    return ".".join([protected, "", *map(to_base64url, parts)])


def answered(form: dict[str, str], key: ec.EllipticCurvePrivateKey | None) -> None:
    """An answer to the questions for either kind of credential."""
    for wanted in WANTED:
        request = request_of(wanted, key)
        assert isinstance(openid4vp.answers(form, request), bool)
        with contextlib.suppress(IdCardError):
            document = openid4vp.presented({"state": request.state} | form, request)
            judge_answer(document, request)


def judge_answer(document: Any, request: openid4vp.PresentationRequest) -> None:
    try:
        verify_presentation(document, request, NOBODY, at=NOW)
    except IdCardError as error:
        raise AssertionError("a verdict raised what a parser may") from error


def clear_answer(data: bytes) -> None:
    answered({"vp_token": data.decode("latin-1")}, None)


def encrypted_answer(data: bytes) -> None:
    answered({"response": encrypted(data)}, KEY)


def envelope(data: bytes) -> None:
    jwe.decrypt(data.decode("latin-1"), KEY, key_id=KEY_ID)


DOORS: dict[str, Callable[[bytes], Any]] = {
    "mdoc": judged(formats.MDOC, mdoc.MobileDocument.from_bytes),
    "sd_jwt": judged(formats.SD_JWT_VC, sd_jwt.SdJwtCredential.from_bytes),
    "w3c_jwt": judged(formats.W3C_VC_JWT, vc_jwt.W3cCredential.from_bytes),
    "seal": judged(formats.ICAO_VDS, vds.VisibleSeal.from_bytes),
    "barcode": judged(formats.ICAO_IDB, idb.IcaoBarcode.from_bytes),
    "vds_nc": judged(formats.ICAO_VDS_NC, vds_nc.VdsNc.from_bytes),
    "claim_169": judged(formats.CLAIM_169, claim_169.IdentityToken.from_bytes),
    "claim_169_cose": judged(formats.CLAIM_169, claim_169.IdentityToken.from_cose),
    "health_card": judged(formats.SMART_HEALTH_CARD, health_card.parse),
    "jwe": envelope,
    "wallet_answer": clear_answer,
    "wallet_answer_encrypted": encrypted_answer,
    "status_list": StatusList.from_bytes,
    "issuer_list": Issuer.several_from_bytes,
    "hash_list": RevocationBatch.from_bytes,
}
"""What takes each kind's bytes; nothing but an IdCardError may escape."""
