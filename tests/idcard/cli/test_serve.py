"""``idcard serve`` as a program: it says where it listens, answers who has the token, and ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest

from idcard.testing import Issuer

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()", "serve", "--port", "0")

Serve = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def serve(trust: Path, tmp_path: Path) -> Iterator[Serve]:
    """Starts the service where no card service answers; it is ended afterwards."""
    environment = os.environ | {"PCSCLITE_CSOCK_NAME": str(tmp_path / "none"), "PYTHONUTF8": "1"}
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, before: str = "") -> subprocess.Popen[str]:
        command = [*COMMAND, "--trust", str(trust), *arguments]
        command[2] = before + command[2]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=30)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def ask(address: str, token: str, path: str) -> tuple[int, object]:
    connection = HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body


def address_in(text: str) -> str:
    return next(word for word in text.replace(",", " ").split() if word.startswith("http://"))


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_ends_when_told(serve: Serve, told: signal.Signals) -> None:
    process = serve()
    token = line(process).removeprefix("Token of this start: ")
    address = address_in(line(process))
    assert ask(address, token, "/v1/state")[0] == 200
    status, body = ask(address, token, "/v1/readers")
    assert (status, body["error"]["code"]) == (503, "reader_missing")  # type: ignore[index]
    process.send_signal(told)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_token_in_a_file_is_not_shown(serve: Serve, tmp_path: Path) -> None:
    process = serve("--token-file", str(tmp_path / "token"), "--lang", "vi")
    shown = line(process)
    assert shown.startswith("Đang phục vụ http://127.0.0.1:")
    assert ask(address_in(shown), (tmp_path / "token").read_text(), "/v1/state")[0] == 200


def test_a_port_that_is_taken_is_told(serve: Serve) -> None:
    first = serve()
    line(first)
    port = address_in(line(first)).rsplit(":", 1)[1]
    second = serve("--port", port)
    out, err = second.communicate(timeout=30)
    assert (second.returncode, out) == (2, "")
    assert "[configuration]" in err
    assert err.count("\n") == 1


def test_a_token_file_that_cannot_be_written_is_told(serve: Serve, tmp_path: Path) -> None:
    process = serve("--token-file", str(tmp_path / "no" / "where"))
    _, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err, "[configuration]" in err) == (2, False, True)


def test_a_missing_extra_is_one_line_that_names_it(serve: Serve) -> None:
    process = serve(before="import sys; sys.modules['waitress'] = None; ")
    _, err = process.communicate(timeout=30)
    assert (process.returncode, "pip install 'idcard[service]'" in err, err.count("\n")) == (2, True, 1)


def test_a_demonstration_issuer_is_refused(run: Callable[..., tuple[int, str, str]], trust: Path) -> None:
    demonstration = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))
    (trust / "csca" / "demonstration.cer").write_bytes(demonstration.csca_certificate)
    code, _, err = run("serve", "--port", "0", "--trust", trust)
    assert (code, "demonstration" in err) == (2, True)


def test_programs_get_one_line(serve: Serve, tmp_path: Path) -> None:
    told = json.loads(line(serve("--json")))
    assert set(told) == {"address", "token"}
    assert ask(told["address"], told["token"], "/v1/state")[0] == 200
    file = tmp_path / "token"
    told = json.loads(line(serve("--json", "--token-file", str(file))))
    assert (set(told), told["token_file"]) == ({"address", "token_file"}, str(file))
    assert ask(told["address"], file.read_text(), "/v1/state")[0] == 200


def test_an_error_for_programs(serve: Serve, tmp_path: Path) -> None:
    out, err = serve("--json", "--token-file", str(tmp_path / "no" / "where")).communicate(timeout=30)
    assert (json.loads(out)["error"]["facts"]["reason"], err) == ("not_writable", "")


@pytest.mark.parametrize("options", [
    ("--pins", "x"), ("--authority", "https://x/"), ("--sign", "nowhere"), ("--encrypt-to", "nowhere"),
    ("--open-with", "nowhere"),
])  # fmt: skip
def test_options_that_do_not_fit_are_wrong_usage(
    run: Callable[..., tuple[int, str, str]], trust: Path, options: tuple[str, str]
) -> None:
    code, out, _ = run("serve", "--port", "0", "--trust", trust, *options)
    assert (code, out) == (2, "")


def test_a_list_of_pins_that_is_missing_is_said_at_start(
    run: Callable[..., tuple[int, str, str]], trust: Path, tmp_path: Path
) -> None:
    pins = ("--pins", tmp_path / "none", "--pin-keys", tmp_path / "none")
    code, _, err = run("serve", "--port", "0", "--trust", trust, *pins)
    assert (code, "[configuration]" in err) == (2, True)
