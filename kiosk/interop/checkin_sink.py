"""The payer as a receiver: each visit's row of the check-in table, once the visit's first cost is known."""

from collections.abc import Callable
from typing import Protocol

from kiosk.insurance.gateway_errors import DownReason, GatewayDown, GatewayRefused, RecordRefused
from kiosk.interop.checkin_table import CheckinTable
from kiosk.interop.checkin_xml import NotReported, Refused, Waits, checkin_row, checkin_xml
from kiosk.interop.sink import Delivered, Down, Failed, GivenUp, Outcome, VisitEvent, Waiting
from kiosk.interop.visit import Happening, OpenedVisit

_ANSWERED = frozenset({DownReason.MALFORMED, DownReason.TOO_LARGE})
"""The gateway is there, and talks nonsense: that counts as a try."""


class PayerCheckIn(Protocol):
    """The part of the gateway's client that takes check-in tables."""

    def file_check_in(self, xml: bytes, *, clinic: str, path: str) -> str:
        """The payer's number for it; GatewayDown, GatewayRefused or RecordRefused where it took nothing."""


class CheckinSink:
    """Sends a row when a visit is registered.

    :param gateway: gives the client, which is made when the first row is sent. :param path: the service's address.
    """

    def __init__(self, gateway: Callable[[], PayerCheckIn], *, table: CheckinTable, path: str) -> None:
        self._gateway = gateway
        self._table = table
        self._path = path
        self.name = "checkin"

    def wants(self, happening: Happening) -> bool:
        """Registrations: the table tells the payer that somebody came, and no more."""
        return happening is Happening.REGISTERED

    def deliver(self, event: VisitEvent, visit: OpenedVisit) -> Outcome:
        """What came of sending the visit's row."""
        if visit.state != "admitted":
            return Delivered(receipt="not_reported.not_admitted")
        if visit.person is None and not visit.erased:
            return GivenUp(reason="record_gone")
        match checkin_row(visit, self._table):
            case Waits(reason=reason):
                return Waiting(reason=reason)
            case NotReported(reason=reason):
                return Delivered(receipt=f"not_reported.{reason}")
            case Refused(faults=faults):
                return GivenUp(reason=str(faults[0]))
            case row:
                return self._sent(checkin_xml([row]), visit.clinic.code)

    def _sent(self, xml: bytes, clinic: str) -> Outcome:
        try:
            return Delivered(receipt=self._gateway().file_check_in(xml, clinic=clinic, path=self._path))
        except GatewayDown as problem:
            reason = f"gateway_{problem.reason}"
            return Failed(reason=reason) if problem.reason in _ANSWERED else Down(reason=reason)
        except GatewayRefused:
            return Down(reason="gateway_refused")
        except RecordRefused as refusal:
            return GivenUp(reason=f"gateway_result_{refusal.result_code}")

    def close(self) -> None:
        """Nothing: the client belongs to the staff process."""
