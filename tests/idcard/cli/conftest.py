"""An issuer and its cards, and the trust store that knows it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from idcard.cli import main
from idcard.testing import Holder, Issuer

HOLDER = Holder(
    personal_number="036090999991",
    name="Nguyễn Văn Thử",
    birth=date(1990, 1, 15),
    sex="M",
    issued=date(2022, 2, 1),
    expiry=date(2030, 1, 15),
)


@pytest.fixture
def holder() -> Holder:
    """An invented man of 1990."""
    return HOLDER


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """An issuer without the demonstration mark, so that production code takes it."""
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC), demonstration=False)


@pytest.fixture
def trust(issuer: Issuer, tmp_path: Path) -> Path:
    """The directory of a trust store that holds the issuer."""
    directory = tmp_path / "trust"
    (directory / "csca").mkdir(parents=True)
    (directory / "trust.toml").write_text("format = 1\n")
    (directory / "csca" / "csca.cer").write_bytes(issuer.csca_certificate)
    return directory


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """The command's exit code and what it wrote."""

    def command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return command
