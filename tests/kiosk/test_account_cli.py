"""``kiosk staff-account``: accounts made and changed on the machine; nothing secret is an argument."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from kiosk.account_words import _WORDS, say
from kiosk.cli import app
from kiosk.config import StaffConfig, load
from kiosk.demo.accounts import make_accounts
from kiosk.demo.provision import Options, provision
from kiosk.roster_words import Language

NAME, NUMBER, PASSWORD = "Ngô Thị Lan Mẫu", "036190999904", "nắng lên đầu ngõ"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = provision(tmp_path_factory.mktemp("accounts") / "demo", Options()).config("staff")
    make_accounts(load(StaffConfig, path))
    make_accounts(load(StaffConfig, path))
    return path


def test_the_demonstrations_clerks_are_made_in_a_demonstration_only(config: Path) -> None:
    with pytest.raises(ValueError, match="not a demonstration"):
        make_accounts(load(StaffConfig, config).model_copy(update={"mode": "production"}))


def run(config: Path, *arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(app, ["staff-account", *arguments, "--config", str(config)], input=said)


def rows(config: Path) -> dict[str, tuple[str, str]]:
    listed = json.loads(run(config, "list", "--json").stdout)
    return {row["account"]: (row["role"], row["state"]) for row in listed}


def test_an_account_from_its_making_to_its_end(config: Path) -> None:
    assert rows(config) == {
        "truc": ("reception", "open"),
        "hung": ("lead", "open"),
        "mai": ("administrator", "open"),
    }
    made = run(config, "add", "lan", "--role", "lead", "--stdin", said=f"{NAME}\n{NUMBER}\n{PASSWORD}\n")
    assert (made.exit_code, made.stdout) == (0, "The account lan is there.\n")
    for secret in (NAME, NUMBER, PASSWORD):
        assert secret not in made.stdout + made.stderr
    assert run(config, "lock", "lan", "--lang", "vi").stdout == "Đã tạm khóa tài khoản lan.\n"
    assert rows(config)["lan"] == ("lead", "locked")
    assert run(config, "unlock", "lan").exit_code == 0
    assert run(config, "password", "lan", "--stdin", said="cây đa bến nước\n").exit_code == 0
    assert "lan  lead  open" in run(config, "list").stdout
    assert run(config, "remove", "lan").exit_code == 0
    assert "lan" not in rows(config)


@pytest.mark.parametrize(
    ("arguments", "said", "words"),
    [
        (("add", "Lan", "--stdin"), f"{NAME}\n\n{PASSWORD}\n", "small letters"),
        (("add", "truc", "--stdin"), f"{NAME}\n\n{PASSWORD}\n", "taken"),
        (("add", "an", "--stdin"), f"{NAME}\n12\n{PASSWORD}\n", "12 digits"),
        (("add", "an", "--stdin"), f"{NAME}\n\nngan\n", "10 to 128"),
        (("lock", "nobody"), "", "no such account"),
        (("remove", "mai"), "", "last open administrator"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(
    config: Path, arguments: tuple[str, ...], said: str, words: str
) -> None:
    before = rows(config)
    refused = run(config, *arguments, said=said)
    assert refused.exit_code == 3
    assert words in refused.stderr
    assert refused.stderr.count("Error") == 1
    assert PASSWORD not in refused.stderr
    assert rows(config) == before


def test_every_word_is_said_in_both_languages() -> None:
    for key in _WORDS:
        values = {"sign": "lan", "wrong": 3, "count": 2}
        assert say(key, Language.VI, **values) != say(key, Language.EN, **values)


def test_keys_of_an_account_are_revoked_by_whoever_looks_after_the_machine(config: Path) -> None:
    assert run(config, "revoke-keys", "truc").stdout == "0 keys of truc are revoked.\n"
