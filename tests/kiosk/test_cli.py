"""The ``kiosk`` command: errors in one line, and what each command needs."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idcard import ConfigurationError
from kiosk import cli
from kiosk.checkup import load_any, problems_of
from kiosk.demo.__main__ import _asked_for
from kiosk.demo.provision import Options, Place, provision
from kiosk.patient_process import card_desk


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return provision(tmp_path / "demo", Options())


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def kiosk(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def within(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What comes of the command within this process: a second less than in its own."""
    done = CliRunner().invoke(cli.app, [*map(str, arguments)], catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert "Traceback" not in result.stderr
    return errors[0]


@pytest.mark.parametrize("command", ["run", "staff", "check"])
def test_no_configuration(command: str, tmp_path: Path) -> None:
    assert "nothing.toml" in one_line(within(command, "--config", tmp_path / "nothing.toml"))


@pytest.mark.serial
@pytest.mark.parametrize(("command", "process"), [("run", "patient"), ("staff", "staff")])
def test_a_busy_port(place: Place, busy_port: int, command: str, process: str) -> None:
    config = place.config(process)
    text = config.read_text("utf-8").replace("port = 8000\n", f"port = {busy_port}\n")
    config.write_text(text.replace("port = 8001\n", f"port = {busy_port}\n"), "utf-8")
    assert f"Port {busy_port}" in one_line(kiosk(command, "--config", config))


@pytest.mark.serial
def test_a_busy_port_of_the_demonstration(busy_port: int, tmp_path: Path) -> None:
    port_base = min(busy_port - 1, 65525)
    line = one_line(kiosk("demo", "--port-base", str(port_base), "--dir", tmp_path / "demo"))
    assert "Port" in line
    assert not (tmp_path / "demo").exists()


@pytest.mark.serial
def test_a_wrong_option_of_the_demonstration(tmp_path: Path) -> None:
    result = kiosk("demo", "--reader", "usb", "--dir", tmp_path / "demo")
    assert result.returncode == 2
    assert "--reader" in result.stderr


@pytest.mark.parametrize(
    "option", [("--reader", "usb"), ("--reader", "pcsc:"), ("--camera", "none"), ("--scanner", "usb")]
)
def test_a_wrong_option_is_no_demonstration(
    option: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kiosk demo", *option])
    with pytest.raises(SystemExit, match="2"):
        _asked_for()
    assert option[0] in capsys.readouterr().err


@pytest.mark.serial
def test_check_finds_nothing_wrong(place: Place) -> None:
    result = kiosk("check", "--config", place.config("patient"))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.serial
def test_a_missing_package_names_the_extra(place: Place) -> None:
    """As on a machine with the bare library: the modules of the extra cannot be imported."""
    blocked = "import sys; sys.modules.update(dict.fromkeys(['flask', 'sqlalchemy', 'structlog', 'waitress'])); "
    program = f"{blocked}from kiosk.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "run", "--config", str(place.config("patient"))]
    line = one_line(subprocess.run(command, capture_output=True, text=True, timeout=120, check=False))
    assert "pip install 'idcard[kiosk]'" in line


@pytest.mark.serial
def test_the_command_itself_needs_neither_the_demonstration_nor_the_simulator() -> None:
    program = "import sys, kiosk.cli; print([m for m in sys.modules if 'demo' in m or 'idcard.testing' in m])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout.strip() == "[]"


def test_a_bug_is_not_told_as_a_missing_extra() -> None:
    with pytest.raises(ModuleNotFoundError), cli._errors_told():
        __import__("kiosk.nothing")


@pytest.mark.parametrize("process", ["patient", "staff"])
def test_what_is_whole_has_no_problem(place: Place, process: str) -> None:
    assert problems_of(load_any(place.config(process))) == []


@pytest.mark.parametrize(
    ("process", "missing", "reason"),
    [
        ("patient", "keys/patient_session.key", "never_set_up"),
        ("patient", "keys/clinic.pub", "never_set_up"),
        ("patient", "keys/person_day.key", "never_set_up"),
        ("patient", "keys/roster.key", "never_set_up"),
        ("patient", "roster.db", "never_set_up"),
        ("patient", "trust/trust.toml", "never_set_up"),
        ("staff", "keys/clinic.key", "never_set_up"),
        ("staff", "keys/person_day.key", "never_set_up"),
        ("staff", "keys/staff_session.key", "never_set_up"),
        ("staff", "trust/trust.toml", "never_set_up"),
    ],
)
def test_check_says_what_is_missing(place: Place, process: str, missing: str, reason: str) -> None:
    (place.root / missing).unlink()
    problems = problems_of(load_any(place.config(process)))
    assert [problem.reason for problem in problems] == [reason]


def test_check_says_everything_at_once(place: Place) -> None:
    for missing in ("keys/patient_session.key", "keys/clinic.pub", "trust/trust.toml"):
        (place.root / missing).unlink()
    assert len(problems_of(load_any(place.config("patient")))) == 3


def test_check_looks_at_the_store_s_folder(place: Place) -> None:
    config = load_any(place.config("staff")).model_copy(update={"store": place.root / "nowhere" / "store.db"})
    assert [problem.reason for problem in problems_of(config)] == ["store_folder"]


def test_check_refuses_the_demonstration_s_anchor_in_production(place: Place) -> None:
    config = load_any(place.config("staff")).model_copy(update={"mode": "production"})
    config = config.model_copy(update={"gateway": None, "interop": None})
    assert [problem.reason for problem in problems_of(config)] == ["demonstration_anchor"]


def test_check_refuses_a_stand_in_of_the_payer_in_production(place: Place) -> None:
    config = load_any(place.config("staff")).model_copy(update={"mode": "production"})
    assert [problem.reason for problem in problems_of(config)] == ["demonstration_anchor", "wrong_setting"]


def test_check_looks_at_who_receives_what_leaves(place: Place, tmp_path: Path) -> None:
    config = load_any(place.config("staff"))
    without = config.model_copy(update={"gateway": None})
    assert [problem.reason for problem in problems_of(without)] == ["never_set_up"]
    (tmp_path / "interop.toml").write_text('[[webhook]]\nname = "his"\nurl = "http://his.example"\nsecret = "x"\n')
    wrong = config.model_copy(update={"interop": tmp_path / "interop.toml"})
    assert [problem.reason for problem in problems_of(wrong)] == ["wrong_setting"]


def test_check_looks_at_the_gateway_s_account(place: Place) -> None:
    place.gateway_account.chmod(0o644)
    assert [problem.reason for problem in problems_of(load_any(place.config("staff")))] == ["too_open"]


def test_a_wrong_roster_key_is_found(place: Place) -> None:
    (place.root / "keys" / "roster.key").write_text("00" * 32 + "\n")
    assert [problem.reason for problem in problems_of(load_any(place.config("patient")))] == ["wrong_key"]


@pytest.mark.parametrize("reader", ["pcsc", "pcsc:Some reader", "simulated:127.0.0.1:1"])
def test_every_reader_setting_has_a_device(reader: str) -> None:
    desk = card_desk(reader)
    desk.close()


def test_a_process_without_a_configuration_is_the_patient_s(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml"):
        load_any(tmp_path / "absent.toml")


def test_check_looks_at_the_roster_s_publisher(place: Place) -> None:
    config = load_any(place.config("patient"))
    absent = config.model_copy(update={"roster_publisher": place.root / "absent.pub"})
    assert [problem.reason for problem in problems_of(absent)] == ["never_set_up"]
    # Of another kind of key: a manifest is signed with Ed25519.
    wrong = config.model_copy(update={"roster_publisher": place.key("clinic.pub")})
    assert [problem.reason for problem in problems_of(wrong)] == ["damaged"]
    right = config.model_copy(update={"roster_publisher": place.key("receipt.pub")})
    assert problems_of(right) == []


def test_check_looks_at_the_desk_s_key_for_receipts(place: Place) -> None:
    place.key("desk_receipt.key").write_text("no key")
    assert [problem.reason for problem in problems_of(load_any(place.config("staff")))] == ["damaged"]


@pytest.mark.parametrize(("receiver", "file"), [("webhook", "secret"), ("fhir", "token")])
def test_check_looks_at_the_keys_of_receivers(place: Place, tmp_path: Path, receiver: str, file: str) -> None:
    settings = f'[[{receiver}]]\nname = "his"\nurl = "https://his.example/x"\n{file} = "absent"\n'
    (tmp_path / "interop.toml").write_text(settings)
    config = load_any(place.config("staff")).model_copy(update={"interop": tmp_path / "interop.toml"})
    assert [problem.reason for problem in problems_of(config)] == ["never_set_up"]
