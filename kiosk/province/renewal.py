"""The next certificate, in time: a step for one of the staff's process's threads. See ``docs/enrolment.md``."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog
from cryptography import x509

from kiosk.province.asking import Asking, WrongGrant, present_certificate
from kiosk.province.identity import Identity
from kiosk.province.joining import LATER, HubRefuses, granted
from kiosk.province.link import HubLink, HubUnreachable, Where
from kiosk.wire.checks import name
from kiosk.wire.errors import MalformedMessage, WrongSignature
from kiosk.wire.joining import (
    JOINING_TYPE,
    LATE_PATH,
    RENEW_PATH,
    RenewRequest,
    make_renewal,
    read_join,
    read_renewal,
    serial_bytes,
)

AGAIN_AFTER: Final = timedelta(minutes=5)
"""When it is tried again where the hub did not answer, at the earliest; at the latest twice as long."""
REFUSED_AGAIN_AFTER: Final = timedelta(hours=1)
JOINING_TAKES: Final = timedelta(hours=24)
"""So long a code is good, and somebody may wait to be let in with it."""
_log = structlog.get_logger(__name__)


class Step(StrEnum):
    """What became of a step."""

    NONE = "none"
    """There is no certificate: this device was never enrolled."""
    NOT_DUE = "not_due"
    RENEWED = "renewed"
    LATER = "later"
    """It is due, and the hub does not answer; or it did not lately."""
    REFUSED = "refused"
    """The hub says no: staff must ask the province."""


class Renewal:
    """Renews the certificate of an identity once two thirds of its life are over.

    :param spread: a number from 0 to 1, drawn anew for each pause: six hundred clinics do not come back at once.
    """

    def __init__(self, where: Where, identity: Identity, *, spread: Callable[[], float] = random.random) -> None:
        self._identity = identity
        self._asking = Asking(identity)
        self._spread = spread
        self._ways = (
            (RENEW_PATH, HubLink(where, identity)),
            (LATE_PATH, HubLink(where, identity, bare=True)),
        )
        self._last, self._pause = Step.NOT_DUE, timedelta(0)
        self._since: datetime | None = None

    def close(self) -> None:
        """Let go of the connections."""
        for _, link in self._ways:
            link.close()

    def until(self) -> datetime | None:
        """When the present certificate ends; None where there is none."""
        certificate = self._present()
        return None if certificate is None else certificate.not_valid_after_utc

    def step(self, now: datetime, *, at_once: bool = False) -> Step:
        """Renew where that is due; cheap where it is not, so call it every minute.

        :param at_once: whether to renew in any case.
        :raises ConfigurationError: where a key cannot be used.
        """
        certificate = self._present()
        if certificate is None:
            return Step.NONE
        if not at_once and now < _due(certificate):
            return Step.NOT_DUE
        if not at_once and self._since is not None and abs(now - self._since) < self._pause:
            return self._last
        try:
            with self._identity.alone():
                self._last, self._since = self._renewed_alone(now, at_once=at_once), now
        except OSError as error:
            # A full disk: what was asked for stays asked for.
            _log.error("renewal_not_kept", kind=type(error).__name__)
            self._last, self._since = Step.LATER, now
        least = REFUSED_AGAIN_AFTER if self._last is Step.REFUSED else AGAIN_AFTER
        done = self._last in (Step.RENEWED, Step.NOT_DUE)
        self._pause = timedelta(0) if done else least * (1 + self._spread())
        return self._last

    def _present(self) -> x509.Certificate | None:
        path = self._identity.certificate
        try:
            return None if path is None else present_certificate(path)
        except (OSError, ValueError):
            return None

    def _renewed_alone(self, now: datetime, *, at_once: bool) -> Step:
        """Renew, unless another process did while this one waited for its turn."""
        certificate = self._present()
        if certificate is None:
            return Step.NONE
        if at_once:
            return self._renewed(certificate, now)
        if now < _due(certificate):
            return Step.NOT_DUE
        return Step.LATER if self._joins(now) else self._renewed(certificate, now)

    def _joins(self, now: datetime) -> bool:
        """Whether this machine waits to be let in anew: what it asked for with its code must not be lost for this."""
        asked_at = self._asking.asked_at
        if asked_at is None or abs(now - asked_at) > JOINING_TAKES:
            return False
        try:
            read_join(self._asking.request or b"")
        except (MalformedMessage, WrongSignature):
            return False
        return True

    def _renewed(self, certificate: x509.Certificate, now: datetime) -> Step:
        request = self._same_request(certificate) or self._new_request(certificate)
        # By this machine's clock it is one way or the other; the hub's clock decides, so both are tried.
        ways = self._ways if now < certificate.not_valid_after_utc else self._ways[::-1]
        outcomes = []
        for path, link in ways:
            outcomes.append(self._asked(link, path, request))
            if outcomes[-1] is Step.RENEWED:
                return Step.RENEWED
        return Step.LATER if Step.LATER in outcomes else Step.REFUSED

    def _asked(self, link: HubLink, path: str, request: bytes) -> Step:
        try:
            reply = link.post(path, request, {"Content-Type": JOINING_TYPE})
            if reply.status in LATER:
                return Step.LATER
            self._asking.fulfil(granted(reply))
        except HubUnreachable:
            return Step.LATER
        except (HubRefuses, WrongGrant) as error:
            _log.warning("renewal_refused", way=path, word=getattr(error, "word", error.code))
            return Step.REFUSED
        _log.info("certificate_renewed", way=path)
        return Step.RENEWED

    def _same_request(self, certificate: x509.Certificate) -> bytes | None:
        """The request to replace this certificate that waits for its answer already."""
        known = self._asking.request
        try:
            is_same = known is not None and read_renewal(known).serial == serial_bytes(certificate)
        except MalformedMessage:
            return None
        return known if is_same else None

    def _new_request(self, certificate: x509.Certificate) -> bytes:
        clinic, device = named(certificate)
        request = RenewRequest(
            clinic=clinic, device=device, serial=serial_bytes(certificate), csr=self._asking.new_key()
        )
        return self._asking.keep(make_renewal(request, self._identity.device_key()))


def named(certificate: x509.Certificate) -> tuple[str, str]:
    """The clinic and the device in a certificate of the hub's authority.

    :raises MalformedMessage: for another's.
    """
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (uri,) = found.get_values_for_type(x509.UniformResourceIdentifier)
        _, _, clinic, device = uri.split(":")
    except (x509.ExtensionNotFound, ValueError) as error:
        raise MalformedMessage("certificate: not a device's") from error
    return name(clinic, "certificate.clinic"), name(device, "certificate.device")


def _due(certificate: x509.Certificate) -> datetime:
    """When two thirds of its life are over."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begins + (ends - begins) * 2 / 3
