"""Where the times of codes begin and end: the last moment that counts, and the first that does not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.identity import BirthDate
from idcard.qr.token import HandOff, Token, key_id_of
from idcard.verification.facts import Outcome, Reason
from idcard.verification.qr_times import dates_fact, hand_off_freshness, is_timely, scan_freshness, validity

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
INSTANT, SECOND, MINUTE = timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1)
NOTHING = timedelta()


@pytest.fixture(scope="module")
def hand_off() -> Token:
    key = Ed25519PrivateKey.generate()
    said = HandOff(clinic="PK-MAU", audience="quay-2", visit="7Q2M", issued=NOW, expires=NOW + 5 * MINUTE)
    return Token.from_bytes(said.to_bytes(token_id=bytes(16), key_id=key_id_of(key.public_key()), sign=key.sign))


@pytest.mark.parametrize(
    ("longer", "at", "outcome"),
    [
        (NOTHING, NOW, Outcome.PASSED),
        (NOTHING, NOW + 5 * MINUTE - INSTANT, Outcome.PASSED),
        (NOTHING, NOW + 5 * MINUTE, Outcome.FAILED),
        (NOTHING, NOW - MINUTE, Outcome.PASSED),
        (NOTHING, NOW - MINUTE - INSTANT, Outcome.FAILED),
        (INSTANT, NOW, Outcome.FAILED),
        (-MINUTE, NOW + 4 * MINUTE, Outcome.FAILED),
    ],
)
def test_a_hand_off_lives_five_minutes_at_most(
    hand_off: Token, longer: timedelta, at: datetime, outcome: Outcome
) -> None:
    fact = hand_off_freshness(replace(hand_off, expires=hand_off.expires + longer), at)
    reason = Reason.FRESH if outcome is Outcome.PASSED else Reason.TOO_OLD
    assert (fact.outcome, fact.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("begin", "end", "clocks", "outcome", "reason"),
    [
        (NOW, NOW + INSTANT, NOTHING, Outcome.PASSED, Reason.IN_FORCE),
        (None, NOW + INSTANT, NOTHING, Outcome.PASSED, Reason.IN_FORCE),
        (NOW, NOW, NOTHING, Outcome.FAILED, Reason.EXPIRED),
        (None, NOW, MINUTE, Outcome.FAILED, Reason.EXPIRED),
        (NOW + INSTANT, NOW + MINUTE, NOTHING, Outcome.FAILED, Reason.NOT_YET_IN_FORCE),
        (NOW + MINUTE, NOW + 2 * MINUTE, MINUTE, Outcome.PASSED, Reason.IN_FORCE),
        (NOW + MINUTE + INSTANT, NOW + 2 * MINUTE, MINUTE, Outcome.FAILED, Reason.NOT_YET_IN_FORCE),
        (NOW, None, NOTHING, Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN),
        (NOW + INSTANT, None, NOTHING, Outcome.FAILED, Reason.NOT_YET_IN_FORCE),
        (None, None, NOTHING, Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN),
    ],
)
def test_a_code_is_in_force_from_its_beginning_to_before_its_end(
    begin: datetime | None, end: datetime | None, clocks: timedelta, outcome: Outcome, reason: Reason
) -> None:
    fact = validity(begin, end, NOW, clocks)
    assert (fact.outcome, fact.reason) == (outcome, reason)
    moments = {"from": begin, "until": end, "judged_at": NOW}
    assert dict(fact.details) == {name: moment.isoformat() for name, moment in moments.items() if moment}


@pytest.mark.parametrize(
    ("age", "outcome"),
    [
        (NOTHING, Outcome.PASSED),
        (MINUTE, Outcome.PASSED),
        (MINUTE + INSTANT, Outcome.FAILED),
        (-INSTANT, Outcome.FAILED),
    ],
)
def test_a_code_that_lives_a_minute(age: timedelta, outcome: Outcome) -> None:
    fact = scan_freshness(NOW, NOW - age)
    assert fact.outcome is outcome
    assert fact.details["age_s"] == str(int(age.total_seconds()))
    unknown = scan_freshness(NOW, None)
    assert (unknown.outcome, unknown.reason) == (Outcome.INCONCLUSIVE, Reason.SCAN_TIME_UNKNOWN)


@pytest.mark.parametrize(
    ("answered", "scanned", "timely"),
    [
        (NOW, None, True),
        (NOW + MINUTE, None, True),
        (NOW + MINUTE + INSTANT, None, False),
        (NOW - 2 * MINUTE, None, True),
        (NOW - 2 * MINUTE - INSTANT, None, False),
        (NOW - MINUTE, NOW, True),
        (NOW - MINUTE - INSTANT, NOW, False),
        (NOW, NOW - MINUTE, True),
    ],
)
def test_an_answer_is_from_within_the_codes_life(answered: datetime, scanned: datetime | None, timely: bool) -> None:
    assert is_timely(answered, NOW, scanned) is timely


@pytest.mark.parametrize(
    ("birth", "at", "can_be"),
    [
        (BirthDate(year=2026, month=11, day=24), NOW, True),
        (BirthDate(year=2026, month=11, day=25), NOW, False),
        (BirthDate(year=2026, month=11), NOW.replace(month=10, day=31), True),
        (BirthDate(year=2026, month=11), NOW.replace(month=10, day=30), False),
        (BirthDate(year=2027), NOW.replace(month=12, day=31), True),
        (BirthDate(year=2027), NOW.replace(month=12, day=30), False),
        (BirthDate(year=1896, month=1, day=1), NOW, True),
        (BirthDate(year=1895, month=12, day=31), NOW, False),
    ],
)
def test_a_birth_lies_before_the_judgement_and_in_a_lifetime(birth: BirthDate, at: datetime, can_be: bool) -> None:
    fact = dates_fact(birth, at)
    expected = (Outcome.PASSED, Reason.CONSISTENT) if can_be else (Outcome.FAILED, Reason.TIMES_IMPLAUSIBLE)
    assert (fact.outcome, fact.reason) == expected


@pytest.mark.parametrize(
    ("begin", "end", "outcome", "reason"),
    [
        (None, None, Outcome.NOT_PERFORMED, Reason.NOTHING_TO_COMPARE),
        (date(2026, 1, 1), None, Outcome.NOT_PERFORMED, Reason.NOTHING_TO_COMPARE),
        (None, date(2026, 1, 1), Outcome.NOT_PERFORMED, Reason.NOTHING_TO_COMPARE),
        (date(2026, 1, 1), date(2026, 1, 1), Outcome.PASSED, Reason.CONSISTENT),
        (date(2026, 1, 2), date(2026, 1, 1), Outcome.FAILED, Reason.TIMES_IMPLAUSIBLE),
    ],
)
def test_nothing_ends_before_it_begins(begin: date | None, end: date | None, outcome: Outcome, reason: Reason) -> None:
    fact = dates_fact(None, NOW, begin, end)
    assert (fact.outcome, fact.reason) == (outcome, reason)
    if outcome is Outcome.NOT_PERFORMED:
        assert dates_fact(BirthDate(year=1990), NOW, begin, end).outcome is Outcome.PASSED
