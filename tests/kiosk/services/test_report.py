"""The report of a day over a store that real visits were written to: its figures, and that it names nobody."""

import csv
import gettext
import io
import json
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.queue import Act
from kiosk.domain.staff import Override, OverrideReason
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.services.assistance import LASTS, AssistedMachine, AssistedMode
from kiosk.services.audit import Heads, examine, read_heads
from kiosk.services.board_figures import BoardFigures
from kiosk.services.queue import Queue
from kiosk.services.report import Reporter
from kiosk.services.report_pdf import pdf_of
from kiosk.services.report_sheet import csv_of, plain, sheet_of
from kiosk.web.common.factory import WEB
from kiosk.web.common.words import LOCALES

Kiosk = Any
FONTS = WEB / "static" / "fonts"


@pytest.fixture
def queue(kiosk: Kiosk) -> Queue:
    return Queue(database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock, plain_after=3)


def reporter(kiosk: Kiosk) -> Reporter:
    return Reporter(database=kiosk.database, clinic=kiosk.staff._clinic, clock=kiosk.clock)


def report(kiosk: Kiosk) -> Any:
    return reporter(kiosk).report(clinic_day(kiosk.clock.now()))


def say_in(language: str) -> Any:
    with (LOCALES / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)

    def say(message: str, /, **values: object) -> str:
        said = catalogue.gettext(message)
        return said % values if values else said

    return say


@pytest.fixture
def day(kiosk: Kiosk, queue: Queue) -> Kiosk:
    """An old woman and somebody else come to one room, a third to the desk; the reader is lost for ten minutes."""
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.admit("old")
    kiosk.clear()
    kiosk.show_qr("not_insured")
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    kiosk.checkin.notify(Code.READER_LOST)
    kiosk.clock.advance(600)
    kiosk.checkin.came_back(Code.READER_LOST)
    queue.call_next("noi", by="lan")
    kiosk.clock.advance(300)
    queue.call_next("noi", by="lan")
    queue.undo(by="lan")
    kiosk.clock.advance(300)
    queue.call_next("noi", by="lan")
    return kiosk


def test_the_figures_are_those_of_the_day(day: Kiosk) -> None:
    made = report(day)
    assert (made.admissions, made.automatic, made.priority, made.desk_tickets, made.undone) == (2, 2, 1, 1, 1)
    assert made.by_room == {"noi": 2}
    assert sum(made.by_hour.values()) == 2
    assert made.by_way == {"chip": 2}
    assert made.by_assurance == {"chip_anchored": 2}
    assert made.exceptions.by_code == {"E11": 1, "E14": 1}
    assert (made.exceptions.came, made.exceptions.open, made.exceptions.settled) == (2, 1, 1)
    assert made.exceptions.settling.median_s == 600
    assert made.exceptions.oldest_open_s == pytest.approx(1200, abs=30)
    assert made.down == {"kiosk-1": 600}
    waited = made.waits["noi"]
    assert waited.count == 2, "what was taken back did not happen"
    assert waited.median_s == pytest.approx(600, abs=60)
    assert waited.p95_s == pytest.approx(1200, abs=60)


def test_who_is_sent_on_waits_from_then(day: Kiosk, queue: Queue) -> None:
    first = day.staff.numbered(2)
    queue.act(first.visit_id, Act.MOVE, by="lan", room_id="mat")
    day.clock.advance(90)
    queue.call_next("mat", by="lan")
    assert report(day).waits["mat"].median_s == 90


def test_another_day_has_figures_of_its_own(day: Kiosk) -> None:
    made = reporter(day).report(clinic_day(day.clock.now()) - timedelta(days=1))
    assert (made.admissions, made.exceptions.came, made.waits, made.down) == (0, 0, {}, {})


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nothing_on_the_sheet_names_anybody(day: Kiosk, language: str) -> None:
    made = report(day)
    sheet = sheet_of(made, day.staff._clinic, say_in(language), language)
    text = csv_of(sheet) + json.dumps(plain(made), ensure_ascii=False)
    for person in day.holders.values():
        assert person.personal_number not in text
        assert not [word for word in person.name.split()[1:] if len(word) > 3 and word in text]
    with day.database.read() as session:
        visits = [row.visit_id for row in day.staff.admissions()]
        assert session is not None
    assert not [visit for visit in visits if visit in text]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_word_of_the_sheet_is_in_the_catalogue(day: Kiosk, language: str) -> None:
    sheet = sheet_of(report(day), day.staff._clinic, say_in(language), language)
    said = [sheet.title, *(label for label, _ in sheet.facts)]
    said += [text for table in sheet.tables for text in (table.title, *table.heads, *(row.label for row in table.rows))]
    assert not [text for text in said if "report." in text or "assurance." in text or "way." in text]
    rows = list(csv.reader(io.StringIO(csv_of(sheet))))
    assert {len(row) for row in rows} == {4}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_paper_has_every_letter(day: Kiosk, language: str) -> None:
    from fontTools.ttLib import TTFont

    sheet = sheet_of(report(day), day.staff._clinic, say_in(language), language)
    content = pdf_of(sheet, FONTS, language)
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert b"BeVietnamPro" in content, "the font is in the file"
    with TTFont(FONTS / "BeVietnamPro_400Regular.ttf") as font:
        known = set(font.getBestCmap())
    assert not [sign for sign in csv_of(sheet) if ord(sign) not in known and sign not in "\r\n"]


def test_the_ends_on_the_sheet_tell_a_chain_that_was_written_anew(day: Kiosk, tmp_path: Any) -> None:
    heads = report(day).heads
    assert {head.device for head in heads} == {"kiosk-1", "desk-1"}
    kept = tmp_path / "kept.jsonl"
    kept.write_text("".join(head.line() + "\n" for head in heads))
    with day.database.read() as session:
        assert not [found for chain in examine(session, read_heads(kept)) for found in chain.findings]
    assert Heads(tmp_path / "none").known() == ()


def test_an_admission_bears_the_account_of_whoever_helped(kiosk: Kiosk) -> None:
    shared = {"database": kiosk.database, "clinic": kiosk.staff._clinic, "clock": kiosk.clock, "device": "kiosk-1"}
    mode, machine = AssistedMode(**shared, own="desk-1"), AssistedMachine(**shared)
    assert not machine.is_open()
    kiosk.admit("insured")
    kiosk.clear()
    assert mode.begin(by="lan").by == "lan"
    assert machine.is_open()
    mode.begin(by="truc")
    kiosk.admit("old")
    assert mode.now().by == "truc"
    assert report(kiosk).assisted == 1
    with kiosk.database.read() as session:
        from kiosk.store.tables import Audit, Visit

        helped = [(visit.number, visit.assisted_by) for visit in session.query(Visit).order_by(Visit.number)]
        bodies = [json.loads(link.body)["facts"] for link in session.query(Audit).filter_by(kind="admitted")]
    assert helped == [(1, None), (2, "truc")]
    assert [facts.get("assisted_by") for facts in bodies] == [None, "truc"]
    mode.end_of("lan")
    assert machine.is_open(), "somebody else helps"
    assert not mode.end_absent(lambda: frozenset({"truc", "lan"}))
    mode.end_of("truc")
    assert not machine.is_open()
    mode.begin(by="lan")
    kiosk.clock.advance(LASTS.total_seconds())
    assert not machine.is_open(), "a screen left alone bears nobody's name"


def test_a_part_that_was_lost_before_the_day_counts_from_its_beginning(kiosk: Kiosk) -> None:
    kiosk.checkin.notify(Code.READER_LOST)
    kiosk.clock.advance(86400)
    now = kiosk.clock.now()
    midnight = datetime.combine(clinic_day(now), time(), VIETNAM_TIME)
    [down] = report(kiosk).down.values()
    assert down == (now - midnight).total_seconds()
    kiosk.checkin.came_back(Code.READER_LOST)
    kiosk.clock.advance(3600)
    assert report(kiosk).down == {"kiosk-1": down}
    kiosk.clock.advance(86400)
    assert report(kiosk).down == {}, "it was well all that day"


def test_board_and_lines_say_one_figure_of_a_wait(kiosk: Kiosk) -> None:
    kiosk.checkin.desk_ticket(None, code=Code.HELP)
    [row] = kiosk.staff.desk_tickets()
    kiosk.clock.advance(600)
    claim = ClaimedIdentity(source=ClaimSource.TYPED, name="Trần Thị Mẫu", birth=BirthDate(year=1958))
    kiosk.staff.confirm(row.visit_id, "noi", by="lan", claim=claim)
    kiosk.admit("insured")
    kiosk.clock.advance(60)
    shared = {"database": kiosk.database, "clinic": kiosk.staff._clinic, "clock": kiosk.clock}
    queue = Queue(**shared, device="desk-1", plain_after=3)
    board = {each.room and each.room.id: (each.count, each.longest_s) for each in BoardFigures(**shared).rooms()}
    assert board == queue.counts()
    assert board["noi"][1] == queue.line("noi").longest_s == pytest.approx(660, abs=2), "since they stand in the line"


def test_an_override_counts_once(kiosk: Kiosk) -> None:
    kiosk.checkin.desk_ticket(None, code=Code.NOT_GENUINE, assurance=Assurance.NONE)
    [row] = kiosk.staff.desk_tickets()
    claim = ClaimedIdentity(source=ClaimSource.TYPED, name="Trần Thị Mẫu", birth=BirthDate(year=1958))
    agreed = Override(reason=OverrideReason.OTHER_PAPERS, second="truc")
    kiosk.staff.confirm(row.visit_id, "noi", by="lan", claim=claim, override=agreed)
    assert report(kiosk).overrides == {"other_papers": 1}
