"""The ten lines of the README read, judge and print a card, as they stand there."""

import builtins
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import idcard
from idcard.testing import Holder, Issuer

BORN = datetime.now(UTC).year - 30


@pytest.fixture
def lines(root: Path) -> str:
    (code,) = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return str(code)


def test_the_ten_lines_are_ten(lines: str) -> None:
    assert len([line for line in lines.splitlines() if line]) <= 10


def test_the_ten_lines_run(
    lines: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a simulated card where the first reader with a card would be, and a hand that types."""
    issuer = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC), demonstration=False)
    holder = Holder(
        personal_number=f"036{'0' if BORN < 2000 else '2'}{BORN % 100:02}999991",
        name="Nguyễn Văn Mẫu",
        birth=datetime(BORN, 5, 15).date(),
        sex="M",
        issued=datetime(datetime.now(UTC).year - 1, 1, 1).date(),
        expiry=None,
    )
    (tmp_path / "trust" / "csca").mkdir(parents=True)
    (tmp_path / "trust" / "trust.toml").write_text("format = 1\n")
    (tmp_path / "trust" / "csca" / "csca.cer").write_bytes(issuer.csca_certificate)
    card, read = issuer.issue(holder), idcard.read
    card.power_on()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(builtins, "input", lambda _: holder.can)
    monkeypatch.setattr(idcard, "read", lambda keys: read(keys, card))
    exec(compile(lines, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "integrity: passed (hashes_match)"
    assert printed[-1] == f"Nguyễn Văn Mẫu {BORN}-05-15 {holder.personal_number} does not expire"
