"""Devices are let in: a code, a request, a person's word, a certificate; and the next certificate, and the next.

Theory of operation. Every step may be done twice with the same result, because answers get lost: a request is known by
the hash of its bytes, a certificate by the key it was asked for. Whoever writes of a clinic takes its turn first. What
costs much (a code's slow hash) is done before that, once a try was taken.

A certificate is replaced once. A second replacement by another key shows that two machines have one identity; which of
them is the right one cannot be known here, so the device is revoked and people look.
"""

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sqlalchemy import Connection

from kiosk.hub.authority import Authority
from kiosk.hub.errors import (
    CodeRefused,
    IdentityCloned,
    NameTaken,
    NoSuchRequest,
    RenewalRefused,
    SenderRevoked,
    UnknownSender,
)
from kiosk.hub.store import certificates, joining
from kiosk.hub.store.alarms import raise_alarm
from kiosk.hub.store.database import HubDatabase, take_turns
from kiosk.hub.store.devices import add_device, device_of, revoke_device
from kiosk.wire.checks import name, word
from kiosk.wire.errors import WrongSignature
from kiosk.wire.joining import (
    APPROVED,
    LOCATOR,
    REFUSED,
    SECRET,
    WAITING,
    Grant,
    SignedJoin,
    authority_pin,
    drawn_signs,
    fingerprint,
    p256,
    read_join,
    read_renewal,
    secret_digest,
    spki,
    verify_renewal,
    written_code,
)

_DRAWS = 10
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long things last, and what a device is given besides its certificate.

    :ivar hub_key: the X25519 key (32 bytes) that bodies are sealed to. :ivar root: the file of the root of releases.
    """

    code: timedelta
    certificate: timedelta
    grace: timedelta
    hub_key: bytes
    root: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whose certificate the proxy saw, and its number."""

    clinic: str
    device: str
    serial: bytes


class Enrolment:
    """Lets devices in; safe to use from several threads and processes.

    :param now: the hub's wall clock.
    """

    def __init__(self, database: HubDatabase, authority: Authority, terms: Terms, now: Callable[[], datetime]) -> None:
        self._database = database
        self._authority = authority
        self._terms = terms
        self._now = now

    @property
    def authority(self) -> bytes:
        """The authority's certificate, DER."""
        return self._authority.der

    def make_code(self, clinic: str, device: str, *, by: str) -> tuple[str, datetime]:
        """A code with which this device may ask once, and until when; former codes for it are void.

        :raises NoSuchRequest: where there is no such clinic. :raises NameTaken: where the name was revoked.
        """
        name(device, "device")
        word(by, "by")
        salt, secret = os.urandom(16), drawn_signs(os.urandom(8), SECRET)
        digest, pin = secret_digest(secret, salt), authority_pin(self._authority.der)
        now = self._now()
        until = now + self._terms.code
        with self._database.write() as connection:
            if not take_turns(connection, [clinic]):
                raise NoSuchRequest("there is no such clinic")
            _check_name(connection, clinic, device, None)
            joining.forget_codes(connection, now - self._terms.code)
            for _ in range(_DRAWS):
                locator = drawn_signs(os.urandom(8), LOCATOR)
                code = joining.Code(
                    locator=locator, clinic=clinic, device=device, salt=salt, digest=digest, is_good=True
                )
                if joining.add_code(connection, code, by=by, now=now, until=until):
                    return written_code(locator, secret, pin), until
        raise CodeRefused("too many codes are open")

    def ask(self, data: bytes) -> Grant:
        """How a request to join stands; it is written down where it was not known and its code is good.

        :raises MalformedMessage: see there. :raises WrongSignature: see there. :raises CodeRefused: see there.
        :raises NameTaken: see there.
        """
        signed = read_join(data)
        with self._database.read() as connection:
            asked = joining.request_of(connection, signed.digest)
        if asked is None:
            asked = self._written_down(signed)
        if asked.state != APPROVED:
            return Grant(state=asked.state, clinic=asked.clinic, device=asked.device)
        return self._granted(asked)

    def requests(self) -> list[joining.Asked]:
        """Who waits for a person's word."""
        with self._database.read() as connection:
            return joining.waiting(connection)

    def approve(self, clinic: str, device: str, digits: str, *, by: str) -> None:
        """Let the device in that shows these digits; blanks between them are the reader's own.

        :raises NoSuchRequest: see there. :raises NameTaken: where the name became another's meanwhile.
        """
        word(by, "by")
        now = self._now()
        with self._database.write() as connection:
            take_turns(connection, [clinic])
            asked = _waiting(connection, clinic, device, digits)
            _check_name(connection, clinic, device, asked.public_key)
            add_device(connection, clinic, device, asked.public_key, now)
            joining.decide(connection, asked, APPROVED, by=by, now=now)

    def refuse(self, clinic: str, device: str, *, by: str) -> None:
        """Let nobody in who waits under this name.

        :raises NoSuchRequest: see there.
        """
        word(by, "by")
        with self._database.write() as connection:
            take_turns(connection, [clinic])
            found = [each for each in joining.waiting(connection) if (each.clinic, each.device) == (clinic, device)]
            if not found:
                raise NoSuchRequest("nobody of this clinic and name waits")
            for each in found:
                joining.decide(connection, each, REFUSED, by=by, now=self._now())

    def renew(self, data: bytes, shown: Shown | None, *, late: bool = False) -> Grant:
        """The next certificate of a device.

        :param shown: whose certificate the connection had, where a proxy looks at them.
        :param late: whether it was asked for without one, which counts for a while after the end of the last.
        :raises MalformedMessage: see there. :raises UnknownSender: see there. :raises SenderRevoked: see there.
        :raises RenewalRefused: see there. :raises IdentityCloned: see there.
        """
        request = read_renewal(data)
        if shown is not None and shown != Shown(clinic=request.clinic, device=request.device, serial=request.serial):
            raise RenewalRefused("another certificate than the connection's")
        now = self._now()
        # Looked at before anybody's turn is taken: what a stranger sends holds nobody up.
        with self._database.read() as connection:
            _verified(connection, data)
        with self._database.write() as connection:
            take_turns(connection, [request.clinic])
            key = _verified(connection, data)
            former = certificates.given(connection, request.clinic, request.device, request.serial)
            if former is None or not self._is_in_time(former, now, late=late):
                raise RenewalRefused("not a certificate that can be replaced now")
            following = self._following(connection, former, key, now)
        if following is None:
            raise IdentityCloned("replaced a second time")
        return self._grant(request.clinic, request.device, following.der)

    def is_let_in(self, shown: Shown) -> bool | None:
        """Whether this certificate is good; None where there is none such."""
        with self._database.read() as connection:
            return certificates.is_let_in(connection, shown.clinic, shown.device, shown.serial)

    def _written_down(self, signed: SignedJoin) -> joining.Asked:
        locator, secret = signed.request.code[:LOCATOR], signed.request.code[LOCATOR:]
        with self._database.read() as connection:
            code = joining.code_of(connection, locator, self._now())
        if (
            code is None
            or not self._takes_try(code)
            or not hmac.compare_digest(secret_digest(secret, code.salt), code.digest)
        ):
            _log.warning("code_refused", clinic=code.clinic if code else None, device=code.device if code else None)
            raise CodeRefused
        asked = joining.Asked(
            clinic=code.clinic,
            device=code.device,
            digest=signed.digest,
            public_key=signed.request.public_key,
            tls_key=spki(signed.tls_key),
            digits=fingerprint(self._authority.der, signed.request.public_key, signed.tls_key),
            state=WAITING,
            asked_at=self._now(),
        )
        with self._database.write() as connection:
            take_turns(connection, [code.clinic])
            _check_name(connection, code.clinic, code.device, signed.request.public_key)
            if not joining.use_code(connection, code):
                raise CodeRefused
            joining.add_request(connection, asked)
        _log.info("device_asks", clinic=code.clinic, device=code.device)
        return asked

    def _takes_try(self, code: joining.Code) -> bool:
        if not code.is_good:
            return False
        with self._database.write() as connection:
            return joining.take_try(connection, code)

    def _granted(self, asked: joining.Asked) -> Grant:
        """The certificate of an approved request: made when it is fetched first, and the same afterwards."""
        with self._database.write() as connection:
            take_turns(connection, [asked.clinic])
            present = joining.request_of(connection, asked.digest)
            device = device_of(connection, asked.clinic, asked.device)
            if present is None or device is None or not device.is_active:
                raise SenderRevoked
            found = present.serial and certificates.given(connection, asked.clinic, asked.device, present.serial)
            if not found:
                found = self._issue(connection, asked.clinic, asked.device, p256(asked.tls_key), self._now())
                joining.note_serial(connection, asked, found.serial)
        return self._grant(asked.clinic, asked.device, found.der)

    def _is_in_time(self, former: certificates.Given, now: datetime, *, late: bool) -> bool:
        if former.is_revoked or now > former.until + self._terms.grace:
            return False
        # Over TLS the proxy has looked; without it, a certificate that is good has no need of this way.
        return not late or now > former.until

    def _following(
        self, connection: Connection, former: certificates.Given, key: EllipticCurvePublicKey, now: datetime
    ) -> certificates.Given | None:
        """The certificate after this one; None, and the device revoked, where another key replaced it already."""
        if former.replaced_by is None:
            made = self._issue(connection, former.clinic, former.device, key, now)
            certificates.replaced(connection, former, made.serial)
            return made
        after = certificates.given(connection, former.clinic, former.device, former.replaced_by)
        if after is not None and after.tls_key == certificates.key_digest(key):
            return after
        facts = {"serial": former.serial.hex(), "replaced_by": former.replaced_by.hex()}
        mark = former.serial.hex()
        raise_alarm(connection, former.clinic, former.device, "identity_cloned", mark=mark, at=now, facts=facts)
        revoke_device(connection, former.clinic, former.device, now)
        return None

    def _issue(
        self, connection: Connection, clinic: str, device: str, key: EllipticCurvePublicKey, now: datetime
    ) -> certificates.Given:
        made = self._authority.for_device(clinic, device, key, now, self._terms.certificate)
        return certificates.keep(connection, clinic, device, made, key, now)

    def _grant(self, clinic: str, device: str, certificate: bytes) -> Grant:
        try:
            root = self._terms.root.read_bytes() if self._terms.root is not None else None
        except OSError:
            root = None
            _log.error("root_unreadable")
        return Grant(
            state=APPROVED,
            clinic=clinic,
            device=device,
            certificate=certificate,
            hub_key=self._terms.hub_key,
            root=root,
        )


def _check_name(connection: Connection, clinic: str, device: str, public_key: bytes | None) -> None:
    """Nothing, where the name is free, or this key's; without a key, where it is free or somebody's who is let in."""
    found = device_of(connection, clinic, device)
    if found is not None and (not found.is_active or public_key not in (None, found.public_key)):
        raise NameTaken


def _waiting(connection: Connection, clinic: str, device: str, digits: str) -> joining.Asked:
    wanted = "".join(digits.split())
    for each in joining.waiting(connection):
        if (each.clinic, each.device, each.digits.replace(" ", "")) == (clinic, device, wanted):
            return each
    raise NoSuchRequest("nobody of this clinic and name waits with these digits")


def _verified(connection: Connection, data: bytes) -> EllipticCurvePublicKey:
    """The key that a renewal asks for, where an active device signed it."""
    request = read_renewal(data)
    device = device_of(connection, request.clinic, request.device)
    if device is None:
        raise UnknownSender
    try:
        key = verify_renewal(data, device.public_key)
    except WrongSignature as error:
        raise UnknownSender("not signed by this device") from error
    if not device.is_active:
        raise SenderRevoked
    return key
