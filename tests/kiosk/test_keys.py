"""Key files and sealing: who may read what, and what the bytes give away."""

import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from idcard import ConfigurationError
from kiosk import keys
from kiosk.keys import CannotOpen, PersonTags, Sealed, VisitOpener, VisitSealer

FIELDS = {"name": "Trần Thị Mẫu", "personal_number": "036199000123", "sex": None}


@pytest.fixture(scope="module")
def private_key() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


@pytest.fixture
def sealed(private_key: X25519PrivateKey) -> Sealed:
    return VisitSealer(private_key.public_key()).seal("visit-1", FIELDS)


def test_the_clinic_opens_what_was_sealed_to_it(private_key: X25519PrivateKey, sealed: Sealed) -> None:
    assert VisitOpener(private_key).open("visit-1", sealed) == FIELDS


@given(st.dictionaries(st.text(max_size=20), st.none() | st.text(max_size=40), max_size=5))
def test_any_fields_come_back(private_key: X25519PrivateKey, fields: dict[str, str | None]) -> None:
    opener = VisitOpener(private_key)
    assert opener.open("v", opener.sealer().seal("v", fields)) == fields


def test_another_clinic_opens_nothing(sealed: Sealed) -> None:
    with pytest.raises(CannotOpen):
        VisitOpener(X25519PrivateKey.generate()).open("visit-1", sealed)


def test_a_record_moved_to_another_visit_does_not_open(private_key: X25519PrivateKey, sealed: Sealed) -> None:
    with pytest.raises(CannotOpen):
        VisitOpener(private_key).open("visit-2", sealed)


@pytest.mark.parametrize("part", ["key", "blob", "commitment"])
def test_an_altered_or_cut_record_does_not_open(private_key: X25519PrivateKey, sealed: Sealed, part: str) -> None:
    parts = {"key": sealed.key, "blob": sealed.blob, "commitment": sealed.commitment}
    whole = parts[part]
    for altered in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-1], whole[:5], b""):
        with pytest.raises(CannotOpen):
            VisitOpener(private_key).open("visit-1", Sealed(**(parts | {part: altered})))


def test_sealing_twice_gives_nothing_to_compare(private_key: X25519PrivateKey, sealed: Sealed) -> None:
    again = VisitSealer(private_key.public_key()).seal("visit-1", FIELDS)
    assert (again.key, again.blob, again.commitment) != (sealed.key, sealed.blob, sealed.commitment)
    assert again.commitment != sealed.commitment


def test_the_sealed_bytes_and_the_repr_show_nobody(sealed: Sealed) -> None:
    rest = sealed.key + sealed.blob + sealed.commitment + repr(sealed).encode()
    for text in filter(None, FIELDS.values()):
        assert text.encode() not in rest
        assert text.encode("utf-16-le") not in rest


def test_canonical_json_has_one_spelling() -> None:
    assert keys.canonical_json({"b": 1, "a": "Đ"}) == '{"a":"Đ","b":1}'.encode()
    assert json.loads(keys.canonical_json({"a": None})) == {"a": None}


def test_tags_tell_people_and_keys_apart() -> None:
    tags, others = PersonTags(bytes(32)), PersonTags(bytes([1] * 32))
    all_tags = {each.roster_tag(number) for each in (tags, others) for number in ("036199000123", "036199000124")}
    assert len(all_tags) == 4
    assert {len(tag) for tag in all_tags} == {16}
    assert tags.roster_tag("036199000123") == PersonTags(bytes(32)).roster_tag("036199000123")


def test_a_tag_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        PersonTags(b"short")


def test_a_secret_comes_back_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "day.key"
    secret = keys.create_secret(path)
    assert keys.load_secret(path) == secret
    with pytest.raises(FileExistsError):
        keys.create_secret(path)


@pytest.mark.skipif(os.name != "posix", reason="mode bits are POSIX")
def test_only_the_owner_reads_private_files(tmp_path: Path) -> None:
    keys.create_secret(tmp_path / "secret")
    keys.create_clinic_keys(tmp_path / "private", tmp_path / "public")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600


def test_a_clinics_keys_belong_together(tmp_path: Path) -> None:
    keys.create_clinic_keys(tmp_path / "private", tmp_path / "public")
    sealer = VisitSealer(keys.load_clinic_public_key(tmp_path / "public"))
    opener = VisitOpener(keys.load_clinic_private_key(tmp_path / "private"))
    assert opener.open("v", sealer.seal("v", FIELDS)) == FIELDS


@pytest.mark.parametrize("load", [keys.load_secret, keys.load_clinic_private_key, keys.load_clinic_public_key])
def test_a_missing_or_damaged_key_file_is_said_at_start(tmp_path: Path, load: object) -> None:
    assert callable(load)
    with pytest.raises(ConfigurationError) as missing:
        load(tmp_path / "none")
    assert missing.value.reason == "never_set_up"
    for content in (b"", b"zz" * 32, b"00" * 31, "Đ".encode() * 32, b"-----BEGIN PUBLIC KEY-----\n"):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(ConfigurationError) as damaged:
            load(tmp_path / "bad")
        assert damaged.value.reason == "damaged"


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate()
    private = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "private").write_bytes(private)
    (tmp_path / "public").write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(ConfigurationError):
        keys.load_clinic_private_key(tmp_path / "private")
    with pytest.raises(ConfigurationError):
        keys.load_clinic_public_key(tmp_path / "public")


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        keys.load_secret(tmp_path)
    assert error.value.reason == "damaged"
