"""The figures of a week as they are published: from Monday to Sunday, of the whole province, for nobody to be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from kiosk.hub.event import clinic_day
from kiosk.hub.picture.anonymous import Published, published, withheld
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.province import ClinicDay, province_day
from kiosk.hub.store.states import shares_of

SHARED = ("lane", "assurance", "code", "override")
"""The measures that are published by their words alone."""

WHOLE = frozenset({"day", "clinic", "lane", "assurance", "linked"})
"""The tables that count every admission once: each of them tells the total of all others."""

OF_CHIPS = frozenset({"lane", "assurance"})
"""The tables that tell how many chips were read, as the one of cards does."""


class WeekNotOver(ValueError):
    """A week is published once it is over: two editions of one week would tell by their difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A published table. :ivar key: its stable name. :ivar heads: the stable names of its columns."""

    key: str
    heads: tuple[str, ...]
    content: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekReport:
    """A week of the province. :ivar names: the clinics' names by their codes."""

    monday: date
    made_at: datetime
    k: int
    target: float
    tables: tuple[Table, ...]
    names: Mapping[str, str]

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def week_report(database: HubDatabase, monday: date, now: datetime, *, k: int, target: float) -> WeekReport:
    """The week that begins on this Monday.

    :raises WeekNotOver: where it is not, or the day is no Monday.
    :raises HubStoreUnavailable: if the store refuses.
    """
    if monday.weekday() or monday + timedelta(days=7) > clinic_day(now):
        raise WeekNotOver(monday.isoformat())
    with database.read() as connection:
        days = [province_day(connection, monday + timedelta(days=place)) for place in range(7)]
        shares = shares_of(connection, monday, monday + timedelta(days=6))
    return WeekReport(
        monday=monday,
        made_at=now,
        k=k,
        target=target,
        tables=_tables(monday, days, shares, k),
        names={each.clinic: each.name for each in days[0]},
    )


def _tables(
    monday: date, days: Sequence[Sequence[ClinicDay]], shares: Mapping[str, Mapping[str, int]], k: int
) -> tuple[Table, ...]:
    by_day = {
        (monday + timedelta(days=place)).isoformat(): [sum(each.totals["admissions"] for each in day)]
        for place, day in enumerate(days)
    }
    by_clinic = {
        each.clinic: [sum(day[place].totals["admissions"] for day in days)] for place, each in enumerate(days[0])
    }
    total = {name: sum(each.totals[name] for day in days for each in day) for name in ("linked", "link_known")}
    linked = {"linked": [total["linked"]], "not_linked": [total["link_known"] - total["linked"]]}
    by_word = [Table(key=key, heads=("count",), content=_words(shares.get(key, {}), k)) for key in SHARED]
    tables = (
        Table(key="day", heads=("count",), content=published(by_day, k)),
        Table(key="linked", heads=("count",), content=published(linked, k)),
        *by_word,
        Table(key="card", heads=("first", "later"), content=published(_cards(shares), k)),
        Table(key="clinic", heads=("count",), content=published(by_clinic, k)),
    )
    return told_apart(held_together(tables), k)


def told_apart(tables: Sequence[Table], k: int) -> tuple[Table, ...]:
    """The tables without those whose total tells a count below k by how little it differs from another number.

    Of some admissions nobody knows whether they are linked; cards are read for desk tickets, too, and not for every
    admission: what lies between such a total and the one around it, or within it, is a count like any other.
    """
    found = {table.key: table.content for table in tables}
    admissions, tickets, cards = (_whole(found.get(key)) for key in ("day", "code", "card"))
    everybody = None if admissions is None or tickets is None else admissions + tickets
    around_cards = [admissions, everybody, _chips(found.get("assurance"))]
    lanes = [row for key in OF_CHIPS if key in found for row in found[key].rows.values()]
    around_cards += [row[0] for row in lanes if row is not None]
    telling = {
        "linked": _differ_little(_whole(found.get("linked")), [admissions], k),
        "card": _differ_little(cards, around_cards, k),
    }
    return tuple(replace(each, content=withheld(each.content)) if telling.get(each.key) else each for each in tables)


def _whole(table: Published | None) -> int | None:
    """The sum of a table's totals, where all of them are told."""
    if table is None or table.is_without_total:
        return None
    return sum(total for total in table.totals if total is not None)


def _chips(table: Published | None) -> int | None:
    """How many chips were read, where every such row is told."""
    rows = [] if table is None else [row for word, row in table.rows.items() if word.startswith("chip_")]
    shown = [row[0] for row in rows if row is not None]
    return sum(shown) if len(shown) == len(rows) else None


def _differ_little(number: int | None, others: Sequence[int | None], k: int) -> bool:
    return number is not None and any(other is not None and 0 < abs(number - other) < k for other in others)


def held_together(tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables without what one of them leaves out and another one would tell.

    Where a table leaves out the total of all admissions, every other one tells it, or a bound that may be as good: then
    nothing of the week is published. Few cards hide behind a few chips only.
    """
    gone = {table.key for table in tables if table.content.is_without_total}
    if gone & WHOLE:
        return tuple(replace(table, content=withheld(table.content)) for table in tables)
    if "card" not in gone:
        return tuple(tables)
    return tuple(replace(each, content=withheld(each.content)) if each.key in OF_CHIPS else each for each in tables)


def _words(counts: Mapping[str, int], k: int) -> Published:
    return published({word: [n] for word, n in sorted(counts.items(), key=lambda each: (-each[1], each[0]))}, k)


def _cards(shares: Mapping[str, Mapping[str, int]]) -> dict[str, list[int]]:
    """Cards that were read at the first try, and those that were not, by generation."""
    first = shares.get("card_first", {})
    return {card: [first.get(card, 0), n - first.get(card, 0)] for card, n in sorted(shares.get("card", {}).items())}
