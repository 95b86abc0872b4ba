"""What the library promises to its users: the names, and that extras stay extras."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
import segno

import idcard

EXTRAS = (
    "PIL",
    "flask",
    "kiosk",
    "numpy",
    "pydantic",
    "pyzbar",
    "rich",
    "segno",
    "smartcard",
    "sqlalchemy",
    "typer",
    "zxingcpp",
)

_BUFFER = BytesIO()
segno.make("1").save(_BUFFER, kind="png", scale=4)
PICTURE = _BUFFER.getvalue()


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_the_face_promises_what_it_promised_before() -> None:
    """A name that appears or goes is a decision: write it into face.txt, and what users must do into CHANGELOG.md."""
    snapshot = (Path(__file__).parent / "face.txt").read_text().split()
    assert sorted(idcard.__all__) == snapshot


@pytest.mark.parametrize("name", idcard.__all__)
def test_every_promised_name_exists(name: str) -> None:
    assert getattr(idcard, name) is not None


def test_importing_the_face_imports_no_extra() -> None:
    result = python(f"import sys, idcard; print(*sorted(set({EXTRAS!r}) & set(sys.modules)))")
    assert result.stdout.split() == [], result.stderr


@pytest.mark.parametrize(
    ("missing", "use", "extra"),
    [
        (("smartcard",), "idcard.readers()", "pcsc"),
        (("smartcard",), "idcard.read(idcard.Can('123456'))", "pcsc"),
        (("zxingcpp", "pyzbar"), "idcard.scan(PICTURE)", "qr"),
        (("PIL",), "idcard.scan(PICTURE)", "qr"),
    ],
)
def test_a_missing_extra_is_one_line_that_names_it(missing: tuple[str, ...], use: str, extra: str) -> None:
    block = "; ".join(f"sys.modules[{name!r}] = None" for name in missing)
    result = python(
        f"import sys; {block}; import idcard\nPICTURE = {PICTURE!r}\n"
        f"try:\n    {use}\nexcept idcard.MissingExtra as error:\n    print(error)\n"
    )
    assert result.stdout.count("\n") == 1, result.stderr
    assert f"pip install 'idcard[{extra}]'" in result.stdout


def test_a_verdict_is_reached_without_any_extra() -> None:
    blocked = "; ".join(f"sys.modules['{name}'] = None" for name in EXTRAS if name not in ("kiosk", "typer", "rich"))
    result = python(f"import sys; {blocked}; import idcard; print(idcard.verify.__name__, idcard.TrustStore.__name__)")
    assert result.stdout.split() == ["verify", "TrustStore"], result.stderr
