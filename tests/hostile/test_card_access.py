"""EF.CardAccess that is nonsense: it offers nothing, and ends neither a reading with BAC nor a diagnosis."""

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import idcard
from idcard.encoding import tlv
from idcard.evidence import AccessProtocol
from idcard.lds.layout import File
from idcard.reading import ReadPlan, read
from idcard.reading.diagnosis import diagnose
from idcard.reading.opening import pace_offers
from idcard.testing import SPECIMEN, Hand, Issuer, SimulatedCard

FEW = ReadPlan(files=(File.DG1,), chip_authentication=False)
NONSENSE = {
    "an entry longer than memory": bytes.fromhex("3106308407ffffff"),
    "an entry longer than the file": bytes.fromhex("310630840000ffff"),
    "a length of nine bytes": bytes.fromhex("310a3089010203040506070809"),
    "the file longer than it is": bytes.fromhex("3184ffffffff"),
    "too many entries": tlv.build(0x31, *[bytes.fromhex("3003060100")] * 65),
    "an entry without an identifier": bytes.fromhex("31023000"),
    "one byte": b"\x31",
}


@pytest.fixture(params=NONSENSE)
def card(request: pytest.FixtureRequest) -> SimulatedCard:
    card = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC)).issue(SPECIMEN)
    card.files[File.CARD_ACCESS] = NONSENSE[request.param]
    return card


def test_it_is_read_with_bac(card: SimulatedCard) -> None:
    evidence = read(Hand(card), [idcard.MrzKey(SPECIMEN.mrz_information)], entropy=os.urandom, plan=FEW)
    assert evidence.access is not None
    assert evidence.access.protocol is AccessProtocol.BAC
    assert evidence.files[File.DG1] == card.files[File.DG1]


def test_with_digits_alone_it_offers_no_pace(card: SimulatedCard) -> None:
    with pytest.raises(idcard.PaceRefused):
        read(Hand(card), [idcard.Can(SPECIMEN.can)], entropy=os.urandom, plan=FEW)


def test_it_is_diagnosed(card: SimulatedCard) -> None:
    found = diagnose(Hand(card))
    assert found.is_travel_document
    assert found.bac
    assert not found.pace


@given(st.binary(max_size=80))
def test_whatever_it_holds_asking_for_offers_raises_nothing(data: bytes) -> None:
    for content in (data, tlv.build(0x31, data), tlv.build(0x31, tlv.build(0x30, data))):
        list(pace_offers(content))
