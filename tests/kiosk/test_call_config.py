"""The call screen's configuration, and its process as it runs."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from pydantic import ValidationError

from kiosk.call_config import CallConfig
from kiosk.checkup import load_process, problems_of
from kiosk.keys import create_secret

CLINIC = """
[clinic]
code = "79999"
name_vi = "Trạm y tế Phường Mẫu"
name_en = "Mau Ward Health Station"
rooms = [{ id = "noi", name_vi = "Nội", name_en = "Medicine", place_vi = "Phòng 1", place_en = "Room 1" }]
"""


def made(**settings: object) -> CallConfig:
    room = {"id": "noi", "name_vi": "N", "name_en": "N", "place_vi": "P", "place_en": "P"}
    clinic = {"code": "79999", "name_vi": "T", "name_en": "T", "rooms": [room]}
    return CallConfig.model_validate({"mode": "production", "clinic": clinic, "calls_key": "calls.key"} | settings)


def test_it_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    config = made()
    assert (config.host, config.public_name) == ("127.0.0.1", None)
    abroad = made(host="192.0.2.7", address="http://192.0.2.7:8007")
    assert abroad.public_name == "192.0.2.7:8007"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"host": "192.0.2.7"}, "origin by which they call it"),
        ({"host": "0.0.0.0"}, "origin by which they call it"),
        ({"host": "television"}, "host"),
        ({"address": "http://192.0.2.7:8007/call"}, "without a path"),
        ({"address": "ftp://192.0.2.7"}, "http or https"),
        ({"staff_host": "192.0.2.7"}, "loopback only"),
        ({"store": "store.db"}, "store"),
        ({"speech_languages": ["fr"]}, "speech_languages"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        made(**settings)


@pytest.fixture
def file(tmp_path: Path, spare_ports: Callable[..., int]) -> Path:
    path = tmp_path / "calls.toml"
    port = spare_ports(2)
    path.write_text(f'mode = "demo"\nport = {port}\nstaff_port = {port + 1}\ncalls_key = "calls.key"\n{CLINIC}')
    return path


def test_a_key_that_is_not_there_is_told_before_anybody_waits(file: Path) -> None:
    config = load_process(file)
    assert isinstance(config, CallConfig)
    assert [problem.facts["reason"] for problem in problems_of(config)] == ["never_set_up"]
    create_secret(file.with_name("calls.key"))
    assert problems_of(load_process(file)) == []


@pytest.mark.serial
def test_the_process_serves_without_the_staffs_and_says_that_it_knows_nothing(file: Path) -> None:
    create_secret(file.with_name("calls.key"))
    config = load_process(file)
    command = [sys.executable, "-m", "kiosk", "calls", "--end-with-stdin", "--config", str(file)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        page = answered(f"http://127.0.0.1:{config.port}/", process)
    finally:
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert 'data-fresh="no"' in page
    assert "Trạm y tế Phường Mẫu" in page


def answered(address: str, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except URLError:
            time.sleep(0.1)
    raise AssertionError("nothing answers")
