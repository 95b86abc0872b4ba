"""Evidence files on the command line: what is saved, what is judged again, and how it exits."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import idcard
from idcard.cli.evidence import Keep, Saving
from idcard.cli.report import read_and_judge
from idcard.cli.trusted import Trusted
from idcard.testing import Holder, Issuer

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
AT = ("--at", NOW.isoformat())
CHALLENGE = b"8 bytes!"

Run = Callable[..., tuple[int, str, str]]


def private_pem(path: Path, key: Any) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def public_pem(path: Path, key: Any) -> Path:
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture(scope="module")
def device() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def recipient() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


@pytest.fixture
def ours(tmp_path: Path, device: Ed25519PrivateKey) -> tuple[str, str]:
    """Names the device."""
    return "--device", str(public_pem(tmp_path / "device.pub", device))


@pytest.fixture
def save(
    issuer: Issuer, holder: Holder, trust: Path, tmp_path: Path, device: Ed25519PrivateKey, recipient: X25519PrivateKey
) -> Callable[..., Path]:
    """An evidence file as ``idcard read --save`` writes it, of a card in the hand."""

    def saved(keep: Keep = Keep.EVERYTHING, *, sign: bool = True, seal: bool = False) -> Path:
        path = tmp_path / "visit"
        saving = Saving.of(
            path,
            keep,
            private_pem(tmp_path / "device", device) if sign else None,
            public_pem(tmp_path / "judge", recipient) if seal else None,
        )
        store = Trusted.of(trust, None, None, None, None, None)
        card = issuer.issue(holder)
        card.power_on()
        report = read_and_judge(
            idcard.Can(holder.can), card, store, idcard.VIETNAM_STRICT, NOW, lambda _: None, CHALLENGE
        )
        saving.save(report)
        return path

    return saved


def test_a_saved_reading_is_proved_again(
    run: Run, save: Callable[..., Path], trust: Path, ours: tuple[str, str]
) -> None:
    code, out, err = run("verify", str(save()), "--trust", str(trust), *AT, *ours)
    assert (code, err) == (0, "")
    first, read, second, third = out.splitlines()[:4]
    assert first.startswith("Signed by the device ")
    assert read.startswith("It says that the card was read on ")
    assert second == f"Recorded on {NOW.isoformat()} under the policy vietnam_strict: proved. A record is no proof."
    assert third == "PROVED under the policy vietnam_strict."


def test_whose_challenge_it_was_must_be_known(run: Run, save: Callable[..., Path], trust: Path) -> None:
    code, out, _ = run("verify", str(save()), "--trust", str(trust), *AT, "--json")
    told = json.loads(out)
    assert (code, told["met"]) == (1, False)
    assert (told["verdict"]["provenance"]["believed"], told["verdict"]["provenance"]["challenge"]) == (False, "unknown")
    assert told["read_at"] == told["verdict"]["provenance"]["read_at"]


def test_in_vietnamese(run: Run, save: Callable[..., Path], trust: Path) -> None:
    _, out, _ = run("verify", str(save(sign=False)), "--trust", str(trust), *AT, "--lang", "vi")
    first, read, second = out.splitlines()[:3]
    assert first == "Không có thiết bị nào ký tệp này."
    assert (read[:22], second[:17]) == ("Tệp ghi thẻ được đọc l", "Kết luận ghi lúc ")


def test_for_programs(
    run: Run, save: Callable[..., Path], trust: Path, device: Ed25519PrivateKey, ours: tuple[str, str]
) -> None:
    code, out, _ = run("verify", str(save()), "--trust", str(trust), *AT, "--json", *ours)
    told = json.loads(out)
    assert (code, told["met"], told["identity"]["verified"]) == (0, True, True)
    assert told["device"] == {"fingerprint": idcard.device_fingerprint(device.public_key()), "accepted": True}
    assert told["recorded"]["met"] is True
    assert told["verdict"]["provenance"]["challenge"] == "device"


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_only_a_device_that_is_known_counts(
    run: Run, save: Callable[..., Path], trust: Path, device: Ed25519PrivateKey, as_json: tuple[str, ...]
) -> None:
    ours = idcard.device_fingerprint(device.public_key())
    asked = ("verify", str(save()), "--trust", str(trust), *AT, *as_json)
    assert run(*asked, "--device", "00" * 32, "--device", ours.upper())[0] == 0
    code, out, _ = run(*asked, "--device", "00" * 32)
    assert code == 1
    assert "PROVED under" not in out.replace("NOT PROVED under", "")
    if as_json:
        told = json.loads(out)
        assert (told["met"], told["device"]["accepted"], told["identity"]["verified"]) == (False, False, False)
    else:
        assert "none of the devices that you named" in out


def test_a_file_that_nobody_signed_is_of_no_known_device(run: Run, save: Callable[..., Path], trust: Path) -> None:
    assert run("verify", str(save(sign=False)), "--trust", str(trust), *AT, "--device", "00" * 32)[0] == 1


def test_the_judges_own_challenge_is_answered(run: Run, save: Callable[..., Path], trust: Path) -> None:
    asked = ("verify", str(save()), "--trust", str(trust), *AT, "--challenge")
    assert run(*asked, CHALLENGE.hex())[0] == 0
    code, out, _ = run(*asked, b"another!".hex())
    assert (code, out.splitlines()[3].startswith("FAILED")) == (1, True)


def test_what_is_kept_by_default_is_a_record_and_no_proof(run: Run, save: Callable[..., Path], trust: Path) -> None:
    path = save(Keep.VERDICT)
    code, out, _ = run("verify", str(path), "--trust", str(trust), *AT)
    assert code == 1
    assert "vietnam_strict: proved. A record is no proof." in out
    assert not set(idcard.load_evidence(path).evidence.files) - {idcard.File.DG15}
    assert not [each for each in (b"NGUYEN", b"036090999991", "Nguyễn".encode()) if each in path.read_bytes()]


def test_a_proof_names_nobody(run: Run, save: Callable[..., Path], trust: Path, ours: tuple[str, str]) -> None:
    path = save(Keep.PROOF)
    code, out, _ = run("verify", str(path), "--trust", str(trust), *AT, "--policy", "reading_only", "--json", *ours)
    told = json.loads(out)
    assert (code, told["identity"]) == (0, None)
    outcomes = {fact["name"]: fact["outcome"] for fact in told["verdict"]["facts"]}
    assert [outcomes[name] for name in ("integrity", "signature", "trust", "genuine_chip")] == ["passed"] * 4
    assert not [each for each in (b"NGUYEN", b"036090999991", "Nguyễn".encode()) if each in path.read_bytes()]


def test_a_sealed_file_opens_with_its_key(
    run: Run, save: Callable[..., Path], trust: Path, tmp_path: Path, recipient: X25519PrivateKey, ours: tuple[str, str]
) -> None:
    asked = ("verify", str(save(seal=True)), "--trust", str(trust), *AT, *ours)
    code, _, err = run(*asked)
    assert (code, "[evidence_sealed] Give the private key" in err) == (3, True)
    key = private_pem(tmp_path / "judge.private", recipient)
    assert run(*asked, "--open-with", str(key))[0] == 0


def test_a_changed_file_is_told(run: Run, save: Callable[..., Path]) -> None:
    path = save()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    code, out, err = run("verify", str(path), "--json")
    assert (code, err, json.loads(out)["error"]["code"]) == (3, "", "evidence_altered")


def test_without_a_trust_store_nothing_is_proved(run: Run, save: Callable[..., Path]) -> None:
    code, out, _ = run("verify", str(save()), *AT)
    assert (code, "use --trust DIR" in out) == (1, True)


@pytest.mark.parametrize("record", [{}, {"met": 1, "at": 5, "policy": "\x1b[31mred"}, {"met": True, "at": "x" * 999}])
def test_a_record_may_say_anything(run: Run, tmp_path: Path, record: dict[str, Any]) -> None:
    file = idcard.EvidenceFile(evidence=idcard.Evidence(files={}), verdict=record)
    idcard.save_evidence(tmp_path / "odd", file)
    code, out, _ = run("verify", str(tmp_path / "odd"))
    assert (code, "\x1b" in out, "x" * 65 in out) == (1, False, False)


def test_a_file_may_hold_no_record(run: Run, tmp_path: Path) -> None:
    idcard.save_evidence(tmp_path / "bare", idcard.Evidence(files={}))
    _, out, _ = run("verify", str(tmp_path / "bare"))
    assert "Recorded" not in out


@pytest.mark.parametrize("arguments", [
    ("verify",), ("verify", "nowhere"), ("verify", "."), ("verify", "x", "--challenge", "00"),
    ("verify", "x", "--device", "nowhere"), ("verify", "x", "--pins", "p"), ("verify", "x", "--pin-keys", "p"),
    ("verify", "x", "--authority", "https://authority.example/"),
    ("verify", "x", "--challenge", "no hexadecimal!!"), ("verify", "x", "--open-with", "nowhere"),
    ("read", "--can", "999991", "--sign", "key"), ("read", "--can", "999991", "--encrypt-to", "key"),
    ("read", "--can", "999991", "--keep", "everything"), ("read", "--can", "999991", "--keep", "all"),
    ("read", "--can", "999991", "--save", "x", "--sign", "nowhere"),
])  # fmt: skip
def test_wrong_usage(run: Run, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out, "Traceback" in err) == (2, "", False)


def test_a_key_of_another_kind_is_wrong_usage(run: Run, tmp_path: Path, device: Ed25519PrivateKey) -> None:
    other = private_pem(tmp_path / "other", generate_ec_key(SECP256R1()))
    assert run("read", "--can", "999991", "--save", "x", "--sign", str(other))[0] == 2
    ours = private_pem(tmp_path / "ours", device)
    assert run("read", "--can", "999991", "--save", "x", "--encrypt-to", str(ours))[0] == 2
    ours.write_bytes(b"no key")
    assert run("verify", str(other), "--open-with", str(ours))[0] == 2


def test_a_place_where_nothing_can_be_written_is_wrong_usage(issuer: Issuer, holder: Holder, tmp_path: Path) -> None:
    card = issuer.issue(holder)
    card.power_on()
    nobody = Trusted.of(None, None, None, None, None, None)
    report = read_and_judge(idcard.Can(holder.can), card, nobody, idcard.READING_ONLY, NOW, lambda _: None)
    saving = Saving.of(tmp_path / "no" / "where", Keep.VERDICT, None, None)
    with pytest.raises(Exception, match="--save takes a file that can be written"):
        saving.save(report)
    Saving.of(None, Keep.VERDICT, None, None).save(report)
    assert not list(tmp_path.iterdir())
