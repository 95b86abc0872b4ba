"""OpenID4VP: a request that a screen shows as a code, and the answer that a wallet sends to an address.

Theory of operation. The request says who asks, what for, where the answer goes, and a nonce that nobody had before. A
code holds it whole (*by value*: unsigned; who asks is the address to which the answer goes), or names where a wallet
fetches it (*by reference*: signed, with a certificate). The answer is a form: a *VP token* with one presentation, or
that encrypted to a key that was made for this one request; and the *state*, by which the request is found again.

What makes an answer ours: the holder's key signs over our nonce and our name. In an SD-JWT the key binding says both; a
mobile document's device signs a transcript of which both are part, and the key to which the answer is encrypted, too.

A request counts once and for a few minutes. :class:`PendingRequests` gives each out once, and forgets it.

Source: OpenID for Verifiable Presentations 1.0, "Authorization Request", "Response Mode direct_post", "Digital
Credentials Query Language", "Handover and SessionTranscript Definitions"; RFC 9101 for signed requests.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from idcard.errors import IdCardError, MalformedData
from idcard.qr import cbor, strict_json
from idcard.qr.cose import Sign
from idcard.qr.jwe import ALGORITHM, CIPHERS, decrypt
from idcard.qr.jwk import base64url, thumbprint, to_base64url
from idcard.qr.mdoc import MobileDocument
from idcard.qr.sd_jwt import SdJwtCredential

SCHEME: Final = "openid4vp://authorize"
QUERY_ID: Final = "credential"
"""What our one question is called in the request and in the answer."""
MAX_LIFE: Final = timedelta(minutes=10)
MAX_ANSWER: Final = 256 << 10
"""How many bytes an answer may have."""
REQUEST_TYPE: Final = "oauth-authz-req+jwt"
_NONCE_BYTES = 16
_KEY_ID = "1"
_WHERE = "OpenID4VP"


class CredentialFormat(StrEnum):
    """The formats that can be asked for, by the standard's names."""

    SD_JWT_VC = "dc+sd-jwt"
    MDOC = "mso_mdoc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: a credential of one format and of one of these kinds (``vct``, or one type of document).

    ``claims`` are the paths of what it should disclose, such as ``("family_name",)``; in a mobile document a path is
    the name space and the element's name.

    :raises ValueError: if nothing is asked for, or what no such credential has.
    """

    format: CredentialFormat
    kinds: tuple[str, ...]
    claims: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not self.kinds or not self.claims or not all(self.claims) or not all(self.kinds):
            raise ValueError("a request asks for a kind of credential, and for something that it says")
        if self.format is CredentialFormat.MDOC and (len(self.kinds) > 1 or any(len(one) != 2 for one in self.claims)):
            raise ValueError("a mobile document is of one type, and its elements stand in a name space")

    def to_query(self) -> dict[str, Any]:
        """The question in the query language."""
        is_mdoc = self.format is CredentialFormat.MDOC
        kind = {"doctype_value": self.kinds[0]} if is_mdoc else {"vct_values": list(self.kinds)}
        claims: list[dict[str, Any]] = [{"path": list(path)} for path in self.claims]
        if is_mdoc:
            claims = [one | {"intent_to_retain": False} for one in claims]
        question = {"id": QUERY_ID, "format": self.format.value, "meta": kind, "claims": claims}
        return {"credentials": [question]}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PresentationRequest:
    """One question to one wallet: it counts once, until it ends.

    ``client_id`` is who asks, with the prefix that says how that is known. ``key`` decrypts the answer; None where it
    comes in clear, which only encryption on the way protects.

    :raises ValueError: if anything in it cannot be.
    """

    client_id: str
    response_uri: str
    nonce: str
    state: str
    wanted: Wanted
    issued: datetime
    expires: datetime
    key: ec.EllipticCurvePrivateKey | None = None

    def __repr__(self) -> str:
        return f"PresentationRequest({self.wanted.format})"

    def __post_init__(self) -> None:
        if self.issued.tzinfo is None or not self.issued < self.expires <= self.issued + MAX_LIFE:
            raise ValueError("a request has times with a zone, ends after it begins, and within ten minutes")
        if any(len(base64url(one, where=_WHERE)) < _NONCE_BYTES for one in (self.nonce, self.state)):
            raise ValueError("nonce and state are 16 random bytes at least")
        if not urlsplit(self.response_uri).hostname or ":" not in self.client_id:
            raise ValueError("a request says where its answer goes, and who asks")

    @classmethod
    def to_address(
        cls,
        response_uri: str,
        *,
        wanted: Wanted,
        nonce: bytes,
        state: bytes,
        issued: datetime,
        expires: datetime,
        key: ec.EllipticCurvePrivateKey | None = None,
        certificate: bytes | None = None,
    ) -> "PresentationRequest":
        """A request of whoever listens at the address to which the answer goes, or whose certificate that is.

        :param response_uri: the address; ``{state}`` in it stands for the request's state, by which an encrypted
            answer's
            request is found.
        :param nonce: 16 random bytes that no other request has. :param state: 16 others.
        :param key: made for this one request, on P-256.
        :param certificate: in DER, of whoever signs the request, which a wallet then fetches; None for one that is
            whole
            in a code, and unsigned.
        """
        response_uri = response_uri.replace("{state}", to_base64url(state))
        return cls(
            client_id=f"redirect_uri:{response_uri}" if certificate is None else certificate_name(certificate),
            response_uri=response_uri,
            nonce=to_base64url(nonce),
            state=to_base64url(state),
            wanted=wanted,
            issued=issued,
            expires=expires,
            key=key,
        )

    @property
    def response_mode(self) -> str:
        """How the answer is sent."""
        return "direct_post" if self.key is None else "direct_post.jwt"

    def parameters(self) -> dict[str, Any]:
        """The request's parameters, as values for JSON."""
        metadata: dict[str, Any] = {"vp_formats_supported": _supported(self.wanted.format)}
        if self.key is not None:
            metadata |= {
                "jwks": {"keys": [_public_jwk(self.key)]},
                "encrypted_response_enc_values_supported": [*CIPHERS],
            }
        return {
            "response_type": "vp_token",
            "response_mode": self.response_mode,
            "client_id": self.client_id,
            "response_uri": self.response_uri,
            "nonce": self.nonce,
            "state": self.state,
            "dcql_query": self.wanted.to_query(),
            "client_metadata": metadata,
        }

    def to_link(self) -> str:
        """The text of the code that holds the request whole, for who asks without a certificate."""
        said = {
            name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            for name, value in self.parameters().items()
        }
        return f"{SCHEME}?{urlencode(said)}"

    def to_reference(self, request_uri: str) -> str:
        """The text of the code that names where a wallet fetches the signed request."""
        return f"{SCHEME}?{urlencode({'client_id': self.client_id, 'request_uri': request_uri})}"

    def to_signed(self, *, chain: list[str], algorithm: str, sign: Sign) -> str:
        """The request as a token, for whoever fetches it.

        :param chain: the certificates in Base64, the signer's first, without the anchor.
        :param sign: gives the signature of the bytes that it gets (r and s one after the other for ECDSA).
        """
        header = {"alg": algorithm, "typ": REQUEST_TYPE, "x5c": chain}
        claims = self.parameters() | {
            "aud": "https://self-issued.me/v2",
            "iat": int(self.issued.timestamp()),
            "exp": int(self.expires.timestamp()),
        }
        said = ".".join(to_base64url(json.dumps(one, separators=(",", ":")).encode()) for one in (header, claims))
        return f"{said}.{to_base64url(sign(said.encode('ascii')))}"

    def transcript(self) -> list[Any]:
        """What a mobile document's device signs of this request, as values for CBOR."""
        mark = None if self.key is None else base64url(thumbprint(_public_jwk(self.key)), where=_WHERE)
        return session_transcript(self.client_id, self.nonce, mark, self.response_uri)


def _public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """The public half, as whoever encrypts an answer to it needs it."""
    numbers = key.public_key().public_numbers()
    x, y = (to_base64url(one.to_bytes(32)) for one in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "enc", "alg": ALGORITHM, "kid": _KEY_ID}


def certificate_name(certificate: bytes) -> str:
    """Who asks, where a certificate says so: by its digest."""
    return f"x509_hash:{to_base64url(hashlib.sha256(certificate).digest())}"


def session_transcript(client_id: str, nonce: str, key_mark: bytes | None, response_uri: str) -> list[Any]:
    """The transcript of a session over an address, as values for CBOR.

    :param key_mark: the SHA-256 thumbprint of the key to which the answer is encrypted, or None.

    Source: OpenID for Verifiable Presentations 1.0, "Invocation via Redirects".
    """
    digest = hashlib.sha256(cbor.encode([client_id, nonce, key_mark, response_uri])).digest()
    return [None, None, ["OpenID4VPHandover", digest]]


def _supported(wanted: CredentialFormat) -> dict[str, Any]:
    if wanted is CredentialFormat.MDOC:
        return {wanted.value: {"issuerauth_alg_values": [-7, -35, -36, -8], "deviceauth_alg_values": [-7, -35, -36]}}
    names = ["ES256", "ES384", "ES512", "EdDSA"]
    return {wanted.value: {"sd-jwt_alg_values": names, "kb-jwt_alg_values": names}}


def presented(form: Mapping[str, str], request: PresentationRequest) -> SdJwtCredential | MobileDocument:
    """The one credential in a wallet's answer, unproved until it is judged.

    :param form: the fields that it sent.
    :raises MalformedData: if it is no answer to this request, or an error in the place of one.
    :raises UnsupportedAlgorithm: if it is encrypted, or the credential is made, in a way that is not known here.
    """
    fields = _fields(form, request)
    if "error" in fields:
        raise MalformedData("the wallet sent an error", where=_WHERE)
    if fields.get("state") != request.state:
        raise MalformedData("answers another request", where=_WHERE)
    text = _presentation(fields.get("vp_token"))
    if request.wanted.format is CredentialFormat.MDOC:
        return MobileDocument.from_bytes(text.encode("ascii"))
    return SdJwtCredential.from_bytes(text.encode("ascii"))


def answers(form: Mapping[str, str], request: PresentationRequest) -> bool:
    """Whether the form answers that very request, well or badly: it names its state, or was encrypted to its key.

    What does not, anybody sends who saw an address; it decides nothing, and the request may wait on.
    """
    if request.key is None or "response" not in form:
        return form.get("state") == request.state
    try:
        return _fields(form, request).get("state") == request.state
    except IdCardError:
        return False


def _fields(form: Mapping[str, str], request: PresentationRequest) -> Mapping[str, Any]:
    """What the answer says: an encrypted one in clear; an error may always come in clear."""
    if sum(map(len, form.values())) > MAX_ANSWER:
        raise MalformedData("is too long", where=_WHERE)
    if request.key is None or ("error" in form and "response" not in form):
        return form
    if "response" not in form:
        raise MalformedData("came in clear, although it should not", where=_WHERE)
    inside = decrypt(form["response"], request.key, key_id=_KEY_ID)
    return {"state": request.state} | strict_json.decode_object(inside, where=_WHERE)


def _presentation(token: object) -> str:
    """The one presentation in a VP token, which is JSON in a form, and an object in an encrypted answer."""
    if isinstance(token, str):
        token = strict_json.decode(token.encode(), where=_WHERE)
    if not isinstance(token, dict) or token.keys() != {QUERY_ID}:
        raise MalformedData("answers something else than was asked", where=_WHERE)
    presentations = token[QUERY_ID]
    if not isinstance(presentations, list) or len(presentations) != 1:
        raise MalformedData("does not hold exactly one presentation", where=_WHERE)
    (text,) = presentations
    if not isinstance(text, str) or not text.isascii():
        raise MalformedData("holds a presentation that is no text", where=_WHERE)
    return text


@dataclass(slots=True)
class PendingRequests:
    """The requests that wait for an answer, at most ``limit``: each is given out once, and none after its end."""

    limit: int = 256
    _waiting: "OrderedDict[str, PresentationRequest]" = field(default_factory=OrderedDict, init=False)

    def add(self, request: PresentationRequest, *, at: datetime) -> None:
        """Remember the request.

        :raises OverflowError: if there are too many that still count.
        """
        for state in [state for state, one in list(self._waiting.items()) if at >= one.expires]:
            self._waiting.pop(state, None)
        if len(self._waiting) >= self.limit:
            raise OverflowError("too many requests wait for an answer")
        self._waiting[request.state] = request

    def waits(self, state: str, *, at: datetime) -> PresentationRequest | None:
        """The request of that state, which waits on; None where :meth:`take` would give none."""
        request = self._waiting.get(state)
        return request if request is not None and at < request.expires else None

    def take(self, state: str, *, at: datetime) -> PresentationRequest | None:
        """The request of that state, once; None where there is none, it was answered, or has ended."""
        # One operation, so that of two threads only one gets it.
        request = self._waiting.pop(state, None)
        return request if request is not None and at < request.expires else None
