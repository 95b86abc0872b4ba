"""Codes from pictures to verdicts: scan, recognise, verify and sign, with the formats of Vietnam and of the world.

This module composes the parts and has no other logic; the face gives its functions their place beside reading.
"""

import os
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec as _ec

from idcard.qr.claim_169 import EncryptedCode
from idcard.qr.claim_169 import decrypted as _decrypted
from idcard.qr.formats import CLAIM_169 as _CLAIM_169
from idcard.qr.formats import RECOGNISERS as _RECOGNISERS
from idcard.qr.health_card import joined as _joined
from idcard.qr.openid4vp import PresentationRequest, Wanted
from idcard.qr.recognise import Recognised, Recogniser
from idcard.qr.recognise import recognise as _recognise
from idcard.qr.seen import Seen
from idcard.qr.token import TOKEN_ID_BYTES as _TOKEN_ID_BYTES
from idcard.qr.token import HandOff, Receipt
from idcard.qr.token import key_id_of as _key_id_of
from idcard.trust.signer_list import QrTrust
from idcard.verification.policy import Policy
from idcard.verification.qr import OnlineCodeVerifier, QrVerdict
from idcard.verification.qr import needs_its_service as _needs_its_service
from idcard.verification.qr import verify_qr as _verify_qr
from idcard.verification.qr_policy import SIGNED_QR
from idcard.vietnam.recognisers import RECOGNISERS as _VIETNAMESE_RECOGNISERS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from PIL import Image

    from idcard.qr.sight import Scan
    from idcard.qr.symbol import Mode


def scan(
    image: "bytes | Image.Image",
    *,
    mode: "Mode" = "live",
    budget_ms: float | None = None,
    kinds: Collection[str] = ("QR", "Data Matrix", "Aztec", "PDF417"),
) -> "Scan":
    """The symbols in an image, each once, and how they were found: a sequence, empty where none can be read.

    :param image: an image file (PNG, JPEG, WebP, BMP, GIF, TIFF, PPM; at most 32 MiB) or a Pillow image; at most
        40 million pixels.
    :param mode: ``live`` for frames of a camera, of which the next comes soon; ``still`` for a picture that is worth
        more time, and may hold symbols of several kinds.
    :param budget_ms: milliseconds after which no further preparation of the image is begun; None for what suits the
        mode.
    :param kinds: the kinds of symbol to look for.
    :raises MalformedData: if the bytes are no such image, or cut short.
    :raises BoundExceeded: if the image is larger.
    :raises MissingExtra: if Pillow, or any decoder, is not installed.
    :raises ValueError: for an unknown mode or kind, or a budget that is not positive.
    """
    from idcard.qr.symbol import scan as scan_image

    return scan_image(image, mode=mode, budget_ms=budget_ms, kinds=kinds, clock=perf_counter)


_ALL_RECOGNISERS = (*_VIETNAMESE_RECOGNISERS, *_RECOGNISERS)


def recognise(payload: bytes, recognisers: Sequence[Recogniser] = _ALL_RECOGNISERS) -> Recognised:
    """What the payload of a code is, by the name of its format; nothing of it is trusted.

    :param recognisers: the formats to look for, in this order; Vietnam's and then the world's otherwise.
    :raises BoundExceeded: if the payload is larger than any symbol can hold (8 KiB).
    :raises MalformedData: if it looks like a format and does not follow it.
    """
    return _recognise(payload, recognisers)


def decrypt_code(recognised: Recognised, key: bytes) -> Recognised:
    """What an encrypted code holds: an identity token, which is judged like any other code.

    :param recognised: a code whose document is an :class:`idcard.EncryptedCode`.
    :param key: the key that the issuer gives to whoever may read its codes: 16, 24 or 32 bytes.
    :raises MalformedData: if the key is another one, or something else is inside.
    :raises UnsupportedAlgorithm: if it is encrypted in a way that is not known here.
    :raises TypeError: if the code is not encrypted.
    """
    if not isinstance(recognised.document, EncryptedCode):
        raise TypeError("only an encrypted code can be decrypted")
    token = _decrypted(recognised.document, key)
    return Recognised(format=_CLAIM_169, payload=recognised.payload, document=token)


def join_health_card(payloads: Sequence[bytes]) -> bytes:
    """The payload of the one health card that the codes ``payloads`` are the parts of, in any order.

    :raises MalformedData: if one is no part, one is missing, or they belong to several cards.
    """
    return _joined(payloads)


def verify_qr(
    recognised: Recognised,
    trust: QrTrust,
    policy: Policy = SIGNED_QR,
    *,
    at: datetime,
    seen: Seen | None = None,
    scanned_at: datetime | None = None,
    online: OnlineCodeVerifier | None = None,
    audience: str | None = None,
) -> QrVerdict:
    """The verdict on a recognised code: never an exception for what it says, however odd.

    :param trust: whose codes are believed.
    :param policy: which outcomes are good enough. None for codes proves an identity.
    :param at: the moment of judgement, with a time zone.
    :param seen: what a store of seen codes said of :func:`replay_key`; None where it was not asked.
    :param scanned_at: when the code was scanned, for codes that live a minute.
    :param audience: the name of the machine that judges, which a hand-off must name; None where it has none.
    :param online: asked where only the issuer's service can read the code, and its minute has not passed.
    :raises ValueError: if a time has no time zone.
    """
    asks = _needs_its_service(recognised, at=at, scanned_at=scanned_at)
    got = online.confirm_code(recognised.payload) if online is not None and asks else None
    return _verify_qr(recognised, trust, policy, at=at, seen=seen, scanned_at=scanned_at, answer=got, audience=audience)


def sign_token(token: Receipt | HandOff, key: "Ed25519PrivateKey") -> bytes:
    """The text of a code of our own, in ASCII: to be shown as a QR code, and judged by :func:`verify_qr`.

    :param key: the clinic's private key.
    """
    return token.to_bytes(token_id=os.urandom(_TOKEN_ID_BYTES), key_id=_key_id_of(key.public_key()), sign=key.sign)


_NONCE_BYTES = 32
_ANSWERED_IN = timedelta(minutes=3)


def request_presentation(
    wanted: Wanted,
    address: str,
    *,
    at: datetime,
    life: timedelta = _ANSWERED_IN,
    encrypted: bool = True,
    certificate: bytes | None = None,
) -> PresentationRequest:
    """A question to a wallet, with a nonce, a state and a key that nobody had before.

    Show its ``to_link()`` as a code; or, where it is to be signed, ``to_reference()``, and serve ``to_signed()`` there.

    :param wanted: what is asked for.
    :param address: where the wallet sends its answer, with ``{state}`` in it, which stands for the request's state.
    :param at: now, with a time zone.
    :param life: how long it counts; ten minutes at most.
    :param encrypted: whether the answer is encrypted to a key of this request; where not, only the way protects it.
    :param certificate: in DER, of whoever signs the request; None for one that is unsigned.
    :raises ValueError: if the address has no place for the state, or anything else cannot be.
    """
    if "{state}" not in address:
        raise ValueError("the address of answers needs a place for the state: {state}")
    key = _ec.generate_private_key(_ec.SECP256R1()) if encrypted else None
    return PresentationRequest.to_address(
        address,
        wanted=wanted,
        nonce=os.urandom(_NONCE_BYTES),
        state=os.urandom(_NONCE_BYTES),
        issued=at,
        expires=at + life,
        key=key,
        certificate=certificate,
    )
