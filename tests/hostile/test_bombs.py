"""A megabyte that would unpack to a gigabyte, at every door where strangers' bytes are unpacked."""

import io
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from idcard.errors import IdCardError
from idcard.qr import base45, claim_169, hc1, health_card, inflate
from idcard.qr.jwk import to_base64url
from idcard.qr.status_list import StatusList
from kiosk.hub.limits import TooLarge, inflated
from kiosk.insurance.roster.pack import PACK_LIMIT, read_pack
from kiosk.releases.contents import STORE_LIMIT, unpacked
from kiosk.wire.batch import BATCH_LIMIT

GIB, SECONDS = 1 << 30, 3.0
ZLIB, GZIP, RAW = b"\x78\xda", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", b""


def zeros(start: bytes = ZLIB) -> bytes:
    """A gigabyte of them, packed: one block after another, each of a megabyte."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packing.compress(bytes(1 << 20)) + packing.flush(zlib.Z_FULL_FLUSH)
    return start + block * (GIB >> 20) + packing.flush() + bytes(8)


def archive(length: int) -> bytes:
    """A trust store with one such file, which is said to have this length."""
    out, packed = io.BytesIO(), zeros(RAW)
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(zipfile.ZipInfo("csca/a.cer"), packed)
    data, size = bytearray(out.getvalue()), length.to_bytes(4, "little")
    listed = data.rindex(b"PK\x01\x02")
    for method, whole in ((8, 22), (listed + 10, listed + 24)):
        data[method : method + 2], data[whole : whole + 4] = b"\x08\x00", size
    return bytes(data)


def status_list() -> bytes:
    header, claims = '{"typ":"statuslist+jwt","alg":"ES256"}', '{"sub":"x","iat":1,"status_list":{"bits":1,"lst":"%s"}}'
    parts = header.encode(), (claims % to_base64url(zeros())).encode(), bytes(64)
    return ".".join(map(to_base64url, parts)).encode()


def health_token() -> bytes:
    return ".".join(map(to_base64url, (b'{"alg":"ES256","zip":"DEF","kid":"x"}', zeros(RAW), bytes(64)))).encode()


DOORS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], Any], int]] = {
    "zlib in a code": (zeros, inflate.inflate, 1 << 20),
    "DEFLATE in a code": (lambda: zeros(RAW), inflate.inflate_raw, 1 << 20),
    "a certificate's code": (
        lambda: b"HC1:" + base45.encode(zeros()[:4000]),
        hc1.CovidCertificate.from_bytes,
        0,
    ),
    "an identity's code": (lambda: base45.encode(zeros()[:4000]), claim_169.IdentityToken.from_bytes, 0),
    "a health card": (health_token, health_card.parse, 0),
    "a status list": (status_list, StatusList.from_bytes, 4 << 20),
    "a batch, gzip": (lambda: zeros(GZIP), lambda data: inflated(data, BATCH_LIMIT), BATCH_LIMIT),
    "a batch, deflate": (zeros, lambda data: inflated(data, BATCH_LIMIT), BATCH_LIMIT),
    "a roster's pack": (zeros, read_pack, PACK_LIMIT),
    "a trust store that says so": (lambda: archive(GIB), unpacked, 0),
    "a trust store that says less": (lambda: archive(1000), unpacked, 0),
    "a trust store that says as much as may be": (lambda: archive(STORE_LIMIT), unpacked, STORE_LIMIT),
}
"""What is sent, who unpacks it, and how many bytes may be unpacked before it is refused."""


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Iterator[tuple[bytes, Callable[[bytes], Any], int]]:
    made, takes, most = DOORS[request.param]
    data = made()
    tracemalloc.start()
    yield data, takes, most
    tracemalloc.stop()


def test_it_is_refused_soon_and_costs_little(door: tuple[bytes, Callable[[bytes], Any], int]) -> None:
    data, takes, most = door
    assert len(data) < 3 << 20
    began = time.monotonic()
    with pytest.raises((IdCardError, TooLarge, ValueError)):
        takes(data)
    assert time.monotonic() - began < SECONDS
    # What was unpacked lies there twice for a moment: in the unpacker's pieces and as a whole.
    assert tracemalloc.get_traced_memory()[1] < 2 * most + 4 * len(data) + (8 << 20)
