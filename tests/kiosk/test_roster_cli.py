"""``kiosk roster``: the command as an operator runs it, in both languages, and what it leaves behind."""

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from typer.testing import CliRunner

from kiosk.cli import app
from kiosk.demo.people import NEWCOMERS, citizens
from kiosk.demo.provision import Options, Place, provision
from kiosk.insurance.roster.errors import Refusal
from kiosk.insurance.roster.lines import COLUMNS
from kiosk.insurance.roster.verifying import Finding
from kiosk.roster_words import Language, say

pytestmark = pytest.mark.serial
WHO, NAME = "036199000001", "Nguyễn Thị Mẫu"
CLINIC = "79999"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return provision(tmp_path / "demo", Options())


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What comes of the command, within this process: a second less than in its own."""
    done = CliRunner().invoke(app, ["roster", *map(str, arguments)], catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def deliver(folder: Path, *lines: str, sequence: int = 1) -> Path:
    file = folder / f"roster-{sequence}.csv"
    file.write_text("\n".join((",".join(COLUMNS), *lines)) + "\n", "utf-8")
    said = ("--version", f"v{sequence}", "--sequence", str(sequence), "--as-of", "2026-11-23T06:00:00+07:00")
    described = run("manifest", file, *said)
    assert described.returncode == 0, described.stderr
    return file


def row(personal: str = WHO, insurance: str = "GD4363600000001", name: str = NAME) -> str:
    return f"{personal},{insurance},{name},1990-05-15,F,2026-01-01,2026-12-31,4,GD,{CLINIC},row"


def test_import_info_and_verify(place: Place, tmp_path: Path) -> None:
    file = deliver(tmp_path, row(), row("036199000002", ""), row("03619900000", ""))
    config = place.config("patient")
    imported = run("import", file, "--config", config, "--json")
    assert (imported.returncode, imported.stderr) == (0, "")
    told = json.loads(imported.stdout)
    assert (told["installed"], told["lines"], told["rejects"]) == (True, 3, 1)
    listed = file.with_name(file.name + ".rejects.csv").read_text("utf-8")
    assert listed == "line,column,reason\n4,personal_number,form\n"
    info = json.loads(run("info", "--config", config, "--json").stdout)
    assert {name: info[name] for name in ("version", "rows", "personal", "linked", "linked_share", "as_of")} == {
        "version": "v1",
        "rows": 2,
        "personal": 2,
        "linked": 1,
        "linked_share": 0.5,
        "as_of": "2026-11-23T06:00:00+07:00",
    }
    verified = run("verify", "--config", config, "--json")
    assert (verified.returncode, json.loads(verified.stdout)["whole"]) == (0, True)


def test_an_older_file_is_one_line_in_the_language_that_was_asked_for(place: Place, tmp_path: Path) -> None:
    config = place.config("patient")
    assert run("import", deliver(tmp_path, row(), sequence=2), "--config", config).returncode == 0
    older = deliver(tmp_path, row("036199000002", ""))
    for language in Language:
        refused = run("import", older, "--config", config, "--lang", language)
        assert refused.returncode == 1
        assert say("refused.older", language) in refused.stderr
        assert "Traceback" not in refused.stderr
    told = json.loads(run("import", older, "--config", config, "--json").stdout)
    assert told["error"]["facts"] == {"reason": "older", "sequence": 1, "newest": 2}


def test_a_number_that_was_too_high_is_disowned_by_somebody(place: Place, tmp_path: Path) -> None:
    config = place.config("patient")
    assert run("import", deliver(tmp_path, row(), sequence=2**53), "--config", config).returncode == 0
    right = deliver(tmp_path, row(), row("036199000002", ""), sequence=3)
    assert run("import", right, "--config", config).returncode == 1
    for wrong in ("3", str(2**53 - 1)):
        refused = run("disown", "--sequence", wrong, "--by", "admin-1", "--config", config, "--lang", "vi")
        assert (refused.returncode, say("refused.not_the_newest", Language.VI) in refused.stderr) == (1, True)
    assert run("disown", "--sequence", str(2**53), "--by", "a b\n", "--config", config).returncode == 2
    done = run("disown", "--sequence", str(2**53), "--by", "admin-1", "--config", config, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["disowned"]) == (0, 2**53)
    assert json.loads(Path(told["log"]).read_text("utf-8"))["by"] == "admin-1"
    assert run("import", right, "--config", config).returncode == 0
    assert json.loads(run("info", "--config", config, "--json").stdout)["sequence"] == 3


def test_a_roster_of_the_future_is_refused_with_what_to_do(place: Place, tmp_path: Path) -> None:
    file = deliver(tmp_path, row())
    manifest = file.with_name(file.name + ".manifest.json")
    manifest.write_text(manifest.read_text("utf-8").replace("2026-11-23T06", "2999-01-01T06"), "utf-8")
    for language in Language:
        refused = run("import", file, "--config", place.config("patient"), "--lang", language)
        assert (refused.returncode, say("refused.in_future", language) in refused.stderr) == (1, True)


def test_nothing_that_is_printed_or_listed_names_anybody(place: Place, tmp_path: Path) -> None:
    lines = (row(), row(), row("036199000002", "", "Trần Văn Mẫu\x07"), row("036199000003", ""))
    file = deliver(tmp_path, *lines)
    printed = run("import", file, "--config", place.config("patient"))
    assert printed.returncode == 0
    text = printed.stdout + printed.stderr + file.with_name(file.name + ".rejects.csv").read_text("utf-8")
    assert not [secret for secret in (WHO, "036199000002", "3600000001", "Mẫu", "1990-05-15") if secret in text]


def test_a_roster_that_is_not_whole_is_exit_code_1(place: Place, tmp_path: Path) -> None:
    config = place.config("patient")
    run("import", deliver(tmp_path, row()), "--config", config)
    connection = sqlite3.connect(place.roster)
    with connection:
        connection.execute("DELETE FROM insured")
    connection.close()
    wrong = run("verify", "--config", config, "--lang", "vi")
    assert (wrong.returncode, wrong.stdout.strip()) == (1, say("finding.links", Language.VI))


def test_a_demonstration_starts_again_with_its_own_roster(place: Place, tmp_path: Path) -> None:
    config = place.config("patient")
    assert run("import", deliver(tmp_path, row(), sequence=5), "--config", config).returncode == 0
    provision(place.root, Options())
    info = json.loads(run("info", "--config", config, "--json").stdout)
    assert info["rows"] == NEWCOMERS + sum(citizen.cover is not None for citizen in citizens().values())


def test_the_configuration_demands_a_signature_and_says_where_the_state_lies(place: Place, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (place.root / "publisher.pub").write_bytes(pem)
    config = place.config("patient")
    settings = 'roster_publisher = "publisher.pub"\nroster_state = "keys/roster.state"\n'
    config.write_text(settings + config.read_text("utf-8"), "utf-8")
    file = deliver(tmp_path, row())
    assert say("refused.signature_missing", Language.EN) in run("import", file, "--config", config).stderr
    private = tmp_path / "publisher.key"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    said = ("--version", "v1", "--sequence", "1", "--as-of", "2026-11-23T06:00:00+07:00")
    assert run("manifest", file, *said, "--sign", private).returncode == 0
    assert run("import", file, "--config", config).returncode == 0
    assert (place.root / "keys" / "roster.state").is_file()


def test_a_missing_configuration_is_exit_code_2(tmp_path: Path) -> None:
    result = run("info", "--config", tmp_path / "nothing.toml")
    assert result.returncode == 2
    assert "nothing.toml" in result.stderr


def test_every_refusal_and_finding_has_words_in_both_languages() -> None:
    needed = [f"refused.{reason}" for reason in Refusal] + [f"finding.{finding}" for finding in Finding]
    for word in needed:
        assert say(word, Language.VI) != say(word, Language.EN)
