"""The province's page put together: what needs somebody first, then figures, then the heat map in blocks of clinics."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.hub.event import CLINIC_TIME
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.judge import Judged, Standing, Why, by_why, is_open
from kiosk.hub.picture.looking import Province
from kiosk.hub.store.signals import KINDS

BLOCK = 24
"""So many clinics stand under one line of hours."""
FIRST_HOUR, LAST_HOUR = 6, 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What runs where: how many devices have which version, the most first; the oldest in seconds."""

    what: str
    counts: tuple[tuple[str, int], ...]
    oldest_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The province's page.

    :ivar needs: who needs somebody, by the most urgent reason. :ivar hours: those that the heat map shows.
    :ivar cards: reads and first-try reads by the generation of the card.
    """

    sight: Province
    open_now: bool
    hours: tuple[int, ...]
    needs: Mapping[Why, tuple[Judged, ...]]
    standings: Mapping[Standing, int]
    blocks: tuple[tuple[Judged, ...], ...]
    versions: tuple[Versions, ...]
    cards: tuple[tuple[str, int, int], ...]
    frauds: Sequence[Any]
    other_alarms: Sequence[Any]
    aside: int
    exceptions: int
    linked_target: float

    @property
    def ready(self) -> int:
        """How many clinics are ready."""
        return self.standings.get(Standing.READY, 0)

    @property
    def linked_short(self) -> bool:
        """Whether fewer are linked than is aimed at."""
        known = self.sight.totals.get("link_known", 0)
        return bool(known) and 100 * self.sight.totals.get("linked", 0) / known < self.linked_target


def page_of(sight: Province, config: PictureConfig) -> Page:
    """The page of the province as it is."""
    clinics = sight.clinics
    alarms = sight.alarms
    return Page(
        sight=sight,
        open_now=is_open(sight.at, config),
        hours=_hours(clinics),
        needs=by_why(clinics),
        standings=Counter(each.standing for each in clinics),
        blocks=tuple(clinics[place : place + BLOCK] for place in range(0, len(clinics), BLOCK)),
        versions=tuple(_versions(sight)),
        cards=_cards(sight.shares),
        frauds=[each for each in alarms if each.kind in KINDS],
        other_alarms=[each for each in alarms if each.kind not in KINDS],
        aside=sum(each.aside for each in clinics),
        exceptions=sum(each.exceptions for each in clinics),
        linked_target=config.linked_target,
    )


def _hours(clinics: Sequence[Judged]) -> tuple[int, ...]:
    """The hours of a clinic's day, and those before and after in which somebody was admitted."""
    some = [hour for each in clinics for hour, n in enumerate(each.day.hours) if n]
    return tuple(range(min([FIRST_HOUR, *some]), max([LAST_HOUR, *some]) + 1))


def _versions(sight: Province) -> Iterator[Versions]:
    beats = [device for each in sight.clinics for device in each.devices if device.beat]
    for what in ("program", "trust", "roster"):
        counts = Counter(str(device.beat.get(what) or "—") for device in beats)
        ages = [age for device in beats if (age := device.age_s(what, sight.at)) is not None]
        ordered = tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
        yield Versions(what=what, counts=ordered, oldest_s=max(ages, default=None))


def _cards(shares: Mapping[str, Mapping[str, int]]) -> tuple[tuple[str, int, int], ...]:
    first = shares.get("card_first", {})
    return tuple((card, n, first.get(card, 0)) for card, n in sorted(shares.get("card", {}).items()))


def present_hour(sight: Province) -> int:
    """The hour that it is at the clinics."""
    return sight.at.astimezone(CLINIC_TIME).hour
