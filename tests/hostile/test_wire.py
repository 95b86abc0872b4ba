"""Answers that no honest card gives: the right error, after few commands, with little memory."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import idcard
from idcard.encoding import tlv
from idcard.errors import (
    BoundExceeded,
    IdCardError,
    ProtocolViolation,
    SecureMessagingBroken,
    WrongAccessKey,
)
from idcard.iso7816.apdu import CommandApdu
from idcard.lds.layout import File
from idcard.testing import SPECIMEN, Behaviour, Profile, SimulatedCard

Lying = Callable[..., Any]
NewCard = Callable[..., SimulatedCard]
Read = Callable[[Any], idcard.Evidence]

CARD_ACCESS, MSE, NONCE, MAP, AGREE, TOKEN, SELECT, SOD = 1, 2, 3, 4, 5, 6, 7, 8
DG14, SET_CHIP_KEY, CHIP_KEY, FIRST_PROOF = 9, 10, 11, 12
"""The numbers of commands of an honest reading; 0 is EF.ATR/INFO."""


def at(number: int, answer: Callable[[bytes], bytes]) -> Callable[[int, bytes, bytes], bytes]:
    """A lie in the answer of that number only."""
    return lambda sent, _, honest: answer(honest) if sent == number else honest


def flipped(honest: bytes, position: int) -> bytes:
    changed = bytearray(honest)
    changed[position % len(changed)] ^= 1
    return bytes(changed)


def shortened(honest: bytes, cut: int) -> bytes:
    return honest[:cut]


def test_an_honest_card_for_comparison(lying: Lying, read_few: Read) -> None:
    card = lying(lambda *parts: parts[2])
    assert len(read_few(card).files) == 5
    assert card.sent == 16


@pytest.mark.parametrize("number", [0, CARD_ACCESS, NONCE, SOD])
@pytest.mark.usefixtures("bounded")
def test_endless_61xx(number: int, lying: Lying, read_few: Read) -> None:
    started: list[int] = []

    def lie(sent: int, command: bytes, honest: bytes) -> bytes:
        if sent == number or started:
            started.append(sent)
            return b"\x61\xff" if len(started) % 2 else b"x\x61\x01"
        return honest

    card = lying(lie)
    with pytest.raises(IdCardError) as caught:
        read_few(card)
    assert isinstance(caught.value, BoundExceeded | idcard.PaceRefused)
    assert len(started) < 5_000


@pytest.mark.usefixtures("bounded")
def test_endless_6cxx(lying: Lying, read_few: Read) -> None:
    with pytest.raises(IdCardError):
        read_few(lying(lambda sent, _, honest: bytes([0x6C, 1 + sent % 200])))


@pytest.mark.parametrize("sw", [0x9000, 0x6282, 0x6A82, 0x6700, 0x6988, 0x6F00, 0x63C0, 0x6983, 0xFFFF, 0x0000])
@pytest.mark.usefixtures("bounded")
def test_a_card_that_says_one_thing_only(sw: int, lying: Lying, read_few: Read) -> None:
    card = lying(lambda *_: sw.to_bytes(2))
    with pytest.raises(IdCardError):
        read_few(card)
    assert card.sent < 120


@pytest.mark.parametrize("position", range(30))
def test_a_flipped_bit_under_secure_messaging(position: int, lying: Lying, read_few: Read) -> None:
    with pytest.raises(SecureMessagingBroken):
        read_few(lying(at(SOD, lambda honest: flipped(honest, -3 - position))))


def test_a_flipped_checksum(lying: Lying, read_few: Read) -> None:
    for position in range(8):
        with pytest.raises(SecureMessagingBroken):
            read_few(lying(at(SELECT, partial(flipped, position=-3 - position))))


def replay(number: int, heard: list[bytes]) -> Callable[[int, bytes, bytes], bytes]:
    """A card that gives its answer before last once more, at command ``number``."""

    def lie(sent: int, _: bytes, honest: bytes) -> bytes:
        heard.append(honest)
        return heard[-2] if sent == number else honest

    return lie


@pytest.mark.parametrize(
    "number", [SOD, DG14, SET_CHIP_KEY, CHIP_KEY, FIRST_PROOF + 1, FIRST_PROOF + 2, FIRST_PROOF + 3]
)
def test_a_replayed_answer(number: int, lying: Lying, read_few: Read) -> None:
    with pytest.raises(SecureMessagingBroken):
        read_few(lying(replay(number, [])))


def test_a_replayed_answer_after_chip_authentication_is_evidence(lying: Lying, read_few: Read) -> None:
    evidence = read_few(lying(replay(FIRST_PROOF, [])))
    assert evidence.chip_authentication is not None
    assert evidence.chip_authentication.response == b"", "nothing that the chip sealed with the new keys"


def test_two_answers_in_the_wrong_order(lying: Lying, read_few: Read) -> None:
    held: list[bytes] = []

    def lie(sent: int, command: bytes, honest: bytes) -> bytes:
        held.append(honest)
        return held[-2] if sent > SOD else honest

    with pytest.raises(SecureMessagingBroken):
        read_few(lying(lie))


@pytest.mark.parametrize("step", [-1, 1, 2, 1 << 60])
def test_a_wrong_counter(step: int, lying: Lying, read_few: Read) -> None:
    """The chip answers bare, so the session is opened again, twice a file; a chip that always does it is given up."""
    card = lying(lambda *parts: parts[2])

    def lie(_: int, command: bytes, honest: bytes) -> bytes:
        if command[:2] == b"\x0c\xa4":
            card.card._session.channel.counter += step
        return honest

    card.lie = lie
    with pytest.raises(SecureMessagingBroken):
        read_few(card)
    assert card.sent < 120


def _outcome(read_few: Read, card: object) -> object:
    try:
        return read_few(card)
    except IdCardError as error:
        return error


@pytest.mark.parametrize("number", range(16))
def test_truncation_at_every_byte(number: int, lying: Lying, read_few: Read) -> None:
    honest: list[bytes] = []

    def listen(_: int, __: bytes, answer: bytes) -> bytes:
        honest.append(answer)
        return answer

    read_few(lying(listen))
    length = len(honest[number])
    # Before access every byte; in a session, where one checksum covers all, the ends.
    for cut in range(length) if number < SELECT else (*range(min(length, 12)), *range(max(0, length - 8), length)):
        outcome = _outcome(read_few, lying(at(number, partial(shortened, cut=cut))))
        assert isinstance(outcome, IdCardError | idcard.Evidence)
        if isinstance(outcome, idcard.Evidence) and number not in (SET_CHIP_KEY, CHIP_KEY):
            assert outcome.chip_authentication is not None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 15), answer=st.binary(max_size=300))
def test_any_answer_anywhere(number: int, answer: bytes, lying: Lying, read_few: Read) -> None:
    outcome = _outcome(read_few, lying(at(number, lambda _: answer)))
    assert isinstance(outcome, IdCardError | idcard.Evidence)


ABSURD = [
    b"\x31\x84\xff\xff\xff\xff",
    b"\x31\x83\xff\xff\xff",
    b"\x31\x80",
    b"\x31\x85\x01\x01\x01\x01\x01",
    b"\x31\xff",
    b"\x1f\xff\xff\xff\xff\x01",
    b"\x31\x82\xff\xff",
]


@pytest.mark.parametrize("raw", ABSURD)
@pytest.mark.usefixtures("bounded")
def test_absurd_lengths_in_card_access(raw: bytes, lying: Lying, read_few: Read) -> None:
    """EF.CardAccess is a courtesy: a card with nonsense there is opened without it, or not at all."""
    with pytest.raises(idcard.AccessDenied):
        read_few(lying(lambda _, command, honest: raw + bytes(200) + b"\x90\x00" if command[1] == 0xB0 else honest))


@pytest.mark.parametrize("raw", ABSURD)
@pytest.mark.usefixtures("bounded")
def test_absurd_lengths_in_a_file(raw: bytes, new_card: NewCard, lying: Lying, read_few: Read) -> None:
    card = new_card()
    card.files[File.DG13] = raw + bytes(5000)
    liar = lying(lambda *parts: parts[2], card)
    evidence = read_few(liar)
    assert (raw + bytes(5000)).startswith(evidence.files[File.DG13])
    assert liar.sent < 120


@pytest.mark.usefixtures("bounded")
def test_a_file_of_four_gigabytes_that_always_goes_on(new_card: NewCard, lying: Lying) -> None:
    class Bottomless(bytes):
        """As long as anybody likes."""

        def __len__(self) -> int:
            return 1 << 32

        def __getitem__(self, key: slice) -> bytes:  # type: ignore[override]
            size = key.stop - key.start
            return (b"\x75\x84\xff\xff\xff\xff" + bytes(size))[:size] if key.start == 0 else bytes(size)

    card = new_card(Behaviour(max_response=40_000))
    card.files[File.DG2] = Bottomless()
    plan = idcard.ReadPlan(files=(File.DG2, File.DG1), active_authentication=False)
    liar = lying(lambda *parts: parts[2], card)
    evidence = idcard.read(idcard.Can(SPECIMEN.can), liar, plan=plan)
    assert liar.sent < 20
    assert len(evidence.files[File.DG2]) < 100_000
    assert evidence.files[File.DG1] == card.files[File.DG1]


@pytest.mark.parametrize("depth", [10, 1000, 100_000])
@pytest.mark.usefixtures("bounded")
def test_nested_objects(depth: int, new_card: NewCard, lying: Lying, read_few: Read) -> None:
    nested = b""
    for _ in range(min(depth, 300)):
        nested = tlv.build(0x30, nested)
    nested = b"\x30\x80" * (depth - 300) + nested if depth > 300 else nested
    card = new_card()
    card.files[File.DG14] = tlv.build(0x6E, nested)
    evidence = read_few(lying(lambda *parts: parts[2], card))
    assert evidence.chip_authentication is None
    assert evidence.files[File.DG14]


def wrapped(tag: int, value: bytes) -> Callable[[bytes], bytes]:
    return lambda _: tlv.build(0x7C, tlv.build(tag, value)) + b"\x90\x00"


P256 = {
    "off the curve": b"\x04" + bytes(31) + b"\x01" + bytes(31) + b"\x01",
    "all zero": b"\x04" + bytes(64),
    "at infinity": b"\x00",
    "beyond the field": b"\x04" + b"\xff" * 64,
    "compressed": b"\x02" + bytes(31) + b"\x05",
    "too short": b"\x04" + bytes(10),
    "empty": b"",
    "hybrid": b"\x06" + bytes(63) + b"\x01",
}


@pytest.mark.parametrize("point", P256)
@pytest.mark.parametrize(("number", "tag"), [(MAP, 0x82), (AGREE, 0x84)])
def test_points_that_are_none(point: str, number: int, tag: int, lying: Lying, read_few: Read) -> None:
    card = lying(at(number, wrapped(tag, P256[point])))
    with pytest.raises(ProtocolViolation):
        read_few(card)
    assert card.sent <= number + 1


def test_our_own_key_sent_back(lying: Lying, read_few: Read) -> None:
    def lie(sent: int, command: bytes, honest: bytes) -> bytes:
        if sent != AGREE:
            return honest
        ours = tlv.parse_one(tlv.parse_one(CommandApdu.from_bytes(command).data, 0x7C).value, 0x83).value
        return wrapped(0x84, ours)(honest)

    with pytest.raises(ProtocolViolation, match="own"):
        read_few(lying(lie))


@pytest.mark.parametrize("nonce", [b"", bytes(7), bytes(15), bytes(17), bytes(4096)])
def test_nonces_of_the_wrong_length(nonce: bytes, lying: Lying, read_few: Read) -> None:
    with pytest.raises(IdCardError):
        read_few(lying(at(NONCE, wrapped(0x80, nonce))))


def test_another_nonce_is_another_key(lying: Lying, read_few: Read) -> None:
    with pytest.raises(WrongAccessKey):
        read_few(lying(at(NONCE, wrapped(0x80, bytes(16)))))


@pytest.mark.parametrize("token", [b"", bytes(8), bytes(7), bytes(9)])
def test_a_chip_that_does_not_prove_the_key(token: bytes, lying: Lying, read_few: Read) -> None:
    with pytest.raises(ProtocolViolation):
        read_few(lying(at(TOKEN, wrapped(0x86, token))))


@pytest.mark.parametrize(
    "body", [b"", b"\x7c\x00", b"\x7c\x02\x99\x00", b"\x30\x00", b"\x7c\x80", b"\x7c\x84\xff\xff\xff\xff"]
)
@pytest.mark.parametrize("number", [NONCE, MAP, AGREE, TOKEN])
def test_dynamic_authentication_data_of_another_form(body: bytes, number: int, lying: Lying, read_few: Read) -> None:
    with pytest.raises(ProtocolViolation):
        read_few(lying(at(number, lambda _: body + b"\x90\x00")))


@pytest.mark.parametrize("number", [MAP, AGREE])
@pytest.mark.parametrize("key", ["zero", "one", "minus one", "modulus", "small subgroup", "too long"])
def test_keys_of_a_small_subgroup(key: str, number: int, new_card: NewCard, lying: Lying, read_few: Read) -> None:
    """Finite fields: whoever answers with a key of small order would learn the secret modulo that order."""
    profile = Profile(parameter_id=0)
    p = profile.domain.field
    # An element of order 2 q at most, outside the subgroup: a generator of the whole group to the power of q.
    values = {"zero": 0, "one": 1, "minus one": p - 1, "modulus": p, "small subgroup": pow(3, profile.domain.order, p)}
    sent = values.get(key, 1).to_bytes(128) if key != "too long" else b"\x01" + bytes(128)
    # This card says that it takes no extended length, so it is not asked for EF.ATR/INFO: one command less.
    card = lying(
        at(number - 1, wrapped(0x82 if number == MAP else 0x84, sent)), new_card(Behaviour(pace_profile=profile))
    )
    with pytest.raises(ProtocolViolation):
        read_few(card)
    assert card.sent <= number
