"""Who receives what leaves: settings that make sense, and those that are refused at start."""

from pathlib import Path
from typing import Any

import pytest

from idcard import ConfigurationError
from kiosk.devices.clock import SystemClock
from kiosk.interop.parts import sinks_of, usual_orders
from kiosk.interop.settings import load_settings

GOOD = """
[checkin]
proposed_route = true
facility = { station = false, level = "basic" }
[checkin.rooms.noi]
code = "02.1896"
name = "Khám Nội"

[[webhook]]
name = "his"
url = "https://his.example/kiosk"
secret = "webhook.key"

[[fhir]]
name = "fhir"
url = "http://127.0.0.1:8080/fhir"
token = "fhir.token"

[[hl7]]
name = "lab-1"
host = "127.0.0.1"
port = 2575
tls = false
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "webhook.key").write_text("00" * 32 + "\n")
    (tmp_path / "fhir.token").write_text("sesame\n")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    (folder / "interop.toml").write_text(text, "utf-8")
    return folder / "interop.toml"


def test_every_receiver_is_made(folder: Path) -> None:
    settings = load_settings(written(folder, GOOD))
    made = sinks_of(settings, lambda: pytest.fail("nobody is called"), SystemClock())
    assert [sink.name for sink in made] == ["checkin", "his", "fhir", "lab-1"]
    for sink in made:
        sink.close()
    assert usual_orders(settings).services["noi"].code == "02.1896"
    assert usual_orders(settings).rules
    assert not usual_orders(None).services


def test_nothing_need_leave(folder: Path) -> None:
    assert sinks_of(load_settings(written(folder, "")), None, SystemClock()) == []


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("https://his.example/kiosk", "http://his.example/kiosk", "this machine"),
        ("https://his.example/kiosk", "https://a:b@his.example/", "no account"),
        ("https://his.example/kiosk", "https://his.example/?x=1", "without a query"),
        ('host = "127.0.0.1"', 'host = "his.example"', "TLS"),
        ('name = "fhir"', 'name = "his"', "differ"),
        ('name = "fhir"', 'name = "checkin"', "payer"),
        ('name = "his"', 'name = "Nguyễn"', "name"),
        ("port = 2575", "port = 0", "port"),
        ("tls = false", "tls = false\nunknown = 1", "unknown"),
        ("[checkin]", '[checkin]\npath = "https://elsewhere"', "path"),
    ],
)
def test_settings_that_are_refused(folder: Path, before: str, after: str, says: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigurationError, match=says):
        load_settings(written(folder, GOOD.replace(before, after)))


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("webhook.key", None, "never_set_up"),
        ("webhook.key", "short", "damaged"),
        ("fhir.token", None, "never_set_up"),
        ("fhir.token", "", "damaged"),
        ("fhir.token", "two words", "damaged"),
        ("fhir.token", "được", "damaged"),
    ],
)
def test_keys_that_cannot_be_used(folder: Path, file: str, content: str | None, reason: str) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content, "utf-8")
    client: Any = object
    with pytest.raises(ConfigurationError) as refused:
        sinks_of(load_settings(written(folder, GOOD)), client, SystemClock())
    assert refused.value.facts["reason"] == reason


def test_the_payer_wants_an_account(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="account"):
        sinks_of(load_settings(written(folder, GOOD)), None, SystemClock())
