"""Clinics and devices: whose key is whose."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select, update

from kiosk.hub.store.certificates import revoke_all
from kiosk.hub.store.database import insert
from kiosk.hub.store.tables import clinic, device


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that was let in, and whether it still is."""

    clinic: str
    name: str
    public_key: bytes = field(repr=False)
    is_active: bool


def devices_of(connection: Connection, clinics: Iterable[str]) -> dict[str, dict[str, Device]]:
    """The devices of these clinics by their names, those that were revoked among them."""
    wanted = sorted(set(clinics))
    found: dict[str, dict[str, Device]] = {each: {} for each in wanted}
    for row in connection.execute(select(device).where(device.c.clinic.in_(wanted))):
        active = row.state == "active"
        found[row.clinic][row.name] = Device(
            clinic=row.clinic, name=row.name, public_key=row.public_key, is_active=active
        )
    return found


def device_of(connection: Connection, of_clinic: str, called: str) -> Device | None:
    """The device of this name, also where it was revoked."""
    return devices_of(connection, [of_clinic])[of_clinic].get(called)


def add_clinics(connection: Connection, clinics: Iterable[tuple[str, str]], now: datetime) -> int:
    """How many of these clinics (id, name) are new; the others bear the name that is given now."""
    known = set(connection.execute(select(clinic.c.id)).scalars())
    rows = [{"id": each, "name": name, "added_at": now} for each, name in clinics]
    if rows:
        statement = insert(connection, clinic)
        named = statement.on_conflict_do_update(index_elements=["id"], set_={"name": statement.excluded.name})
        connection.execute(named, rows)
    return len({row["id"] for row in rows} - known)


def add_device(connection: Connection, of_clinic: str, name: str, public_key: bytes, now: datetime) -> bool:
    """Whether the name was free in the clinic; then the device is let in."""
    row = {"clinic": of_clinic, "name": name, "public_key": public_key, "state": "active", "added_at": now}
    statement = insert(connection, device).values(row).on_conflict_do_nothing().returning(device.c.name)
    return connection.execute(statement).first() is not None


def revoke_device(connection: Connection, of_clinic: str, name: str, now: datetime) -> bool:
    """Whether there was such an active device; neither it nor any certificate of it is let in any more."""
    own = (device.c.clinic == of_clinic, device.c.name == name, device.c.state == "active")
    changed = connection.execute(update(device).where(*own).values(state="revoked", revoked_at=now))
    revoke_all(connection, of_clinic, name, now)
    return changed.rowcount == 1
