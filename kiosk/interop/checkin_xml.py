"""The check-in table of an admission, and the XML in which it goes to the payer.

Theory of operation. A row is made of an opened visit and of what the hospital said of it: the payer wants the visit's
first cost (a service, a medicine or a supply) and its route. Until both are known the row waits. What the rules of the
table refuse even then goes to a person, with the name of the field and never with what it holds.

Source: Decision 4750/QĐ-BYT (check-in table); the payer's description of its service, ``checkInKcbQd4750``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree

from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.interop.checkin_table import CheckinRules, CheckinTable, Fault, FaultKind, Row
from kiosk.interop.visit import UNKNOWN, OpenedVisit, Order, OrderKind

ROOT, LIST, ROW, SIGNATURE = "CHI_TIEU_TRANG_THAI_KCB", "DSACH_TRANG_THAI_KCB", "TRANG_THAI_KCB", "CHUKYDONVI"
_SEX = {"M": "1", "F": "2"}
_UNKNOWN_SEX = "3"
_COST = {
    OrderKind.SERVICE: ("MA_DICH_VU", "TEN_DICH_VU"),
    OrderKind.MEDICINE: ("MA_THUOC", "TEN_THUOC"),
    OrderKind.SUPPLY: ("MA_VAT_TU", "TEN_VAT_TU"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A row that cannot be made yet; ``reason`` is a stable word."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReported:
    """A visit that the payer is not told of in this way; ``reason`` is a stable word."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row against the rules of its table: a person must look."""

    faults: tuple[Fault, ...]


def checkin_row(visit: OpenedVisit, table: CheckinTable, *, number: int = 1) -> Row | Waits | NotReported | Refused:
    """The visit's row, or why there is none.

    :param number: the row's place in what is sent, from 1.
    """
    if visit.person is None:
        return NotReported(reason="record_gone")
    if visit.person == UNKNOWN:
        # An emergency: whoever is known later gets a visit of their own, which is reported.
        return NotReported(reason="nobody_known")
    if visit.order is None:
        return Waits(reason="service_unknown")
    if visit.order.route is None:
        return Waits(reason="route_unknown")
    if visit.order.route in table.rules.not_reported_routes:
        return NotReported(reason="route_not_reported")
    if visit.insurance_number is None and visit.order.route not in table.rules.no_card_routes:
        return Waits(reason="insurance_number_unknown")
    row = _row(visit, visit.order, table, number)
    faults = (*table.faults(row), *_newborn(visit, table.rules))
    return Refused(faults=faults) if faults else row


def checkin_xml(rows: Sequence[Row]) -> bytes:
    """The rows in one document, UTF-8; at least one row. The signature's place is empty."""
    if not rows:
        raise ValueError("a document has a row")
    root = ElementTree.Element(ROOT)
    rows_of = ElementTree.SubElement(root, LIST)
    for row in rows:
        element = ElementTree.SubElement(rows_of, ROW)
        for tag, value in row.items():
            ElementTree.SubElement(element, tag).text = value
    ElementTree.SubElement(root, SIGNATURE)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True, short_empty_elements=False)
    return document


def birth_moment(birth: str | None) -> str:
    """``yyyyMMddHHmm`` of a birth in ISO form; what is not known of it is zeros, and nothing where all is unknown."""
    return "" if not birth else birth.replace("-", "").ljust(12, "0")


def _row(visit: OpenedVisit, order: Order, table: CheckinTable, number: int) -> Row:
    code_tag, name_tag = _COST[order.kind]
    known = {
        **_person(visit),
        "MA_LK": visit.visit_id,
        "STT": str(number),
        "MA_BN": visit.visit_id,
        "MA_DOITUONG_KCB": order.route or "",
        "NGAY_VAO": _moment(visit.arrived_at),
        "MA_LOAI_KCB": order.visit_kind,
        "MA_CSKCB": visit.clinic.code,
        code_tag: order.code,
        name_tag: order.name,
        "NGAY_YL": _moment(order.ordered_at),
    }
    return {tag: known.get(tag, "") for tag in table.tags}


def _person(visit: OpenedVisit) -> dict[str, str]:
    person = visit.person
    if person is None:
        return {}
    return {
        "HO_TEN": person.display_name,
        "SO_CCCD": person.personal_number or person.document_number or "",
        "NGAY_SINH": birth_moment(person.birth),
        "GIOI_TINH": _SEX.get(person.sex or "", _UNKNOWN_SEX),
        "MA_THE_BHYT": visit.insurance_number or "",
        "MA_DKBD": person.home_clinic or "",
        "GT_THE_TU": (person.covered_from or "").replace("-", ""),
        "GT_THE_DEN": (person.covered_to or "").replace("-", ""),
    }


def _newborn(visit: OpenedVisit, rules: CheckinRules) -> tuple[Fault, ...]:
    """A newborn's birth needs its hour and minute, which no card says."""
    try:
        born = date.fromisoformat((visit.person and visit.person.birth) or "")
    except ValueError:
        return ()
    if 0 <= (visit.local_arrival.date() - born).days <= rules.newborn_days:
        return (Fault(tag="NGAY_SINH", kind=FaultKind.MALFORMED),)
    return ()


def _moment(instant: datetime) -> str:
    return instant.astimezone(VIETNAM_TIME).strftime("%Y%m%d%H%M")
