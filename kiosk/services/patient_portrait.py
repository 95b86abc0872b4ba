"""The side of the visit that brings the chip's portrait to the desk, where the clinic looks at holders."""

from threading import Condition

from kiosk.services.arrival import Beside
from kiosk.services.card_reader import Proved
from kiosk.services.machine import ReadOrder, VisitMachine
from kiosk.services.portraits import Portraits
from kiosk.services.signed_codes import Confirmed
from kiosk.services.visit import wipe


class PortraitSide:
    """What visit and reader say to each other about portraits."""

    _changed: Condition
    _machine: VisitMachine
    _portraits: Portraits | None

    def wants_portrait(self) -> str:
        """The visit whose portrait is to be read now, or nothing."""
        with self._changed:
            visit = self._machine.visit
            return visit.token if visit.check_holder and visit.portrait is None and not visit.called else ""

    def is_visit(self, token: str) -> bool:
        """Whether this visit still goes on."""
        with self._changed:
            return self._machine.visit.token == token

    def portrait_of_order(self, order: ReadOrder, image: bytearray) -> None:
        """Keep the portrait that was read for an order that is still waited for; else it is wiped."""
        with self._changed:
            self._keep(image, mine=self._machine.waits_for(order))

    def portrait_of_visit(self, token: str, image: bytearray) -> None:
        """Keep the portrait of a visit, or give it on where the visit is recorded already; wiped where it is over."""
        with self._changed:
            visit = self._machine.visit
            self._keep(image, mine=visit.token == token)
            if visit.recorded_as:
                self._to_desk(visit.recorded_as, visit.take_portrait())

    def _keep(self, image: bytearray, *, mine: bool) -> None:
        visit = self._machine.visit
        if mine:
            visit.wipe()
            visit.portrait = image
        else:
            wipe(image)

    def _draw_holder(self, proved: Proved | Confirmed) -> None:
        """Let the lot fall, where a chip was read: a code has no face."""
        self._machine.visit.check_holder = (
            self._portraits is not None and isinstance(proved, Proved) and self._portraits.draws()
        )

    def _beside(self) -> Beside:
        """What is written down beside the visit."""
        visit = self._machine.visit
        return Beside(
            took_ms=self._machine.took_ms,
            check_holder=visit.check_holder,
            readings=visit.readings,
            card=visit.card,
            code=visit.code,
        )

    def _recorded(self, visit_id: str) -> None:
        """The visit is in the store: its portrait may go to the desk."""
        visit = self._machine.visit
        visit.recorded_as = visit_id
        self._to_desk(visit_id, visit.take_portrait())

    def _to_desk(self, visit_id: str, image: bytearray | None) -> None:
        if image is None:
            return
        if self._portraits is None:
            wipe(image)
        else:
            self._portraits.link.hand_over(visit_id, image)
