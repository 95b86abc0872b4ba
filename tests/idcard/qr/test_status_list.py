"""Status lists: the standard's own, and what is none."""

import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.qr.jwk import to_base64url
from idcard.qr.status_list import StatusList, place_of

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/qr/credentials.json").read_text())["status_lists"]["lists"]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CLAIMS = {"sub": "https://issuer.example/list/1", "iat": 1_790_000_000, "exp": 1_790_100_000}


def token(places: Any, *, typ: str | None = "statuslist+jwt", **claims: Any) -> bytes:
    said = {name: value for name, value in (CLAIMS | {"status_list": places} | claims).items() if value is not None}
    header = {"alg": "EdDSA", "typ": typ}
    text = ".".join(to_base64url(json.dumps(one).encode()) for one in (header, said))
    return f"{text}.{to_base64url(KEY.sign(text.encode()))}".encode()


def packed(data: bytes, bits: object = 1) -> dict[str, object]:
    return {"bits": bits, "lst": to_base64url(zlib.compress(data, 9))}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: f"{one['bits']} bits")
def test_the_lists_of_the_standard(vector: dict[str, Any]) -> None:
    found = StatusList.from_bytes(token({"bits": vector["bits"], "lst": vector["lst"]}) + b"\n")
    assert [found.at(place) for place in range(len(vector["statuses"]))] == vector["statuses"]
    assert found.at(len(vector["statuses"])) is None
    assert found.at(-1) is None
    assert found.uri == CLAIMS["sub"]
    assert str(len(vector["statuses"])) in repr(found)


def test_larger_places() -> None:
    four, eight = (StatusList.from_bytes(token(packed(b"\x2f\x10", bits))) for bits in (4, 8))
    assert [four.at(place) for place in range(5)] == [15, 2, 0, 1, None]
    assert [eight.at(place) for place in range(3)] == [0x2F, 0x10, None]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        token(None),
        token([]),
        token({}),
        token(packed(b"x", 3)),
        token(packed(b"x", True)),
        token(packed(b"x", "1")),
        token({"bits": 1}),
        token({"bits": 1, "lst": "!"}),
        token({"bits": 1, "lst": "AAAA"}),
        token(packed(b"x"), typ="JWT"),
        token(packed(b"x"), iat=None),
        token(packed(b"x"), sub=None),
        token(packed(b"x"), exp="never"),
        b"\xff.\xff.\xff",
    ],
)
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(MalformedData):
        StatusList.from_bytes(data)


def test_a_bomb_is_not_inflated() -> None:
    with pytest.raises(BoundExceeded):
        StatusList.from_bytes(token(packed(bytes(5 << 20))))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"status_list": {"uri": "u", "idx": 7}}, ("u", 7)),
        ({"status_list": {"uri": "u", "idx": True}}, None),
        (True, None),
        ({"status_list": {"uri": 1, "idx": 7}}, None),
        ({"status_list": []}, None),
        ({"other": {}}, None),
        (None, None),
    ],
)
def test_where_a_credential_says_that_it_stands(status: object, expected: tuple[str, int] | None) -> None:
    assert place_of(status) == expected


def test_ten_thousand_changed_lists_are_lists_or_refused(rounds: Callable[[int], range]) -> None:
    draw, text = random.Random(5), token(packed(bytes(range(64)), 2))
    for _ in rounds(10_000):
        changed = bytearray(text)
        for _ in range(draw.randrange(1, 4)):
            changed[draw.randrange(len(changed))] = draw.choice(b"ABab09-_.")
        try:
            StatusList.from_bytes(bytes(changed)).at(draw.randrange(300))
        except IdCardError:
            continue
