"""What is remembered of types of cards: it saves commands, and nothing that a card says opens another with less."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import idcard
from idcard.errors import CardRemoved
from idcard.evidence import AccessProtocol
from idcard.iso7816 import lengths
from idcard.lds.layout import File
from idcard.reading import CardProfile, Profiles, Reading, ReadPlan, read
from idcard.reading.profile import CardAccessForm
from idcard.testing import SPECIMEN, Behaviour, FixedHand, Hand, Issuer, SimulatedCard

CAN = idcard.Can(SPECIMEN.can)
MRZ = idcard.MrzKey(SPECIMEN.mrz_information)
FEW = ReadPlan(files=(File.SOD, File.DG1, File.DG13, File.DG14, File.DG15))
LONG = Behaviour(max_response=40_000)
AT = datetime(2023, 1, 1, tzinfo=UTC)


@pytest.fixture
def trust(issuer: Issuer) -> idcard.TrustStore:
    return idcard.TrustStore.of([issuer.csca_certificate], accept_demonstration=True)


def access_of(card: SimulatedCard, profiles: Profiles, plan: ReadPlan = FEW) -> idcard.AccessRecord:
    access = read(Hand(card), [CAN, MRZ], entropy=os.urandom, plan=plan, profiles=profiles).access
    assert access is not None
    return access


def proved_absent(issue: Callable[..., SimulatedCard], trust: idcard.TrustStore) -> tuple[Profiles, SimulatedCard]:
    """Profiles that learnt from a genuine card without PACE, and that card."""
    card, profiles = issue(LONG, pace=False), Profiles()
    evidence = read(Hand(card), [MRZ], entropy=os.urandom, plan=FEW, profiles=profiles)
    idcard.remember_proved(profiles, evidence, idcard.verify(evidence, trust, at=AT))
    return profiles, card


# What a card says of having no PACE


def test_a_hostile_card_sends_no_honest_one_to_bac(issue: Callable[..., SimulatedCard]) -> None:
    hostile, honest, profiles = issue(LONG, pace=False), issue(LONG), Profiles()
    assert hostile.atr == honest.atr
    for _ in range(3):
        assert access_of(hostile, profiles).protocol is AccessProtocol.BAC
        known = profiles.of("", honest.atr)
        assert known is not None
        assert known.card_access is not CardAccessForm.ABSENT
        assert access_of(honest, profiles).protocol is AccessProtocol.PACE
        profiles = Profiles.from_json(profiles.to_json())


def test_a_hostile_card_that_counts_nothing_costs_no_honest_one_its_last_try(
    issue: Callable[..., SimulatedCard],
) -> None:
    hostile, honest, profiles = issue(LONG, pace=False), issue(replace(LONG, bac_tries=2), pace=False), Profiles()
    assert hostile.atr == honest.atr
    for _ in range(2):
        access_of(hostile, profiles)
    wrong = idcard.MrzKey.of("C00000000", "900101", "300101")
    with pytest.raises(idcard.WrongAccessKey):
        read(Hand(honest), [wrong], entropy=os.urandom, plan=FEW, profiles=profiles)
    with pytest.raises(idcard.LastTryLeft):
        read(Hand(honest), [wrong], entropy=os.urandom, plan=FEW, profiles=profiles)


@pytest.mark.parametrize("kind", ["unknown issuer", "copy", "changed file", "no proof asked for", "opened with PACE"])
def test_what_is_not_proved_is_not_remembered(
    kind: str, issue: Callable[..., SimulatedCard], trust: idcard.TrustStore
) -> None:
    card, plan = issue(LONG, pace=kind == "opened with PACE"), FEW
    match kind:
        case "unknown issuer":
            card = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC)).issue(SPECIMEN, behaviour=LONG, pace=False)
        case "copy":
            card.secrets = replace(card.secrets, agreement=4711)
        case "changed file":
            card.files[File.DG13] = card.files[File.DG13][:-1] + b"?"
        case "no proof asked for":
            plan = replace(FEW, chip_authentication=False, active_authentication=False)
    profiles = Profiles()
    evidence = read(Hand(card), [CAN, MRZ], entropy=os.urandom, plan=plan, profiles=profiles)
    idcard.remember_proved(profiles, evidence, idcard.verify(evidence, trust, at=AT))
    known = profiles.of("", card.atr)
    assert known is not None
    assert known.card_access is not CardAccessForm.ABSENT


def test_what_is_proved_saves_looking_in_vain(issue: Callable[..., SimulatedCard], trust: idcard.TrustStore) -> None:
    profiles, card = proved_absent(issue, trust)
    hand = Hand(card)
    read(hand, [MRZ], entropy=os.urandom, plan=FEW, profiles=profiles)
    assert hand.sent == 11
    assert hand.resets == 0


def test_a_card_whose_dg14_offers_pace_is_opened_again_with_it(
    issue: Callable[..., SimulatedCard], trust: idcard.TrustStore
) -> None:
    profiles, _ = proved_absent(issue, trust)
    honest = issue(LONG)
    assert access_of(honest, profiles).protocol is AccessProtocol.PACE
    known = profiles.of("", honest.atr)
    assert known is not None
    assert known.card_access is CardAccessForm.SHORT_IDENTIFIER


def test_a_card_that_leaves_before_it_is_opened_again_is_looked_at_when_it_is_back(
    issue: Callable[..., SimulatedCard], trust: idcard.TrustStore
) -> None:
    profiles, _ = proved_absent(issue, trust)
    honest = issue(LONG)

    class Lifted(Hand):
        def reset(self) -> None:
            raise CardRemoved

    reading = Reading(connection=Lifted(honest), plan=FEW, profile=profiles.of("", honest.atr))
    with pytest.raises(CardRemoved):
        reading.run([CAN, MRZ])
    assert set(reading.files) == {File.SOD, File.DG14}
    reading.run([CAN, MRZ], connection=Hand(honest))
    access = reading.evidence(card_qr=None, reader="", at=None).access
    assert access is not None
    assert access.protocol is AccessProtocol.PACE


@pytest.mark.parametrize("way", ["without DG14", "a reader that cannot reset"])
def test_absence_is_not_taken_on_trust_where_that_could_not_be_found_out(
    way: str, issue: Callable[..., SimulatedCard], trust: idcard.TrustStore
) -> None:
    profiles, _ = proved_absent(issue, trust)
    hand = Hand(issue(LONG)) if way == "without DG14" else FixedHand(issue(LONG))
    plan = ReadPlan(files=(File.SOD, File.DG1)) if way == "without DG14" else FEW
    access = read(hand, [CAN, MRZ], entropy=os.urandom, plan=plan, profiles=profiles).access
    assert access is not None
    assert access.protocol is AccessProtocol.PACE


def test_everything_is_asked_anew_after_a_while(issue: Callable[..., SimulatedCard], trust: idcard.TrustStore) -> None:
    profiles, card = proved_absent(issue, trust)
    few = ReadPlan(files=(File.DG14, File.SOD), chip_authentication=False)
    for _ in range(16):
        assert profiles.of("", card.atr) is not None
        read(Hand(card), [MRZ], entropy=os.urandom, plan=few, profiles=profiles)
        profiles = Profiles.from_json(profiles.to_json())
    assert profiles.of("", card.atr) is None
    read(Hand(card), [MRZ], entropy=os.urandom, plan=few, profiles=profiles)
    known = profiles.of("", card.atr)
    assert known is not None
    assert known.card_access is not CardAccessForm.ABSENT


def test_a_card_that_teaches_short_lengths_is_forgotten_too(issue: Callable[..., SimulatedCard]) -> None:
    profiles, card = Profiles(), issue(LONG)
    profiles.learn("", card.atr, CardProfile())
    few = ReadPlan(files=(File.DG1,), chip_authentication=False)
    for _ in range(18):
        read(Hand(card), [CAN], entropy=os.urandom, plan=few, profiles=profiles)
    known = profiles.of("", card.atr)
    assert known is not None
    assert known.lengths.extended


def test_absence_of_a_card_that_nobody_read_is_not_remembered() -> None:
    profiles = Profiles()
    profiles.prove_absence("", b"\x3b\x00")
    assert profiles == Profiles()


# What a profile is filed under


def test_two_cards_of_a_type_share_a_profile_whatever_their_numbers() -> None:
    profiles = Profiles()
    #          3B 8B 80 01 | 80, issuer's data, capabilities, pre-issuing data
    one, other = (bytes.fromhex(f"3B8B8001 80 52{number} 73000040 62{number} AA") for number in ("1111", "2222"))
    profiles.learn("reader", one, CardProfile(lengths=lengths.LONG))
    assert profiles.of("reader", other) == CardProfile(lengths=lengths.LONG)
    assert profiles.of("another reader", other) is None


def test_no_answer_to_reset_and_no_reader_stands_in_the_text() -> None:
    profiles = Profiles()
    profiles.learn("Tabletop 4711", bytes.fromhex("3B8480018073C021C0"), CardProfile())
    text = profiles.to_json()
    assert "4711" not in text
    assert "8073" not in text.lower()


# What it saves


def test_a_profile_saves_the_questions(issue: Callable[..., SimulatedCard]) -> None:
    card, profiles = issue(LONG), Profiles()
    sent = []
    for _ in range(2):
        hand = Hand(card)
        read(hand, [CAN], entropy=os.urandom, plan=FEW, profiles=profiles)
        sent.append(hand.sent)
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
    assert set(read(hand, [CAN], entropy=os.urandom, plan=FEW, profiles=profiles).files) == set(FEW.files)
    assert profiles.of("", short.atr) == CardProfile(card_access=CardAccessForm.SELECTED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 1, "profiles": {}}',
        '{"format": 2, "profiles": []}',
        '{"format": 2, "profiles": {"a": 1}}',
        Profiles({"a": CardProfile(most=-1)}).to_json(),
    ],
)
def test_what_is_no_profile_text(text: str) -> None:
    with pytest.raises(idcard.MalformedData):
        Profiles.from_json(text)


def test_old_profiles_are_forgotten() -> None:
    profiles = Profiles()
    for number in range(300):
        profiles.learn("reader", b"\x3b\x02" + number.to_bytes(2), CardProfile())
    assert profiles.of("reader", b"\x3b\x02\x00\x00") is None
    assert profiles.of("reader", b"\x3b\x02" + (299).to_bytes(2)) is not None
