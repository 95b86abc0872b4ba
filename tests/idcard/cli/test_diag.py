"""``idcard diag`` over played traffic: readers and cards of all kinds, in both languages."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import idcard
from idcard.cli.diag_words import _WORDS
from idcard.encoding import tlv
from idcard.errors import CardRemoved, CardSilent
from idcard.lds.layout import File
from idcard.reading.diagnosis import diagnose
from idcard.testing import Behaviour, Holder, Issuer, SimulatedCard
from idcard.transport.wrapped import WrappedConnection

Run = Callable[..., tuple[int, str, str]]
DIRECTORY = tlv.build(0x61, tlv.build(0x4F, bytes.fromhex("A0000002471001")), tlv.build(0x50, b"eMRTD"))


class Reader(WrappedConnection):
    """A reader that says what it can carry."""

    answer_limit: int | None = None

    def __init__(self, card: SimulatedCard, limit: int | None = None) -> None:
        super().__init__(card)
        self.reader = "Tabletop 1"
        self.answer_limit = limit


class Bankcard:
    """A card of another kind."""

    atr = b"\x3b\x00"
    reader = ""

    def transmit(self, command: bytes) -> bytes:
        return b"\x6a\x82"

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def card(issuer: Issuer, holder: Holder) -> SimulatedCard:
    made = issuer.issue(holder, behaviour=Behaviour(max_response=40_000))
    made.files[File.DIR] = DIRECTORY
    made.files[File.ATR_INFO] = bytes.fromhex("7F66080202040002020802")
    return made


@pytest.fixture
def log_of(tmp_path: Path) -> Callable[[idcard.Connection], Path]:
    def write(connection: idcard.Connection) -> Path:
        log = idcard.LoggedConnection(connection)
        diagnose(log)
        path = tmp_path / "traffic.log"
        path.write_text(log.to_text())
        return path

    return write


LogOf = Callable[[idcard.Connection], Path]


def test_what_a_help_desk_reads(run: Run, log_of: LogOf, card: SimulatedCard) -> None:
    code, out, err = run("diag", "--replay", log_of(Reader(card, 65_536)))
    assert (code, err) == (0, "")
    words, _, technical = out.partition("For technicians:")
    assert "Reader: Tabletop 1" in words
    assert "This reader takes long messages" in words
    assert "six-digit card number where one is printed" in words
    assert "also opens the older way: with document number, birth date and expiry date" in words
    assert words.rstrip().endswith("Nothing needs to be done.")
    assert "PACE GM, AES-128, brainpoolP256r1" in technical
    assert "dwMaxAPDUDataSize 65536" in technical
    assert "Le 2048, Lc 1024" in technical
    assert "SELECT MF 6D00, SELECT eMRTD 9000" in technical
    assert "BAC 9000" in technical
    assert "EF.DIR eMRTD" in technical


JARGON = ("PACE", "BAC", "AES", "GM", "brainpool", "ATR", "APDU", "SW", "EF.", "6D00", "status", "byte")


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("limit", [None, 256, 65_536])
@pytest.mark.parametrize("pace", [True, False])
def test_a_help_desk_reads_no_jargon(
    run: Run, log_of: LogOf, issuer: Issuer, holder: Holder, pace: bool, limit: int | None, language: str
) -> None:
    _, out, _ = run("diag", "--replay", log_of(Reader(issuer.issue(holder, pace=pace), limit)), "--lang", language)
    words = out.partition("For technicians:")[0].partition("Dành cho kỹ thuật viên:")[0]
    assert not [word for word in JARGON if word in words]


def test_whoever_has_no_six_digits_is_told_what_to_give(run: Run, log_of: LogOf, card: SimulatedCard) -> None:
    _, out, _ = run("diag", "--replay", log_of(Reader(card)))
    assert "Passports usually have no six-digit number: give the lines at the bottom" in out
    _, out, _ = run("diag", "--replay", log_of(Reader(card)), "--lang", "vi")
    assert "Hộ chiếu thường không có sáu số" in out


def test_names_that_a_card_chose_move_no_cursor(run: Run, log_of: LogOf, card: SimulatedCard) -> None:
    card.files[File.DIR] = tlv.build(0x61, tlv.build(0x4F, bytes(7)), tlv.build(0x50, b"\x1b[2Jgone"))
    _, out, _ = run("diag", "--replay", log_of(Reader(card)))
    assert "\x1b" not in out


def test_it_says_the_same_in_vietnamese(run: Run, log_of: LogOf, card: SimulatedCard) -> None:
    code, out, _ = run("diag", "--replay", log_of(Reader(card)), "--lang", "vi")
    assert code == 0
    assert "Đây là thẻ căn cước gắn chip hoặc hộ chiếu." in out
    assert "Không cần làm gì thêm." in out


def test_for_programs(run: Run, log_of: LogOf, card: SimulatedCard) -> None:
    code, out, _ = run("diag", "--replay", log_of(Reader(card, 65_536)), "--json")
    found = json.loads(out)
    assert code == 0
    assert found["extended_length"] is True
    assert (found["answer_bytes"], found["max_command"], found["max_response"]) == (2048, 1024, 2050)
    assert found["pace"] == [
        {"oid": "0.4.0.127.0.7.2.2.4.2.2", "parameter_id": 13, "name": "GM, AES-128, brainpoolP256r1"}
    ]
    assert (found["travel_document"], found["bac"], found["card_access"]) == (True, True, "short_identifier")
    assert (found["master_file_sw"], found["applications"]) == ("6D00", ["a0000002471001"])


@pytest.mark.parametrize("language", ["en", "vi"])
def test_pace_that_cannot_be_run_is_named_for_technicians_only(
    run: Run, log_of: LogOf, card: SimulatedCard, language: str
) -> None:
    card.files[File.CARD_ACCESS] = bytes.fromhex("3114 3012 060a04007f00070202040402 020102 02010a")
    _, out, _ = run("diag", "--replay", log_of(Reader(card)), "--lang", language)
    words = out.partition("For technicians:")[0].partition("Dành cho kỹ thuật viên:")[0]
    assert not [word for word in JARGON if word in words]
    assert "PACE - 0.4.0.127.0.7.2.2.4.4.2 10: PACE with integrated mapping on P-224" in out
    assert ("the lines for technicians name it" if language == "en" else "phần kỹ thuật bên dưới") in words
    _, out, _ = run("diag", "--replay", log_of(Reader(card)), "--json")
    assert json.loads(out)["unusable_pace"] == [
        {"oid": "0.4.0.127.0.7.2.2.4.4.2", "parameter_id": 10, "reason": "PACE with integrated mapping on P-224"}
    ]


def test_a_short_reader_is_told_and_advised(run: Run, log_of: LogOf, card: SimulatedCard) -> None:
    _, out, _ = run("diag", "--replay", log_of(Reader(card, 256)))
    assert "takes short messages only" in out
    assert "would make reading faster" in out


def test_a_card_without_bac_or_pace(run: Run, log_of: LogOf, issuer: Issuer, holder: Holder) -> None:
    _, out, _ = run("diag", "--replay", log_of(Reader(issuer.issue(holder, pace=False))))
    assert "does not say that it opens the newer way" in out
    assert "It opens the older way" in out

    class NoChallenge(Reader):
        def transmit(self, command: bytes) -> bytes:
            return b"\x6d\x00" if command[1] == 0x84 else super().transmit(command)

    _, out, _ = run("diag", "--replay", log_of(NoChallenge(issuer.issue(holder))))
    assert "does not open the older way" in out
    assert "BAC 6D00" in out


def test_another_card(run: Run, log_of: LogOf) -> None:
    code, out, _ = run("diag", "--replay", log_of(Bankcard()))
    assert code == 3
    assert "is it another kind of card?" in out
    assert "SELECT eMRTD 6A82" in out
    assert "(not named)" in out


def test_a_connection_that_cannot_reset_says_so(card: SimulatedCard) -> None:
    found = diagnose(Bankcard())
    assert (found.resettable, found.is_travel_document, found.challenge_sw) == (False, False, None)


def test_a_reader_that_chokes_on_long_messages(card: SimulatedCard) -> None:
    class Choking(Reader):
        def transmit(self, command: bytes) -> bytes:
            if len(command) > 5 and command[4] == 0:
                raise CardSilent
            return super().transmit(command)

    assert not diagnose(Choking(card)).lengths.extended
    choking = Choking(card)
    del choking.reset
    with pytest.raises(CardSilent):
        diagnose(choking)


def test_a_card_that_leaves_is_an_error(run: Run, card: SimulatedCard) -> None:
    class Leaving(Reader):
        def transmit(self, command: bytes) -> bytes:
            raise CardRemoved

    with pytest.raises(CardRemoved):
        diagnose(Leaving(card))


def test_the_log_of_a_diagnosis_plays_again(run: Run, log_of: LogOf, card: SimulatedCard, tmp_path: Path) -> None:
    first, second = log_of(Reader(card, 65_536)), tmp_path / "second.log"
    code, _, err = run("diag", "--replay", first, "--log", second)
    assert code == 0
    assert str(second) in err.replace("\n", "")
    assert run("diag", "--replay", second)[0] == 0


def test_what_cannot_be_played(run: Run, tmp_path: Path) -> None:
    assert run("diag", "--replay", tmp_path / "missing")[0] == 2
    (tmp_path / "bad").write_text("nonsense")
    assert run("diag", "--replay", tmp_path / "bad")[0] == 3


def test_a_log_that_cannot_be_written(run: Run, log_of: LogOf, card: SimulatedCard, tmp_path: Path) -> None:
    assert run("diag", "--replay", log_of(Reader(card)), "--log", tmp_path / "no" / "where")[0] == 2


def test_every_sentence_is_in_both_languages() -> None:
    for english, vietnamese in _WORDS.values():
        assert english != vietnamese
        assert {part.split("}")[0] for part in english.split("{")[1:]} == {
            part.split("}")[0] for part in vietnamese.split("{")[1:]
        }
