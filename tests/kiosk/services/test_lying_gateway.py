"""An answer that would admit is believed only as far as it says whom it is about."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from idcard import BirthDate, Sex
from kiosk.devices.clock import ManualClock
from kiosk.domain.codes import Code
from kiosk.domain.cover_answer import CoverAnswer
from kiosk.domain.cover_basis import Asked
from kiosk.domain.eligibility import CoverReason, Eligibility, NextStep, Step
from kiosk.domain.route import Clinic, Room
from kiosk.insurance.roster import Roster, RosterEntry, build_roster
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.insurance.tables import result_table
from kiosk.keys import PersonTags, VisitOpener
from kiosk.services.cleaning import Cleaning
from kiosk.services.online_cover import GatewayCover
from kiosk.services.shift import Officer, ShiftBook
from kiosk.services.worklist import Worklist
from kiosk.store.database import Database

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
NAME, NUMBER, INSURANCE = "Trần Thị Hoà", "036158900001", "HC4363600000001"
ANOTHERS = "GD4360000000099"


@dataclass
class Payer:
    """A payer that answers one question after the other with these fields."""

    answers: list[dict[str, Any]]
    asked: list[str] = field(default_factory=list)
    look_up_by: str = "personal_number"

    def look_up(self, number: str, name: str, birth: str, *, officer: Officer) -> CoverAnswer:
        self.asked.append(birth)
        base: dict[str, Any] = {"result_code": "000", "asked_number": number, "as_of": NOW, "home_clinic": "36001"}
        return CoverAnswer(**base | {"valid_from": date(2026, 1, 1)} | self.answers[len(self.asked) - 1])


Judged = Callable[..., Eligibility]


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Judged]:
    clock = ManualClock(NOW)
    room = Room(id="a", name_vi="A", name_en="A", place_vi="1", place_en="1")
    clinic = Clinic(code="36001", name_vi="A", name_en="A", hotline="1", rooms=(room,))
    database = Database.open(tmp_path / "store.db")
    opener = VisitOpener(X25519PrivateKey.generate())
    shifts = ShiftBook(database=database, clinic=clinic, device="desk-1", opener=opener, clock=clock)
    shifts.open("Phạm Thị Trực", "036185999901", starts_at=NOW, ends_at=NOW + timedelta(hours=8), by="desk-1")

    def ask(*answers: dict[str, Any], roster: StaffRoster | None = None, **asked: Any) -> Eligibility:
        payer, records = Payer(list(answers)), None
        if roster is not None:
            place: Any = {"database": database, "clinic": clinic, "device": "desk-1", "opener": opener, "clock": clock}
            records = Cleaning(roster=roster, worklist=Worklist(**place), **place)
        cover = GatewayCover(
            lambda: payer, shifts=shifts, table=result_table(), clinic="36001", clock=clock, records=records
        )
        who: dict[str, Any] = {"name": NAME, "birth": BirthDate(year=1958, month=9, day=5), "personal_number": NUMBER}
        return cover.ask(Asked(**who | asked)).eligibility

    yield ask
    database.close()


@pytest.fixture
def roster(tmp_path: Path) -> StaffRoster:
    """Links the personal number that is asked about to one insurance number, and somebody else's to another."""
    private, tags = X25519PrivateKey.generate(), PersonTags(bytes(32))
    usual: dict[str, Any] = {"valid_from": date(2026, 1, 1), "valid_to": None, "benefit": "4", "home_clinic": "36001"}
    people = [(NUMBER, INSURANCE), ("036158900099", ANOTHERS)]
    entries = [RosterEntry(personal_number=own, insurance_number=insured, **usual) for own, insured in people]
    build_roster(tmp_path / "roster.db", entries, tags=tags, version="v", as_of=NOW)
    return StaffRoster(Roster(tmp_path / "roster.db", tags=tags), private)


def test_an_answer_about_another_insurance_number_admits_nobody(judged: Judged) -> None:
    decision = judged({"name": NAME, "number": ANOTHERS}, insurance_number=INSURANCE)
    assert decision.code is Code.IDENTITY_DIFFERS
    assert decision.reasons == (CoverReason.OTHER_NUMBER,)


def test_an_answer_that_names_nobody_admits_nobody(judged: Judged) -> None:
    decision = judged({"number": INSURANCE}, insurance_number=INSURANCE)
    assert decision.code is Code.COVER_UNKNOWN
    assert decision.reasons == (CoverReason.UNKNOWN_RESULT,)


@pytest.mark.parametrize("said", [{"name": NAME}, {"birth": "05/09/1958"}], ids=["name", "birth"])
def test_a_name_or_a_birth_alone_may_agree(judged: Judged, said: dict[str, str]) -> None:
    assert judged({"number": INSURANCE} | said, insurance_number=INSURANCE).covered


def test_a_bare_name_for_a_year_of_birth_is_not_enough(judged: Judged) -> None:
    year_only = {"result_code": "070"}
    bare = judged(year_only, {"name": "TRAN THI HOA"})
    assert bare.reasons == (CoverReason.NAME_DIFFERS,)
    assert judged(year_only, {"name": NAME}).covered


@pytest.mark.parametrize("before", [(), ({"result_code": "070"},)], ids=["first question", "after a year"])
@pytest.mark.parametrize("birth", ["1958", "09/1958"])
def test_without_a_name_a_part_of_a_birth_is_not_enough(judged: Judged, before: Any, birth: str) -> None:
    decision = judged(*before, {"birth": birth})
    assert decision.step is Step.DESK
    assert decision.reasons == (CoverReason.UNKNOWN_RESULT,)
    assert judged(*before, {"birth": "05/09/1958"}).covered
    assert judged(*before, {"name": NAME, "birth": birth}).covered


@pytest.mark.parametrize(
    ("number", "said", "covered"),
    [
        (ANOTHERS, {}, False),
        (INSURANCE, {}, True),
        ("HC4363600000055", {}, True),
        (ANOTHERS, {"name": NAME}, True),
    ],
    ids=["another's", "one's own", "not in the roster", "with the name"],
)
def test_a_nameless_answer_with_the_number_of_another_admits_nobody(
    judged: Judged, roster: StaffRoster, number: str, said: dict[str, str], covered: bool
) -> None:
    decision = judged({"birth": "05/09/1958", "number": number} | said, roster=roster)
    assert decision.covered is covered
    assert covered or decision.reasons == (CoverReason.OTHER_NUMBER,)


@pytest.mark.parametrize(("on", "covered"), [(date(2026, 11, 20), True), (date(2026, 11, 23), False)])
def test_cover_is_judged_on_the_visits_day(judged: Judged, on: date, covered: bool) -> None:
    ended = {"name": NAME, "number": INSURANCE, "valid_to": date(2026, 11, 22)}
    assert judged(ended, on=on).covered is covered


@pytest.mark.parametrize("said", ["Nam", "nam", " NAM "])
def test_an_answer_about_a_man_admits_no_woman(judged: Judged, said: str) -> None:
    decision = judged({"name": NAME, "birth": "05/09/1958", "sex": said}, sex=Sex.FEMALE)
    assert (decision.code, decision.reasons) == (Code.IDENTITY_DIFFERS, (CoverReason.SEX_DIFFERS,))
    assert (decision.step, decision.next, decision.coverage) == (Step.DESK, NextStep.COMPARE, None)


@pytest.mark.parametrize("said", ["Nữ", "N\u01b0\u0303", "NU", "", "?", "1", "Không xác định"])
@pytest.mark.parametrize("sex", [Sex.FEMALE, Sex.UNSPECIFIED, None])
def test_a_sex_that_agrees_or_says_nothing_refuses_nobody(judged: Judged, said: str, sex: Sex | None) -> None:
    assert judged({"name": NAME, "birth": "05/09/1958", "sex": said}, sex=sex).covered


@pytest.mark.parametrize("number", ["", "x" * 64, "GD"])
def test_what_is_no_insurance_number_is_kept_as_none(judged: Judged, number: str) -> None:
    coverage = judged({"name": NAME, "birth": "05/09/1958", "insurance_number": number}).coverage
    assert coverage is not None
    assert coverage.insurance_number is None
