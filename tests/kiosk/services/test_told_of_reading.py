"""Which card, how many readings and which code: from the visit through the clinic's store to the province's picture."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from kiosk.domain.card_generation import CardGeneration, generation_of
from kiosk.domain.codes import Resolution
from kiosk.domain.corrections import EraseReason
from kiosk.domain.flow import Screen
from kiosk.hub.app import create_hub_app
from kiosk.hub.config import HubConfig
from kiosk.hub.examine import KeyRing
from kiosk.hub.ingest import Ingest
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.looking import province as picture_of
from kiosk.hub.picture.page import page_of
from kiosk.hub.store import tables
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.devices import add_clinics, add_device
from kiosk.hub.store.signals import ONE_CODE, find_signals
from kiosk.hub.together import Together
from kiosk.keys import CannotOpen, VisitOpener
from kiosk.province.link import Reply
from kiosk.province.outbox import Collector, Device
from kiosk.province.sending import Outcome, Sender
from kiosk.province.telling import Teller
from kiosk.services.checkin import CheckIn
from kiosk.services.codes import code_digest
from kiosk.services.erasure import Eraser
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.ticket_image import TicketImages
from kiosk.store.tables import Outbox, Visit
from kiosk.wire.person import PersonKey

Kiosk = Any
PERSONS = PersonKey(bytes(range(32)), 1)
NEWER = date(2025, 2, 3)


class Province:
    """A real hub's app over SQLite, and a clinic's sender that posts to it."""

    def __init__(self, kiosk: Kiosk, folder: Path) -> None:
        self.kiosk, key, hub = kiosk, Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.database = HubDatabase.open(f"sqlite:///{folder / 'hub.db'}")
        self.database.migrate()
        now = kiosk.clock.now
        with self.database.write() as connection:
            add_clinics(connection, [("36001", "Trạm y tế Mẫu")], now())
            add_device(connection, "36001", "desk-1", key.public_key().public_bytes_raw(), now())
        self.together = Together(Ingest(self.database, KeyRing(hub), now))
        config = HubConfig(mode="demo", keys=folder, store=folder / "hub.db", port=1)
        self.web = create_hub_app(self.together, config, probe=self.database.probe).test_client()
        device = Device(clinic="36001", name="desk-1", desk="desk-1", key=key, hub=hub.public_key())
        teller = Teller(VisitOpener(kiosk.private_key), PERSONS)
        collector = Collector(kiosk.database, device, teller)
        self.sender = Sender(kiosk.database, device, collector, self, kiosk.path)

    def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        answer = self.web.post(path, data=content, headers=dict(headers), base_url="http://127.0.0.1:1")
        return Reply(status=answer.status_code, headers=dict(answer.headers.items()), body=answer.data)

    def send(self) -> None:
        for _ in range(3):
            self.kiosk.clock.advance(31)
            assert self.sender.step(self.kiosk.clock.now()).outcome in (Outcome.SENT, Outcome.IDLE)

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            rows = connection.execute(select(tables.event).order_by(tables.event.c.seq)).all()
        return [row.body for row in rows if row.kind == kind]

    def cards(self) -> tuple[tuple[str, int, int], ...]:
        """What the picture's page says: generation, cards of it that were read, and those at the first try."""
        config = PictureConfig(port=1)
        return page_of(picture_of(self.database, self.kiosk.clock.now(), config), config).cards


@pytest.fixture
def hub(kiosk: Kiosk, tmp_path: Path) -> Iterator[Province]:
    folder = tmp_path / "hub"
    folder.mkdir()
    made = Province(kiosk, folder)
    yield made
    made.together.close()
    made.database.close()


def visits(kiosk: Kiosk) -> list[Visit]:
    with kiosk.database.read() as session:
        found = list(session.scalars(select(Visit).order_by(Visit.number)))
        session.expunge_all()
        return found


def test_a_card_is_of_a_generation_by_its_day_of_issue_or_of_none() -> None:
    days = (None, date(2020, 12, 31), date(2021, 1, 1), date(2024, 6, 30), date(2024, 7, 1))
    unknown, older, newer = CardGeneration.UNKNOWN, CardGeneration.CCCD_2021, CardGeneration.CC_2024
    assert [generation_of(day) for day in days] == [unknown, unknown, older, older, newer]


def test_the_first_try_rate_by_generation_reaches_the_picture(kiosk: Kiosk, hub: Province) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.holders = {**kiosk.holders, "old": replace(kiosk.holders["old"], issued=NEWER)}
    kiosk.put("old", tear_after=6)
    kiosk.digits("old")
    kiosk.put("old")
    kiosk.turn(2)
    kiosk.patient.choose_room("noi")
    kiosk.clear()
    kiosk.put("not_insured")
    assert kiosk.digits("not_insured").screen is Screen.DESK
    kiosk.clear()
    kept = [(visit.card, visit.readings) for visit in visits(kiosk)]
    assert kept == [("cccd_2021", 1), ("cc_2024", 2), ("cccd_2021", 1)]
    hub.send()
    told = [*hub.bodies("admission"), *hub.bodies("desk_ticket")]
    expected = [("kiosk-1", "cccd_2021", 1), ("kiosk-1", "cc_2024", 2), ("kiosk-1", "cccd_2021", 1)]
    assert [(body["kiosk"], body["card"], body["tries"]) for body in told] == expected
    assert not [body for body in told if "code_tag" in body]
    assert hub.cards() == (("cc_2024", 1, 0), ("cccd_2021", 2, 2))


def test_a_card_that_was_not_read_is_of_the_generation_of_its_code_or_of_none(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    for _ in range(3):
        kiosk.patient.type_digits("000000")
        kiosk.turn(2)
    kiosk.clear()
    kiosk.show_qr("insured")
    for _ in range(3):
        kiosk.put("insured", tear_after=3)
        kiosk.turn(2)
    assert [(visit.card, visit.readings) for visit in visits(kiosk)] == [("unknown", 3), ("cccd_2021", 3)]


def test_what_staff_confirm_later_is_no_second_reading(kiosk: Kiosk, hub: Province) -> None:
    kiosk.put("not_insured")
    kiosk.digits("not_insured")
    [row] = kiosk.staff.desk_tickets()
    kiosk.staff.confirm(row.visit_id, "noi", by="desk-1")
    hub.send()
    [body] = hub.bodies("admission")
    assert not {"card", "tries", "code_tag"} & set(body)
    assert hub.cards() == (("cccd_2021", 1, 1),)


def at_another(kiosk: Kiosk, device: str) -> PatientDesk:
    """Another machine of the clinic, over its store."""
    own = kiosk.checkin
    checkin = CheckIn(
        database=kiosk.database,
        clinic=own._clinic,
        device=device,
        sealer=own._sealer,
        tags=own._tags,
        clock=kiosk.clock,
    )
    return PatientDesk(
        checkin=checkin, clinic=own._clinic, clock=kiosk.clock, ticket_images=TicketImages(clinic=own._clinic)
    )


def test_one_code_at_many_kiosks_of_a_clinic_is_a_sign_and_says_whose_to_nobody(kiosk: Kiosk, hub: Province) -> None:
    text = kiosk.holders["insured"].card_qr_text()
    for device in ("kiosk-1", "kiosk-2", "kiosk-3"):
        machine = at_another(kiosk, device)
        machine.show_code(text)
        machine.no_card()
        assert machine.view().screen is Screen.DESK
        hub.send()
        assert find_signals(hub.database, kiosk.clock.now()) == (1 if device == "kiosk-3" else 0)
        # Whoever shows it while that ticket waits gets the same one: staff see to it, and then it is another case.
        [case] = kiosk.staff.exceptions()
        kiosk.staff.resolve(case.notice_id, by="desk-1", resolution=Resolution.FRAUD_SUSPECTED)
    tags = [body["code_tag"] for body in hub.bodies("desk_ticket")]
    assert tags == [PERSONS.code_tag(code_digest(text.encode())).hex()] * 3
    with hub.database.read() as connection:
        [alarm] = [row for row in connection.execute(select(tables.alarm)) if row.kind == ONE_CODE]
        shown = connection.execute(select(tables.shown_code)).all()
    assert (alarm.facts["kiosks"], alarm.facts["clinics"]) == (3, ["36001/kiosk-1", "36001/kiosk-2", "36001/kiosk-3"])
    assert sorted(row.device for row in shown) == ["kiosk-1", "kiosk-2", "kiosk-3"]
    # Neither store holds what the code says, or a hash that whoever has the code could look for.
    for store in (kiosk.rest(), (kiosk.path.parent / "hub" / "hub.db").read_bytes()):
        assert text.encode() not in store
        assert code_digest(text.encode()) not in store
        assert code_digest(text.encode()).hex().encode() not in store


def test_the_code_opens_for_its_visit_and_its_clinic_alone(kiosk: Kiosk) -> None:
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    [visit] = visits(kiosk)
    assert visit.shown_code is not None
    payload = kiosk.holders["insured"].card_qr_text().encode()
    assert VisitOpener(kiosk.private_key).open_code(visit.id, visit.shown_code) == code_digest(payload)
    for opener, of in (
        (VisitOpener(kiosk.private_key), "another"),
        (VisitOpener(X25519PrivateKey.generate()), visit.id),
    ):
        with pytest.raises(CannotOpen):
            opener.open_code(of, visit.shown_code)


def test_a_code_whose_visit_names_nobody_is_erased_with_the_visit(kiosk: Kiosk, hub: Province) -> None:
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    with kiosk.database.write() as session:
        [visit] = session.scalars(select(Visit))
        visit.sealed_key = visit.blob = visit.person_day_tag = None
    eraser = Eraser(database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock)
    [visit] = visits(kiosk)
    assert visit.shown_code is not None
    eraser.erase_ticket(visit.day, visit.number, reason=EraseReason.PERSON_ASKED, by="desk-1")
    assert visits(kiosk)[0].shown_code is None
    hub.send()
    [ticket] = hub.bodies("desk_ticket")
    assert "code_tag" not in ticket
    with kiosk.database.read() as session:
        assert "erased" in session.scalars(select(Outbox.kind)).all()
