"""Whether the card that lies there after a tear is the one that was being read: two people's are never mixed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import idcard
from idcard.errors import CardChanged, CardRemoved
from idcard.lds.layout import File
from idcard.reading import Reading, ReadPlan
from idcard.testing import SPECIMEN, Behaviour, FixedHand, Hand, Issuer, SimulatedCard

CAN = idcard.Can(SPECIMEN.can)
FEW = ReadPlan(files=(File.SOD, File.DG1, File.DG13, File.DG14, File.DG15))
LONG = Behaviour(max_response=40_000)
# Of the same issuer, with the same CAN, as a thief could choose it.
ANOTHER = replace(SPECIMEN, name="Trần Thị Khác", personal_number="001190" + SPECIMEN.can)


def files_of(card: SimulatedCard, plan: ReadPlan) -> dict[File, bytes]:
    return {file: card.files[file] for file in plan.files}


@pytest.mark.parametrize("files", [FEW.files, (File.DG1, File.DG13, File.DG14), (File.DG13, File.DG14, File.DG15)])
@pytest.mark.parametrize("torn_before", range(16))
def test_a_card_that_was_exchanged_is_refused_or_read_alone(
    torn_before: int, files: tuple[File, ...], issuer: Issuer, long_card: SimulatedCard
) -> None:
    other, plan = issuer.issue(ANOTHER, behaviour=LONG), ReadPlan(files=files)
    hand = Hand(long_card, torn_before=torn_before, instead=other)
    try:
        evidence = idcard.read(CAN, hand, plan=plan)
    except CardChanged:
        return
    assert dict(evidence.files) in (files_of(other, plan), files_of(long_card, plan))
    trust = idcard.TrustStore.of([issuer.csca_certificate], accept_demonstration=True)
    verdict = idcard.verify(evidence, trust, at=datetime(2023, 1, 1, tzinfo=UTC))
    assert verdict.fact(idcard.FactName.GENUINE_CHIP).outcome is not idcard.Outcome.FAILED


@pytest.mark.parametrize("few", [b"", b"\x77", b"\x77\x82", b"\x77\x3e" + bytes(61)], ids=len)
@pytest.mark.parametrize("file", [File.SOD, File.DG1])
def test_a_start_that_fits_every_card_names_none(
    file: File, few: bytes, issuer: Issuer, issue: Callable[..., SimulatedCard]
) -> None:
    hostile, honest = issue(LONG), issuer.issue(ANOTHER, behaviour=LONG)
    few = few if file is File.SOD else few.replace(b"\x77", b"\x61")
    hostile.files[file] = few
    plan = ReadPlan(files=(file, File.DG13), chip_authentication=False, active_authentication=False)
    reading = Reading(connection=FixedHand(hostile, torn_before=9, times=99), plan=plan)
    with pytest.raises(CardRemoved):
        reading.run([CAN])
    reading.run([CAN], connection=Hand(honest))
    assert dict(reading.files) == files_of(honest, plan)


@pytest.mark.parametrize("start", [1, 32, 223, 256])
def test_another_card_with_the_same_start_is_another(
    start: int, issuer: Issuer, issue: Callable[..., SimulatedCard]
) -> None:
    card, other = issue(LONG), issuer.issue(ANOTHER, behaviour=LONG)
    sod = other.files[File.SOD]
    # The same header and the same first bytes, and then what another person's card would say.
    other.files[File.SOD] = (
        card.files[File.SOD][:start] + (sod[start:] + bytes(400))[: len(card.files[File.SOD]) - start]
    )
    reading = Reading(connection=FixedHand(card, torn_before=13, times=99), plan=FEW)
    with pytest.raises(CardRemoved):
        reading.run([CAN])
    assert File.SOD in reading.files
    with pytest.raises(CardChanged):
        reading.run([CAN], connection=Hand(other))


@pytest.mark.parametrize(
    "manner",
    [
        Behaviour(short_identifiers=False, master_file=True),
        Behaviour(past_end_sw=0x6B00),
        Behaviour(longest_le=32),
    ],
    ids=["no short identifiers", "minds the end", "crumbs"],
)
def test_the_same_card_is_known_again_in_every_manner(manner: Behaviour, issue: Callable[..., SimulatedCard]) -> None:
    card = issue(manner)
    plan, whole = replace(FEW, assumed_card_access=card.files[File.CARD_ACCESS]), Hand(card)
    idcard.read(CAN, whole, plan=plan)
    hand = Hand(card, torn_before=whole.sent - 2)
    assert dict(idcard.read(CAN, hand, plan=plan).files) == files_of(card, FEW)
    assert hand.resets > whole.resets


def test_another_card_is_never_mixed_in(issuer: Issuer, long_card: SimulatedCard) -> None:
    other = issuer.issue(SPECIMEN, behaviour=LONG)
    other.files[File.SOD] = issuer.issue(SPECIMEN, behaviour=LONG).files[File.SOD]
    reading = Reading(connection=FixedHand(long_card, torn_before=13, times=99), plan=FEW)
    with pytest.raises(CardRemoved):
        reading.run([CAN])
    assert File.SOD in reading.files
    with pytest.raises(CardChanged):
        reading.run([CAN], connection=Hand(other))
    assert reading.files[File.SOD] == long_card.files[File.SOD]


def test_a_card_that_refuses_what_it_gave_is_another(issue: Callable[..., SimulatedCard]) -> None:
    card, other = issue(LONG), issue(LONG)
    del other.files[File.SOD]
    reading = Reading(connection=FixedHand(card, torn_before=13, times=99), plan=FEW)
    with pytest.raises(CardRemoved):
        reading.run([CAN])
    with pytest.raises(CardChanged):
        reading.run([CAN], connection=Hand(other))
