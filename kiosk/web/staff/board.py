"""What the staff's page shows at one moment, gathered from the desk."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from idcard import ConfigurationError
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.ports import Clock
from kiosk.services.desk import NoticeRow, StaffDesk, VisitRow
from kiosk.services.heartbeat import SILENT_AFTER_S
from kiosk.web.staff.access import current_account
from kiosk.web.staff.words import needs_act

SHOWN = 12
"""How many rows each list of the board shows: a day has a thousand people, and the page is fetched again and again."""

PAGE = 20
"""How many rows a page of a whole list has; what follows stands on the next one."""


_STAND_THERE = frozenset({"E17", "E18"})
"""The codes of somebody who waits at the machine this very moment: a call for help, a card that was left behind."""

_BEATING = frozenset({"kiosk", "reader", "scanner", "printer", "light", "speech"})
"""The parts for which a kiosk's heartbeat speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A part of a kiosk: what it last said, and how long ago in seconds. ``age``: ``old``, ``flagged``, ``too_old``.

    ``reason`` is why it does not work, where it says so. ``no_anchor`` is the day (``DD/MM/YYYY``) on which a trust
    store was declared to have no anchor yet.
    """

    device: str
    part: str
    ok: bool
    reason: str
    no_anchor: str
    age: str
    version: str
    age_s: int
    condition: str = ""
    """How a printer is, in its own word."""

    @property
    def silent(self) -> bool:
        """Whether a part that speaks every half minute has fallen silent."""
        return self.part in _BEATING and self.age_s > SILENT_AFTER_S

    @property
    def word(self) -> str:
        """The state in one stable word."""
        if self.silent:
            return "silent"
        if not self.ok:
            return "too_old" if self.age == "too_old" else "fault"
        if self.age in ("old", "flagged"):
            return "old"
        return self.condition if self.condition in ("paper_low", "untold") else "ok"

    @property
    def remedy(self) -> str:
        """What helps: the part's own remedy, or that of a kiosk which is silent; nothing where nothing is wrong."""
        if self.silent:
            return "silent"
        troubled = not self.ok or self.word == "paper_low"
        return self.part if troubled and self.part in _BEATING else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What every view of the staff's app needs."""

    desk: StaffDesk
    clinic: Clinic
    clock: Clock
    trust_problem: ConfigurationError | None

    @property
    def clerk(self) -> str:
        """Who acts: the account that is logged in."""
        return current_account().sign

    def context(self) -> dict[str, Any]:
        """Everything that the page shows now."""
        tickets, earlier = self.tickets(), self.desk.earlier_tickets(SHOWN)
        return {
            "clinic": self.clinic,
            "now": self.clock.now().astimezone(VIETNAM_TIME).strftime("%H:%M:%S"),
            "exceptions": self.exceptions(),
            "came_back": self.desk.came_back(),
            "shown": SHOWN,
            "tickets": tickets,
            "ticket_pages": pages_of(tickets),
            "tickets_here": {row.visit_id for row in (*tickets[:SHOWN], *earlier)},
            "earlier_tickets": earlier,
            "admissions": self.desk.admissions(SHOWN),
            "count": self.desk.admitted(),
            "waiting": Counter(self.desk.waiting()),
            "devices": self.devices(),
            "trust_problem": self.trust_problem,
        }

    def exceptions(self) -> list[NoticeRow]:
        """What waits for staff: first what is urgent, then who stands there and calls, then what waits longest."""
        return sorted(
            self.desk.exceptions(), key=lambda notice: (not needs_act(notice), notice.code.value not in _STAND_THERE)
        )

    def tickets(self) -> tuple[VisitRow, ...]:
        """Today's open desk tickets: who waits longest comes first, so that nobody is left behind the list's end."""
        return self.desk.desk_tickets()[::-1]

    def rows(self, what: str, most: int, *, by: str | None = None) -> Sequence[NoticeRow | VisitRow]:
        """At least the first ``most`` rows of a list; of the exceptions only those of one account where it is named."""
        match what:
            case "exceptions":
                return [notice for notice in self.exceptions() if by is None or notice.owner == by]
            case "tickets":
                return self.tickets()
            case "earlier":
                return self.desk.earlier_tickets(most)
            case _:
                return self.desk.admissions(most)

    def devices(self) -> tuple[DeviceRow, ...]:
        """The parts of all kiosks, as they last spoke."""
        now = self.clock.now()
        return tuple(
            DeviceRow(
                device=state.device,
                part=state.part,
                ok=bool(state.state.get("ok", True)),
                reason=str(state.state.get("reason", "")),
                no_anchor=_day(state.state.get("no_anchor")),
                age=str(state.state.get("age", "")),
                version=str(state.state.get("version", ""))[:12],
                age_s=max(0, int((now - state.updated_at).total_seconds())),
                condition=str(state.state.get("condition", "")),
            )
            for state in self.desk.devices()
        )


def pages_of(tickets: Sequence[VisitRow]) -> dict[str, int]:
    """On which page of the whole list each of today's open desk tickets stands."""
    return {row.visit_id: place // PAGE + 1 for place, row in enumerate(tickets)}


def _day(text: object) -> str:
    """A day in ISO form as people write it, or nothing."""
    return date.fromisoformat(text).strftime("%d/%m/%Y") if isinstance(text, str) else ""
