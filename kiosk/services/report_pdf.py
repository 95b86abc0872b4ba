"""The report of a day on paper: A4, with the font that ships, so that every accent is where it belongs."""

from pathlib import Path

from fpdf import FPDF

from kiosk.services.report_sheet import Sheet, Table

_FONT = "kiosk"
_INK, _SOFT, _LEAF, _LINE = (16, 33, 31), (64, 82, 79), (10, 92, 79), (217, 210, 197)
_MARGIN, _WIDTH = 16.0, 178.0
"""Millimetres, of 210."""
_ROW, _LABEL, _VALUE, _BAR = 5.6, 66.0, 24.0, 40.0
_FACTS_ACROSS = 2


class _Paper(FPDF):
    """Pages with their number, and the day they are about."""

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
    paper = _Paper(fonts, f"{sheet.clinic} · {sheet.day}")
    paper.set_title(f"{sheet.title} {sheet.day}")
    paper.set_lang(language)
    paper.add_page()
    _head(paper, sheet)
    _facts(paper, sheet)
    for table in sheet.tables:
        _table(paper, table)
    _ends(paper, sheet)
    return bytes(paper.output())


def _head(paper: _Paper, sheet: Sheet) -> None:
    paper.write_in(19, _LEAF, bold=True)
    paper.cell(_WIDTH, 10, f"{sheet.title} · {sheet.day}", new_x="LMARGIN", new_y="NEXT")
    paper.write_in(10.5, _SOFT)
    paper.cell(_WIDTH, 6, f"{sheet.clinic} · {sheet.made}", new_x="LMARGIN", new_y="NEXT")
    paper.ln(3)


def _facts(paper: _Paper, sheet: Sheet) -> None:
    across = _WIDTH / _FACTS_ACROSS
    paper.set_draw_color(*_LINE)
    for place, (label, value) in enumerate(sheet.facts, 1):
        ends = place % _FACTS_ACROSS == 0 or place == len(sheet.facts)
        paper.write_in(9.5, _SOFT)
        paper.cell(across * 0.55, _ROW, label, border="B")
        paper.write_in(9.5, bold=True)
        paper.cell(across * 0.4, _ROW, value, border="B", align="R")
        paper.cell(across * 0.05, _ROW, "")
        if ends:
            paper.ln(_ROW)
    paper.ln(3)


def _table(paper: _Paper, table: Table) -> None:
    if paper.will_page_break(8 + _ROW * min(3, len(table.rows) + 1)):
        paper.add_page()
    paper.write_in(11.5, bold=True)
    paper.cell(_LABEL + _BAR, 8, table.title)
    paper.write_in(8.5, _SOFT)
    for head in table.heads:
        paper.cell(_VALUE, 8, head, align="R")
    paper.ln(8)
    for row in table.rows:
        _row(paper, row.label, row.values, row.bar)
    paper.ln(3)


def _row(paper: _Paper, label: str, values: tuple[str, ...], bar: float | None) -> None:
    if paper.will_page_break(_ROW):
        paper.add_page()
    paper.write_in(9.5)
    paper.cell(_LABEL, _ROW, _fitting(paper, label, _LABEL - 2))
    if bar:
        paper.set_fill_color(*_LEAF)
        paper.rect(paper.get_x(), paper.get_y() + 1.4, max(0.4, bar * (_BAR - 4)), _ROW - 2.8, style="F")
    paper.set_x(paper.get_x() + _BAR)
    paper.write_in(9.5, bold=True)
    for value in values:
        paper.cell(_VALUE, _ROW, value, align="R")
    paper.ln(_ROW)


def _ends(paper: _Paper, sheet: Sheet) -> None:
    paper.ln(2)
    paper.write_in(11.5, bold=True)
    paper.cell(_WIDTH, 7, sheet.words["heads"], new_x="LMARGIN", new_y="NEXT")
    paper.write_in(8.5, _SOFT)
    paper.multi_cell(_WIDTH, 4.4, sheet.words["heads.why"], new_x="LMARGIN", new_y="NEXT")
    paper.write_in(8)
    for head in sheet.heads:
        paper.multi_cell(_WIDTH, 4.6, head, new_x="LMARGIN", new_y="NEXT")


def _fitting(paper: _Paper, text: str, width: float) -> str:
    """The text, shortened where it does not fit into so many millimetres."""
    while paper.get_string_width(text) > width and len(text) > 1:
        text = text[:-2] + "…"
    return text
