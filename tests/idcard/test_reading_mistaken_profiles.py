"""What was learnt of a type of card is wrong for the next one: that is read all the same, and is learnt from."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import idcard
from idcard.errors import CardSilent
from idcard.evidence import AccessProtocol
from idcard.iso7816 import lengths
from idcard.lds.layout import File
from idcard.reading import CardProfile, Profiles, ReadPlan, read
from idcard.reading.profile import CardAccessForm
from idcard.testing import SPECIMEN, Behaviour, Hand, Issuer, Profile, SimulatedCard

CAN = idcard.Can(SPECIMEN.can)
MRZ = idcard.MrzKey(SPECIMEN.mrz_information)
WRONG_MRZ = idcard.MrzKey.of("C00000000", "900101", "300101")
FEW = ReadPlan(files=(File.SOD, File.DG1, File.DG14))
ABSENT = CardProfile(card_access=CardAccessForm.ABSENT)

Issue = Callable[..., SimulatedCard]


@pytest.fixture(scope="module")
def issue() -> Issue:
    issuer = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))
    return lambda behaviour=None, **options: issuer.issue(SPECIMEN, behaviour=behaviour, **options)


def absent(atr: bytes) -> Profiles:
    """Profiles in which it is proved that cards of this type have no EF.CardAccess."""
    profiles = Profiles()
    profiles.learn("", atr, CardProfile())
    profiles.prove_absence("", atr)
    assert profiles.of("", atr) == ABSENT
    return profiles


def protocol_of(evidence: idcard.Evidence) -> AccessProtocol:
    assert evidence.access is not None
    return evidence.access.protocol


@pytest.mark.parametrize("parameter_id", [12, 13, 16])
@pytest.mark.parametrize("assumed", [True, False], ids=["vietnamese parameters assumed", "nothing assumed"])
def test_a_card_with_pace_opens_with_its_can_though_its_type_is_proved_to_have_none(
    parameter_id: int, assumed: bool, issue: Issue
) -> None:
    card = issue(Behaviour(pace_profile=Profile(parameter_id=parameter_id)))
    plan = replace(FEW, assumed_card_access=idcard.DEFAULT_PLAN.assumed_card_access if assumed else None)
    profiles = absent(card.atr)
    evidence = read(Hand(card), [CAN], entropy=os.urandom, plan=plan, profiles=profiles)
    assert protocol_of(evidence) is AccessProtocol.PACE
    known = profiles.of("", card.atr)
    assert known is not None
    assert known.card_access is CardAccessForm.SHORT_IDENTIFIER


def test_so_does_one_that_an_earlier_reading_left_in_its_application(issue: Issue) -> None:
    card = issue()
    for key in (MRZ, CAN):
        evidence = read(card, [key], entropy=os.urandom, plan=FEW, profiles=absent(card.atr))
        assert protocol_of(evidence) is AccessProtocol.PACE


@pytest.mark.parametrize("keys", [[CAN, MRZ], [MRZ]], ids=["can first", "mrz alone"])
def test_a_card_without_bac_is_looked_at_after_all(keys: list[idcard.AccessKey], issue: Issue) -> None:
    card = issue(Behaviour(bac=False))
    profiles = absent(card.atr)
    evidence = read(Hand(card), keys, entropy=os.urandom, plan=FEW, profiles=profiles)
    assert protocol_of(evidence) is AccessProtocol.PACE
    assert profiles.of("", card.atr) != ABSENT


def test_a_guess_that_bac_refuses_does_not_hide_the_can_that_fits(issue: Issue) -> None:
    card = issue(Behaviour(bac_tries=5))
    evidence = read(Hand(card), [CAN, WRONG_MRZ], entropy=os.urandom, plan=FEW, profiles=absent(card.atr))
    assert protocol_of(evidence) is AccessProtocol.PACE


def test_a_wrong_key_costs_one_try_and_no_more(issue: Issue) -> None:
    card = issue(Behaviour(bac_tries=5), pace=False)
    for left in (4, 3):
        with pytest.raises(idcard.WrongAccessKey) as caught:
            read(Hand(card), [WRONG_MRZ], entropy=os.urandom, plan=FEW, profiles=absent(card.atr))
        assert caught.value.tries_left == left


def test_the_last_try_is_spared_though_the_card_is_looked_at(issue: Issue) -> None:
    card = issue(Behaviour(bac_tries=1), pace=False)
    with pytest.raises(idcard.LastTryLeft):
        read(Hand(card), [WRONG_MRZ], entropy=os.urandom, plan=FEW, profiles=absent(card.atr))
    allowed = replace(FEW, allow_last_try=True)
    assert protocol_of(read(Hand(card), [MRZ], entropy=os.urandom, plan=allowed)) is AccessProtocol.BAC


# What is known of a card that does not open is forgotten


class Mute(Hand):
    def transmit(self, command: bytes) -> bytes:
        raise CardSilent("no answer to anything")


def test_what_is_known_of_a_card_that_does_not_open_is_forgotten(issue: Issue) -> None:
    card, profiles = issue(), Profiles()
    profiles.learn("", card.atr, CardProfile(lengths=lengths.LONG))
    with pytest.raises(CardSilent):
        read(Mute(card), [CAN], entropy=os.urandom, plan=FEW, profiles=profiles)
    assert profiles == Profiles()


def test_wrong_digits_say_nothing_about_the_type_of_card(issue: Issue) -> None:
    card, profiles = issue(), Profiles()
    profiles.learn("", card.atr, CardProfile())
    with pytest.raises(idcard.WrongAccessKey):
        read(Hand(card), [idcard.Can("000000")], entropy=os.urandom, plan=FEW, profiles=profiles)
    assert profiles.of("", card.atr) == CardProfile()
