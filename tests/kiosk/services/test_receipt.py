"""The receipt on the ticket: signed by the kiosk, verified by anybody who has its key, and nobody's name in it."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from sqlalchemy import select

from idcard import SIGNED_QR, ClinicKey, QrTrust, Token, TokenKind, recognise, scan, verify_qr
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import Ticket
from kiosk.services.checkin import CheckIn
from kiosk.services.corrections import Corrections
from kiosk.services.receipt import LIFE, ReceiptSigner, receipt_digest
from kiosk.services.ticket_image import TicketImages
from kiosk.store.tables import Audit, Visit

Kiosk = Any
KEY, ANOTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(32))), Ed25519PrivateKey.from_private_bytes(bytes(32))


def signing(checkin: CheckIn) -> None:
    checkin._receipts = ReceiptSigner(KEY)


def trusting(*keys: Ed25519PrivateKey) -> QrTrust:
    return QrTrust.of(keys=[ClinicKey(clinic="36001", key=key.public_key()) for key in keys], complete=True)


def printed(kiosk: Kiosk) -> bytes:
    """The code on the ticket that the screen shows, as a scanner reads it."""
    png = kiosk.patient.ticket_image()
    assert png is not None
    [symbol] = scan(png)
    return bytes(symbol.data)


def test_the_ticket_carries_a_receipt_that_verifies(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    ticket = kiosk.admit("insured").ticket
    found = recognise(printed(kiosk))
    verdict = verify_qr(found, trusting(ANOTHER, KEY), at=kiosk.clock.now())
    assert verdict.meets(SIGNED_QR)
    token = found.document
    assert isinstance(token, Token)
    assert (token.kind, token.clinic, token.ticket, token.place) == (TokenKind.RECEIPT, "36001", ticket.number, "noi")
    assert (token.issued, token.expires - token.issued) == (kiosk.clock.now().replace(microsecond=0), LIFE)


def test_it_is_the_one_in_the_store_and_the_chain_is_bound_to_it(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    kiosk.admit("insured")
    with kiosk.database.read() as session:
        [visit] = session.scalars(select(Visit))
        [link] = session.scalars(select(Audit).where(Audit.kind == "admitted"))
    assert visit.receipt == printed(kiosk).decode()
    assert f'"receipt":"{receipt_digest(visit.receipt)}"' in link.body


def test_a_copy_of_the_ticket_carries_the_same_receipt(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    kiosk.admit("insured")
    first = printed(kiosk)
    kiosk.clear()
    kiosk.put("insured")
    assert kiosk.digits("insured").ticket.again
    assert printed(kiosk) == first


def test_a_receipt_of_another_machine_or_of_long_ago_does_not_count(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    kiosk.admit("insured")
    found = recognise(printed(kiosk))
    assert not verify_qr(found, trusting(ANOTHER), at=kiosk.clock.now()).meets(SIGNED_QR)
    assert not verify_qr(found, trusting(KEY), at=kiosk.clock.now() + LIFE + timedelta(seconds=1)).meets(SIGNED_QR)


def test_a_desk_ticket_has_no_receipt(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    with kiosk.database.read() as session:
        assert session.scalars(select(Visit.receipt)).all() == [None]


def test_nobody_is_named_in_it(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    kiosk.admit("insured")
    token = recognise(printed(kiosk)).document
    assert isinstance(token, Token)
    told = str(token.claims.all)
    person = kiosk.holders["insured"]
    for word in (person.personal_number, person.name, *person.name.split()):
        assert word not in told


def test_a_room_that_no_receipt_can_hold_keeps_nobody_out() -> None:
    at = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
    assert ReceiptSigner(KEY).sign(clinic="36001", number=1, room_id="a\nb", issued=at) is None
    assert receipt_digest(None) is None


def test_without_a_key_the_ticket_has_its_reference(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    assert printed(kiosk).startswith(b"TICKET/36001/20261123/1/")


@pytest.mark.parametrize("number", [1, 999_999])
def test_it_is_read_from_a_ticket_that_stands_small_in_the_picture(number: int) -> None:
    now = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
    room = Room(id="noi", name_vi="Nội tổng quát", name_en="General medicine", place_vi="Phòng 12", place_en="Room 12")
    clinic = Clinic(code="36001", name_vi="Trạm y tế Mẫu", name_en="Model health station", rooms=(room,))
    text = ReceiptSigner(KEY).sign(clinic=clinic.code, number=number, room_id=room.id, issued=now)
    ticket = Ticket(visit_id="v", number=number, room_id=room.id, issued_at=now, check_code="K7P3", receipt=text)
    image = Image.open(io.BytesIO(TicketImages(clinic=clinic).png(ticket, room, "TRẦN THỊ M**"))).convert("L")
    [symbol] = scan(image.resize((image.width // 2, image.height // 2)))
    assert symbol.data.decode() == text


@pytest.mark.parametrize("later", [False, True])
def test_whom_a_clerk_admits_gets_a_receipt_of_the_desk_s(kiosk: Kiosk, later: bool) -> None:
    kiosk.staff._admission._receipts = ReceiptSigner(ANOTHER)
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    visit_id = kiosk.staff.desk_tickets()[0].visit_id
    if later:
        kiosk.clock.advance(86400)
    kiosk.staff.confirm(visit_id, "mat", by="chi-hoa")
    with kiosk.database.read() as session:
        visit = session.get(Visit, visit_id)
        [link] = session.scalars(select(Audit.body).where(Audit.kind == "confirmed"))
    found = recognise(visit.receipt.encode())
    token = found.document
    assert isinstance(token, Token)
    assert verify_qr(found, trusting(ANOTHER), at=kiosk.clock.now()).meets(SIGNED_QR)
    assert (token.ticket, token.place, token.issued) == (visit.number, "mat", visit.admitted_at.replace(microsecond=0))
    assert f'"receipt":"{receipt_digest(visit.receipt)}"' in link


def corrected(kiosk: Kiosk, room: str) -> tuple[Any, str, str]:
    """The receipt of the machine's admission after a clerk corrected its room, its text, and the event's audit link."""
    staff = kiosk.staff
    kiosk.admit("insured")
    kiosk.clear()
    corrections = Corrections(
        database=kiosk.database, clinic=staff._clinic, device="desk-1", clock=kiosk.clock, admission=staff.admission
    )
    kiosk.clock.advance(600)
    ticket = corrections.correct_room(staff.admissions()[0].visit_id, room, by="chi-hoa")
    with kiosk.database.read() as session:
        [link] = session.scalars(select(Audit.body).where(Audit.kind == "corrected"))
    return ticket, ticket.receipt or "", link


def test_after_a_change_of_rooms_the_receipt_is_a_new_one_that_names_the_present_room(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    kiosk.staff._admission._receipts = ReceiptSigner(ANOTHER)
    ticket, text, link = corrected(kiosk, "mat")
    found = recognise(text.encode())
    token = found.document
    assert isinstance(token, Token)
    assert verify_qr(found, trusting(ANOTHER), at=kiosk.clock.now()).meets(SIGNED_QR)
    assert (token.ticket, token.place) == (ticket.number, "mat")
    assert token.issued == kiosk.clock.now().replace(microsecond=0)
    assert f'"receipt":"{receipt_digest(text)}"' in link
    with kiosk.database.read() as session:
        [first] = session.scalars(select(Audit.body).where(Audit.kind == "admitted"))
    assert receipt_digest(text) not in first, "the first one stays written"
    assert '"receipt":"' in first


def test_and_the_machine_shows_the_new_one_again(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    kiosk.staff._admission._receipts = ReceiptSigner(ANOTHER)
    _, text, _ = corrected(kiosk, "mat")
    kiosk.put("insured")
    assert kiosk.digits("insured").ticket.room.id == "mat"
    assert printed(kiosk).decode() == text


def test_a_desk_that_signs_nothing_leaves_no_receipt_with_the_wrong_room(kiosk: Kiosk) -> None:
    signing(kiosk.checkin)
    _, text, link = corrected(kiosk, "mat")
    assert (text, '"receipt":null' in link) == ("", True)
    kiosk.put("insured")
    kiosk.digits("insured")
    assert printed(kiosk).startswith(b"TICKET/36001/20261123/1/")
