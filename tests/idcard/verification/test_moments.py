"""Dates at the edges of the calendar: whoever made a card chose them, and they give a verdict all the same."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from idcard.encoding import tlv
from idcard.evidence import Evidence
from idcard.lds.layout import File
from idcard.testing import Issuer, SimulatedCard, sod
from idcard.trust.store import TrustStore
from idcard.verification.assurance import Vouchers
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.html_report import html_report
from idcard.verification.moments import day_in, later

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC, microsecond=0)
DAY = timedelta(days=1)
WEST, EAST = timezone(-timedelta(hours=23, minutes=59)), timezone(timedelta(hours=23, minutes=59))

offsets = st.timedeltas(-timedelta(hours=23, minutes=59), timedelta(hours=23, minutes=59))
zones: st.SearchStrategy[tzinfo] = st.one_of(st.sampled_from([UTC, WEST, EAST]), offsets.map(timezone))
near_the_edges = st.one_of(
    st.datetimes(max_value=datetime.min + 3 * DAY),
    st.datetimes(min_value=datetime.max - 3 * DAY),
    st.datetimes(),
)
moments = st.builds(lambda moment, zone: moment.replace(tzinfo=zone), near_the_edges, zones)
in_utc = near_the_edges.map(lambda moment: moment.replace(tzinfo=UTC, microsecond=0))
days = near_the_edges.map(datetime.date)


@pytest.mark.parametrize(
    ("moment", "by", "then"),
    [(FIRST, DAY, FIRST + DAY), (LAST, -DAY, LAST - DAY), (LAST, DAY, datetime.max.replace(tzinfo=UTC))],
)
def test_a_sum_ends_at_the_edge(moment: datetime, by: timedelta, then: datetime) -> None:
    assert later(moment, by) == then


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime(2022, 2, 1, 23, tzinfo=UTC), timezone(timedelta(hours=7)), date(2022, 2, 2)),
        (FIRST, WEST, date.min),
        (FIRST.replace(tzinfo=EAST) + DAY, WEST, date.min),
        (FIRST.replace(tzinfo=EAST), EAST, date.min),
        (LAST, EAST, date.max),
        (LAST.replace(tzinfo=WEST), WEST, date.max),
    ],
)
def test_a_day_in_another_zone_ends_at_the_edge(moment: datetime, zone: tzinfo, day: date) -> None:
    assert day_in(zone, moment) == day


def dated(card: SimulatedCard, born: date, issued: date, expiry: date, dg12: date) -> dict[File, bytes]:
    """The card's data groups with other dates in DG13, and a DG12 that says when it was issued."""
    dg13 = card.files[File.DG13]
    for old, new in ((b"15/01/1990", born), (b"01/02/2022", issued), (b"15/01/2030", expiry)):
        assert old in dg13
        dg13 = dg13.replace(old, f"{new.day:02}/{new.month:02}/{new.year:04}".encode())
    digits = f"{dg12.year:04}{dg12.month:02}{dg12.day:02}".encode()
    return {File.DG13: dg13, File.DG12: tlv.build(0x6C, tlv.build(0x5F26, digits))}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    at=moments, signed_at=in_utc, read_at=st.none() | moments | near_the_edges, dates=st.tuples(days, days, days, days),
    answered=moments, until=moments, dg1=st.booleans(), status=st.sampled_from(["genuine", "unknown", "revoked"]),
)  # fmt: skip
@example(datetime(2026, 11, 23, tzinfo=EAST), FIRST, None, (date(1990, 1, 15),) * 4, FIRST, LAST, True, "genuine")
@example(datetime(2026, 11, 23, tzinfo=EAST), LAST, None, (date.min, date.max) * 2, LAST, FIRST, False, "genuine")
@example(FIRST, FIRST, FIRST, (date.min,) * 4, FIRST, LAST, True, "unknown")
@example(LAST, LAST, LAST, (date.max,) * 4, LAST, LAST, False, "revoked")
def test_any_dates_give_a_verdict(
    honest: SimulatedCard, issuer: Issuer, gather: Callable[..., Evidence], trust: TrustStore, nowhere: TrustStore,
    authority: Vouchers, answer: Callable[..., bytes], signer: str,
    at: datetime, signed_at: datetime, read_at: datetime | None, dates: tuple[date, date, date, date],
    answered: datetime, until: datetime, dg1: bool, status: str,
) -> None:  # fmt: skip
    files = {file: data for file, data in honest.files.items() if file.data_group and (dg1 or file is not File.DG1)}
    files |= dated(honest, *dates)
    groups = {file.data_group: data for file, data in files.items() if file.data_group}
    files[File.SOD] = sod.build(groups, issuer.signer, at=signed_at)
    said = answer(signer, status, at=answered, until=until)
    evidence = gather(honest, files=files, read_at=read_at, confirmations=(said,))
    for store in (trust, nowhere):
        verdict = verify(evidence, store, at=at, vouchers=authority)
        assert verdict.fact(FactName.SIGNATURE).outcome is Outcome.PASSED
        assert verdict.to_dict()["at"] == at.isoformat()
        verdict.claimed_identity()
        assert html_report(verdict, "vi")


@pytest.mark.parametrize(("signed_at", "pair"), [(FIRST, "signed_before_birth"), (LAST, "signed_after_judgement")])
def test_a_signing_time_at_an_edge_is_implausible(
    signed_at: datetime, pair: str, honest: SimulatedCard, issuer: Issuer, gather: Callable[..., Evidence],
    nowhere: TrustStore, at: datetime,
) -> None:  # fmt: skip
    groups = {file.data_group: data for file, data in honest.files.items() if file.data_group}
    files = {file: data for file, data in honest.files.items() if file.data_group}
    files[File.SOD] = sod.build(groups, issuer.signer, at=signed_at)
    verdict = verify(gather(honest, files=files), nowhere, at=at.astimezone(WEST))
    fact = verdict.fact(FactName.CONSISTENCY)
    assert (fact.reason, fact.details["times"]) == (Reason.TIMES_IMPLAUSIBLE, pair)
