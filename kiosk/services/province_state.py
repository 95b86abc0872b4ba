"""How the province is reached, as staff see it, and what they can do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from kiosk.ports import Clock
from kiosk.store import province, repositories
from kiosk.store.database import Database
from kiosk.store.province_tables import ProvinceSender

PROBLEMS: Final = ("unknown", "revoked", "refused", "aside", "behind", "fork", "lost", "untold", "full")
"""The problems that have words."""


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


class Province:
    """What the store says of sending to the province.

    :param device: the desk's name in the audit chain.
    """

    def __init__(self, database: Database, *, device: str, clock: Clock) -> None:
        self._database = database
        self._device = device
        self._clock = clock

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
            return ProvinceState(
                device=sender.device,
                answered_at=at,
                answered_s=None if at is None else max(0, int((now - at).total_seconds())),
                waiting=backlog.waiting,
                aside=backlog.aside,
                lost=sender.lost,
                problem=_problem(parts),
                last_number=sender.seq,
                acked_through=sender.acked_through,
                emergency=sender.emergency,
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
