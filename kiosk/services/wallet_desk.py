"""One question to one phone at a time: asked, answered, judged, shown to the clerk, and forgotten.

Theory of operation. The page asks; a code appears. A phone's answer finds its request by the state in its address,
once; what is no answer to it leaves the question waiting, since whoever saw the code can send something. What an answer
presents is judged at once, and its verdict lies here, in memory alone, until the next question or for two minutes. It
admits nobody: the clerk sees what a known issuer signed and whose key answered, compares the person, and goes on as
always.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from idcard import (
    IdCardError,
    PendingRequests,
    PresentationRequest,
    QrTrust,
    QrVerdict,
    Seen,
    Wanted,
    answers,
    presented,
    request_presentation,
    verify_presentation,
)
from kiosk.ports import Clock

SHOWN: Final = timedelta(minutes=2)
"""How long an answer is shown."""
_COORDINATE_BYTES = 32
_log = structlog.get_logger(__name__)


class Stage(StrEnum):
    """Where the one question stands; the last words of the catalogue's ids ``wallet.stage.…``."""

    IDLE = "idle"
    WAITING = "waiting"
    ANSWERED = "answered"
    DECLINED = "declined"
    UNREADABLE = "unreadable"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WalletView:
    """What the page shows: the code's text while it waits, and the verdict once there is one."""

    stage: Stage
    link: str | None = None
    verdict: QrVerdict | None = None


class RequestSigner:
    """Signs requests with the clinic's certificate.

    :param chain: the certificates, the clinic's own first.
    :param key: the key of the first, on P-256.
    """

    def __init__(self, chain: list[x509.Certificate], key: ec.EllipticCurvePrivateKey) -> None:
        self._ders = [one.public_bytes(Encoding.DER) for one in chain]
        self._key = key

    @property
    def certificate(self) -> bytes:
        """The clinic's own certificate, in DER."""
        return self._ders[0]

    def sign(self, request: PresentationRequest) -> str:
        """The request as a token."""
        chain = [base64.b64encode(one).decode() for one in self._ders]
        return request.to_signed(chain=chain, algorithm="ES256", sign=self._signature)

    def _signature(self, data: bytes) -> bytes:
        pair = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return b"".join(one.to_bytes(_COORDINATE_BYTES) for one in pair)


class WalletDesk:
    """Asks, and keeps the one answer for a while.

    :param address: the origin that phones reach.
    :param life: how long a question counts.
    :param signer: who signs requests; None for requests that are whole in a code, and unsigned.
    """

    def __init__(
        self,
        *,
        wanted: Wanted,
        address: str,
        trust: QrTrust,
        clock: Clock,
        life: timedelta,
        signer: RequestSigner | None = None,
    ) -> None:
        self._wanted, self._address, self._trust = wanted, address, trust
        self._clock, self._life, self._signer = clock, life, signer
        self._lock = Lock()
        self._pending = PendingRequests(limit=1)
        self._asked: PresentationRequest | None = None
        self._ended = False
        self._outcome: tuple[WalletView, datetime] | None = None

    def ask(self) -> None:
        """Ask anew; what was asked or answered before is forgotten."""
        now = self._clock.now()
        request = request_presentation(
            self._wanted,
            f"{self._address}/answer/{{state}}",
            at=now,
            life=self._life,
            certificate=None if self._signer is None else self._signer.certificate,
        )
        with self._lock:
            self._pending = PendingRequests(limit=1)
            self._pending.add(request, at=now)
            self._asked, self._ended, self._outcome = request, False, None

    def signed_request(self, state: str) -> str | None:
        """The signed request of that state, for the phone that fetches it; None where none is waited for."""
        with self._lock:
            request = self._asked
        if self._signer is None or request is None or request.state != state or self._has_ended(request):
            return None
        return self._signer.sign(request)

    def answer(self, state: str, form: Mapping[str, str]) -> bool:
        """Take a phone's answer: whether a question of that state waited for this. Each is answered once alone."""
        with self._lock:
            request = self._pending.waits(state, at=self._clock.now())
        if request is None or not answers(form, request):
            return False
        with self._lock:
            request = self._pending.take(state, at=self._clock.now())
        if request is None:
            return False
        view = self._judged(request, form)
        with self._lock:
            if self._asked is request:
                # The request goes, and with it the key that opened the answer.
                self._asked, self._outcome = None, (view, self._clock.now() + SHOWN)
        return True

    def view(self) -> WalletView:
        """How the question stands."""
        with self._lock:
            self._forget()
            asked, outcome, ended = self._asked, self._outcome, self._ended
        if outcome is not None:
            return outcome[0]
        if asked is None:
            return WalletView(stage=Stage.ENDED if ended else Stage.IDLE)
        return self._waiting(asked)

    def _forget(self) -> None:
        """What was shown long enough, and what nobody answered in time."""
        if self._outcome is not None and self._clock.now() >= self._outcome[1]:
            self._outcome = None
        if self._asked is not None and self._has_ended(self._asked):
            self._asked, self._ended, self._pending = None, True, PendingRequests(limit=1)

    def _has_ended(self, request: PresentationRequest) -> bool:
        return self._clock.now() >= request.expires

    def _waiting(self, request: PresentationRequest) -> WalletView:
        if self._signer is None:
            return WalletView(stage=Stage.WAITING, link=request.to_link())
        return WalletView(stage=Stage.WAITING, link=request.to_reference(f"{self._address}/request/{request.state}"))

    def _judged(self, request: PresentationRequest, form: Mapping[str, str]) -> WalletView:
        if "error" in form and "response" not in form:
            _log.info("wallet_declined")
            return WalletView(stage=Stage.DECLINED)
        try:
            document = presented(form, request)
            first = Seen(first_at=None)  # its request is taken out once
            verdict = verify_presentation(document, request, self._trust, at=self._clock.now(), seen=first)
        except IdCardError as error:
            return _unreadable(error.code)
        except Exception as error:
            # The question is taken: whatever went wrong, the clerk must be told that it is over.
            return _unreadable(type(error).__name__)
        _log.info("wallet_answered", format=verdict.format, met=verdict.meets())
        return WalletView(stage=Stage.ANSWERED, verdict=verdict)


def _unreadable(code: str) -> WalletView:
    """Only the code is logged: the message of an error may hold what the answer said."""
    _log.info("wallet_unreadable", error=code)
    return WalletView(stage=Stage.UNREADABLE)
