"""The manifest: what it must say, whose signature it must bear, and that the file is the one it speaks of."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from idcard import ConfigurationError
from kiosk.insurance.roster.errors import RosterRefused
from kiosk.insurance.roster.importing import import_roster
from kiosk.insurance.roster.manifest import load_publisher_key, manifest_of
from kiosk.keys import canonical_json

Person = Callable[..., str]
WHO = "036199000001"


@pytest.fixture
def delivered(insurer: Any, person: Person) -> Path:
    file: Path = insurer.deliver([person(personal=WHO)])
    return file


def key_file(folder: Path, key: Ed25519PrivateKey) -> Path:
    path = folder / "publisher.key"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def change(file: Path, **changed: object) -> None:
    path = manifest_of(file)
    said = json.loads(path.read_text()) | changed
    path.write_text(json.dumps({name: value for name, value in said.items() if value is not ...}))


@pytest.mark.parametrize(
    "changed",
    [
        {"format": 2},
        {"kind": "part"},
        {"kind": "delta"},
        {"base": "v0"},
        {"version": "../v1"},
        {"version": ...},
        {"sequence": 0},
        {"sequence": "1"},
        {"as_of": "2026-11-23T06:00:00"},
        {"as_of": "today"},
        {"rows": -1},
        {"sha256": "ab"},
        {"another": 1},
    ],
)
def test_a_manifest_of_another_form_is_refused(insurer: Any, delivered: Path, changed: dict[str, object]) -> None:
    change(delivered, **changed)
    with pytest.raises(RosterRefused, match="manifest_malformed"):
        import_roster(delivered, insurer.target)
    assert not insurer.target.roster.exists()


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '"' + "x" * 70_000 + '"'])
def test_a_manifest_that_is_none_is_refused(insurer: Any, delivered: Path, text: str) -> None:
    manifest_of(delivered).write_text(text)
    with pytest.raises(RosterRefused, match="manifest_malformed"):
        import_roster(delivered, insurer.target)


def test_a_missing_manifest_and_a_missing_file(insurer: Any, delivered: Path) -> None:
    lies_at = manifest_of(delivered).rename(delivered.with_name("elsewhere.json"))
    with pytest.raises(RosterRefused, match="manifest_missing"):
        import_roster(delivered, insurer.target)
    assert import_roster(delivered, insurer.target, manifest=lies_at).info.rows == 1
    delivered.unlink()
    change_to_next = json.loads(lies_at.read_text()) | {"sequence": 2}
    lies_at.write_text(json.dumps(change_to_next))
    with pytest.raises(RosterRefused, match="file_missing"):
        import_roster(delivered, insurer.target, manifest=lies_at)


def test_a_file_of_another_hash_or_length_is_refused(insurer: Any, delivered: Path, person: Person) -> None:
    change(delivered, rows=2)
    with pytest.raises(RosterRefused, match="rows_differ"):
        import_roster(delivered, insurer.target)
    delivered.write_bytes(delivered.read_bytes().replace(b"036199000001", b"036199000002"))
    with pytest.raises(RosterRefused, match="hash_differs"):
        import_roster(delivered, insurer.target)
    assert not insurer.target.roster.exists()


def test_a_signed_delivery_is_believed_and_a_changed_one_is_not(insurer: Any, delivered: Path, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    strict = insurer.trusting(publisher=key.public_key())
    with pytest.raises(RosterRefused, match="signature_missing"):
        import_roster(delivered, strict.target)
    insurer.describe(delivered, key=key_file(tmp_path, Ed25519PrivateKey.generate()))
    with pytest.raises(RosterRefused, match="signature_wrong"):
        import_roster(delivered, strict.target)
    insurer.describe(delivered, key=key_file(tmp_path, key))
    signed = manifest_of(delivered).read_text()
    for changed in ({"sequence": 9}, {"signature": "no base64"}, {"signature": ""}):
        change(delivered, **changed)
        with pytest.raises(RosterRefused, match="signature_wrong"):
            import_roster(delivered, strict.target)
    manifest_of(delivered).write_text(signed)
    assert import_roster(delivered, strict.target).info.rows == 1


def test_the_signature_is_over_the_canonical_rest(insurer: Any, delivered: Path, tmp_path: Path) -> None:
    """As another program would make it, by the words of the documentation."""
    import base64

    key = Ed25519PrivateKey.generate()
    said = json.loads(manifest_of(delivered).read_text())
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical == canonical_json(said)
    change(delivered, signature=base64.b64encode(key.sign(canonical)).decode())
    assert import_roster(delivered, insurer.trusting(publisher=key.public_key()).target).info.rows == 1


def test_a_publisher_s_key_is_ed25519(tmp_path: Path) -> None:
    path = tmp_path / "publisher.pub"
    key = Ed25519PrivateKey.generate().public_key()
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert load_publisher_key(path).public_bytes_raw() == key.public_bytes_raw()
    other = X25519PrivateKey.generate().public_key()
    for data in (b"", other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)):
        path.write_bytes(data)
        with pytest.raises(ConfigurationError) as error:
            load_publisher_key(path)
        assert error.value.reason == "damaged"
