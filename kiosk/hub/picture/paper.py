"""The weekly report on paper: A4, with the font that ships, so that every accent is where it belongs."""

from pathlib import Path

from fpdf import FPDF

from kiosk.hub.picture.sheet import Line, Part, Sheet

_FONT = "kiosk"
_INK, _SOFT, _LEAF, _RULE = (16, 33, 31), (64, 82, 79), (10, 92, 79), (217, 210, 197)
_MARGIN, _WIDTH = 16.0, 178.0
"""Millimetres, of 210."""
_ROW, _LABEL, _VALUE = 5.4, 90.0, 28.0
_LARGE, _LINE_HEIGHT = 18.0, 4.6


class _Paper(FPDF):
    """Pages with their number, and the week they are about."""

    def __init__(self, fonts: Path, foot: str) -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.add_font(_FONT, "", fonts / "BeVietnamPro_400Regular.ttf")
        self.add_font(_FONT, "B", fonts / "BeVietnamPro_700Bold.ttf")
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=18)

    def footer(self) -> None:
        """The foot of a page."""
        self.set_y(-13)
        self.write_in(8, _SOFT)
        self.cell(_WIDTH - 20, 5, self._foot)
        self.cell(20, 5, f"{self.page_no()}/{{nb}}", align="R")

    def write_in(self, size: float, colour: tuple[int, int, int] = _INK, *, bold: bool = False) -> None:
        """Write what follows in this size, in points, and this colour."""
        self.set_font(_FONT, "B" if bold else "", size)
        self.set_text_color(*colour)


def pdf_of(sheet: Sheet, fonts: Path, language: str) -> bytes:
    """The sheet as a PDF file.

    :param fonts: the folder of the fonts that ship.
    """
    paper = _Paper(fonts, f"{sheet.title} · {sheet.span}")
    paper.set_title(f"{sheet.title} {sheet.span}")
    paper.set_lang(language)
    paper.add_page()
    _head(paper, sheet)
    for part in sheet.parts:
        _part(paper, part)
    return bytes(paper.output())


def _head(paper: _Paper, sheet: Sheet) -> None:
    paper.write_in(_LARGE, _LEAF, bold=True)
    paper.cell(_WIDTH, 10, sheet.title, new_x="LMARGIN", new_y="NEXT")
    paper.write_in(10.5, _SOFT)
    paper.cell(_WIDTH, 6, f"{sheet.span} · {sheet.made}", new_x="LMARGIN", new_y="NEXT")
    paper.write_in(9, _SOFT)
    paper.multi_cell(_WIDTH, _LINE_HEIGHT, sheet.note, new_x="LMARGIN", new_y="NEXT")
    paper.ln(3)
    paper.set_draw_color(*_RULE)
    for label, value in sheet.facts:
        paper.write_in(10, _SOFT)
        paper.cell(_LABEL, _ROW, label, border="B")
        paper.write_in(10, bold=True)
        paper.cell(_VALUE * 2, _ROW, value, border="B", align="R", new_x="LMARGIN", new_y="NEXT")
    paper.ln(4)


def _part(paper: _Paper, part: Part) -> None:
    if paper.will_page_break(8 + _ROW * min(4, len(part.lines) + 2)):
        paper.add_page()
    paper.write_in(11.5, bold=True)
    paper.cell(_WIDTH - _VALUE * len(part.heads), 8, part.title)
    paper.write_in(8.5, _SOFT)
    for head in part.heads:
        paper.cell(_VALUE, 8, head, align="R")
    paper.ln(8)
    for line in part.lines:
        _line(paper, line)
    _line(paper, part.total, total=True)
    paper.ln(4)


def _line(paper: _Paper, line: Line, *, total: bool = False) -> None:
    if paper.will_page_break(_ROW):
        paper.add_page()
    border = "T" if total else ""
    space = _WIDTH - _VALUE * len(line.values)
    bar = 0.0 if line.bar is None else line.bar
    if bar:
        paper.set_fill_color(*_LEAF)
        free = space - _LABEL
        paper.rect(_MARGIN + _LABEL, paper.get_y() + 1.4, max(0.4, bar * (free - 4)), _ROW - 2.8, style="F")
    paper.write_in(9.5, bold=total)
    paper.cell(space, _ROW, _fitting(paper, line.label, (space if total else _LABEL) - 2), border=border)
    paper.write_in(9.5, bold=True)
    for value in line.values:
        paper.cell(_VALUE, _ROW, value, align="R", border=border)
    paper.ln(_ROW)


def _fitting(paper: _Paper, text: str, width: float) -> str:
    """The text, shortened where it does not fit into so many millimetres."""
    while paper.get_string_width(text) > width and len(text) > 1:
        text = text[:-2] + "…"
    return text
