"""``idcard trust``: what an operator sees, and what programs get."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from idcard.cli import app
from idcard.cli.texts import Language
from idcard.cli.trust_words import say_trust
from idcard.encoding.cms import SignedData
from idcard.testing import Issuer
from idcard.trust.archive import FILE
from idcard.trust.certificates import Certificate

runner = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture(scope="session")
def vectors(root: Path) -> Path:
    return root / "tests" / "vectors" / "trust"


@pytest.fixture(scope="session")
def german_list(vectors: Path) -> Path:
    return vectors / "german_master_list_2024-08-07.ml"


@pytest.fixture(scope="session")
def german_root(german_list: Path) -> str:
    brought = map(Certificate.from_bytes, SignedData.from_bytes(german_list.read_bytes()).certificates)
    return next(one for one in brought if one.is_authority).fingerprint


@pytest.fixture
def vietnam(vectors: Path) -> Path:
    return vectors / "csca_vietnam_passport_2022.cer"


def trust(store: Path, command: str, *arguments: object) -> Result:
    return runner.invoke(app, ["trust", command, *map(str, arguments), "--trust", str(store)])


def told(store: Path, command: str, *arguments: object, code: int = 0) -> Any:
    result = trust(store, command, *arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def store(tmp_path: Path, vietnam: Path) -> Path:
    """A store with one certificate."""
    directory = tmp_path / "store"
    assert trust(directory, "add", vietnam).exit_code == 0
    return directory


def test_a_certificate_is_added_listed_shown_and_removed(tmp_path: Path, vietnam: Path) -> None:
    store = tmp_path / "store"
    (report,) = told(store, "add", vietnam)["files"]
    sha256 = hashlib.sha256(vietnam.read_bytes()).hexdigest()
    assert (report["name"], report["sha256"]) == (vietnam.name, sha256)
    assert report["findings"][0]["outcome"] == "added"
    (entry,) = told(store, "list", "--country", "vn", "--kind", "anchor")["entries"]
    assert (entry["fingerprint"], entry["country"], entry["key"]) == (sha256, "VN", "brainpoolP512r1")
    assert entry["sources"][0]["name"] == vietnam.name
    assert entry["sources"][0]["added"].startswith(str(datetime.now(UTC).year))
    assert told(store, "show", sha256[:10].upper()) == entry
    assert told(store, "remove", sha256)["removed"] == entry
    assert trust(store, "list").exit_code == 2


def test_the_german_list(tmp_path: Path, german_list: Path, german_root: str, vectors: Path) -> None:
    store = tmp_path / "store"
    for wrong in ([], ["--root", vectors / "german_root_csca07.cer"]):
        refused = trust(store, "add", german_list, *wrong)
        assert refused.exit_code == 3
        assert "list_not_trusted" in refused.stderr
        assert not (store / FILE).exists()
    result = trust(store, "add", german_list, "--root", german_root)
    assert result.exit_code == 0, result.output
    assert "541 added, 0 known already, 0 refused." in result.stdout
    assert "358 self-signed, 176 link, 7 issuer missing" in result.stdout
    assert german_root in result.stdout
    listed = trust(store, "list", "--country", "VN")
    assert "6b5fa6fe45cc4e85" in listed.stdout
    assert german_list.name in listed.stdout


def test_a_root_as_a_file(tmp_path: Path, german_list: Path) -> None:
    brought = SignedData.from_bytes(german_list.read_bytes()).certificates
    root = tmp_path / "root.cer"
    root.write_bytes(next(one for one in brought if Certificate.from_bytes(one).is_authority))
    (report,) = told(tmp_path / "store", "add", german_list, "--root", root)["files"]
    assert report["root"] == hashlib.sha256(root.read_bytes()).hexdigest()
    assert report["signed_at"].startswith("2024-08-07")


def test_all_files_or_none(tmp_path: Path, vietnam: Path) -> None:
    broken = tmp_path / "broken.cer"
    broken.write_bytes(b"nonsense")
    result = trust(tmp_path / "store", "add", vietnam, broken)
    assert result.exit_code == 3
    assert not (tmp_path / "store" / FILE).exists()


def test_what_is_refused_is_said_and_gives_1(tmp_path: Path, vietnam: Path) -> None:
    demonstration = Issuer.create(at=datetime(2022, 1, 1, tzinfo=UTC)).csca_certificate
    file = tmp_path / "demonstration.cer"
    file.write_bytes(demonstration)
    result = trust(tmp_path / "store", "add", vietnam, file)
    assert result.exit_code == 1
    assert "Refused: anchor C=VN" in result.stdout
    assert "demonstration only" in result.stdout
    assert len(told(tmp_path / "store", "list")["entries"]) == 1
    assert trust(tmp_path / "store", "add", file, "--accept-demonstration").exit_code == 0
    assert trust(tmp_path / "store", "export", "--to", tmp_path / "all.pem").exit_code == 2


def test_what_is_no_certificate_in_a_bundle(store: Path, tmp_path: Path) -> None:
    (tmp_path / "a.ldif").write_text("dn: x\nuserCertificate:: AAAA\n")
    result = trust(store, "add", tmp_path / "a.ldif")
    assert result.exit_code == 1
    assert "Refused: unknown" in result.stdout


def test_the_hash_that_an_operator_compared(tmp_path: Path, vietnam: Path) -> None:
    right = hashlib.sha256(vietnam.read_bytes()).hexdigest()
    store = tmp_path / "store"
    assert trust(store, "add", vietnam, "--sha256", "00" * 32).exit_code == 2
    assert not store.exists()
    assert trust(store, "add", vietnam, vietnam, "--sha256", right).exit_code == 2
    assert trust(store, "add", vietnam, "--sha256", right.upper()).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "nowhere.cer"),
        ("show", "00"),
        ("remove", "00"),
        ("export", "--to", "/nowhere/at/all.pem"),
    ],
)
def test_wrong_usage(store: Path, arguments: tuple[str, ...]) -> None:
    assert trust(store, *arguments).exit_code == 2


@pytest.mark.parametrize(("data", "what"), [
    (b"", "an empty file"), (b"%PDF-1.7", "a PDF document"), (b"PK\x03\x04..", "a ZIP archive"), (b"hello\n", "text"),
    (b"<html>", "a web page"), (b"\x00\x01\x02", "data of an unknown kind"), (b"idcard.pins/1\n", "--pins"),
    (b"\x30\x03\x02\x01\x00", "a damaged certificate"), ("thưa".encode() * 2000, "text"),
    (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "a private key"),
])  # fmt: skip
def test_junk_is_called_what_it_is(store: Path, tmp_path: Path, data: bytes, what: str) -> None:
    (tmp_path / "junk").write_bytes(data)
    before = (store / FILE).read_bytes()
    error = told(store, "add", tmp_path / "junk", code=3)["error"]
    assert (error["code"], what in error["message"], error["facts"]["where"]) == ("nothing_for_the_store", True, "junk")
    assert "master lists" in error["remedy"]
    assert (store / FILE).read_bytes() == before


def test_a_root_that_is_no_certificate(store: Path, german_list: Path) -> None:
    assert trust(store, "add", german_list, "--root", german_list).exit_code == 2


def test_a_file_that_is_too_long(store: Path, vietnam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idcard.cli.trust_files.MAX_FILE_BYTES", 10)
    assert trust(store, "add", vietnam).exit_code == 2


def test_a_store_is_checked(store: Path, tmp_path: Path, vectors: Path) -> None:
    state = tmp_path / "state"
    result = trust(store, "check", "--state", state, "--at", "2026-11-23")
    assert result.exit_code == 0
    assert "The store is whole." in result.stdout
    assert str(state) in result.stdout
    old = (store / FILE).read_bytes()
    trust(store, "add", vectors / "csca_austria_2019.cer", "--state", state)
    assert told(store, "check", "--state", state, "--at", "2026-11-23")["sequence"] == 2
    (store / FILE).write_bytes(old)
    rolled = told(store, "check", "--state", state, code=2)
    assert rolled["error"]["facts"]["reason"] == "rolled_back"


def test_what_ran_out_needs_attention(store: Path) -> None:
    result = trust(store, "check", "--at", "2040-01-01")
    assert result.exit_code == 1
    assert "no anchor of this state is in force" in result.stdout
    assert told(store, "check", "--at", "2040-01-01", code=1)["attention"][0]["finding"] == "no_anchor_in_force"


def test_a_store_without_imports(tmp_path: Path, vietnam: Path) -> None:
    (tmp_path / "csca").mkdir()
    (tmp_path / "csca" / "a.cer").write_bytes(vietnam.read_bytes())
    (tmp_path / "trust.toml").write_text("format = 1\nno_anchor_yet = 2026-11-23\n")
    assert "by hand" in trust(tmp_path, "list").stdout
    assert "2026-11-23" in trust(tmp_path, "check", "--at", "2026-11-23").stdout
    assert told(tmp_path, "check", "--at", "2026-11-23")["age_days"] is None
    (tmp_path / "csca" / "a.cer").unlink()
    assert "Nothing was imported." in trust(tmp_path, "list").stdout


def test_export_for_other_programs(store: Path, tmp_path: Path, vietnam: Path) -> None:
    file = tmp_path / "all.pem"
    assert told(store, "export", "--links", "--to", file) == {"file": str(file), "certificates": 1}
    assert file.read_text().count("BEGIN CERTIFICATE") == 1
    assert "1" in trust(store, "export", "--to", file).stdout


def test_in_vietnamese(store: Path, vietnam: Path) -> None:
    result = trust(store, "add", vietnam, "--lang", "vi")
    assert "đã có 1" in result.stdout
    shown = trust(store, "show", hashlib.sha256(vietnam.read_bytes()).hexdigest(), "--lang", "vi")
    assert "nguồn" in shown.stdout
    assert trust(store, "remove", "6b5f", "--lang", "vi").stdout.startswith("Đã xóa: chứng thư gốc")


def test_a_word_that_is_not_there_is_said_as_it_is() -> None:
    assert say_trust("new_in_a_later_version", Language.VI) == "new_in_a_later_version"
