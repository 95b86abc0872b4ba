"""A name that the payer calls wrong is asked once more as the roster writes it, and never as another person's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from idcard import BirthDate
from kiosk.devices.clock import ManualClock
from kiosk.domain.cover_answer import CoverAnswer
from kiosk.domain.cover_basis import Asked
from kiosk.domain.eligibility import Eligibility, Step
from kiosk.domain.route import Clinic, Room
from kiosk.insurance.tables import result_table
from kiosk.keys import VisitOpener
from kiosk.services.online_cover import GatewayCover
from kiosk.services.shift import Officer, ShiftBook
from kiosk.store.database import Database

NUMBER, CHIP, RECORDED = "036158900001", "Trần Thị Hoà", "Trần Thị Hòa"
ASKED = Asked(name=CHIP, birth=BirthDate(year=1958, month=9, day=5), personal_number=NUMBER)


@dataclass
class Payer:
    """A payer that knows one person under one exact spelling, and says nothing of them under another."""

    spelling: str
    asked: list[str] = field(default_factory=list)
    look_up_by: str = "personal_number"

    def look_up(self, number: str, name: str, birth: str, *, officer: Officer) -> CoverAnswer:
        self.asked.append(name)
        at = datetime(2026, 11, 23, tzinfo=UTC)
        if name != self.spelling:
            return CoverAnswer(result_code="060", asked_number=number, as_of=at)
        return CoverAnswer(
            result_code="000",
            asked_number=number,
            name=name,
            birth=birth,
            valid_from=at.date() - timedelta(days=90),
            home_clinic="36001",
            as_of=at,
        )


@dataclass
class Known:
    """What the clinic knows of one person."""

    spelling: str
    noted_of: list[tuple[str | None, Step]] = field(default_factory=list)

    def spellings(self, asked: Asked) -> tuple[str, ...]:
        return (self.spelling,)

    def noted(self, asked: Asked, answer: CoverAnswer, decision: Eligibility) -> None:
        self.noted_of.append((answer.name, decision.step))

    def is_anothers(self, personal_number: str, insurance_number: str) -> bool:
        return False


Ask = Callable[[Payer, Known | None], GatewayCover]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    clock = ManualClock(datetime(2026, 11, 23, 1, tzinfo=UTC))
    room = Room(id="a", name_vi="A", name_en="A", place_vi="1", place_en="1")
    clinic = Clinic(code="36001", name_vi="A", name_en="A", hotline="1", rooms=(room,))
    database = Database.open(tmp_path / "store.db")
    shifts = ShiftBook(
        database=database,
        clinic=clinic,
        device="desk-1",
        opener=VisitOpener(X25519PrivateKey.generate()),
        clock=clock,
    )
    now = clock.now()
    shifts.open("Phạm Thị Trực", "036185999901", starts_at=now, ends_at=now + timedelta(hours=8), by="desk-1")

    def cover(payer: Payer, known: Known | None) -> GatewayCover:
        return GatewayCover(
            lambda: payer, shifts=shifts, table=result_table(), clinic="36001", clock=clock, records=known
        )

    yield cover
    database.close()


def test_the_second_question_has_the_rosters_spelling(ask: Ask) -> None:
    payer, known = Payer(RECORDED), Known(RECORDED)
    assert ask(payer, known).ask(ASKED).eligibility.covered
    assert payer.asked == [CHIP, RECORDED]
    assert known.noted_of == [(RECORDED, Step.ADMIT)]


def test_what_somebody_showed_is_asked_as_well(ask: Ask) -> None:
    payer = Payer(RECORDED)
    shown = Asked(name=CHIP, birth=ASKED.birth, personal_number=NUMBER, spellings=(RECORDED,))
    assert ask(payer, None).ask(shown).eligibility.covered


@pytest.mark.parametrize("other", ["Trần Thị Hoài", "Lê Văn Tám", CHIP])
def test_a_name_that_may_be_anothers_is_never_asked(ask: Ask, other: str) -> None:
    payer = Payer(RECORDED)
    assert not ask(payer, Known(other)).ask(ASKED).eligibility.covered
    assert payer.asked == [CHIP]
