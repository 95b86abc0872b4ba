"""Cards and readers with manners of their own, and what is remembered of them."""

import os
from collections.abc import Callable

import pytest

import idcard
from idcard.errors import CardSilent
from idcard.lds.layout import File
from idcard.reading import CardProfile, Profiles, Reading, ReadPlan, read
from idcard.testing import SPECIMEN, Behaviour, Hand, SimulatedCard

CAN = idcard.Can(SPECIMEN.can)
MRZ = idcard.MrzKey(SPECIMEN.mrz_information)
FEW = ReadPlan(files=(File.SOD, File.DG1, File.DG13, File.DG14, File.DG15))
LONG = Behaviour(max_response=40_000)


def complete(evidence: idcard.Evidence, card: SimulatedCard, plan: ReadPlan) -> bool:
    proofs = (evidence.active_authentication, evidence.chip_authentication)
    return dict(evidence.files) == {file: card.files[file] for file in plan.files} and None not in proofs


# Manners of cards and readers


MANNERS = {
    "SELECT MF answers 6D00": Behaviour(),
    "SELECT MF works": Behaviour(master_file=True),
    "CardAccess 6982": Behaviour(card_access_refused_sw=0x6982),
    "CardAccess 6983": Behaviour(card_access_refused_sw=0x6983),
    "Le refused on SELECT": Behaviour(select_takes_le=False),
    "Le wanted on SELECT": Behaviour(select_takes_le=True),
    "no short identifiers": Behaviour(short_identifiers=False, master_file=True),
    "Le beyond the end 6B00": Behaviour(past_end_sw=0x6B00),
    "at most 160 bytes": Behaviour(longest_le=160),
    "9000 at the end": Behaviour(end_of_file_sw=0x9000),
    "answers in pieces": Behaviour(max_response=4096, response_piece=250),
    "silent about lengths": Behaviour(max_response=40_000, says_lengths=False),
    "1 kB": Behaviour(max_response=1024),
}


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("pace", [True, False])
def test_every_manner_is_read(manner: str, pace: bool, issue: Callable[..., SimulatedCard]) -> None:
    card = issue(MANNERS[manner], pace=pace)
    plan = ReadPlan(files=FEW.files, assumed_card_access=card.files.get(File.CARD_ACCESS))
    profiles = Profiles()
    for _ in range(2):
        evidence = read(Hand(card), [CAN, MRZ], entropy=os.urandom, plan=plan, profiles=profiles)
        assert complete(evidence, card, plan)
        profiles = Profiles.from_json(profiles.to_json())


class ShortOnly(Hand):
    """A CCID reader with short lengths: what it cannot carry, it does not answer (0x80100016)."""

    limit: int | None = None

    def transmit(self, command: bytes) -> bytes:
        if len(command) > 5 and command[4] == 0:
            raise CardSilent(pcsc=0x80100016)
        return super().transmit(command)


class ShortAndSaysSo(ShortOnly):
    answer_limit = 256


@pytest.mark.parametrize(("kind", "resets"), [(ShortOnly, 1), (ShortAndSaysSo, 0)])
def test_a_reader_for_short_lengths_only(kind: type[ShortOnly], resets: int, long_card: SimulatedCard) -> None:
    hand = kind(long_card)
    assert complete(idcard.read(CAN, hand, plan=FEW), long_card, FEW)
    assert hand.resets == resets


def test_a_reader_for_short_lengths_that_cannot_reset(long_card: SimulatedCard) -> None:
    class Stuck(ShortOnly):
        reset = None  # type: ignore[assignment]

    with pytest.raises(CardSilent):
        idcard.read(CAN, Stuck(long_card), plan=FEW)
    plan = ReadPlan(files=FEW.files, extended_length=False)
    assert complete(idcard.read(CAN, Stuck(long_card), plan=plan), long_card, plan)


def test_the_card_says_in_a_file_how_long(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(Behaviour(max_response=2000, says_lengths=False))
    card.files[File.ATR_INFO] = bytes.fromhex("7F660802020400020207D2")
    hand = Hand(card)
    reading = Reading(connection=hand, plan=FEW)
    reading.run([CAN])
    assert reading.profile is not None
    assert reading.profile.lengths.answer == 0x7D0
    assert reading.profile.lengths.command == 1024


def test_a_file_that_denies_long_lengths(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(Behaviour(says_lengths=False))
    card.files[File.ATR_INFO] = bytes.fromhex("4703940180")
    reading = Reading(connection=Hand(card), plan=FEW)
    reading.run([CAN])
    assert reading.profile == CardProfile()
