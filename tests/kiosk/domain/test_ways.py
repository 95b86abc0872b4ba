"""What each way needs and allows: the law's table against the clinic's policy."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from idcard import BirthDate, ConfigurationError
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.eligibility import CoverReason, Eligibility, Step
from kiosk.domain.ways import Paper, Refused, Way, newborn, under_six, way_of
from kiosk.insurance.papers import AdmissionPapers, way_policy
from kiosk.insurance.tables import DATA, load_table

TODAY = date(2026, 11, 23)
COVERED = Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=None)
NOT = Eligibility(code=Code.NOT_COVERED, reasons=(CoverReason.NOT_FOUND,), coverage=None, step=Step.NOT_COVERED)
POLICY = way_policy()
CHILD = BirthDate(year=2023, month=5, day=1)
P = Paper


@pytest.mark.parametrize(
    ("way", "seen", "cover", "guardian", "birth", "refused"),
    [
        (Way.CHIP_AND_NUMBER, {P.CHIP_CARD, P.INSURANCE_NUMBER}, COVERED, False, None, None),
        (Way.CHIP_AND_NUMBER, {P.INSURANCE_NUMBER}, COVERED, False, None, Refused.PAPERS),
        (Way.CHIP_AND_NUMBER, {P.CHIP_CARD, P.INSURANCE_NUMBER}, NOT, False, None, Refused.COVER),
        (Way.CODE, {P.CHIP_CARD}, COVERED, False, None, None),
        (Way.CODE, set(), COVERED, False, None, Refused.PAPERS),
        (Way.PAPERS, {P.INSURANCE_NUMBER}, COVERED, False, None, Refused.PAPERS),
        (Way.PAPERS, {P.INSURANCE_NUMBER, P.IDENTITY_PAPER}, COVERED, False, None, None),
        (Way.PAPERS, {P.APPOINTMENT_SLIP, P.IDENTITY_PAPER}, COVERED, False, None, None),
        (Way.CHILD, {P.INSURANCE_NUMBER}, COVERED, True, CHILD, None),
        (Way.CHILD, {P.BIRTH_NOTIFICATION}, None, True, CHILD, None),
        (Way.CHILD, {P.BIRTH_NOTIFICATION}, None, False, CHILD, Refused.GUARDIAN),
        (Way.CHILD, set(), None, True, CHILD, Refused.PAPERS),
        (Way.CHILD, {P.INSURANCE_NUMBER}, COVERED, True, BirthDate(year=2019), Refused.AGE),
        (Way.NEWBORN, {P.SIGNED_FOR}, None, True, BirthDate(year=2026, month=11, day=20), None),
        (Way.NEWBORN, {P.SIGNED_FOR}, None, True, CHILD, Refused.AGE),
        (Way.GUARDIAN, {P.CHIP_CARD}, COVERED, True, None, None),
        (Way.GUARDIAN, {P.CHIP_CARD}, COVERED, False, None, Refused.GUARDIAN),
        (Way.FOREIGNER, {P.PASSPORT, P.INSURANCE_NUMBER}, COVERED, False, None, None),
        (Way.FOREIGNER, {P.PASSPORT}, COVERED, False, None, Refused.PAPERS),
        (Way.EMERGENCY, set(), None, False, None, None),
        (Way.EMERGENCY, set(), NOT, False, None, None),
    ],
)
def test_what_is_shown_decides(
    way: Way, seen: set[Paper], cover: Eligibility | None, guardian: bool, birth: BirthDate | None, refused: object
) -> None:
    decision = POLICY.decide(way, seen=seen, cover=cover, with_guardian=guardian, birth=birth, on=TODAY)
    assert decision.refused is refused
    assert decision.admits is (refused is None)


def test_the_clinic_may_close_every_way_but_the_emergency() -> None:
    closed = way_policy(dict.fromkeys(Way, Step.DESK))
    for way in set(Way) - {Way.CHIP}:
        decision = closed.decide(way, seen=set(Paper), cover=COVERED, with_guardian=True, birth=None, on=TODAY)
        assert decision.refused is (None if way is Way.EMERGENCY else Refused.POLICY)


def test_an_emergency_is_reminded_of_its_papers_within_a_day() -> None:
    decision = POLICY.decide(Way.EMERGENCY, seen=set(), cover=None, on=TODAY)
    assert decision.due == timedelta(hours=24)
    assert decision.missing
    assert decision.step is Step.ADMIT_AND_RECHECK


def test_a_policy_of_rechecks_is_kept() -> None:
    policy = way_policy({Way.CODE: Step.ADMIT_AND_RECHECK})
    assert policy.decide(Way.CODE, seen={P.CHIP_CARD}, cover=COVERED, on=TODAY).step is Step.ADMIT_AND_RECHECK
    assert POLICY.decide(Way.CODE, seen={P.CHIP_CARD}, cover=COVERED, on=TODAY).step is Step.ADMIT


@pytest.mark.parametrize(
    ("way", "read", "rung"),
    [
        (Way.CHIP_AND_NUMBER, Assurance.CHIP_ANCHORED, Assurance.CHIP_ANCHORED),
        (Way.CHIP_AND_NUMBER, Assurance.CHIP_PINNED, Assurance.CHIP_PINNED),
        (Way.CHIP_AND_NUMBER, Assurance.CHIP_UNANCHORED, Assurance.STAFF),
        (Way.CHIP_AND_NUMBER, Assurance.NONE, Assurance.STAFF),
        (Way.CODE, Assurance.QR_UNSIGNED, Assurance.STAFF),
        (Way.EMERGENCY, Assurance.NONE, Assurance.NONE),
    ],
)
def test_each_way_has_its_rung(way: Way, read: Assurance, rung: Assurance) -> None:
    assert POLICY.rule(way).rung(read) is rung


@pytest.mark.parametrize(
    ("birth", "way"),
    [
        (BirthDate(year=2026, month=10, day=26), Way.NEWBORN),
        (BirthDate(year=2026, month=10, day=25), Way.CHILD),
        (BirthDate(year=2020, month=11, day=24), Way.CHILD),
        (BirthDate(year=2020, month=11, day=23), None),
        (BirthDate(year=2020), Way.CHILD),
        (BirthDate(year=2019), None),
        (None, None),
    ],
)
def test_an_age_proposes_a_way(birth: BirthDate | None, way: Way | None) -> None:
    assert way_of(birth, TODAY) is way


def test_nobody_is_born_tomorrow() -> None:
    tomorrow = BirthDate(year=2026, month=11, day=24)
    assert not newborn(tomorrow, TODAY)
    assert not under_six(BirthDate(year=2027), TODAY)


def test_a_table_without_a_way_is_refused(tmp_path: Path) -> None:
    text = (DATA / "admission_papers.toml").read_text("utf-8")
    head, _, tail = text.partition('[[way]]\nway = "foreigner"')
    assert tail
    path = tmp_path / "papers.toml"
    path.write_text(head, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_table(AdmissionPapers, path)
    assert caught.value.reason == "wrong_setting"
