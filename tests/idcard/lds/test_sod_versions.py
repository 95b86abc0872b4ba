"""EF.SOD with a security object of version 0, which names no LDS version, and of version 1, which does."""

import pytest

from idcard.encoding import oids, tlv
from idcard.lds.sod import Sod
from idcard.testing import der


def ef_sod(version: int, *more: bytes) -> bytes:
    listed = der.sequence(*(der.sequence(der.integer(number), der.octet_string(bytes(32))) for number in (1, 2)))
    algorithm = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
    content = der.sequence(der.integer(version), algorithm, listed, *more)
    encapsulated = der.sequence(der.oid("2.23.136.1.1.1"), der.context(0, der.octet_string(content)))
    signed = der.sequence(der.integer(3), der.set_of(), encapsulated, der.set_of())
    return tlv.build(0x77, der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, signed)))


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (ef_sod(0), None),
        (ef_sod(1, der.sequence(der.printable("0108"), der.printable("040000"))), "0108"),
    ],
    ids=["version 0", "version 1"],
)
def test_both_versions_list_their_hashes(raw: bytes, named: str | None) -> None:
    sod = Sod.from_bytes(raw)
    assert dict(sod.data_group_hashes) == {1: bytes(32), 2: bytes(32)}
    assert sod.lds_version == named
