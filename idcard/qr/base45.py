"""Base45: bytes in the 45 characters that a QR code packs most densely.

Two bytes become three characters, a last single byte two. Decoding is strict: no other character, no number above
what its bytes hold, no single character left over. A space is a character of the alphabet, also at the beginning, so
nothing is stripped.

Source: RFC 9285, "The Base45 Data Encoding".
"""

from typing import Final

from idcard.errors import MalformedData

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_WHERE = "Base45"
_VALUES = {character: value for value, character in enumerate(ALPHABET.encode())}


def decode(text: bytes) -> bytes:
    """The bytes that ``text`` encodes.

    :raises MalformedData: if it is no Base45; the offset is that of the character or group.
    """
    decoded = bytearray()
    for offset in range(0, len(text), 3):
        group = text[offset : offset + 3]
        size = len(group) - 1
        number = _number(group, offset)
        if size == 0 or number >> 8 * size:
            raise MalformedData("a group that is no number of bytes", where=_WHERE, offset=offset)
        decoded += number.to_bytes(size)
    return bytes(decoded)


def _number(group: bytes, offset: int) -> int:
    number = 0
    for place, character in enumerate(group):
        value = _VALUES.get(character)
        if value is None:
            raise MalformedData("a character outside the alphabet", where=_WHERE, offset=offset + place)
        number += value * 45**place
    return number


def encode(data: bytes) -> bytes:
    """The text that encodes ``data``, in ASCII."""
    return "".join(_group(data[offset : offset + 2]) for offset in range(0, len(data), 2)).encode()


def _group(part: bytes) -> str:
    number, characters = int.from_bytes(part), ""
    for _ in range(len(part) + 1):
        number, value = divmod(number, 45)
        characters += ALPHABET[value]
    return characters
