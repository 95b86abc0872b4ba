"""The months of ``event`` on PostgreSQL: made ahead, so that no event ever waits for one.

Theory of operation. A partition holds what was *received* in a month (UTC): the hub's own clock, which no device can
set. They are made some months ahead at each start and once a day. Should nobody have made one in time, rows land in the
default partition: nothing is lost, an alarm is raised, and the next time the month is made its rows are moved there.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from kiosk.hub.store.alarms import HUB, raise_alarm
from kiosk.hub.store.database import HubDatabase

AHEAD = 3
"""How many months are there before they are needed."""
DEFAULT = "event_default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month (UTC)."""

    year: int
    month: int

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """The month of an instant."""
        in_utc = at.astimezone(UTC)
        return cls(year=in_utc.year, month=in_utc.month)

    @property
    def next(self) -> "Month":
        """The month after."""
        return Month(year=self.year + self.month // 12, month=self.month % 12 + 1)

    @property
    def begin(self) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def table(self) -> str:
        """The name of its partition."""
        return f"event_{self.year:04}_{self.month:02}"


def make_months(database: HubDatabase, now: datetime, *, ahead: int = AHEAD) -> tuple[str, ...]:
    """Make the partitions of this month and of some ahead that are missing; their names. Nothing on SQLite.

    :raises HubStoreUnavailable: if they cannot be made; then none was.
    """
    if not database.is_postgresql:
        return ()
    with database.write() as connection:
        # One at a time, also where several hubs start together.
        connection.execute(text("LOCK TABLE ONLY event IN SHARE UPDATE EXCLUSIVE MODE"))
        month, made = Month.of(now), []
        for _ in range(ahead + 1):
            if _make(connection, month):
                made.append(month.table)
            month = month.next
        if stray := _strays(connection):
            raise_alarm(
                connection, HUB, HUB, "default_partition", mark=Month.of(now).table, at=now, facts={"rows": stray}
            )
    return tuple(made)


def months(connection: Connection) -> tuple[str, ...]:
    """The names of the partitions that there are, the default one among them."""
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass ORDER BY 1"
    return tuple(connection.execute(text(query)).scalars())


def _strays(connection: Connection) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {DEFAULT}")).scalar_one())


def _make(connection: Connection, month: Month) -> bool:
    """Whether a month's partition was missing; it is there now, with what had gone astray."""
    if connection.execute(text("SELECT to_regclass(:name)"), {"name": month.table}).scalar() is not None:
        return False
    first, end = month.begin.isoformat(), month.next.begin.isoformat()
    connection.execute(text(f"CREATE TABLE {month.table} (LIKE event INCLUDING ALL)"))
    within = {"first": first, "end": end}
    moved = (
        f"WITH moved AS (DELETE FROM {DEFAULT} WHERE received_at >= CAST(:first AS timestamptz) "
        f"AND received_at < CAST(:end AS timestamptz) RETURNING *) INSERT INTO {month.table} SELECT * FROM moved"
    )
    connection.execute(text(moved), within)
    # No bound parameters in DDL; both instants are our own.
    connection.execute(
        text(f"ALTER TABLE event ATTACH PARTITION {month.table} FOR VALUES FROM ('{first}') TO ('{end}')")
    )
    return True
