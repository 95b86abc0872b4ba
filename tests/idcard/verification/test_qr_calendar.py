"""Codes that say dates at the edges of the calendar, and judges whose clock stands there."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from idcard.qr.formats import RECOGNISERS
from idcard.qr.recognise import Recognised, recognise
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.qr import QrVerdict, verify_qr
from idcard.vietnam.recognisers import RECOGNISERS as VIETNAMESE

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
CARD = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"
NAME = "Nguyễn Văn Thử".encode().hex()
ZONES = (UTC, timezone(timedelta(hours=7)), timezone(timedelta(hours=-7)))


def insurance(begin: str = "01/01/2026", end: str = "31/12/2026", birth: str = "15/01/1990") -> Recognised:
    line = f"GD4363699999991|{NAME}|{birth}|1|-|36 - 001|{begin}|{end}|-|$"
    return recognise(line.encode(), (*VIETNAMESE, *RECOGNISERS))


def judged(found: Recognised, at: datetime = NOW) -> QrVerdict:
    verdict = verify_qr(found, QrTrust.of(), at=at)
    assert verdict.to_dict()["facts"]
    return verdict


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("begin", "end"), [("01/01/2026", "31/12/9999"), ("01/01/0001", "31/12/9999")])
def test_an_insurance_card_for_good(begin: str, end: str, zone: timezone) -> None:
    verdict = judged(insurance(begin, end), NOW.astimezone(zone))
    assert verdict.fact(FactName.VALIDITY).reason is Reason.IN_FORCE
    assert verdict.valid_until is not None
    assert verdict.valid_until.year == 9999


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [datetime.min, datetime.max])
@pytest.mark.parametrize(("begin", "end"), [("01/01/0001", "31/12/9999"), ("31/12/9999", "31/12/9999"), ("-", "-")])
def test_a_clock_at_the_edge(begin: str, end: str, at: datetime, zone: timezone) -> None:
    assert not judged(insurance(begin, end), at.replace(tzinfo=zone)).meets()


@pytest.mark.parametrize("birth", ["01/01/0001", "31/12/9999", "0001", "9999", "25/11/2026", "2027", "01/01/1890"])
def test_a_birth_that_cannot_be(birth: str) -> None:
    fact = judged(insurance(birth=birth)).fact(FactName.CONSISTENCY)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.TIMES_IMPLAUSIBLE)


@pytest.mark.parametrize("birth", ["1896", "01/01/1900", "24/11/2026", "2026", "15/01/1990"])
def test_a_birth_that_can_be(birth: str) -> None:
    assert judged(insurance(birth=birth)).fact(FactName.CONSISTENCY).reason is Reason.CONSISTENT


def test_what_ends_before_it_begins() -> None:
    fact = judged(insurance("02/01/2026", "01/01/2026")).fact(FactName.CONSISTENCY)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.TIMES_IMPLAUSIBLE)


def test_a_card_of_somebody_not_yet_born() -> None:
    line = CARD.replace("036090", "036290").replace("1990", "2190")
    found = recognise(line.encode(), VIETNAMESE)
    assert judged(found).fact(FactName.CONSISTENCY).reason is Reason.TIMES_IMPLAUSIBLE
