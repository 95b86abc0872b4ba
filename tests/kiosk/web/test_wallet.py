"""The wallet process as it runs: a page for the clerk, and a foreign wallet in a process of its own that answers."""

import http.client
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import zxingcpp
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from PIL import Image
from typer.testing import CliRunner

import idcard
from kiosk.cli import app
from kiosk.config import load
from kiosk.services.wallet_desk import WalletDesk
from kiosk.wallet_config import WalletConfig
from kiosk.wallet_process import desk_of

SEED = "kiosk"
PEER = Path(__file__).parents[2] / "wallet_peer.py"
SD_JWT = """
format = "dc+sd-jwt"
kinds = ["https://credentials.example/identity"]
claims = [["family_name"], ["given_name"], ["birthdate"]]
"""
MDOC = """
format = "mso_mdoc"
kinds = ["org.iso.18013.5.1.mDL"]
claims = [
  ["org.iso.18013.5.1", "family_name"], ["org.iso.18013.5.1", "given_name"], ["org.iso.18013.5.1", "birth_date"],
]
"""
CLINIC = """
[clinic]
code = "79999"
name_vi = "Trạm y tế Phường Mẫu"
name_en = "Mau Ward Health Station"
rooms = [
  { id = "noi", name_vi = "Nội tổng quát", name_en = "General medicine", place_vi = "Phòng 12", place_en = "Room 12" },
]
"""


@pytest.fixture
def provisioned(tmp_path: Path, wallet: Any, spare_ports: Any) -> Callable[..., Path]:
    """A folder with a list of signers and a configuration, whose path it gives."""

    def make(wanted: str = SD_JWT, *, signed: bool = False, known: bool = True, **settings: str) -> Path:
        (tmp_path / "trust/qr/issuers").mkdir(parents=True, exist_ok=True)
        (tmp_path / "trust/qr/anchors/iso_18013_5_mdoc").mkdir(parents=True, exist_ok=True)
        jwk = wallet.jwk_of(wallet.key_of(SEED if known else "other")).export_public(as_dict=True)
        issuer = {"format": 1, "issuer": wallet.ISSUER, "for": ["sd_jwt_vc"], "keys": [jwk]}
        (tmp_path / "trust/qr/issuers/utopia.json").write_text(json.dumps(issuer))
        (tmp_path / "trust/qr/anchors/iso_18013_5_mdoc/root.cer").write_bytes(wallet.der(wallet.root(SEED)))
        (tmp_path / "session.key").write_bytes(os.urandom(32))
        if signed:
            _write_signer(tmp_path, wallet)
        port = spare_ports(2)
        said = {"mode": '"demo"', "address": f'"http://127.0.0.1:{port + 1}"', "port": str(port)}
        said |= {"answers_port": str(port + 1), "session_key": '"session.key"', "trust": '"trust"'} | settings
        said |= {"certificate": '"clinic.pem"', "key": '"clinic.key"'} if signed else {}
        lines = "\n".join(f"{name} = {value}" for name, value in said.items())
        (tmp_path / "wallet.toml").write_text(f"{lines}\n{wanted}{CLINIC}", encoding="utf-8")
        return tmp_path / "wallet.toml"

    return make


def _write_signer(folder: Path, wallet: Any) -> None:
    key = wallet.key_of("clinic")
    (folder / "clinic.pem").write_bytes(wallet.signer("clinic").public_bytes(Encoding.PEM))
    (folder / "clinic.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@dataclass
class Clerk:
    """As much of a browser as the page needs."""

    port: int
    cookie: str = ""

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, {"Cookie": self.cookie} | headers)
            answer = connection.getresponse()
            if (cookie := answer.getheader("Set-Cookie")) is not None:
                self.cookie = cookie.partition(";")[0]
            return answer.status, answer.read()

    def page(self) -> str:
        status, body = self.ask("GET", "/?lang=en")
        assert status == 200
        return body.decode()

    def stage(self) -> str:
        found = re.search(r'data-stage="(\w+)"', self.page())
        assert found
        return found[1]

    def show_a_code(self) -> str:
        """Press the button and read the code, as a phone's camera would."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page())
        assert token
        form = urlencode({"csrf_token": token[1]})
        kind, origin = "application/x-www-form-urlencoded", f"http://127.0.0.1:{self.port}"
        status, _ = self.ask("POST", "/ask?lang=en", form, Origin=origin, **{"Content-Type": kind})
        assert status == 303
        return self.code()

    def code(self) -> str:
        status, picture = self.ask("GET", "/code.png")
        assert status == 200
        (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
        return str(found.text)


@pytest.fixture
def running() -> Iterator[Callable[[Path], Clerk]]:
    processes = []

    def start(config: Path) -> Clerk:
        command = [sys.executable, "-m", "kiosk", "wallet", "--config", str(config), "--end-with-stdin"]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE))
        clerk = Clerk(load(WalletConfig, config).port)
        for _ in range(200):
            try:
                clerk.ask("GET", "/health")
                return clerk
            except OSError:
                assert processes[-1].poll() is None, processes[-1].communicate()[1]
                time.sleep(0.1)
        raise AssertionError("it does not answer")

    yield start
    for process in processes:
        _, told = process.communicate(timeout=20)
        assert process.returncode == 0, told
        assert "Mẫu" not in told.decode(), "a name in the log"


def phone(link: str, fault: str = "", times: int = 1) -> list[dict[str, Any]]:
    """What a foreign wallet, in a process of its own, is told."""
    asked = json.dumps({"link": link, "seed": SEED, "fault": fault, "times": times})
    done = subprocess.run([sys.executable, str(PEER)], input=asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize(("wanted", "signed"), [(SD_JWT, False), (SD_JWT, True), (MDOC, False), (MDOC, True)])
def test_a_wallet_answers_what_the_clerk_asks(
    provisioned: Callable[..., Path], running: Callable[[Path], Clerk], wanted: str, signed: bool
) -> None:
    clerk = running(provisioned(wanted, signed=signed))
    assert clerk.stage() == "idle"
    link = clerk.show_a_code()
    assert clerk.stage() == "waiting"
    assert ("request_uri=" in link) is signed
    first, again = phone(link, times=2)
    assert (first["status"], json.loads(first["body"])) == (200, {})
    assert again["status"] == 404, "a request is answered once"
    page = clerk.page()
    assert 'data-stage="answered"' in page
    assert "Mẫu Thử Nghiệm" in page
    assert "1990-01-15" in page
    assert "answered this very question" in page
    assert re.search(r"<ul data-unknown>\s*<li>no revocation list</li>\s*</ul>", page), (
        "that nobody looked is said, too"
    )
    assert "admits nobody" in page
    assert clerk.ask("GET", "/code.png")[0] == 404
    clerk.show_a_code()
    assert "Mẫu Thử Nghiệm" not in clerk.page(), "the next person sees nothing of the last one"


@pytest.mark.parametrize(("fault", "stage", "words"), [
    ("declined", "declined", "declined"), ("in clear", "unreadable", "cannot be read"),
    ("copy", "answered", "no proof of the holder"), ("holder", "answered", "proof of the holder's key is wrong"),
    ("nonce", "answered", "answers another question"), ("kind", "answered", "another kind"),
])  # fmt: skip
def test_what_is_not_enough_is_said(
    provisioned: Callable[..., Path], running: Callable[[Path], Clerk], fault: str, stage: str, words: str
) -> None:
    clerk = running(provisioned())
    assert phone(clerk.show_a_code(), fault)[0]["status"] == 200
    page = clerk.page()
    assert f'data-stage="{stage}"' in page
    assert words in page, page
    assert "answered this very question" not in page


def test_an_issuer_that_nobody_here_knows(provisioned: Callable[..., Path], running: Callable[[Path], Clerk]) -> None:
    clerk = running(provisioned(known=False))
    phone(clerk.show_a_code())
    assert "Not enough to rely on" in clerk.page()


def test_the_door_for_phones_has_nothing_else(
    provisioned: Callable[..., Path], running: Callable[[Path], Clerk]
) -> None:
    config = provisioned(signed=True)
    clerk = running(config)
    door = Clerk(load(WalletConfig, config).answers_port)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    clerk.show_a_code()
    for method, path, body, headers, expected in (
        ("GET", "/", None, {}, 404),
        ("POST", "/ask", "a=b", form, 404),
        ("GET", "/answer/x", None, {}, 405),
        ("POST", "/answer/x", "vp_token=x", form, 404),
        ("POST", "/answer/x", "{}", {"Content-Type": "application/json"}, 400),
        ("POST", "/answer/x", "", form, 400),
        ("GET", "/request/x", None, {}, 404),
        ("POST", "/answer/x", "a=" + "x" * 300_000, form, 413),
    ):
        status, answer = door.ask(method, path, body, **headers)
        assert (status, json.loads(answer)) == (expected, {"error": "invalid_request"}), (method, path)
    assert clerk.stage() == "waiting", "whoever guesses answers nothing"
    assert clerk.ask("POST", "/ask", "x=y", **form)[0] == 403


BAD = [
    ({"address": '"http://kiosk.clinic.example"'}, "address"),
    ({"address": '"https://kiosk.clinic.example/x"'}, "address"),
    ({"mode": '"production"'}, "address"),
    ({"address": '"kiosk"'}, "address"),
    ({"host": '"0.0.0.0"'}, "host"),
    ({"certificate": '"x.pem"'}, "certificate"),
    ({"life_s": "700"}, "life_s"),
    ({"unknown": "1"}, "unknown"),
]


@pytest.mark.parametrize(("settings", "named"), BAD)
def test_a_configuration_that_cannot_be_is_refused(
    provisioned: Callable[..., Path], settings: dict[str, str], named: str
) -> None:
    with pytest.raises(idcard.ConfigurationError, match=named):
        load(WalletConfig, provisioned(**settings))


def test_what_cannot_be_asked_for_is_refused(provisioned: Callable[..., Path]) -> None:
    with pytest.raises(idcard.ConfigurationError, match="of one type"):
        load(WalletConfig, provisioned(MDOC.replace('"org.iso.18013.5.1", "family_name"', '"family_name"')))


def test_a_key_that_is_another_certificates(provisioned: Callable[..., Path], wallet: Any) -> None:
    config = provisioned(signed=True)
    assert isinstance(desk_of(load(WalletConfig, config)), WalletDesk)
    (config.parent / "clinic.pem").write_bytes(wallet.signer(SEED).public_bytes(Encoding.PEM))
    with pytest.raises(idcard.ConfigurationError, match="cannot sign"):
        desk_of(load(WalletConfig, config))
    (config.parent / "clinic.key").write_text("x")
    with pytest.raises(idcard.ConfigurationError, match="cannot sign"):
        desk_of(load(WalletConfig, config))


def test_check_knows_the_process(provisioned: Callable[..., Path]) -> None:
    config = provisioned()
    assert CliRunner().invoke(app, ["check", "--config", str(config)]).exit_code == 0
    (config.parent / "session.key").write_bytes(b"short")
    result = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert (result.exit_code, "session key" in result.output) == (2, True)
