"""Personal numbers whose cards were reported lost, as keyed hashes: whoever shows such a card goes to the desk.

The list is the clinic's own, or one that the province hands out to be read in. A new card has the same personal number
as the lost one, so whoever got theirs is taken off the list again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from idcard import IdCardError, PersonalNumber
from kiosk.domain.route import Clinic
from kiosk.keys import PersonTags
from kiosk.ports import Clock
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.desk_tables import LostCard


class BadNumber(ValueError):
    """No personal number; the message does not quote it. ``line``: which of several it was, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__("no personal number")
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRow:
    """An entry: the first letters of its keyed hash, by whom and when (UTC) it was made. It names nobody."""

    mark: str
    added_by: str
    added_at: datetime


class LostCards:
    """The list of a clinic.

    :param tags: made of the roster's key, which both processes have.
    """

    def __init__(self, *, database: Database, clinic: Clinic, tags: PersonTags) -> None:
        self._database = database
        self._clinic = clinic
        self._tags = tags

    def reported(self, personal_number: str | None) -> bool:
        """Whether the card of whoever has this number was reported lost.

        :raises StoreUnavailable: if nobody can say.
        """
        if personal_number is None:
            return False
        with self._database.read() as session:
            return session.get(LostCard, (self._clinic.code, self._tags.lost_tag(personal_number))) is not None

    def rows(self, limit: int = 200) -> tuple[LostRow, ...]:
        """The entries, the latest first."""
        query = select(LostCard).where(LostCard.clinic == self._clinic.code)
        with self._database.read() as session:
            found = session.scalars(query.order_by(LostCard.added_at.desc(), LostCard.tag).limit(limit)).all()
            return tuple(
                LostRow(mark=each.tag.hex()[:8], added_by=each.added_by, added_at=each.added_at) for each in found
            )

    def count(self) -> int:
        """How many entries there are."""
        query = select(func.count()).select_from(LostCard).where(LostCard.clinic == self._clinic.code)
        with self._database.read() as session:
            return session.scalar(query) or 0

    def add(self, numbers: Iterable[str], *, by: str, device: str, clock: Clock) -> int:
        """Take personal numbers onto the list, all or none; how many are new to it.

        :raises BadNumber: for the first that is none.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        tags = self._tags_of(numbers)
        at = clock.now()
        with self._database.write() as session:
            new = [tag for tag in tags if session.get(LostCard, (self._clinic.code, tag)) is None]
            session.add_all(LostCard(clinic=self._clinic.code, tag=tag, added_by=by, added_at=at) for tag in new)
            session.flush()
            if new:
                repositories.append_audit(session, device, at, "lost_added", {"many": len(new), "by": by})
        return len(new)

    def remove(self, numbers: Iterable[str], *, by: str, device: str, clock: Clock) -> int:
        """Take personal numbers off the list; how many were on it. Raises as :meth:`add` does."""
        tags = self._tags_of(numbers)
        with self._database.write() as session:
            found = [row for tag in tags if (row := session.get(LostCard, (self._clinic.code, tag))) is not None]
            for row in found:
                session.delete(row)
            session.flush()
            if found:
                repositories.append_audit(session, device, clock.now(), "lost_removed", {"many": len(found), "by": by})
        return len(found)

    def _tags_of(self, numbers: Iterable[str]) -> tuple[bytes, ...]:
        tags = {}
        for line, text in enumerate(numbers, start=1):
            try:
                tags[self._tags.lost_tag(PersonalNumber.parse("".join(text.split())).digits)] = line
            except IdCardError:
                raise BadNumber(line) from None
        return tuple(tags)
