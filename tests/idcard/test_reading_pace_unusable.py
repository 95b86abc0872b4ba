"""A card whose PACE this library does not run: whoever reads it is told which it offers, and why that is not run."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

import idcard
from idcard.encoding import tlv
from idcard.evidence import AccessProtocol
from idcard.lds.layout import File
from idcard.reading import ReadPlan, read
from idcard.testing import SPECIMEN, Hand, Issuer, SimulatedCard

CAN = idcard.Can(SPECIMEN.can)
FEW = ReadPlan(files=(File.DG1,), chip_authentication=False)
PACE = "0.4.0.127.0.7.2.2.4"
WITHOUT_NUMBER = -1

Offering = Callable[..., SimulatedCard]


def entry(mapping: int, cipher: int, number: int) -> bytes:
    """A PACEInfo of version 2."""
    oid = tlv.build(0x06, bytes.fromhex("04007f0007020204") + bytes([mapping, cipher]))
    told = b"" if number == WITHOUT_NUMBER else tlv.build(0x02, bytes([number]))
    return tlv.build(0x30, oid, tlv.build(0x02, b"\x02"), told)


@pytest.fixture(scope="module")
def offering() -> Offering:
    issuer = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))

    def card(*entries: bytes) -> SimulatedCard:
        card = issuer.issue(SPECIMEN)
        card.files[File.CARD_ACCESS] = tlv.build(0x31, *entries)
        return card

    return card


@pytest.mark.parametrize(
    ("mapping", "cipher", "number", "reason"),
    [
        (4, 2, 10, "integrated mapping on P-224"),
        (6, 1, 13, "chip authentication mapping and 3DES"),
        (5, 2, 0, "chip authentication mapping over DH"),
        (2, 2, 0, "the other kind of key agreement on"),
        (1, 2, 13, "the other kind of key agreement on brainpoolP256r1"),
        (1, 2, 4, "parameter id 4"),
        (2, 9, 13, "an unknown PACE protocol"),
        (2, 2, WITHOUT_NUMBER, "without domain parameters"),
    ],
)
def test_the_error_names_the_combination_and_why_it_is_not_run(
    mapping: int, cipher: int, number: int, reason: str, offering: Offering
) -> None:
    card = offering(entry(mapping, cipher, number))
    with pytest.raises(idcard.PaceRefused, match="no PACE that this library can run") as caught:
        read(Hand(card), [CAN], entropy=os.urandom, plan=FEW)
    facts = caught.value.facts
    assert facts["oid"] == f"{PACE}.{mapping}.{cipher}"
    assert facts["parameter_id"] == (None if number == WITHOUT_NUMBER else number)
    assert reason in str(facts["reason"])
    assert reason in str(caught.value)
    assert facts["sw"] is None


def test_what_can_be_run_is_run_though_another_entry_is_not_known(offering: Offering) -> None:
    evidence = read(Hand(offering(entry(4, 2, 10), entry(2, 2, 13))), [CAN], entropy=os.urandom, plan=FEW)
    assert evidence.access is not None
    assert evidence.access.pace_oid == f"{PACE}.2.2"


def test_a_card_that_can_be_opened_otherwise_is(offering: Offering) -> None:
    keys: list[idcard.AccessKey] = [CAN, idcard.MrzKey(SPECIMEN.mrz_information)]
    evidence = read(Hand(offering(entry(4, 2, 10))), keys, entropy=os.urandom, plan=FEW)
    assert evidence.access is not None
    assert evidence.access.protocol is AccessProtocol.BAC


def test_a_card_that_offers_nothing_has_nothing_to_be_named(offering: Offering) -> None:
    with pytest.raises(idcard.PaceRefused) as caught:
        read(Hand(offering()), [CAN], entropy=os.urandom, plan=FEW)
    assert dict(caught.value.facts) == {"sw": None}
