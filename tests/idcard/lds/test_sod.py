import hashlib
from pathlib import Path

import pytest

from idcard.encoding import oids, tlv
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.lds.sod import Sod
from idcard.testing import der


@pytest.fixture
def specimen(root: Path) -> Path:
    return root / "tests" / "vectors" / "chip" / "bsi2008_specimen"


def test_the_specimen_s_hashes_are_its_files(specimen: Path) -> None:
    sod = Sod.from_bytes((specimen / "EF_SOD.bin").read_bytes())
    assert (sod.hash_algorithm, sod.lds_version, len(sod.signer_certificates)) == ("sha1", None, 1)
    for number, digest in sod.data_group_hashes.items():
        assert hashlib.sha1((specimen / f"Datagroup{number}.bin").read_bytes()).digest() == digest
    assert sorted(sod.data_group_hashes) == [1, 2, 3, 14]


def test_the_austrian_list(root: Path) -> None:
    sod = Sod.from_bytes((root / "tests" / "vectors" / "trust" / "ef_sod_austria.bin").read_bytes())
    assert sod.hash_algorithm == "sha256"
    assert sorted(sod.data_group_hashes) == [1, 2, 3, 11, 12, 14]
    assert all(len(digest) == 32 for digest in sod.data_group_hashes.values())


def sod_with(content_type: str, hash_oid: str = "2.16.840.1.101.3.4.2.1", tag: int = 0x77) -> bytes:
    listed = der.sequence(der.sequence(der.integer(1), der.octet_string(bytes(32))))
    content = der.sequence(der.integer(0), der.sequence(der.oid(hash_oid)), listed)
    encapsulated = der.sequence(der.oid(content_type), der.context(0, der.octet_string(content)))
    signed = der.sequence(der.integer(3), der.set_of(), encapsulated, der.set_of())
    return tlv.build(tag, der.sequence(der.oid(oids.SIGNED_DATA), der.context(0, signed)))


@pytest.mark.parametrize("content_type", sorted(oids.LDS_SECURITY_OBJECT_TYPES))
def test_each_known_type_of_content(content_type: str) -> None:
    assert dict(Sod.from_bytes(sod_with(content_type)).data_group_hashes) == {1: bytes(32)}


def test_signed_data_of_another_type_is_no_security_object() -> None:
    with pytest.raises(MalformedData):
        Sod.from_bytes(sod_with("2.23.136.1.1.2"))


def test_an_unknown_hash_is_unsupported() -> None:
    sod = Sod.from_bytes(sod_with(oids.LDS_SECURITY_OBJECT, "1.2.3"))
    with pytest.raises(UnsupportedAlgorithm) as caught:
        _ = sod.hash_algorithm
    assert caught.value.oid == "1.2.3"


@pytest.mark.parametrize("data", [b"", b"\x77\x00", sod_with(oids.LDS_SECURITY_OBJECT, tag=0x30)])
def test_what_is_no_ef_sod_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        Sod.from_bytes(data)


def test_bytes_behind_it_are_an_error() -> None:
    with pytest.raises(MalformedData):
        Sod.from_bytes(sod_with(oids.LDS_SECURITY_OBJECT) + b"\x00")
