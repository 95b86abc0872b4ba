"""What the picture makes of what clinics said: which clinic is silent, ready, or needs somebody. Pure rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kiosk.hub.event import CLINIC_TIME
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.store.province import ClinicDay
from kiosk.hub.store.states import DeviceState

BACKLOG = 50
"""So many events that wait at a device need somebody."""
_STILL_AFTER = 4
"""So many admissions in the same hours a week ago, and none today, need somebody."""


class Standing(StrEnum):
    """How a clinic stands."""

    READY = "ready"
    NOT_READY = "not_ready"
    SILENT = "silent"
    """Nothing was heard of it for too long while it is open."""
    CLOSED = "closed"
    """Nothing was heard of it, and it is not open now."""
    UNKNOWN = "unknown"
    """No device of it was ever heard of."""


class Why(StrEnum):
    """Why a clinic needs somebody, the most urgent first."""

    SILENT = "silent"
    LANE = "lane"
    STILL = "still"
    TRUST = "trust"
    ROSTER = "roster"
    AILING = "ailing"
    SELF_TEST = "self_test"
    BACKLOG = "backlog"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A clinic as the picture shows it.

    :ivar whys: why it needs somebody; none where it does not.
    """

    day: ClinicDay
    devices: tuple[DeviceState, ...]
    standing: Standing
    whys: tuple[Why, ...]
    exceptions: int = 0
    aside: int = 0

    @property
    def heard_at(self) -> datetime | None:
        """When anything of it last came."""
        return self.day.heard_at


def is_open(now: datetime, config: PictureConfig) -> bool:
    """Whether clinics are open at this time."""
    local = now.astimezone(CLINIC_TIME)
    return local.isoweekday() in config.open_days and config.opens <= local.time() < config.closes


def judge(
    day: ClinicDay,
    devices: Sequence[DeviceState],
    now: datetime,
    config: PictureConfig,
    *,
    usual: Sequence[int] = (),
    exceptions: int = 0,
    aside: int = 0,
) -> Judged:
    """How a clinic stands.

    :param day: today's counts. :param usual: admissions by the hour on the same weekday a week ago.
    """
    open_now = is_open(now, config)
    quiet_s = config.silent_minutes * 60
    silent = day.heard_at is None or (now - day.heard_at).total_seconds() > quiet_s
    whys = tuple(_whys(day, devices, now, config, usual, silent=silent, open_now=open_now))
    return Judged(
        day=day,
        devices=tuple(devices),
        standing=_standing(day, whys, silent=silent, open_now=open_now),
        whys=whys,
        exceptions=exceptions,
        aside=aside,
    )


def _standing(day: ClinicDay, whys: Sequence[Why], *, silent: bool, open_now: bool) -> Standing:
    if day.heard_at is None:
        return Standing.UNKNOWN
    if silent:
        return Standing.SILENT if open_now else Standing.CLOSED
    # A clinic is ready by three things alone; what ails besides needs somebody, and it works all the same.
    unready = {Why.SELF_TEST, Why.TRUST, Why.ROSTER, Why.NOBODY}
    return Standing.NOT_READY if unready.intersection(whys) else Standing.READY


def _whys(
    day: ClinicDay,
    devices: Sequence[DeviceState],
    now: datetime,
    config: PictureConfig,
    usual: Sequence[int],
    *,
    silent: bool,
    open_now: bool,
) -> Iterator[Why]:
    if day.heard_at is None:
        yield Why.UNKNOWN
        return
    if silent and open_now:
        yield Why.SILENT
    lanes = [each.beat["lane"] for each in devices if "lane" in each.beat]
    if lanes and "open" not in lanes:
        yield Why.LANE
    if open_now and not silent and is_still(day.hours, usual, now):
        yield Why.STILL
    yield from _old(devices, now, config)
    if any(each.parts or each.beat.get("ailing") for each in devices):
        yield Why.AILING
    if not _recent([each.passed_at for each in devices], now, timedelta(hours=config.self_test_hours)):
        yield Why.SELF_TEST
    if any(each.beat.get("backlog", 0) >= BACKLOG for each in devices):
        yield Why.BACKLOG
    if not _recent([each.admitted_at for each in devices], now, timedelta(days=config.admitted_days)):
        yield Why.NOBODY


def _old(devices: Sequence[DeviceState], now: datetime, config: PictureConfig) -> Iterator[Why]:
    for why, what, days in ((Why.TRUST, "trust", config.trust_days), (Why.ROSTER, "roster", config.roster_days)):
        ages = [each.age_s(what, now) for each in devices if each.beat]
        if not any(age is not None and age <= days * 86_400 for age in ages):
            yield why


def _recent(instants: Sequence[datetime | None], now: datetime, within: timedelta) -> bool:
    return any(at is not None and now - at <= within for at in instants)


def is_still(hours: Sequence[int], usual: Sequence[int], now: datetime) -> bool:
    """Whether nobody was admitted in the last whole hour and since, where a week ago some were."""
    present = now.astimezone(CLINIC_TIME).hour
    if not usual or present == 0:
        return False
    return sum(hours[present - 1 : present + 1]) == 0 and usual[present - 1] >= _STILL_AFTER


def by_why(clinics: Sequence[Judged]) -> Mapping[Why, tuple[Judged, ...]]:
    """Who needs somebody, under the most urgent reason of each; the most urgent first."""
    found = {why: tuple(each for each in clinics if each.whys and each.whys[0] is why) for why in Why}
    return {why: each for why, each in found.items() if each}
