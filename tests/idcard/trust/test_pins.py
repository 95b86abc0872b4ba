"""Lists of pinned signers: two people, or nothing."""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.errors import ConfigurationError, MalformedData
from idcard.trust.pins import Pin, PinKeys, Pins, draft_pins, drafted
from idcard.trust.signed_text import signature_line

SIGNER = "ab" * 32
PIN = Pin(fingerprint=SIGNER, first_day=date(2026, 11, 1), last_day=date(2027, 10, 31), note="đối chiếu tại Sở")
KEYS = {name: Ed25519PrivateKey.generate() for name in ("an.nguyen", "binh.tran", "chi.le")}
PEOPLE = PinKeys(keys={name: key.public_key() for name, key in KEYS.items() if name != "chi.le"})
EVERYBODY = PinKeys(keys={name: key.public_key() for name, key in KEYS.items()})
Sign = Callable[..., bytes]


def signed(
    *names: str, pins: tuple[Pin, ...] = (PIN,), serial: int = 3, keys: Mapping[str, Ed25519PrivateKey] = KEYS
) -> bytes:
    text = draft_pins(pins, serial)
    return text + b"".join(signature_line(text, name, keys[name]) for name in names)


BOTH = signed("an.nguyen", "binh.tran")


def reason_of(data: bytes, **options: int) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Pins.from_bytes(data, PEOPLE, **options)
    return caught.value.reason


def test_what_two_people_signed_counts(tmp_path: Path) -> None:
    (tmp_path / "signers.pins").write_bytes(BOTH)
    pins = Pins.from_file(tmp_path / "signers.pins", PEOPLE, at_least=3)
    assert pins.pins == (PIN,)
    assert (pins.serial, pins.signers) == (3, ("an.nguyen", "binh.tran"))
    assert pins == Pins.from_bytes(BOTH, PEOPLE)
    assert len(pins.version) == 64


def test_an_empty_list_is_a_list() -> None:
    assert Pins.from_bytes(signed("an.nguyen", "binh.tran", pins=(), serial=0), PEOPLE).pins == ()


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (datetime(2026, 10, 31, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 1, tzinfo=UTC), True),
        (datetime(2027, 10, 31, 23, 59, tzinfo=UTC), True),
        (datetime(2027, 11, 1, tzinfo=UTC), False),
    ],
)
def test_a_pin_counts_between_its_days(day: datetime, counts: bool) -> None:
    pins = Pins.from_bytes(BOTH, PEOPLE)
    assert (pins.pin_of(SIGNER, day) is not None) is counts
    assert pins.pin_of("cd" * 32, day) is None


def test_a_second_pin_of_the_same_signer_counts_in_its_time() -> None:
    later = Pin(fingerprint=SIGNER, first_day=date(2028, 1, 1), last_day=date(2028, 1, 1))
    pins = Pins.from_bytes(signed("an.nguyen", "binh.tran", pins=(PIN, later)), PEOPLE)
    assert pins.pin_of(SIGNER, datetime(2028, 1, 1, 12, tzinfo=UTC)) == later


FORGED = dict(KEYS, **{"binh.tran": KEYS["an.nguyen"]})


@pytest.mark.parametrize(
    "data",
    [
        signed("an.nguyen"),
        signed("an.nguyen", "chi.le"),
        signed("an.nguyen", "binh.tran", "chi.le"),
        signed("an.nguyen", "binh.tran", keys=FORGED),
        BOTH.replace(b'"serial":3', b'"serial":4'),
        BOTH.replace(b"2027-10-31", b"2029-10-31"),
    ],
    ids=["one person", "a stranger", "a third", "one person under two names", "another serial", "another day"],
)
def test_what_two_people_did_not_sign_is_refused(data: bytes) -> None:
    assert reason_of(data) == "not_vouched_for"


def body(text: str) -> bytes:
    signed = b"idcard.pins/1\n" + text.encode() + b"\n"
    return signed + b"".join(signature_line(signed, name, KEYS[name]) for name in ("an.nguyen", "binh.tran"))


ENTRY = f'{{"fingerprint":"{SIGNER}","from":"2026-11-01","note":"","to":"2027-10-31"}}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"idcard.pins/1\n",
        BOTH[:-1],
        BOTH + b"\n",
        b" " + BOTH,
        BOTH.replace(b"idcard.pins/1", b"idcard.pins/2"),
        BOTH.replace(b"an.nguyen ", b"an.nguyen  "),
        BOTH.replace(b"an.nguyen ", b"An.Nguyen "),
        BOTH.replace(b"an.nguyen ", b"\xe1n.nguyen "),
        BOTH.replace(b"an.nguyen ", b"binh.tran "),
        BOTH.replace(b"\n", b"\r\n"),
        BOTH[:-4] + b"!==\n",
        body("[]"),
        body("{"),
        body('{"pins":[], "serial":1}'),
        body('{"serial":1,"pins":[]}'),
        body('{"pins":[],"pins":[],"serial":1}'),
        body('{"pins":[],"serial":1.0}'),
        body('{"pins":[],"serial":NaN}'),
        body('{"pins":[],"serial":true}'),
        body('{"pins":[],"serial":"1"}'),
        body('{"pins":[],"serial":-1}'),
        body('{"more":1,"pins":[],"serial":1}'),
        body('{"pins":{},"serial":1}'),
        body('{"pins":[[]],"serial":1}'),
        body('{"pins":[' + ENTRY.replace("2026-11-01", "20261101") + '],"serial":1}'),
        body('{"pins":[' + ENTRY.replace("2026-11-01", "2026-11-31") + '],"serial":1}'),
        body('{"pins":[' + ENTRY.replace("2026-11-01", "2027-11-01") + '],"serial":1}'),
        body('{"pins":[' + ENTRY.replace("ab", "AB") + '],"serial":1}'),
        body('{"pins":[' + ENTRY.replace('"note":"",', "") + '],"serial":1}'),
        body("[" * 100_000),
        b"idcard.pins/1\n" + b"x" * (1 << 20),
    ],
)
def test_what_is_not_wholly_in_order_is_damaged(data: bytes) -> None:
    assert reason_of(data) == "damaged"


def test_an_older_list_cannot_take_the_place_of_a_newer_one() -> None:
    assert reason_of(BOTH, at_least=4) == "rolled_back"
    assert Pins.from_bytes(BOTH, PEOPLE, at_least=3).serial == 3


def test_a_state_file_remembers_the_newest_list(tmp_path: Path) -> None:
    file, state = tmp_path / "signers.pins", tmp_path / "pins.state"

    def opened(data: bytes) -> Pins:
        file.write_bytes(data)
        return Pins.from_file(file, EVERYBODY, state=state)

    opened(BOTH)
    # The same list, signed by others: who signed is no part of it.
    assert opened(signed("an.nguyen", "chi.le")).serial == 3
    newer = opened(signed("an.nguyen", "binh.tran", serial=4))
    for data in (BOTH, signed("an.nguyen", "binh.tran", serial=4, pins=())):
        with pytest.raises(ConfigurationError) as caught:
            opened(data)
        assert caught.value.reason == "rolled_back"
        assert file.name in str(caught.value)
    assert opened(signed("an.nguyen", "binh.tran", serial=4)).content == newer.content


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pins.from_file(tmp_path / "signers.pins", PEOPLE)
    assert caught.value.reason == "never_set_up"


def key_text(name: str) -> str:
    return base64.b64encode(KEYS[name].public_key().public_bytes_raw()).decode()


def test_people_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    lines = "".join(f'"{name}" = "{key_text(name)}"\n' for name in ("an.nguyen", "binh.tran"))
    file.write_text(f"format = 1\n[keys]\n{lines}", encoding="utf-8")
    assert Pins.from_bytes(BOTH, PinKeys.from_file(file)).serial == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "format = 1",
        "format = 2\n[keys]\n",
        "format = 1\nkeys = 3",
        "format = 1\n[keys]\n",
        'format = 1\n[keys]\n"an.nguyen" = "AAAA"\n"binh.tran" = "AAAA"',
        'format = 1\n[keys]\n"an.nguyen" = 1\n"binh.tran" = 2',
        f'format = 1\n[keys]\n"an.nguyen" = "{key_text("an.nguyen")}"',
        f'format = 1\n[keys]\n"an.nguyen" = "{key_text("an.nguyen")}"\n"binh.tran" = "{key_text("an.nguyen")}"',
        f'format = 1\n[keys]\n"An" = "{key_text("an.nguyen")}"\n"binh.tran" = "{key_text("binh.tran")}"',
        f'format = 1\nmore = 1\n[keys]\n"an.nguyen" = "{key_text("an.nguyen")}"\n"b" = "{key_text("binh.tran")}"',
    ],
)
def test_people_who_are_not_two_with_a_key_each_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "people.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        PinKeys.from_file(file)
    assert caught.value.reason == "damaged"


def test_people_who_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        PinKeys.from_file(tmp_path / "people.toml")
    assert caught.value.reason == "never_set_up"


def test_a_name_that_cannot_sign() -> None:
    with pytest.raises(ValueError, match="name"):
        signature_line(b"", "An Nguyễn", KEYS["an.nguyen"])


def test_a_list_that_still_lacks_signatures_can_be_read() -> None:
    pin = Pin(fingerprint="ab" * 32, first_day=date(2026, 11, 1), last_day=date(2026, 12, 31), note="a clinic")
    data = draft_pins([pin], 7)
    assert drafted(data) == ((pin,), 7, ())
    assert drafted(data + signature_line(data, "an.nguyen", Ed25519PrivateKey.generate())) == (
        (pin,),
        7,
        ("an.nguyen",),
    )
    for wrong in (b"", b"\n\n", data[:-1], data + b"An Nguyen x\n", data.replace(b'"pins"', b' "pins"')):
        with pytest.raises(MalformedData):
            drafted(wrong)
