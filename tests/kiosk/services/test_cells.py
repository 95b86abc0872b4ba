"""Cells of a table: nothing that a spreadsheet would run, whatever stands before it, and every name as it was."""

import sys
import unicodedata

import pytest

from kiosk.services.cells import safe_cell

UNSEEN = [
    chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Zs", "Zl", "Zp", "Cc", "Cf")
]
SIGNS = [*"=+-@", *"＝＋－＠", *"﹢﹣﹦﹫", "⁺", "₌", "\N{MINUS SIGN}"]


@pytest.mark.parametrize("sign", SIGNS)
def test_no_sign_begins_a_cell_whatever_cannot_be_seen_before_it(sign: str) -> None:
    for before in ("", *UNSEEN):
        for text in (f"{before}{sign}1", f"{before}{before}{sign}cmd", f" \u00a0{before}{sign}1"):
            assert safe_cell(text)[0] == "'", [hex(ord(char)) for char in text]


@pytest.mark.parametrize("between", [";", ",", "|", "\t", "\r\n", '"', '";"'])
def test_nor_one_that_another_separator_begins(between: str) -> None:
    assert safe_cell(f"Lê{between} =1+1") == f"Lê{between}' =1+1"


@pytest.mark.parametrize("front", ["\t", "\r", "\n"])
def test_nor_a_tabulator_or_the_end_of_a_line_at_the_front(front: str) -> None:
    assert safe_cell(f"{front}Lê") == f"'{front}Lê"


@pytest.mark.parametrize(
    "text",
    ["", " ", "Lê =1", "Nguyễn Thị Ước-Mẫu", "2026-11-23T07:42:00+07:00", "036190999000", "GD4363690999000", "Lê, Thị"],
)
def test_what_begins_nothing_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text
