"""Somebody was erased at a clinic: then nothing here tells them again.

The event stays as a fact, with its number and the hash of its envelope in the ledger; its pseudonym goes, and so does
the envelope, in which the pseudonym lies sealed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, or_, select, tuple_, update

from kiosk.hub.store.tables import check_in, event, second_visit, shown_code, withdrawn

ERASED: Final = "erased"
"""The change of a correction that says so."""

Visits = Iterable[tuple[str, bytes]]
"""Clinics and visits."""


def erased_among(connection: Connection, visits: Visits) -> list[tuple[str, bytes]]:
    """Those of these visits whose person was erased: the word may have come before the visit itself."""
    key = tuple_(withdrawn.c.clinic, withdrawn.c.visit)
    query = select(withdrawn.c.clinic, withdrawn.c.visit).where(key.in_(sorted(set(visits))))
    return [(row.clinic, row.visit) for row in connection.execute(query.where(withdrawn.c.change == ERASED))]


def forget(connection: Connection, visits: Visits, now: datetime) -> None:
    """Take the pseudonyms of these visits away.

    What was a second admission because of them is none, until whoever has others on that day is judged again.
    """
    visits = list(visits)
    second = tuple_(second_visit.c.clinic, second_visit.c.visit).in_(visits)
    after = tuple_(second_visit.c.first_clinic, second_visit.c.first_visit).in_(visits)
    lapsed = update(second_visit).where(or_(second, after), second_visit.c.state == "open")
    connection.execute(lapsed.values(state="lapsed", closed_at=now))
    connection.execute(delete(check_in).where(tuple_(check_in.c.clinic, check_in.c.visit).in_(visits)))
    connection.execute(delete(shown_code).where(tuple_(shown_code.c.clinic, shown_code.c.visit).in_(visits)))
    for clinic, visit in visits:
        own = (event.c.clinic == clinic, event.c.visit == visit)
        for row in connection.execute(select(event.c.device, event.c.seq, event.c.body).where(*own)).all():
            body = {name: value for name, value in row.body.items() if name not in ("person", "person_key", "code_tag")}
            this = (*own, event.c.device == row.device, event.c.seq == row.seq)
            connection.execute(update(event).where(*this).values(body=body, envelope=b""))
