"""The trust store: what it takes, and each way in which it is refused."""

import base64
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from idcard.errors import ConfigurationError
from idcard.trust.archive import Archive
from idcard.trust.store import MAX_FILE_BYTES, TrustStore

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a store's directory out of the text of trust.toml and files by name."""

    def run(toml: str | None = "format = 1\n", **files: bytes) -> Path:
        if toml is not None:
            (tmp_path / "trust.toml").write_text(toml)
        for name, data in files.items():
            (tmp_path / "csca").mkdir(exist_ok=True)
            (tmp_path / "csca" / name.replace("_", ".")).write_bytes(data)
        return tmp_path

    return run


def pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def refused(path: Path, reason: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        TrustStore.from_directory(path)
    assert caught.value.reason == reason
    assert caught.value.remedy
    assert caught.value.remedy in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", ["a_cer", "a_der", "a_crt", "a_CER"])
def test_certificates_in_der(make: Make, austria: bytes, name: str) -> None:
    store = TrustStore.from_directory(make(**{name: austria}))
    assert [anchor.der for anchor in store.anchors] == [austria]
    assert store.no_anchor_declared is None


@pytest.mark.parametrize("name", ["a_pem", "a_cer", "a_crt"])
def test_certificates_in_pem_several_in_one_file(make: Make, austria: bytes, vietnam: bytes, name: str) -> None:
    store = TrustStore.from_directory(make(**{name: b"Austria and Vietnam\n" + pem(austria) + pem(vietnam)}))
    assert {anchor.der for anchor in store.anchors} == {austria, vietnam}


def test_the_path_may_be_a_text(make: Make, austria: bytes) -> None:
    assert TrustStore.from_directory(str(make(a_cer=austria))).anchors


def test_hidden_files_are_left_alone(make: Make, austria: bytes) -> None:
    assert len(TrustStore.from_directory(make(a_cer=austria, _keep=b"")).anchors) == 1


def test_the_version_is_of_the_contents(make: Make, austria: bytes, vietnam: bytes) -> None:
    one = TrustStore.from_directory(make(a_cer=austria, b_cer=vietnam))
    assert one.version == TrustStore.of([vietnam, austria, austria]).version
    assert one.version != TrustStore.of([vietnam]).version
    assert len(one.version) == 64


def test_a_declaration_that_there_is_no_anchor_yet(make: Make) -> None:
    store = TrustStore.from_directory(make("format = 1\nno_anchor_yet = 2026-11-23\n"))
    assert (store.anchors, store.no_anchor_declared) == ((), date(2026, 11, 23))


def test_a_declaration_of_the_far_future_is_a_slip(make: Make) -> None:
    """A clock may be behind, by a year if need be."""
    day = datetime.now(UTC).date()
    near, far = (day + timedelta(days=days) for days in (360, 370))
    assert TrustStore.from_directory(make(f"format = 1\nno_anchor_yet = {near}\n")).no_anchor_declared == near
    refused(make(f"format = 1\nno_anchor_yet = {far}\n"), "damaged")
    refused(make("format = 1\nno_anchor_yet = 2999-01-01\n"), "damaged")


def test_anchors_beside_a_declaration(make: Make, austria: bytes) -> None:
    store = TrustStore.from_directory(make("format = 1\nno_anchor_yet = 2026-11-23\n", a_cer=austria))
    assert len(store.anchors) == 1
    assert store.version != TrustStore.of([austria]).version


def test_no_directory(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "never_set_up")


def test_no_settings(make: Make, austria: bytes) -> None:
    refused(make(None, a_cer=austria), "never_set_up")


def test_neither_certificates_nor_a_declaration(make: Make) -> None:
    refused(make(), "never_set_up")


def test_an_empty_folder_of_certificates(make: Make) -> None:
    directory = make()
    (directory / "csca").mkdir()
    refused(directory, "never_set_up")


@pytest.mark.parametrize(
    "toml",
    [
        "",
        "format = ",
        "format = 3\n",
        "format = true\n",
        "format = 1.0\n",
        "format = " + "[" * 5000,
        "format = " + "9" * 6000,
        "format = '1'\n",
        "format = 1\nanchors = 3\n",
        "format = 1\nno_anchor_yet = true\n",
        "format = 1\nno_anchor_yet = 2026-11-23T08:00:00\n",
    ],
)
def test_settings_that_cannot_be_understood(make: Make, austria: bytes, toml: str) -> None:
    assert "trust.toml" in str(refused(make(toml, a_cer=austria), "damaged"))


def test_settings_that_are_no_text(make: Make) -> None:
    directory = make()
    (directory / "trust.toml").write_bytes(b"\xff\xfe")
    refused(directory, "damaged")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a certificate",
        b"\x30\x00",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n",
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        bytes(MAX_FILE_BYTES + 1),
    ],
    ids=["empty", "text", "sequence", "cut short", "no base64", "private key", "too long"],
)
def test_a_file_that_is_no_certificate_is_named(make: Make, austria: bytes, data: bytes) -> None:
    assert "broken.cer" in str(refused(make(a_cer=austria, broken_cer=data), "damaged"))


def test_a_certificate_that_is_cut_short_or_followed_by_more(make: Make, austria: bytes) -> None:
    refused(make(a_cer=austria[:-1]), "damaged")
    refused(make(a_cer=austria + b"\x00"), "damaged")


def test_a_key_on_a_curve_of_one_s_own_making(make: Make, vietnam: bytes) -> None:
    generator_y = bytes.fromhex("7dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111")
    assert generator_y in vietnam
    refused(make(a_cer=vietnam.replace(generator_y, bytes(32))), "damaged")


def test_a_file_of_another_kind_makes_the_store_damaged_not_smaller(make: Make, austria: bytes) -> None:
    assert "notes.txt" in str(refused(make(a_cer=austria, notes_txt=b"x"), "damaged"))


def test_a_folder_among_the_certificates(make: Make, austria: bytes) -> None:
    directory = make(a_cer=austria)
    (directory / "csca" / "old.cer").mkdir()
    refused(directory, "damaged")


def test_a_file_that_cannot_be_read(make: Make, austria: bytes) -> None:
    directory = make(a_cer=austria)
    (directory / "csca" / "gone.cer").symlink_to(directory / "nowhere")
    refused(directory, "damaged")


def test_a_disk_that_fails(make: Make, austria: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = make(a_cer=austria)

    def fail(*_: object, **__: object) -> None:
        raise OSError("input/output error")

    monkeypatch.setattr(Path, "open", fail)
    refused(directory, "damaged")


@pytest.mark.parametrize(("method", "name"), [("lstat", "trust.toml"), ("iterdir", "csca")])
def test_a_directory_that_may_not_be_read(
    make: Make, austria: bytes, monkeypatch: pytest.MonkeyPatch, method: str, name: str
) -> None:
    directory = make(a_cer=austria)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("permission denied")

    monkeypatch.setattr(Path, method, refuse)
    error = refused(directory, "damaged")
    assert f"{name} cannot be read" in str(error)
    assert "Let this program's user read" in str(error)


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop"])
@pytest.mark.parametrize("name", ["trust.toml", "imported.store", "csca/a.cer"])
def test_what_is_no_file_is_damage_and_never_waited_for(make: Make, austria: bytes, name: str, kind: str) -> None:
    directory = make(a_cer=austria)
    file = directory / name
    file.unlink(missing_ok=True)
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to(file)
    assert file.name in str(refused(directory, "damaged"))


@pytest.mark.parametrize("kind", ["file", "loop"])
@pytest.mark.parametrize("toml", ["format = 1\n", "format = 1\nno_anchor_yet = 2026-11-23\n"])
def test_a_folder_of_certificates_that_is_none(make: Make, toml: str, kind: str) -> None:
    csca = make(toml) / "csca"
    if kind == "file":
        csca.write_bytes(b"x")
    else:
        csca.symlink_to(csca)
    assert "csca is no folder" in str(refused(csca.parent, "damaged"))


def test_a_path_that_cannot_be_one() -> None:
    refused(Path("\0"), "never_set_up")
    refused(Path("/dev/null"), "never_set_up")


def test_a_demonstration_certificate_is_refused_by_name(make: Make, demonstration: bytes) -> None:
    error = refused(make(demo_cer=demonstration), "demonstration_anchor")
    assert "demo.cer" in str(error)


def test_a_demonstration_certificate_is_taken_on_request(make: Make, demonstration: bytes) -> None:
    store = TrustStore.from_directory(make(demo_cer=demonstration), accept_demonstration=True)
    assert [anchor.der for anchor in store.anchors] == [demonstration]


def test_an_unknown_critical_extension_is_refused_always(make: Make, demonstration: bytes) -> None:
    # The demonstration identifier's last arc, changed: an extension that nobody knows, and still critical.
    at = demonstration.index(b"DEMONSTRATION ONLY")
    oid_end = demonstration.rindex(b"\x01\x01\xff", 0, at) - 1
    other = demonstration[:oid_end] + bytes([demonstration[oid_end] ^ 1]) + demonstration[oid_end + 1 :]
    directory = make(other_cer=other)
    assert "other.cer" in str(refused(directory, "damaged"))
    with pytest.raises(ConfigurationError):
        TrustStore.from_directory(directory, accept_demonstration=True)


def test_a_store_is_immutable(austria: bytes) -> None:
    store = TrustStore.of([austria])
    with pytest.raises(AttributeError):
        store.version = ""  # type: ignore[misc]


def test_a_directory_that_cannot_be_looked_into(tmp_path: Path) -> None:
    """A link that leads to itself, and a store that lies behind it."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ConfigurationError) as caught:
        Archive.read(tmp_path / "loop")
    assert caught.value.reason == "damaged"
