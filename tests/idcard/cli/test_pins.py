"""Pins on the command line: drafted by one, signed by two, and believed where a policy takes them."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import idcard
from idcard.testing import Holder, Issuer
from idcard.trust.certificates import Certificate

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CHALLENGE = b"8 bytes!"
PEOPLE = ("an.nguyen", "binh.tran", "chi.le")

Run = Callable[..., tuple[int, str, str]]


class Desk:
    """A folder with keys of three people, of whom two count, and a list."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.run = run
        self.list, self.keys = folder / "signers.pins", folder / "people.toml"
        lines = ["format = 1", "[keys]"]
        for name in PEOPLE:
            key = Ed25519PrivateKey.generate()
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (folder / f"{name}.key").write_bytes(pem)
            text = base64.b64encode(key.public_key().public_bytes_raw()).decode()
            lines += [f'"{name}" = "{text}"'] if name != "chi.le" else []
        self.keys.write_text("\n".join(lines))
        self.folder = folder

    def pins(self, command: str, *arguments: object) -> tuple[int, str, str]:
        return self.run("trust", "pins", command, *arguments)

    def draft(self, signer: object, *options: object) -> None:
        code, _, err = self.pins("draft", signer, "--to", self.list, "--from", "2026-11-01", *options)
        assert (code, err) == (0, "")

    def sign(self, name: str) -> tuple[int, str, str]:
        return self.pins("sign", self.list, "--as", name, "--key", self.folder / f"{name}.key")


@pytest.fixture
def desk(tmp_path: Path, run: Run) -> Desk:
    return Desk(tmp_path, run)


@pytest.fixture
def signer(issuer: Issuer) -> str:
    return Certificate.from_bytes(issuer.signer.certificate).fingerprint


@pytest.fixture
def visit(issuer: Issuer, holder: Holder, tmp_path: Path) -> Path:
    """What a reader that knows no issuer kept."""
    card = issuer.issue(holder)
    card.power_on()
    idcard.save_evidence(tmp_path / "visit", idcard.read(idcard.Can(holder.can), card, challenge=CHALLENGE))
    return tmp_path / "visit"


def judged(desk: Desk, visit: Path, *options: object) -> tuple[int, Any]:
    asked = ("--at", NOW.isoformat(), "--challenge", CHALLENGE.hex(), "--json")
    code, out, _ = desk.run("verify", visit, "--pins", desk.list, "--pin-keys", desk.keys, *asked, *options)
    return code, json.loads(out)


def test_two_people_make_a_signer_count(desk: Desk, visit: Path, signer: str, issuer: Issuer, tmp_path: Path) -> None:
    (tmp_path / "signer.cer").write_bytes(issuer.signer.certificate)
    desk.draft(tmp_path / "signer.cer", "--note", "đối chiếu tại Sở")
    assert "1" in desk.sign("an.nguyen")[1].splitlines()[-1]
    assert judged(desk, visit)[1]["error"]["facts"]["reason"] == "not_vouched_for"
    assert desk.sign("binh.tran")[0] == 0
    code, out, _ = desk.pins("show", desk.list, "--pin-keys", desk.keys)
    assert (code, signer in out, "đối chiếu tại Sở" in out, "an.nguyen, binh.tran" in out) == (0, True, True, True)
    code, told = judged(desk, visit)
    assert (code, told["met"], told["verdict"]["rung"]) == (0, True, "pinned")
    code, told = judged(desk, visit, "--policy", "strict")
    assert (code, told["met"], told["verdict"]["rung"]) == (1, False, "pinned")


def test_the_rung_is_said_to_people(desk: Desk, visit: Path, signer: str) -> None:
    desk.draft(signer)
    desk.sign("an.nguyen")
    desk.sign("binh.tran")
    asked = ("verify", visit, "--at", NOW.isoformat(), "--challenge", CHALLENGE.hex())
    code, out, _ = desk.run(*asked, "--pins", desk.list, "--pin-keys", desk.keys)
    assert (code, "Signer: signer pinned by two named people" in out, "--trust DIR" in out) == (0, True, False)
    code, out, _ = desk.run(*asked, "--lang", "vi")
    assert (code, "Nơi ký: chữ ký đúng, chưa rõ nơi cấp" in out) == (1, True)


def test_an_older_list_is_refused_once_a_newer_one_was_seen(desk: Desk, visit: Path, signer: str) -> None:
    state = ("--state", desk.folder / "state")
    desk.draft(signer, "--serial", "7")
    desk.sign("an.nguyen")
    desk.sign("binh.tran")
    older = desk.list.read_bytes()
    assert judged(desk, visit, *state)[0] == 0
    desk.draft("ab" * 32, "--previous", desk.list, "--pin-keys", desk.keys)
    desk.sign("binh.tran")
    desk.sign("an.nguyen")
    _, out, _ = desk.pins("show", desk.list, "--pin-keys", desk.keys, "--json")
    told = json.loads(out)
    assert (told["serial"], told["checked"], told["signed_by"]) == (8, True, ["an.nguyen", "binh.tran"])
    assert {pin["fingerprint"] for pin in told["pins"]} == {signer, "ab" * 32}
    assert judged(desk, visit, *state)[0] == 0
    desk.list.write_bytes(older)
    code, told = judged(desk, visit, *state)
    assert (code, told["error"]["facts"]["reason"]) == (2, "rolled_back")
    assert str(desk.folder / "state.pins") in told["error"]["message"]


def test_pins_that_have_ended_are_not_taken_over(desk: Desk, signer: str) -> None:
    desk.draft(signer, "--until", "2026-11-02")
    desk.sign("an.nguyen")
    desk.sign("binh.tran")
    desk.draft("ab" * 32, "--previous", desk.list, "--pin-keys", desk.keys, "--json")
    assert signer not in desk.list.read_text()


def test_nobody_signs_twice_and_no_third_signs(desk: Desk, signer: str) -> None:
    desk.draft(signer)
    assert desk.sign("an.nguyen")[0] == 0
    assert desk.sign("an.nguyen")[0] == 2
    assert desk.sign("binh.tran")[0] == 0
    assert desk.sign("chi.le")[0] == 2


def test_a_name_that_is_not_named_does_not_count(desk: Desk, signer: str) -> None:
    desk.draft(signer)
    desk.sign("an.nguyen")
    desk.sign("chi.le")
    assert desk.pins("show", desk.list)[0] == 0
    code, out, _ = desk.pins("show", desk.list, "--pin-keys", desk.keys)
    assert (code, "an.nguyen, chi.le" in out) == (1, True)
    _, out, _ = desk.pins("show", desk.list, "--pin-keys", desk.keys, "--lang", "vi")
    assert "CHƯA được hai người có tên ký" in out


@pytest.mark.parametrize(
    "text", ["", "idcard.pins/1\n", "idcard.pins/1\n{}\n", "x\n", 'idcard.pins/1\n{"pins":[],"serial":1}']
)
@pytest.mark.parametrize("command", ["show", "sign"])
def test_what_is_no_list_is_told(desk: Desk, text: str, command: str) -> None:
    desk.list.write_text(text)
    code, _, err = desk.pins("show", desk.list) if command == "show" else desk.sign("an.nguyen")
    assert (code, "[malformed_data]" in err) == (3, True)
    assert desk.list.read_text() == text


@pytest.mark.parametrize("options", [
    ("nowhere.cer",), ("ab" * 32, "--from", "2026-11-02", "--until", "2026-11-01"), ("ab" * 32, "--from", "soon"),
    ("ab" * 32, "--previous", "x"), ("ab" * 32, "--serial", "-1"),
])  # fmt: skip
def test_wrong_usage(desk: Desk, options: tuple[str, ...]) -> None:
    code, out, err = desk.pins("draft", *options, "--to", desk.list)
    assert (code, out, "Traceback" in err, desk.list.exists()) == (2, "", False, False)
