"""The roster as visits ask it: one open file, and a look at each question whether a newer one lies in its place."""

from datetime import datetime
from pathlib import Path
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.domain.eligibility import Coverage
from kiosk.insurance.roster.file import RosterFile, RosterInfo, damage_told, damaged
from kiosk.insurance.roster.layout import Kind, Row, day_of, insurance_digits, reveal
from kiosk.insurance.roster.names import Described, NameOpener
from kiosk.insurance.roster.state import check_not_rolled_back, state_of
from kiosk.keys import PersonTags

Numbers = tuple[str | None, str | None]
"""A personal number and an insurance number, each perhaps unknown."""


class Roster:
    """A roster to ask; safe to use from several threads.

    :param state: the file that says which roster was the newest here; beside the roster where it is not given.
    :raises ConfigurationError: ``never_set_up`` where there is no file, ``old_format`` or ``damaged`` where it is not a
        whole roster of this format, ``wrong_key`` where it was made with another key, ``rolled_back`` where it is older
        than one that was imported here.
    """

    def __init__(self, path: Path, *, tags: PersonTags, state: Path | None = None) -> None:
        self._path = path
        self._state = state or state_of(path)
        self._tags = tags
        # One connection under a lock: an answer takes microseconds, and it closes when a newer file is there.
        self._lock = Lock()
        self._seen: tuple[int, ...] = ()
        self._file = self._opened()

    @property
    def version(self) -> str:
        """The version that the insurer gave this roster."""
        return self._file.info.version

    @property
    def as_of(self) -> datetime:
        """When the roster was true.

        :raises ConfigurationError: if the file was damaged since the start.
        """
        return self.info.as_of

    @property
    def info(self) -> RosterInfo:
        """What the roster says of itself; ConfigurationError if the file was damaged since the start."""
        with self._lock:
            return self._present().info

    def find(self, personal_number: str) -> Coverage | None:
        """The coverage of this person, or None where the roster knows nobody by that number.

        :raises ConfigurationError: if the file was damaged since the start.
        """
        tag = self._tags.roster_tag(personal_number)
        with self._lock, damage_told():
            file = self._present()
            data = file.row(tag)
            return None if data is None else self._coverage(file, data, personal_number)

    def find_insurance(self, number: str) -> Coverage | None:
        """The coverage of whoever has this insurance number of 10 digits or 15 characters, or None.

        The last ten characters count: the first five change with the group of insured persons.

        :raises ConfigurationError: if the file was damaged since the start.
        """
        digits = insurance_digits(number)
        if digits is None:
            return None
        tag = self._tags.insurance_tag(digits)
        with self._lock, damage_told():
            file = self._present()
            data = file.linked_row(tag)
            return None if data is None else self._coverage(file, data, None, digits)

    def is_linked(self, number: str) -> bool:
        """Whether this insurance number leads to a row that has a personal number too.

        :raises ConfigurationError: if the file was damaged since the start.
        """
        digits = insurance_digits(number)
        if digits is None:
            return False
        with self._lock, damage_told():
            file = self._present()
            data = file.linked_row(self._tags.insurance_tag(digits))
            return data is not None and file.kinds[Row.from_bytes(data).kind].personal

    def describe(self, numbers: Numbers, private_key: X25519PrivateKey) -> Described | None:
        """Who has these numbers, where the name is kept here; only the clinic's private key opens it.

        :param numbers: the personal number, or None, and the insurance number, or None.
        :raises CannotOpen: where the name was sealed to another clinic, or altered.
        :raises ConfigurationError: if the file was damaged since the start.
        """
        personal, insurance = numbers
        digits = insurance_digits(insurance) if insurance else None
        with self._lock, damage_told():
            names = NameOpener(self._present(), private_key, tags=self._tags)
            found = names.find(personal) if personal else None
            if found is not None or digits is None:
                return found
            # Beside a personal number a row of another personal number is another person's.
            return names.find_insured_only(digits) if personal else names.find_insured(digits)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def __len__(self) -> int:
        return self.info.rows

    def _coverage(self, file: RosterFile, data: bytes, personal_number: str | None, digits: str = "") -> Coverage:
        row = Row.from_bytes(data)
        kind = file.kinds[row.kind]
        if personal_number is not None and kind.insured:
            digits = reveal(row.hidden, self._tags.pad(personal_number, row.salt))
        return _coverage(row, kind, digits, file.info)

    def _present(self) -> RosterFile:
        """The file that lies there now: a newer one counts at once, if it is whole and of this key."""
        if self._signature() != self._seen:
            self._file = self._opened()
        return self._file

    def _opened(self) -> RosterFile:
        seen = self._signature()
        file = RosterFile(self._path, tags=self._tags)
        check_not_rolled_back(self._state, file.info)
        self._seen = seen
        return file

    def _signature(self) -> tuple[int, ...]:
        try:
            file = self._path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise damaged() from error
        return file.st_ino, file.st_mtime_ns, file.st_size


def _coverage(row: Row, kind: Kind, digits: str, info: RosterInfo) -> Coverage:
    valid_from = day_of(row.valid_from)
    if valid_from is None:
        raise damaged()
    return Coverage(
        valid_from=valid_from,
        valid_to=day_of(row.valid_to),
        benefit=kind.benefit,
        home_clinic=kind.home_clinic,
        as_of=info.as_of,
        insurance_number=kind.prefix + digits if digits else None,
        object_group=kind.object_group or None,
        deceased=kind.dead,
    )
