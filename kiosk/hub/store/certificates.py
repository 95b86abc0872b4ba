"""Certificates that devices were given: which number replaced which, and what is revoked."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, Row, select, update

from kiosk.hub.store.tables import certificate, device
from kiosk.wire.joining import serial_bytes, spki


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A certificate that a device was given.

    :ivar tls_key: SHA-256 of its public key. :ivar replaced_by: the number of the one that came after it.
    """

    clinic: str
    device: str
    serial: bytes
    tls_key: bytes = field(repr=False)
    der: bytes = field(repr=False)
    until: datetime
    replaced_by: bytes | None = None
    is_revoked: bool = False


def key_digest(key: EllipticCurvePublicKey) -> bytes:
    """By which keys are compared."""
    return hashlib.sha256(spki(key)).digest()


def keep(
    connection: Connection,
    clinic: str,
    of_device: str,
    made: x509.Certificate,
    key: EllipticCurvePublicKey,
    now: datetime,
) -> Given:
    """Write down a new certificate for this key, whose number nobody else may have."""
    new = Given(
        clinic=clinic,
        device=of_device,
        serial=serial_bytes(made),
        tls_key=key_digest(key),
        der=made.public_bytes(Encoding.DER),
        until=made.not_valid_after_utc,
    )
    row = {name: getattr(new, name) for name in ("clinic", "device", "serial", "tls_key", "der", "until")}
    connection.execute(certificate.insert().values(**row, issued_at=now))
    return new


def given(connection: Connection, clinic: str, of_device: str, serial: bytes) -> Given | None:
    """The device's certificate of this number."""
    own = (certificate.c.clinic == clinic, certificate.c.device == of_device, certificate.c.serial == serial)
    row = connection.execute(select(certificate).where(*own)).first()
    return None if row is None else _given(row)


def replaced(connection: Connection, former: Given, by: bytes) -> None:
    """Note which number came after."""
    own = (
        certificate.c.clinic == former.clinic,
        certificate.c.device == former.device,
        certificate.c.serial == former.serial,
    )
    connection.execute(update(certificate).where(*own).values(replaced_by=by))


def revoke_all(connection: Connection, clinic: str, of_device: str, now: datetime) -> None:
    """Revoke what the device has."""
    own = (certificate.c.clinic == clinic, certificate.c.device == of_device, certificate.c.revoked_at.is_(None))
    connection.execute(update(certificate).where(*own).values(revoked_at=now))


def revoked(connection: Connection, now: datetime) -> list[tuple[int, datetime]]:
    """The numbers for the list: revoked, and not at their end yet."""
    query = select(certificate.c.serial, certificate.c.revoked_at).where(
        certificate.c.revoked_at.is_not(None), certificate.c.until > now
    )
    return [
        (int.from_bytes(row.serial, "big"), row.revoked_at)
        for row in connection.execute(query.order_by(certificate.c.serial))
    ]


def is_let_in(connection: Connection, clinic: str, of_device: str, serial: bytes) -> bool | None:
    """Whether the device and this certificate of it are good; None where there is none such."""
    query = (
        select(device.c.state, certificate.c.revoked_at)
        .join(certificate, (certificate.c.clinic == device.c.clinic) & (certificate.c.device == device.c.name))
        .where(device.c.clinic == clinic, device.c.name == of_device, certificate.c.serial == serial)
    )
    row = connection.execute(query).first()
    return None if row is None else row.state == "active" and row.revoked_at is None


def _given(row: Row[tuple[object, ...]]) -> Given:
    return Given(
        clinic=row.clinic,
        device=row.device,
        serial=row.serial,
        tls_key=row.tls_key,
        der=row.der,
        until=row.until,
        replaced_by=row.replaced_by,
        is_revoked=row.revoked_at is not None,
    )
