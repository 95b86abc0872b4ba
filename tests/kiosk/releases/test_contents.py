"""What an archive of a release may unpack to: as much as it says, and no more than a trust store has."""

import io
import time
import tracemalloc
import zipfile
import zlib

import pytest

from kiosk.releases.contents import Unusable, packed, unpacked

NAME = "csca/a.cer"
LENGTHS = (14, 22), (16, 24)
"""Where the sum and the length of a file stand in its own header, and in the archive's list."""


def archive(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        made.writestr(zipfile.ZipInfo(NAME, (2020, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


def claiming(data: bytes, length: int, content: bytes) -> bytes:
    """The archive, saying in both its places that its file has so many bytes, with their sum."""
    changed = bytearray(data)
    for start, (crc, size) in zip((0, data.rindex(b"PK\x01\x02")), LENGTHS, strict=True):
        changed[start + crc : start + crc + 4] = zlib.crc32(content[:length]).to_bytes(4, "little")
        changed[start + size : start + size + 4] = length.to_bytes(4, "little")
    return bytes(changed)


def test_what_was_packed_is_unpacked() -> None:
    files = {NAME: bytes(5000), "trust.toml": b"x = 1\n"}
    assert unpacked(packed(files)) == files


def test_no_byte_more_is_unpacked_than_an_archive_says_it_has() -> None:
    """A quarter of a megabyte that unpacks to a quarter of a gigabyte, and says that it is a thousand bytes."""
    zeros = bytes(1 << 20)
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    many = b"".join(packing.compress(zeros) for _ in range(256)) + packing.flush()
    small = archive(b"x" * 1000)
    start = small.rindex(b"PK\x01\x02")
    begin, end = start - (len(small[:start]) - 30 - len(NAME)), start
    bomb = bytearray(small[:begin] + many + small[end:])
    for at in (18, bomb.rindex(b"PK\x01\x02") + 20):
        bomb[at : at + 4] = len(many).to_bytes(4, "little")
    listed = bomb.rindex(b"PK\x05\x06")
    bomb[listed + 16 : listed + 20] = bomb.rindex(b"PK\x01\x02").to_bytes(4, "little")
    data = claiming(bytes(bomb), 1000, zeros)
    tracemalloc.start()
    began = time.monotonic()
    assert unpacked(data) == {NAME: bytes(1000)}
    assert time.monotonic() - began < 1
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_cannot_be_bounded_are_refused(method: int) -> None:
    with pytest.raises(Unusable):
        unpacked(archive(bytes(1000), method))


def test_an_archive_that_says_too_much_is_refused() -> None:
    data = claiming(archive(bytes(1000)), (1 << 26) + 1, bytes(1000))
    with pytest.raises(Unusable):
        unpacked(data)


@pytest.mark.parametrize(
    "damaged",
    [
        archive(b"x" * 1000)[:-30],
        archive(b"x" * 1000).replace(NAME.encode(), b"\0" * len(NAME)),
        archive(bytes(range(256)) * 4).replace(b"\xed", b"\xff", 1),
        claiming(archive(b"x" * 1000), 2000, b"x" * 1000),
        b"",
    ],
    ids=["cut short", "a name", "a packed byte", "longer than it is", "nothing"],
)
def test_a_damaged_archive_is_refused(damaged: bytes) -> None:
    with pytest.raises(Unusable):
        unpacked(damaged)
