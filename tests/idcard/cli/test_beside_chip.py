"""The printed code beside the chip: every shared field with its grade, and loudly where it is another card's."""

import io
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console

import idcard
from idcard.cli import beside_chip
from idcard.cli.beside_chip import compared, say_field, show, to_json
from idcard.cli.texts import Language
from idcard.testing import Holder, Issuer


@pytest.fixture
def evidence(issuer: Issuer, holder: Holder) -> idcard.Evidence:
    return idcard.read(idcard.Can("999991"), issuer.issue(holder))


def code_of(holder: Holder) -> idcard.CardQr:
    return idcard.CardQr.parse(holder.card_qr_text())


def shown(comparisons: tuple[idcard.FieldComparison, ...], language: Language = Language.EN) -> str:
    out = io.StringIO()
    show(comparisons, Console(file=out, width=40, highlight=False), language)
    return out.getvalue()


def test_the_card_s_own_code_is_the_same_and_its_values_are_not_repeated(
    evidence: idcard.Evidence, holder: Holder
) -> None:
    text = shown(compared(code_of(holder), evidence))
    assert "✓ Name" in text
    assert "✗" not in text
    assert holder.name not in text
    assert to_json(compared(code_of(holder), evidence))["card_qr"]["of_this_card"] is True


def test_a_difference_is_shown_with_its_grade_and_both_values(evidence: idcard.Evidence, holder: Holder) -> None:
    moved = replace(holder, address="Số 9, Phố Cũ, Nam Định", name="Nguyen Van Thu")
    text = shown(compared(code_of(moved), evidence), Language.VI)
    assert "một bên không dấu" in text
    assert "Nguyen Van Thu  |  Nguyễn Văn Thử" in text
    assert "đã thay đổi" in text
    assert "Số 9, Phố Cũ, Nam Định" in text
    assert "không phải của thẻ này" not in text
    grades = {
        row["field"]: row["agreement"] for row in to_json(compared(code_of(moved), evidence))["card_qr"]["fields"]
    }
    assert (grades["name"], grades["address"], grades["birth"]) == ("without_accents", "changed", "same")


@pytest.mark.parametrize(
    ("language", "words"),
    [(Language.EN, "The code is not this card's."), (Language.VI, "Mã này không phải của thẻ này.")],
)
def test_another_card_s_code_is_said_loudly(
    evidence: idcard.Evidence, holder: Holder, language: Language, words: str
) -> None:
    other = replace(holder, name="Trần Văn Khác", birth=date(1990, 1, 16))
    comparisons = compared(code_of(other), evidence)
    assert shown(comparisons, language).rstrip().endswith(words)
    assert to_json(comparisons)["card_qr"]["of_this_card"] is False


def test_without_a_code_nothing_is_compared(evidence: idcard.Evidence) -> None:
    assert compared(idcard.Can("999991"), evidence) == ()
    assert (shown(()), to_json(())) == ("", {})


def test_a_code_cannot_write_on_the_terminal(evidence: idcard.Evidence, holder: Holder) -> None:
    text = code_of(holder)
    [row] = [one for one in compared(text, evidence) if one.field is idcard.QrField.ADDRESS]
    assert "\x9b" not in shown((replace(row, agreement=idcard.Agreement.CHANGED, printed="\x9b31mPhố"),))


def test_every_field_and_grade_has_words_in_both_languages() -> None:
    for language in Language:
        assert all(say_field(f"field.{field}", language) for field in idcard.QrField)
        assert all(say_field(grade, language) for grade in idcard.Agreement)
    assert all(unicodedata.is_normalized("NFC", said) for pair in beside_chip._WORDS.values() for said in pair)
