"""What a reader's driver says of itself, without a reader."""

from collections.abc import Callable

import pytest
from smartcard import scard

from idcard.errors import CardRemoved, CardSilent, ReaderBusy, ReaderMissing, TransportError
from idcard.transport.pcsc import PcscConnection, _answer_limit, _error


def driver(properties: bytes | None) -> Callable[[int, list[int]], bytes | None]:
    """A driver: it gives its feature codes, then its properties."""
    answers = [bytes.fromhex("120442330012"), properties]
    return lambda request, data: answers.pop(0)


@pytest.mark.parametrize(
    ("properties", "limit"),
    [
        ("0A0400000000", 256),
        ("0A0400000100", 65536),
        ("010200000A0400080000", 2048),
        ("0A0410000000", 256),
        ("01020000", None),
        ("", None),
        ("0A04000001", None),
        (None, None),
    ],
)
def test_the_limit_is_the_drivers_property(properties: str | None, limit: int | None) -> None:
    raw = None if properties is None else bytes.fromhex(properties)
    assert _answer_limit(driver(raw)) == limit


def test_a_driver_without_properties() -> None:
    assert _answer_limit(lambda *_: None) is None
    assert _answer_limit(lambda *_: bytes.fromhex("060442330006")) is None


def test_the_codes_are_asked_for_in_order() -> None:
    asked: list[int] = []

    def control(request: int, data: list[int]) -> bytes:
        asked.append(request)
        return bytes.fromhex("120442330012") if len(asked) == 1 else bytes.fromhex("0A0400000000")

    assert _answer_limit(control) == 256
    assert asked[1] == 0x42330012


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SCARD_W_REMOVED_CARD", CardRemoved),
        ("SCARD_W_RESET_CARD", CardRemoved),
        ("SCARD_E_NO_SMARTCARD", CardRemoved),
        ("SCARD_E_SHARING_VIOLATION", ReaderBusy),
        ("SCARD_E_NO_SERVICE", ReaderMissing),
        ("SCARD_E_SERVICE_STOPPED", ReaderMissing),
        ("SCARD_E_READER_UNAVAILABLE", ReaderMissing),
        ("SCARD_E_NOT_TRANSACTED", CardSilent),
    ],
)
def test_each_status_of_the_service_is_an_error_of_its_kind(name: str, kind: type[TransportError]) -> None:
    code = getattr(scard, name)
    found = _error(code, "testing")
    assert type(found) is kind
    assert found.facts["pcsc"] == code & 0xFFFFFFFF


@pytest.mark.parametrize("answer", [[], [0x90]])
def test_success_without_an_answer_is_a_card_that_left(answer: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """As some drivers report it; the service's own function is put in its place, for no virtual driver does that."""
    monkeypatch.setattr(scard, "SCardTransmit", lambda *_: (scard.SCARD_S_SUCCESS, answer))
    connection = object.__new__(PcscConnection)
    connection._card, connection._protocol = 0, scard.SCARD_PROTOCOL_T1
    with pytest.raises(CardRemoved, match="no answer"):
        connection.transmit(b"\x00\x84\x00\x00\x08")
