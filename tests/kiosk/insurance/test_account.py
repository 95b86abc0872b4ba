import os
from pathlib import Path

import pytest

from idcard import ConfigurationError
from kiosk.insurance.account import load_account

GOOD = 'url = "https://gateway.example"\nusername = "36999_BV"\npassword = "sesame"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD)
    path.chmod(0o600)
    return path


def problem(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as told:
        load_account(path)
    assert told.value.__cause__ is None or "sesame" not in str(told.value.__cause__)
    assert "sesame" not in str(told.value)
    return told.value


def test_an_account_shows_neither_itself_nor_its_password(file: Path) -> None:
    account = load_account(file)
    assert account.password_hash == "C8DAE1C50E092F3D877192FC555B1DCF"
    for secret in ("sesame", "36999_BV", account.password_hash):
        assert secret not in repr(account)
        assert secret not in str(account)


@pytest.mark.skipif(os.name != "posix", reason="there are no mode bits")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert problem(file).reason == "too_open"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('url = "http://gateway.example"', "wrong_setting"),
        ('url = "https://me:sesame@gateway.example"', "wrong_setting"),
        ('url = "https://gateway.example/path"', "wrong_setting"),
        ('url = "ftp://gateway.example"', "wrong_setting"),
        ("url = ", "malformed"),
        ('body = "xml"', "wrong_setting"),
        ('unknown = "x"', "wrong_setting"),
        ("deadline_s = 0", "wrong_setting"),
    ],
)
def test_a_wrong_setting_is_told_without_its_neighbours(file: Path, line: str, reason: str) -> None:
    kept = [row for row in GOOD.splitlines() if row.partition(" ")[0] != line.partition(" ")[0]]
    file.write_text("\n".join([*kept, line]))
    assert problem(file).reason == reason


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert problem(tmp_path / "gateway.toml").reason == "never_set_up"


def test_plain_http_is_for_this_machine(file: Path) -> None:
    file.write_text(GOOD.replace("https://gateway.example", "http://127.0.0.1:8004"))
    assert load_account(file).url == "http://127.0.0.1:8004"
