"""The chip's portrait is read where a policy or a case asks, reaches the desk from memory once, and is kept nowhere."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from idcard.testing import Issuer, records
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.flow import Screen
from kiosk.domain.holder import DUE, HolderMode, HolderPolicy, HolderSeen
from kiosk.services.desk import NotConfirmable
from kiosk.services.holder_checks import SHOWN, HolderChecks, NotLooked
from kiosk.services.portrait_box import PortraitBox
from kiosk.services.portraits import LARGEST, Portraits, plain_jpeg
from kiosk.store.tables import Audit, Visit, VisitEvent

Kiosk = Any


@dataclass
class Kept:
    """Takes portraits as the staff's process does: into its box."""

    box: PortraitBox = field(default_factory=PortraitBox)
    visits: list[str] = field(default_factory=list)

    def hand_over(self, visit_id: str, image: bytearray) -> None:
        self.visits.append(visit_id)
        self.box.put(visit_id, image)


@pytest.fixture
def look(kiosk: Kiosk) -> Callable[..., Kept]:
    """Gives the kiosk a policy for holders; where portraits go is returned."""

    def with_policy(mode: str, *, waits: bool = False, cases: bool = True, rate: float = 0.5, lot: int = 0) -> Kept:
        kept = Kept()
        policy = HolderPolicy(mode=HolderMode(mode), rate=rate, waits=waits)
        portraits = Portraits(policy=policy, link=kept, cases=cases, entropy=lambda n: bytes([lot]) * n)
        kiosk.patient._portraits = kiosk.reader._portraits = portraits
        return kept

    return with_policy


@pytest.fixture
def checks(kiosk: Kiosk) -> HolderChecks:
    return HolderChecks(database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock)


@pytest.fixture
def asked(kiosk: Kiosk) -> list[bytes]:
    """The commands that reached the card."""
    commands: list[bytes] = []
    answer = kiosk.bench._command

    def listening(body: bytes) -> bytes:
        commands.append(body)
        reply: bytes = answer(body)
        return reply

    kiosk.bench._command = listening
    return commands


def visit_of(kiosk: Kiosk) -> Any:
    with kiosk.database.read() as session:
        return session.scalars(select(Visit).order_by(Visit.number.desc())).first()


def test_without_a_policy_no_portrait_is_read(kiosk: Kiosk, asked: list[bytes], look: Callable[..., Kept]) -> None:
    kiosk.admit("insured")
    plain = len(asked)
    kiosk.clear()
    asked.clear()
    kept = look("none")
    kiosk.admit("old")
    assert (kept.visits, visit_of(kiosk).holder_check) == ([], None)
    assert abs(len(asked) - plain) < 5


def test_a_sample_falls_on_some(kiosk: Kiosk, look: Callable[..., Kept]) -> None:
    assert look("sample", lot=0xFF).visits == []
    kiosk.admit("insured")
    assert visit_of(kiosk).holder_check is None
    kiosk.clear()
    kept = look("sample", lot=0)
    kiosk.admit("old")
    assert visit_of(kiosk).holder_check == DUE
    assert kept.visits == [visit_of(kiosk).id]


def test_the_ticket_waits_for_nobody_and_the_face_is_seen_once(kiosk: Kiosk, look: Callable[..., Kept]) -> None:
    kept = look("every")
    assert kiosk.admit("insured").screen is Screen.TICKET
    visit = visit_of(kiosk)
    image = kept.box.take(visit.id)
    assert image is not None
    assert image.startswith(b"\xff\xd8\xff")
    assert len(image) <= LARGEST
    assert kept.box.take(visit.id) is None
    assert visit.state == "admitted"


def test_a_portrait_on_its_way_is_wiped_when_the_person_leaves(kiosk: Kiosk, look: Callable[..., Kept]) -> None:
    kept = look("every")
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.CONFIRM
    image = kiosk.patient._machine.visit.portrait
    assert image is not None
    assert any(image)
    kiosk.patient.not_me()
    assert not any(image)
    assert kept.visits == []


def test_where_the_policy_waits_the_desk_looks_first(
    kiosk: Kiosk, look: Callable[..., Kept], checks: HolderChecks
) -> None:
    kept = look("every", waits=True)
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.DESK
    visit = visit_of(kiosk)
    assert (visit.state, visit.holder_check, visit.code) == ("desk", DUE, Code.IDENTITY_DIFFERS)
    assert kept.visits == [visit.id]
    with pytest.raises(NotConfirmable, match="needs_holder_check"):
        kiosk.staff.confirm(visit.id, "noi", by="lan")
    checks.record(visit.id, HolderSeen.SAME, by="lan")
    assert kiosk.staff.confirm(visit.id, "noi", by="lan").number == visit.number


def test_a_card_that_is_not_genuine_brings_its_face_to_the_desk(kiosk: Kiosk, look: Callable[..., Kept]) -> None:
    kept = look("none")
    kiosk.put("expired")
    kiosk.digits("expired")
    assert visit_of(kiosk).code == Code.CARD_EXPIRED
    assert kept.visits == [visit_of(kiosk).id]
    kiosk.clear()
    assert look("none", cases=False).visits == []
    kiosk.put("expired")
    kiosk.digits("expired")
    assert kept.visits == kept.visits[:1]


def test_not_the_same_is_an_exception_and_a_fact_in_the_audit(
    kiosk: Kiosk, look: Callable[..., Kept], checks: HolderChecks
) -> None:
    look("every")
    kiosk.admit("insured")
    visit = visit_of(kiosk)
    checks.record(visit.id, HolderSeen.NOT_SAME, by="lan")
    checks.record(visit.id, HolderSeen.NOT_SAME, by="lan")
    notices = [notice for notice in kiosk.staff.exceptions() if notice.visit is not None]
    assert [(notice.code, notice.reasons) for notice in notices] == [
        (Code.IDENTITY_DIFFERS, (VisitReason.HOLDER_DIFFERS,))
    ]
    with kiosk.database.read() as session:
        events = session.scalars(select(VisitEvent).where(VisitEvent.kind == "holder_checked")).all()
        links = session.scalars(select(Audit).where(Audit.kind == "holder_checked")).all()
        assert session.get(Visit, visit.id).holder_check == HolderSeen.NOT_SAME
    assert [(event.reason, event.by) for event in events] == [("not_same", "lan")] * 2
    assert len(links) == 2


def chip_pieces(kiosk: Kiosk, who: str) -> list[bytes]:
    """Parts of the data group of the face as the chip has it; the last half is all of this picture's own."""
    group = records.dg2(kiosk.holders[who])
    return [group[begin : begin + 32] for begin in range(len(group) // 2, len(group) - 32, len(group) // 16)]


def test_no_byte_of_a_face_reaches_store_or_folder(kiosk: Kiosk, look: Callable[..., Kept]) -> None:
    kept = look("every")
    kiosk.admit("insured")
    image = kept.box.take(visit_of(kiosk).id)
    assert image is not None
    pieces = {bytes(image[200:232]), *chip_pieces(kiosk, "insured")}
    kiosk.clear()
    for path in kiosk.path.parent.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [piece for piece in pieces if piece in content], path.name


def test_what_nobody_looks_at_is_overwritten() -> None:
    at = [0.0]
    box = PortraitBox(kept_s=10, now=lambda: at[0])
    image = bytearray(b"\xff\xd8\xff" + b"face" * 8)
    box.put("a", image)
    at[0] = 9.9
    assert box.has("a")
    at[0] = 10.0
    box.sweep()
    assert not any(image)
    assert not box.has("a")


def test_what_is_no_image_goes_nowhere(issuer: Issuer) -> None:
    from idcard import Portrait

    assert plain_jpeg(Portrait(image=b"\xff\xd8\xff not one", media_type="image/jpeg")) is None
    assert plain_jpeg(Portrait(image=b"GIF89a" + bytes(64), media_type="image/jpeg")) is None
    box, other = PortraitBox(), bytearray(b"<svg onload=alert(1)>")
    with pytest.raises(ValueError, match="no JPEG"):
        box.put("a", other)
    assert not any(other)


def test_an_older_portrait_makes_room_for_a_newer_one() -> None:
    box = PortraitBox(now=lambda: 0.0)
    images = [bytearray(b"\xff\xd8\xff" + bytes([index + 1])) for index in range(17)]
    for index, image in enumerate(images):
        box.put(str(index), image)
    assert not any(images[0])
    assert box.has("16")
    box.clear()
    assert not any(any(image) for image in images)


def test_the_time_of_a_visit_is_written_down(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.clock.advance(4)
    kiosk.digits("insured")
    kiosk.clock.advance(2.5)
    kiosk.patient.choose_room("noi")
    assert visit_of(kiosk).took_ms == 6500


def test_who_could_not_be_seen_is_not_admitted_by_one_where_everybody_is_looked_at(
    kiosk: Kiosk, look: Callable[..., Kept], checks: HolderChecks
) -> None:
    look("every", waits=True)
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.DESK
    [row] = kiosk.staff.desk_tickets()
    checks.record(row.visit_id, HolderSeen.NOT_SEEN, by="lan")
    assert kiosk.staff.visit(row.visit_id).needs_second
    with pytest.raises(NotConfirmable, match="needs_second"):
        kiosk.staff.confirm(row.visit_id, "noi", by="lan")
    checks.record(row.visit_id, HolderSeen.SAME, by="lan")
    kiosk.staff.confirm(row.visit_id, "noi", by="lan")


def test_nobody_is_compared_on_another_day(kiosk: Kiosk, look: Callable[..., Kept], checks: HolderChecks) -> None:
    look("every")
    kiosk.admit("insured")
    [row] = kiosk.staff.admissions()
    assert checks.can_record(row.visit_id)
    kiosk.clock.advance(24 * 3600)
    assert not checks.can_record(row.visit_id)
    with pytest.raises(ValueError, match="nobody stands here"):
        checks.record(row.visit_id, HolderSeen.SAME, by="lan")
    assert kiosk.staff.visit(row.visit_id).holder_check == DUE


@pytest.mark.parametrize("seen", list(HolderSeen))
def test_nothing_is_written_down_of_whom_nobody_looked_at(kiosk: Kiosk, checks: HolderChecks, seen: HolderSeen) -> None:
    kiosk.admit("insured")
    [row] = kiosk.staff.admissions()
    assert not checks.can_record(row.visit_id)
    with pytest.raises(NotLooked):
        checks.record(row.visit_id, seen, by="lan")
    with pytest.raises(ValueError, match="nobody stands here"):
        checks.record("no-such-visit", seen, by="lan")
    with kiosk.database.read() as session:
        assert session.scalar(select(VisitEvent).where(VisitEvent.kind == "holder_checked")) is None
        assert session.scalar(select(Audit).where(Audit.kind == "holder_checked")) is None


def test_who_looked_at_a_face_may_say_what_was_seen_of_it_and_of_no_other(kiosk: Kiosk, checks: HolderChecks) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.admit("old")
    looked, other = (row.visit_id for row in kiosk.staff.admissions())
    checks.shown(looked, by="lan")
    with pytest.raises(NotLooked):
        checks.record(other, HolderSeen.SAME, by="lan")
    checks.record(looked, HolderSeen.SAME, by="lan")
    assert kiosk.staff.visit(looked).holder_check == HolderSeen.SAME
    with kiosk.database.read() as session:
        [link] = session.scalars(select(Audit).where(Audit.kind == SHOWN))
    assert json.loads(link.body)["facts"] == {"visit": looked, "by": "lan"}
