"""Access keys from options, files, standard input."""

import io
import sys
from pathlib import Path

import pytest
import segno
import typer

import idcard
from idcard.cli.keys import can_key, card_qr_of, mrz_key, take_keys
from idcard.cli.texts import Language
from idcard.testing import Holder

MRZ = "IDVNM0909999917036090999991<<2\n9001158M3001156VNM<<<<<<<<<<<8\nNGUYEN<<VAN<THU<<<<<<<<<<<<<<<\n"
INFORMATION = "090999991790011583001156"


def test_six_digits_are_a_can() -> None:
    assert can_key(" 999991\n") == idcard.Can("999991")


@pytest.mark.parametrize("text", ["", "99999", "9999911", "036090999991", "99999A", "٩٩٩٩٩١"])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        can_key(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    "text", [MRZ, MRZ.replace("\n", ""), "090999991,900115,300115", " 090999991, 900115 ,300115\n"]
)
def test_an_mrz_or_its_three_fields(text: str) -> None:
    assert mrz_key(text) == idcard.MrzKey(INFORMATION)


@pytest.mark.parametrize(
    "text", ["a,b,c", "090999991,900115,", ",900115,300115", "090999991,15011990,300115", "é,900115,300115"]
)
def test_fields_that_are_none(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        mrz_key(text)


def test_the_text_of_a_card_qr(holder: Holder) -> None:
    assert card_qr_of(holder.card_qr_text()).personal_number.digits == holder.personal_number


@pytest.mark.parametrize("prefix", ["", "@"])
@pytest.mark.parametrize("kind", ["txt", "png"])
def test_a_file_with_the_text_or_an_image_of_it(holder: Holder, tmp_path: Path, prefix: str, kind: str) -> None:
    file = tmp_path / f"qr.{kind}"
    if kind == "txt":
        file.write_bytes(holder.card_qr_text().encode() + b"\r\n")
    else:
        segno.make(holder.card_qr_text().encode(), mode="byte").save(str(file), scale=4)
    assert card_qr_of(f"{prefix}{file}").personal_number.digits == holder.personal_number


def test_an_image_of_another_code(tmp_path: Path) -> None:
    file = tmp_path / "qr.png"
    segno.make("https://example.org").save(str(file), scale=4)
    with pytest.raises(typer.BadParameter, match="no QR code of a card"):
        card_qr_of(str(file))


@pytest.mark.parametrize("text", ["", "/nowhere/at/all", "@", ".", "036090999991|", "\x00", "a" * 5000])
def test_what_is_neither_text_nor_file_is_not_repeated(text: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        card_qr_of(text)
    assert len(text) < 3 or text not in str(caught.value)


@pytest.mark.parametrize("options", [(None, None, None), ("a", "b", None), (None, "999991", "c"), ("a", "b", "c")])
def test_exactly_one_option_is_given(options: tuple[str | None, str | None, str | None]) -> None:
    with pytest.raises(typer.BadParameter, match="exactly one"):
        take_keys(*options, Language.EN)


def test_a_malformed_mrz_is_wrong_usage() -> None:
    with pytest.raises(typer.BadParameter, match="check digit"):
        take_keys(MRZ.replace("9001158M", "9001159M"), None, None, Language.EN)


def test_a_dash_takes_standard_input(monkeypatch: pytest.MonkeyPatch, holder: Holder) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("999991\n"))
    assert take_keys(None, "-", None, Language.EN) == idcard.Can("999991")
    monkeypatch.setattr(sys, "stdin", io.StringIO(MRZ))
    assert take_keys("-", None, None, Language.EN) == idcard.MrzKey(INFORMATION)
    monkeypatch.setattr(sys, "stdin", io.StringIO(holder.card_qr_text() + "\r\n"))
    assert isinstance(take_keys(None, None, "-", Language.EN), idcard.CardQr)


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        """Always."""
        return True


@pytest.mark.parametrize("language", Language)
def test_lines_that_are_typed_end_where_they_are_complete(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], holder: Holder, language: Language
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(MRZ + "more\n"))
    assert take_keys("-", None, None, language) == idcard.MrzKey(INFORMATION)
    assert sys.stdin.read() == "more\n"
    monkeypatch.setattr(sys, "stdin", Terminal(holder.card_qr_text() + "\nmore\n"))
    assert isinstance(take_keys(None, None, "-", language), idcard.CardQr)
    assert sys.stdin.read() == "more\n"
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 2


def test_an_empty_line_ends_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("090999991,900115,300115\n\nmore\n"))
    assert take_keys("-", None, None, Language.EN) == idcard.MrzKey(INFORMATION)
