"""What a reading must not do to a card that was used before, or that counts its tries, through the face."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import idcard
from idcard.errors import CardRemoved, CardSilent
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.lds.layout import File
from idcard.reading import Profiles, read
from idcard.testing import SPECIMEN, Behaviour, Issuer, SimulatedCard, sod
from idcard.testing.chip_crypto import Refused
from idcard.testing.chip_security import AccessState, Security
from idcard.transport.wrapped import WrappedConnection

CAN = idcard.Can(SPECIMEN.can)
MRZ = idcard.MrzKey(SPECIMEN.mrz_information)
WRONG = [idcard.MrzKey.of(f"C0000000{number}", "900101", "300101") for number in range(4)]
FEW = idcard.ReadPlan(files=(File.SOD, File.DG1, File.DG14))
EXTERNAL_AUTHENTICATE, GET_CHALLENGE = 0x82, 0x84
BARE_HEADER = 4


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


class Answering(WrappedConnection):
    """A card of which one kind of command is answered by somebody else."""

    def __init__(self, card: SimulatedCard, answer: Callable[[bytes], bytes | None]) -> None:
        super().__init__(card)
        self.answer = answer
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self.answer(command) or super().transmit(command)


def test_a_second_reading_of_the_same_connection_opens_with_pace_again(issuer: Issuer) -> None:
    card = issuer.issue(SPECIMEN)
    for _ in range(3):
        access = idcard.read([CAN, MRZ], card, plan=FEW).access
        assert access is not None
        assert access.protocol is idcard.AccessProtocol.PACE
        assert access.card_access is not None


@pytest.mark.parametrize(
    ("statuses", "allowed", "error"),
    [
        ((0x63C2, 0x63C1), False, idcard.LastTryLeft),
        ((0x63C2, 0x63C1, 0x63C0), True, idcard.AccessBlocked),
        ((0x6983,), False, idcard.AccessBlocked),
        ((0x6300,) * 4, False, idcard.WrongAccessKey),
    ],
)
def test_bac_stops_where_the_chip_counts_its_tries(
    issuer: Issuer, statuses: tuple[int, ...], allowed: bool, error: type[idcard.IdCardError]
) -> None:
    left = list(statuses)

    def counted(command: bytes) -> bytes | None:
        if command[1] != EXTERNAL_AUTHENTICATE:
            return None
        return b"\x67\x00" if len(command) == BARE_HEADER else left.pop(0).to_bytes(2)

    plan = idcard.ReadPlan(files=(File.DG1,), allow_last_try=allowed)
    card = Answering(issuer.issue(SPECIMEN, pace=False, behaviour=Behaviour()), counted)
    with pytest.raises(error) as caught:
        idcard.read(WRONG, card, plan=plan)
    assert type(caught.value) is error
    assert not left


@pytest.mark.parametrize(("wrong", "error"), [(2, idcard.LastTryLeft), (3, idcard.AccessBlocked)])
def test_the_last_try_of_a_counted_bac_key_is_the_callers_to_allow(
    wrong: int, error: type[idcard.IdCardError], issuer: Issuer
) -> None:
    card = issuer.issue(SPECIMEN, pace=False, behaviour=Behaviour(bac_tries=3))
    allowing = replace(FEW, allow_last_try=True)
    for left in reversed(range(3 - wrong, 3)):
        card.reset()
        with pytest.raises(idcard.WrongAccessKey) as caught:
            idcard.read(WRONG[:1], card, plan=allowing)
        assert caught.value.tries_left == left
    for key in (WRONG[0], MRZ):
        card.reset()
        with pytest.raises(error) as stopped:
            idcard.read(key, card, plan=FEW)
        assert type(stopped.value) is error
    if error is idcard.LastTryLeft:
        card.reset()
        assert idcard.read(MRZ, card, plan=allowing).files
        card.reset()
        assert idcard.read(MRZ, card, plan=FEW).files


@pytest.mark.parametrize(
    ("tries", "used", "error"),
    [(2, 1, idcard.LastTryLeft), (3, 2, idcard.LastTryLeft), (None, 4, idcard.WrongAccessKey)],
)
def test_tries_are_counted_down_where_the_chip_tells_of_them_only_when_asked(
    tries: int | None, used: int, error: type[idcard.IdCardError], issuer: Issuer
) -> None:
    class Plain(Answering):
        """Answers a wrong key with 6300, and counts it."""

        def transmit(self, command: bytes) -> bytes:
            answer = super().transmit(command)
            is_key = command[1] == EXTERNAL_AUTHENTICATE and len(command) > BARE_HEADER
            return b"\x63\x00" if is_key and answer[-2] == 0x63 else answer

    card = Plain(issuer.issue(SPECIMEN, pace=False, behaviour=Behaviour(bac_tries=tries)), lambda _: None)
    with pytest.raises(error) as caught:
        idcard.read(WRONG, card, plan=FEW)
    assert type(caught.value) is error
    assert sum(len(command) > BARE_HEADER for command in card.sent if command[1] == EXTERNAL_AUTHENTICATE) == used
    if tries is not None:
        assert idcard.read(MRZ, card, plan=replace(FEW, allow_last_try=True)).files


class Upset(Answering):
    """A card that the question for its tries upsets: it leaves the application, and says ``answer`` or nothing."""

    def __init__(self, card: SimulatedCard, answer: bytes | idcard.IdCardError) -> None:
        super().__init__(card, self._upset)
        self._answer, self.asked = answer, 0

    def _upset(self, command: bytes) -> bytes | None:
        if command != bytes([0, EXTERNAL_AUTHENTICATE, 0, 0]):
            return None
        self.asked += 1
        self.reset()
        if isinstance(self._answer, idcard.IdCardError):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "answer",
    [CardSilent("sending a command"), CardRemoved("sending a command"), b"\x63\x00", b"\x90\x00", b"\x67\x00"],
    ids=["silent", "gone for a moment", "a wrong try", "done", "refused"],
)
def test_asking_for_the_tries_ends_no_reading(answer: bytes | idcard.IdCardError, issuer: Issuer) -> None:
    card = Upset(issuer.issue(SPECIMEN, pace=False, behaviour=Behaviour()), answer)
    access = idcard.read(MRZ, card, plan=FEW).access
    assert access is not None
    assert access.protocol is idcard.AccessProtocol.BAC
    assert card.asked == 1


def test_a_chip_that_gives_no_challenge_is_asked_for_one_twice_and_no_more(issuer: Issuer) -> None:
    card = Answering(
        issuer.issue(SPECIMEN, pace=False), lambda command: b"\x69\x85" if command[1] == GET_CHALLENGE else None
    )
    with pytest.raises(idcard.PaceRequired):
        idcard.read(MRZ, card, plan=FEW)
    assert sum(command[1] == GET_CHALLENGE for command in card.sent) == 2


@pytest.mark.parametrize(("tries", "asked"), [(None, [1, 1, 0]), (3, [1, 1, 1])], ids=["not counted", "counted"])
def test_a_type_of_card_that_does_not_count_is_asked_until_it_is_proved(
    tries: int | None, asked: list[int], issuer: Issuer
) -> None:
    profiles = Profiles()
    card = Answering(issuer.issue(SPECIMEN, pace=False, behaviour=Behaviour(bac_tries=tries)), lambda _: None)
    found = []
    for proved in (False, False, True):
        if proved:
            profiles.prove_absence("", card.atr)
        card.reset()
        card.sent.clear()
        read(card, [MRZ], entropy=os.urandom, plan=FEW, profiles=profiles)
        found.append(card.sent.count(bytes([0, EXTERNAL_AUTHENTICATE, 0, 0])))
    assert found == asked
    assert Profiles.from_json(profiles.to_json()).to_json() == profiles.to_json()


def without_dg15(issuer: Issuer, **manners: int) -> SimulatedCard:
    """A card whose signed list has keys for chip authentication in DG14 and no DG15."""
    card = issuer.issue(SPECIMEN, behaviour=Behaviour(**manners))  # type: ignore[arg-type]
    listed = {file.data_group: data for file, data in card.files.items() if file.data_group in (1, 2, 13, 14)}
    card.files[File.SOD] = sod.build(listed, issuer.signer, at=datetime(2022, 1, 1, tzinfo=UTC))
    del card.files[File.DG15]
    return card


def judged(issuer: Issuer, evidence: idcard.Evidence) -> idcard.Fact:
    trust = idcard.TrustStore.of([issuer.csca_certificate], accept_demonstration=True)
    return idcard.verify(evidence, trust, at=datetime(2023, 1, 1, tzinfo=UTC)).fact(idcard.FactName.GENUINE_CHIP)


def refusing(agreement: SimulatedCard, monkeypatch: pytest.MonkeyPatch) -> SimulatedCard:
    """The card, which refuses chip authentication inside its channel."""
    manage = Security.manage

    def refuse(self: Security, command: CommandApdu, state: AccessState, *, application: bool) -> ResponseApdu:
        if command.p1 == 0x41:
            raise Refused(0x6A88)
        return manage(self, command, state, application=application)

    monkeypatch.setattr(Security, "manage", refuse)
    return agreement


def test_a_chip_that_refuses_chip_authentication_is_not_without_a_key(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fact = judged(issuer, idcard.read(CAN, refusing(without_dg15(issuer), monkeypatch)))
    assert (fact.outcome, fact.reason) == (idcard.Outcome.INCONCLUSIVE, idcard.Reason.CHIP_REFUSED)
    assert fact.details["sw"] == "6A88"


def test_a_copy_with_a_wrong_token_fails(issuer: Issuer) -> None:
    card = without_dg15(issuer, chip_authentication_version=2)
    card.secrets = replace(card.secrets, agreement=4711)
    assert judged(issuer, idcard.read(CAN, card)).outcome is idcard.Outcome.FAILED


def test_chip_authentication_that_was_not_asked_for_is_not_lacking(issuer: Issuer) -> None:
    fact = judged(issuer, idcard.read(CAN, without_dg15(issuer), plan=idcard.ReadPlan(chip_authentication=False)))
    assert (fact.outcome, fact.reason) == (idcard.Outcome.NOT_PERFORMED, idcard.Reason.CHIP_NOT_ASKED)
