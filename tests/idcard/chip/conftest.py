import ctypes
import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.testing import Profile, Suite

T = TypeVar("T")
Drive = Callable[[Generator[CommandApdu, ResponseApdu, T], list[tuple[str, str]]], T]


@pytest.fixture(scope="session")
def icao() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "vectors" / "chip" / "icao_9303_11_worked_examples.json"
    vectors: dict[str, Any] = json.loads(path.read_text("utf-8"))["vectors"]
    return vectors


@pytest.fixture(scope="session")
def drive() -> Callable[..., Any]:
    """Plays a card: compares each command with the script's and sends the script's answer."""

    def play(procedure: Generator[CommandApdu, ResponseApdu, T], script: list[tuple[str, str]]) -> T:
        try:
            command = next(procedure)
            for position, (expected, answer) in enumerate(script, start=1):
                assert command.to_bytes().hex().upper() == expected.upper(), f"command {position}"
                command = procedure.send(ResponseApdu.from_bytes(bytes.fromhex(answer)))
        except StopIteration as stop:
            assert position == len(script), "the procedure ended before the script"
            result: T = stop.value
            return result
        raise AssertionError("the procedure goes on after the script")

    return play


class Buffer(ctypes.Structure):
    """OpenSSL's BUF_MEM."""

    _fields_ = (
        ("length", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("max", ctypes.c_size_t),
        ("flags", ctypes.c_ulong),
    )


Pointer = ctypes.POINTER(Buffer)
CAN_TYPE = 2
CIPHERS = {
    Suite.DES3: "3DES_CBC_CBC",
    Suite.AES128: "AES_CBC_CMAC_128",
    Suite.AES192: "AES_CBC_CMAC_192",
    Suite.AES256: "AES_CBC_CMAC_256",
}


class Eac:
    """The library, with bytes for its buffers."""

    def __init__(self) -> None:
        self._eac = ctypes.CDLL("libeac.so.3")
        self._eac.EAC_init()
        self._crypto = ctypes.CDLL("libcrypto.so.3")
        self._crypto.BUF_MEM_new.restype = Pointer
        self._crypto.BUF_MEM_grow.argtypes = (Pointer, ctypes.c_size_t)
        self._eac.EAC_CTX_new.restype = ctypes.c_void_p
        self._eac.PACE_SEC_new.restype = ctypes.c_void_p

    def number(self, name: str) -> int:
        """OpenSSL's number of an object identifier."""
        return ctypes.c_int.in_dll(self._eac, f"NID_id_{name}").value

    def context(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._eac.EAC_CTX_new())

    def pace(self, profile: Profile) -> ctypes.c_void_p:
        """A context for PACE with generic mapping."""
        context, kind = self.context(), "ECDH" if profile.domain.elliptic else "DH"
        number = self.number(f"PACE_{kind}_GM_{CIPHERS[profile.suite]}")
        assert self.yes("EAC_CTX_init_pace", context, number, profile.parameter_id)
        return context

    def secret(self, can: str) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._eac.PACE_SEC_new(can.encode(), ctypes.c_size_t(len(can)), CAN_TYPE))

    def yes(self, function: str, *arguments: Any) -> bool:
        """Whether a function that answers 1 or not did."""
        answer: int = getattr(self._eac, function)(*(self._passed(each) for each in arguments))
        return answer == 1

    def bytes_of(self, function: str, *arguments: Any) -> bytes:
        """What a function gives that answers a buffer."""
        called = getattr(self._eac, function)
        called.restype = Pointer
        answer = called(*(self._passed(each) for each in arguments))
        assert answer, function
        return self._taken(answer)

    def _taken(self, buffer: Any) -> bytes:
        return ctypes.string_at(buffer.contents.data, buffer.contents.length)

    def agree(self, profile: Profile, secret: int, public: bytes) -> tuple[bytes, bytes]:
        """The nonce and the token with which a chip answers our ``public`` key, in chip authentication."""
        context, kind = self.context(), "ECDH" if profile.domain.elliptic else "DH"
        name = f"CA_{kind}_{CIPHERS[profile.suite]}"
        assert self.yes("EAC_CTX_init_ca", context, self.number(name), profile.parameter_id)
        private = secret.to_bytes((profile.domain.order.bit_length() + 7) // 8)
        static = profile.domain.public(secret)
        sizes = (ctypes.c_size_t(len(private)), ctypes.c_size_t(len(static)))
        key = (ctypes.c_char_p(private), sizes[0], ctypes.c_char_p(static), sizes[1])
        assert self.yes("CA_set_key", context, *key)
        assert self.yes("CA_STEP4_compute_shared_secret", context, public)
        nonce, token = Pointer(), Pointer()
        assert self.yes("CA_STEP5_derive_keys", context, public, ctypes.byref(nonce), ctypes.byref(token))
        return self._taken(nonce), self._taken(token)

    def _passed(self, value: Any) -> Any:
        return self._buffer(value) if isinstance(value, bytes) else value

    def _buffer(self, data: bytes) -> Any:
        buffer = self._crypto.BUF_MEM_new()
        self._crypto.BUF_MEM_grow(buffer, len(data))
        ctypes.memmove(buffer.contents.data, data, len(data))
        return buffer


@pytest.fixture(scope="session")
def eac() -> Eac:
    """Another program's library for the same protocols (Debian package libeac3)."""
    return Eac()
