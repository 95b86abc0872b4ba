"""How the province is reached, as staff see it, and what they can do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from kiosk.ports import Clock
from kiosk.store import province, repositories
from kiosk.store.database import Database
from kiosk.store.province_tables import ProvinceSender
from kiosk.store.tables import DeviceState

PROBLEMS: Final = ("unknown", "revoked", "refused", "aside", "behind", "fork", "lost", "untold", "full")
"""The problems that have words."""
ASKS_FOR_AGAIN: Final = frozenset({"unknown", "revoked", "refused", "aside", "behind", "fork", "untold"})
"""Those that stay until a person says that they were seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceState:
    """How the province is reached.

    ``answered_at`` is when it last answered, or None; ``waiting`` how many events wait to be sent, ``aside`` how many
    wait for a person. ``problem`` is a stable word, or nothing.
    """

    device: str
    answered_at: datetime | None
    answered_s: int | None
    waiting: int
    aside: int
    lost: int
    problem: str
    last_number: int
    acked_through: int
    emergency: int
    untold: int = 0
    """Of how many things that happened here no event could be made."""
    quiet: bool = False
    """Whether it did not answer for so long that somebody should look why."""

    @property
    def can_go_on(self) -> bool:
        """Whether something waits for a person's word to be sent, or to be called seen."""
        return bool(self.aside or self.untold or self.problem in ASKS_FOR_AGAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateState:
    """How long this device's certificate is good: whole days, none where it ran out.

    ``problem`` is a stable word, or nothing: ``later`` where it is due and the hub does not answer, ``refused`` where
    it says no, ``over`` where it ran out.
    """

    until: datetime
    days_left: int
    problem: str


class Province:
    """What the store says of sending to the province.

    :param device: the desk's name in the audit chain. :param quiet_h: hours without an answer after which that is told.
    """

    def __init__(self, database: Database, *, device: str, clock: Clock, quiet_h: float = 6.0) -> None:
        self._database = database
        self._device = device
        self._clock = clock
        self._quiet_s = 3600 * quiet_h

    def certificate(self) -> CertificateState | None:
        """How long the certificate is good, or None where there is none, or nobody has looked."""
        with self._database.read() as session:
            row = session.get(DeviceState, (self._device, province.CERTIFICATE))
            said = {} if row is None else dict(row.state)
        try:
            until = datetime.fromisoformat(str(said["until"]))
        except (KeyError, ValueError):
            return None
        left = until - self._clock.now()
        problem = "over" if left <= timedelta(0) else str(said.get("why", ""))
        return CertificateState(until=until, days_left=max(0, left.days), problem=problem)

    def state(self) -> ProvinceState | None:
        """How it is, or None where nothing was ever sent from here."""
        now = self._clock.now()
        with self._database.read() as session:
            sender = session.scalar(
                select(ProvinceSender).order_by(ProvinceSender.answered_at.desc().nulls_last()).limit(1)
            )
            if sender is None:
                return None
            backlog = province.backlog(session, sender.device)
            parts = [row.state for row in repositories.device_states(session) if row.part == province.PART]
            at = sender.answered_at
            answered_s = None if at is None else max(0, int((now - at).total_seconds()))
            return ProvinceState(
                device=sender.device,
                answered_at=at,
                answered_s=answered_s,
                waiting=backlog.waiting,
                aside=backlog.aside,
                lost=sender.lost,
                problem=_problem(parts),
                last_number=sender.seq,
                acked_through=sender.acked_through,
                emergency=sender.emergency,
                untold=int(province.mark(session, sender.device, province.UNTOLD) or 0),
                quiet=answered_s is not None and answered_s > self._quiet_s,
            )

    def again(self, *, by: str) -> int | None:
        """Send once more what was put aside, and go on where sending had stopped; how many events those are.

        None where nothing was ever sent from here.
        """
        state = self.state()
        if state is None:
            return None
        now = self._clock.now()
        with self._database.write() as session:
            many = province.try_again(session, state.device)
            repositories.set_device_state(session, self._device, province.PART, {"ok": True}, state.answered_at or now)
            repositories.append_audit(session, self._device, now, "province_again", {"many": many, "by": by})
        return many


def _problem(states: Iterable[Mapping[str, Any]]) -> str:
    """The first reason why a part is not well, or nothing."""
    return next((str(each.get("reason", "")).removeprefix("province_") for each in states if not each.get("ok")), "")
