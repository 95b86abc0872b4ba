"""The shift: which officer is on duty. The payer wants a registered officer's name and number with every question.

Theory of operation. An officer opens a shift at the staff screen and it ends by itself. Name and number rest sealed
with the clinic's key, like a patient's; only the staff process opens them. A shift that is opened ends an earlier one.
"""

import os
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from idcard import IdCardError, PersonalNumber
from kiosk.domain.names import masked, number_tail
from kiosk.domain.route import Clinic
from kiosk.keys import CannotOpen, Entropy, Sealed, VisitOpener
from kiosk.ports import Clock
from kiosk.store import repositories, shifts
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Shift

LONGEST = timedelta(hours=16)
_LONGEST_NAME = 100
_log = structlog.get_logger(__name__)


class BadShift(ValueError):
    """A shift that makes no sense; its text is the field's name: ``officer``, ``officer_number`` or ``times``."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Officer:
    """Who is on duty."""

    name: str
    personal_number: str

    def __repr__(self) -> str:
        return "Officer(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShift:
    """A shift that goes on, or begins later; instants in UTC."""

    id: str
    officer: Officer
    starts_at: datetime
    ends_at: datetime

    @property
    def masked_name(self) -> str:
        """The officer's name as the screen shows it."""
        return masked(self.officer.name)

    @property
    def number_tail(self) -> str:
        """The last digits of the officer's number."""
        return number_tail(self.officer.personal_number)


class ShiftBook:
    """The shifts of a clinic, for the staff process.

    :param device: the desk's name in the audit chain.
    """

    def __init__(
        self,
        *,
        database: Database,
        clinic: Clinic,
        device: str,
        opener: VisitOpener,
        clock: Clock,
        entropy: Entropy = os.urandom,
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._opener = opener
        self._clock = clock
        self._entropy = entropy

    def open(self, name: str, number: str, *, starts_at: datetime, ends_at: datetime, by: str) -> OpenShift:
        """The committed shift.

        :param by: the clerk who opens it.
        :raises BadShift: for a name, number or times that make no sense.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        officer = Officer(name=officer_name(name), personal_number=officer_number(number))
        now = self._clock.now()
        if not (starts_at < ends_at <= starts_at + LONGEST) or ends_at <= now or starts_at > now + LONGEST:
            raise BadShift("times")
        shift = self._sealed(officer, starts_at, ends_at, now)
        with self._database.write() as session:
            shifts.end_by(session, self._clinic.code, starts_at)
            session.add(shift)
            session.flush()
            self._audit(session, now, "shift_opened", {**_facts(shift), "by": by})
            opened = OpenShift(id=shift.id, officer=officer, starts_at=starts_at, ends_at=ends_at)
        _log.info("shift_opened")
        return opened

    def close(self, *, by: str) -> None:
        """End the present shift, where there is one."""
        now = self._clock.now()
        with self._database.write() as session:
            shift = shifts.current(session, self._clinic.code, now)
            if shift is not None:
                shift.ends_at = now
                session.flush()
                self._audit(session, now, "shift_closed", {**_facts(shift), "by": by})

    def current(self) -> OpenShift | None:
        """The shift that goes on now, or None.

        :raises StoreUnavailable: if the store cannot be read.
        """
        with self._database.read() as session:
            shift = shifts.current(session, self._clinic.code, self._clock.now())
            return None if shift is None else self._opened(shift)

    def _sealed(self, officer: Officer, starts_at: datetime, ends_at: datetime, now: datetime) -> Shift:
        shift_id = uuid7(now, entropy=self._entropy)
        fields = {"name": officer.name, "personal_number": officer.personal_number}
        sealed = self._opener.sealer().seal(shift_id, fields)
        return Shift(
            id=shift_id,
            clinic=self._clinic.code,
            device=self._device,
            starts_at=starts_at,
            ends_at=ends_at,
            sealed_key=sealed.key,
            blob=sealed.blob,
            commitment=sealed.commitment,
            created_at=now,
        )

    def _opened(self, shift: Shift) -> OpenShift | None:
        sealed = Sealed(key=shift.sealed_key, blob=shift.blob, commitment=shift.commitment)
        try:
            fields = self._opener.open(shift.id, sealed)
        except CannotOpen:
            _log.error("shift_unreadable", shift=shift.id)
            return None
        officer = Officer(name=fields.get("name") or "", personal_number=fields.get("personal_number") or "")
        return OpenShift(id=shift.id, officer=officer, starts_at=shift.starts_at, ends_at=shift.ends_at)

    def _audit(self, session: Any, at: datetime, kind: str, facts: dict[str, Any]) -> None:
        repositories.append_audit(session, self._device, at, kind, facts)
        repositories.append_outbox(session, self._device, at, kind, facts)


def _facts(shift: Shift) -> dict[str, Any]:
    return {
        "shift": shift.id,
        "clinic": shift.clinic,
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "commitment": shift.commitment.hex(),
    }


def officer_name(text: str) -> str:
    """The name in NFC with single spaces; BadShift ``officer`` for anything else."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > _LONGEST_NAME or not all(char.isalpha() or char in " '-.," for char in name):
        raise BadShift("officer")
    return name


def officer_number(text: str) -> str:
    """The twelve digits; BadShift ``officer_number`` for anything else."""
    try:
        return PersonalNumber.parse("".join(text.split())).digits
    except IdCardError:
        raise BadShift("officer_number") from None
