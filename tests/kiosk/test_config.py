"""The configuration: every mistake is one line that names the file, the setting and the remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from idcard import ConfigurationError
from kiosk.config import PatientConfig, StaffConfig, load
from kiosk.domain.eligibility import Step
from kiosk.domain.freshness import Freshness
from kiosk.trust_parts import freshness_of

CLINIC = """
[clinic]
code = "36999"
name_vi = "Trạm y tế Mẫu"
name_en = "Model health station"
[[clinic.rooms]]
id = "noi"
name_vi = "Nội"
name_en = "Medicine"
place_vi = "Phòng 1"
place_en = "Room 1"
"""
PATIENT = {
    "mode": '"production"',
    "store": '"store.db"',
    "trust": '"/etc/kiosk/trust"',
    "session_key": '"keys/session.key"',
    "roster": '"roster.db"',
    "roster_key": '"keys/roster.key"',
    "person_day_key": '"keys/day.key"',
    "clinic_public_key": '"keys/clinic.pub"',
}
STAFF = {name: PATIENT[name] for name in ("mode", "store", "trust", "session_key", "person_day_key")} | {
    "clinic_private_key": '"keys/clinic.pem"'
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the patient's configuration with some settings changed; None leaves one out."""

    def write(clinic: str = CLINIC, base: dict[str, str] = PATIENT, **changed: str | None) -> Path:
        settings = {name: value for name, value in (base | changed).items() if value is not None}
        path = tmp_path / "patient.toml"
        path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()) + clinic, "utf-8")
        return path

    return write


def problem(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(PatientConfig, path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert caught.value.remedy in message
    return caught.value


def test_a_whole_configuration(write: Write, tmp_path: Path) -> None:
    config = load(PatientConfig, write())
    assert (config.host, config.port, config.reader, config.camera) == ("127.0.0.1", 8000, "pcsc", "browser")
    assert config.store == tmp_path / "store.db"
    assert config.trust == Path("/etc/kiosk/trust")
    assert config.clinic.rooms[0].place_vi == "Phòng 1"
    assert not config.is_demo
    assert freshness_of(config) == Freshness(old_days=3, flagged_days=14, too_old_days=30)


def test_whom_this_kiosk_believes(write: Write, tmp_path: Path) -> None:
    config = load(PatientConfig, write())
    assert (config.device, config.pins, config.pin_keys, set(config.rungs)) == ("kiosk-1", None, None, {"anchored"})
    assert config.trust_state_of("kiosk-1") == tmp_path / "trust-kiosk-1.state"
    told = {"pins": '"a.pins"', "pin_keys": '"a.toml"', "rungs": '["anchored", "pinned"]', "trust_state": '"seen"'}
    config = load(PatientConfig, write(device='"kiosk-2"', **told))
    assert (config.pins, config.pin_keys) == (tmp_path / "a.pins", tmp_path / "a.toml")
    assert (config.device, set(config.rungs)) == ("kiosk-2", {"anchored", "pinned"})
    assert config.trust_state_of("kiosk-2") == tmp_path / "seen"


def test_the_ages_of_a_roster_are_set(write: Write) -> None:
    config = load(PatientConfig, write(roster_old_days="1", roster_flagged_days="2", roster_too_old_days="2"))
    assert freshness_of(config) == Freshness(old_days=1, flagged_days=2, too_old_days=2)


def test_the_staff_s_configuration(write: Write) -> None:
    config = load(StaffConfig, write(base=STAFF))
    assert config.port == 8001
    assert config.clinic_private_key.name == "clinic.pem"


@pytest.mark.parametrize("name", sorted(PATIENT))
def test_a_missing_setting_is_named(write: Write, name: str) -> None:
    assert name in str(problem(write(**{name: None})))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("mode", '"test"'),
        ("host", '"0.0.0.0"'),
        ("port", "0"),
        ("port", "70000"),
        ("port", '"http"'),
        ("reader", '"usb"'),
        ("reader", '"pcsc:"'),
        ("reader", '"pcscd"'),
        ("camera", '"builtin"'),
        ("policy", '"reading_only"'),
        ("reader_position", '"above"'),
        ("idle_s", "0"),
        ("ticket_s", "601"),
        ("roster_old_days", "0"),
        ("roster_flagged_days", "31"),
        ("roster_too_old_days", "13"),
        ("trust_old_days", "366"),
        ("trust_too_old_days", "0"),
        ("device", '"Kiosk 1"'),
        ("device", '""'),
        ("rungs", "[]"),
        ("rungs", '["signed"]'),
        ("rungs", '["confirmed"]'),
        ("rungs", '["anchored", "pinned"]'),
        ("pins", '"signers.pins"'),
        ("pin_keys", '"people.toml"'),
    ],
)
def test_a_wrong_setting_is_named(write: Write, setting: str, value: str) -> None:
    found = problem(write(**{setting: value}))
    assert found.reason == "wrong_setting"
    assert setting in str(found)


def test_a_misspelt_setting_is_not_ignored(write: Write) -> None:
    assert "idle_secs" in str(problem(write(idle_secs="30")))


@pytest.mark.parametrize("spelling", ["nane_vi", "door"])
@pytest.mark.parametrize("table", ["[clinic]", "[[clinic.rooms]]"])
def test_a_misspelt_setting_of_the_clinic_is_not_ignored(write: Write, table: str, spelling: str) -> None:
    assert spelling in str(problem(write(clinic=CLINIC.replace(table, f'{table}\n{spelling} = "x"'))))


def test_a_clinic_has_rooms(write: Write) -> None:
    clinic = CLINIC.partition("[[")[0] + "rooms = []\n"
    assert "rooms" in str(problem(write(clinic=clinic)))


@pytest.mark.parametrize(
    "scanner",
    ["none", "wedge", "serial:/dev/ttyACM0", "serial:/dev/serial/by-id/x@115200", "serial:COM3", "serial:COM12@9600"],
)
def test_scanners(write: Write, scanner: str) -> None:
    assert load(PatientConfig, write(scanner=f'"{scanner}"')).scanner == scanner


@pytest.mark.parametrize(
    "scanner",
    ["", "usb", "serial:", "serial:ttyACM0", "serial:/dev/ttyACM0@14401", "serial:COM3@", "serial:COM0", "wedge:1",
     "simulated:10.0.0.1:8003"],
)  # fmt: skip
def test_what_is_no_scanner(write: Write, scanner: str) -> None:
    assert "scanner" in str(problem(write(scanner=f'"{scanner}"')))


@pytest.mark.parametrize("device", ["reader", "camera"])
def test_production_refuses_simulated_devices(write: Write, device: str) -> None:
    simulated = '"simulated:127.0.0.1:8003"'
    assert device in str(problem(write(**{device: simulated})))
    assert getattr(load(PatientConfig, write(mode='"demo"', **{device: simulated})), device).endswith(":8003")


@pytest.mark.parametrize("address", ["simulated:192.0.2.7:8003", "simulated:127.0.0.1", "simulated:127.0.0.1:x"])
@pytest.mark.parametrize("device", ["reader", "camera"])
def test_a_simulated_device_is_on_loopback(write: Write, device: str, address: str) -> None:
    assert device in str(problem(write(mode='"demo"', **{device: f'"{address}"'})))


@pytest.mark.parametrize("content", [b"mode = ", b"\xff\xfe", b"mode = 1\nmode = 2\n"])
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "patient.toml"
    path.write_bytes(content)
    assert problem(path).reason == "malformed"


def test_no_file(tmp_path: Path) -> None:
    assert problem(tmp_path / "patient.toml").reason == "missing"


def test_an_error_does_not_repeat_what_was_set(write: Write) -> None:
    assert "s3cret" not in str(problem(write(reader='"s3cret"')))


CODE = """
[[codes]]
format = "mosip_claim_169"
issuer = "https://issuer.example"
number = "id"
"""


def test_no_code_names_anybody_unless_the_clinic_says_so(write: Write) -> None:
    assert load(PatientConfig, write()).codes == ()
    [code] = load(PatientConfig, write(clinic=CLINIC + CODE)).codes
    assert (code.rule.step, code.rule.admits, code.rule.once) == (Step.DESK, False, False)


@pytest.mark.parametrize(
    ("more", "setting"),
    [
        ('step = "admit"', "internal_key"),
        ('step = "not_covered"', "step"),
        ('anchor = "AB"', "anchor"),
        ('birth = "a//b"', "birth"),
        ('nmae = ["full_name"]', "nmae"),
    ],
)
def test_a_code_that_is_named_wrongly(write: Write, more: str, setting: str) -> None:
    assert setting in str(problem(write(clinic=CLINIC + CODE + more)))


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "x = 0x" + "f" * 5000 + "g", "x = " + "9" * 5000, "\x00"])
def test_what_no_parser_takes_is_one_line_too(tmp_path: Path, text: str) -> None:
    path = tmp_path / "patient.toml"
    path.write_text(text)
    assert problem(path).reason == "malformed"


def test_rooms_that_are_none_are_told(write: Write) -> None:
    assert problem(write('[clinic]\ncode = "36999"\nrooms = 5\n')).reason == "wrong_setting"
