"""Dates that cannot be true together, each pair at its border."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from idcard.encoding import tlv
from idcard.evidence import Evidence
from idcard.identity import BirthDate
from idcard.lds.details import Dg12
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.identity import Contents
from idcard.verification.plausibility import implausible, read_in_the_future

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
TODAY, DAY = AT.date(), timedelta(days=1)
NOON = datetime(2022, 2, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def contents(honest: SimulatedCard) -> Contents:
    """Without DG1, so that every date is DG13's own: born 1990-01-15, issued 2022-02-01, valid to 2030-01-15."""
    files = {file: data for file, data in honest.files.items() if file is not File.DG1}
    return Contents.of(files, signer_country="VN")


def dated(contents: Contents, **changes: object) -> Contents:
    assert contents.dg13 is not None
    return replace(contents, dg13=replace(contents.dg13, **changes))  # type: ignore[arg-type]


def born(day: date) -> BirthDate:
    return BirthDate(year=day.year, month=day.month, day=day.day)


def test_an_honest_cards_dates_are_plausible(contents: Contents) -> None:
    assert implausible(contents, NOON, AT) is None
    assert implausible(contents, None, AT) is None
    assert implausible(Contents(), None, AT) is None


@pytest.mark.parametrize(
    ("day", "name"),
    [(TODAY, None), (TODAY + DAY, None), (TODAY + 2 * DAY, "born_after_judgement")],
)
def test_nobody_is_born_after_the_judgement(contents: Contents, day: date, name: str | None) -> None:
    changed = dated(contents, birth=born(day), issued=None, expiry=None)
    assert implausible(changed, None, AT) == name


def test_where_a_year_is_all_that_is_known_its_first_day_counts(contents: Contents) -> None:
    changed = dated(contents, birth=BirthDate(year=2026), issued=date(2026, 1, 1), expiry=None)
    assert implausible(changed, None, AT) is None
    assert implausible(dated(changed, birth=BirthDate(year=2026, month=2)), None, AT) == "issued_before_birth"


@pytest.mark.parametrize(
    ("issued", "name"),
    [
        (TODAY + DAY, None),
        (TODAY + 2 * DAY, "issued_after_judgement"),
        (date(1990, 1, 14), None),
        (date(1990, 1, 13), "issued_before_birth"),
        (date(2030, 1, 16), "issued_after_judgement"),
    ],
)
def test_a_card_is_issued_in_time(contents: Contents, issued: date, name: str | None) -> None:
    assert implausible(dated(contents, issued=issued), None, AT) == name


@pytest.mark.parametrize(("expiry", "name"), [(date(2022, 1, 31), None), (date(2022, 1, 30), "expired_before_issue")])
def test_a_card_does_not_expire_before_it_is_issued(contents: Contents, expiry: date, name: str | None) -> None:
    assert implausible(dated(contents, expiry=expiry), None, AT) == name


@pytest.mark.parametrize(
    ("signed_at", "name"),
    [
        (AT + DAY, None),
        (AT + 2 * DAY, "signed_after_judgement"),
        (datetime(1990, 1, 14, tzinfo=UTC), None),
        (datetime(1990, 1, 13, 23, 59, tzinfo=UTC), "signed_before_birth"),
    ],
)
def test_a_card_is_signed_in_time(contents: Contents, signed_at: datetime, name: str | None) -> None:
    assert implausible(dated(contents, issued=None), signed_at, AT) == name


@pytest.mark.parametrize(("days", "name"), [(1, None), (2, "expired_before_signature")])
def test_a_card_is_not_signed_after_it_expired(contents: Contents, days: int, name: str | None) -> None:
    changed = dated(contents, issued=None, expiry=NOON.date() - days * DAY)
    assert implausible(changed, NOON, AT) == name


def test_the_day_of_a_signature_is_that_of_the_judges_zone(contents: Contents) -> None:
    hanoi = timezone(timedelta(hours=7))
    late = datetime(2022, 2, 1, 23, tzinfo=UTC)
    changed = dated(contents, issued=None, expiry=date(2022, 1, 31))
    assert implausible(changed, late, AT) is None
    assert implausible(changed, late, AT.astimezone(hanoi)) == "expired_before_signature"


def test_dg12_says_when_a_foreign_document_was_issued(contents: Contents) -> None:
    dg12 = Dg12.parse(tlv.build(0x6C, tlv.build(0x5F26, b"20270101")))
    assert Contents(dg12=dg12).issued == date(2027, 1, 1)
    assert replace(contents, dg12=dg12).issued == date(2022, 2, 1)
    assert implausible(dated(replace(contents, dg12=dg12), issued=None), None, AT) == "issued_after_judgement"


def test_a_signed_contradiction_fails_consistency(
    issuer: Issuer, holder: Holder, gather: Callable[..., Evidence], trust: TrustStore, at: datetime
) -> None:
    card = issuer.issue(replace(holder, issued=date(2027, 2, 1)), at=datetime(2022, 2, 1, tzinfo=UTC))
    fact = verify(gather(card), trust, at=at).fact(FactName.CONSISTENCY)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.TIMES_IMPLAUSIBLE)
    assert fact.details["times"] == "issued_after_judgement"


@pytest.mark.parametrize(
    ("read_at", "ahead"),
    [
        (None, False),
        (AT, False),
        (AT + timedelta(minutes=15), False),
        (AT + timedelta(minutes=15, seconds=1), True),
        (datetime(2099, 1, 1), False),
    ],
)
def test_a_reading_after_the_judgement_is_a_remark(
    read_at: datetime | None, ahead: bool, honest: SimulatedCard, gather: Callable[..., Evidence], trust: TrustStore
) -> None:
    evidence = gather(honest, read_at=read_at)
    assert read_in_the_future(evidence, AT) is ahead
    fact = verify(evidence, trust, at=AT).fact(FactName.CONSISTENCY)
    assert fact.outcome is Outcome.PASSED
    assert fact.details.get("clock") == ("read_after_judgement" if ahead else None)


def test_the_first_day_is_the_first(contents: Contents) -> None:
    changed = dated(contents, birth=BirthDate(year=2026, month=11), issued=date(2026, 10, 31), expiry=None)
    assert implausible(changed, None, AT) is None
    assert implausible(dated(changed, issued=date(2026, 10, 30)), None, AT) == "issued_before_birth"
