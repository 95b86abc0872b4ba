"""What one card proves of others of its type: that they have no PACE."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from idcard.evidence import AccessProtocol, AccessRecord, Evidence, KeyKind
from idcard.lds.layout import File
from idcard.testing import Holder, Issuer, SimulatedCard
from idcard.testing.records import VIETNAMESE_CARD_ACCESS
from idcard.trust.store import TrustStore
from idcard.verification.absence import proves_no_pace
from idcard.verification.card import verify
from idcard.verification.facts import FactName, Outcome

BAC = AccessRecord(protocol=AccessProtocol.BAC, key_kind=KeyKind.MRZ)
Gather = Callable[..., Evidence]
Proves = Callable[..., bool]


@pytest.fixture(scope="module")
def old(issuer: Issuer, holder: Holder) -> SimulatedCard:
    """A card without PACE, which its signed DG14 does not offer either."""
    return issuer.issue(holder, pace=False)


@pytest.fixture
def proves(old: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime) -> Proves:
    def judged(card: SimulatedCard = old, store: TrustStore = trust, **changes: Any) -> bool:
        evidence = gather(card, **({"access": BAC} | changes))
        return proves_no_pace(evidence, verify(evidence, store, at=at))

    return judged


def test_a_genuine_card_that_was_opened_by_bac_and_offers_nothing_else(proves: Proves) -> None:
    assert proves()


@pytest.mark.parametrize(
    "access",
    [
        None,
        replace(BAC, card_access=VIETNAMESE_CARD_ACCESS),
        replace(BAC, card_access=b"\x31\x00"),
        AccessRecord(protocol=AccessProtocol.PACE, key_kind=KeyKind.CAN, pace_oid="0.4.0.127.0.7.2.2.4.2.2"),
    ],
    ids=["no record", "PACE offered", "an empty offer", "opened by PACE"],
)
def test_a_card_that_was_opened_otherwise_proves_nothing(proves: Proves, access: AccessRecord | None) -> None:
    assert not proves(access=access)


def test_a_record_that_nobody_known_signed_proves_nothing(proves: Proves) -> None:
    assert not proves(witness=None)


def test_a_card_that_hides_its_pace_proves_nothing(proves: Proves, honest: SimulatedCard) -> None:
    assert not proves(honest)


def test_a_dg14_that_was_not_read_may_offer_pace(proves: Proves, old: SimulatedCard, gather: Gather) -> None:
    files = {file: data for file, data in gather(old).files.items() if file is not File.DG14}
    assert not proves(files=files)


def test_a_card_that_nobody_known_signed_proves_nothing(proves: Proves, nowhere: TrustStore) -> None:
    assert not proves(store=nowhere)


def test_a_changed_file_proves_nothing(proves: Proves, old: SimulatedCard, gather: Gather) -> None:
    assert not proves(files={**gather(old).files, File.DG13: b"\x6d\x00"})


def test_a_chip_that_was_not_asked_may_be_a_copy(
    proves: Proves, old: SimulatedCard, gather: Gather, trust: TrustStore, at: datetime
) -> None:
    verdict = verify(gather(old, active_authentication=None, access=BAC), trust, at=at)
    assert verdict.fact(FactName.GENUINE_CHIP).outcome is Outcome.NOT_PERFORMED
    assert not proves(active_authentication=None)
