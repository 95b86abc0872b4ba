import copy
import pickle
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from idcard.encoding.mrz import Mrz
from idcard.identity import BirthDate, Sex
from idcard.lds.dg1 import parse_dg1
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard
from idcard.verification.identity import (
    Contents,
    Subject,
    birth_of,
    births_agree,
    last_day_of_force,
    personal_number_of,
)

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def mrz(honest: SimulatedCard) -> Mrz:
    return parse_dg1(honest.files[File.DG1])


@pytest.mark.parametrize(
    ("written", "birth"),
    [
        ("900115", BirthDate(year=1990, month=1, day=15)),
        ("261123", BirthDate(year=2026, month=11, day=23)),
        ("261124", BirthDate(year=1926, month=11, day=24)),
        ("270101", BirthDate(year=1927, month=1, day=1)),
        ("50<<<<", BirthDate(year=1950)),
        ("5000<<", BirthDate(year=1950)),
        ("5002<<", BirthDate(year=1950, month=2)),
        ("500230", BirthDate(year=1950, month=2)),
        ("<<0115", None),
    ],
)
def test_the_century_of_a_birth_is_the_latest_that_is_not_in_the_future(
    mrz: Mrz, written: str, birth: BirthDate | None
) -> None:
    assert birth_of(replace(mrz, birth=written), None, AT) == birth


def test_dg13_gives_the_century_where_it_agrees(issuer: Issuer, holder: Holder) -> None:
    centenarian = replace(holder, birth=date(1924, 1, 15))
    contents = Contents.of(issuer.issue(centenarian).files)
    subject = Subject.of(contents, AT)
    assert subject is not None
    assert (subject.birth, subject.issued) == (BirthDate(year=1924, month=1, day=15), centenarian.issued)
    assert contents.mrz is not None
    assert birth_of(contents.mrz, None, AT) == BirthDate(year=2024, month=1, day=15)


def test_dg13_s_birth_is_not_believed_against_dg1(mrz: Mrz, honest: SimulatedCard) -> None:
    dg13 = Contents.of(honest.files).dg13
    assert dg13 is not None
    other = replace(dg13, birth=BirthDate(year=1991, month=1, day=15))
    assert birth_of(mrz, other, AT) == BirthDate(year=1990, month=1, day=15)


@pytest.mark.parametrize(
    ("written", "birth", "agree"),
    [
        ("900115", BirthDate(year=1990), True),
        ("900115", BirthDate(year=1890, month=1), True),
        ("9001<<", BirthDate(year=1990, month=1, day=3), True),
        ("<<<<<<", BirthDate(year=1977, month=1, day=3), True),
        ("900115", BirthDate(year=1991), False),
        ("900115", BirthDate(year=1990, month=2), False),
        ("900115", BirthDate(year=1990, month=1, day=16), False),
    ],
)
def test_two_births_agree_where_neither_contradicts(mrz: Mrz, written: str, birth: BirthDate, agree: bool) -> None:
    assert births_agree(replace(mrz, birth=written), birth) is agree


@pytest.mark.parametrize(
    ("state", "optional", "number"),
    [
        ("VNM", "036090999991<<2", "036090999991"),
        ("VNM", "", None),
        ("VNM", "03609099999", None),
        ("VNM", "03609099999A<<2", None),
        ("UTO", "036090999991<<2", None),
    ],
)
def test_the_personal_number_is_vietnam_s(mrz: Mrz, state: str, optional: str, number: str | None) -> None:
    assert personal_number_of(replace(mrz, issuing_state=state, optional_1=optional)) == number


def test_another_state_s_dg13_is_not_read(mrz: Mrz, honest: SimulatedCard) -> None:
    utopian = honest.files[File.DG1].replace(b"IDVNM", b"IDUTO")
    contents = Contents.of(honest.files | {File.DG1: utopian})
    assert contents.mrz is not None
    assert contents.dg13 is None
    subject = Subject.of(contents, AT)
    assert subject is not None
    assert (subject.name, subject.personal_number, subject.sex) == ("NGUYEN VAN THU", None, Sex.MALE)
    assert subject.issued is None


def test_without_dg1_there_is_no_subject(honest: SimulatedCard) -> None:
    files = {file: data for file, data in honest.files.items() if file is not File.DG1}
    assert Subject.of(Contents.of(files), AT) is None


def test_a_subject_neither_shows_nor_leaves(honest: SimulatedCard) -> None:
    contents = Contents.of(honest.files)
    subject = Subject.of(contents, AT)
    assert (repr(contents), repr(subject)) == ("Contents(…)", "Subject(…)")
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(subject)


def test_dg13_alone_names_somebody_only_where_it_says_enough(honest: SimulatedCard, at: datetime) -> None:
    files = {file: data for file, data in honest.files.items() if file is not File.DG1}
    contents = Contents.of(files, signer_country="VN")
    assert contents.dg13 is not None
    assert Subject.of(contents, at) is not None
    for missing in ("name", "birth", "personal_number"):
        less = replace(contents, dg13=replace(contents.dg13, **{missing: None}))
        assert Subject.of(less, at) is None


def test_what_dg13_alone_leaves_open_is_unspecified(honest: SimulatedCard, at: datetime) -> None:
    files = {file: data for file, data in honest.files.items() if file is not File.DG1}
    contents = Contents.of(files, signer_country="VN")
    assert contents.dg13 is not None
    subject = Subject.of(replace(contents, dg13=replace(contents.dg13, sex=None, nationality=None)), at)
    assert subject is not None
    assert (subject.sex, subject.nationality, subject.issuing_state) == (Sex.UNSPECIFIED, "XXX", "VNM")
    assert subject.source is File.DG13


@pytest.mark.parametrize("country", [None, "UT", "LA"])
def test_dg13_alone_is_read_only_under_a_vietnamese_signer(honest: SimulatedCard, country: str | None) -> None:
    files = {file: data for file, data in honest.files.items() if file is not File.DG1}
    contents = Contents.of(files, signer_country=country)
    assert (contents.dg13, contents.issuing_state, contents.personal_number) == (None, None, None)
    assert not contents.never_expires


@pytest.mark.parametrize(
    ("text", "never"), [("Không thời hạn", True), ("KHÔNG THỜI HẠN", True), ("?", False), (None, False)]
)
def test_dg13_says_in_words_that_a_card_does_not_expire(
    honest: SimulatedCard, at: datetime, text: str | None, never: bool
) -> None:
    files = {file: data for file, data in honest.files.items() if file is not File.DG1}
    contents = Contents.of(files, signer_country="VN")
    assert contents.dg13 is not None
    changed = replace(contents, dg13=replace(contents.dg13, expiry=None, expiry_text=text))
    assert changed.never_expires is never
    assert changed.last_day(at) is None


@pytest.mark.parametrize(
    ("written", "year"),
    [("26<<<<", 2026), ("2601<<", 2026), ("260101", 2026), ("260102", 1926), ("2602<<", 1926)],
)
def test_a_birth_on_the_day_of_judgement_is_not_in_the_future(mrz: Mrz, written: str, year: int) -> None:
    birth = birth_of(replace(mrz, birth=written), None, datetime(2026, 1, 1, tzinfo=UTC))
    assert birth is not None
    assert birth.year == year


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("760101", date(2076, 1, 1)),
        ("770101", date(1977, 1, 1)),
        ("270231", date(2027, 2, 28)),
        ("280231", date(2028, 2, 29)),
        ("2802<<", date(2028, 2, 29)),
        ("270431", date(2027, 4, 30)),
        ("27<<<<", date(2027, 12, 31)),
        ("270115", date(2027, 1, 15)),
    ],
)
def test_the_last_day_of_force(mrz: Mrz, written: str, day: date) -> None:
    foreign = replace(mrz, issuing_state="UTO", expiry=written)
    assert last_day_of_force(foreign, AT) == day


def test_the_mrz_says_the_personal_number_where_there_is_one(honest: SimulatedCard) -> None:
    contents = Contents.of(honest.files)
    assert contents.dg13 is not None
    silent = replace(contents, dg13=replace(contents.dg13, personal_number=None))
    assert silent.personal_number == "036090999991"


@pytest.mark.parametrize("year", [0, 10_000, 10**50, -1])
def test_a_year_that_is_none_makes_no_birth_date_however_long_it_is(year: int) -> None:
    with pytest.raises(ValueError, match=r"year|date"):
        BirthDate(year=year)
