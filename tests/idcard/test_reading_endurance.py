"""Readings that break and go on: cards torn out at every single command, bare answers, other cards, many readers."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

import idcard
from idcard.errors import CardRemoved, SecureMessagingBroken
from idcard.lds.layout import File
from idcard.reading import Profiles, Reading, ReadPlan, read
from idcard.testing import SPECIMEN, Behaviour, FixedHand, Hand, Issuer, SimulatedCard, dishonest

CAN = idcard.Can(SPECIMEN.can)
MRZ = idcard.MrzKey(SPECIMEN.mrz_information)
FEW = ReadPlan(files=(File.SOD, File.DG1, File.DG13, File.DG14, File.DG15))
LONG = Behaviour(max_response=40_000)


@pytest.fixture(scope="module")
def short_card(issue: Callable[..., SimulatedCard]) -> SimulatedCard:
    return issue()


def complete(evidence: idcard.Evidence, card: SimulatedCard, plan: ReadPlan) -> bool:
    proofs = (evidence.active_authentication, evidence.chip_authentication)
    return dict(evidence.files) == {file: card.files[file] for file in plan.files} and None not in proofs


def complete_files(evidence: idcard.Evidence, card: SimulatedCard, plan: ReadPlan) -> bool:
    return dict(evidence.files) == {file: card.files[file] for file in plan.files}


def test_a_reading_without_trouble_needs_no_reset(long_card: SimulatedCard) -> None:
    hand = Hand(long_card)
    assert complete(idcard.read(CAN, hand, plan=FEW), long_card, FEW)
    assert (hand.resets, hand.sent) == (0, 16)


@pytest.mark.parametrize("torn_before", range(16))
def test_a_card_torn_out_at_any_command_and_put_back_is_read_whole(torn_before: int, long_card: SimulatedCard) -> None:
    hand = Hand(long_card, torn_before=torn_before)
    assert complete(idcard.read(CAN, hand, plan=FEW), long_card, FEW)
    assert hand.resets == 1


@pytest.mark.parametrize("torn_before", range(0, 105))
def test_a_card_torn_out_at_any_short_command(torn_before: int, short_card: SimulatedCard) -> None:
    plan = ReadPlan(active_authentication=False, files=(File.SOD, File.DG1, File.DG2, File.DG13, File.DG14))
    hand = Hand(short_card, torn_before=torn_before)
    evidence = idcard.read(CAN, hand, plan=plan)
    assert dict(evidence.files) == {file: short_card.files[file] for file in plan.files}


@pytest.mark.parametrize("torn_before", range(16))
def test_a_reading_goes_on_over_a_new_connection(torn_before: int, long_card: SimulatedCard) -> None:
    first = FixedHand(long_card, torn_before=torn_before, times=99)
    reading = Reading(connection=first, plan=FEW)
    with pytest.raises(CardRemoved):
        reading.run([CAN])
    kept = dict(reading.files)
    second = Hand(long_card)
    reading.run([CAN], connection=second)
    assert complete(reading.evidence(card_qr=None, reader="", at=None), long_card, FEW)
    assert all(reading.files[file] is data for file, data in kept.items() if File.SOD in kept)


def test_what_was_finished_is_not_read_again(short_card: SimulatedCard) -> None:
    whole = Hand(short_card)
    idcard.read(CAN, whole)
    torn = Hand(short_card, torn_before=whole.sent - 3)
    idcard.read(CAN, torn)
    assert torn.sent < whole.sent + 22


def test_a_card_torn_out_again_and_again_is_given_up(long_card: SimulatedCard) -> None:
    hand = Hand(long_card, torn_before=9, times=99)
    with pytest.raises(CardRemoved):
        idcard.read(CAN, hand, plan=FEW)
    assert hand.resets <= 4


# Bare answers under secure messaging


def test_a_length_refused_bare_costs_one_more_opening(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(Behaviour(max_response=40_000, longest_le=1000, refuses_length_bare=True))
    hand = Hand(card)
    assert complete(idcard.read(CAN, hand, plan=FEW), card, FEW)
    assert hand.resets == 1


def test_what_was_learnt_from_it_is_remembered(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(Behaviour(max_response=40_000, longest_le=1000, refuses_length_bare=True))
    profiles = Profiles()
    for resets in (1, 0):
        hand = Hand(card)
        read(hand, [CAN], entropy=os.urandom, plan=FEW, profiles=profiles)
        assert hand.resets == resets


def test_a_file_refused_bare_is_refused_and_the_others_are_read(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(Behaviour(refuses_files_bare=True))
    plan = ReadPlan(files=(File.DG1, File.DG3, File.DG11, File.DG13), active_authentication=False)
    evidence = idcard.read(CAN, Hand(card), plan=plan)
    assert evidence.refused == {File.DG3: 0x6982, File.DG11: 0x6A82}
    assert list(evidence.files) == [File.DG1, File.DG13]


def test_however_many_files_are_refused_bare_the_others_are_read(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(Behaviour(refuses_files_bare=True))
    optional = (File.DG3, File.DG4, File.DG5, File.DG7, File.DG11, File.DG12, File.DG16)
    plan = ReadPlan(files=(*optional, File.DG1, File.DG13), active_authentication=False)
    hand = Hand(card)
    evidence = idcard.read(CAN, hand, plan=plan)
    assert set(evidence.refused) == set(optional)
    assert dict(evidence.files) == {file: card.files[file] for file in (File.DG1, File.DG13)}
    assert hand.resets == 2 * len(optional)


class Bare(Hand):
    """A card that once answers a protected command bare, and closes its session."""

    bare_from: int | None = None

    def transmit(self, command: bytes) -> bytes:
        if self.bare_from is not None and self.sent >= self.bare_from and command[0] & 0x0C:
            self.bare_from = None
            self.card.reset()
            return b"\x69\x88"
        return super().transmit(command)


@pytest.mark.parametrize("bare_from", range(8, 16))
@pytest.mark.parametrize("torn_before", range(10, 40, 3))
def test_one_bare_answer_and_one_tear_cost_no_file(bare_from: int, torn_before: int, long_card: SimulatedCard) -> None:
    hand = Bare(long_card, torn_before=torn_before)
    hand.bare_from = bare_from
    evidence = idcard.read(CAN, hand, plan=FEW)
    assert dict(evidence.files) == {file: long_card.files[file] for file in FEW.files}
    assert not evidence.refused


def test_nothing_vanishes_where_no_file_names_the_document(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(LONG)
    plan = ReadPlan(files=(File.DG13, File.DG15, File.DG2), chip_authentication=False)
    whole = Hand(card)
    assert complete_files(idcard.read(CAN, whole, plan=plan), card, plan)
    for torn_before in range(whole.sent):
        evidence = idcard.read(CAN, Hand(card, torn_before=torn_before), plan=plan)
        assert complete_files(evidence, card, plan)
        assert evidence.active_authentication is not None


def test_a_bare_answer_on_a_reader_that_cannot_reset_ends_the_reading(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(Behaviour(refuses_files_bare=True))
    with pytest.raises(SecureMessagingBroken):
        idcard.read(CAN, FixedHand(card), plan=ReadPlan(files=(File.DG3,)))


def test_a_chip_without_its_key_is_read_and_shown(issuer: Issuer) -> None:
    card = dishonest.cloned_chip(issuer, SPECIMEN)
    evidence = idcard.read(CAN, Hand(card), plan=FEW)
    assert set(evidence.files) == set(FEW.files)
    assert evidence.chip_authentication is not None
    assert evidence.chip_authentication.response == bytes.fromhex("6988")


# One bad data group


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x6d", b"\x6d\x82\x01\x00" + bytes(20), b"\x6d\x84\xff\xff\xff\xff" + bytes(300), b"\x30\x80" + bytes(50)],
    ids=["empty", "one-byte", "ends-early", "four-gigabytes", "indefinite"],
)
def test_one_bad_data_group_aborts_nothing_and_is_kept(
    raw: bytes, issue: Callable[..., SimulatedCard], issuer: Issuer
) -> None:
    card = issue()
    card.files[File.DG13] = raw
    evidence = idcard.read(CAN, Hand(card), plan=FEW)
    assert set(evidence.files) | set(evidence.refused) == set(FEW.files)
    kept = evidence.files.get(File.DG13, b"")
    assert raw.startswith(kept)
    assert evidence.active_authentication is not None
    trust = idcard.TrustStore.of([issuer.csca_certificate], accept_demonstration=True)
    integrity = idcard.verify(evidence, trust, at=datetime(2023, 1, 1, tzinfo=UTC)).fact(idcard.FactName.INTEGRITY)
    # What came of it is compared and fails; of one that gave nothing at all nobody says that it is intact.
    compared = File.DG13 in evidence.files
    assert integrity.outcome is (idcard.Outcome.FAILED if compared else idcard.Outcome.PASSED)
    assert compared or "13" not in str(integrity.details["data_groups"]).split(",")


# Other things that happen


def test_a_certificate_of_the_master_file_is_read_before_the_application(issue: Callable[..., SimulatedCard]) -> None:
    card = issue()
    card.files[File.CARD_SECURITY] = b"\x30\x03\x02\x01\x01"
    plan = ReadPlan(files=(File.CARD_SECURITY, File.DG1), active_authentication=False)
    assert dict(idcard.read(CAN, Hand(card), plan=plan).files) == {file: card.files[file] for file in plan.files}
    del card.files[File.CARD_SECURITY]
    assert idcard.read(CAN, Hand(card), plan=plan).refused == {File.CARD_SECURITY: 0x6A82}


def test_many_readers_at_once(issuer: Issuer) -> None:
    cards = [issuer.issue(SPECIMEN, behaviour=Behaviour(max_response=size)) for size in (256, 1024, 40_000) * 4]
    profiles = Profiles()

    def one(card: SimulatedCard) -> idcard.Evidence:
        return read(Hand(card), [CAN], entropy=os.urandom, plan=FEW, profiles=profiles)

    with ThreadPoolExecutor(len(cards)) as pool:
        evidences = list(pool.map(one, cards))
    assert all(complete(evidence, card, FEW) for evidence, card in zip(evidences, cards, strict=True))


@pytest.mark.parametrize("step", range(16))
def test_cancelling_before_any_command(step: int, long_card: SimulatedCard) -> None:
    hand = Hand(long_card)
    with pytest.raises(idcard.Cancelled):
        idcard.read(CAN, hand, plan=FEW, should_cancel=lambda: hand.sent >= step)
    assert (hand.sent, hand.resets) == (step, 0)


def test_a_chip_that_refuses_to_prove_itself_bare(issue: Callable[..., SimulatedCard]) -> None:
    card = issue(active_authentication="ecdsa")

    class Refusing(Hand):
        def transmit(self, command: bytes) -> bytes:
            if command[1] == 0x88:
                self.card.reset()
                return b"\x6d\x00"
            return super().transmit(command)

    evidence = idcard.read(CAN, Refusing(card), plan=FEW)
    assert evidence.active_authentication is not None
    assert (evidence.active_authentication.response, evidence.active_authentication.sw) == (None, 0x6D00)
