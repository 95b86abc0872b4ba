"""A number at the desk admits only whom the roster's name with it allows, and a number alone is asked about again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.day_key import DayTags
from kiosk.devices.clock import ManualClock
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.eligibility import CoverReason, Step
from kiosk.domain.route import Clinic, Room
from kiosk.domain.ways import Paper, Refused, Way
from kiosk.insurance.papers import way_policy
from kiosk.insurance.roster import Roster, RosterEntry, build_roster
from kiosk.insurance.roster.names import Described
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.keys import PersonTags, VisitOpener, VisitSealer, create_secret
from kiosk.services.checkin import CheckIn
from kiosk.services.corrections import Corrections, NotCorrectable
from kiosk.services.desk import NotConfirmable, StaffDesk
from kiosk.services.other_ways import OtherWays
from kiosk.services.person import PersonRecord
from kiosk.services.ways import Presented, Told, WayOutcome
from kiosk.services.worklist import Worklist
from kiosk.store.database import Database
from kiosk.store.tables import Visit

NOW = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
CLINIC = Clinic(
    code="36001",
    name_vi="A",
    name_en="A",
    hotline="1",
    rooms=(Room(id="noi", name_vi="N", name_en="G", place_vi="1", place_en="1"),),
)
NUMBER, INSURANCE, OTHER = "036158900001", "HC4363600000001", "HC4363600000002"
NAME, BIRTH = "Trần Thị Hoà", BirthDate(year=1958, month=9, day=5)
LIAR = ("Lê Văn Giả", BirthDate(year=1990, month=2, day=3))
SEEN = frozenset({Paper("insurance_number"), Paper("identity_paper"), Paper("chip_card")})
DESCRIBED = Described(name=NAME, birth="05/09/1958", sex="F")


def entry(personal: str | None = NUMBER, insurance: str = INSURANCE, said: Described | None = DESCRIBED) -> RosterEntry:
    return RosterEntry(
        personal_number=personal,
        insurance_number=insurance,
        valid_from=date(2026, 1, 1),
        valid_to=None,
        benefit="4",
        home_clinic="36001",
        described=said,
    )


def claim(
    name: str = NAME, birth: BirthDate = BIRTH, number: str | None = NUMBER, source: ClaimSource = ClaimSource.TYPED
) -> ClaimedIdentity:
    return ClaimedIdentity(source=source, name=name, birth=birth, sex=Sex.FEMALE, personal_number=number)


@dataclass
class Desk:
    """A staff's process with a roster, and no payer."""

    checkin: CheckIn
    staff: StaffDesk
    work: Worklist
    ways: OtherWays

    def papers(self, who: ClaimedIdentity, insurance: str | None = None) -> WayOutcome:
        presented = Presented(way=Way.PAPERS, claim=who, insurance_number=insurance, seen=SEEN)
        return self.ways.admit(None, presented, "noi", by="desk-1")

    def ticket(self, who: ClaimedIdentity, assurance: Assurance, code: Code = Code.NOT_COVERED) -> str:
        return self.checkin.desk_ticket(who, code=code, assurance=assurance).visit_id

    def with_number(self, visit_id: str, insurance: str) -> WayOutcome:
        presented = Presented(way=Way.CHIP_AND_NUMBER, insurance_number=insurance, seen=SEEN)
        return self.ways.admit(visit_id, presented, "noi", by="desk-1")

    def person(self, visit_id: str) -> PersonRecord:
        row = self.staff.visit(visit_id)
        assert row is not None
        assert row.person is not None
        return row.person


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    clock, private = ManualClock(NOW), X25519PrivateKey.generate()
    database, tags = Database.open(tmp_path / "store.db"), PersonTags(bytes([2] * 32))
    create_secret(tmp_path / "day.key")
    days, opener = DayTags(tmp_path / "day.key"), VisitOpener(private)

    def made(*entries: RosterEntry) -> Desk:
        path = tmp_path / "roster.db"
        as_of = NOW - timedelta(hours=1)
        build_roster(path, entries, tags=tags, version="v", as_of=as_of, names_for=private.public_key())
        roster = StaffRoster(Roster(path, tags=tags), private)
        staff = StaffDesk(
            database=database, clinic=CLINIC, device="desk-1", opener=opener, tags=days, clock=clock, roster=roster
        )
        work = Worklist(database=database, clinic=CLINIC, device="desk-1", opener=opener, clock=clock)
        sealer = VisitSealer(private.public_key())
        return Desk(
            checkin=CheckIn(database=database, clinic=CLINIC, device="kiosk-1", sealer=sealer, tags=days, clock=clock),
            staff=staff,
            work=work,
            ways=OtherWays(desk=staff, policy=way_policy(), worklist=work, clinic="36001", clock=clock, roster=roster),
        )

    yield made
    database.close()


def test_papers_with_anothers_personal_number_admit_nobody(desk: Callable[..., Desk]) -> None:
    outcome = desk(entry()).papers(claim(*LIAR))
    assert outcome.ticket is None
    assert outcome.decision.refused is Refused.COVER
    assert outcome.cover is not None
    assert outcome.cover.code is Code.IDENTITY_DIFFERS


def test_a_printed_code_with_anothers_personal_number_admits_nobody(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    ticket = there.ticket(claim(*LIAR, source=ClaimSource.CARD_QR), Assurance.QR_UNSIGNED, Code.QR_ONLY)
    outcome = there.ways.admit(ticket, Presented(way=Way.CODE, seen=SEEN), "noi", by="desk-1")
    assert outcome.ticket is None


def test_whose_number_it_is_gets_in_by_papers(desk: Callable[..., Desk]) -> None:
    outcome = desk(entry()).papers(claim(), INSURANCE)
    assert outcome.ticket is not None
    assert outcome.cover is not None
    assert outcome.cover.step is Step.ADMIT


def test_anothers_insurance_number_beside_ones_own_admits_nobody(desk: Callable[..., Desk]) -> None:
    linked = entry("036158900002", OTHER, Described(name="Lê Thị Khác", birth="01/02/1960", sex="F"))
    assert desk(entry(), linked).papers(claim(), OTHER).ticket is None


def test_an_insurance_number_without_personal_number_is_compared_too(desk: Callable[..., Desk]) -> None:
    there = desk(entry(), entry(None, OTHER, Described(name="Lê Thị Khác", birth="01/02/1960", sex="F")))
    assert there.papers(claim(), OTHER).ticket is None
    assert there.papers(claim(number=None), OTHER).ticket is None


def test_the_insurance_number_alone_of_a_linked_row_is_compared_too(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    liar = there.papers(claim(*LIAR, number=None), INSURANCE)
    assert liar.ticket is None
    assert liar.cover is not None
    assert liar.cover.code is Code.IDENTITY_DIFFERS
    own = there.papers(claim(number=None), INSURANCE)
    assert own.ticket is not None
    assert own.cover is not None
    assert own.cover.step is Step.ADMIT


def test_anothers_sex_is_another_person(desk: Callable[..., Desk]) -> None:
    man = Described(name=NAME, birth="05/09/1958", sex="M")
    assert desk(entry(said=man)).papers(claim(), INSURANCE).ticket is None


@pytest.mark.parametrize("number", [None, NUMBER])
def test_with_no_name_to_compare_the_payer_is_to_be_asked(desk: Callable[..., Desk], number: str | None) -> None:
    outcome = desk(entry(said=None)).papers(claim(number=number), INSURANCE)
    assert outcome.ticket is not None
    assert outcome.cover is not None
    assert outcome.cover.step is Step.ADMIT_AND_RECHECK


@pytest.mark.parametrize("own_row", [True, False], ids=["own row linked", "own row missing"])
def test_no_link_is_asked_for_that_takes_anothers_number(desk: Callable[..., Desk], own_row: bool) -> None:
    there = desk(*([entry()] if own_row else []), entry("036158900002", OTHER, None))
    there.with_number(there.ticket(claim(), Assurance.CHIP_ANCHORED), OTHER)
    assert not there.work.rows()


def test_a_link_is_asked_for_where_the_number_stands_alone(desk: Callable[..., Desk]) -> None:
    there = desk(entry(None))
    assert there.with_number(there.ticket(claim(), Assurance.CHIP_ANCHORED), INSURANCE).ticket is not None
    [row] = there.work.rows()
    assert row.proposed == INSURANCE


def test_the_cover_that_was_found_for_a_ticket_is_kept_with_it(desk: Callable[..., Desk]) -> None:
    there = desk(entry(None))
    ticket = there.ticket(claim(), Assurance.CHIP_ANCHORED)
    there.with_number(ticket, INSURANCE)
    person = there.person(ticket)
    assert (person.benefit, person.home_clinic, person.covered_from) == ("4", "36001", "2026-01-01")


def test_the_cover_found_by_a_read_number_alone_is_kept_too(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    ticket = there.ticket(claim(source=ClaimSource.CARD_QR), Assurance.QR_UNSIGNED, Code.QR_ONLY)
    assert there.ways.admit(ticket, Presented(way=Way.CODE, seen=SEEN), "noi", by="desk-1").ticket is not None
    assert there.person(ticket).benefit == "4"


@pytest.mark.parametrize("personal_first", [True, False])
def test_nobody_gets_two_admissions_by_two_numbers_of_their_own(
    desk: Callable[..., Desk], personal_first: bool
) -> None:
    there = desk(entry(), entry("036158900002", OTHER, None))
    first, then = (claim(), claim(number=None))[:: 1 if personal_first else -1]
    assert there.papers(first, INSURANCE).ticket is not None
    with pytest.raises(NotConfirmable, match="already_admitted"):
        there.papers(then, INSURANCE)
    assert there.papers(claim("Lê Thị Khác", number=None), OTHER).ticket is not None


def test_a_second_admission_leaves_the_ticket_at_the_desk(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    ticket = there.ticket(claim(number=None), Assurance.NONE, Code.NO_DOCUMENT)
    assert there.papers(claim()).ticket is not None
    presented = Presented(way=Way.PAPERS, claim=claim(number=None), insurance_number=INSURANCE, seen=SEEN)
    with pytest.raises(NotConfirmable, match="already_admitted"):
        there.ways.admit(ticket, presented, "noi", by="desk-1")
    row = there.staff.visit(ticket)
    assert row is not None
    assert row.state == "desk"


# ---- However a clerk admits: by one tap, by typing, in another's place
def forged(there: Desk, assurance: Assurance = Assurance.QR_UNSIGNED, code: Code = Code.QR_ONLY) -> str:
    """A ticket by a printed code with the owner's number and another's name."""
    return there.ticket(claim(*LIAR, source=ClaimSource.CARD_QR), assurance, code)


def refused(there: Desk, visit_id: str, **told: Any) -> Any:
    with pytest.raises(NotConfirmable, match="anothers_number") as problem:
        there.staff.confirm(visit_id, "noi", by="desk-1", **told)
    row = there.staff.visit(visit_id)
    assert row is not None
    assert (row.state, there.staff.admissions()) == ("desk", ())
    return problem.value.compared


def test_one_tap_admits_nobody_on_anothers_number_and_shows_both_sides(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    compared = refused(there, forged(there))
    assert compared.reason is CoverReason.NAME_DIFFERS
    assert (compared.shown.name, compared.kept.name) == (LIAR[0], NAME)


def test_a_chip_that_nobody_vouches_for_proves_no_number(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    refused(there, forged(there, Assurance.CHIP_UNANCHORED, Code.UNKNOWN_CARD))


def test_who_was_typed_is_compared_even_after_a_chip(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    ticket = there.ticket(claim(), Assurance.CHIP_ANCHORED, Code.COVER_ENDED)
    refused(there, ticket, claim=claim(*LIAR))
    assert there.staff.confirm(ticket, "noi", by="desk-1").number == 1


def test_a_typed_number_beside_a_ticket_is_compared(desk: Callable[..., Desk]) -> None:
    there = desk(entry(None))
    ticket = there.ticket(claim(*LIAR, number=None), Assurance.NONE, Code.NO_DOCUMENT)
    with pytest.raises(NotConfirmable, match="anothers_number"):
        there.staff.confirm_told(ticket, "noi", Told(insurance_number=INSURANCE), by="desk-1")


def test_whose_number_it_is_gets_in_by_one_tap(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    ticket = there.ticket(claim(source=ClaimSource.CARD_QR), Assurance.QR_UNSIGNED, Code.QR_ONLY)
    assert there.staff.confirm(ticket, "noi", by="desk-1").number == 1


@pytest.mark.parametrize("said", [None, Described(name="TRAN THI HOA", birth="1958", sex="F")])
def test_where_too_little_is_kept_the_clerk_answers(desk: Callable[..., Desk], said: Described | None) -> None:
    there = desk(entry(said=said))
    ticket = there.ticket(claim(source=ClaimSource.CARD_QR), Assurance.QR_UNSIGNED, Code.QR_ONLY)
    assert there.staff.confirm(ticket, "noi", by="desk-1").number == 1


def test_whom_the_chip_proved_needs_no_name_of_the_roster(desk: Callable[..., Desk]) -> None:
    there = desk(entry(said=Described(name="Tên Cũ", birth="05/09/1958", sex="F")))
    ticket = there.ticket(claim(), Assurance.CHIP_ANCHORED, Code.COVER_ENDED)
    assert there.staff.confirm(ticket, "noi", by="desk-1").number == 1


def test_in_an_emergency_nobody_waits_for_a_name(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    outcome = there.ways.admit(None, Presented(way=Way.EMERGENCY, claim=claim(*LIAR)), "noi", by="desk-1")
    assert outcome.ticket is not None


def test_nobody_takes_anothers_place_on_a_third_persons_number(desk: Callable[..., Desk]) -> None:
    there = desk(entry(), entry("036158900002", OTHER, None))
    wrong = there.papers(claim("Lê Thị Khác", number="036158900002"), OTHER).ticket
    assert wrong is not None
    database, clock = there.staff._database, there.staff._clock
    corrections = Corrections(
        database=database, clinic=CLINIC, device="desk-1", clock=clock, admission=there.staff.admission
    )
    with pytest.raises(NotCorrectable, match="anothers_number"):
        corrections.replace_person(wrong.visit_id, claim(*LIAR), "noi", by="desk-1")
    assert corrections.replace_person(wrong.visit_id, claim(), "noi", by="desk-1").number == 2


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (Described(name=NAME, birth="05/09/1958", sex="M"), CoverReason.SEX_DIFFERS),
        (Described(name=NAME, birth="06/09/1958", sex="F"), CoverReason.BIRTH_DIFFERS),
        (Described(name=LIAR[0], birth="05/09/1958", sex="F"), CoverReason.NAME_DIFFERS),
    ],
)
def test_the_clerk_is_told_which_field_differs(desk: Callable[..., Desk], kept: Described, reason: CoverReason) -> None:
    outcome = desk(entry(said=kept)).papers(claim(birth=BIRTH, number=NUMBER))
    assert outcome.cover is not None
    assert outcome.cover.reasons == (reason,)
    assert outcome.compared is not None
    assert outcome.compared.kept is not None
    assert outcome.compared.kept.sex == kept.sex


def test_anothers_insurance_number_is_a_matter_of_the_number(desk: Callable[..., Desk]) -> None:
    linked = entry("036158900002", OTHER, None)
    outcome = desk(entry(), linked).papers(claim(), OTHER)
    assert outcome.cover is not None
    assert outcome.cover.reasons == (CoverReason.OTHER_NUMBER,)
    assert outcome.compared is not None
    assert outcome.compared.kept is None


def test_a_number_alone_is_found_again_without_opening_the_days_records(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    first = there.papers(claim(), INSURANCE).ticket
    assert first is not None
    with there.staff._database.write() as session:
        session.get_one(Visit, first.visit_id).blob = b"no record"
    with pytest.raises(NotConfirmable, match="already_admitted"):
        there.papers(claim(number=None), INSURANCE)


def test_what_else_the_store_refuses_is_no_second_admission(desk: Callable[..., Desk]) -> None:
    there = desk(entry())
    told = Told(way=Way.PAPERS, claim=claim())

    def the_same_number_twice(session: Session, visit: Visit) -> None:
        other = there.staff.admission.arrival(session)
        other.number = visit.number

    with pytest.raises(IntegrityError):
        there.staff.confirm_told(None, "noi", told, by="desk-1", then=the_same_number_twice)
    assert there.staff.admissions() == ()
