"""How many items CBOR holds, counted before any is made: a megabyte of it may be a million lists."""

from typing import Final

MOST_ITEMS: Final = 1 << 20
"""A pack needs nine for each kind that its base lacks, and some dozens beside them."""
_STRINGS, _MANY = (2, 3), (4, 5)
_ONE_BYTE, _INDEFINITE = 24, 28


def check_few_items(data: bytes) -> None:
    """Nothing, where there are at most :data:`MOST_ITEMS`; ValueError for more, or for lengths that nobody knows."""
    at = items = 0
    while at < len(data):
        major, said = data[at] >> 5, data[at] & 0x1F
        at += 1
        if said >= _INDEFINITE:
            raise ValueError("an indefinite length")
        if said >= _ONE_BYTE:
            width = 1 << (said - _ONE_BYTE)
            said = int.from_bytes(data[at : at + width], "big")
            at += width
        items += 1
        if items > MOST_ITEMS or (major in _MANY and said > MOST_ITEMS):
            raise ValueError("more items than a pack has")
        if major in _STRINGS:
            at += said
