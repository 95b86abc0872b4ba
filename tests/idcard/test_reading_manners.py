"""Cards and readers with manners of their own, and what is remembered of them."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

import idcard
from idcard.errors import CardRemoved, CardSilent
from idcard.iso7816 import lengths
from idcard.lds.layout import File
from idcard.reading import CardProfile, Profiles, Reading, ReadPlan, read
from idcard.reading.profile import CardAccessForm
from idcard.testing import SPECIMEN, Behaviour, Issuer, SimulatedCard

CAN = idcard.Can(SPECIMEN.can)
MRZ = idcard.MrzKey(SPECIMEN.mrz_information)
FEW = ReadPlan(files=(File.SOD, File.DG1, File.DG13, File.DG14, File.DG15))
LONG = Behaviour(max_response=40_000)


class Hand:
    """A card on a reader: torn away before one command and put back by a reset; counts everything."""

    reader = "hand"

    def __init__(self, card: SimulatedCard, *, torn_before: int | None = None, times: int = 1) -> None:
        self.card, self.torn_before, self.times = card, torn_before, times
        self.sent = self.resets = 0
        self.away = False
        card.reset()

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, command: bytes) -> bytes:
        if self.times and self.sent == self.torn_before:
            self.times -= 1
            self.card.power_off()
            self.away = True
        if self.away:
            raise CardRemoved
        self.sent += 1
        return self.card.transmit(command)

    def reset(self) -> None:
        self.resets += 1
        self.away = False
        self.card.reset()

    def close(self) -> None:
        self.card.power_off()


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def issue(issuer: Issuer) -> Callable[..., SimulatedCard]:
    def card(behaviour: Behaviour | None = None, **options: object) -> SimulatedCard:
        return issuer.issue(SPECIMEN, behaviour=behaviour, **options)  # type: ignore[arg-type]

    return card


@pytest.fixture(scope="module")
def long_card(issue: Callable[..., SimulatedCard]) -> SimulatedCard:
    return issue(LONG)


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


# Profiles


def test_a_profile_saves_the_questions(issue: Callable[..., SimulatedCard]) -> None:
    card, profiles = issue(LONG, pace=False), Profiles()
    sent = []
    for _ in range(2):
        hand = Hand(card)
        evidence = read(hand, [MRZ], entropy=os.urandom, plan=FEW, profiles=profiles)
        sent.append(hand.sent)
        assert evidence.access is not None
        assert evidence.access.protocol is idcard.AccessProtocol.BAC
    assert sent[1] < sent[0]
    assert profiles.of("", card.atr) is not None
    profiles.forget("", card.atr)
    assert profiles.of("", card.atr) is None


def test_a_refusal_of_pace_is_not_remembered_of_other_cards(issue: Callable[..., SimulatedCard]) -> None:
    card, honest, profiles = issue(pace_refused_sw=0x6982), issue(), Profiles()
    assert card.atr == honest.atr
    for _ in range(2):
        evidence = read(Hand(card), [CAN, MRZ], entropy=os.urandom, plan=FEW, profiles=profiles)
        assert evidence.access is not None
        assert evidence.access.pace_refused_sw == 0x6982
    with pytest.raises(idcard.PaceRefused):
        read(Hand(card), [CAN], entropy=os.urandom, plan=FEW, profiles=profiles)
    access = read(Hand(honest), [CAN, MRZ], entropy=os.urandom, plan=FEW, profiles=profiles).access
    assert access is not None
    assert (access.protocol, access.pace_refused_sw) == (idcard.AccessProtocol.PACE, None)


def test_a_learnt_limit_grows_again() -> None:
    profiles, seen = Profiles(), []
    for _ in range(4):
        known = profiles.of("", b"") or CardProfile(lengths=lengths.LONG, most=10_000)
        seen.append(known.most)
        profiles.learn("", b"", known)
    assert seen[:3] == [10_000, 10_000, 20_000]
    assert profiles.of("", b"") == CardProfile(lengths=lengths.LONG)


def test_a_wrong_profile_corrects_itself(issue: Callable[..., SimulatedCard], long_card: SimulatedCard) -> None:
    short = issue(Behaviour(says_lengths=False))
    profiles = Profiles()
    profiles.learn("", short.atr, CardProfile(lengths=lengths.LONG, card_access=CardAccessForm.SELECTED))
    hand = Hand(short)
    assert complete(read(hand, [CAN], entropy=os.urandom, plan=FEW, profiles=profiles), short, FEW)
    assert profiles.of("", short.atr) == CardProfile(card_access=CardAccessForm.SELECTED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2, "profiles": {}}',
        '{"format": 1, "profiles": []}',
        '{"format": 1, "profiles": {"a": 1}}',
        Profiles({"a": CardProfile(most=-1)}).to_json(),
    ],
)
def test_what_is_no_profile_text(text: str) -> None:
    with pytest.raises(idcard.MalformedData):
        Profiles.from_json(text)


def test_old_profiles_are_forgotten() -> None:
    profiles = Profiles()
    for number in range(300):
        profiles.learn("reader", number.to_bytes(2), CardProfile())
    assert profiles.of("reader", b"\x00\x00") is None
    assert profiles.of("reader", (299).to_bytes(2)) is not None
