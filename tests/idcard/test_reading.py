"""Reading a simulated card that shares no protocol code with the reader, over a wire that can be cut anywhere."""

import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

import idcard
from idcard.errors import CardRemoved, SecureMessagingBroken
from idcard.lds.layout import File
from idcard.reading.discovery import read_card_access
from idcard.testing import Holder, Issuer, SimulatedCard
from idcard.transport.session import perform
from idcard.vietnam.card_access import CARD_ACCESS


class Wire:
    """A card in the hand: counts its commands and can be torn away before any of them."""

    def __init__(self, card: SimulatedCard, torn_before: int | None = None) -> None:
        self.card, self.sent, self.torn_before = card, 0, torn_before
        card.power_on()

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, command: bytes) -> bytes:
        if self.sent == self.torn_before:
            raise CardRemoved
        self.sent += 1
        return self.card.transmit(command)

    def close(self) -> None:
        self.card.power_off()


@pytest.fixture(scope="module")
def holder() -> Holder:
    return Holder(
        personal_number="036090999991",
        name="Nguyễn Văn Thử",
        birth=date(1990, 1, 15),
        sex="M",
        issued=date(2022, 2, 1),
        expiry=date(2030, 1, 15),
        address="Số 1, Phố Mẫu, Nam Định",
        origin="Xã Mẫu, Nam Định",
    )


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(country="VN", name="CSCA Thử", at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def issue(issuer: Issuer, holder: Holder) -> Callable[..., SimulatedCard]:
    def with_options(**options: object) -> SimulatedCard:
        return issuer.issue(holder, **options)  # type: ignore[arg-type]

    return with_options


@pytest.fixture(scope="module")
def card(issue: Callable[..., SimulatedCard]) -> SimulatedCard:
    return issue()


@pytest.fixture
def card_qr(holder: Holder) -> idcard.CardQr:
    return idcard.CardQr.parse(holder.card_qr_text())


CAN = idcard.Can("999991")
ALL = [File.SOD, File.COM, File.DG1, File.DG2, File.DG13, File.DG14, File.DG15]


@pytest.mark.parametrize("proof", ["ecdsa", "rsa"])
def test_every_file_comes_byte_for_byte(proof: str, issue: Callable[..., SimulatedCard]) -> None:
    card = issue(active_authentication=proof)
    evidence = idcard.read(CAN, Wire(card))
    assert list(evidence.files) == ALL
    assert all(evidence.files[file] == card.files[file] for file in ALL)
    assert evidence.active_authentication is not None
    assert evidence.active_authentication.response


def test_the_mrz_opens_with_pace_too(card: SimulatedCard, holder: Holder) -> None:
    key = idcard.MrzKey(idcard.Mrz.parse(holder.mrz_text()).information)
    evidence = idcard.read(key, Wire(card), plan=idcard.ReadPlan(files=(File.DG1,)))
    assert evidence.access is not None
    assert (evidence.access.protocol, evidence.access.key_kind) == ("PACE", "MRZ")
    assert evidence.given_mrz == key.information


def test_the_evidence_says_how_the_chip_was_opened(card: SimulatedCard) -> None:
    access = idcard.read(CAN, Wire(card), plan=idcard.ReadPlan(files=(File.DG1,))).access
    assert access == idcard.AccessRecord(
        protocol=idcard.AccessProtocol.PACE,
        key_kind=idcard.KeyKind.CAN,
        pace_oid="0.4.0.127.0.7.2.2.4.2.2",
        parameter_id=13,
        card_access=CARD_ACCESS,
    )


@pytest.mark.parametrize("sw", [0x6982, 0x6983, 0x6A80])
def test_a_chip_that_refuses_pace_opens_with_the_keys_of_its_qr(
    sw: int, issue: Callable[..., SimulatedCard], card_qr: idcard.CardQr
) -> None:
    evidence = idcard.read(card_qr, Wire(issue(pace_refused_sw=sw)))
    assert evidence.access is not None
    assert evidence.access.protocol is idcard.AccessProtocol.BAC
    assert evidence.access.pace_refused_sw == sw
    assert evidence.given_card_qr == card_qr.text
    assert list(evidence.files) == ALL


def test_a_chip_that_refuses_pace_asks_for_another_key(issue: Callable[..., SimulatedCard]) -> None:
    with pytest.raises(idcard.PaceRefused) as caught:
        idcard.read(CAN, Wire(issue(pace_refused_sw=0x6982)))
    assert caught.value.facts["sw"] == 0x6982


def test_bac_is_not_used_where_the_plan_forbids_it(issue: Callable[..., SimulatedCard], card_qr: idcard.CardQr) -> None:
    plan = idcard.ReadPlan(allow_bac=False)
    with pytest.raises(idcard.PaceRefused):
        idcard.read(card_qr, Wire(issue(pace_refused_sw=0x6982)), plan=plan)


def test_wrong_digits_are_a_wrong_key_and_nothing_else_is_tried(card: SimulatedCard) -> None:
    wire = Wire(card)
    keys = (idcard.Can("999992"), idcard.MrzKey.of("090999991", "900115", "300115"))
    with pytest.raises(idcard.WrongAccessKey):
        idcard.read(keys, wire)
    assert wire.sent < 8


def test_a_counter_of_tries_is_told(issue: Callable[..., SimulatedCard]) -> None:
    wire = Wire(issue(can_tries=2))
    with pytest.raises(idcard.WrongAccessKey) as caught:
        idcard.read(idcard.Can("000000"), wire)
    assert caught.value.tries_left == 1


def test_at_most_four_bac_keys_are_tried(issue: Callable[..., SimulatedCard]) -> None:
    wire = Wire(issue(pace_refused_sw=0x6982))
    keys = [idcard.MrzKey.of("090999991", "900115", f"3{year}0115") for year in range(1, 8)]
    with pytest.raises(idcard.WrongAccessKey):
        idcard.read(keys, wire)
    assert wire.sent == 12  # CardAccess, MSE, SELECT, a look at the counter, and two commands for each of four keys


@pytest.mark.parametrize("position", range(0, 107, 5))
def test_a_card_torn_away_is_a_removed_card(position: int, card: SimulatedCard) -> None:
    with pytest.raises(CardRemoved):
        idcard.read(CAN, Wire(card, torn_before=position))


@pytest.mark.parametrize("step", [0, 4, 12, 40])
def test_a_reading_can_be_cancelled_between_commands(step: int, card: SimulatedCard) -> None:
    wire = Wire(card)
    with pytest.raises(idcard.Cancelled):
        idcard.read(CAN, wire, should_cancel=lambda: wire.sent >= step)
    assert wire.sent == step


def test_progress_tells_steps_files_and_bytes(card: SimulatedCard) -> None:
    told: list[idcard.Progress] = []
    idcard.read(CAN, Wire(card), on_progress=told.append)
    assert [step for step in idcard.ReadStep if any(each.step is step for each in told)] == list(idcard.ReadStep)
    portrait = [each for each in told if each.file is File.DG2]
    assert portrait[-1].done == portrait[-1].total == len(card.files[File.DG2])
    assert [each.done for each in portrait] == sorted(each.done for each in portrait)


def test_only_data_groups_that_the_sod_lists_are_asked_for(card: SimulatedCard) -> None:
    plan = idcard.ReadPlan(files=(File.SOD, File.DG1, File.DG7, File.DG11))
    evidence = idcard.read(CAN, Wire(card), plan=plan)
    assert list(evidence.files) == [File.SOD, File.DG1]
    assert not evidence.refused


def test_a_missing_file_is_a_fact_and_not_an_end(card: SimulatedCard) -> None:
    evidence = idcard.read(CAN, Wire(card), plan=idcard.ReadPlan(files=(File.DG7, File.DG1)))
    assert list(evidence.files) == [File.DG1]
    assert evidence.refused == {File.DG7: 0x6A82}


def test_the_callers_challenge_is_used(card: SimulatedCard) -> None:
    evidence = idcard.read(CAN, Wire(card), challenge=b"8 bytes!")
    assert evidence.active_authentication is not None
    assert evidence.active_authentication.challenge == b"8 bytes!"


def test_the_portrait_is_not_read_where_the_plan_leaves_it_out(card: SimulatedCard) -> None:
    wire = Wire(card)
    idcard.read(CAN, wire, plan=idcard.ReadPlan(files=(File.SOD, File.DG1, File.DG13, File.DG15)))
    assert wire.sent < 40


def test_a_changed_answer_ends_the_reading(card: SimulatedCard) -> None:
    class Noisy(Wire):
        def transmit(self, command: bytes) -> bytes:
            answer = bytearray(super().transmit(command))
            if self.sent == 20:
                answer[5] ^= 1
            return bytes(answer)

    with pytest.raises(SecureMessagingBroken):
        idcard.read(CAN, Noisy(card))


def test_card_access_is_found_without_the_master_file(card: SimulatedCard) -> None:
    wire = Wire(card)
    assert perform(wire, read_card_access()).raw == CARD_ACCESS
    assert wire.sent == 1


def test_a_card_of_another_kind_is_unsupported() -> None:
    class Bankcard:
        atr = b"\x3b\x00"

        def transmit(self, command: bytes) -> bytes:
            return b"\x6a\x82"

        def close(self) -> None:
            """Nothing to let go of."""

    with pytest.raises(idcard.UnsupportedDocument):
        idcard.read(idcard.MrzKey.of("090999991", "900115", "300115"), Bankcard())


def test_evidence_and_keys_print_as_nothing(card: SimulatedCard, card_qr: idcard.CardQr) -> None:
    evidence = idcard.read(card_qr, Wire(card))
    shown = " ".join(map(repr, (evidence, CAN, card_qr, *idcard.keys_from_card_qr(card_qr))))
    assert "036090" not in shown
    assert "999991" not in shown
    assert "Nguy" not in shown


def test_no_key_is_the_callers_mistake(card: SimulatedCard) -> None:
    with pytest.raises(ValueError, match="at least one"):
        idcard.read((), Wire(card))


def test_a_verified_identity_cannot_be_made_by_hand_nor_sent_away() -> None:
    with pytest.raises(TypeError, match="require"):
        idcard.VerifiedIdentity(
            name="",
            name_latin="",
            birth=idcard.BirthDate(year=1990),
            sex=idcard.Sex.MALE,
            document_number="",
            issuing_state="",
            nationality="",
        )
    with pytest.raises(TypeError, match="process"):
        pickle.dumps(idcard.VerifiedIdentity.__new__(idcard.VerifiedIdentity))
