from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from idcard.encoding.mrz import Mrz, check_digit
from idcard.evidence import AccessProtocol, AccessRecord, Evidence, KeyKind
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard
from idcard.testing.records import VIETNAMESE_CARD_ACCESS
from idcard.trust.store import TrustStore
from idcard.verification.card import verify
from idcard.verification.circumstances import access, validity
from idcard.verification.facts import Outcome, Reason
from idcard.verification.identity import Contents
from idcard.verification.passive_authentication import PassiveAuthentication, passive_authentication
from idcard.verification.policy import STRICT, VIETNAM_STRICT

BAC = AccessRecord(protocol=AccessProtocol.BAC, key_kind=KeyKind.MRZ)
PACE = AccessRecord(
    protocol=AccessProtocol.PACE, key_kind=KeyKind.CAN, pace_oid="0.4.0.127.0.7.2.2.4.2.2", parameter_id=13
)
SIGNED_PACE = bytes.fromhex("6e163114301206") + bytes.fromhex("0a04007f0007020204020202010202010d")


@pytest.fixture
def passive(
    honest: SimulatedCard, gather: Callable[..., Evidence], trust: TrustStore, at: datetime
) -> PassiveAuthentication:
    return replace(passive_authentication(gather(honest), trust, at), intact=frozenset({File.DG14}))


def judged(record: AccessRecord | None, passive: PassiveAuthentication, dg14: bytes | None = None) -> Reason:
    files = {} if dg14 is None else {File.DG14: dg14}
    intact = passive if dg14 is not None else replace(passive, intact=frozenset())
    return access(Evidence(files=files, access=record), intact, believed=True).reason


def test_pace_passes(passive: PassiveAuthentication) -> None:
    assert judged(PACE, passive) is Reason.OPENED_WITH_PACE


def test_pace_as_it_was_signed_passes(passive: PassiveAuthentication) -> None:
    assert judged(PACE, passive, SIGNED_PACE) is Reason.OPENED_WITH_PACE


@pytest.mark.parametrize("change", [{"pace_oid": "0.4.0.127.0.7.2.2.4.2.1"}, {"parameter_id": 12}])
def test_a_variant_of_pace_that_is_not_signed_fails(passive: PassiveAuthentication, change: dict[str, object]) -> None:
    record = replace(PACE, **change)
    fact = access(Evidence(files={File.DG14: SIGNED_PACE}, access=record), passive, believed=True)
    assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.PACE_NOT_AS_SIGNED)


def test_bac_alone_is_no_downgrade(passive: PassiveAuthentication) -> None:
    fact = access(Evidence(files={}, access=BAC), replace(passive, intact=frozenset()), believed=True)
    assert (fact.outcome, fact.reason) == (Outcome.PASSED, Reason.OPENED_WITH_BAC)


def test_bac_after_a_refusal_of_pace_is_a_downgrade(passive: PassiveAuthentication) -> None:
    assert judged(replace(BAC, pace_refused_sw=0x6982), passive) is Reason.DOWNGRADED


def test_bac_where_ef_card_access_offers_pace_is_a_downgrade(passive: PassiveAuthentication) -> None:
    assert judged(replace(BAC, card_access=VIETNAMESE_CARD_ACCESS), passive) is Reason.DOWNGRADED


def test_bac_where_the_signed_dg14_offers_pace_is_a_downgrade(passive: PassiveAuthentication) -> None:
    assert judged(BAC, passive, SIGNED_PACE) is Reason.DOWNGRADED


def test_files_that_cannot_be_parsed_offer_nothing(passive: PassiveAuthentication) -> None:
    assert judged(replace(BAC, card_access=b"\x31"), passive, b"\x6e\x05") is Reason.OPENED_WITH_BAC


def test_without_a_record_nothing_is_known(passive: PassiveAuthentication) -> None:
    assert judged(None, passive) is Reason.NO_ACCESS_RECORD


def mrz_with(holder: Holder, expiry: str, state: str = "VNM") -> Mrz:
    """The holder's MRZ with another expiry or issuing state; every check digit is right."""
    text = holder.mrz_text()
    first, second, third = text[:30], text[30:60], text[60:]
    first = first[:2] + state.ljust(3, "<") + first[5:]
    second = second[:8] + expiry + check_digit(expiry) + second[15:29]
    composite = check_digit(first[5:] + second[:7] + second[8:15] + second[18:29])
    return Mrz.parse(first + second + composite + third)


@pytest.mark.parametrize(
    ("expiry", "state", "outcome", "reason"),
    [
        ("300115", "VNM", Outcome.PASSED, Reason.IN_FORCE),
        ("261123", "VNM", Outcome.PASSED, Reason.IN_FORCE),
        ("261122", "VNM", Outcome.FAILED, Reason.EXPIRED),
        ("991231", "VNM", Outcome.PASSED, Reason.NEVER_EXPIRES),
        ("991231", "UTO", Outcome.FAILED, Reason.EXPIRED),
        ("26<<<<", "UTO", Outcome.PASSED, Reason.IN_FORCE),
        ("2610<<", "UTO", Outcome.FAILED, Reason.EXPIRED),
        ("270200", "UTO", Outcome.PASSED, Reason.IN_FORCE),
        ("270231", "UTO", Outcome.PASSED, Reason.IN_FORCE),
        ("<<<<<<", "UTO", Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN),
    ],
)
def test_expiry(holder: Holder, at: datetime, expiry: str, state: str, outcome: Outcome, reason: Reason) -> None:
    fact = validity(Contents(mrz=mrz_with(holder, expiry, state)), at)
    assert (fact.outcome, fact.reason) == (outcome, reason)


def test_without_an_mrz_the_expiry_is_unknown(at: datetime) -> None:
    assert validity(Contents(), at).reason is Reason.EXPIRY_UNKNOWN


def test_a_card_without_expiry_proves_its_holder(
    issuer: Issuer, holder: Holder, gather: Callable[..., Evidence], trust: TrustStore
) -> None:
    card = issuer.issue(replace(holder, expiry=None))
    verdict = verify(gather(card), trust, at=datetime(2031, 1, 1, tzinfo=UTC))
    assert verdict.require().expiry is None


@pytest.mark.parametrize(
    ("listed", "dg14", "card_access", "reason"),
    [
        # No EF.CardAccess, so PACE was tried on a guess; what is signed says whether the guess was right.
        (True, b"\x6e\x02\x31\x00", None, Reason.OPENED_WITH_BAC),
        (False, None, None, Reason.OPENED_WITH_BAC),
        (True, SIGNED_PACE, None, Reason.DOWNGRADED),
        # Nothing that was signed says what the chip offers.
        (True, None, None, Reason.DOWNGRADED),
        (True, b"\x6e\x05", None, Reason.DOWNGRADED),
        # The chip gave its EF.CardAccess: a refusal of what it offers is one.
        (True, b"\x6e\x02\x31\x00", VIETNAMESE_CARD_ACCESS, Reason.DOWNGRADED),
        (False, None, VIETNAMESE_CARD_ACCESS, Reason.DOWNGRADED),
        (False, None, b"\x31\x00", Reason.DOWNGRADED),
    ],
)
def test_a_refused_guess_is_no_downgrade(
    listed: bool, dg14: bytes | None, card_access: bytes | None, reason: Reason, passive: PassiveAuthentication
) -> None:
    groups = frozenset({1, 2, 14}) if listed else frozenset({1, 2})
    record = replace(BAC, pace_refused_sw=0x6A88, card_access=card_access)
    assert judged(record, replace(passive, listed=groups), dg14) is reason


def test_without_a_signed_list_a_refusal_stands(passive: PassiveAuthentication) -> None:
    assert judged(replace(BAC, pace_refused_sw=0x6A88), replace(passive, listed=None)) is Reason.DOWNGRADED


def test_a_chip_that_hides_a_signed_variant_of_pace_is_noticed(passive: PassiveAuthentication) -> None:
    record = replace(PACE, card_access=VIETNAMESE_CARD_ACCESS)
    assert judged(record, passive, SIGNED_PACE) is Reason.OPENED_WITH_PACE
    for hiding in (b"\x31\x00", b"\x31", VIETNAMESE_CARD_ACCESS.replace(b"\x02\x01\x0d", b"\x02\x01\x0c")):
        evidence = Evidence(files={File.DG14: SIGNED_PACE}, access=replace(record, card_access=hiding))
        fact = access(evidence, passive, believed=True)
        assert (fact.outcome, fact.reason) == (Outcome.PASSED, Reason.CARD_ACCESS_NOT_AS_SIGNED)
        assert VIETNAM_STRICT.judge(fact).outcome is Outcome.PASSED
        assert STRICT.judge(fact).outcome is Outcome.FAILED


@pytest.mark.parametrize("record", [PACE, BAC, replace(BAC, pace_refused_sw=0x6982)])
def test_a_record_that_nobody_known_signed_for_is_not_believed(
    record: AccessRecord, passive: PassiveAuthentication
) -> None:
    fact = access(Evidence(files={File.DG14: SIGNED_PACE}, access=record), passive, believed=False)
    assert (fact.outcome, fact.reason) == (Outcome.NOT_PERFORMED, Reason.ACCESS_UNWITNESSED)
    assert fact.details["protocol"] == record.protocol


def test_what_a_record_says_against_itself_counts_whoever_says_it(passive: PassiveAuthentication) -> None:
    evidence = Evidence(files={File.DG14: SIGNED_PACE}, access=replace(PACE, parameter_id=12))
    for believed in (True, False):
        assert access(evidence, passive, believed=believed).reason is Reason.PACE_NOT_AS_SIGNED
