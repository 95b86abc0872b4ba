"""Whatever the certificates in a store say, an operator can list, show, check and remove them.

Nobody signed an LDIF: whoever sends one chooses names and numbers of the document signers in it.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from idcard.cli import app
from idcard.testing import Issuer
from idcard.testing.certificates import Name, certificate, signer_extensions
from idcard.trust.archive import Entry, Kind, Source
from idcard.trust.draft import editing

NOW = datetime.now(UTC)
NAMES = {
    "closing tag": "[/nope] x",
    "link": "[link=https://evil.example]Germany[/link]",
    "terminal": "A\x1b[2J\x1b[31mEVIL",
    "line": "A\nkind: anchor",
    "direction": "A\u202eVILE",
    "C1": "A\x9b31m",
}


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create("DE", "CSCA Invented", at=datetime(2022, 1, 2, tzinfo=UTC), demonstration=False)


@pytest.fixture
def holding(tmp_path: Path, issuer: Issuer) -> Callable[..., tuple[Path, str]]:
    """A store that holds one document signer with that name and number, and its fingerprint."""

    def make(common: str, serial: int = 7, damage: Callable[[bytes], bytes] = bytes) -> tuple[Path, str]:
        spki = issuer.signer.key.spki
        made = certificate(
            subject=Name(country="DE", organisation="Invented", common=common).to_der(),
            spki=spki,
            issuer=issuer.name.to_der(),
            signer=issuer.csca_key,
            serial=serial,
            validity=issuer.signer.validity,
            extensions=signer_extensions(spki, issuer.csca_key.spki, demonstration=False),
        )
        (tmp_path / "store").mkdir()
        (tmp_path / "store" / "trust.toml").write_text("format = 1\nno_anchor_yet = 2026-01-01\n")
        entry = Entry(kind=Kind.SIGNER, data=damage(made), name="", key="", signed="missing_issuer", sources=())
        with editing(tmp_path / "store", at=NOW) as draft:
            draft.put(entry, Source(name=f"{common}.ldif", sha256="00" * 32, kind="ldif", added=NOW))
        return tmp_path / "store", entry.fingerprint

    return make


def run(store: Path, *arguments: str, columns: int = 200) -> Result:
    runner = CliRunner(env={"COLUMNS": str(columns)})
    return runner.invoke(app, ["trust", *arguments, "--trust", str(store), "--state", str(store / "state")])


def assert_harmless(text: str) -> None:
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("common", NAMES.values(), ids=NAMES.keys())
def test_a_name_is_shown_as_it_is_and_does_nothing(holding: Callable[..., tuple[Path, str]], common: str) -> None:
    store, fingerprint = holding(common)
    shown = common.encode("unicode_escape").decode() if not common.isprintable() else common
    for command in (["list"], ["show", fingerprint[:16]], ["check"], ["remove", fingerprint[:16]]):
        result = run(store, *command)
        assert result.exit_code == 0, result.output
        assert_harmless(result.stdout)
        if command != ["check"]:
            assert f"CN={shown}" in re.sub(r"\s+", " ", result.stdout)
            assert not any(line.startswith("kind: anchor") for line in result.stdout.split("\n"))
    assert "Nothing was imported." in run(store, "list").stdout


@pytest.mark.parametrize("serial", [1 << 16000, 0, (1 << 160) - 1], ids=["2 kB", "zero", "20 bytes"])
def test_any_serial_number_can_be_listed_shown_and_removed(
    holding: Callable[..., tuple[Path, str]], serial: int
) -> None:
    store, fingerprint = holding("Signer", serial)
    for command in (["list"], ["show", fingerprint[:16]], ["remove", fingerprint[:16]]):
        result = run(store, *command)
        assert result.exit_code == 0, result.output
        assert fingerprint[:16] in result.stdout or command[0] == "remove"
        assert max(map(len, result.stdout.split("\n"))) < 200


def test_what_cannot_be_read_any_more_can_be_removed(holding: Callable[..., tuple[Path, str]]) -> None:
    store, fingerprint = holding("Signer", damage=lambda der: der[:40])
    assert json.loads(run(store, "show", fingerprint, "--json").stdout)["remarks"] == ["malformed_data"]
    assert fingerprint[:16] in run(store, "list").stdout
    assert run(store, "remove", fingerprint[:8]).exit_code == 0
    assert "Nothing was imported." in run(store, "list").stdout


@pytest.mark.parametrize("columns", [60, 80])
def test_a_narrow_terminal_shows_enough_of_a_fingerprint(
    holding: Callable[..., tuple[Path, str]], columns: int
) -> None:
    store, fingerprint = holding("A document signer with quite a long name")
    listed = run(store, "list", columns=columns).stdout
    assert fingerprint[:16] in listed
    assert "idcard trust show" in listed


def test_everything_is_shown_in_vietnamese(holding: Callable[..., tuple[Path, str]]) -> None:
    store, fingerprint = holding("Signer")
    names = [line.split(":")[0] for line in run(store, "show", fingerprint, "--lang", "vi").stdout.splitlines()]
    assert names == [
        "mã SHA-256", "loại", "quốc gia", "chủ thể", "nơi cấp", "số chứng thư", "có hiệu lực từ", "có hiệu lực đến",
        "khóa", "mã khóa chủ thể", "chữ ký", "nguồn",
    ]  # fmt: skip


def test_the_age_of_a_list_is_said_only_of_a_list(holding: Callable[..., tuple[Path, str]]) -> None:
    store, _ = holding("Signer")
    checked = run(store, "check").stdout
    assert "newest list" not in checked
    assert "The newest import is 0 days old; no signed list was imported." in checked
