"""Roster and payer together, with a payer whom the test holds back."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from idcard import BirthDate
from kiosk.devices.clock import ManualClock
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import CoverReason, CoverSource, Eligibility, NextStep, Step
from kiosk.domain.freshness import Freshness
from kiosk.insurance.cutoff import CutOff, within
from kiosk.insurance.roster import Roster, RosterEntry, build_roster
from kiosk.insurance.sources import CoverDesk, NoOnlineAnswer
from kiosk.keys import PersonTags

NOW = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
TODAY = date(2026, 11, 23)
INSURED = Asked(name="Nguyễn Thị Mẫu", birth=BirthDate(year=1990), personal_number="036190999000")
UNKNOWN = Asked(name="Nguyễn Thị Mẫu", birth=BirthDate(year=1990), personal_number="036190999001")
REFUSED = Eligibility(code=Code.COVER_ENDED, reasons=(CoverReason.ENDED,), coverage=None, step=Step.NOT_COVERED)


class Payer:
    """Answers when it is let, with what it is told."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.answer: Eligibility | Online = Online.OFF
        self.asked: list[Asked] = []

    def ask(self, asked: Asked) -> OnlineAnswer:
        self.asked.append(asked)
        self.let.wait()
        if isinstance(self.answer, Online):
            raise NoOnlineAnswer(self.answer)
        return OnlineAnswer(eligibility=self.answer, as_of=NOW, shift_id="7")


@pytest.fixture
def payer() -> Iterator[Payer]:
    payer = Payer()
    yield payer
    payer.let.set()


MakeDesk = Callable[..., CoverDesk]


@pytest.fixture
def desk(tmp_path: Path, payer: Payer) -> MakeDesk:
    tags = PersonTags(bytes(32))
    entry = RosterEntry(
        personal_number="036190999000",
        valid_from=date(2026, 1, 1),
        valid_to=None,
        benefit="4",
        home_clinic="36999",
        insurance_number="3690999000",
    )

    def make(cut_off_s: float = 30.0, age: timedelta = timedelta(hours=1), recheck: bool = True) -> CoverDesk:
        path = tmp_path / "roster.db"
        build_roster(path, [entry], tags=tags, version="1", as_of=NOW - age)
        return CoverDesk(
            source=Roster(path, tags=tags),
            freshness=Freshness(),
            clinic="36999",
            clock=ManualClock(NOW),
            online=payer,
            cut_off_s=cut_off_s,
            recheck=recheck,
        )

    return make


def test_a_clinic_that_asks_nobody_goes_by_its_roster_and_marks_nothing(desk: MakeDesk, payer: Payer) -> None:
    payer.let.set()
    found = desk().find(INSURED, on=TODAY)
    assert (found.eligibility.step, found.basis.online) == (Step.ADMIT, Online.OFF)
    assert found.reasons == ("covered",)


def test_the_payers_answer_counts_whatever_the_roster_says(desk: MakeDesk, payer: Payer) -> None:
    payer.let.set()
    payer.answer = REFUSED
    found = desk().find(INSURED, on=TODAY)
    assert (found.eligibility, found.basis.source, found.basis.as_of) == (REFUSED, CoverSource.GATEWAY, NOW)


def test_an_answer_that_says_nothing_of_the_person_leaves_it_to_the_roster(desk: MakeDesk, payer: Payer) -> None:
    payer.let.set()
    payer.answer = Eligibility(
        code=Code.COVER_UNKNOWN,
        reasons=(CoverReason.OFFICER_UNKNOWN,),
        coverage=None,
        step=Step.DESK,
        next=NextStep.SETTINGS,
        result="054",
    )
    found = desk().find(INSURED, on=TODAY)
    assert (found.eligibility.step, found.basis.source) == (Step.ADMIT_AND_RECHECK, CoverSource.ROSTER)
    assert (found.eligibility.result, found.basis.shift_id) == ("054", "7")
    assert "cover_officer_unknown" in found.reasons


def test_the_rosters_insurance_number_is_passed_on(desk: MakeDesk, payer: Payer) -> None:
    payer.let.set()
    desk().find(INSURED, on=TODAY)
    assert [asked.insurance_number for asked in payer.asked] == ["3690999000"]


def test_the_cut_off_ends_the_wait_and_not_the_call(desk: MakeDesk, payer: Payer) -> None:
    found = desk(cut_off_s=0.05).find(INSURED, on=TODAY)
    assert not payer.let.is_set()
    assert (found.eligibility.step, found.basis.online) == (Step.ADMIT_AND_RECHECK, Online.TOO_LATE)


def test_calls_for_which_nobody_waits_do_not_pile_up(desk: MakeDesk, payer: Payer) -> None:
    cover = desk(cut_off_s=0.02)
    found = [cover.find(INSURED, on=TODAY).basis.online for _ in range(6)]
    assert found == [Online.TOO_LATE] * 4 + [Online.BUSY] * 2
    assert len(payer.asked) == 4


def test_a_roster_too_old_to_decide_leaves_only_the_payer(desk: MakeDesk, payer: Payer) -> None:
    payer.let.set()
    payer.answer = Online.DOWN
    found = desk(age=timedelta(days=40)).find(INSURED, on=TODAY)
    assert (found.eligibility.code, found.trouble) == (Code.COVER_UNKNOWN, VisitReason.ROSTER_TOO_OLD)
    payer.answer = Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=None)
    assert desk(age=timedelta(days=40)).find(INSURED, on=TODAY).eligibility.covered


def test_whom_the_roster_does_not_know_is_not_admitted_off_line(desk: MakeDesk, payer: Payer) -> None:
    payer.let.set()
    payer.answer = Online.DOWN
    found = desk().find(UNKNOWN, on=TODAY)
    assert (found.eligibility.code, found.eligibility.covered) == (Code.NOT_COVERED, False)


def test_a_clinic_may_mark_nobody(desk: MakeDesk, payer: Payer) -> None:
    payer.let.set()
    payer.answer = Online.NO_SHIFT
    found = desk(recheck=False).find(INSURED, on=TODAY)
    assert (found.eligibility.step, found.basis.online) == (Step.ADMIT, Online.NO_SHIFT)
    assert "cover_not_confirmed" in found.reasons


def test_what_a_call_raises_is_raised_here() -> None:
    def broken() -> None:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        within(30.0, broken, name="test")
    assert within(30.0, lambda: 7, name="test") == 7


def test_a_call_that_outlasts_its_seconds_is_left_alone() -> None:
    let, ended = threading.Event(), threading.Event()

    def call() -> None:
        let.wait()
        ended.set()

    with pytest.raises(CutOff):
        within(0.0, call, name="test")
    let.set()
    assert ended.wait(60)
